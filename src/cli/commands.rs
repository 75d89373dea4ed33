//! Which module runs which command.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::{
    Command, Console, Ending, Globals, arguments, changes, gate, images, inspect, key, linking, listing, publish,
    remarks, rotate, sandbox, signals, staged,
};
use crate::engine::keyring::sources::PassphraseSources;
use crate::engine::{Engine, EngineError, Log};

/// Runs a command to its end; problems are printed.
pub async fn run(
    engine: Engine,
    console: Console,
    globals: Globals,
    sources: PassphraseSources,
    command: Command,
) -> Ending {
    let (stop, busy) = (CancellationToken::new(), signals::Busy::default());
    let context = Context { engine, console, globals, sources: Arc::new(sources), stop, busy };
    signals::watch(context.stop.clone(), context.busy.clone());
    remarks::ask_logins(&context);
    let remarks = remarks::Remarks::tell(&context);
    remarks::content_trust(&context, &command).await;
    remarks::unread_stage(&context, &command);
    let ending = match &command {
        command if is_refused(&context, command) => Err(EngineError::read_only(None).problem()),
        Command::Inspect(arguments) => inspect::run(&context, arguments).await,
        Command::Key(command) => key::run(&context, command),
        Command::Tags(arguments) => images::tags::tags(&context, arguments).await,
        Command::Drift(arguments) => images::tags::drift(&context, arguments).await,
        Command::Resolve(arguments) => images::resolve::run(&context, arguments).await,
        Command::Pull(arguments) => images::pull::run(&context, arguments).await,
        Command::Push(arguments) => images::push::run(&context, arguments).await,
        Command::Gate(arguments) => gate::run(&context, arguments).await,
        Command::Plugin(command) => linking::run(&context, command).await,
        Command::Verify(arguments) => images::verify::run(&context, arguments).await,
        Command::Status(arguments) => listing::status(&context, arguments).await,
        Command::Delegation(arguments::Delegation::List(arguments)) => listing::delegations(&context, arguments).await,
        Command::Reset(arguments) => staged::reset(&context, arguments),
        Command::Changes(arguments::Changes::Move(arguments)) => staged::move_changes(&context, arguments).await,
        Command::Changelist(arguments) => staged::changelist(&context, arguments),
        Command::Publish(arguments) => publish::run(&context, arguments).await,
        Command::Rotate(arguments) => rotate::rotate(&context, arguments).await,
        Command::Renew(arguments) => rotate::renew(&context, arguments).await,
        Command::Setup(arguments) => rotate::setup(&context, arguments).await,
        Command::Sandbox(arguments) => sandbox::serve(arguments).await,
        Command::Delete(arguments) if !arguments.remote => changes::delete_local(&context, arguments).await,
        writing => changes::run(&context, writing).await,
    };
    remarks.finish().await;
    let ending = ending.unwrap_or_else(Ending::failed);
    console.problems(&ending.problems);
    keep(&context, &ending);
    ending
}

/// Writes what failed into the log.
fn keep(context: &Context, ending: &Ending) {
    if ending.problems.is_empty() {
        return;
    }
    let log = Log::open(context.engine.settings().log_file.clone());
    for problem in &ending.problems {
        let about = problem.repository.as_ref().map(|gun| format!("{gun}: ")).unwrap_or_default();
        let text = format!("{}: {about}{}; {}", problem.kind.word(), problem.message, problem.hint);
        log.write(context.engine.now(), "error", &text);
    }
}

/// Whether nothing may be changed and this would. The engine refuses the rest itself, before it writes.
fn is_refused(context: &Context, command: &Command) -> bool {
    let changes = match (command, command.publishing()) {
        (_, Some(publishing)) => !publishing.dry_run,
        (Command::Publish(publish), _) => !publish.dry_run,
        (Command::Rotate(rotate), _) => matches!(rotate, arguments::Rotate::Forget(_)),
        (command, _) => matches!(command, Command::Reset(_) | Command::Changes(_) | Command::Push(_)),
    };
    changes && context.engine.settings().read_only.everything
}
