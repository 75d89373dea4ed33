//! The screen, on the user's own repositories or on the sandbox.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::arguments::{self, Pick, Picked, Sandbox};
use super::console::{broken, input};
use super::{Console, Ending, Globals, docker_client, mistyped, sandbox, settings, signals};
use crate::config::{Kept, Places};
use crate::engine::reference::parse_bare;
use crate::engine::settings::ReadOnly;
use crate::engine::{Engine, FirstContact, Kind, Problem, Settings};
use crate::printable::printable;
use crate::sandbox::REGISTRY;
use crate::sandbox::{Options, PASSPHRASE, notes};
use crate::tuf::Gun;
use crate::tui::{OwnColours, Pane, Quit, ScreenOptions, ThemeChoice, Tour};
use crate::{config, tui};

/// The variable with the name of a theme.
const THEME: &str = "TRUSTDECK_THEME";

/// The repository of the scene that the tour works on, the signer it adds, and the file of that signer's key.
const TOUR: (&str, &str, &str) = ("team/web", "carol", "carol.pub");

/// The repository of the scene with an image that was changed where it lies.
const TAMPERED: &str = "team/worker";

/// Opens the screen; `named` are added to the list, and `told` is said first.
///
/// # Errors
/// `Input` without a terminal; as the settings' and the engine's.
pub(super) async fn open(
    console: Console,
    globals: &Globals,
    named: &[String],
    told: Option<String>,
) -> Result<Ending, Problem> {
    refuse_json(console, globals)?;
    let wanted = settings::settings(globals, FirstContact::Ask)?;
    let mut repositories: Vec<Gun> = Vec::new();
    for name in named {
        // One by one: what stands behind a mistyped command need be no repository.
        repositories.push(mistyped::repository(name, globals.gun, &wanted)?);
    }
    require_terminal(globals, Drawn::OnStandardOutput)?;
    let mut options = options(globals)?;
    options.repositories = repositories;
    options.sources = Arc::new(settings::sources(globals)?);
    options.told = told;
    match run(wanted, options).await? {
        Ok(Quit::Leave | Quit::Picked(_)) => Ok(Ending::done()),
        Ok(Quit::Server(url)) => on_server(console, globals, named, url).await,
        Ok(Quit::Sandbox) => {
            let everything = Sandbox::default();
            open_sandbox(console, globals, &everything).await
        }
        Err(error) => Ok(lost(console, &error)),
    }
}

/// Keeps the server that was named on the screen, and opens the screen on it.
async fn on_server(console: Console, globals: &Globals, named: &[String], url: String) -> Result<Ending, Problem> {
    let kept = match config::keep_server(&Places::of_user()?, &url)? {
        Kept::In(file) => format!("kept in {}", file.display()),
        Kept::Not(file) => {
            format!("for this time; for good, write \"*\" = {url:?} below [servers] in {}", file.display())
        }
    };
    let told = format!("{url}, {kept}");
    let globals = Globals { server: Some(url), ..globals.clone() };
    Box::pin(open(console, &globals, named, Some(told))).await
}

/// Opens the screen to choose something, and prints it. Nothing can be changed there.
///
/// # Errors
/// `Input` without a terminal, `Cancelled` if nothing was chosen; as the settings' and the engine's.
pub(super) async fn pick(console: Console, globals: &Globals, command: &Pick) -> Result<Ending, Problem> {
    let of = command.repository.as_deref().map(|name| parse_bare(name, globals.gun)).transpose()?;
    let settings = settings::settings(globals, FirstContact::Ask)?;
    let read_only = ReadOnly { everything: true, ..settings.read_only };
    require_terminal(globals, Drawn::Anywhere)?;
    let mut options = options(globals)?;
    let pane = match command.what {
        Picked::Repo => Pane::Repositories,
        Picked::Key => Pane::Keys,
        Picked::Tag => Pane::Tags,
        Picked::Role => Pane::Roles,
    };
    options.repositories = of.iter().cloned().collect();
    options.pick = Some(tui::PickFor { pane, of });
    match run(Settings { read_only, ..settings }, options).await? {
        Ok(Quit::Picked(lines)) if console.json => {
            console.result_json(&lines)?;
            Ok(Ending::done())
        }
        Ok(Quit::Picked(lines)) => {
            // Names of tags are from outside, and the next program reads lines.
            lines.iter().try_for_each(|line| console.result(&format!("{}\n", printable(line))))?;
            Ok(Ending::done())
        }
        Ok(_) => Err(Problem { kind: Kind::Cancelled, ..input("nothing was chosen", "") }),
        Err(error) => Ok(lost(console, &error)),
    }
}

/// Opens the screen on a sandbox, with a tour.
///
/// # Errors
/// `Input` without a terminal; says what of the sandbox could not be made.
pub(super) async fn open_sandbox(console: Console, globals: &Globals, command: &Sandbox) -> Result<Ending, Problem> {
    refuse_json(console, globals)?;
    require_terminal(globals, Drawn::OnStandardOutput)?;
    let Options { empty, auth, .. } = sandbox::options(command)?;
    // Heard from before there is a directory to remove.
    let (ended, stop) = (signals::ended(), CancellationToken::new());
    tokio::spawn({
        let stop = stop.clone();
        async move {
            ended.await;
            stop.cancel();
        }
    });
    let running = crate::sandbox::start(sandbox::options(command)?).await.map_err(sandbox::problem)?;
    // The user's own theme and keys, if they can be read; nothing of the user's is in the way of trying, but for what is
    // asked for now.
    theme_asked_for(globals)?;
    let mut options = options(globals).unwrap_or_else(|_| environment(globals));
    options.stop = stop;
    options.is_deleted = command.dir.is_none();
    options.sandbox = Some(PASSPHRASE.to_owned());
    options.shell = Some(crate::sandbox::write_shell_file(&running, &auth).map_err(sandbox::problem)?);
    options.notes = if empty { BTreeMap::new() } else { notes().into_iter().collect() };
    if running.is_new() && !empty {
        let (name, signer, file) = TOUR;
        let key = running.layout().keys_dir().join(file);
        let gun = Gun::parse(&format!("{REGISTRY}/{name}")).map_err(crate::engine::EngineError::from)?;
        let tampered = Gun::parse(&format!("{REGISTRY}/{TAMPERED}")).map_err(crate::engine::EngineError::from)?;
        let tour = Tour::first_signer(&gun, name, signer, &key.to_string_lossy(), PASSPHRASE);
        options.tour = Some(tour.then_tags(&gun, &tampered));
    }
    // Only a token that is named here comes into the play, never the user's own without a word.
    let pkcs11_module = globals.pkcs11_module.as_deref().and_then(|module| std::path::absolute(module).ok());
    let own = running.settings();
    let log_file = globals.log_file.as_deref().and_then(|file| std::path::absolute(file).ok()).unwrap_or(own.log_file);
    let read_only = ReadOnly { everything: globals.read_only, ..own.read_only };
    let ended = run(Settings { pkcs11_module, log_file, read_only, ..running.settings() }, options).await;
    running.shutdown().await;
    match ended? {
        Ok(_) => Ok(Ending::done()),
        Err(error) => Ok(lost(console, &error)),
    }
}

async fn run(settings: Settings, mut options: ScreenOptions) -> Result<anyhow::Result<Quit>, Problem> {
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now))?;
    if options.sandbox.is_none() && options.pick.is_none() {
        let (learned, engine) = (tokio::sync::oneshot::channel(), engine.clone());
        options.learned = Some(learned.1);
        // Nobody waits for docker to tell its version.
        tokio::spawn(async move {
            if let Some(words) = docker_client::news_of_content_trust(&engine).await {
                // Fails only once the screen has ended.
                let _ = learned.0.send(words);
            }
        });
    }
    // Here and not in a task: verification may keep every worker busy, and keys must not wait for it.
    let ended = if options.plain {
        AssertUnwindSafe(tui::plain::run(engine, options)).catch_unwind().await
    } else {
        AssertUnwindSafe(tui::run(engine, options)).catch_unwind().await
    };
    ended.map_err(|_| broken("the screen stopped by a fault of its own"))
}

fn environment(globals: &Globals) -> ScreenOptions {
    let mut options = ScreenOptions::from_environment(|name| std::env::var(name).ok());
    options.ascii |= globals.ascii;
    options.plain = is_plain(globals);
    options
}

/// What the user's environment and configuration say of the screen, on whatever data.
fn options(globals: &Globals) -> Result<ScreenOptions, Problem> {
    let mut options = environment(globals);
    let own = config::screen(&Places::of_user()?)?;
    match (theme_asked_for(globals)?, own.theme.as_deref().map(|name| (name, arguments::theme(name)))) {
        (Some(theme), _) | (None, Some((_, Ok(theme)))) => options.theme = theme,
        // What is written for every day costs nobody the screen.
        (None, Some((name, Err(expected)))) => {
            options.wrong_looks.push(format!("theme in trustdeck's configuration is {name:?}: {expected}"));
        }
        (None, None) => {}
    }
    if !own.colours.is_empty() {
        let written = own.colours.iter().map(|(role, colour)| (role.as_str(), colour.as_str()));
        let (colours, wrong) = OwnColours::parse(written);
        let place = |role: &str| own.lines.get(&format!("colours.{role}")).map(|line| format!("{line}: "));
        options
            .wrong_looks
            .extend(wrong.into_iter().map(|(role, what)| format!("{}{what}", place(role).unwrap_or_default())));
        // As long as the program runs.
        options.colours = Some(Box::leak(Box::new(colours)));
    }
    options.mouse = own.mouse.unwrap_or(true);
    options.keys = own.keys;
    options.lines = own.lines;
    Ok(options)
}

/// The theme of the command line or, as far as there is one, of the variable, which concerns the screen alone.
fn theme_asked_for(globals: &Globals) -> Result<Option<ThemeChoice>, Problem> {
    let variable = || std::env::var(THEME).ok().filter(|name| !name.is_empty());
    let of_variable = || variable().map(|name| theme(&name, THEME)).transpose();
    globals.theme.map_or_else(of_variable, |theme| Ok(Some(theme)))
}

fn theme(name: &str, place: &str) -> Result<ThemeChoice, Problem> {
    arguments::theme(name).map_err(|expected| input(format!("{place} is {name:?}"), expected))
}

/// The terminal went away, or a signal ended the screen.
fn lost(console: Console, error: &anyhow::Error) -> Ending {
    console.say(&format!("trustdeck: {error:#}"));
    Ending { interrupted: true, ..Ending::done() }
}

/// Where the screen is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    OnStandardOutput,
    /// On standard error too, so that standard output can be a pipe.
    Anywhere,
}

/// Whether lines are wanted, or all that the terminal can do.
fn is_plain(globals: &Globals) -> bool {
    let term = std::env::var_os("TERM").unwrap_or_default();
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    globals.plain || (is_terminal && (term.is_empty() || term == "dumb"))
}

/// Lines for people are no JSON.
fn refuse_json(console: Console, globals: &Globals) -> Result<(), Problem> {
    if console.json && globals.plain {
        let hint = "leave one of them out; commands, such as trustdeck status --json, answer in JSON";
        return Err(input("--plain is for people and --json for programs", hint));
    }
    Ok(())
}

fn require_terminal(globals: &Globals, drawn: Drawn) -> Result<(), Problem> {
    let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let is_there = std::io::stdin().is_terminal() && (out || (err && drawn == Drawn::Anywhere));
    if is_there || is_plain(globals) {
        return Ok(());
    }
    let hint = "run it in a terminal, use --plain for lines, or use a command: trustdeck --help";
    Err(input("the screen needs a terminal, and standard input or output is none", hint))
}
