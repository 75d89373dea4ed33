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
use trustdeck::engine::{Change, Engine, Health, RepositoryView};
use trustdeck::tuf::{Gun, Role};
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
    for repos in [2000, 10_000] {
        answers(repos);
    }
    many_tags(100_000);
    println!("2000 repositories, one of them with 100000 tags");
    frames((120, 40), 2000, 100_000);
    starts();
    staged(option("--staged", 1000));
}

/// What answers of thousands of repositories cost the screen's thread, with a frame for every hundred of them.
fn answers(repos: usize) {
    let views: Vec<Arc<RepositoryView>> = (0..repos)
        .map(|i| Arc::new(repository(&format!("team/r{i:05}"), health(i), 10, 5, ("targets", 900))))
        .collect();
    let terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let mut desk = Desk { state: State::new(Theme::default(), (120, 40), now()), terminal };
    let start = Instant::now();
    let entries = views.iter().map(|view| entry(view)).collect();
    desk.finish(&Effect::ListEntries, Outcome::Entries(Ok(entries)));
    for (n, view) in [&views, &views].into_iter().flatten().enumerate() {
        let source = if n < repos { Source::Cache } else { Source::Server };
        let job = desk.state.jobs.begin(&Effect::Refresh(view.gun.clone()));
        let outcome = Outcome::Viewed(view.gun.clone(), source, Ok(Arc::clone(view)));
        update(&mut desk.state, Event::Done(job, outcome));
        if n % 100 == 99 {
            desk.take(Event::Tick(now()));
        }
    }
    Times(vec![start.elapsed()]).row(&format!("all answers of {repos} repositories"));
}

/// Choosing a repository with very many tags, and a key in it.
fn many_tags(tags: usize) {
    let views = [("team/a", tags), ("team/b", 10)];
    let views = views.map(|(name, tags)| Arc::new(repository(name, Health::Ok, tags, 5, ("targets", 900))));
    let terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let mut desk = Desk { state: State::new(Theme::default(), (120, 40), now()), terminal };
    let entries = views.iter().map(|view| entry(view)).collect();
    desk.finish(&Effect::ListEntries, Outcome::Entries(Ok(entries)));
    for view in &views {
        let effect = Effect::Refresh(view.gun.clone());
        desk.finish(&effect, Outcome::Viewed(view.gun.clone(), Source::Server, Ok(Arc::clone(view))));
    }
    let (mut chosen, mut pressed) = (Times::default(), Times::default());
    for key in named("jkjkjkjk") {
        chosen.0.push(desk.timed(Event::Key(key)).0);
    }
    named("3").for_each(|key| drop(desk.take(Event::Key(key))));
    for key in named("jjjjjjjjkkkkkkkk") {
        pressed.0.push(desk.timed(Event::Key(key)).0);
    }
    chosen.row(&format!("choosing a repository with {tags} tags"));
    pressed.row(&format!("a key among {tags} tags"));
}

/// The program with changes staged in many repositories: how long it works after its start, and its peak of memory.
fn staged(repos: usize) {
    let home = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..repos).map(|i| format!("registry.example.com/team/r{i:04}")).collect();
    names.iter().for_each(|name| cache(home.path(), &signed(name)));
    let trust_dir = home.path().join(".docker/trust");
    let settings = support::machine::settings_of(home.path(), &trust_dir, "https://registry.example.com");
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now)).unwrap();
    let change = |name: &String| (Gun::parse(name).unwrap(), Change::Witness { role: Role::Targets });
    engine.stage().stage(names.iter().map(change).collect()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.arg("--offline").current_dir(home.path());
    command.env("HOME", home.path()).env("LANG", "C.UTF-8").env("COLORFGBG", "15;0");
    let start = Instant::now();
    let mut terminal = support::Terminal::start(&command, 120, 40);
    terminal.wait_for(&format!("{repos} staged"));
    let (mut quiet_since, mut used) = (Instant::now(), 0);
    while quiet_since.elapsed() < Duration::from_millis(700) {
        std::thread::sleep(Duration::from_millis(20));
        let now = processor_ticks(terminal.id());
        if now > used + 1 {
            (used, quiet_since) = (now, Instant::now());
        }
    }
    let peak = memory_peak(terminal.id());
    println!(
        "\n{repos} repositories with a staged change: quiet {:.0} ms after the start, {} ms of processor, {peak} MiB at most",
        quiet_since.duration_since(start).as_secs_f64() * 1e3,
        used * 10,
    );
    terminal.keys("q");
    terminal.wait_end();
}

/// Processor time of a process, in hundredths of a second.
fn processor_ticks(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The most memory that a process has had, in MiB.
fn memory_peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
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

    let mut presses = Vec::new();
    for (what, keys) in KEYS {
        let mut times = Times::default();
        for pressed in named(keys) {
            times.0.push(desk.timed(Event::Key(pressed)).0);
            presses.push((times.0[times.0.len() - 1], what, pressed.code));
        }
        times.row(&name(what));
    }
    presses.sort_unstable_by_key(|(time, ..)| std::cmp::Reverse(*time));
    for (time, what, key) in presses.iter().take(5) {
        println!("  {:.2} {key} ({what})", time.as_secs_f64() * 1e3);
    }
    Times(presses.into_iter().map(|(time, ..)| time).collect()).row(&name("every key above"));
    assert_eq!(desk.state.known.repositories.len(), repos);
}

/// What is typed; the repository with many tags is the first.
const KEYS: [(&str, &str); 6] = [
    ("moving among repositories", "gg jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjkkkkkkkkkkkkkkkkkkkkGgg"),
    ("moving among tags", "3jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjkkkkkkkkkkkkkkkkkkkkGggGgg"),
    ("filtering tags", "/1.23\x08\x08\x08\x08!99\n/jeff\n/\x08\x08\x08\x08\n"),
    ("marking tags", " jjjjjjjjAjjjjAvjjjjjjjjv"),
    ("filtering repositories", "1/r09\x08\x08\x08team\x08\x08\x08\x08\n"),
    ("finding in the palette", ":r09\x08\x08\x08sign\x08\x08\x08\x081.99jeff\x1b"),
];

fn named(keys: &str) -> impl Iterator<Item = KeyEvent> {
    keys.chars().map(|letter| {
        let code = match letter {
            '\n' => KeyCode::Enter,
            '\x08' => KeyCode::Backspace,
            '\x1b' => KeyCode::Esc,
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
