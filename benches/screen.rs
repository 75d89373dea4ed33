//! How long the screen takes: from a key or an answer to the frame, and from the start of the process to the list.
//!
//!     cargo bench --bench screen [-- --repos N] [--tags N]
//!
//! The first part needs nothing but memory. The second starts the program in a pseudo-terminal, offline, on a cache of
//! 500 repositories that this bench signs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, unreachable_pub)]

#[path = "../tests/support/screen/mod.rs"]
mod screen;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use screen::scene::{entry, now, repository};
use support::forge::{Files, Key, Repository};
use trustdeck::engine::{Health, RepositoryView};
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome, Source};
use trustdeck::tui::route::render::render;
use trustdeck::tui::route::update::{start, update};
use trustdeck::tui::state::State;

const CACHED: usize = 500;

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return; // a test run that builds everything
    }
    let (repos, tags) = (option("--repos", 1000), option("--tags", 10_000));
    println!("{repos} repositories, one of them with {tags} tags; ms");
    println!("{:<44} {:>7} {:>7} {:>7}", "", "p50", "p99", "max");
    for size in [(120, 40), (200, 60)] {
        frames(size, repos, tags);
    }
    starts();
}

fn option(name: &str, usual: usize) -> usize {
    let mut words = std::env::args().skip_while(|word| word != name).skip(1);
    words.next().map_or(usual, |number| number.parse().expect("a number after the option"))
}

/// Times in the order they were taken.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn row(&mut self, name: &str) {
        self.0.sort_unstable();
        let at = |part: usize| self.0[(self.0.len() * part / 100).min(self.0.len() - 1)].as_secs_f64() * 1e3;
        println!("{name:<44} {:>7.2} {:>7.2} {:>7.2}", at(50), at(99), at(100));
    }
}

/// A screen without a terminal.
struct Desk {
    state: State,
    terminal: Terminal<TestBackend>,
}

impl Desk {
    fn take(&mut self, event: Event) -> Vec<Effect> {
        let effects = update(&mut self.state, event);
        let state = &self.state;
        self.terminal.draw(|frame| render(state, frame.buffer_mut())).unwrap();
        effects
    }

    fn timed(&mut self, event: Event) -> (Duration, Vec<Effect>) {
        let start = Instant::now();
        let effects = self.take(event);
        (start.elapsed(), effects)
    }

    fn finish(&mut self, effect: &Effect, outcome: Outcome) -> Duration {
        let job = self.state.jobs.begin(effect);
        self.timed(Event::Done(job, outcome)).0
    }
}

fn frames(size: (u16, u16), repos: usize, tags: usize) {
    let views: Vec<Arc<RepositoryView>> = (0..repos)
        .map(|i| repository(&format!("team/r{i:04}"), health(i), if i == 0 { tags } else { 10 }, 5, ("targets", 900)))
        .map(Arc::new)
        .collect();
    let terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let mut desk = Desk { state: State::new(Theme::default(), size, now()), terminal };
    for effect in start(&desk.state) {
        desk.state.jobs.begin(&effect);
    }
    let name = |what: &str| format!("{what}, {}x{}", size.0, size.1);
    let entries = views.iter().map(|view| entry(view)).collect();
    let listing = desk.finish(&Effect::ListEntries, Outcome::Entries(Ok(entries)));
    Times(vec![listing]).row(&name("the list of repositories"));

    let mut answers = Times::default();
    for source in [Source::Cache, Source::Server] {
        for view in &views {
            let effect = Effect::Open(view.gun.clone());
            answers.0.push(desk.finish(&effect, Outcome::Viewed(view.gun.clone(), source, Ok(Arc::clone(view)))));
        }
    }
    answers.row(&name("an answer of the engine"));

    let mut presses = Times::default();
    for (what, keys) in KEYS {
        let mut times = Times::default();
        for pressed in named(keys) {
            times.0.push(desk.timed(Event::Key(pressed)).0);
        }
        presses.0.extend(&times.0);
        times.row(&name(what));
    }
    presses.row(&name("every key above"));
    assert_eq!(desk.state.known.repositories.len(), repos);
}

/// What is typed; the repository with many tags is the first.
const KEYS: [(&str, &str); 5] = [
    ("moving among repositories", "gg jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjkkkkkkkkkkkkkkkkkkkkGgg"),
    ("moving among tags", "3jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjkkkkkkkkkkkkkkkkkkkkGggGgg"),
    ("filtering tags", "/1.23\x08\x08\x08\x08!99\n/jeff\n/\x08\x08\x08\x08\n"),
    ("marking tags", " jjjjjjjjAjjjjAvjjjjjjjjv"),
    ("filtering repositories", "1/r09\x08\x08\x08team\x08\x08\x08\x08\n"),
];

fn named(keys: &str) -> impl Iterator<Item = KeyEvent> {
    keys.chars().map(|letter| {
        let code = match letter {
            '\n' => KeyCode::Enter,
            '\x08' => KeyCode::Backspace,
            letter => KeyCode::Char(letter),
        };
        KeyEvent::new(code, KeyModifiers::NONE)
    })
}

fn health(index: usize) -> Health {
    match index {
        0 => Health::Fail,
        i if i % 7 == 0 => Health::Warn,
        _ => Health::Ok,
    }
}

/// The program itself, with nobody to ask.
fn starts() {
    let home = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..CACHED).map(|i| format!("registry.example.com/team/r{i:04}")).collect();
    names.iter().for_each(|name| cache(home.path(), &signed(name)));
    println!("\n{CACHED} cached repositories, offline; ms from the start of the process");
    println!("{:<44} {:>7} {:>7} {:>7}", "", "p50", "p99", "max");
    let (mut first, mut listed, mut shown) = (Times::default(), Times::default(), Times::default());
    for _ in 0..option("--starts", 11) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        command.arg("--offline").current_dir(home.path());
        command.env("HOME", home.path()).env("LANG", "C.UTF-8").env("COLORFGBG", "15;0");
        let start = Instant::now();
        let mut terminal = support::Terminal::start(&command, 120, 40);
        terminal.wait_for("1 Repositories");
        first.0.push(start.elapsed());
        terminal.wait_for("500, worst first");
        listed.0.push(start.elapsed());
        // The last of the first screen's rows.
        terminal.wait("every row", |text| !text.contains("loading") && text.contains("cached"));
        shown.0.push(start.elapsed());
        terminal.keys("q");
        terminal.wait_end();
    }
    first.row("first frame");
    listed.row("frame with the list");
    shown.row("frame with a verified repository");
}

fn signed(name: &str) -> Files {
    let now = jiff::Timestamp::now();
    let mut repository = Repository::new(name, now);
    let alice = Key::named("alice");
    for role in ["targets/releases", "targets/alice"] {
        let role = repository.delegate(role, std::slice::from_ref(&alice), &[""]);
        repository.add_file(role.clone(), now);
        (0..10).for_each(|tag| repository.tag(&role, &format!("1.{tag}")));
    }
    repository.build()
}

/// Puts the files where `docker` would.
fn cache(home: &Path, files: &Files) {
    let metadata = home.join(".docker/trust/tuf").join(files.gun.as_str()).join("metadata");
    for (role, bytes) in &files.files {
        let path = metadata.join(format!("{role}.json"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
