//! A second life of this program: starting another in a session of its own, which has no terminal.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// The argument that asks for it; program and arguments follow.
const FLAG: &str = "--in-a-session-of-its-own";

/// What a program is put behind so that it starts in a session of its own; nothing where this program is not found.
pub(super) fn launcher() -> Vec<std::ffi::OsString> {
    std::env::current_exe().map_or_else(|_| Vec::new(), |program| vec![program.into(), FLAG.into()])
}

/// Starts the program that the arguments name, if they ask for that. Comes back only if it does not start.
#[must_use]
pub fn start_in_own_session() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|argument| argument == FLAG)?;
    let program = arguments.next()?;
    // Fails for the leader of a process group, which a child that was just made is not.
    if rustix::process::setsid().is_err() {
        return Some(ExitCode::FAILURE);
    }
    let _never_started = Command::new(program).args(arguments).exec();
    Some(ExitCode::FAILURE)
}
