//! The screen: events become changes of the state and effects, effects become tasks, their results are events again.
//!
//! Rules:
//!
//! - Only [`update::update`] writes the state and only [`render::render`] draws it; neither waits.
//! - A dialog knows neither the state nor who opened it: it gives back an answer, which the route hands to whoever asked.
//! - Nothing but the runner performs effects; everything it finds comes back as an event.
//!
//! A key and what comes of it, without a terminal:
//!
//! ```
//! use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
//! use trustdeck::tui::kit::theme::Theme;
//! use trustdeck::tui::messages::event::Event;
//! use trustdeck::tui::route::update::update;
//! use trustdeck::tui::state::{Quit, State};
//!
//! let mut state = State::new(Theme::default(), (80, 24), jiff::Timestamp::UNIX_EPOCH);
//! let effects = update(&mut state, Event::Key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE)));
//! assert!(effects.is_empty());
//! assert_eq!(state.quit, Some(Quit::Leave));
//! ```
//!
//! In reading order, each room uses only those above it:
//!
//! | room | what it is | may use |
//! |---|---|---|
//! | `messages` | what happens and what is to be done, as plain data | nothing |
//! | `kit` | what screens are drawn with | `messages` |
//! | `dialogs` | what is asked; each gives back an answer | `messages`, `kit` |
//! | `state` | all that the screen knows | `messages`, `kit`, `dialogs` |
//! | `options` | what it was told at the start | `kit`, `state` |
//! | `questions` | what is asked before a publish | `messages`, `kit`, `dialogs`, `state` |
//! | `keywork` | work of several steps on the user's own keys | `messages`, `kit`, `dialogs`, `state` |
//! | `forms` | what forms ask for, and what they come to | `messages`, `kit`, `dialogs`, `state`, `keywork` |
//! | `screens` | review and publish | `messages`, `kit`, `dialogs`, `state`, `questions`, `forms` |
//! | `wizard` | guided rotations | `messages`, `kit`, `dialogs`, `state`, `screens`, `forms` |
//! | `panes` | the five panes | `messages`, `kit`, `dialogs`, `state`, `keywork`, `forms`, `wizard` |
//! | `runner` | performs effects | `messages`, `kit` |
//! | `route` | where an event goes, and what fills the frame | `messages`, `kit`, `dialogs`, `state`, `questions`, `keywork`, `screens`, `forms`, `wizard`, `panes` |
//! | `plain` | the same as lines, without a screen | `messages`, `kit`, `dialogs`, `state`, `options`, `forms`, `runner`, `route` |

pub mod dialogs;
pub mod forms;
pub mod keywork;
pub mod kit;
pub mod messages;
mod options;
pub mod panes;
pub mod plain;
pub mod questions;
pub mod route;
mod runner;
pub mod screens;
pub mod state;
pub mod wizard;

use std::io::Write;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Log};
use kit::message::Tone;
use kit::terminal;
use kit::terminal::FullScreen;
use messages::effect::Effect;
use messages::event::Event;
use messages::input;
use route::{render, update};
use runner::Runner;
use state::State;

pub use kit::pane::Pane;
pub use kit::theme::OwnColours;
pub use options::{ScreenOptions, ThemeChoice};
pub use state::tour::Tour;
pub use state::{PickFor, Quit};

/// Most events taken between two frames, so that a flood of keys cannot stop the drawing.
const BURST: usize = 512;
/// How long events are taken before the next frame.
const FRAME: Duration = Duration::from_millis(8);
/// How often a spinner turns and the time is looked at while something runs.
const BUSY_TICK: Duration = Duration::from_millis(250);
/// How often it is looked whether others staged something.
const IDLE_TICK: Duration = Duration::from_secs(2);

/// Runs the screen until the user leaves; says why.
///
/// # Errors
/// If there is no terminal, it is lost, or a signal ends the program. What is staged is safe in any case.
pub async fn run(engine: Engine, mut options: ScreenOptions) -> anyhow::Result<Quit> {
    let broken = CancellationToken::new();
    let mut screen = FullScreen::enter()?;
    screen.set_mouse(options.mouse)?;
    terminal::restore_on_panic(broken.clone());
    let theme = options.theme(terminal::background);
    let mut state = State::new(theme, screen.size()?, engine.now());
    options.fill(&mut state, &engine);
    route::own_keys::bind(&mut state, &options.keys, &options.lines);

    let (sender, results) = mpsc::channel(256);
    let mut runner = Runner::new(engine.clone(), options.sources.clone(), sender);
    runner.hear(options.learned.take());
    let (sender_of_keys, keys) = mpsc::channel(BURST);
    let edges = Edges { keys, results, signals: Signals::new()?, broken, stop: options.stop.clone() };
    let log = Log::open(engine.settings().log_file.clone());
    log.write(engine.now(), "note", "the screen opens");
    let mut session =
        Loop { engine, runner, screen, state, edges, log, last_poll: 0, lines: input::InputLines::default() };
    let ended = tokio::select! {
        ended = session.run(&options) => ended,
        () = read_keys(sender_of_keys) => Err(anyhow::anyhow!("the terminal is gone")),
    };
    let staged = session.state.stage.changes.len();
    let publishing = session.runner.is_publishing();
    drop(session.screen);
    if publishing {
        say("a publish is running; it is finished first");
        session.runner.finish_publishes().await;
    }
    match ended {
        Ok(quit) => {
            if staged > 0 && quit == Quit::Leave {
                say(&options.becomes(staged));
            }
            Ok(quit)
        }
        Err(error) => Err(error.context("the screen ended; everything staged is safe")),
    }
}

fn say(line: &str) {
    // Nothing can be done if nobody listens.
    let _ = writeln!(std::io::stderr(), "trustdeck: {line}");
}

type TerminalInput = std::io::Result<crossterm::event::Event>;

/// Reads the terminal apart from the loop: a stream of keys that was only looked at would not wake the loop again.
///
/// Runs beside the loop and not in a task, so that no key waits for a worker that verifies. Ends with the terminal.
async fn read_keys(sender: mpsc::Sender<TerminalInput>) {
    let mut stream = EventStream::new();
    while let Some(input) = stream.next().await {
        let broken = input.is_err();
        if sender.send(input).await.is_err() || broken {
            break;
        }
    }
}

/// Where events come from.
struct Edges {
    keys: mpsc::Receiver<TerminalInput>,
    results: mpsc::Receiver<Event>,
    signals: Signals,
    broken: CancellationToken,
    /// A signal that came before these were heard.
    stop: CancellationToken,
}

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    stop: Signal,
    resume: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}

/// What woke the loop.
#[allow(clippy::large_enum_variant)] // one at a time, on the stack
enum Woken {
    Input(crossterm::event::Event),
    Event(Event),
    Tick,
    Suspend,
    Resume,
}

struct Loop {
    engine: Engine,
    runner: Runner,
    screen: FullScreen,
    state: State,
    edges: Edges,
    log: Log,
    /// When the stage was looked at last, in seconds.
    last_poll: i64,
    lines: input::InputLines,
}

impl Loop {
    async fn run(&mut self, options: &ScreenOptions) -> anyhow::Result<Quit> {
        let mut effects = update::start(&self.state);
        effects.extend(options.opened().map(|gun| Effect::AddRepository(gun.to_string())));
        self.perform(effects)?;
        loop {
            // Whatever came since the last frame is put in order for this one.
            self.take(Event::Tick(self.engine.now()))?;
            let state = &self.state;
            self.screen.draw(|buffer| render::render(state, buffer))?;
            if let Some(quit) = self.state.quit.take() {
                return Ok(quit);
            }
            let woken = self.wait().await?;
            self.take(Event::Tick(self.engine.now()))?;
            self.wake(woken)?;
            // Whatever else is there already shares the next frame, but does not hold it up: answers of many repositories
            // may come faster than they are taken.
            let due = std::time::Instant::now() + FRAME;
            for _ in 0..BURST {
                if std::time::Instant::now() >= due {
                    break;
                }
                if let Ok(input) = self.edges.keys.try_recv() {
                    self.wake(Woken::Input(input?))?;
                } else if let Ok(event) = self.edges.results.try_recv() {
                    self.take(event)?;
                } else {
                    break;
                }
            }
            self.poll()?;
        }
    }

    async fn wait(&mut self) -> anyhow::Result<Woken> {
        let busy = !self.state.jobs.is_idle() || self.state.message.is_some();
        let tick = if busy { BUSY_TICK } else { IDLE_TICK };
        let signals = &mut self.edges.signals;
        let ended = |name: &str| Err(anyhow::anyhow!("stopped by {name}"));
        tokio::select! {
            input = self.edges.keys.recv() => match input {
                Some(input) => Ok(Woken::Input(input?)),
                None => Err(anyhow::anyhow!("the terminal is gone")),
            },
            Some(event) = self.edges.results.recv() => Ok(Woken::Event(event)),
            () = tokio::time::sleep(tick) => Ok(Woken::Tick),
            () = self.edges.broken.cancelled() => Err(anyhow::anyhow!("a fault stopped the program")),
            () = self.edges.stop.cancelled() => ended("a signal"),
            _ = signals.terminate.recv() => ended("SIGTERM"),
            _ = signals.hang_up.recv() => ended("SIGHUP"),
            _ = signals.interrupt.recv() => ended("SIGINT"),
            _ = signals.stop.recv() => Ok(Woken::Suspend),
            _ = signals.resume.recv() => Ok(Woken::Resume),
        }
    }

    fn wake(&mut self, woken: Woken) -> anyhow::Result<()> {
        match woken {
            Woken::Input(input) => match self.lines.event(input) {
                Some(event) => self.take(event),
                None => Ok(()),
            },
            Woken::Event(event) => self.take(event),
            Woken::Tick => Ok(()),
            Woken::Suspend => self.suspend(),
            Woken::Resume => {
                self.screen.resume()?;
                self.measure()
            }
        }
    }

    fn suspend(&mut self) -> anyhow::Result<()> {
        self.screen.suspend()?;
        self.measure()
    }

    /// The terminal may have another size than before.
    fn measure(&mut self) -> anyhow::Result<()> {
        let (width, height) = self.screen.size()?;
        self.take(Event::Resize(width, height))
    }

    fn take(&mut self, event: Event) -> anyhow::Result<()> {
        let effects = update::update(&mut self.state, event);
        for entry in self.state.log.take_new() {
            let detail = entry.detail.iter().map(|detail| format!("; {detail}"));
            self.log.write(entry.at, entry.level(), &format!("{}{}", entry.text, detail.collect::<String>()));
        }
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            match effect {
                Effect::Copy { what, text } => {
                    self.screen.copy(&text)?;
                    let first = text.lines().next().unwrap_or_default();
                    // One line says by itself what it is, and needs the room.
                    let shown = match text.lines().count().saturating_sub(1) {
                        0 => first.to_owned(),
                        1 => format!("{what}   {first}   and 1 more line"),
                        n => format!("{what}   {first}   and {n} more lines"),
                    };
                    self.state.say(Tone::Done, "sent to the terminal", shown);
                    self.state.message.iter_mut().for_each(|message| message.quotes = true);
                }
                Effect::Redraw => self.screen.clear()?,
                Effect::Mouse(on) => self.screen.set_mouse(on)?,
                Effect::Suspend => self.suspend()?,
                effect => {
                    let job = self.state.jobs.begin(&effect);
                    self.runner.start(job, effect);
                }
            }
        }
        Ok(())
    }

    /// Looks from time to time whether another process staged something.
    fn poll(&mut self) -> anyhow::Result<()> {
        let now = self.state.now.as_second();
        if now < self.last_poll + 2 {
            return Ok(());
        }
        self.last_poll = now;
        self.perform(vec![Effect::ReadStage, Effect::LockIdle])
    }
}
