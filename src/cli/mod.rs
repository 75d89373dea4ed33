//! Commands without a screen, over the same engine.
//!
//! One module for each kind of command: `inspect` and `listing` read, `changes` stages, `publish` sends.
//! Everything printed goes through `console`; how it ended is an `ending`.

pub mod arguments;
mod changes;
mod console;
mod ending;
mod inspect;
mod json;
mod key;
mod keyfiles;
mod listing;
mod plan_json;
mod plan_text;
mod publish;
mod rotate;
mod sandbox;
mod screen;
mod settings;
mod staged;
mod start;
mod table;
mod terminal;
mod unlock;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp as Time;
use tokio_util::sync::CancellationToken;

pub use arguments::{Arguments, Command, Globals};
pub use console::Console;
pub use ending::Ending;
pub use start::{main, usage};

use crate::engine::passphrases::PassphraseSources;
use crate::engine::reference::{RepositoryRef, parse_bare, parse_repository};
use crate::engine::{Engine, Problem, RepositoryView};
use crate::tuf::Gun;

/// Repositories that are asked about at the same time; the engine bounds requests on its own.
const AT_ONCE: usize = 64;

/// What every command needs.
pub struct Context {
    engine: Engine,
    console: Console,
    globals: Globals,
    /// Passphrases known before anybody is asked.
    sources: Arc<PassphraseSources>,
    /// Cancelled when the user wants to stop.
    stop: CancellationToken,
    /// Cancelled once a signal must not end the program any more.
    busy: CancellationToken,
}

/// Runs a command to its end; problems are printed.
pub async fn run(
    engine: Engine,
    console: Console,
    globals: Globals,
    sources: PassphraseSources,
    command: Command,
) -> Ending {
    let (stop, busy) = (CancellationToken::new(), CancellationToken::new());
    let context = Context { engine, console, globals, sources: Arc::new(sources), stop, busy };
    terminal::watch_signals(context.stop.clone(), context.busy.clone());
    let ending = match &command {
        Command::Inspect(arguments) => inspect::run(&context, arguments).await,
        Command::Key(command) => key::run(&context, command),
        Command::Status(arguments) => listing::status(&context, arguments),
        Command::Delegation(arguments::Delegation::List(arguments)) => listing::delegations(&context, arguments).await,
        Command::Reset(arguments) => staged::reset(&context, arguments),
        Command::Changelist(arguments) => staged::changelist(&context, arguments),
        Command::Publish(arguments) => publish::run(&context, arguments).await,
        Command::Rotate(arguments) => rotate::rotate(&context, arguments).await,
        Command::Renew(arguments) => rotate::renew(&context, arguments).await,
        Command::Setup(arguments) => rotate::setup(&context, arguments).await,
        Command::Sandbox(arguments) => sandbox::serve(arguments).await,
        Command::Delete(arguments) if !arguments.remote => changes::delete_local(&context, arguments).await,
        writing => changes::run(&context, writing).await,
    };
    let ending = ending.unwrap_or_else(Ending::failed);
    ending.problems.iter().for_each(|problem| console.problem(problem));
    ending
}

impl Context {
    /// Reads a name where only a repository is meant.
    fn repository(&self, typed: &str) -> Result<Gun, Problem> {
        Ok(parse_bare(typed, self.globals.gun)?)
    }

    /// Reads a name that may hold a tag.
    fn target(&self, typed: &str) -> Result<RepositoryRef, Problem> {
        Ok(parse_repository(typed, self.globals.gun)?)
    }

    /// Asks the servers about repositories, or with `--offline` the cache.
    async fn views(&self, guns: &[Gun]) -> BTreeMap<Gun, Result<RepositoryView, Problem>> {
        self.views_for(guns, Reading::Look).await
    }

    /// The same for somebody who relies on the tags: expired metadata is an error.
    async fn inspections(&self, guns: &[Gun]) -> BTreeMap<Gun, Result<RepositoryView, Problem>> {
        self.views_for(guns, Reading::Rely).await
    }

    async fn views_for(&self, guns: &[Gun], reading: Reading) -> BTreeMap<Gun, Result<RepositoryView, Problem>> {
        let distinct: std::collections::BTreeSet<Gun> = guns.iter().cloned().collect();
        let one = |gun: Gun| {
            let engine = self.engine.clone();
            async move {
                let asked = gun.clone();
                // A task each, so that verification uses all processors.
                let task = tokio::spawn(async move { view(&engine, &asked, reading).await });
                let view = task.await.unwrap_or_else(|e| Err(console::broken(&e.to_string())));
                (gun, view)
            }
        };
        stream::iter(distinct).map(one).buffer_unordered(AT_ONCE).collect().await
    }
}

/// What a view is wanted for.
#[derive(Clone, Copy)]
enum Reading {
    Look,
    Rely,
}

async fn view(engine: &Engine, gun: &Gun, reading: Reading) -> Result<RepositoryView, Problem> {
    let view = match reading {
        Reading::Rely => engine.inspect(gun).await,
        Reading::Look if engine.settings().offline => engine.cached(gun).await,
        Reading::Look => engine.refresh(gun).await,
    };
    view.map_err(|error| {
        let mut problem = error.problem();
        problem.repository.get_or_insert_with(|| gun.clone());
        problem
    })
}

/// How long ago something was, in the largest fitting unit.
fn age(now: Time, at: Time) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}
