//! How many requests may be in a server's hands at once.
//!
//! notary-server up to 0.7.0 with a SQL store keeps a map of the files it has met, without a lock, and writes it whenever
//! it meets one for the first time: two requests in the same microsecond end the process. A timestamp is read apart, but the
//! server then looks for the snapshot that it names, in the map. So requests go one at a time to a server nearby; to one far
//! away as many are under way as leave, on average, a sixth of a request in its hands (half of one where it answers as
//! quickly as without a database): that part of the round trip divided by the service time, fewer where that varies.
//! They start evenly spread, so that none arrives with another. An upload, for which the server reads and writes many
//! files, has a service time of its own: where that is long, or unknown, nothing starts before it is answered, and it
//! starts when a server with a database has answered the rest. This is for where there is no
//! [`ServerLine`](super::line::ServerLine).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{
    Notify, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit,
};

use super::pace::Pace;
use super::service::Service;

/// A shorter round trip is a server nearby.
const NEAR: Duration = Duration::from_millis(5);
/// Who waits so long at the start for the first connection needs not wait for its answer: the server is not nearby.
const PATIENCE: Duration = Duration::from_millis(25);
/// Who is not connected within this is not nearby.
const SOON: Duration = Duration::from_millis(8);
/// So many ask at once then, until the round trip is known, each on a connection of its own.
const AT_FIRST: usize = 4;
/// Never more than this.
const MOST: usize = 32;
/// A server that needs longer for a file on average has much else to do: then it may be interrupted amid its map, and one
/// request at a time is what it stands.
const BUSY: Duration = Duration::from_millis(4);
const UNKNOWN: u64 = u64::MAX;

/// Turns for requests, as many at once as the server takes.
pub(super) struct Turns {
    places: Semaphore,
    /// Shared by requests, held by uploads that take long until they are answered.
    alone: Arc<RwLock<()>>,
    /// Told when uploads turn out not to take long.
    together: Notify,
    open: AtomicUsize,
    /// Places that are to be closed once they are given back.
    owed: AtomicUsize,
    /// What the user has set.
    fixed: Option<usize>,
    /// Fastest connection and fastest answer: both hold a round trip, in microseconds.
    connect: AtomicU64,
    answer: AtomicU64,
    /// What answers took beyond the round trip: those with files, and those to uploads.
    reads: Service,
    writes: Service,
    /// Connections that were begun and made: handshakes take both sides' time, which is no service time.
    handshakes: AtomicUsize,
    /// Answers for which no more than one may be asked for, after the server went away.
    slow: AtomicU64,
    /// Whether the others are to go in line: until they can, one at a time.
    gathers: AtomicBool,
    /// Told when a connection was made.
    known: Notify,
    pace: Pace,
}

/// A request's turn.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    handshakes: usize,
    permit: Option<SemaphorePermit<'a>>,
    /// Of a request to a server with a database, which may take longer than usual.
    _shared: Option<RwLockReadGuard<'a, ()>>,
    /// Of an upload that takes long.
    _alone: Option<RwLockWriteGuard<'a, ()>>,
}

/// What a request does to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It reads a file.
    Reads,
    /// It makes the server read and write many.
    Writes,
}

/// Good answers after an outage until the server is believed to be well.
const RECOVERY: u64 = 200;

impl Turns {
    /// `fixed` is how many the user wants, whatever is measured.
    pub(super) fn new(fixed: Option<usize>) -> Self {
        let open = fixed.unwrap_or(1).max(1);
        Self {
            places: Semaphore::new(open),
            alone: Arc::default(),
            together: Notify::new(),
            open: AtomicUsize::new(open),
            owed: AtomicUsize::new(0),
            fixed,
            connect: AtomicU64::new(UNKNOWN),
            answer: AtomicU64::new(UNKNOWN),
            reads: Service::presumed(),
            writes: Service::unknown(),
            handshakes: AtomicUsize::new(0),
            slow: AtomicU64::new(0),
            gathers: AtomicBool::new(false),
            known: Notify::new(),
            pace: Pace::default(),
        }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, doing: Doing) -> Turn<'_> {
        // Before the place, which whoever holds this may wait for.
        let (shared, alone) = self.company(doing).await;
        // `None` never happens, since the places are never closed.
        let permit = self.places.acquire().await.ok();
        // Who is alone under way needs no distance to others.
        let gap = if alone.is_some() { Duration::ZERO } else { self.gap(doing) };
        self.pace.keep(gap).await;
        // What has started is no company where answers come quickly: it reaches the server earlier, by the distance that
        // starts keep.
        let shared = shared.filter(|_| !self.reads.is_quick());
        Turn {
            turns: self,
            handshakes: self.handshakes.load(Ordering::Relaxed),
            permit,
            _shared: shared,
            _alone: alone,
        }
    }

    /// Waits until somebody has waited long for the first connection; for ever once there is one.
    pub(super) async fn waited_long(&self) {
        tokio::time::sleep(PATIENCE).await;
        if self.fixed.is_some() || self.round_trip().is_some() {
            std::future::pending::<()>().await;
        }
    }

    /// Opens more places at the start, where nothing is known of the server yet.
    pub(super) fn spread(&self) {
        if self.round_trip().is_none() && !self.gathers.load(Ordering::Relaxed) {
            self.set(AT_FIRST);
        }
    }

    /// Whether a line is being opened or is open, so that nobody needs a connection of his own.
    pub(super) fn gather(&self, gathers: bool) {
        self.gathers.store(gathers, Ordering::Relaxed);
        self.adjust();
    }

    /// Whether the way to the server is short. Waits a few milliseconds until that is known.
    pub(super) async fn is_near(&self) -> bool {
        let known = self.known.notified();
        tokio::pin!(known);
        known.as_mut().enable();
        if self.round_trip().is_none() {
            // Late is an answer too: far.
            let _ = tokio::time::timeout(SOON, known).await;
        }
        self.round_trip().is_some_and(|round_trip| round_trip < NEAR)
    }

    /// Waits until nothing is under way, and holds everybody off.
    pub(super) async fn hold(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.alone).write_owned().await
    }

    /// Whether how many requests it gets is left to us.
    pub(super) fn is_free(&self) -> bool {
        self.fixed.is_none()
    }

    /// Waits until it may be under way with the others, or alone if it must.
    async fn company(&self, doing: Doing) -> (Option<RwLockReadGuard<'_, ()>>, Option<RwLockWriteGuard<'_, ()>>) {
        let is_alone = || self.fixed.is_none() && doing == Doing::Writes && self.fit(&self.writes) <= 1;
        loop {
            // Answers that come meanwhile may show that uploads do not take long: then nobody waits in line for that.
            let together = self.together.notified();
            tokio::pin!(together);
            together.as_mut().enable();
            if !is_alone() {
                return (Some(self.alone.read().await), None);
            }
            tokio::select! {
                held = self.alone.write() => return if is_alone() { (None, Some(held)) } else { (Some(held.downgrade()), None) },
                () = together => {}
            }
        }
    }

    /// From the start of a request to the next.
    fn gap(&self, doing: Doing) -> Duration {
        if self.fixed.is_some() || self.open.load(Ordering::Relaxed) == 1 {
            return Duration::ZERO;
        }
        Duration::from_micros(self.span(self.service(doing))).min(self.round_trip().unwrap_or_default())
    }

    /// For how long such a request is believed to be in the server's hands.
    fn span(&self, service: &Service) -> u64 {
        service.span(self.reads.is_quick())
    }

    fn service(&self, doing: Doing) -> &Service {
        match doing {
            Doing::Reads => &self.reads,
            Doing::Writes => &self.writes,
        }
    }

    /// How many requests of such a service time may be under way.
    fn fit(&self, service: &Service) -> usize {
        let round_trip = self.round_trip().map_or(0, micros);
        usize::try_from(round_trip / self.span(service).max(1)).unwrap_or(MOST)
    }

    /// A connection is being made.
    pub(super) fn connecting(&self) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
    }

    /// Learns how long a connection took, per round trip.
    pub(super) fn connected(&self, took: Duration) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
        self.connect.fetch_min(micros(took), Ordering::Relaxed);
        self.known.notify_waiters();
        self.adjust();
    }

    /// Learns how long the beginning of an answer took, of a request that had its connection already if it `is_apart`, and
    /// met the making of no other one if it `is_calm`: that makes late what a quick server answers, and is no reason to
    /// spare it. One with a database is spared for every reason.
    pub(super) fn answered(&self, doing: Doing, took: Duration, is_apart: bool, is_calm: bool) {
        self.answer.fetch_min(micros(took), Ordering::Relaxed);
        let counts = is_apart && (is_calm || !self.reads.is_quick());
        if counts && let Some(round_trip) = self.round_trip() {
            self.service(doing).learn(micros(took.saturating_sub(round_trip)));
            // Fails when nothing is left, which is the usual case.
            let _ = self.slow.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        }
        if doing == Doing::Writes && self.fit(&self.writes) > 1 {
            self.together.notify_waiters();
        }
        self.adjust();
    }

    /// The server went away: one at a time for a while.
    pub(super) fn slow_down(&self) {
        self.slow.store(RECOVERY, Ordering::Relaxed);
        self.adjust();
    }

    /// The shortest way there and back, once a connection was made.
    fn round_trip(&self) -> Option<Duration> {
        let connect = self.connect.load(Ordering::Relaxed);
        let shortest = connect.min(self.answer.load(Ordering::Relaxed));
        (connect != UNKNOWN).then(|| Duration::from_micros(shortest))
    }

    fn adjust(&self) {
        if self.fixed.is_some() {
            return;
        }
        let Some(round_trip) = self.round_trip() else { return };
        let is_busy = self.reads.mean() > micros(BUSY) || self.slow.load(Ordering::Relaxed) > 0;
        let is_careful = round_trip < NEAR || is_busy || self.gathers.load(Ordering::Relaxed);
        self.set(if is_careful { 1 } else { self.fit(&self.reads).clamp(1, MOST) });
    }

    fn set(&self, wanted: usize) {
        let before = self.open.swap(wanted, Ordering::Relaxed);
        if wanted >= before {
            let more = wanted - before;
            // Places that were to be closed stay open instead.
            let owed =
                self.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owed| Some(owed.saturating_sub(more)));
            self.places.add_permits(more.saturating_sub(owed.unwrap_or(0)));
        } else {
            let free = self.places.forget_permits(before - wanted);
            self.owed.fetch_add(before - wanted - free, Ordering::Relaxed);
        }
    }

    #[cfg(test)]
    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Turn<'_> {
    /// Whether no connection was begun or made meanwhile.
    pub(super) fn is_calm(&self) -> bool {
        self.turns.handshakes.load(Ordering::Relaxed) == self.handshakes
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let pays = self.turns.owed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owed| owed.checked_sub(1));
        if pays.is_ok()
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests;
