//! Signals that end a command, whatever it computes or waits for.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{Signal as Heard, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::terminal::restore;
use crate::engine::servers::end_helpers;

/// How long the program may take to end once a signal has come; foreign code may have something to do at its end.
const GRACE: Duration = Duration::from_millis(700);

/// Whether something runs that should come to its end: then the first signal only asks for that.
#[derive(Clone, Default)]
pub(super) struct Busy(Arc<AtomicUsize>);

/// Something that should come to its end, until this is dropped.
pub(super) struct Finishing(Busy);

impl Busy {
    /// From now on a first signal only cancels what it is to stop.
    pub(super) fn begin(&self) -> Finishing {
        self.0.fetch_add(1, Ordering::SeqCst);
        Finishing(self.clone())
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends the program at SIGINT, SIGTERM or SIGHUP with the terminal restored; while it is `busy`, the first signal only
/// cancels `stop`.
///
/// A thread of its own watches, since parsing and key derivation may keep every other one busy. Without that thread the
/// signals do what they do in every program.
pub(super) fn watch(stop: CancellationToken, busy: Busy) {
    let (ready, listening) = std::sync::mpsc::channel::<()>();
    let watching = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let mut heard = listen();
            drop(ready);
            while let Some(code) = next(&mut heard).await {
                if !busy.is_set() || stop.is_cancelled() {
                    end(code);
                }
                stop.cancel();
            }
        });
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(watching);
    // Until it listens, or has ended: nothing is ever sent.
    let _ = listening.recv();
}

/// Resolves at the first of these signals from this call on.
pub(super) fn ended() -> impl Future<Output = ()> {
    let mut heard = listen();
    async move {
        if next(&mut heard).await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// The signals, each with the exit code for it.
fn listen() -> Vec<(Heard, i32)> {
    let kinds = [(SignalKind::interrupt(), 130), (SignalKind::terminate(), 143), (SignalKind::hangup(), 129)];
    kinds.into_iter().filter_map(|(kind, code)| Some((signal(kind).ok()?, code))).collect()
}

/// The exit code for the next signal; `None` if none can be heard.
async fn next(heard: &mut [(Heard, i32)]) -> Option<i32> {
    if heard.is_empty() {
        return None;
    }
    poll_fn(|context| {
        let mut ready =
            heard.iter_mut().filter_map(|(signals, code)| signals.poll_recv(context).is_ready().then_some(*code));
        ready.next().map_or(Poll::Pending, |code| Poll::Ready(Some(code)))
    })
    .await
}

fn end(code: i32) -> ! {
    restore();
    let last_resort = || {
        std::thread::sleep(GRACE);
        // Fails for nobody: it is this process.
        let _ = kill_process(getpid(), Signal::KILL);
    };
    let _ = std::thread::Builder::new().spawn(last_resort);
    end_helpers();
    std::process::exit(code)
}
