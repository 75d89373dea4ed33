//! `notary` and `docker trust` do everything they can against the sandbox.

use trustdeck::sandbox::{Auth, Login, Options, Running, start};

use crate::support::home::digest;
use crate::support::{Home, Ran, peers, run};

const GUN: &str = "registry.example.test/team/app";

/// `jeff:correct horse`, as both clients write it.
pub const NOTARY_AUTH: &str = "amVmZjpjb3JyZWN0IGhvcnNl";

/// A sandbox with a runtime that serves it while the clients run.
pub struct Sandbox {
    running: Option<Running>,
    runtime: tokio::runtime::Runtime,
}

impl Sandbox {
    pub fn start(http: bool, auth: Auth) -> Option<Self> {
        peers(&["notary", "docker"])?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = Options { http, auth, empty: true, ..Options::default() };
        let running = runtime.block_on(start(options)).unwrap();
        Some(Self { running: Some(running), runtime })
    }

    pub fn url(&self) -> &str {
        self.running.as_ref().unwrap().url()
    }

    fn home(&self) -> Home {
        let running = self.running.as_ref().unwrap();
        Home::at(running.url(), &running.ca_file())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.take().unwrap().shutdown());
    }
}

fn login() -> Login {
    Login::parse("jeff:correct horse").unwrap()
}

/// `notary list` as rows of name, digest, size and role.
fn listed(home: &Home) -> Vec<Vec<String>> {
    let shown = home.notary(&["list", GUN]).ok().stdout;
    let rows = shown.lines().skip_while(|line| !line.starts_with("---")).skip(1);
    rows.map(|row| row.split_whitespace().map(str::to_owned).collect()).collect()
}

fn row(tag: &str, role: &str) -> Vec<String> {
    [tag, &digest(tag), "1234", role].map(str::to_owned).to_vec()
}

/// Everything that `notary` does with a server, in one story.
fn notary_story(home: &Home) {
    let alice = home.generate_key("alice");
    home.notary(&["init", GUN, "-p"]).ok();
    home.notary_sign(GUN, "v1", &["targets"]);
    home.notary(&["delegation", "add", GUN, "targets/alice", &alice, "--all-paths", "-p"]).ok();
    home.notary(&["delegation", "add", GUN, "targets/alice/deep", &alice, "--paths", "deep/", "-p"]).ok();
    home.notary_sign(GUN, "v2", &["targets/alice"]);
    home.notary(&["witness", GUN, "targets", "targets/alice", "-p"]).ok();
    assert_eq!(listed(home), [row("v1", "targets"), row("v2", "targets/alice")]);

    home.notary(&["key", "rotate", GUN, "targets"]).ok();
    home.notary(&["key", "rotate", GUN, "snapshot", "-r"]).ok();
    home.notary_sign(GUN, "v3", &["targets"]);
    home.notary(&["key", "rotate", GUN, "timestamp", "-r"]).ok();
    home.notary(&["key", "rotate", GUN, "snapshot"]).ok();
    rotate_root(home);
    home.notary_sign(GUN, "v4", &["targets"]);
    home.notary(&["delegation", "remove", GUN, "targets/alice", "-y", "-p"]).ok();
    assert_eq!(listed(home), [row("v1", "targets"), row("v3", "targets"), row("v4", "targets")]);

    // Somebody who meets the repository now, and its new root, reads the same.
    std::fs::remove_dir_all(home.trust_dir().join("tuf")).unwrap();
    assert_eq!(listed(home).len(), 3);
    home.notary(&["delete", GUN, "--remote"]).ok();
    let gone = home.notary(&["list", GUN]).ended(1);
    assert!(gone.stdout.contains("does not have trust data"), "{gone:?}");
}

#[track_caller]
fn rotate_root(home: &Home) -> Ran {
    let mut command = home.notary_command(&["key", "rotate", GUN, "root"]);
    crate::support::run_with_input(&mut command, b"yes\n").ok()
}

/// Everything that `docker trust` does with a server and without a daemon.
fn docker_story(home: &Home) {
    let (alice, bob) = (home.generate_key("alice"), home.generate_key("bob"));
    home.docker(&["signer", "add", "--key", &alice, "alice", GUN]).ok();
    home.docker(&["signer", "add", "--key", &bob, "bob", GUN]).ok();
    // `docker trust sign` needs a daemon; `notary` writes the same into the same roles.
    let sign =
        ["addhash", GUN, "1.0", "1234", "--sha256", &digest("1.0"), "-p", "-r", "targets/alice,targets/releases"];
    run(home.notary_command(&sign).env("NOTARY_AUTH", NOTARY_AUTH)).ok();
    let shown = home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0");
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], serde_json::json!(["alice"]));
    assert_eq!(shown[0]["Signers"].as_array().unwrap().len(), 2);
    home.docker(&["revoke", "-y", &format!("{GUN}:1.0")]).ok();
    let shown = home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"], serde_json::json!([]));
}

#[test]
fn notary_works_over_tls() {
    let Some(sandbox) = Sandbox::start(false, Auth::None) else { return };
    notary_story(&sandbox.home());
}

#[test]
fn notary_works_over_http() {
    let Some(sandbox) = Sandbox::start(true, Auth::None) else { return };
    notary_story(&sandbox.home());
}

#[test]
fn docker_works_over_tls_and_checks_the_certificate() {
    let Some(sandbox) = Sandbox::start(false, Auth::None) else { return };
    let home = sandbox.home();
    docker_story(&home);
    std::fs::remove_dir_all(home.path().join(".docker/tls")).unwrap();
    let refused = home.docker(&["signer", "add", "--key", "alice.pub", "alice", "registry.example.test/team/b"]);
    assert_eq!(refused.code, 1, "the sandbox's authority is nobody's default: {refused:?}");
}

#[test]
fn docker_logs_in_with_basic_and_with_tokens() {
    for auth in [Auth::Basic(login()), Auth::Token(login())] {
        let Some(sandbox) = Sandbox::start(false, auth) else { return };
        let home = sandbox.home();
        home.docker(&["inspect", GUN]).ended(1);
        let entry = serde_json::json!({"auths": {"registry.example.test": {"auth": NOTARY_AUTH}}});
        std::fs::write(home.path().join(".docker/config.json"), entry.to_string()).unwrap();
        docker_story(&home);
    }
}

#[test]
fn notary_logs_in_with_basic_and_with_tokens() {
    for auth in [Auth::Basic(login()), Auth::Token(login())] {
        let Some(sandbox) = Sandbox::start(false, auth) else { return };
        let home = sandbox.home();
        let init = |password: &str| run(home.notary_command(&["init", GUN, "-p"]).env("NOTARY_AUTH", password));
        assert_ne!(init("amVmZjp3cm9uZw==").code, 0);
        std::fs::remove_dir_all(home.trust_dir().join("tuf")).unwrap();
        init(NOTARY_AUTH).ok();
    }
}
