//! A kept sandbox survives restarts and crashes, and everything in it is its owner's alone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use trustdeck::engine::{Engine, Health};
use trustdeck::sandbox::SandboxError;
use trustdeck::sandbox::{Auth, Login, NEW_REPOSITORY, Options, Running, notes, start};
use trustdeck::tuf::{Gun, Role};

use crate::sandbox::forge::{Forge, Wire, now};
use crate::sandbox::process::Process;

fn runtime() -> tokio::runtime::Runtime {
    // Fails if another test of this process came first, which is just as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Runtime::new().unwrap()
}

fn wire<'a>(runtime: &'a tokio::runtime::Runtime, url: &'a str) -> Wire<'a> {
    Wire { url, runtime, client: reqwest::Client::builder().no_proxy().build().unwrap() }
}

async fn kept(dir: &Path, empty: bool) -> Running {
    start(Options { dir: Some(dir.to_owned()), http: true, empty, ..Options::default() }).await.unwrap()
}

#[test]
fn a_restart_keeps_files_keys_port_and_scene() {
    let (runtime, dir) = (runtime(), tempfile::tempdir().unwrap());
    let gun = "registry.example.test/team/app";
    let first = runtime.block_on(kept(dir.path(), false));
    let url = first.url().to_owned();
    assert!(first.is_new());
    let mut forge_root = Vec::new();
    {
        let wire = wire(&runtime, &url);
        let forge = Forge::new(&wire, gun);
        forge.create();
        forge_root.extend(forge.root_file());
    }
    let scene = wire(&runtime, &url).get("/v2/registry.sandbox/team/web/_trust/tuf/root.json").1;
    runtime.block_on(first.shutdown());

    let second = runtime.block_on(kept(dir.path(), false));
    assert_eq!(second.url(), url, "the port of the last start");
    assert!(!second.is_new());
    let wire = wire(&runtime, &url);
    assert_eq!(wire.get(&format!("/v2/{gun}/_trust/tuf/root.json")).1, forge_root);
    assert_eq!(wire.get("/v2/registry.sandbox/team/web/_trust/tuf/root.json").1, scene, "not filled twice");
    // The server still holds the keys that this root names.
    let forge = Forge::new(&wire, gun);
    assert_eq!(wire.send("DELETE", &format!("/v2/{gun}/_trust/tuf/"), "", Vec::new()).0.status, 200);
    forge.create();
    runtime.block_on(second.shutdown());
}

#[test]
fn of_publishes_at_the_same_time_one_wins_and_the_others_are_told() {
    let (runtime, dir) = (runtime(), tempfile::tempdir().unwrap());
    let running = runtime.block_on(kept(dir.path(), true));
    let wire = wire(&runtime, running.url());
    let mut forge = Forge::new(&wire, "registry.example.test/team/app");
    forge.create();
    forge.targets.version += 1;
    let uploads: Vec<Vec<u8>> = (0..6).map(|_| forge.targets_file()).collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let upload = |file: &Vec<u8>| wire.upload(&forge.gun, &[("targets", file.clone())]);
        let threads: Vec<_> = uploads.iter().map(|file| scope.spawn(move || upload(file))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().filter(|a| a.status != 200).all(|a| a.body.contains("\"VERSION\"")), "{answers:?}");
    runtime.block_on(running.shutdown());
}

#[test]
fn one_directory_serves_one_sandbox_at_a_time() {
    let (runtime, dir) = (runtime(), tempfile::tempdir().unwrap());
    let running = runtime.block_on(kept(dir.path(), true));
    let again = runtime.block_on(start(Options { dir: Some(dir.path().to_owned()), ..Options::default() }));
    assert!(matches!(again, Err(SandboxError::InUse(_))));
    runtime.block_on(running.shutdown());
}

#[test]
fn a_temporary_sandbox_is_gone_afterwards_and_private_meanwhile() {
    let runtime = runtime();
    let running = runtime.block_on(start(Options::default())).unwrap();
    let dir = running.layout().dir().to_owned();
    let mut directories = vec![dir.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.symlink_metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
            directories.extend(path.is_dir().then_some(path));
        }
    }
    runtime.block_on(running.shutdown());
    assert!(!dir.exists());
}

#[test]
fn the_engine_sees_the_scene_as_its_notes_tell() {
    let runtime = runtime();
    let running = runtime.block_on(start(Options::default())).unwrap();
    let engine = Engine::open(running.settings(), Arc::new(now)).unwrap();
    let health = |name: &str| {
        let gun = Gun::parse(&format!("registry.sandbox/{name}")).unwrap();
        runtime.block_on(engine.views().refresh(&gun)).unwrap()
    };
    for name in ["team/web", "team/api", "team/worker"] {
        let view = health(name);
        assert_eq!(view.health, Health::Ok, "{name}: {:?}", view.findings);
        assert_eq!(view.orphaned(), 0);
        assert!(view.trusted() > 5, "{name}");
    }
    for name in ["team/billing", "team/search", "team/tools"] {
        let view = health(name);
        assert_eq!(view.health, Health::Warn, "{name}: {:?}", view.findings);
    }
    let portal = health("team/portal");
    assert_eq!((portal.health, portal.trusted(), portal.orphaned()), (Health::Fail, 0, 6));
    let old = &portal.roles.iter().find(|r| r.role == Role::releases()).unwrap().last_signed_by;
    assert_eq!(old.first().map(|by| (by.label.as_str(), by.current)), Some(("jeff old laptop", false)));
    assert_eq!(health("team/archive").health, Health::Fail);
    assert_eq!(health(NEW_REPOSITORY).health, Health::New);
    assert_eq!(notes().len(), 9);
    runtime.block_on(running.shutdown());
}

fn serve(dir: &Path) -> Process {
    Process::start(&["--empty", "--http", "--dir", dir.to_str().unwrap()], &[])
}

#[test]
fn a_kill_amid_publishes_loses_nothing_that_was_answered() {
    let (runtime, dir) = (runtime(), tempfile::tempdir().unwrap());
    let gun = "registry.example.test/team/app";
    for round in 0..3 {
        let process = serve(dir.path());
        let wire = wire(&runtime, &process.url);
        let mut forge = Forge::new(&wire, &format!("{gun}{round}"));
        forge.create();
        let pid = process.child.id().to_string();
        let (strike, struck) = std::sync::mpsc::channel();
        // Publishing goes on while `kill` starts, so that it falls anywhere among the publishes.
        let killer = std::thread::spawn(move || {
            struck.recv().unwrap();
            Command::new("kill").args(["-9", &pid]).status().unwrap();
        });
        let kill_after = forge.targets.version + 3 * (round + 1);
        let mut answered = forge.targets.version;
        let path = format!("/v2/{}/_trust/tuf/", forge.gun);
        loop {
            forge.targets.version += 1;
            let (kind, body) = Wire::form(&[("targets", forge.targets_file())]);
            match wire.try_send("POST", &path, &kind, body) {
                Some(answer) => assert_eq!(answer.0.status, 200),
                None => break,
            }
            answered = forge.targets.version;
            if answered == kill_after {
                strike.send(()).unwrap();
            }
        }
        killer.join().unwrap();
        drop(process);
        let process = serve(dir.path());
        let wire = Wire { url: &process.url, ..self::wire(&runtime, "") };
        let stored = |file: &str| -> serde_json::Value {
            serde_json::from_slice(&wire.get(&format!("{path}{file}")).1).unwrap()
        };
        let version = stored("targets.json")["signed"]["version"].as_u64().unwrap();
        assert!(version == answered || version == answered + 1, "{version} is stored, {answered} was answered");
        // Whole or not at all: the timestamp leads to the targets through the snapshot.
        let snapshot = wire.get(&format!("{path}snapshot.json")).1;
        let targets = wire.get(&format!("{path}targets.json")).1;
        let leads = |file: &str, role: &str, bytes: &[u8]| {
            use base64::Engine as _;
            let digest = trustdeck::tuf::FileMeta::of(bytes).hashes.get("sha256").unwrap().to_vec();
            let expected = base64::engine::general_purpose::STANDARD.encode(digest);
            assert_eq!(stored(file)["signed"]["meta"][role]["hashes"]["sha256"], expected);
        };
        leads("timestamp.json", "snapshot", &snapshot);
        leads("snapshot.json", "targets", &targets);
    }
}

#[tokio::test]
async fn no_sandbox_is_made_where_others_write_or_where_other_files_lie() {
    let dir = tempfile::tempdir().unwrap();
    let open = || start(Options { dir: Some(dir.path().to_owned()), http: true, empty: true, ..Options::default() });
    let mode = |mode| std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    assert!(matches!(open().await, Err(SandboxError::Place { .. })));
    mode(0o755);
    let authority = dir.path().join("ca.crt");
    std::fs::write(&authority, "somebody's").unwrap();
    assert!(matches!(open().await, Err(SandboxError::Place { .. })));
    assert_eq!(std::fs::read(&authority).unwrap(), b"somebody's");
    std::fs::remove_file(&authority).unwrap();
    // What a killed start may leave.
    std::fs::create_dir(dir.path().join("docker")).unwrap();
    open().await.unwrap().shutdown().await;
    open().await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_body_is_not_waited_for_from_somebody_who_may_not_upload() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let auth = Auth::Basic(Login::parse("jeff:correct horse").unwrap());
    let running = start(Options { http: true, empty: true, auth, ..Options::default() }).await.unwrap();
    let address = running.url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /v2/team/app/_trust/tuf/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}
