//! Trust data of the repositories that are asked for: refreshed at most every minute, never used past its expiry.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp as Time;
use tokio::sync::{OwnedMutexGuard, Semaphore};

use super::Log;
use crate::engine::tags::Tags;
use crate::engine::trust::tree::RoleState;
use crate::engine::{Clock, EngineError, Freshness, RepositoryView};
use crate::printable::printable;
use crate::tuf::{Gun, Role};

/// How long trust data is used before the server is asked again.
const FRESH: Duration = Duration::from_secs(60);
/// How long somebody waits for the server while older data is at hand that has not expired.
const PATIENCE: Duration = Duration::from_secs(3);
/// Repositories that are remembered; asking for names that do not exist must not fill the memory.
const MOST: usize = 4096;
/// Repositories whose servers are asked at the same time.
const AT_ONCE: usize = 16;

/// What is known of one repository.
#[derive(Clone)]
struct Learned {
    outcome: Result<Arc<RepositoryView>, Arc<EngineError>>,
    asked: Time,
}

/// A repository's place.
#[derive(Default)]
struct Slot {
    learned: Mutex<Option<Learned>>,
    /// Held by whoever asks the server, and by nobody who only wants to know.
    asking: Arc<tokio::sync::Mutex<()>>,
}

type Turn = OwnedMutexGuard<()>;

impl Slot {
    fn learned(&self) -> Option<Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, learned: Learned) {
        *self.learned.lock().unwrap_or_else(PoisonError::into_inner) = Some(learned);
    }
}

/// All that is known.
#[derive(Clone)]
pub(super) struct Trust {
    tags: Tags,
    clock: Clock,
    log: Log,
    slots: Arc<Mutex<HashMap<Gun, Arc<Slot>>>>,
    turns: Arc<Semaphore>,
    /// Times that a server could not be asked.
    pub(super) stale: Arc<AtomicU64>,
}

impl Trust {
    pub(super) fn new(tags: Tags, clock: Clock, log: Log) -> Self {
        let (slots, turns) = (Arc::default(), Arc::new(Semaphore::new(AT_ONCE)));
        Self { tags, clock, log, slots, turns, stale: Arc::default() }
    }

    /// A repository as it may be relied on now. While the server is being asked, what is known already is the answer.
    ///
    /// # Errors
    /// As [`Tags::relied_on`]; also once the data at hand has expired.
    pub(super) async fn of(&self, gun: &Gun) -> Result<Arc<RepositoryView>, Arc<EngineError>> {
        let slot = self.slot(gun);
        let kept = slot.learned();
        if let Some(known) = kept.as_ref().filter(|known| self.is_fresh(known)) {
            return known.outcome.clone();
        }
        let old = kept.filter(|known| known.outcome.is_ok() && self.holds(known));
        let turn = Arc::clone(&slot.asking).try_lock_owned().ok();
        if let (Some(old), None) = (&old, &turn) {
            return old.outcome.clone();
        }
        // A task, so that the answer is kept also when nobody waits for it any more.
        let (this, of) = (self.clone(), gun.clone());
        let asking = tokio::spawn(async move { this.ask(&of, &slot, turn).await });
        match old {
            None => asking.await.unwrap_or_else(|_| Err(Arc::new(EngineError::Cancelled))),
            Some(old) => match tokio::time::timeout(PATIENCE, asking).await {
                Ok(Ok(outcome)) => outcome,
                _ => old.outcome,
            },
        }
    }

    fn slot(&self, gun: &Gun) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(gun) {
            slots.clear();
        }
        Arc::clone(slots.entry(gun.clone()).or_default())
    }

    /// Whether the server need not be asked again yet.
    fn is_fresh(&self, known: &Learned) -> bool {
        let age = (self.clock)().duration_since(known.asked);
        // A clock that was put back says nothing about age.
        !age.is_negative() && age.unsigned_abs() < FRESH && self.holds(known)
    }

    /// Whether what was found may be used at this moment.
    fn holds(&self, known: &Learned) -> bool {
        known.outcome.as_ref().map_or(true, |view| expiry(view).is_none_or(|expires| expires > (self.clock)()))
    }

    /// Asks, unless somebody else just has; first waits for its turn if it has none.
    async fn ask(&self, gun: &Gun, slot: &Slot, turn: Option<Turn>) -> Result<Arc<RepositoryView>, Arc<EngineError>> {
        let _alone = match turn {
            Some(turn) => turn,
            None => Arc::clone(&slot.asking).lock_owned().await,
        };
        if let Some(known) = slot.learned().filter(|known| self.is_fresh(known)) {
            return known.outcome;
        }
        // Nothing closes it.
        let _turn = self.turns.acquire().await;
        let outcome = self.tags.relied_on(gun).await.map(Arc::new).map_err(Arc::new);
        if let Ok(view) = &outcome {
            view.notices.iter().for_each(|notice| (self.log)(&printable(&format!("{gun}: {notice}"))));
            let uncounted = view.troubles().into_iter().filter(|trouble| trouble.released);
            uncounted.for_each(|trouble| (self.log)(&printable(&format!("{gun}: {}", trouble.problem.message))));
        }
        self.tell(gun, &outcome);
        slot.learn(Learned { outcome: outcome.clone(), asked: (self.clock)() });
        outcome
    }

    /// Says that old data is used, or none can be.
    fn tell(&self, gun: &Gun, outcome: &Result<Arc<RepositoryView>, Arc<EngineError>>) {
        let why = match outcome {
            Ok(view) => match &view.freshness {
                Freshness::Cached { reason: Some(reason), .. } => {
                    format!("trust data of {gun} is from the cache, until it expires: {}", reason.message)
                }
                _ => return,
            },
            Err(error) if matches!(**error, EngineError::Absent { .. }) => return,
            Err(error) => format!("no trust data of {gun}: {error}"),
        };
        self.stale.fetch_add(1, Ordering::Relaxed);
        (self.log)(&printable(&why));
    }
}

/// When the data that pulls depend on expires. What has expired already was looked at so.
fn expiry(view: &RepositoryView) -> Option<Time> {
    let counts = |role: &Role| role.delegation().is_none() || role.is_released();
    let good = view.roles.iter().filter(|role| role.state == RoleState::Good && counts(&role.role));
    good.filter_map(|role| role.expires).min()
}
