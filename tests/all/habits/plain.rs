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
    /// Where the sandbox makes its directory, so that it is removed even after a kill.
    _temporary: TempDir,
}

impl Talk {
    fn start(arguments: &[&str]) -> Self {
        let (home, temporary) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        command.args(arguments).env_clear().env("HOME", home.path()).current_dir(home.path());
        command.env("TMPDIR", temporary.path());
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
        let (heard, whole) = (String::new(), String::new());
        Self { child, input, output: receiver, heard, whole, _home: home, _temporary: temporary }
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

    /// Waits for the next question and gives all that was said until then.
    #[track_caller]
    fn question(&mut self) -> String {
        let ends =
            ["\n> ", "not shown): ", "leaves): ", "]: ", "label: ", "goes on: ", "repository: ", "signer: ", "tag: "];
        while !ends.iter().any(|end| self.heard.ends_with(end)) {
            let more = self.output.recv_timeout(Duration::from_secs(60));
            let more = more.unwrap_or_else(|_| panic!("no question came; all that was said:\n{}", self.whole));
            self.heard.push_str(&more);
            self.whole.push_str(&more);
        }
        std::mem::take(&mut self.heard)
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
    // A file that is none is asked for again at once.
    talk.answer("key", "nosuch.pub");
    talk.hear("error: ");
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

/// Walks a wizard of team/web from its menu to its end, with what is offered first, and gives all that was said.
fn walked(wizard: &str) -> String {
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    for line in ["/team/web", "W"] {
        talk.question();
        talk.say(line);
    }
    let menu = talk.question();
    let line = menu.lines().find(|line| line.contains(wizard)).unwrap_or_else(|| panic!("{wizard} in {menu}"));
    let number = line.trim_start_matches(['>', ' ']).split('.').next().unwrap().to_owned();
    talk.say(&number);
    for _ in 0..80 {
        let asked = talk.question();
        let answer = match asked.as_str() {
            asked if asked.contains("not shown") && asked.ends_with("): ") => PASSPHRASE,
            asked if asked.ends_with("repository: ") => "registry.sandbox/team/fresh",
            asked if asked.ends_with("signer: ") => "fran",
            asked if asked.contains("P publish") => "P",
            asked if asked.contains("f fix,") => "f",
            asked if asked.contains("Repositories, ") => return talk.whole.clone(),
            _ => "",
        };
        talk.say(answer);
    }
    panic!("{wizard} has no end:\n{}", talk.whole)
}

#[test]
fn every_wizard_is_walked_from_its_menu_to_what_is_published_by_lines_alone() {
    let wizards = [
        "rotate the key of signer jeff",
        "rotate the root key",
        "renew targets",
        "rotate the targets key",
        "rotate the snapshot key",
        "bring the snapshot key here",
        "rotate the timestamp key",
        "set up another repository",
    ];
    let walks: Vec<_> =
        wizards.map(|wizard| (wizard, std::thread::spawn(move || walked(wizard)))).into_iter().collect();
    for (wizard, walk) in walks {
        let said = walk.join().unwrap();
        assert!(said.contains("done: published:"), "{wizard}:\n{said}");
        assert!(said.contains("closed: "), "{wizard} ends:\n{said}");
        assert!(!said.contains('\u{1b}') && !said.contains("esc back\n"), "{wizard}:\n{said}");
        let is_cut = |word: &str| word.len() > 1 && word.ends_with('~');
        assert!(!said.split_whitespace().any(is_cut), "{wizard}:\n{said}");
        assert!(!said.contains("leave, kept, ? all, q leave"), "{wizard}:\n{said}");
    }
}

#[test]
fn needs_expiry_and_the_palette_are_lists_that_a_number_goes_to() {
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    talk.question();
    talk.say("N");
    let needs = talk.question();
    assert!(needs.contains("worst first") && needs.contains("> 1. x team/archive"), "{needs}");
    let place = needs.lines().find(|line| line.contains("team/billing")).unwrap().trim();
    talk.say(place.split('.').next().unwrap());
    let there = talk.question();
    assert!(there.contains("at registry.sandbox/team/billing"), "{there}");
    talk.say("E");
    let expiry = talk.question();
    assert!(expiry.contains("What expires when") && expiry.contains("> 1. team/archive  targets  expired"), "{expiry}");
    talk.say("1");
    let there = talk.question();
    assert!(there.contains("Roles, ") && there.contains("at registry.sandbox/team/archive"), "{there}");
    talk.say(":");
    talk.answer("look for (! leaves): ", "team/tools");
    let found = talk.question();
    assert!(found.contains("> 1. team/tools  repository"), "{found}");
    talk.say("1");
    let there = talk.question();
    assert!(there.contains("Repositories, ") && there.contains("at registry.sandbox/team/tools"), "{there}");
    talk.say(":nothing is called like this");
    assert!(talk.question().contains("nothing is called like that"));
}

#[test]
fn lines_say_only_what_holds_for_lines_each_thing_once_and_whole() {
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    let list = talk.question();
    let portal = list.lines().find(|line| line.contains("team/portal")).unwrap();
    assert!(portal.ends_with("y  -") && !portal.ends_with("-  -"), "{portal}");
    talk.say("?");
    let all = talk.question();
    assert!(all.contains("g r: go to repositories"), "{all}");
    for screen in ["1 or", "zoom", "pagedown", "draw anew", "suspend", "f1"] {
        assert!(!all.contains(screen), "{screen} in {all}");
    }
    talk.say("a");
    talk.answer("repository: ", "registry.sandbox/NOT THIS");
    let again = talk.question();
    assert_eq!(again.matches("error: ").count(), 1, "{again}");
    assert!(!again.lines().any(|line| line.starts_with("! ")), "{again}");
    talk.say("!");
    for line in ["/team/api", "2", "g o"] {
        talk.question();
        talk.say(line);
    }
    let roles = talk.question();
    assert!(roles.contains("releases") && !roles.contains('`'), "{roles}");
}

#[test]
fn help_is_a_key_a_line_and_a_list_is_not_said_again_where_nothing_changed() {
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    talk.question();
    talk.say("help");
    let help = talk.question();
    assert!(help.contains("\nHelp\n") && help.lines().any(|line| line.starts_with("a: ")), "{help}");
    assert!(!help.lines().any(|line| line.matches(": ").count() > 2), "{help}");
    assert!(!help.contains("team/web"), "the list was said before: {help}");
    talk.say("2");
    let said = talk.question();
    let number = |line: &str| Some(line.trim_start_matches(['>', ' ']).split_once(". ")?.0.parse::<usize>().is_ok());
    assert_eq!(
        said.lines().filter(|line| number(line) == Some(true)).count(),
        1,
        "one row, not the one before: {said}"
    );
}

#[test]
fn what_is_staged_goes_with_the_sandbox() {
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    talk.hear("Repositories, ");
    talk.answer("\n> ", "/team/web");
    talk.hear("> 1. ");
    for (question, line) in [("\n> ", "s"), ("name", "carol"), ("key", "carol.pub"), (": ", "")] {
        talk.answer(question, line);
    }
    talk.hear("done: staged: add signer carol");
    talk.answer("\n> ", "q");
    talk.hear("1 staged change deleted with the sandbox's directory");
}

#[test]
fn what_is_taken_away_keeps_its_sign_and_a_field_that_must_be_filled_in_says_so() {
    let said = walked("rotate the key of signer jeff");
    assert!(said.lines().any(|line| line.starts_with("- key of signer jeff")), "{said}");
    let mut talk = Talk::start(&["--plain", "sandbox"]);
    talk.question();
    talk.say("a");
    talk.answer("repository: ", "");
    talk.hear("error: repository is still empty");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines_and_hides_what_is_secret() {
    let home = TempDir::new().unwrap();
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_trustdeck");
    shell.arg("-c").arg(format!("TERM=dumb exec '{program}' sandbox")).env_clear().env("HOME", home.path());
    shell.env("TMPDIR", home.path());
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
