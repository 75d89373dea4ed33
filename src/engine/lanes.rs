//! Blocking work side by side.

use std::sync::{Mutex, PoisonError};

use super::error::EngineError;

/// Does `act` for each item on up to `lanes` threads, of which this is one; the results come in no order.
pub(super) fn side_by_side<T: Send, R: Send>(lanes: usize, work: Vec<T>, act: impl Fn(T) -> R + Sync) -> Vec<R> {
    let lanes = lanes.min(work.len());
    let work = Mutex::new(work.into_iter());
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let lane = || {
        let mut done = Vec::new();
        while let Some(item) = next() {
            done.push(act(item));
        }
        done
    };
    std::thread::scope(|scope| {
        // Where no thread can be had, this one does it all.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, lane).ok();
        let others: Vec<_> = (1..lanes).filter_map(spawn).collect();
        let mut done = lane();
        for other in others {
            match other.join() {
                Ok(results) => done.extend(results),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}

/// Runs work of a part on the disk, or long computing, off the event loop.
pub(super) async fn blocking<P: Clone + Send + 'static, T: Send + 'static>(
    part: &P,
    work: impl FnOnce(&P) -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let part = part.clone();
    // It can only fail if the runtime is ending.
    tokio::task::spawn_blocking(move || work(&part)).await.map_err(|_| EngineError::Cancelled)?
}
