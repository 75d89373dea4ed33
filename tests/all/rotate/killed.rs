//! SIGKILL after each step; the same command again reaches the same end.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::commands::{GUN, keys_of, repository, tags};
use super::support::NotaryServer;
use super::support::home::{Home, digest};

/// What can be seen of a running command.
#[derive(Clone, Copy, Debug)]
enum Point {
    Chosen,
    KeyStored,
    Staged,
    Recorded,
    Uploaded,
}

impl Point {
    fn is_reached(self, home: &Home, server: &NotaryServer, keys: usize, uploads: usize) -> bool {
        let journal = || {
            let files = std::fs::read_dir(home.state_dir().join("stage")).into_iter().flatten();
            let json = files.filter_map(|f| Some(f.ok()?.path())).find(|p| p.extension().is_some_and(|e| e == "json"));
            let text = json.and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap_or_default()
        };
        let has = |member: &str| journal()["content"][member].as_array().is_some_and(|list| !list.is_empty());
        match self {
            Self::Chosen => is_begun(home),
            Self::KeyStored => home.stored_keys().len() > keys,
            Self::Staged => has("entries"),
            Self::Recorded => has("sent"),
            Self::Uploaded => posts(server) > uploads,
        }
    }
}

/// Whether a wizard is on the disk, which goes once it has come to its end.
fn is_begun(home: &Home) -> bool {
    let mut files = std::fs::read_dir(home.state_dir().join("wizards")).into_iter().flatten();
    files.any(|file| file.is_ok_and(|file| file.path().extension().is_some_and(|ending| ending == "json")))
}

fn posts(server: &NotaryServer) -> usize {
    server.requests().iter().filter(|request| request.method == "POST").count()
}

/// Runs a command and kills it once it has come to a point. Returns whether it did not end before.
fn kill_at(point: Point, home: &Home, server: &NotaryServer, arguments: &[&str]) -> bool {
    let (keys, uploads) = (home.stored_keys().len(), posts(server));
    let mut command = home.trustdeck_command(&[arguments, &["--publish", "--yes"]].concat());
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !point.is_reached(home, server, keys, uploads) && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "{point:?} was never reached");
    }
    // Fails only if it has ended already.
    let _ = child.kill();
    // Killed at its very end, the same command would begin anew.
    !child.wait().unwrap().success() && is_begun(home)
}

/// Runs a command, killed at a point, then again unless it had ended before.
fn kill_and_rerun(point: Point, home: &Home, server: &NotaryServer, arguments: &[&str]) {
    if kill_at(point, home, server, arguments) {
        home.publish(arguments).ok();
    }
}

/// Nothing is left that a publish would send.
fn assert_nothing_staged(home: &Home, what: &str) {
    let left = home.trustdeck(&["publish", "--yes", "--json"]).ok().json();
    assert_eq!(left, serde_json::json!([]), "{what}: nothing is left on the stage");
}

const POINTS: [Point; 5] = [Point::Chosen, Point::KeyStored, Point::Staged, Point::Recorded, Point::Uploaded];

#[test]
fn a_signers_rotation_ends_the_same_wherever_it_is_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    let arguments = ["rotate", "signer", "jeff", GUN];
    for point in POINTS {
        let (old, keys) = (keys_of(&server, "targets/jeff"), home.stored_keys());
        let killed = kill_at(point, &home, &server, &arguments);
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        if killed {
            home.publish(&arguments).ok();
        }
        let new = keys_of(&server, "targets/jeff");
        assert_eq!(new.len(), 1, "{point:?}");
        assert_ne!(new, old, "{point:?}");
        assert_eq!(keys_of(&server, "targets/releases"), new, "{point:?}");
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        assert_eq!(home.stored_keys().len(), keys.len() + 1, "{point:?}: one new key and no stray one");
        assert_nothing_staged(&home, &format!("{point:?}"));
    }
}

#[test]
fn rotations_and_renewals_of_base_roles_end_the_same_wherever_they_are_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    let commands: [&[&str]; 8] = [
        &["rotate", "root", GUN],
        &["rotate", "targets", GUN],
        &["rotate", "timestamp", GUN],
        &["rotate", "snapshot", GUN, "--local"],
        &["rotate", "snapshot", GUN, "--server-managed"],
        &["renew", "root", GUN],
        &["renew", "targets", GUN],
        &["renew", "targets/releases", GUN],
    ];
    for command in commands {
        for point in [Point::Chosen, Point::Staged, Point::Recorded, Point::Uploaded] {
            let keys = home.stored_keys().len();
            kill_and_rerun(point, &home, &server, command);
            assert_eq!(tags(&server), ["1.0", "1.1"], "{command:?} {point:?}");
            assert!(home.stored_keys().len() <= keys + 1, "{command:?} {point:?}: no stray key");
            assert_nothing_staged(&home, &format!("{command:?} {point:?}"));
        }
    }
}

#[test]
fn two_publishes_end_the_same_wherever_they_are_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    for point in POINTS {
        let (old, keys) = (keys_of(&server, "targets/jeff"), home.stored_keys().len());
        kill_and_rerun(point, &home, &server, &["rotate", "signer", "jeff", GUN, "--add-only"]);
        assert_eq!(keys_of(&server, "targets/jeff").len(), 2, "{point:?}");
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        kill_and_rerun(point, &home, &server, &["rotate", "signer", "jeff", GUN]);
        let new = keys_of(&server, "targets/jeff");
        assert_eq!((new.len(), home.stored_keys().len()), (1, keys + 1), "{point:?}");
        assert_ne!(new, old, "{point:?}");
        assert_eq!(keys_of(&server, "targets/releases"), new, "{point:?}");
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        assert_nothing_staged(&home, &format!("{point:?}"));
    }
}

#[test]
fn a_hand_over_ends_the_same_wherever_either_side_is_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    for (number, point) in [Point::Chosen, Point::Staged, Point::Recorded, Point::Uploaded].into_iter().enumerate() {
        let colleague = Home::new(&server);
        let (old, public) = (keys_of(&server, "targets/jeff"), colleague.generate_key("jeff"));
        let file = home.path().join(format!("{number}.json"));
        let file = file.to_str().unwrap();
        let add = ["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", file];
        kill_at(point, &home, &server, &add);
        home.publish(&add).ok();
        kill_and_rerun(point, &colleague, &server, &["rotate", "take-over", file, "--accept"]);
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        assert_nothing_staged(&colleague, &format!("{point:?}"));
        kill_and_rerun(point, &home, &server, &["rotate", "signer", "jeff", GUN]);
        let new = keys_of(&server, "targets/jeff");
        assert_eq!(new.len(), 1, "{point:?}");
        assert_ne!(new, old, "{point:?}");
        assert_eq!(keys_of(&server, "targets/releases"), new, "{point:?}");
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        assert_nothing_staged(&home, &format!("{point:?}"));
    }
}

#[test]
fn a_first_set_up_ends_the_same_wherever_it_is_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    for point in POINTS {
        let home = Home::new(&server);
        let gun = format!("registry.example.test/team/{point:?}").to_lowercase();
        let list = home.path().join("tags");
        std::fs::write(&list, format!("{gun}:1.0 sha256:{} 1234\n", digest("1.0"))).unwrap();
        kill_and_rerun(point, &home, &server, &["setup", &gun, "--signer", "jeff", "--from", list.to_str().unwrap()]);
        let shown = Home::new(&server).docker(&["inspect", &gun]).ok().json();
        assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0", "{point:?}");
        assert_eq!(shown[0]["Signers"].as_array().unwrap().len(), 1, "{point:?}");
        assert_nothing_staged(&home, &format!("{point:?}"));
        home.notary_sign(&gun, "2.0", &["targets/releases", "targets/jeff"]);
    }
}
