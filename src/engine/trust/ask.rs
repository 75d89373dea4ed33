//! Refreshing one repository: from what this machine holds to what the server says, and back into the cache.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp as Time};
use tokio_util::sync::CancellationToken;

use super::judge::judge;
use super::local::{FilesAtHand, Local};
use super::memory::raise;
use super::notice::Notice;
use super::part::Trust;
use super::pin;
use super::session::{Freshness, Lost, Session};
use super::source::ServerSource;
use super::tree::TagNames;
use crate::engine::error::EngineError;
use crate::engine::lanes::blocking;
use crate::engine::settings::FirstContact;
use crate::engine::wording::CLOCK_TOLERANCE;
use crate::keys::words::words;
use crate::remote::{Access, RemoteError};
use crate::tuf::verify::{Pinning, Purpose, Seen, SeenRoles};
use crate::tuf::{Gun, Remembered, Role, TrustedSet};

/// What came of asking.
struct Asked {
    set: Arc<TrustedSet>,
    unchanged: bool,
    /// Marks that the refresh began with.
    before: SeenRoles,
    tags: TagNames,
    notices: Vec<Notice>,
}

impl Trust {
    /// Loads what the cache holds into this process. Blocking.
    pub(in crate::engine) fn load_session(&self, gun: &Gun) -> Result<Option<Arc<Session>>, EngineError> {
        let mut local = self.load_local(gun)?;
        self.check_clock(gun, &mut local, None)?;
        let session = Session::from_cache(local, None);
        Ok(session.map(|session| self.repositories.set_session(gun, session)))
    }

    fn load_local(&self, gun: &Gun) -> Result<Local, EngineError> {
        let repositories = &self.repositories;
        let accepted = repositories.accepted(gun).is_some();
        Local::load(&repositories.cache, &repositories.memory, gun, self.context.now(), accepted)
    }

    /// Refuses a clock that is behind the last verification: what has expired might look good. Where the server's clock
    /// agrees with this machine's it was ahead then, which is told, and the next verification corrects the record.
    fn check_clock(&self, gun: &Gun, local: &mut Local, date: Option<Time>) -> Result<(), EngineError> {
        let now = self.context.now();
        let Some(last) = local.verified_at.filter(|last| *last > now + CLOCK_TOLERANCE) else { return Ok(()) };
        if date.is_some_and(|date| date.duration_since(now).abs() <= CLOCK_TOLERANCE) {
            local.notices.push(Notice::ClockWasAhead(last));
            return Ok(());
        }
        let there = date.map(|date| format!(", and the server's clock says {date:.0}")).unwrap_or_default();
        let what = format!("this machine's clock says {now:.0}, but {gun} was verified at {last:.0}{there}");
        Err(EngineError::Clock { gun: gun.clone(), what })
    }

    /// Asks the server, verifies, commits, and remembers the result in this process.
    pub(in crate::engine) async fn ask(
        &self,
        gun: &Gun,
        access: Access,
        stop: &CancellationToken,
    ) -> Result<Arc<Session>, EngineError> {
        let repositories = &self.repositories;
        let _turn = repositories.turn(gun).await;
        let server = self.servers.server(gun).await?;
        let mut source = ServerSource::new(&server, gun, access, stop);
        let held = repositories.session(gun).filter(|session| session.complete && session.set.is_some());
        let answer = match &held {
            Some(session) => self.ask_again(&mut source, session).await,
            None => self.ask_first(&mut source).await,
        };
        let skew = source.date.map(|date| date.duration_since(self.context.now()));
        if answer.is_err() && source.has_some {
            let name = gun.clone();
            blocking(self, move |trust| trust.note_lost(&name, None)).await?;
        }
        match answer {
            Ok(answer) => self.settle(gun, answer, held, skew).await,
            Err(EngineError::Absent { .. }) => {
                let (name, held) = (gun.clone(), held.and_then(|held| held.set.clone()));
                let absent = blocking(self, move |trust| trust.absent(&name, held)).await?;
                Ok(repositories.set_session(gun, absent))
            }
            Err(EngineError::OtherRoot(mut other)) => {
                other.since = repositories.memory.record(gun).ok().and_then(|record| record.met);
                Err(EngineError::OtherRoot(other))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes over what was read with an empty cache, if it is no step back for this machine.
    pub(in crate::engine) async fn adopt(&self, gun: &Gun, set: TrustedSet) -> Result<(), EngineError> {
        let repositories = &self.repositories;
        let turn = repositories.turn(gun).await;
        let held = repositories.session(gun);
        let name = gun.clone();
        let record = blocking(self, move |trust| trust.repositories.memory.record(&name)).await?;
        let mut before = held.as_ref().and_then(|held| held.set.as_ref()).map(|set| set.seen()).unwrap_or_default();
        raise(&mut before, &record.seen);
        let now = set.seen();
        let goes_on = |(role, mark): (&Role, &Seen)| match now.get(role) {
            Some(new) => new.version > mark.version || new == mark,
            None => set.role_keys(role).is_none(),
        };
        if !before.iter().all(goes_on) {
            drop(turn);
            return self.ask(gun, Access::Push, &CancellationToken::new()).await.map(drop);
        }
        let skew = held.as_ref().and_then(|held| held.skew);
        let (set, notices) = (Arc::new(set), Notice::of_leaps(&record.leaps).collect());
        let answer = Asked { set, unchanged: false, before, tags: record.names(), notices };
        self.settle(gun, answer, held, skew).await.map(drop)
    }

    /// In a running process: an unchanged timestamp is neither parsed nor verified again.
    async fn ask_again(&self, source: &mut ServerSource<'_>, session: &Session) -> Result<Asked, EngineError> {
        let timestamp = source.timestamp().await.map_err(|error| self.absent_if_gone(source.gun, error))?;
        let Some(set) = &session.set else { return Err(EngineError::Cancelled) };
        let known = set.timestamp().map(|loaded| loaded.envelope.bytes().as_ref());
        let tags = TagNames::default();
        if known == Some(timestamp.as_slice()) {
            let notices = Notice::of_leaps(&Notice::still_leaps(&session.notices, set)).collect();
            return Ok(Asked { set: Arc::clone(set), unchanged: true, before: SeenRoles::new(), tags, notices });
        }
        let gun = source.gun.clone();
        let record = blocking(self, move |trust| trust.repositories.memory.record(&gun)).await?;
        let mut seen = set.seen();
        raise(&mut seen, &record.seen);
        let mut shelf = FilesAtHand::of(set);
        let root = set.root().envelope.bytes();
        let before = seen.clone();
        let (tags, notices) = (record.names(), Notice::of_leaps(&record.leaps).collect());
        let mut remembered = Remembered { files: seen.clone(), keys: record.keys };
        remembered.keys.extend(set.listed_keys());
        let start = self.start(source.gun, root, &Pinning::default(), seen)?;
        let start = start.knowing(Arc::new(set.signatures())).remembering(&remembered);
        let set = source.climb(start, timestamp, &mut shelf).await?;
        Ok(Asked { set: Arc::new(set), unchanged: false, before, tags, notices })
    }

    /// In a new process: the cache is read while the server is asked.
    async fn ask_first(&self, source: &mut ServerSource<'_>) -> Result<Asked, EngineError> {
        let gun = source.gun.clone();
        let is_warm = self.repositories.cache.read(&gun, &Role::Timestamp)?.is_some();
        let load = blocking(self, move |trust| trust.load_local(&gun));
        if is_warm && self.repositories.accepted(source.gun).is_none() {
            let mut guessed = FilesAtHand::default();
            // What another program left was perhaps not even the newest when it did.
            let is_ours = self.repositories.memory.verified_at(source.gun).is_some();
            let timestamp =
                async { if is_ours { source.timestamp().await } else { source.timestamp_of_old(&mut guessed).await } };
            let (local, timestamp) = tokio::join!(load, timestamp);
            let mut local = self.with_found(source, local).await?;
            local.shelf.extend(guessed);
            self.check_clock(source.gun, &mut local, source.date)?;
            let timestamp = match timestamp {
                Ok(timestamp) => timestamp,
                Err(error) => {
                    let gun = source.gun;
                    // Kept, so that whoever falls back to the cache need not load it again.
                    let session = Session::from_cache(local, None);
                    session.map(|session| self.repositories.set_session(gun, session));
                    return Err(self.absent_if_gone(gun, error));
                }
            };
            if local.root.is_some() {
                return self.compare(source, local, timestamp).await;
            }
        }
        self.ask_cold(source).await
    }

    async fn ask_cold(&self, source: &mut ServerSource<'_>) -> Result<Asked, EngineError> {
        let gun = source.gun.clone();
        let mut guessed = FilesAtHand::default();
        let load = blocking(self, move |trust| trust.load_local(&gun));
        let (local, guess) = tokio::join!(load, source.guess(&mut guessed));
        let mut local = self.with_found(source, local).await?;
        self.check_clock(source.gun, &mut local, source.date)?;
        let guess = guess.map_err(|error| self.absent_if_gone(source.gun, error))?;
        let (mut notices, remembered) = (local.notices, Remembered { keys: local.keys, files: local.seen.clone() });
        let start = match &local.root {
            Some(root) => self.start(source.gun, root, &Pinning::default(), local.seen)?,
            None => self.meet(source.gun, &guess.root, local.seen, &mut notices)?,
        };
        let mut shelf = local.shelf;
        shelf.extend(guessed);
        let start = start.knowing(local.known).remembering(&remembered);
        let set = source.climb(start, guess.timestamp, &mut shelf).await?;
        Ok(Asked { set: Arc::new(set), unchanged: false, before: local.remembered, tags: local.tags, notices })
    }

    async fn compare(&self, source: &ServerSource<'_>, local: Local, timestamp: Vec<u8>) -> Result<Asked, EngineError> {
        let complete = local.is_complete();
        let Local { set, root, remembered: before, seen, known, mut shelf, tags, notices, keys, .. } = local;
        let last = set.as_ref().and_then(TrustedSet::timestamp).map(|loaded| loaded.envelope.bytes().as_ref());
        if complete
            && last == Some(timestamp.as_slice())
            && let Some(set) = set
        {
            return Ok(Asked { set: Arc::new(set), unchanged: true, before, tags, notices });
        }
        let remembered = Remembered { keys, files: seen.clone() };
        let start = self.start(source.gun, &root.unwrap_or_default(), &Pinning::default(), seen)?;
        let set = source.climb(start.knowing(known).remembering(&remembered), timestamp, &mut shelf).await?;
        Ok(Asked { set: Arc::new(set), unchanged: false, before, tags, notices })
    }

    fn start(&self, gun: &Gun, root: &[u8], pinning: &Pinning, seen: SeenRoles) -> Result<TrustedSet, EngineError> {
        let started = TrustedSet::start(gun, root, pinning, seen, Purpose::Renew, self.context.now());
        started.map_err(|source| EngineError::Verify { gun: gun.clone(), source })
    }

    /// First contact: the root must be good in itself and match the configuration; then somebody must accept it.
    fn meet(
        &self,
        gun: &Gun,
        root: &[u8],
        seen: SeenRoles,
        notices: &mut Vec<Notice>,
    ) -> Result<TrustedSet, EngineError> {
        let settings = self.context.settings();
        let set = self.start(gun, root, &settings.pinning, seen)?;
        let roots = pin::ids(&set.root().content);
        let refused = |roots| EngineError::FirstContact { gun: gun.clone(), roots, keys: pin::bare_root_keys(root) };
        if let Some(accepted) = self.repositories.accepted(gun) {
            if roots.iter().all(|id| accepted.contains(id)) {
                return Ok(set);
            }
            return Err(refused(roots));
        }
        if settings.pinning.names(gun) {
            return Ok(set);
        }
        match settings.first_contact {
            FirstContact::Ask => Err(refused(roots)),
            FirstContact::Trust => {
                let keys = pin::bare_root_keys(root);
                let words = keys.iter().map(words).collect();
                let alike = self.alike(gun).unwrap_or_default();
                notices.push(Notice::FirstContact { keys, listed: roots, words, alike, is_kept: true });
                Ok(set)
            }
        }
    }

    /// A lost pin is shown beside the root that the server has.
    async fn with_found(
        &self,
        source: &ServerSource<'_>,
        local: Result<Local, EngineError>,
    ) -> Result<Local, EngineError> {
        match local {
            Err(EngineError::PinLost { gun, what, known, found }) if found.is_empty() => {
                let found = source.root().await.map(|root| pin::root_keys(&root)).unwrap_or_default();
                Err(EngineError::PinLost { gun, what, known, found })
            }
            other => other,
        }
    }

    /// Commits what is good, and remembers the result in this process.
    async fn settle(
        &self,
        gun: &Gun,
        answer: Asked,
        held: Option<Arc<Session>>,
        skew: Option<SignedDuration>,
    ) -> Result<Arc<Session>, EngineError> {
        let now = self.context.now();
        let mut vanished = held.map(|held| held.vanished.clone()).unwrap_or_default();
        let Asked { set, unchanged, before, tags: known, mut notices } = answer;
        let mut leaps = Notice::still_leaps(&notices, &set);
        if !unchanged {
            leaps.extend(set.leaps(&before));
            notices.extend(Notice::of_replaced(&before, &set));
        }
        notices.retain(|notice| !matches!(notice, Notice::Leap(..)));
        notices.extend(Notice::of_leaps(&leaps));
        if judge(&set, now).is_ok() {
            let (gun, good) = (gun.clone(), Arc::clone(&set));
            let commit = move |trust: &Trust| {
                if unchanged {
                    return Ok((trust.commit(&gun, &good, None, now), Vec::new()));
                }
                let tags = TagNames::of(&good, now, &known);
                let gone = known.missing_in(&tags);
                Ok((trust.commit(&gun, &good, Some((&before, &tags, leaps)), now), gone))
            };
            let (kept, gone) = blocking(self, commit).await?;
            match kept {
                Err(error) if error.is_unkept() => self.say_unkept(set.gun(), &error, &mut notices).await,
                kept => kept?,
            }
            if !unchanged {
                vanished = gone;
            }
            self.repositories.acceptance_is_used(set.gun());
        } else {
            let (gun, met) = (gun.clone(), Arc::clone(&set));
            let keep = move |trust: &Trust| {
                let kept = trust.keep_first_root(&gun, &met, now);
                Ok(kept.and_then(|()| trust.repositories.memory.note_lost(&gun, None)))
            };
            match blocking(self, keep).await? {
                Err(error) if error.is_unkept() => self.say_unkept(set.gun(), &error, &mut notices).await,
                kept => kept?,
            }
            self.repositories.acceptance_is_used(set.gun());
        }
        let session = Session {
            set: Some(set),
            complete: true,
            verified_at: Some(now),
            freshness: Freshness::Fresh { at: now },
            vanished,
            notices,
            missing: Vec::new(),
            skew,
            lost: None,
        };
        Ok(self.repositories.set_session(gun, session))
    }

    /// Tells that not all could be kept, and in the notices too if the root is among it.
    async fn say_unkept(&self, gun: &Gun, error: &EngineError, notices: &mut [Notice]) {
        self.servers.say_unkept(error);
        let name = gun.clone();
        if !blocking(self, move |trust| trust.is_known(&name)).await.unwrap_or(false) {
            notices.iter_mut().for_each(Notice::is_not_kept);
        }
    }

    /// The server has no trust data: never had, as far as this machine knows, or has lost it. Blocking.
    fn absent(&self, gun: &Gun, held: Option<Arc<TrustedSet>>) -> Result<Session, EngineError> {
        let now = self.context.now();
        let verified_at = self.repositories.memory.verified_at(gun);
        let lost = match held {
            Some(set) => Some(Lost { copy: Some(set) }),
            None => {
                let mut local = self.load_local(gun)?;
                self.check_clock(gun, &mut local, None)?;
                let is_known = local.root.is_some() || verified_at.is_some();
                let complete = local.is_complete();
                is_known.then(|| Lost { copy: local.set.filter(|_| complete).map(Arc::new) })
            }
        };
        if lost.is_some() {
            let server = self.servers.server_address(gun).map(|(url, _)| url).ok();
            self.note_lost(gun, server)?;
        }
        Ok(Session {
            set: None,
            complete: true,
            verified_at,
            freshness: Freshness::Fresh { at: now },
            vanished: Vec::new(),
            notices: Vec::new(),
            missing: Vec::new(),
            skew: None,
            lost,
        })
    }

    /// Remembers which server has lost it, or that what it has is not nothing, be that good or not. Blocking.
    fn note_lost(&self, gun: &Gun, lost: Option<String>) -> Result<(), EngineError> {
        match self.repositories.memory.note_lost(gun, lost) {
            Err(error) if error.is_unkept() => {
                self.servers.say_unkept(&error);
                Ok(())
            }
            noted => noted,
        }
    }

    fn absent_if_gone(&self, gun: &Gun, error: EngineError) -> EngineError {
        match error {
            EngineError::Remote { source: RemoteError::NotFound { host, .. }, .. } => {
                EngineError::Absent { gun: gun.clone(), server: host }
            }
            other => other,
        }
    }
}
