//! A real nginx before the real server.

use crate::interop::GUN;
use crate::support::nginx::Nginx;
use crate::support::{Home, NOBODYS_PORT, NotaryServer};

fn before(settings: &str) -> Option<(NotaryServer, Nginx, Home)> {
    let server = NotaryServer::start()?;
    let nginx = Nginx::start(&server.url, settings)?;
    let home = Home::at(&nginx.url, &nginx.ca);
    Some((server, nginx, home))
}

#[test]
fn a_repository_is_set_up_signed_and_read_through_nginx() {
    let Some((_server, _nginx, home)) = before("") else { return };
    home.publish(&["setup", GUN, "--signer", "jeff"]).ok();
    home.sign(GUN, "1.0");
    assert_eq!(home.docker(&["inspect", GUN]).ok().json()[0]["SignedTags"][0]["SignedTag"], "1.0");
}

#[test]
fn an_upload_that_nginx_finds_too_large_is_told_with_its_size_and_the_setting() {
    let Some((server, _nginx, home)) = before("client_max_body_size 1k;") else { return };
    let refused = home.publish(&["setup", GUN, "--signer", "jeff"]).ended(5);
    assert!(refused.stderr.contains("client_max_body_size"), "{}", refused.stderr);
    assert!(refused.stderr.contains("bytes") || refused.stderr.contains("kB"), "{}", refused.stderr);
    assert_eq!(Home::new(&server).docker(&["inspect", GUN]).code, 1, "nothing is there");
    let staged = home.trustdeck(&["status", "--json"]).ok().json()["staged"].as_array().unwrap().len();
    assert!(staged > 0, "everything stays staged");
}

#[test]
fn a_server_that_is_away_behind_nginx_is_told_as_that() {
    let Some(nginx) = Nginx::start(&format!("http://127.0.0.1:{NOBODYS_PORT}"), "") else { return };
    let home = Home::at(&nginx.url, &nginx.ca);
    let told = home.trustdeck(&["inspect", GUN, "--json"]).ended(5);
    let problem = &told.errors()[0];
    assert_eq!(problem["kind"], "server", "{problem}");
    assert!(problem["message"].as_str().unwrap().contains("502"), "{problem}");
    assert!(!told.stderr.contains("<html>"), "{}", told.stderr);
}

#[test]
fn a_client_certificate_that_nginx_wants_is_told_with_its_place_and_used_from_there() {
    let Some((_server, nginx, home)) = before("ssl_verify_client on;") else { return };
    let told = home.trustdeck(&["inspect", GUN, "--json"]).ended(5);
    assert_eq!(told.kinds(), ["tls"]);
    let tls = home.path().join(".docker/tls").join(format!("localhost:{}", nginx.port));
    assert!(told.stderr.contains("client.cert") && told.stderr.contains("client.key"), "{}", told.stderr);
    // Its own certificate is of the authority that it asks for.
    let dir = nginx.ca.parent().unwrap();
    std::fs::copy(dir.join("server.crt"), tls.join("client.cert")).unwrap();
    std::fs::copy(dir.join("server.key"), tls.join("client.key")).unwrap();
    assert_eq!(home.trustdeck(&["inspect", GUN, "--json"]).ended(1).kinds(), ["absent"]);
}

#[test]
fn tls_that_does_not_fit_is_told_with_one_cause() {
    let Some((_server, nginx, home)) = before("") else { return };
    let tls = home.path().join(".docker/tls").join(format!("localhost:{}", nginx.port));
    std::fs::remove_file(tls.join("ca.crt")).unwrap();
    std::fs::remove_file(home.path().join(".notary/config.json")).unwrap();
    let told = home.trustdeck(&["inspect", GUN, "--json"]).ended(5);
    assert_eq!(told.kinds(), ["tls"]);
    let hint = told.errors()[0]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(tls.join("ca.crt").to_str().unwrap()) && hint.contains("--ca"), "{hint}");
    // Plain http to a port of TLS, which nginx answers with a page.
    let plain = format!("http://localhost:{}", nginx.port);
    let told = home.trustdeck(&["--server", &plain, "--insecure-http", "inspect", GUN, "--json"]).ended(5);
    assert!(!told.stderr.contains("<html"), "{}", told.stderr);
}
