//! SIGKILL after each step; the same command again reaches the same end.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::commands::{GUN, keys_of, repository, tags};
use super::support::NotaryServer;
use super::support::home::Home;

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
        let wizards = std::fs::read_dir(home.state_dir().join("wizards"));
        let journal = || {
            let files = std::fs::read_dir(home.state_dir().join("stage")).into_iter().flatten();
            let json = files.filter_map(|f| Some(f.ok()?.path())).find(|p| p.extension().is_some_and(|e| e == "json"));
            let text = json.and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap_or_default()
        };
        let has = |member: &str| journal()[member].as_array().is_some_and(|list| !list.is_empty());
        match self {
            Self::Chosen => {
                wizards.is_ok_and(|mut dir| dir.any(|f| f.unwrap().path().extension().is_some_and(|e| e == "json")))
            }
            Self::KeyStored => home.stored_keys().len() > keys,
            Self::Staged => has("entries"),
            Self::Recorded => has("sent"),
            Self::Uploaded => posts(server) > uploads,
        }
    }
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
    !child.wait().unwrap().success()
}

#[test]
fn a_signers_rotation_ends_the_same_wherever_it_is_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    let arguments = ["rotate", "signer", "jeff", GUN];
    for point in [Point::Chosen, Point::KeyStored, Point::Staged, Point::Recorded, Point::Uploaded] {
        let (old, keys) = (keys_of(&server, "targets/jeff"), home.stored_keys());
        let killed = kill_at(point, &home, &server, &arguments);
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        if killed {
            home.trustdeck(&[&arguments[..], &["--publish", "--yes"]].concat()).ok();
        }
        let new = keys_of(&server, "targets/jeff");
        assert_eq!(new.len(), 1, "{point:?}");
        assert_ne!(new, old, "{point:?}");
        assert_eq!(keys_of(&server, "targets/releases"), new, "{point:?}");
        assert_eq!(tags(&server), ["1.0", "1.1"], "{point:?}");
        assert_eq!(home.stored_keys().len(), keys.len() + 1, "{point:?}: one new key and no stray one");
        let status = home.trustdeck(&["publish", "--yes", "--json"]).ok().json();
        assert_eq!(status, serde_json::json!([]), "{point:?}: nothing is left on the stage");
    }
}

#[test]
fn rotations_and_renewals_of_base_roles_end_the_same_wherever_they_are_killed() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    let commands: [&[&str]; 7] = [
        &["rotate", "root", GUN],
        &["rotate", "targets", GUN],
        &["rotate", "timestamp", GUN],
        &["rotate", "snapshot", GUN, "--local"],
        &["rotate", "snapshot", GUN, "--server-managed"],
        &["renew", "root", GUN],
        &["renew", "targets", GUN],
    ];
    for command in commands {
        for point in [Point::Chosen, Point::Staged, Point::Recorded, Point::Uploaded] {
            let keys = home.stored_keys().len();
            let killed = kill_at(point, &home, &server, command);
            if killed {
                home.trustdeck(&[command, &["--publish", "--yes"]].concat()).ok();
            }
            assert_eq!(tags(&server), ["1.0", "1.1"], "{command:?} {point:?}");
            assert!(home.stored_keys().len() <= keys + 1, "{command:?} {point:?}: no stray key");
            let left = home.trustdeck(&["publish", "--yes", "--json"]).ok().json();
            assert_eq!(left, serde_json::json!([]), "{command:?} {point:?}: nothing is left on the stage");
        }
    }
}
