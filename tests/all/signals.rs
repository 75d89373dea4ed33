//! Signals end a command, whatever it computes or waits for.

use crate::support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::process::{Pid, Signal, kill_process};
use support::{Terminal, wait_until};
use tempfile::TempDir;

const SIGNALS: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];

fn command(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.env_clear().env("HOME", home.path()).current_dir(home.path()).args(arguments);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Sends each signal to a command of its own once it is at the point that `reached` waits for. Left alone, none of them
/// would end with the exit code of a signal.
fn ends(home: &TempDir, command: &mut Command, reached: impl Fn(&Child)) {
    for (signal, code) in SIGNALS {
        let mut child = command.spawn().unwrap();
        reached(&child);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal:?} in {}", home.path().display());
    }
}

fn url(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn signals_end_a_command_that_waits_for_a_server() {
    let (home, listener) = (TempDir::new().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let mut inspect = command(&home, &["--insecure-http", "inspect", "registry.example.test/team/app"]);
    // Kept open, or the command would see its end.
    let connections = std::cell::RefCell::new(Vec::new());
    ends(&home, inspect.env("DOCKER_CONTENT_TRUST_SERVER", url(&listener)), |_| {
        connections.borrow_mut().push(listener.accept().unwrap());
    });
}

/// Answers everything with a question for a login.
fn wants_login(mut stream: TcpStream, url: &str) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let challenge = format!("WWW-Authenticate: Bearer realm=\"{url}/token\",service=\"s\"");
    let answer = format!("HTTP/1.1 401 Unauthorized\r\n{challenge}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).ok()
}

#[test]
fn signals_end_a_command_that_waits_for_a_helper() {
    let (home, listener) = (TempDir::new().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = url(&listener);
    let address = url.clone();
    std::thread::spawn(move || {
        listener.incoming().flatten().for_each(|stream| wants_login(stream, &address).unwrap_or_default())
    });
    let bin = home.path().join("bin");
    std::fs::create_dir_all(home.path().join(".docker")).unwrap();
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(home.path().join(".docker/config.json"), r#"{"credsStore":"slow"}"#).unwrap();
    let helper = bin.join("docker-credential-slow");
    std::fs::write(
        &helper,
        "#!/bin/sh\necho $$ > \"$HOME/asked.new\"\nmv \"$HOME/asked.new\" \"$HOME/asked\"\nexec sleep 600\n",
    )
    .unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut inspect = command(&home, &["--insecure-http", "inspect", "registry.example.test/team/app"]);
    inspect.env("DOCKER_CONTENT_TRUST_SERVER", url).env("PATH", format!("{}:{path}", bin.display()));
    let (asked, helpers) = (home.path().join("asked"), std::cell::RefCell::new(Vec::new()));
    ends(&home, &mut inspect, |_| {
        wait_until("the helper", || asked.exists());
        let helper: i32 = std::fs::read_to_string(&asked).unwrap().trim().parse().unwrap();
        std::fs::remove_file(&asked).unwrap();
        helpers.borrow_mut().push(helper);
    });
    for helper in helpers.into_inner() {
        // It ends with whoever asked it; one that has ended may wait for its parent to notice.
        let runs = || {
            let stat = std::fs::read_to_string(format!("/proc/{helper}/stat")).unwrap_or_default();
            stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
        };
        wait_until("the end of the helper", || !runs());
    }
}

/// Whether a process has a file open.
fn has_open(child: &Child, file: &Path) -> bool {
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten();
    open.into_iter().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == file))
}

#[test]
fn signals_end_a_command_that_waits_for_a_lock() {
    let home = TempDir::new().unwrap();
    let state = home.path().join(".local/state/trustdeck");
    std::fs::create_dir_all(&state).unwrap();
    let path = state.canonicalize().unwrap().join("labels.json.lock");
    let lock = std::fs::File::create(&path).unwrap();
    lock.lock().unwrap();
    let id = "ab".repeat(32);
    let private = home.path().join(".docker/trust/private");
    std::fs::create_dir_all(&private).unwrap();
    std::fs::write(
        private.join(format!("{id}.key")),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: x\n\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    ends(&home, &mut command(&home, &["key", "label", &id, "mine"]), |child| {
        wait_until("the lock", || has_open(child, &path));
    });
}

/// An element of DER, with `from` anywhere in it replaced by `to`.
fn replaced(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    if der == from {
        return to.to_vec();
    }
    let (tag, header, _) = measure(der);
    let mut content = Vec::new();
    let mut rest = &der[header..];
    if tag != 0x30 {
        return der.to_vec();
    }
    while !rest.is_empty() {
        let (_, header, length) = measure(rest);
        let (element, others) = rest.split_at(header + length);
        content.extend(replaced(element, from, to));
        rest = others;
    }
    let length = u8::try_from(content.len()).unwrap();
    let header = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [header, content].concat()
}

/// Tag, length of the header and of the content.
fn measure(der: &[u8]) -> (u8, usize, usize) {
    match der[1] {
        length @ ..0x80 => (der[0], 2, length.into()),
        _ => (der[0], 3, der[2].into()),
    }
}

#[test]
fn signals_end_a_command_that_derives_a_key() {
    let home = TempDir::new().unwrap();
    let pem = std::fs::read_to_string("tests/fixtures/keyfiles/ec-pkcs8-pbes2-sha256-aes256.pem").unwrap();
    let lines: String = pem.lines().filter(|line| !line.contains('-') && !line.contains(':')).collect();
    let der = BASE64.decode(lines).unwrap();
    // 2048 rounds, and the most that are taken.
    let slow = replaced(&der, &[2, 2, 8, 0], &[2, 4, 0, 0x98, 0x96, 0x80]);
    assert_ne!(slow, der);
    let lines: Vec<String> =
        BASE64.encode(slow).as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    let pem =
        format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n", lines.join("\n"));
    let file = home.path().join("slow.pem");
    std::fs::write(&file, pem).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut load = command(&home, &["key", "load", "slow.pem", "--name", "x"]);
    ends(&home, load.env("NOTARY_DELEGATION_PASSPHRASE", "repopass1"), |child| {
        // Its time on a processor, in hundredths of a second, tells that it computes.
        wait_until("the derivation", || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
            let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
            fields[11].parse::<u64>().unwrap() > 40
        });
    });
}

/// Memory that a process has in its hands, in kB.
fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let held = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    held.map_or(0, |held| held.trim().trim_end_matches(" kB").parse().unwrap())
}

/// To derive its key takes a second and 256 MiB: before anything is written, and once more to test what was.
#[test]
fn a_signal_in_the_middle_of_a_backup_leaves_nothing_of_it() {
    const KEY: &str = "9e1dd6e6c1cde5f8dede16bd97cb955c30ef05e296e66f1214f8e21f414a52bd.key";
    let home = TempDir::new().unwrap();
    let (private, medium) = (home.path().join(".docker/trust/private"), home.path().join("medium"));
    std::fs::create_dir_all(&private).unwrap();
    std::fs::create_dir(&medium).unwrap();
    std::fs::copy(Path::new("tests/fixtures/trust/private").join(KEY), private.join(KEY)).unwrap();
    std::fs::set_permissions(private.join(KEY), std::fs::Permissions::from_mode(0o600)).unwrap();
    let passphrase = home.path().join("passphrase");
    std::fs::write(&passphrase, "orbit plaza tulip cedar").unwrap();
    let mut backup = command(&home, &["key", "backup", "--out", "medium/keys.age", "--backup-passphrase-fd", "0"]);
    backup.env("NOTARY_DELEGATION_PASSPHRASE", "repopass1");
    for is_written in [false, true] {
        for signal in [Signal::INT, Signal::TERM] {
            let mut child = backup.stdin(std::fs::File::open(&passphrase).unwrap()).spawn().unwrap();
            wait_until("the backup to be sealed or written", || match is_written {
                false => memory(&child) > 128 << 10,
                true => medium.join("keys.age").exists(),
            });
            kill_process(Pid::from_child(&child), signal).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(130), "{signal:?}, written: {is_written}");
            assert_eq!(std::fs::read_dir(&medium).unwrap().count(), 0, "{signal:?}, written: {is_written}");
        }
    }
}

#[test]
fn a_signal_at_a_question_for_a_passphrase_leaves_the_terminal_as_it_was() {
    let home = TempDir::new().unwrap();
    let generate = command(&home, &["key", "generate", "ci"]);
    for (signal, code) in SIGNALS {
        let mut terminal = Terminal::start(&generate, 80, 24);
        terminal.wait_for("assphrase");
        wait_until("a hidden answer", || !terminal.echoes());
        kill_process(Pid::from_raw(terminal.id().try_into().unwrap()).unwrap(), signal).unwrap();
        assert_eq!(terminal.wait_end(), u32::try_from(code).unwrap());
        assert!(terminal.echoes(), "{signal:?}");
    }
}
