//! Bad input and bad servers: a message of the right class, the exit code of that class, and nothing changed.

use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use crate::interop::{GUN, docker_repository, input_file, sign_arguments};
use crate::support::{Authority, Home, NotaryServer, Proxy, home::digest, proxy::Mode, run};

/// Answers every request to `http://127.0.0.1:PORT` with what `answer` makes of its path.
fn http_server(answer: impl Fn(&str) -> Vec<u8> + Send + Clone + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                    request.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&request).into_owned();
                let path = head.split_whitespace().nth(1).unwrap_or_default();
                // A client that went away is its own affair.
                let _ = stream.write_all(&answer(path));
            });
        }
    });
    port
}

/// Fetches a file of a plain server; the whole answer, without the head.
fn fetch(port: u16, path: &str) -> (bool, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    (answer.starts_with(b"HTTP/1.0 200"), answer.split_off(end))
}

fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    [head.as_bytes(), b"WWW-Authenticate: Basic realm=\"x\"\r\n\r\n", body].concat()
}

/// A home without any server of its own.
/// Whoever has made the repository on a plain server, with its first signer.
fn owner_of(server: &NotaryServer) -> Home {
    let owner = Home::at(&server.url, &server.ca);
    let key = owner.generate_key("alice");
    let add = ["signer", "add", "--key", &key, "alice", GUN, "--insecure-http", "--server", &server.url];
    owner.publish(&add).ok();
    owner
}

fn plain_home() -> Home {
    let dir = tempfile::TempDir::new().unwrap();
    let authority = Authority::create(dir.path());
    Home::at("https://localhost:1", &authority.ca)
}

#[test]
fn answers_of_a_server_become_their_class() {
    let home = plain_home();
    for (status, code, kind) in [
        ("401 Unauthorized", 4, "auth"),
        ("403 Forbidden", 4, "forbidden"),
        // Without Notary's own code in the body, or metadata, it is no trust server that answers.
        ("404 Not Found", 5, "server"),
        ("429 Too Many Requests", 5, "busy"),
        ("500 Internal Server Error", 5, "server"),
        ("302 Found", 5, "redirect"),
        ("200 OK", 5, "server"),
    ] {
        let port = http_server(move |_| response(status, b"surprise"));
        let url = format!("http://127.0.0.1:{port}");
        let ran = home.trustdeck(&["inspect", GUN, "--json", "--insecure-http", "--server", &url]);
        let ran = ran.ended(code);
        assert_eq!(ran.kinds(), [kind], "{status}: {}", ran.stderr);
        assert_eq!(ran.stdout, "[]\n");
        let error = &ran.errors()[0];
        assert_eq!(error["repository"], GUN);
        assert!(!error["hint"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_refused_login_says_where_it_was_found() {
    let home = plain_home();
    let port = http_server(move |_| response("401 Unauthorized", b""));
    let url = format!("http://127.0.0.1:{port}");
    // ci:wrong
    let auth = "Y2k6d3Jvbmc=";
    let refused = || {
        let mut inspect = home.trustdeck_command(&["inspect", GUN, "--json", "--insecure-http", "--server", &url]);
        let ran = run(inspect.env("NOTARY_AUTH", auth)).ended(4);
        assert!(!ran.stderr.contains(auth) && !ran.stderr.contains("ci:wrong"), "never the login: {}", ran.stderr);
        ran.errors()[0]["message"].as_str().unwrap().to_owned()
    };
    let message = refused();
    assert!(message.ends_with("refused user ci of NOTARY_AUTH"), "{message}");
    let config = home.path().join(".docker/config.json");
    let logins = serde_json::json!({"auths": {"registry.example.test": {"auth": auth}}});
    std::fs::write(&config, logins.to_string()).unwrap();
    let message = refused();
    let place = format!("refused user ci of {}, which comes before NOTARY_AUTH", config.display());
    assert!(message.ends_with(&place), "{message}");
}

#[test]
fn addresses_without_tls_are_refused() {
    let home = plain_home();
    for url in ["http://127.0.0.1:1", "ftp://localhost", "localhost:1"] {
        let ran = home.trustdeck(&["inspect", GUN, "--json", "--server", url]).ended(2);
        assert_eq!(ran.kinds(), ["input"], "{url}: {}", ran.stderr);
    }
    let far = home.trustdeck(&["inspect", GUN, "--json", "--insecure-http", "--server", "http://notary.example.test"]);
    assert_eq!(far.ended(2).kinds(), ["input"]);
}

#[test]
fn a_repository_without_trust_data_is_absent() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let sign = sign_arguments(GUN, "1.0");
    let sign: Vec<&str> = sign.iter().map(String::as_str).collect();
    for arguments in [&["inspect", GUN][..], &["delegation", "list", GUN], &sign, &["signer", "remove", "bob", GUN]] {
        let ran = home.trustdeck(&[arguments, &["--json"]].concat()).ended(1);
        assert_eq!(ran.kinds(), ["absent"], "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(home.trustdeck(&["publish", "--json"]).ok().stdout, "[]\n");
}

#[test]
fn one_unreadable_repository_of_several_is_code_nine() {
    let Some((_server, home)) = docker_repository() else { return };
    let ran = home.trustdeck(&["inspect", "registry.example.test/none", GUN, "--json"]).ended(9);
    assert_eq!(ran.json().as_array().unwrap().len(), 1);
    assert_eq!(ran.kinds(), ["absent"]);
}

#[test]
fn names_that_are_none_are_input_errors() {
    let home = plain_home();
    let tagged = format!("{GUN}:1.0");
    let digest = format!("sha256:{}", digest("x"));
    for arguments in [
        &["inspect", "Not/Lower"][..],
        &["inspect", "../escape"],
        &["inspect", GUN, "--allow-realm", "https://auth.example.test"],
        &["inspect", GUN, "--allow-realm", "auth.example.test:https"],
        &["delegation", "list", &tagged],
        &["delegation", "add", GUN, "targets/../x", "--all-paths"],
        &["delegation", "add", GUN, "targets/x"],
        &["signer", "remove", "releases", GUN],
        &["signer", "remove", "Upper", GUN],
        &["sign", GUN, "--digest", &digest, "--size", "1"],
        &["sign", &tagged, "--digest", "sha256:12", "--size", "1"],
        &["witness", GUN, "Non/sense"],
        &["delegation", "add", GUN, "targets", "--all-paths"],
        &["sign", &tagged, "--digest", &digest, "--size", "0"],
        &["delegation", "purge", GUN, "12"],
        &["publish", "--accept", "--frobnicate"],
        &["frobnicate", "inspect"],
        &[],
        &[GUN],
    ] {
        let ran = home.trustdeck(&[arguments, &["--json"]].concat()).ended(2);
        assert_eq!(ran.kinds(), ["input"], "{arguments:?}: {}", ran.stderr);
        assert!(!ran.errors()[0]["hint"].as_str().unwrap().is_empty(), "{}", ran.stderr);
    }
    assert_eq!(home.trustdeck(&["delete", GUN, "--json"]).ended(1).kinds(), ["absent"], "before it asks");
    let hint = home.trustdeck(&["delegation", "list", &tagged, "--json"]).errors()[0]["hint"].to_string();
    assert!(hint.contains(GUN) && !hint.contains(&tagged), "names the repository without its tag: {hint}");
    assert!(!home.state_dir().join("journal").exists());
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let Some((server, _)) = docker_repository() else { return };
    let dir = tempfile::TempDir::new().unwrap();
    let other = Authority::create(dir.path());
    let home = Home::at(&server.url, &other.ca);
    let ran = home.trustdeck(&["inspect", GUN, "--json"]).ended(5);
    assert_eq!(ran.kinds(), ["tls"], "{}", ran.stderr);
    home.trustdeck(&["inspect", GUN, "--ca", server.ca.to_str().unwrap()]).ok();
}

#[test]
fn without_the_server_the_cache_is_shown_with_its_age_and_reason() {
    let Some((server, _)) = docker_repository() else { return };
    let proxy = Proxy::start(server.port, std::time::Duration::ZERO);
    let home = Home::at(&proxy.url(), &server.ca);
    let fresh = home.trustdeck(&["inspect", GUN]).ok();
    proxy.set(Mode::Refuse);
    let cached = home.trustdeck(&["inspect", GUN, "--json"]).ended(5);
    assert_eq!(cached.stdout, fresh.stdout);
    assert_eq!(cached.kinds(), ["stale"], "{}", cached.stderr);
    let offline = home.trustdeck(&["inspect", GUN, "--offline"]).ok();
    assert_eq!(offline.stdout, fresh.stdout);
    let unknown = home.trustdeck(&["inspect", "registry.example.test/none", "--json"]).ended(5);
    assert_eq!(unknown.kinds(), ["network"]);
}

#[test]
fn tampered_files_are_refused_and_the_cache_stays_as_it_was() {
    let Some(server) = NotaryServer::start_plain() else { return };
    let _owner = owner_of(&server);
    let port = server.port;
    for (role, kinds) in [
        ("root", &["signature", "pin", "format"][..]),
        ("timestamp", &["signature", "format"]),
        ("snapshot", &["mix", "signature"]),
        ("targets", &["mix", "signature"]),
    ] {
        let tampering = http_server(move |path| {
            let (found, mut body) = fetch(port, path);
            if path.contains(&format!("/{role}")) || path.ends_with(&format!("{role}.json")) {
                // Another version: well formed, as long as before, and not what was signed.
                let mark = b"\"version\":";
                let at = body.windows(mark.len()).position(|w| w == mark);
                at.into_iter().for_each(|at| body[at + mark.len()] += 1);
            }
            response(if found { "200 OK" } else { "404 Not Found" }, &body)
        });
        let home = plain_home();
        let url = format!("http://127.0.0.1:{tampering}");
        let ran = home.trustdeck(&["inspect", GUN, "--json", "--insecure-http", "--server", &url]).ended(6);
        assert!(kinds.contains(&ran.kinds()[0].as_str()), "{role}: {}", ran.stderr);
        assert!(!home.metadata(GUN).join("targets.json").exists(), "nothing of it is kept");
    }
}

#[test]
fn expired_metadata_is_refused() {
    let home = plain_home();
    let dir = home.path().join("sandbox");
    let mut serve = home.trustdeck_command(&["sandbox", "--serve", "--dir", dir.to_str().unwrap()]);
    let mut sandbox = serve.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().trim_start_matches("# ").to_owned();
    let mut inspect = home.trustdeck_command(&["inspect", "registry.sandbox/team/archive", "--json", "--server", &url]);
    let ran = run(inspect.env("DOCKER_CONFIG", dir.join("docker")));
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    assert_eq!(ran.ended(6).kinds(), ["freeze"]);
}

#[test]
fn an_older_version_than_seen_is_a_rollback_whatever_became_of_the_cache() {
    let Some(server) = NotaryServer::start_plain() else { return };
    let owner = owner_of(&server);
    let port = server.port;
    let files = ["root", "timestamp", "snapshot", "targets"].map(|role| {
        let path = format!("/v2/{GUN}/_trust/tuf/{role}.json");
        (path.clone(), fetch(port, &path).1)
    });
    let sign = sign_arguments(GUN, "1.0");
    let sign: Vec<&str> = sign.iter().map(String::as_str).collect();
    owner.publish(&[&sign[..], &["--insecure-http", "--server", &server.url]].concat()).ok();
    let old = http_server(move |path| match files.iter().find(|(name, _)| name == path) {
        Some((_, body)) => response("200 OK", body),
        None => {
            let (found, body) = fetch(port, path);
            response(if found { "200 OK" } else { "404 Not Found" }, &body)
        }
    });
    std::fs::remove_dir_all(owner.metadata(GUN)).unwrap();
    let url = format!("http://127.0.0.1:{old}");
    let ran = owner.trustdeck(&["inspect", GUN, "--json", "--insecure-http", "--server", &url]).ended(6);
    assert!(["rollback", "pin"].contains(&ran.kinds()[0].as_str()), "{}", ran.stderr);
}

#[test]
fn passphrases_that_are_missing_or_wrong_name_their_variable() {
    let Some((_server, home)) = docker_repository() else { return };
    let arguments = sign_arguments(GUN, "1.0");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let staging = arguments.clone();
    let arguments = [&arguments[..], &["--publish", "--yes", "--json"]].concat();
    let mut wrong = home.trustdeck_command(&arguments);
    let ran = run(wrong
        .env("NOTARY_DELEGATION_PASSPHRASE", "not it")
        .env_remove("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"));
    let ran = ran.ended(4);
    assert_eq!(ran.kinds(), ["passphrase"]);
    assert!(ran.stderr.contains("NOTARY_DELEGATION_PASSPHRASE") && !ran.stderr.contains("not it"), "{}", ran.stderr);
    home.trustdeck(&staging).ok();
    let mut missing = home.trustdeck_command(&["publish", "--yes", "--json"]);
    for variable in ["NOTARY_DELEGATION_PASSPHRASE", "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] {
        missing.env_remove(variable);
    }
    let ran = run(&mut missing).ended(4);
    assert!(ran.errors()[0]["hint"].as_str().unwrap().contains("NOTARY_DELEGATION_PASSPHRASE"), "{}", ran.stderr);
    home.trustdeck(&["publish", "--yes"]).ok();
}

#[test]
fn files_that_hold_no_public_key_are_named() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    for (file, kind, code) in [
        (input_file("hello.txt"), "keystore", 1),
        (input_file("erin-p256.pem"), "keystore", 1),
        (input_file("no-such-file"), "disk", 1),
        (env!("CARGO_MANIFEST_DIR").to_owned(), "disk", 1),
    ] {
        let ran = home.trustdeck(&["signer", "add", "--key", &file, "alice", GUN, "--json"]).ended(code);
        assert_eq!(ran.kinds(), [kind], "{}", ran.stderr);
        assert!(ran.stderr.contains(&file), "{}", ran.stderr);
    }
    assert_eq!(home.trustdeck(&["status", "--json"]).ok().json()["staged"], serde_json::json!([]));
}

#[test]
fn a_full_disk_leaves_the_journal_as_it_was() {
    let Some((_server, home)) = docker_repository() else { return };
    let sign = sign_arguments(GUN, "1.0");
    home.trustdeck(&sign.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    let mut shell = home.command("bash");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\" --json";
    let again = sign_arguments(GUN, "2.0");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_trustdeck")]).args(&again);
    let ran = run(&mut shell).ended(1);
    assert!(ran.kinds().contains(&"disk".to_owned()), "{}", ran.stderr);
    let staged = home.trustdeck(&["status", "--json"]).ok().json();
    assert_eq!(staged["staged"].as_array().unwrap().len(), 1, "{staged}");
    home.trustdeck(&["publish", "--yes"]).ok();
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let Some((_server, home)) = docker_repository() else { return };
    let sign = sign_arguments(GUN, "1.0");
    let sign: Vec<&str> = sign.iter().map(String::as_str).collect();
    home.trustdeck(&sign).ok();
    let journal = find_journal(&home.state_dir());
    let text = std::fs::read_to_string(&journal).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(value["version"].is_u64(), "the journal has a version: {text}");
    value["version"] = serde_json::json!(999);
    std::fs::write(&journal, value.to_string()).unwrap();
    for arguments in [&["status"][..], &["publish", "--yes"], &sign] {
        let ran = home.trustdeck(&[arguments, &["--json"]].concat()).ended(1);
        assert_eq!(ran.kinds(), ["disk"], "{}", ran.stderr);
        assert!(ran.stderr.contains("version"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), value.to_string(), "it is unchanged");
}

/// The journal, wherever it lies in the state directory: the file that holds the staged tag.
fn find_journal(dir: &std::path::Path) -> std::path::PathBuf {
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for path in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                dirs.push(path);
            } else if std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&digest("1.0"))) {
                return path;
            }
        }
    }
    panic!("no journal below {}", dir.display())
}
