//! A disk that is full, and a process that is killed, at any of its writes: nothing is lost, and nothing half-written.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::interop::{GUN, docker_repository, sign_arguments};
use crate::support::{Home, Ran, run};

/// Runs trustdeck so that no file can grow beyond `blocks` of 512 bytes, as on a full disk.
fn limited(home: &Home, blocks: usize, arguments: &[&str]) -> Ran {
    let mut shell = home.command("sh");
    // Without the trap the signal would end it before it sees the error.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    run(shell.args(["-c", &script, env!("CARGO_BIN_EXE_trustdeck")]).args(arguments))
}

/// Stages a tag with `run`.
fn stage(tag: &str, run: impl FnOnce(&[&str]) -> Ran) -> Ran {
    let arguments = sign_arguments(GUN, tag);
    run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Every JSON file below a directory parses, and nothing is left aside.
#[track_caller]
fn assert_whole(dir: &Path, aside: bool) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            assert_whole(&path, aside);
        } else if path.extension().is_some_and(|end| end == "json") {
            let text = std::fs::read(&path).unwrap();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        } else {
            assert!(aside || !name.starts_with('.') && !name.ends_with(".tmp"), "{}", path.display());
        }
    }
}

fn signed(home: &Home) -> Vec<String> {
    let shown = home.trustdeck(&["inspect", GUN]).ok().json();
    let rows = shown[0]["SignedTags"].as_array().unwrap();
    let mut tags: Vec<String> = rows.iter().map(|row| row["SignedTag"].as_str().unwrap().to_owned()).collect();
    tags.sort();
    tags
}

#[test]
fn a_disk_that_is_full_at_any_write_loses_nothing() {
    let Some((_server, home)) = docker_repository() else { return };
    let mut expected = Vec::new();
    for blocks in [0, 1, 2, 3, 4, 6, 8, 12, 16] {
        let (kept, more) = (format!("kept-{blocks}"), format!("more-{blocks}"));
        stage(&kept, |words| home.trustdeck(words)).ok();
        expected.push(kept);
        let staged = stage(&more, |words| limited(&home, blocks, words));
        if staged.code == 0 {
            expected.push(more);
        } else {
            assert!(staged.stderr.contains("/"), "no file is named: {staged:?}");
        }
        let published = limited(&home, blocks, &["publish", "--yes"]);
        let generated = limited(&home, blocks, &["key", "generate", &format!("signer-{blocks}"), "--dir", "."]);
        for dir in [home.trust_dir(), home.state_dir()] {
            assert_whole(&dir, false);
        }
        if published.code == 0 {
            expected.sort();
            assert_eq!(signed(&home), expected, "{published:?}");
        }
        // A key that could not be written whole is no key.
        let listed = home.trustdeck(&["key", "list", "--json"]).ok();
        assert!(generated.code != 0 || listed.stdout.contains(&format!("signer-{blocks}")), "{generated:?}");
        home.trustdeck(&["publish", "--yes"]).ok();
        expected.sort();
        assert_eq!(signed(&home), expected, "with {blocks} blocks");
    }
}

#[test]
fn a_state_directory_that_is_full_is_named_itself() {
    let Some((server, _)) = docker_repository() else { return };
    let home = Home::new(&server);
    let ran = limited(&home, 0, &["inspect", GUN]);
    let state = home.state_dir();
    assert!(ran.stderr.contains(state.to_str().unwrap()) && ran.stderr.contains("XDG_STATE_HOME"), "{ran:?}");
}

#[test]
fn a_publish_that_is_killed_at_any_step_is_finished_by_the_next() {
    let Some((_server, home)) = docker_repository() else { return };
    let mut expected = Vec::new();
    for step in ["fetch", "plan", "sign 0", "sign 1", "upload", "check"] {
        let tag = step.replace(' ', "-");
        stage(&tag, |words| home.trustdeck(words)).ok();
        let mut command = home.trustdeck_command(&["publish", "--yes"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        lines.find(|line| line.contains(&format!(": {step}")));
        child.kill().unwrap();
        child.wait().unwrap();
        for dir in [home.trust_dir(), home.state_dir()] {
            assert_whole(&dir, true);
        }
        home.trustdeck(&["status"]).ok();
        home.trustdeck(&["publish", "--yes"]).ok();
        expected.push(tag);
        expected.sort();
        assert_eq!(signed(&home), expected, "killed at {step}");
    }
}
