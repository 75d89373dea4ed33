//! The real binary without any server: its terminal, its files, its arguments.

use crate::support;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Ran, Terminal, run};
use tempfile::TempDir;

/// `trustdeck` in an empty home; what does not end within 20 seconds is ended.
fn trustdeck(home: &TempDir, arguments: &[&str]) -> Ran {
    run(command(home, "timeout").args(["20", env!("CARGO_BIN_EXE_trustdeck")]).args(arguments))
}

fn command(home: &TempDir, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// The screen in an empty home.
fn start(home: &TempDir) -> Terminal {
    let terminal = Terminal::start(command(home, env!("CARGO_BIN_EXE_trustdeck")).arg("--offline"), 100, 30);
    terminal.wait_for("try the sandbox");
    terminal
}

#[test]
fn a_list_without_a_tag_and_a_backup_without_a_key_are_errors() {
    let home = TempDir::new().unwrap();
    for (name, text) in [("empty", ""), ("denied", "The push refers to repository [r.test/app]\ndenied: access\n")] {
        std::fs::write(home.path().join(name), text).unwrap();
        let ran = trustdeck(&home, &["sign", "--from", name, "--publish", "--yes"]).ended(2);
        assert!(ran.stderr.contains("nothing is signed"), "{ran:?}");
    }
    std::fs::write(home.path().join("cert"), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").unwrap();
    let ran = trustdeck(&home, &["key", "restore", "cert"]).ended(2);
    assert!(ran.stderr.contains("nothing was restored"), "{ran:?}");
}

#[test]
fn a_name_of_any_length_is_not_quoted_whole() {
    let home = TempDir::new().unwrap();
    for long in ["a/".repeat(5_000), "a".repeat(9_000), format!("r.test/{}:1", "b/".repeat(5_000))] {
        for command in [&["inspect", &long][..], &["resolve", &long], &["inspect", "--gun", &long], &["status", &long]]
        {
            let ran = trustdeck(&home, command).ended(2);
            assert!(ran.stderr.len() < 300, "{}", ran.stderr.len());
        }
    }
}

#[test]
fn each_line_of_a_list_that_somebody_wrote_counts() {
    let home = TempDir::new().unwrap();
    let (one, two) = ("a".repeat(64), "b".repeat(64));
    let mixed = format!("r.test/app:x1 sha256:{one} 12\nx2: digest: sha256:{two} size: 12\nthis is a typo\n");
    let twice = format!("r.test/app:y1 sha256:{one} 12\n\nr.test/app:y1 sha256:{two} 12\n");
    for (text, said) in
        [(mixed, "line 3: has 4 words"), (twice, "line 3: y1 is listed with another digest or size on line 1")]
    {
        std::fs::write(home.path().join("list"), text).unwrap();
        let ran = trustdeck(&home, &["sign", "r.test/app", "--from", "list", "--publish", "--yes"]).ended(2);
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}

#[test]
fn of_many_wrong_lines_some_are_named_and_the_rest_is_counted() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("list"), "a b\n".repeat(40_000)).unwrap();
    let ran = trustdeck(&home, &["sign", "r.test/app", "--from", "list", "--publish", "--yes"]).ended(2);
    assert!(ran.stderr.contains("line 1: has 2 words") && ran.stderr.contains("39980 more lines are wrong"), "{ran:?}");
    assert!(ran.stderr.len() < 4000, "{}", ran.stderr.len());
}

#[test]
fn a_list_may_come_through_a_pipe_whose_writer_takes_his_time() {
    let home = TempDir::new().unwrap();
    let pipe = home.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0)
        .unwrap();
    let writer = std::thread::spawn(move || std::fs::write(pipe, "this is a typo\n").unwrap());
    let ran = trustdeck(&home, &["sign", "r.test/app", "--from", "pipe", "--publish", "--yes"]).ended(2);
    assert!(ran.stderr.contains("line 1: has 4 words"), "{ran:?}");
    writer.join().unwrap();
}

#[test]
fn what_is_no_private_key_is_named_whoever_may_read_it() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("cert");
    std::fs::write(&file, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let ran = trustdeck(&home, &["key", "load", "cert"]).ended(2);
    assert!(ran.stderr.contains("public key") && !ran.stderr.contains("chmod"), "{ran:?}");
}

#[test]
fn lines_for_people_and_json_are_not_asked_for_together() {
    let home = TempDir::new().unwrap();
    for arguments in [&["--json", "--plain"][..], &["--plain", "sandbox", "--json"]] {
        let ran = trustdeck(&home, arguments).ended(2);
        assert!(ran.stderr.contains("--plain is for people"), "{ran:?}");
    }
}

#[test]
fn what_is_read_again_is_not_written_to_standard_output() {
    let home = TempDir::new().unwrap();
    let ran = trustdeck(&home, &["key", "backup", "--plain", "--out", "-"]).ended(2);
    assert!(ran.stderr.contains("standard output cannot be"), "{ran:?}");
    assert!(!home.path().join("-").exists());
}

#[test]
fn a_key_that_comes_with_a_new_size_is_taken_at_once() {
    let home = TempDir::new().unwrap();
    let mut terminal = start(&home);
    terminal.keys("a");
    terminal.wait_for("Add a repository");
    let mut typed = String::new();
    for (n, letter) in ('a'..='z').cycle().take(78).enumerate() {
        let rows = if n % 2 == 0 { 20 } else { 30 };
        // Whichever comes first, neither may wait for the next.
        if n % 3 == 0 {
            terminal.keys(&letter.to_string());
            terminal.resize(100, rows);
        } else {
            terminal.resize(100, rows);
            terminal.keys(&letter.to_string());
        }
        typed.push(letter);
        let end: String = typed.chars().skip(typed.len().saturating_sub(12)).collect();
        terminal.wait(&format!("{end:?} on {rows} rows"), |shown| {
            shown.contains(&end) && shown.trim_end().lines().count() == usize::from(rows)
        });
    }
}

fn pipe(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn pipes_and_devices_in_place_of_files_are_named_and_hold_nobody() {
    // Each file, and what reads it.
    let table: [(&str, &[&str]); 5] = [
        (".config/trustdeck/config.toml", &["status"]),
        (".notary/config.json", &["status"]),
        (".local/state/trustdeck/realms.json", &["status"]),
        (".local/state/trustdeck/labels.json", &["key", "list"]),
        ("stage/json", &["status"]),
    ];
    for (place, arguments) in table {
        for hostile in ["pipe", "device"] {
            let home = TempDir::new().unwrap();
            // The journal's name depends on the trust directory; whoever stages leaves its lock.
            trustdeck(&home, &["revoke", "localhost:1/team/app:1"]);
            let stage = std::fs::read_dir(home.path().join(".local/state/trustdeck/stage")).unwrap();
            let is_lock = |path: &PathBuf| path.extension().is_some_and(|end| end == "lock");
            let lock = stage.map(|entry| entry.unwrap().path()).find(is_lock).unwrap();
            let place = match place.strip_prefix("stage/") {
                None => home.path().join(place),
                Some(ending) => lock.with_extension(ending),
            };
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            // It fails if there was none.
            let _ = std::fs::remove_file(&place);
            match hostile {
                "pipe" => pipe(&place),
                _ => symlink("/dev/zero", &place).unwrap(),
            }
            let ran = trustdeck(&home, arguments);
            assert!(ran.code != 0 && ran.code != 124, "{}: {ran:?}", place.display());
            let name = place.file_name().unwrap().to_str().unwrap();
            assert!(ran.stderr.contains(name), "{}: {ran:?}", place.display());
        }
    }
}

#[test]
fn staged_changes_that_cannot_be_read_hinder_nobody_who_needs_none_and_are_moved_aside_by_reset() {
    let home = TempDir::new().unwrap();
    trustdeck(&home, &["revoke", "localhost:1/team/app:1"]);
    let stage = home.path().join(".local/state/trustdeck/stage");
    let named = || std::fs::read_dir(&stage).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let journal = stage.join(named().find(|name| name.ends_with(".lock")).unwrap().replace(".lock", ".json"));
    std::fs::write(&journal, "").unwrap();
    let listed = trustdeck(&home, &["key", "list", "--json"]).ok();
    assert!(listed.stderr.contains("cannot be read") && listed.stderr.contains("trustdeck reset"), "{listed:?}");
    for needing in [&["publish", "--yes"][..], &["status"], &["reset", "--change", "1"]] {
        let refused = trustdeck(&home, needing).ended(1);
        assert!(refused.stderr.contains(journal.to_str().unwrap()), "{refused:?}");
        assert!(refused.stderr.contains("trustdeck reset") && !refused.stderr.contains("newest"), "{refused:?}");
    }
    let cleared = trustdeck(&home, &["reset"]).ok();
    let aside = named().find(|name| name.ends_with(".unreadable")).unwrap();
    assert!(cleared.stderr.contains(&aside) && cleared.stdout.contains("nothing is staged"), "{cleared:?}");
    trustdeck(&home, &["status"]).ok();
}

#[test]
fn a_number_that_is_none_is_refused_with_what_it_stands_for() {
    let home = TempDir::new().unwrap();
    let size = ["sign", "r.test/app:1", "--digest", "sha256:00", "--size", "x"];
    let refused: [(&[&str], &str); 3] = [
        (&["reset", "--change", "abc"], "a number of a staged change, as trustdeck status shows it"),
        (&["status", "--passphrase-fd", "abc"], "the number of an open file descriptor"),
        (&size, "a length in bytes"),
    ];
    for (arguments, expected) in refused {
        let ran = trustdeck(&home, arguments).ended(2);
        assert!(ran.stderr.contains(expected) && !ran.stderr.contains("invalid digit"), "{}", ran.stderr);
    }
}

#[test]
fn what_an_argument_holds_cannot_move_the_cursor() {
    let home = TempDir::new().unwrap();
    for arguments in [
        &["\u{1b}]0;owned\u{7}", "inspect"][..],
        &["inspekt\u{1b}[2J\nline"],
        &["inspect", "--\u{202e}evil"],
        &["sign", "x", "--size", "\u{1b}[2J"],
        &["inspect", "a\u{1b}[2Jb"],
        &["publish", "--json", "--\u{1b}[2J"],
        &["sandbox", "--serve", "--listen", "\u{9b}2J"],
    ] {
        let ran = trustdeck(&home, arguments);
        assert!(ran.code != 0, "{ran:?}");
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(bad) && !shown.contains("\nline"), "{shown:?}");
    }
}

#[test]
fn a_terminal_that_says_it_is_huge_takes_no_more_memory_than_a_large_one() {
    let home = TempDir::new().unwrap();
    let mut terminal = start(&home);
    terminal.resize(65_535, 65_535);
    terminal.keys("a");
    terminal.resize(100, 30);
    terminal.wait_for("Add a repository");
    terminal.keys("xyzzy");
    terminal.wait_for("xyzzy");
    let peak = crate::support::peak(&terminal.id().to_string()) >> 10;
    assert!(peak < 400_000, "{peak} kB");
}

#[test]
fn pipes_and_devices_that_the_user_names_hold_nobody() {
    let home = TempDir::new().unwrap();
    pipe(&home.path().join("hostile"));
    for file in ["hostile", "/dev/zero"] {
        for arguments in [&["rotate", "take-over", file][..], &["key", "restore", file], &["key", "load", file]] {
            let ran = trustdeck(&home, arguments);
            assert!(!matches!(ran.code, 0 | 124) && ran.stderr.contains(file), "{ran:?}");
        }
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines_and_no_screen() {
    let home = TempDir::new().unwrap();
    for set in [["TERM=dumb"].as_slice(), &["-u", "TERM"]] {
        for arguments in [&["--offline"][..], &["sandbox"]] {
            let mut command = command(&home, "env");
            command.args(set).arg(env!("CARGO_BIN_EXE_trustdeck")).args(arguments);
            let mut terminal = Terminal::start(&command, 100, 30);
            terminal.wait_for("q leave");
            terminal.keys("q\n");
            assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
            assert!(!terminal.raw().contains('\u{1b}'), "nothing but text: {}", terminal.raw());
        }
    }
    let mut listed = command(&home, "env");
    listed.args(["TERM=dumb", env!("CARGO_BIN_EXE_trustdeck"), "key", "list"]);
    assert_eq!(Terminal::start(&listed, 100, 30).wait_end(), 0, "commands go on");
}

#[test]
fn what_is_not_there_is_said_before_anything_is_asked() {
    let home = TempDir::new().unwrap();
    let nothing = trustdeck(&home, &["delete", "localhost:1/nosuch/x"]).ended(1);
    assert!(nothing.stderr.contains("nothing to delete") && !nothing.stderr.contains("--yes"), "{nothing:?}");
}

/// A key that was given in the place of its file's name is quoted neither on standard error nor in the log.
#[test]
fn the_content_of_a_key_is_never_quoted() {
    use base64::Engine as _;
    let home = TempDir::new().unwrap();
    let body = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n{body}\n-----END PRIVATE KEY-----\n");
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let long = format!("{body}{}", "A".repeat(300));
    let lines = format!("{body}\n{body}");
    for secret in [pem.clone(), encode(&pem), encode(&encode(&pem)), long.clone(), lines.clone()] {
        let (option, signer) = (format!("--key={secret}"), format!("bob={secret}"));
        let part: String = secret.chars().take(40).collect();
        for arguments in [
            &["signer", "add", &option, "bob", "r.test/app"][..],
            &["key", "load", "--", &secret],
            &["key", "restore", "--", &secret],
            &["key", "remove", "--", &secret],
            &["delegation", "add", "r.test/app", "targets/bob", "--", &secret],
            &["setup", "r.test/app", "--signer", &signer],
            &["setup", "r.test/app", "--root-key", &secret],
            &["key", "list", &secret],
        ] {
            let ran = trustdeck(&home, arguments);
            assert!(ran.code != 0 && !ran.stderr.is_empty(), "{arguments:?}: {ran:?}");
            // What bears no marks of a key is not called one.
            let is_accused = ran.stderr.contains("looks like the content of a key");
            assert_eq!(is_accused, secret != long && secret != lines, "{arguments:?}: {ran:?}");
            assert!(![&ran.stderr, &ran.stdout].iter().any(|text| text.contains(&part)), "{ran:?}");
        }
    }
    let log = std::fs::read_to_string(home.path().join(".local/state/trustdeck/trustdeck.log")).unwrap_or_default();
    assert!(!log.contains("MIGH"), "{log}");
}

/// One line of a key may be all of it: no command quotes it, keeps it in the log, or calls a file or folder by it.
#[test]
fn a_line_of_a_key_is_never_quoted() {
    let home = TempDir::new().unwrap();
    for line in [
        "MC4CAQAwBQYDK2VwBCIEIG1uMMcZirCqtydsXyYk0Jw2n4bQ7uR3hVt9sLq8ZfEa",
        "n6lEt77LGlrZaR0bQmVhV2+Sk1xUqTzVn0CfAhRANCAARyE8H3cJd5gLw1oZk/Yp",
        "n6lEt77LGlrZaR0bQmVhV2+Sk1xUqTzVn0CfAhRANCAARyE8H3c=",
    ] {
        let (signer, image, option) = (format!("bob={line}"), format!("r.test/app:a/{line}"), format!("--from={line}"));
        for arguments in [
            &["inspect", line][..],
            &["key", "load", line],
            &["key", "export", line],
            &["key", "remove", line],
            &["setup", "r.test/app", "--signer", &signer],
            &["sign", &image],
            &["sign", "--from", line],
            &["sign", "r.test/app", &option],
            &["pick", line],
            &["completions", line],
            &["gate", line],
            &["man", line],
            &["delegation", "add", "r.test/app", line],
            &["--passphrase-fd", line, "key", "list"],
            &["--gun", line, "inspect", line],
        ] {
            let ran = trustdeck(&home, arguments);
            assert!(ran.code != 0 && !ran.stderr.is_empty(), "{arguments:?}: {ran:?}");
            assert!(
                ![&ran.stderr, &ran.stdout].iter().any(|text| text.contains(&line[..20])),
                "{arguments:?}: {ran:?}"
            );
        }
        let log = std::fs::read_to_string(home.path().join(".local/state/trustdeck/trustdeck.log")).unwrap_or_default();
        assert!(!log.contains(&line[..20]), "{log}");
        assert!(!std::path::Path::new(line).exists());
    }
    // A file may be called so: that is its name then.
    let file = home.path().join("n6lEt77LGlrZaR0bQmVhV2Sk1xUqTzVn0CfAhRANCAARyE8H3c");
    std::fs::write(&file, "no key").unwrap();
    let ran = trustdeck(&home, &["key", "load", file.to_str().unwrap()]);
    assert!(ran.code != 0 && !ran.stderr.contains("a line of a key"), "{ran:?}");
}

/// What is only too long, or has several lines, keeps the error that it leads to.
#[test]
fn what_is_no_name_is_told_what_is_wrong_with_it() {
    let home = TempDir::new().unwrap();
    let long = "x".repeat(300);
    let bogus = format!("--bogus={long}");
    for (arguments, told) in [
        (&["sign", "r.test/app:1", "--bogus", &long][..], "--bogus"),
        (&["sign", "r.test/app:1", &bogus], "--bogus"),
        (&["--json", "sign", "r.test/app:1", "--bogus", &long], "--bogus"),
        (&["key", "load", "dir\nwith/none.pem"], "No such file"),
        (&["key", "load", &long], "ame too long"),
        (&["key", "remove", &long], "300 bytes"),
    ] {
        let ran = trustdeck(&home, arguments);
        assert!(ran.code != 0 && ran.stderr.contains(told), "{arguments:?}: {ran:?}");
        assert!(!ran.stderr.contains("content of a key") && !ran.stderr.contains("xxxx"), "{arguments:?}: {ran:?}");
    }
}
