//! Questions whose answer must not be seen.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::console::input;
use crate::engine::{Kind, Passphrase, Problem};
use crate::printable::printable;

/// The terminal as it was before echo was turned off.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

fn before() -> MutexGuard<'static, Option<(File, Termios)>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turns echo on again, if it was turned off here.
pub(super) fn restore() {
    if let Some((terminal, modes)) = before().take() {
        // Nothing else can be done about a terminal that is gone.
        let _ = tcsetattr(&terminal, OptionalActions::Flush, &modes);
    }
}

/// Asks for a passphrase, without echo.
///
/// # Errors
/// `Cancelled` at the end of input; `Passphrase` if there is no terminal.
pub(super) fn ask_passphrase(question: &str) -> Result<Passphrase, Problem> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|e| no_terminal(&e))?;
    hide(&terminal).map_err(|e| no_terminal(&e.into()))?;
    let answer = read_line(&terminal, question);
    restore();
    // The line end that the user typed was not echoed.
    let _ = (&terminal).write_all(b"\n");
    answer.map_err(|e| no_terminal(&e))?.ok_or_else(cancelled)
}

/// Asks for a line that may be seen.
///
/// # Errors
/// As [`ask_passphrase`].
pub(super) fn ask_line(question: &str) -> Result<String, Problem> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|e| no_terminal(&e))?;
    let answer = read_line(&terminal, &printable(question)).map_err(|e| no_terminal(&e))?.ok_or_else(cancelled)?;
    Ok(String::from_utf8_lossy(answer.bytes()).trim().to_owned())
}

/// Turns echo off until [`restore`].
///
/// # Errors
/// If it is no terminal.
pub(super) fn hide(terminal: &File) -> rustix::io::Result<()> {
    let modes = tcgetattr(terminal)?;
    let mut hidden = modes.clone();
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHOE | LocalModes::ECHOK | LocalModes::ECHONL);
    hidden.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
    let kept = terminal.try_clone().map_err(|_| rustix::io::Errno::MFILE)?;
    *before() = Some((kept, modes));
    tcsetattr(terminal, OptionalActions::Flush, &hidden)
}

fn read_line(mut terminal: &File, question: &str) -> std::io::Result<Option<Passphrase>> {
    write!(terminal, "{question}: ")?;
    let mut line = Zeroizing::new([0_u8; 4 * Passphrase::CAPACITY]);
    let mut length = 0;
    while let Some(room) = line.get_mut(length..).filter(|room| !room.is_empty()) {
        let count = terminal.read(room)?;
        if count == 0 && length == 0 {
            return Ok(None);
        }
        length += count;
        if count == 0 || line.get(..length).is_some_and(|l| l.ends_with(b"\n")) {
            break;
        }
    }
    let typed = line.get(..length).unwrap_or_default();
    let text = std::str::from_utf8(typed).map_err(|_| std::io::Error::other("what was typed is not UTF-8"))?;
    Ok(Some(Passphrase::from_text(text.trim_end_matches(['\r', '\n']))))
}

fn no_terminal(error: &std::io::Error) -> Problem {
    let mut problem = input(
        format!("a passphrase cannot be asked for on this terminal: {error}"),
        "set the passphrase variables, or give --passphrase-fd",
    );
    problem.kind = Kind::Passphrase;
    problem
}

fn cancelled() -> Problem {
    let mut problem = input("stopped at the passphrase; nothing was sent", "what is staged stays so");
    problem.kind = Kind::Cancelled;
    problem
}
