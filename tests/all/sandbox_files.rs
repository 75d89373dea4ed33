//! The real program on its sandbox: what the user writes there stays there, and nothing of the user's is read.

use crate::support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::Terminal;
use tempfile::TempDir;
use trustdeck::sandbox::PASSPHRASE;

const DOWN: &str = "\u{1b}[B";

/// A home whose files would stop whoever reads them: each is a pipe without a writer.
fn hostile_home() -> TempDir {
    let home = TempDir::new().unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    for name in [
        ".docker/config.json",
        ".docker/trust/tuf/x",
        ".notary/config.json",
        ".config/trustdeck/config.toml",
        ".local/state/trustdeck/labels.json",
        "carol.pub",
    ] {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    }
    home
}

/// Everything below a directory.
fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.clone());
        if path.is_dir() {
            found.extend(tree(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_written_in_the_sandbox_stays_in_its_own_directory() {
    let (home, dir) = (hostile_home(), TempDir::new().unwrap());
    let before = tree(home.path());
    // Nothing of the user's can be written, wherever it was.
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let kept = dir.path().join("kept");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.args(["sandbox", "--dir"]).arg(&kept).env_clear();
    command.env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    let mut terminal = Terminal::start(&command, 160, 40);
    terminal.wait("all repositories", |shown| shown.contains("✓ ok      team/worker") && !shown.contains("asks   "));
    terminal.keys("T4");
    terminal.wait_for("jeff");
    let keys = kept.join("keys").canonicalize().unwrap();
    let names = || -> Vec<String> {
        let files = std::fs::read_dir(&keys).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    let has = |ending: &str| names().iter().any(|name| name.ends_with(ending));

    // A new key, whose public half is written for others.
    terminal.keys("n");
    terminal.wait_for("New key");
    terminal.keys(&format!("dora{DOWN}{DOWN}{DOWN}{PASSPHRASE}{DOWN}{PASSPHRASE}\r"));
    terminal.wait_for("Nobody else has this key");
    terminal.keys("\u{1b}");
    terminal.wait("the report to close", |shown| !shown.contains("Nobody else has this key"));
    assert!(has("dora.pub"), "{:?}", names());

    // An export and a backup, where they are offered.
    terminal.keys("x");
    terminal.wait_for("Export keys");
    terminal.keys("\r");
    terminal.wait_for("exported");
    assert!(has(".pem"), "{:?}", names());
    terminal.keys("b");
    terminal.wait_for("Back up keys");
    terminal.keys(&format!("{DOWN}{DOWN}{DOWN}of the backup{DOWN}of the backup\r"));
    terminal.wait("a passphrase or the end", |s| s.contains("assphrase") && s.contains("key 1"));
    terminal.keys(&format!("{PASSPHRASE}\r"));
    terminal.wait_for("backed up and tested");
    assert!(has(".age") && has(".manifest.json"), "{:?}", names());
    terminal.keys("\u{1b}");
    terminal.wait("the report to close", |shown| !shown.contains("backed up and tested"));

    // `~` and a name alone lead there too: the pipe of this name in the home would hold the program.
    terminal.keys("\u{1b}1s");
    terminal.wait_for("Add a signer");
    terminal.keys(&format!("carol{DOWN}~/carol.pub\r"));
    terminal.wait_for("add signer carol");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(tree(home.path()), before, "the home is as it was");
}
