//! Blocking work side by side.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

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

/// Does work that may wait for a person or a token, on a thread of its own: the few threads that work on the disk must not
/// wait with it, nor it for them. `None` if it panicked.
pub async fn waiting<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, answer) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let job = Arc::new(Mutex::new(Some(work)));
    let take = |job: &Mutex<Option<_>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
    let own = Arc::clone(&job);
    let started = std::thread::Builder::new().name("waiting".to_owned()).spawn(move || {
        let _within = runtime.enter();
        if let Some(work) = take(&own) {
            // Whoever asked may have stopped waiting.
            let _ = sender.send(work());
        }
    });
    match started {
        Ok(_) => answer.await.ok(),
        // Where no thread can be had, one of the others does it.
        Err(_) => tokio::task::spawn_blocking(take(&job)?).await.ok(),
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use super::waiting;

    #[test]
    fn who_waits_for_a_person_holds_up_no_work_on_the_disk() {
        let one_thread = tokio::runtime::Builder::new_multi_thread().max_blocking_threads(1).build().unwrap();
        one_thread.block_on(async {
            let (answer, asked) = mpsc::channel();
            let person = tokio::spawn(waiting(move || asked.recv().unwrap()));
            let written = tokio::task::spawn_blocking(move || answer.send(7)).await.unwrap();
            assert!(written.is_ok());
            assert_eq!(person.await.unwrap(), Some(7));
        });
    }
}
