//! Lines instead of a screen, walked by a test that reads and writes lines only.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::Terminal;
use tempfile::TempDir;
use trustdeck::sandbox::PASSPHRASE;

/// A program that is talked with over pipes.
struct Talk {
    child: Child,
    input: ChildStdin,
    output: Receiver<String>,
    /// What was read and not waited for yet.
    heard: String,
    whole: String,
    _home: TempDir,
}

impl Talk {
    fn start(arguments: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        command.args(arguments).env_clear().env("HOME", home.path()).current_dir(home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(String::from_utf8_lossy(&buffer[..count]).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { child, input, output: receiver, heard: String::new(), whole: String::new(), _home: home }
    }

    /// Waits for a text and gives what came before it and with it.
    #[track_caller]
    fn hear(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.heard.find(text) {
                let rest = self.heard.split_off(at + text.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            match self.output.recv_timeout(Duration::from_secs(30)) {
                Ok(more) => {
                    self.heard.push_str(&more);
                    self.whole.push_str(&more);
                }
                Err(_) => panic!("waited for {text:?}; all that was said:\n{}", self.whole),
            }
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// Answers a question.
    #[track_caller]
    fn answer(&mut self, question: &str, line: &str) {
        self.hear(question);
        self.say(line);
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signer_is_added_reviewed_and_published_by_lines_alone() {
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    talk.hear("Repositories, ");
    talk.answer("\n> ", "/team/web");
    talk.hear("> 1. ");
    talk.answer("\n> ", "s");
    talk.answer("name", "carol");
    talk.answer("key", "carol.pub");
    talk.answer(": ", "");
    talk.hear("done: staged: add signer carol");
    talk.answer("\n> ", "p");
    talk.hear("Review");
    talk.answer("\n> ", "P");
    loop {
        talk.hear(": ");
        if talk.whole.contains("published: team/web") || talk.whole.contains("read back as a client") {
            break;
        }
        if talk.whole.trim_end().ends_with("passphrase, not shown (! leaves):") {
            talk.say(PASSPHRASE);
        }
    }
    talk.say("");
    talk.answer("\n> ", "q");
    assert_eq!(talk.child.wait().unwrap().code(), Some(0));
    assert!(!talk.whole.contains('\u{1b}'), "{}", talk.whole);
    for boxed in ["+==", "---", "| ", "╭"] {
        assert!(!talk.whole.contains(boxed), "{boxed} in {}", talk.whole);
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines_and_hides_what_is_secret() {
    let home = TempDir::new().unwrap();
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_trustdeck");
    shell.arg("-c").arg(format!("TERM=dumb exec '{program}' sandbox")).env_clear().env("HOME", home.path());
    shell.env("PATH", std::env::var_os("PATH").unwrap()).current_dir(home.path());
    let mut terminal = Terminal::start(&shell, 100, 60);
    terminal.wait_for("Repositories, ");
    assert!(!terminal.raw().contains("\u{1b}[?1049h"), "no alternate screen");
    terminal.keys("?\n");
    terminal.wait_for("a number: go to that line");
    terminal.keys("nonsense\n");
    terminal.wait_for("not understood");
    terminal.keys("q\n");
    assert_eq!(terminal.wait_end(), 0);
    assert!(terminal.echoes());
}
