//! Lines from standard input, read when they are asked for, secrets without echo.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Longest line, in bytes.
const LONGEST: usize = 4096;

type Line = io::Result<Option<Zeroizing<String>>>;

/// The terminal as it was before a secret was asked for.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Shows again what is typed, if it was hidden here.
fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Nothing else can be done about a terminal that is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &before);
    }
}

/// Whether what is typed is seen.
#[derive(Clone, Copy)]
enum Echo {
    Shown,
    Hidden,
}

/// Reads lines in a thread of its own, which waits where nobody else must.
pub(super) struct Reader {
    wants: std::sync::mpsc::Sender<Echo>,
    lines: mpsc::Receiver<Line>,
    stop: CancellationToken,
}

impl Reader {
    /// Nothing is waited for once `stop` is cancelled.
    pub(super) fn start(stop: CancellationToken) -> Self {
        let (wants, wanted) = std::sync::mpsc::channel();
        let (sender, lines) = mpsc::channel(1);
        std::thread::spawn(move || {
            while let Ok(echo) = wanted.recv() {
                if sender.blocking_send(read(echo)).is_err() {
                    return;
                }
            }
        });
        Self { wants, lines, stop }
    }

    /// A line; `None` at the end of the input.
    pub(super) async fn line(&mut self) -> Line {
        self.next(Echo::Shown).await
    }

    /// The same without echo.
    pub(super) async fn secret(&mut self) -> Line {
        self.next(Echo::Hidden).await
    }

    async fn next(&mut self, echo: Echo) -> Line {
        let ended = || io::Error::new(io::ErrorKind::BrokenPipe, "standard input is gone");
        self.wants.send(echo).map_err(|_| ended())?;
        let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        tokio::select! {
            line = self.lines.recv() => line.unwrap_or_else(|| Err(ended())),
            // Whoever does not want to answer leaves.
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| None),
            _ = terminate.recv() => Ok(None),
            _ = hang_up.recv() => Ok(None),
            () = self.stop.cancelled() => Ok(None),
        }
    }
}

impl Drop for Reader {
    /// The thread may still wait for a secret.
    fn drop(&mut self) {
        restore();
    }
}

fn read(echo: Echo) -> Line {
    let stdin = io::stdin();
    if matches!(echo, Echo::Hidden) && stdin.is_terminal() {
        let before = tcgetattr(&stdin)?;
        let mut hidden = before.clone();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    }
    let line = read_line();
    restore();
    line
}

/// Byte by byte, so that nothing of a secret stays in a buffer of somebody else's.
fn read_line() -> Line {
    let stdin = io::stdin();
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0_u8]);
    loop {
        match rustix::io::read(&stdin, &mut byte[..]) {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() < LONGEST => line.push(byte[0]),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = std::str::from_utf8(&line).map_err(io::Error::other)?;
    Ok(Some(Zeroizing::new(text.trim_end_matches('\r').to_owned())))
}
