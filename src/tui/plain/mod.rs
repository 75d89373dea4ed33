//! The screen as lines: numbered lists and questions, for screen readers, serial lines and `TERM=dumb`.
//!
//! Invariant: the state, what changes it and what is asked of the engine are those of the screen; only drawing and
//! reading differ. Nothing is drawn over, nothing moves.

mod ask;
mod lines;
mod read;

use std::io::Write;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc;

use super::dialogs::Dialog;
use super::kit::theme::Theme;
use super::messages::effect::Effect;
use super::messages::event::Event;
use super::options::ScreenOptions;
use super::route::{own_keys, typed, update};
use super::runner::Runner;
use super::state::{Quit, Screen, State};
use crate::engine::{Engine, Log};
use crate::printable::printable;
use read::Reader;

/// What the lines are made from: one pane at a time, with room for many rows.
const SIZE: (u16, u16) = (100, 60);
/// How often the time is looked at while something runs.
const TICK: Duration = Duration::from_millis(250);

/// Runs it until the user leaves; says why.
///
/// # Errors
/// If standard input or output is lost. What is staged is safe in any case.
pub async fn run(engine: Engine, mut options: ScreenOptions) -> anyhow::Result<Quit> {
    let mut state = State::new(Theme::lines(), SIZE, engine.now());
    options.fill(&mut state, &engine);
    // Its steps name keys of a screen.
    state.tour = None;
    own_keys::bind(&mut state, &options.keys, &options.lines);
    let (sender, results) = mpsc::channel(256);
    let mut runner = Runner::new(engine.clone(), options.sources.clone(), sender);
    runner.hear(options.learned.take());
    let log = Log::open(engine.settings().log_file.clone());
    let (shown, listed) = (vec![], vec![]);
    let mut session = Session {
        engine,
        runner,
        state,
        results,
        reader: Reader::start(options.stop.clone()),
        log,
        shown,
        listed,
        told: 0,
    };
    let mut effects = update::start(&session.state);
    effects.extend(options.opened().map(|gun| Effect::AddRepository(gun.to_string())));
    session.perform(effects)?;
    let quit = session.run().await?;
    let staged = session.state.stage.changes.len();
    if staged > 0 && quit == Quit::Leave {
        session.print(&options.becomes(staged))?;
    }
    Ok(quit)
}

struct Session {
    engine: Engine,
    runner: Runner,
    state: State,
    results: mpsc::Receiver<Event>,
    reader: Reader,
    log: Log,
    /// What was printed last of the list or question in front.
    shown: Vec<String>,
    /// What was printed last of a list, to which a dialog leads back.
    listed: Vec<String>,
    /// Lines of the running publish that were printed.
    told: usize,
}

impl Session {
    async fn run(&mut self) -> anyhow::Result<Quit> {
        loop {
            self.settle().await?;
            if let Some(quit) = self.state.quit.take() {
                return Ok(quit);
            }
            self.show()?;
            if !self.answer().await? {
                // The end of the input.
                return Ok(Quit::Leave);
            }
        }
    }

    /// Waits until nothing runs any more, and tells what happens meanwhile.
    async fn settle(&mut self) -> anyhow::Result<()> {
        loop {
            self.tell()?;
            if self.state.jobs.is_idle() {
                return Ok(());
            }
            tokio::select! {
                Some(event) = self.results.recv() => self.take(event)?,
                () = tokio::time::sleep(TICK) => {}
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted?;
                    self.take(Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)))?;
                }
            }
            self.take(Event::Tick(self.engine.now()))?;
        }
    }

    /// Prints what was said since, and how far a publish is.
    fn tell(&mut self) -> anyhow::Result<()> {
        let mut news: Vec<String> = Vec::new();
        for entry in self.state.log.take_new() {
            let detail = entry.detail.iter().map(|detail| format!("; {detail}")).collect::<String>();
            self.log.write(entry.at, entry.level(), &format!("{}{detail}", entry.text));
            news.push(format!("{}: {}", entry.level(), entry.text));
            // Without the raw answer: that is in the log.
            news.extend(entry.detail.first().filter(|detail| !detail.is_empty()).map(|detail| format!("  {detail}")));
        }
        match &self.state.screen {
            Screen::Publish(publishing) => {
                let lines = publishing.log.iter().skip(self.told);
                news.extend(lines.map(|(_, name, what)| format!("{name}: {what}")));
                self.told = publishing.log.len();
            }
            _ => self.told = 0,
        }
        news.iter().try_for_each(|line| self.print(line))
    }

    /// Prints the list or the question in front, if it is another than before.
    fn show(&mut self) -> anyhow::Result<()> {
        let shown = lines::front(&self.state);
        let is_list = self.state.dialogs.is_empty();
        if shown != self.shown && !(is_list && shown == self.listed) {
            self.print("")?;
            shown.iter().try_for_each(|line| self.print(line))?;
        }
        if is_list {
            self.listed.clone_from(&shown);
        }
        self.shown = shown;
        Ok(())
    }

    /// Asks for what is wanted next. Says whether there was an answer.
    async fn answer(&mut self) -> anyhow::Result<bool> {
        match self.state.dialogs.last() {
            Some(Dialog::Form(_)) => self.form().await,
            Some(Dialog::Prompt(_)) => self.secret().await,
            Some(Dialog::Confirm(_)) => self.name().await,
            Some(
                Dialog::Choose(_) | Dialog::Wizards(_) | Dialog::Palette(_) | Dialog::Needs(_) | Dialog::Expiry(_),
            ) => self.choice().await,
            Some(Dialog::Report(_)) => self.report().await,
            Some(Dialog::Page(_) | Dialog::Help(_)) => {
                self.press(KeyCode::Esc)?;
                Ok(true)
            }
            Some(Dialog::Working(_)) => {
                // Nothing runs any more that it waits for.
                self.press(KeyCode::Esc)?;
                Ok(true)
            }
            None => self.command().await,
        }
    }

    async fn command(&mut self) -> anyhow::Result<bool> {
        let hints = typed::hints(&self.state);
        self.print(&format!("({hints})"))?;
        let Some(line) = self.ask("> ").await? else { return Ok(false) };
        match line.as_str() {
            "" => self.press(KeyCode::Enter)?,
            "?" => typed::actions(&self.state).iter().try_for_each(|line| self.print(line))?,
            line if line.starts_with('/') => {
                self.press(KeyCode::Char('/'))?;
                // In place of what was filtered by.
                self.take(Event::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)))?;
                self.typed(line.trim_start_matches('/'))?;
                self.press(KeyCode::Enter)?;
            }
            line if line.starts_with(':') => {
                let word = match line.trim_start_matches(':').trim() {
                    "" => self.ask("a word of what you look for (! leaves): ").await?,
                    word => Some(word.to_owned()),
                };
                let Some(word) = word else { return Ok(false) };
                if word == ask::LEAVE {
                    return Ok(true);
                }
                self.press(KeyCode::Char(':'))?;
                self.typed(&word)?;
            }
            line => match line.parse::<usize>() {
                Ok(number) => self.go_to(number)?,
                Err(_) => match typed::command(&mut self.state, line) {
                    Some(effects) => self.perform(effects)?,
                    None => self.print("not understood; ? lists what can be done")?,
                },
            },
        }
        Ok(true)
    }

    /// Puts the cursor on a numbered line; on the one that has it, opens it.
    fn go_to(&mut self, number: usize) -> anyhow::Result<()> {
        let before = lines::front(&self.state);
        let Some(place) = number.checked_sub(1).filter(|place| typed::point(&mut self.state, *place)) else {
            return self.print(&format!("there is no {number} here"));
        };
        // Settles what depends on the cursor.
        self.take(Event::Tick(self.engine.now()))?;
        let stays = lines::front(&self.state) == before && self.state.dialogs.is_empty();
        if stays { self.press(KeyCode::Enter) } else { self.say_row(place) }
    }

    /// Says the row that is under the cursor now, without the whole list again.
    fn say_row(&mut self, place: usize) -> anyhow::Result<()> {
        let front = lines::front(&self.state);
        let number = format!("{}. ", place + 1);
        let row = front.iter().find(|line| line.trim_start_matches(['>', ' ']).starts_with(&number)).cloned();
        // The row where the cursor was reads otherwise now too: that is no news.
        let is_row = |line: &str| {
            let number = line.trim_start_matches(['>', ' ']).split_once(". ").map(|(number, _)| number);
            number.is_some_and(|number| number.parse::<usize>().is_ok())
        };
        let told: Vec<String> = match &self.state.screen {
            // What a choice comes to is told whole, or its parts mean something else.
            Screen::Wizard => {
                let below = |lines: &[String]| {
                    let last = lines.iter().rposition(|line| is_row(line)).map_or(0, |last| last + 1);
                    lines.get(last..).unwrap_or_default().to_vec()
                };
                let (now, before) = (below(&front), below(&self.shown));
                row.into_iter().chain(if now == before { vec![] } else { now }).collect()
            }
            _ => {
                let below = front.iter().filter(|line| !self.shown.contains(line) && !is_row(line));
                row.iter().chain(below).cloned().collect()
            }
        };
        if self.state.dialogs.is_empty() {
            self.listed.clone_from(&front);
        }
        self.shown = front;
        told.iter().try_for_each(|line| self.print(line))
    }

    fn press(&mut self, code: KeyCode) -> anyhow::Result<()> {
        self.take(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn typed(&mut self, text: &str) -> anyhow::Result<()> {
        text.chars().try_for_each(|c| self.press(KeyCode::Char(c)))
    }

    async fn ask(&mut self, question: &str) -> anyhow::Result<Option<String>> {
        self.prompt(question)?;
        let line = self.reader.line().await?;
        Ok(line.map(|line| line.trim().to_owned()))
    }

    pub(super) fn prompt(&self, question: &str) -> anyhow::Result<()> {
        let mut out = self.out();
        write!(out, "{}", printable(question))?;
        Ok(out.flush()?)
    }

    fn print(&self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.out(), "{}", printable(line))?)
    }

    /// What is chosen for a script goes to standard output alone.
    fn out(&self) -> Box<dyn Write> {
        if self.state.here.pick.is_some() { Box::new(std::io::stderr()) } else { Box::new(std::io::stdout()) }
    }

    fn take(&mut self, event: Event) -> anyhow::Result<()> {
        let effects = update::update(&mut self.state, event);
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            match effect {
                Effect::Copy { text, .. } => text.lines().try_for_each(|line| self.print(line))?,
                Effect::Redraw | Effect::Suspend | Effect::Mouse(_) => {}
                effect => {
                    let job = self.state.jobs.begin(&effect);
                    self.runner.start(job, effect);
                }
            }
        }
        Ok(())
    }
}
