//! A server as in production: `notary-server` with `notary-signer`, its files in PostgreSQL.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::interop::GUN;
use crate::interop::publishing::all_agree;
use crate::support::forge::Repository;
use crate::support::home::digest;
use crate::support::image::{Image, OCI_MANIFEST};
use crate::support::token_service::WRITER;
use crate::support::{Home, NotaryServer, Production, run};
use trustdeck::tuf::Role;

/// Cold repositories that are read at once.
const MANY: usize = 200;

/// Tags and signers that docker and notary see, each from an empty cache and as trustdeck sees them.
#[track_caller]
fn seen(server: &NotaryServer) -> (Vec<String>, Vec<String>) {
    let shown = all_agree(server, GUN);
    let names = |list: &str, name: &str| {
        let rows = shown[0][list].as_array().unwrap();
        let mut names: Vec<String> = rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    (names("SignedTags", "SignedTag"), names("Signers", "Name"))
}

#[test]
fn a_repository_lives_its_whole_life_and_docker_and_notary_read_every_step() {
    let Some(server) = NotaryServer::start_on_postgres() else { return };
    let (owner, colleague) = (Home::new(&server), Home::new(&server));
    let step = |arguments: &[&str], tags: &[&str], signers: &[&str]| {
        owner.publish(arguments).ok();
        let now = seen(&server);
        assert_eq!((now.0, now.1), (words(tags), words(signers)), "after {arguments:?}");
    };
    step(&["setup", GUN, "--signer", "jeff"], &[], &["jeff"]);
    let sign = |tag: &str| (format!("{GUN}:{tag}"), format!("sha256:{}", digest(tag)));
    for (at, tag) in ["1.0", "1.1"].into_iter().enumerate() {
        let (reference, digest) = sign(tag);
        step(&["sign", &reference, "--digest", &digest, "--size", "1234"], &["1.0", "1.1"][..=at], &["jeff"]);
    }
    let key = colleague.generate_key("ben");
    step(&["signer", "add", "--key", &key, "ben", GUN], &["1.0", "1.1"], &["ben", "jeff"]);
    colleague.sign(GUN, "2.0");
    assert_eq!(seen(&server).0, ["1.0", "1.1", "2.0"]);
    let (revoked, _) = sign("1.1");
    step(&["revoke", &revoked], &["1.0", "2.0"], &["ben", "jeff"]);
    let both = ["1.0", "2.0"];
    step(&["witness", GUN, "targets/releases"], &both, &["ben", "jeff"]);
    step(&["signer", "remove", "ben", GUN], &both, &["jeff"]);
    for rotation in [
        &["signer", "jeff"][..],
        &["targets"],
        &["snapshot", "--local"],
        &["snapshot", "--server-managed"],
        &["timestamp"],
        &["root"],
    ] {
        let (role, options) = rotation.split_first().unwrap();
        let named = if *role == "signer" {
            [&["rotate", "signer"], options, &[GUN]].concat()
        } else {
            [&["rotate", role, GUN], options].concat()
        };
        step(&named, &both, &["jeff"]);
    }
    for role in ["targets", "targets/releases", "root"] {
        step(&["renew", role, GUN], &both, &["jeff"]);
    }
    owner.sign(GUN, "3.0");
    assert_eq!(seen(&server).0, ["1.0", "2.0", "3.0"], "every new key signs");
    owner.publish(&["delete", GUN, "--remote", "--accept"]).ok();
    assert_ne!(Home::new(&server).docker(&["inspect", GUN]).code, 0);
    assert_ne!(Home::new(&server).notary(&["list", GUN]).code, 0);
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Repositories with a tag each, written behind the server's back; returns their names.
fn fill(server: &NotaryServer, count: usize) -> Vec<String> {
    let (mut sql, mut names) = (String::new(), Vec::new());
    for n in 0..count {
        let gun = format!("registry.example.test/many/r{n:03}");
        let mut repository = Repository::new(&gun, Timestamp::now());
        repository.tag(&Role::Targets, "1.0");
        for (role, bytes) in &repository.build().files {
            let (sha256, data) = (hex::encode(Sha256::digest(bytes)), hex::encode(bytes));
            writeln!(
                sql,
                "INSERT INTO tuf_files (created_at, updated_at, gun, role, version, sha256, data) \
                 VALUES (now(), now(), '{gun}', '{role}', 1, '{sha256}', '\\x{data}');"
            )
            .unwrap();
        }
        names.push(gun);
    }
    server.database().unwrap().query("notary", &format!("BEGIN; {sql} COMMIT;")).ok();
    names
}

#[test]
fn reading_many_cold_repositories_at_once_does_not_crash_a_server_that_was_just_started() {
    let Some(mut server) = NotaryServer::start_on_postgres() else { return };
    let names = fill(&server, MANY);
    let arguments: Vec<&str> = ["inspect"].into_iter().chain(names.iter().map(String::as_str)).collect();
    for run in 1..=3 {
        server.restart();
        let shown = Home::new(&server).trustdeck(&arguments);
        assert!(!server.has_crashed(), "run {run}: {}\n{}", shown.stderr, server.log());
        let shown = shown.ok().json();
        let tags = shown.as_array().unwrap().iter().map(|row| row["SignedTags"].as_array().unwrap().len());
        assert_eq!(tags.collect::<Vec<_>>(), [1; MANY], "run {run}");
    }
}

#[test]
fn files_and_page_of_the_assets_name_the_same_places() {
    let read = |name: &str| std::fs::read_to_string(crate::support::production::assets().join(name)).unwrap();
    let (compose, page) = (read("compose.yaml"), read("../../docs/production.md"));
    let json = |name: &str| serde_json::from_str::<serde_json::Value>(&read(name)).unwrap();
    let (registry, notary) = (json("registry.json"), json("notary-server.json"));
    let realm = "https://auth.example.com:5001/auth";
    assert_eq!(
        (&registry["auth"]["token"]["realm"], &notary["auth"]["options"]["realm"]),
        (&json!(realm), &json!(realm))
    );
    assert!(
        read("auth.yml").contains("addr: \":5001\"")
            && compose.contains("\"--allow-realm\", \"auth.example.com:5001\"")
    );
    // What has no port in its name is on 443.
    assert_eq!((&registry["http"]["addr"], &notary["server"]["http_addr"]), (&json!(":443"), &json!(":4443")));
    for (service, name, port) in
        [("registry", "registry", "443"), ("notary-server", "notary", "4443"), ("auth", "auth", "5001")]
    {
        let (_, rest) = compose.split_once(&format!("\n  {service}:\n")).unwrap();
        let of_it = rest.split("\n\n").next().unwrap();
        assert!(of_it.contains(&format!("front: {{aliases: [{name}.example.com]}}")), "{of_it}");
        assert!(of_it.contains(&format!("ports: [\"{port}:{port}\"]")), "{of_it}");
        assert!(page.contains(port), "{port}");
    }
    assert!(
        page.contains("allow_realm = [\"auth.example.com:5001\"]")
            && page.contains("docker login registry.example.com\n")
    );
}

#[test]
fn servers_that_are_not_root_read_their_keys_and_nobody_else_comes_to_them() {
    use std::os::unix::fs::PermissionsExt as _;
    if crate::support::peers(&["openssl"]).is_none() {
        return;
    }
    let dir = tempfile::TempDir::new().unwrap();
    let certs = crate::support::production::certificates(dir.path());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let private = certs.parent().unwrap();
    assert_eq!((mode(private), mode(&certs), mode(&private.join("ca.key"))), (0o700, 0o755, 0o600));
    assert!(!certs.join("ca.key").exists(), "servers do not get it");
    for name in ["notary-server", "notary-signer", "registry", "auth-tls", "auth", "gate"] {
        assert_eq!(mode(&certs.join(format!("{name}.key"))), 0o644, "{name}");
    }
}

#[test]
fn the_servers_of_the_assets_serve_the_walk_of_their_page() {
    let Some(servers) = Production::start() else { return };
    let (owner, pinned) = (Home::at(&servers.url, &servers.ca), "registry.example.com/team/app");
    let config = owner.path().join(".config/trustdeck");
    std::fs::create_dir_all(&config).unwrap();
    let realm = servers.tokens.realm.trim_start_matches("https://").trim_end_matches("/auth");
    let text = format!(
        "ca = [{:?}]\nallow_realm = [{realm:?}]\n[registries]\n\"registry.example.com\" = {:?}\n",
        servers.ca, servers.registry
    );
    std::fs::write(config.join("config.toml"), text).unwrap();
    let nobody = owner.publish(&["setup", pinned, "--signer", "jeff"]);
    assert_ne!(nobody.code, 0, "who has no name may pull, not push");
    let login = json!({"auths": {"registry.example.com": {"auth": STANDARD.encode(WRITER)}}});
    std::fs::write(owner.path().join(".docker/config.json"), login.to_string()).unwrap();
    owner.publish(&["setup", pinned, "--signer", "jeff"]).ok();
    let (image, layout) = (format!("{pinned}:1.0"), owner.path().join("layout"));
    let pushed = Image::new(OCI_MANIFEST, &[b"a layer"]);
    pushed.write_layout(&layout, "1.0");
    let to = format!("docker://{}/team/app:1.0", servers.registry.trim_start_matches("https://"));
    let mut skopeo = owner.command("skopeo");
    skopeo.args(["--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false", "--dest-creds", WRITER]);
    run(skopeo.arg(format!("oci:{}:1.0", layout.display())).arg(to)).ok();
    owner.publish(&["sign", &image]).ok();
    let shown = owner.docker(&["inspect", pinned]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], json!(["jeff"]));
    assert_eq!(format!("sha256:{}", shown[0]["SignedTags"][0]["Digest"].as_str().unwrap()), pushed.digest());
    owner.trustdeck(&["verify", &image, "--deep"]).ok();
    let asked = servers.tokens.asked();
    for wanted in ["jeff repository:registry.example.com/team/app:pull,push", "jeff repository:team/app:pull"] {
        assert!(asked.iter().any(|asked| asked == wanted), "{wanted} among {asked:?}");
    }
    let held = servers.database.query("notary_signer", "SELECT role FROM private_keys ORDER BY role").ok().stdout;
    assert_eq!(
        held.split_whitespace().collect::<Vec<_>>(),
        ["snapshot", "timestamp"],
        "the signer holds the server's keys"
    );
    let elsewhere = owner.publish(&["setup", "other.example.com/app", "--signer", "jeff"]);
    assert_ne!(elsewhere.code, 0, "the server takes names of its own registry only");
}
