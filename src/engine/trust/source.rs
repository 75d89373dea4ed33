//! The network half of a refresh: guess, then check. Files are asked for early, and used only if the verified chain
//! names them.

use futures_util::{StreamExt, stream};
use jiff::Timestamp as Time;
use tokio_util::sync::CancellationToken;

use super::limits;
use super::local::FilesAtHand;
use crate::engine::error::EngineError;
use crate::engine::other_root::OtherRoot;
use crate::engine::servers::Servers;
use crate::remote::{Access, NotaryServer, RemoteError, WantedFile};
use crate::tuf::{Blob, Envelope, FileMeta, Gun, Metadata, Prepared, Role, Root, TrustedSet, VerifyError};

const ROOT_STEPS: usize = 256;
/// Files of one repository that are fetched at once.
const AT_ONCE: usize = 8;
/// Bigger files are verified on a blocking thread.
pub(in crate::engine) const BIG: usize = 128 << 10;

/// One server, asked for one repository.
pub(in crate::engine) struct ServerSource<'a> {
    pub(in crate::engine) server: &'a NotaryServer,
    pub(in crate::engine) gun: &'a Gun,
    pub(in crate::engine) access: Access,
    pub(in crate::engine) stop: &'a CancellationToken,
    /// The server's clock, as it said last.
    pub(in crate::engine) date: Option<Time>,
    /// Whether it has shown anything of the repository.
    pub(in crate::engine) has_some: bool,
}

/// What was asked for at once on first contact.
pub(in crate::engine) struct Guess {
    pub(in crate::engine) root: Vec<u8>,
    pub(in crate::engine) timestamp: Vec<u8>,
}

impl<'a> ServerSource<'a> {
    /// Nothing was asked yet.
    pub(in crate::engine) fn new(
        server: &'a NotaryServer,
        gun: &'a Gun,
        access: Access,
        stop: &'a CancellationToken,
    ) -> Self {
        Self { server, gun, access, stop, date: None, has_some: false }
    }
}

impl ServerSource<'_> {
    async fn fetch(&self, wanted: WantedFile, limit: u64) -> Result<(Vec<u8>, Option<Time>), EngineError> {
        let received = self.server.fetch(self.gun, &wanted, limit, self.access, self.stop).await;
        let received = received.map_err(Servers::remote(self.gun))?;
        Ok((received.bytes, received.date))
    }

    /// The current timestamp.
    pub(in crate::engine) async fn timestamp(&mut self) -> Result<Vec<u8>, EngineError> {
        let (bytes, date) = self.fetch(WantedFile::Current(Role::Timestamp), limits::TIMESTAMP).await?;
        (self.date, self.has_some) = (date, true);
        Ok(bytes)
    }

    /// The current timestamp, and with it the snapshot, if what is at hand is probably old: one round trip less.
    pub(in crate::engine) async fn timestamp_of_old(
        &mut self,
        shelf: &mut FilesAtHand,
    ) -> Result<Vec<u8>, EngineError> {
        let timestamp = self.fetch(WantedFile::Current(Role::Timestamp), limits::TIMESTAMP);
        let (timestamp, snapshot) = tokio::join!(timestamp, self.snapshot());
        let (bytes, date) = timestamp?;
        (self.date, self.has_some) = (date, true);
        snapshot.into_iter().for_each(|(bytes, _)| shelf.put(Role::Snapshot, bytes.into()));
        Ok(bytes)
    }

    /// The current root.
    pub(in crate::engine) async fn root(&self) -> Result<Vec<u8>, EngineError> {
        Ok(self.fetch(WantedFile::Current(Role::Root), limits::ROOT).await?.0)
    }

    /// A root of the past.
    pub(in crate::engine) async fn root_version(&self, version: u64) -> Result<Vec<u8>, EngineError> {
        Ok(self.fetch(WantedFile::Version { role: Role::Root, version }, limits::ROOT).await?.0)
    }

    /// The current snapshot, guessed where the server is far away. By its hash, once the timestamp names it, it costs the
    /// server five times less.
    async fn snapshot(&self) -> Option<(Vec<u8>, Option<Time>)> {
        match self.server.is_near().await {
            true => None,
            false => self.fetch(WantedFile::Current(Role::Snapshot), limits::FILE).await.ok(),
        }
    }

    /// Asks for the usual files at once. Only root and timestamp must be there; the rest goes on the shelf.
    pub(in crate::engine) async fn guess(&mut self, shelf: &mut FilesAtHand) -> Result<Guess, EngineError> {
        let current = |role: Role, limit| self.fetch(WantedFile::Current(role), limit);
        // Not `targets/releases`: many repositories have none, which the server takes for a fault of its own.
        let (root, timestamp, snapshot, targets) = tokio::join!(
            self.root(),
            current(Role::Timestamp, limits::TIMESTAMP),
            self.snapshot(),
            current(Role::Targets, limits::FILE),
        );
        let root = root?;
        let (timestamp, date) = timestamp?;
        (self.date, self.has_some) = (date, true);
        // A guess that failed is asked for again by hash, and its error counts then.
        for (role, file) in [(Role::Targets, targets.ok()), (Role::Snapshot, snapshot)] {
            if let Some((bytes, _)) = file {
                shelf.put(role, bytes.into());
            }
        }
        Ok(Guess { root, timestamp })
    }

    /// Asks at once for root, timestamp and snapshot, and for the files that the snapshot probably names. Only root and
    /// timestamp must be there; the rest goes on the shelf.
    pub(in crate::engine) async fn guess_by_hash(
        &mut self,
        likely: Vec<(Role, String)>,
        shelf: &mut FilesAtHand,
    ) -> Result<Guess, EngineError> {
        let files = likely.into_iter().map(|(role, sha256)| async {
            let wanted = WantedFile::ByHash { role: role.clone(), sha256 };
            (role, self.fetch(wanted, limits::FILE).await)
        });
        let (root, timestamp, snapshot, files) = tokio::join!(
            self.root(),
            self.fetch(WantedFile::Current(Role::Timestamp), limits::TIMESTAMP),
            self.snapshot(),
            stream::iter(files).buffered(AT_ONCE).collect::<Vec<_>>(),
        );
        let root = root?;
        let (timestamp, date) = timestamp?;
        (self.date, self.has_some) = (date, true);
        let files = files.into_iter().map(|(role, file)| (role, file.ok()));
        for (role, file) in files.chain([(Role::Snapshot, snapshot)]) {
            if let Some((bytes, _)) = file {
                shelf.put(role, bytes.into());
            }
        }
        Ok(Guess { root, timestamp })
    }

    /// Verifies everything below the root of `set`. If that fails, newer roots may explain it: keys were rotated.
    pub(in crate::engine) async fn climb(
        &self,
        mut set: TrustedSet,
        timestamp: Vec<u8>,
        shelf: &mut FilesAtHand,
    ) -> Result<TrustedSet, EngineError> {
        let timestamp = Blob::from(timestamp);
        let has_expired = set.root().content.expires <= set.now() || set.root_certified(set.now()).is_err();
        if has_expired {
            self.walk_roots(&mut set).await?;
        }
        let first = self.base(set.clone(), timestamp.clone(), shelf).await;
        let reached = match first {
            Err(error @ EngineError::Verify { .. }) => {
                let walked = match self.walk_roots(&mut set).await {
                    Err(error @ EngineError::Verify { .. }) => return Err(self.explained(&set, error).await),
                    other => other?,
                };
                if !walked {
                    return Err(self.explained(&set, error).await);
                }
                match self.base(set.clone(), timestamp, shelf).await {
                    Err(error @ EngineError::Verify { .. }) => return Err(self.explained(&set, error).await),
                    other => other?,
                }
            }
            other => other?,
        };
        let mut reached = self.delegations(reached, shelf).await?;
        shelf.recall(&mut reached);
        Ok(reached)
    }

    /// Whether an error has its cause in the root: the server has another one than this machine trusts.
    async fn explained(&self, set: &TrustedSet, error: EngineError) -> EngineError {
        let Ok(bytes) = self.root().await else { return error };
        let trusted = set.root();
        if bytes == trusted.envelope.bytes().as_ref() {
            return error;
        }
        let read = |bytes: Vec<u8>| {
            let envelope = Envelope::parse(&Role::Root, bytes).ok()?;
            Root::read(&Role::Root, &envelope).ok()
        };
        let Some(found) = read(bytes) else { return error };
        let (version, next) = (trusted.content.version, trusted.content.version.saturating_add(1));
        let is_gap =
            found.version > version && !matches!(&error, EngineError::Verify { source, .. } if is_of_root(source));
        if is_gap && self.root_version(next).await.is_err() {
            return self.wrong()(VerifyError::RootGap { trusted: version, missing: next, current: found.version });
        }
        OtherRoot::new(self.gun.clone(), &trusted.content, &found).into()
    }

    /// Takes newer roots, one by one. Returns whether there was any.
    pub(in crate::engine) async fn walk_roots(&self, set: &mut TrustedSet) -> Result<bool, EngineError> {
        let start = set.root().content.version;
        for step in 0..=ROOT_STEPS {
            let version = set.root().content.version + 1;
            match self.fetch(WantedFile::Version { role: Role::Root, version }, limits::ROOT).await {
                Ok(_) if step == ROOT_STEPS => break,
                Ok((bytes, _)) => set.update_root(&bytes).map_err(self.wrong())?,
                Err(EngineError::Remote { source: RemoteError::NotFound { .. }, .. }) => {
                    set.finish_root().map_err(self.wrong())?;
                    return Ok(set.root().content.version > start);
                }
                Err(error) => return Err(error),
            }
        }
        let what = format!("more than {ROOT_STEPS} new versions at once");
        Err(self.wrong()(VerifyError::Limit { role: Role::Root, what }))
    }

    async fn base(
        &self,
        mut set: TrustedSet,
        timestamp: Blob,
        shelf: &mut FilesAtHand,
    ) -> Result<TrustedSet, EngineError> {
        set.update_timestamp(timestamp).map_err(self.wrong())?;
        let snapshot = self.obtain(&set, Role::Snapshot, shelf).await?;
        set = self.check(set, snapshot, |set, bytes| set.update_snapshot(bytes)).await?;
        self.prefetch(&set, shelf).await;
        let targets = self.obtain(&set, Role::Targets, shelf).await?;
        self.check(set, targets, |set, bytes| set.update_targets(bytes)).await
    }

    /// Once the snapshot is verified it names all files: those that we will surely need are fetched side by side.
    async fn prefetch(&self, set: &TrustedSet, shelf: &mut FilesAtHand) {
        let Some(snapshot) = set.snapshot() else { return };
        let lacks = |(role, meta): &(&Role, &FileMeta)| {
            let is_needed = role.holds_targets() && (role.is_released() || shelf.knows(role));
            is_needed && shelf.find(role, meta).is_none()
        };
        let lacking: Vec<(Role, FileMeta)> =
            snapshot.content.meta.iter().filter(lacks).map(|(role, meta)| (role.clone(), meta.clone())).collect();
        if lacking.len() < 2 {
            return;
        }
        for (role, file) in self.by_hash(lacking).await {
            // A file that did not come is asked for again in its turn, and its error counts then.
            if let Ok(bytes) = file {
                shelf.put(role, bytes);
            }
        }
    }

    async fn delegations(&self, mut set: TrustedSet, shelf: &mut FilesAtHand) -> Result<TrustedSet, EngineError> {
        loop {
            let pending = set.pending();
            if pending.is_empty() {
                return Ok(set);
            }
            let shelf = &*shelf;
            let files = pending.into_iter().map(|(name, meta)| async move {
                let file = self.prepare(Role::from(name.clone()), meta, shelf).await;
                (name, file)
            });
            let files: Vec<_> = stream::iter(files).buffered(AT_ONCE).collect().await;
            for (name, file) in files {
                let (file, bytes) = file?;
                set = self.check(set, bytes, move |set, _| set.take_delegation(&name, file)).await?;
            }
        }
    }

    /// A delegation's file from the shelf or the server, read already: while some are read, others arrive.
    async fn prepare(&self, role: Role, meta: FileMeta, shelf: &FilesAtHand) -> Result<(Prepared, Blob), EngineError> {
        let bytes = match shelf.find(&role, &meta) {
            Some(bytes) => bytes,
            None => self.one_by_hash(role.clone(), meta.clone()).await?,
        };
        let prepared = bytes.clone();
        if bytes.len() < BIG {
            return Ok((Prepared::read(&role, prepared, &meta), bytes));
        }
        let reading = tokio::task::spawn_blocking(move || Prepared::read(&role, prepared, &meta));
        // It can only fail if the runtime is ending.
        Ok((reading.await.map_err(|_| EngineError::Cancelled)?, bytes))
    }

    async fn obtain(&self, set: &TrustedSet, role: Role, shelf: &FilesAtHand) -> Result<Blob, EngineError> {
        let parent = if role == Role::Snapshot { Role::Timestamp } else { Role::Snapshot };
        let missing = || self.wrong()(VerifyError::Missing { role: role.clone(), parent: parent.clone() });
        let meta = set.expected(&role).ok_or_else(missing)?;
        match shelf.find(&role, meta) {
            Some(bytes) => Ok(bytes),
            None => self.one_by_hash(role.clone(), meta.clone()).await,
        }
    }

    async fn by_hash(&self, wanted: Vec<(Role, FileMeta)>) -> Vec<(Role, Result<Blob, EngineError>)> {
        let fetches = wanted.into_iter().map(|(role, meta)| async move {
            let file = self.one_by_hash(role.clone(), meta).await;
            (role, file)
        });
        stream::iter(fetches).buffered(AT_ONCE).collect().await
    }

    /// Fetches a file that the verified chain names. One that is not there is the server's fault, not an absent
    /// repository.
    async fn one_by_hash(&self, role: Role, meta: FileMeta) -> Result<Blob, EngineError> {
        let parent = if role == Role::Snapshot { Role::Timestamp } else { Role::Snapshot };
        let Some(sha256) = meta.sha256() else {
            let what = "no SHA-256 is given".to_owned();
            return Err(self.wrong()(VerifyError::Mix { role, parent, what }));
        };
        let limit = meta.length.min(limits::FILE);
        match self.fetch(WantedFile::ByHash { role: role.clone(), sha256 }, limit).await {
            Ok((bytes, _)) => Ok(bytes.into()),
            Err(EngineError::Remote { gun, source: RemoteError::NotFound { host, .. } }) => {
                let detail = format!("it does not have {role}, which its {parent} names");
                Err(EngineError::Remote { gun, source: RemoteError::Server { host, status: 404, detail } })
            }
            Err(error) => Err(error),
        }
    }

    async fn check(
        &self,
        mut set: TrustedSet,
        bytes: Blob,
        step: impl FnOnce(&mut TrustedSet, Blob) -> Result<(), VerifyError> + Send + 'static,
    ) -> Result<TrustedSet, EngineError> {
        if bytes.len() < BIG {
            step(&mut set, bytes).map_err(self.wrong())?;
            return Ok(set);
        }
        let work = move || step(&mut set, bytes).map(|()| set);
        let done = tokio::task::spawn_blocking(work).await;
        // It can only fail if the runtime is ending.
        done.map_err(|_| EngineError::Cancelled)?.map_err(self.wrong())
    }

    /// Wraps a verification error for this repository.
    pub(in crate::engine) fn wrong(&self) -> impl Fn(VerifyError) -> EngineError + '_ {
        |source| EngineError::Verify { gun: self.gun.clone(), source }
    }
}

/// Faults of a root's own, which have been looked at already.
fn is_of_root(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::RootStep { .. }
            | VerifyError::RootCertificate { .. }
            | VerifyError::RootNotYet { .. }
            | VerifyError::PinEntry { .. }
            | VerifyError::Pin { .. }
    )
}
