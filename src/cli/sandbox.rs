//! `sandbox`: the embedded trust server, alone or with the screen on it.

use super::Ending;
use super::arguments::{Sandbox, SandboxAuth};
use super::console::input;
use super::signals::ended;
use crate::engine::{Kind, Problem};
use crate::sandbox;
use crate::sandbox::SandboxError;
use crate::sandbox::{Auth, Login, Options};

/// The variable with `USER:PASSWORD`; an argument could be read by other users.
const LOGIN: &str = "TRUSTDECK_SANDBOX_AUTH";

/// Runs the server alone until a signal ends it.
///
/// # Errors
/// Says what could not be made, opened or bound.
pub(super) async fn serve(command: &Sandbox) -> Result<Ending, Problem> {
    let options = options(command)?;
    // Heard from before there is a directory to remove.
    let ended = ended();
    sandbox::serve(options, &mut std::io::stdout(), ended).await.map_err(problem)?;
    Ok(Ending::done())
}

/// How a command line starts the sandbox.
///
/// # Errors
/// `Input` for a missing login.
pub(super) fn options(command: &Sandbox) -> Result<Options, Problem> {
    let login = || {
        let text = std::env::var(LOGIN).map_err(|_| problem(SandboxError::Login))?;
        Login::parse(&text).map_err(problem)
    };
    let auth = match command.auth {
        None => Auth::None,
        Some(SandboxAuth::Basic) => Auth::Basic(login()?),
        Some(SandboxAuth::Token) => Auth::Token(login()?),
    };
    let defaults = Options::default();
    Ok(Options {
        dir: command.dir.clone(),
        listen: command.listen.unwrap_or(defaults.listen),
        http: command.http,
        auth,
        open: command.open,
        empty: command.empty,
    })
}

/// What went wrong, as the other commands say it.
#[must_use]
pub(super) fn problem(error: SandboxError) -> Problem {
    let (kind, hint) = match &error {
        SandboxError::Disk { .. } => (Kind::Disk, "free space or mend the permissions of this path"),
        SandboxError::Place { .. } => (Kind::Input, "give a --dir that is new or empty, and yours alone (chmod 700)"),
        SandboxError::InUse(_) => (Kind::BusyLocal, "end the other one, or give another --dir"),
        SandboxError::Store(_) => (Kind::Disk, "start with an empty --dir; this one cannot be read"),
        SandboxError::Listen { .. } => (Kind::Input, "give another --listen; port 0 takes any free port"),
        SandboxError::Open(_) => (Kind::Input, "demand one with --auth basic or --auth token, or give --open"),
        SandboxError::Tls(_) | SandboxError::Scene(_) => (Kind::Server, "please report this"),
        SandboxError::Login => (Kind::Input, "set TRUSTDECK_SANDBOX_AUTH=USER:PASSWORD"),
    };
    Problem { kind, ..input(error.to_string(), hint) }
}
