use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;
use crate::remote::auth::DOCKER_HUB;

/// A Docker configuration and a directory of helpers.
struct Machine {
    dir: TempDir,
    credentials: Credentials,
}

impl Machine {
    fn new(config: &str) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        let path = format!("{}:/usr/bin:/bin", dir.path().display());
        let credentials = Credentials {
            config: dir.path().join("config.json"),
            environment: vec![("PATH".into(), OsString::from(path)), ("HOME".into(), dir.path().into())],
            launcher: Vec::new(),
            notary_auth: Some(("https://notary.test".to_owned(), NotaryAuth::new("Y2k6c2VjcmV0"))),
            typed: Mutex::default(),
            found: Mutex::default(),
            origins: Mutex::default(),
            asker: Mutex::default(),
            asked: tokio::sync::Mutex::default(),
            realms: Realms::open(dir.path(), &["flag.test".to_owned()].into()).unwrap(),
            remarks: Remarks::default(),
        };
        Self { dir, credentials }
    }

    /// Installs a program; `calls` counts its runs.
    fn install(&self, program: &str, script: &str) {
        let path = self.dir.path().join(program);
        std::fs::write(&path, format!("#!/bin/sh\necho run >> \"$HOME/calls\"\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> usize {
        std::fs::read_to_string(self.dir.path().join("calls")).map_or(0, |calls| calls.lines().count())
    }

    /// The login as text: `user:password`, `token …`, `none`, or the error.
    async fn login(&self, registry: &str) -> String {
        match self.credentials.find("https://elsewhere.test", registry).await {
            Ok(Some(Credential::Password { user, password })) => format!("{user}:{}", password.as_str()),
            Ok(Some(Credential::IdentityToken { token, .. })) => format!("token {}", token.as_str()),
            Ok(None) => "none".to_owned(),
            Err(error) => format!("error: {error}"),
        }
    }
}

#[tokio::test]
async fn logins_are_found_in_auths_as_docker_finds_them() {
    // eve:pass:word, hub:x, bob:nul and a NUL
    let machine = Machine::new(
        r#"{"auths": {
            "registry.test": {"auth": "ZXZlOnBhc3M6d29yZA=="},
            "https://index.docker.io/v1/": {"auth": "aHViOng="},
            "https://legacy.test/v1/": {"auth": "Ym9iOm51bAA="},
            "token.test": {"auth": "ZXZlOng=", "identitytoken": "IDT"},
            "port.test:5000": {"auth": "ZXZlOng="},
            "empty.test": {},
            "broken.test": {"auth": "c2VjcmV0"},
            "worse.test": {"auth": "!!secret!!"}
        }, "HttpHeaders": {"X": "y"}, "detachKeys": "ctrl-e"}"#,
    );
    let table = [
        ("registry.test", "eve:pass:word"),
        (DOCKER_HUB, "hub:x"),
        ("legacy.test", "bob:nul"),
        ("token.test", "token IDT"),
        ("port.test:5000", "eve:x"),
        ("port.test", "none"),
        ("index.docker.io", "hub:x"),
        ("empty.test", "none"),
        ("unknown.test", "none"),
    ];
    for (registry, expected) in table {
        assert_eq!(machine.login(registry).await, expected, "{registry}");
    }
    for registry in ["broken.test", "worse.test"] {
        let error = machine.login(registry).await;
        assert!(error.contains(registry) && error.contains("base64") && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_configuration_is_named_without_its_content() {
    let machine = Machine::new("{\"auths\":\n {\"r.test\": {\"auth\": \"secret\", }}}");
    let error = machine.login("r.test").await;
    assert!(error.contains("config.json: line 2") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn helpers_come_before_auths_and_one_for_a_registry_before_the_store() {
    let machine = Machine::new(
        r#"{"auths": {"r.test": {"auth": "ZXZlOng="}}, "credsStore": "store", "credHelpers": {"own.test": "own"}}"#,
    );
    let answer = r#"printf '{"ServerURL":"%s","Username":"%s","Secret":"s"}' "$1" "$(cat)""#;
    machine.install("docker-credential-store", answer);
    machine.install("docker-credential-own", r#"echo '{"Username":"<token>","Secret":"IDT"}'"#);
    assert_eq!(machine.login("r.test").await, "r.test:s");
    assert_eq!(machine.login("own.test").await, "token IDT");
}

#[tokio::test]
async fn where_a_helper_fails_the_files_own_login_is_used_with_a_word() {
    let config = r#"{"auths": {"r.test": {"auth": "ZXZlOng="}, "s.test": {}}, "credsStore": "x"}"#;
    let machine = Machine::new(config);
    let mut heard = machine.credentials.remarks.listen();
    assert_eq!(machine.login("r.test").await, "eve:x", "it is not installed");
    let remark = heard.try_recv().unwrap().to_string();
    assert!(remark.contains("docker-credential-x") && remark.contains("config.json"), "{remark}");
    assert!(machine.credentials.origin("r.test").unwrap().contains("config.json"));
    assert!(machine.login("s.test").await.contains("not installed"), "there is nothing in its place");
    let machine = Machine::new(config);
    machine.install("docker-credential-x", "echo 'no wallet'; exit 1");
    assert_eq!(machine.login("r.test").await, "eve:x", "it is broken");
    let machine = Machine::new(config);
    machine.install("docker-credential-x", "echo 'credentials not found in native keychain'; exit 1");
    assert_eq!(machine.login("r.test").await, "none", "it has none");
}

#[tokio::test]
async fn answers_of_helpers_are_told_apart() {
    let table = [
        ("echo 'credentials not found in native keychain'; exit 1", "none"),
        ("echo '{}'", "none"),
        ("echo 'the vault is locked'; exit 1", "error: credential helper docker-credential-x: the vault is locked"),
        ("echo 'no display' >&2; exit 1", "error: credential helper docker-credential-x: no display"),
        ("exit 1", "error: credential helper docker-credential-x: it failed without a word"),
        ("yes", "error: credential helper docker-credential-x: it prints more than 64 KiB"),
    ];
    for (script, expected) in table {
        let machine = Machine::new(r#"{"credsStore": "x"}"#);
        machine.install("docker-credential-x", script);
        assert_eq!(machine.login("r.test").await, expected, "{script}");
    }
    let machine = Machine::new(r#"{"credsStore": "x"}"#);
    machine.install("docker-credential-x", "echo secret");
    let error = machine.login("r.test").await;
    assert!(error.contains("JSON") && !error.contains("secret"), "{error}");
    let missing = Machine::new(r#"{"credsStore": "gone"}"#).login("r.test").await;
    assert!(missing.contains("docker-credential-gone") && missing.contains("not installed"), "{missing}");
}

#[tokio::test]
async fn a_helper_that_nobody_configured_may_fail() {
    let machine = Machine::new("{}");
    machine.install("pass", "");
    machine.install("docker-credential-pass", "exit 1");
    assert_eq!(machine.login("r.test").await, "none");
    assert_eq!(machine.calls(), 1);
    machine.install("docker-credential-pass", r#"echo '{"Username":"u","Secret":"s"}'"#);
    machine.credentials.refused("r.test");
    assert_eq!(machine.login("r.test").await, "u:s");
    let with_auths = Machine::new(r#"{"auths": {"other.test": {}}}"#);
    with_auths.install("pass", "");
    with_auths.install("docker-credential-pass", r#"echo '{"Username":"u","Secret":"s"}'"#);
    assert_eq!(with_auths.login("r.test").await, "none");
    assert_eq!(with_auths.calls(), 0);
}

#[tokio::test]
async fn a_helper_runs_once_for_many_until_its_login_is_refused() {
    let machine = Machine::new(r#"{"credsStore": "x"}"#);
    machine.install("docker-credential-x", r#"echo '{"Username":"u","Secret":"s"}'"#);
    let all = futures_util::future::join_all((0..10).map(|_| machine.login("r.test"))).await;
    assert!(all.iter().all(|login| login == "u:s"));
    assert_eq!(machine.calls(), 1);
    machine.credentials.refused("r.test");
    machine.login("r.test").await;
    assert_eq!(machine.calls(), 2);
}

#[tokio::test]
async fn typed_logins_come_first() {
    let machine = Machine::new(r#"{"auths": {"r.test": {"auth": "ZXZlOng="}}}"#);
    machine
        .credentials
        .log_in("r.test", Login::Password { user: "eve".to_owned(), password: Passphrase::from_text("typed") });
    assert_eq!(machine.login("r.test").await, "eve:typed");
}

#[test]
fn realms_are_those_of_the_flag_the_accepted_and_docker_hubs() {
    let machine = Machine::new("{}");
    let allows = |server: &str, realm: &str| machine.credentials.allows_realm(server, realm);
    assert!(allows("notary.docker.io", "auth.docker.io"));
    assert!(!allows("notary.evil.test", "auth.docker.io"));
    assert!(allows("any.test", "flag.test"));
    assert!(!allows("any.test", "accepted.test"));
    machine.credentials.accept_realm("Accepted.test").unwrap();
    assert!(allows("any.test", "accepted.test"));
}

#[tokio::test]
async fn notarys_login_is_for_the_server_that_is_named_and_for_no_other() {
    let login = async |machine: &Machine, server: &str| match machine.credentials.find(server, "r.test").await {
        Ok(Some(Credential::Password { user, password })) => Some(format!("{user}:{}", password.as_str())),
        Ok(_) => None,
        Err(error) => Some(format!("error: {error}")),
    };
    let machine = Machine::new(r#"{"auths":{"other.test":{"auth":"ZXZlOng="}}}"#);
    assert_eq!(login(&machine, "https://notary.test").await.as_deref(), Some("ci:secret"));
    assert_eq!(machine.credentials.origin("r.test").as_deref(), Some("NOTARY_AUTH"));
    assert_eq!(login(&machine, "https://elsewhere.test").await, None);
    let machine = Machine::new(r#"{"auths":{"r.test":{"auth":"ZXZlOng="}}}"#);
    assert_eq!(login(&machine, "https://notary.test").await.as_deref(), Some("eve:x"), "Docker's own is stronger");
    let file = machine.dir.path().join("config.json").display().to_string();
    let origin = machine.credentials.origin("r.test").unwrap();
    assert_eq!(origin, format!("{file}, which comes before NOTARY_AUTH"), "never the login");
    let machine = Machine::new(r#"{"credsStore":"missing"}"#);
    assert_eq!(login(&machine, "https://notary.test").await.as_deref(), Some("ci:secret"));
}

#[tokio::test]
async fn a_helper_that_fails_is_asked_once_by_all_that_wait() {
    let machine = Machine::new(r#"{"credsStore":"broken"}"#);
    machine.install("docker-credential-broken", "echo no wallet; exit 1");
    let asks = futures_util::future::join_all((0..8).map(|_| machine.login("r.test"))).await;
    assert!(asks.iter().all(|said| said.contains("no wallet")), "{asks:?}");
    assert_eq!(machine.calls(), 1);
}

#[tokio::test]
async fn a_person_is_asked_once_for_each_registry() {
    let machine = Machine::new("{}");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    machine.credentials.ask_with(Arc::new(move |registry: &str, _: Option<&RemoteError>| {
        seen.lock().unwrap().push(registry.to_owned());
        (registry == "r.test").then(|| ("eve".to_owned(), Passphrase::from_text("typed")))
    }));
    for _ in 0..2 {
        assert!(machine.credentials.ask("r.test", None).await.unwrap().is_some());
        assert!(machine.credentials.ask("s.test", None).await.unwrap().is_none());
    }
    assert_eq!(*asked.lock().unwrap(), ["r.test", "s.test"]);
    assert_eq!(machine.login("r.test").await, "eve:typed");
}
