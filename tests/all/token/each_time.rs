//! Keys that want the PIN at each signature: SoftHSM refuses one that was not given between its beginning and its data.

use super::fixture::{GUN, Token};
use super::keys::home;
use super::support::{Home, NotaryServer};

#[test]
fn a_key_that_wants_the_pin_at_each_signature_gets_it_and_signs_what_notary_accepts() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::wrapped(&["each-time", "parts"]) else { return };
    let home = Home::new(&server);
    // Its certificate is the first thing that it signs.
    let id = token.generate(&home, "root");
    let alice = home.generate_key("alice");
    let add = ["signer", "add", "--key", &alice, "alice", GUN, "--root-key", &id, "--publish", "--yes"];
    token.trustdeck(&home, &add).ok();
    let each_time = || token.wrote("logins").iter().filter(|who| *who == "each time").count();
    let before = each_time();
    assert!(before > 0, "{:?}", token.wrote("logins"));
    token.trustdeck(&home, &["renew", "root", GUN, "--publish", "--yes"]).ok();
    assert!(each_time() > before);
    Home::new(&server).docker(&["inspect", GUN]).ok();
    Home::new(&server).notary(&["list", GUN]).ok();
}

#[test]
fn an_imported_key_that_wants_the_pin_at_each_signature_signs_too() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::wrapped(&["each-time", "parts"]) else { return };
    let home = Home::new(&server);
    let alice = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &alice, "alice", GUN]).ok();
    token.trustdeck(&home, &["key", "token", "import", "root", "--force"]).ok();
    token.trustdeck(&home, &["renew", "root", GUN, "--publish", "--yes"]).ok();
    assert!(token.wrote("logins").iter().any(|who| who == "each time"));
    Home::new(&server).notary(&["list", GUN]).ok();
}

#[test]
fn a_module_that_takes_no_parts_says_why_it_cannot_sign_and_what_to_do() {
    each_time_without_parts(&[]);
    // A module may have no such function at all.
    each_time_without_parts(&["no-parts"]);
}

#[test]
fn a_key_that_does_not_say_that_it_wants_the_pin_each_time_gets_it_when_it_turns_out() {
    let Some(token) = Token::wrapped(&["each-time", "parts", "unsaid"]) else { return };
    token.generate(&home(), "root");
    assert!(token.wrote("logins").iter().any(|who| who == "each time"), "{:?}", token.wrote("logins"));
}

fn each_time_without_parts(being: &[&str]) {
    let Some(token) = Token::wrapped(&[&["each-time"], being].concat()) else { return };
    let home = home();
    let refused = token.trustdeck(&home, &["key", "generate", "root", "--token", "--json"]).ended(1);
    assert_eq!(refused.kinds(), ["keystore"]);
    assert!(refused.stderr.contains("wants its PIN at each signature"), "{}", refused.stderr);
    assert!(refused.stderr.contains("pin-policy once"), "{}", refused.stderr);
    // A key that cannot sign is not left there.
    let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    assert_eq!(tokens[0]["keys"], serde_json::json!([]));
}
