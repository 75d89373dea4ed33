//! Whether an upload is really on the server: after each publish, after a lost answer, and after a crash.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::attempt::unread;
use super::outcome::{PublishOutcome, Published};
use super::part::Publisher;
use super::sign::SignedFile;
use crate::engine::draft::change::{EntryId, StagedChange};
use crate::engine::draft::pulled::{Pulled, pulled};
use crate::engine::draft::{Draft, Ground};
use crate::engine::error::{EngineError, Kind, Problem};
use crate::engine::lanes::blocking;
use crate::engine::servers::Servers;
use crate::engine::stage::journal::{Sent, SentFile};
use crate::engine::trust::limits;
use crate::remote::{Access, NotaryServer, RemoteError, WantedFile};
use crate::tuf::{Gun, Role, TrustedSet};

/// What a publish should come to.
pub(in crate::engine) struct ExpectedEnd<'a> {
    /// The files that it began with.
    pub(in crate::engine) before: Option<&'a TrustedSet>,
    /// The tags that Docker pulls afterwards.
    pub(in crate::engine) tags: &'a Pulled,
}

impl SentFile {
    pub(in crate::engine) fn of(file: &SignedFile) -> Self {
        let sha256 = hex::encode(Sha256::digest(&file.bytes));
        Self { role: file.role.clone(), version: file.version, sha256 }
    }
}

impl Publisher {
    /// Whether what was sent is on the server. Asks for the very bytes, so that later publishes of others do not matter.
    pub(in crate::engine) async fn has_landed(sent: &Sent, server: &NotaryServer) -> Result<bool, RemoteError> {
        let stop = CancellationToken::new();
        let wanted = match sent.files.first() {
            // One upload is stored whole or not at all.
            Some(file) => WantedFile::ByHash { role: file.role.clone(), sha256: file.sha256.clone() },
            None => WantedFile::Current(Role::Root),
        };
        let found = match server.fetch(&sent.gun, &wanted, limits::FILE, Access::Push, &stop).await {
            Ok(received) => Some(hex::encode(Sha256::digest(&received.bytes))),
            Err(RemoteError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(match sent.files.first() {
            Some(file) => found.is_some_and(|sha256| sha256 == file.sha256),
            None => found.is_none(),
        })
    }

    /// Reads the repository as a client with an empty cache, compares with what was sent, and takes that off the stage.
    pub(in crate::engine) async fn check(
        &self,
        sent: &Sent,
        server: &NotaryServer,
        planned: Option<&ExpectedEnd<'_>>,
    ) -> Result<Published, EngineError> {
        let gun = &sent.gun;
        if let Some(root) = &sent.created_root {
            self.trust.pin_created(gun, root.as_bytes())?;
        }
        let not_stored = |what: String| EngineError::NotStored { gun: gun.clone(), what };
        let set = self.trust.read_as_fresh_client(gun, likely(sent, planned)).await?;
        let set = set.ok_or_else(|| not_stored("no trust data".to_owned()))?;
        let mut overtaken = false;
        for file in &sent.files {
            match bytes_of(&set, &file.role) {
                Some((_, sha256)) if sha256 == file.sha256 => {}
                Some((version, _)) if version > file.version => overtaken = true,
                Some((version, _)) => return Err(not_stored(format!("{} version {version} instead", file.role))),
                None => return Err(not_stored(format!("no {}", file.role))),
            }
        }
        let before = planned.and_then(|planned| planned.before);
        overtaken |= before.is_some_and(|before| others_changed(before, &set, sent));
        let mut notes = Vec::new();
        if overtaken {
            if !Self::has_landed(sent, server).await.map_err(Servers::remote(gun))? {
                return Err(not_stored("the files of somebody else".to_owned()));
            }
            notes.push("somebody else has published since".to_owned());
        }
        let none = Default::default();
        let found =
            pulled(&Draft::new(Ground { set: Some(&set), copy: None, at_hand: &none, now: self.context.now() }));
        if let Some(difference) = planned.filter(|_| !overtaken).and_then(|p| difference(p.tags, &found)) {
            return Err(not_stored(difference));
        }
        let trusted = found.len();
        // What is shown next is what was just read; if that fails now, it is tried again when somebody looks. Both write
        // and sync files, side by side.
        let (_, finished) = tokio::join!(self.trust.adopt(gun, set), self.finish(gun, sent.entries.clone()));
        finished?;
        Ok(Published {
            outcome: PublishOutcome::Done,
            versions: sent.files.iter().map(|file| (file.role.clone(), file.version)).collect(),
            trusted,
            checked: "read back as a client with an empty cache".to_owned(),
            notes,
            ..Published::skipped(gun)
        })
    }

    /// Takes published changes off the stage, and the record of their upload.
    pub(in crate::engine) async fn forget_published(
        &self,
        gun: &Gun,
        entries: &[StagedChange],
    ) -> Result<(), EngineError> {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
        self.finish(gun, ids).await
    }

    /// Drops the record of an upload that did not land.
    pub(in crate::engine) async fn forget_sent(&self, gun: &Gun) -> Result<(), EngineError> {
        self.finish(gun, Vec::new()).await
    }

    async fn finish(&self, gun: &Gun, published: Vec<EntryId>) -> Result<(), EngineError> {
        let gun = gun.clone();
        blocking(self, move |publisher| publisher.stage.kept.journal.finish(&gun, &published)).await
    }

    /// Finds out how publishes ended that were interrupted (lost reply, SIGKILL): what landed leaves the stage.
    /// Returns one result for each.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn resolve_interrupted(&self) -> Result<Vec<Published>, EngineError> {
        // What was found would be written down.
        self.context.check_writable()?;
        let records = blocking(self, move |publisher| Ok(publisher.stage.kept.journal.read()?.sent.clone())).await?;
        let mut results = Vec::new();
        for sent in records {
            // Whoever holds the lock is publishing right now, and will find out by itself.
            let Ok(_alone) = self.stage.kept.journal.publishing(&sent.gun) else { continue };
            let is_ours = self.servers.server_address(&sent.gun).is_ok_and(|(server, _)| server == sent.server);
            if !is_ours {
                continue;
            }
            results.push(self.resolve(&sent).await.unwrap_or_else(|error| Published {
                outcome: PublishOutcome::Failed(error.problem()),
                ..Published::skipped(&sent.gun)
            }));
        }
        Ok(results)
    }

    async fn resolve(&self, sent: &Sent) -> Result<Published, EngineError> {
        let gun = &sent.gun;
        let server = self.servers.server(gun).await?;
        if !Self::has_landed(sent, &server).await.map_err(|why| unread(gun, &why))? {
            self.forget_sent(gun).await?;
            let problem = Problem {
                kind: Kind::Cancelled,
                message: "the last publish was interrupted before it reached the server".to_owned(),
                hint: "everything is still staged; publish again".to_owned(),
                repository: Some(gun.clone()),
                role: None,
                admission: None,
            };
            return Ok(Published { outcome: PublishOutcome::Failed(problem), ..Published::skipped(gun) });
        }
        let published = match sent.files.is_empty() {
            true => {
                self.trust.delete_local(gun).await?;
                let checked = "the server has no trust data any more".to_owned();
                Published { outcome: PublishOutcome::Done, checked, ..Published::skipped(gun) }
            }
            false => return self.check(sent, &server, None).await,
        };
        self.finish(gun, sent.entries.clone()).await?;
        Ok(published)
    }
}

/// The files that hold tags as they should be now: those that were sent, and those that nobody changed.
fn likely(sent: &Sent, planned: Option<&ExpectedEnd<'_>>) -> Vec<(Role, String)> {
    let before = planned.and_then(|planned| planned.before);
    let targets = before.and_then(TrustedSet::targets).map(|file| (Role::Targets, file));
    let delegations = before.into_iter().flat_map(|set| set.delegations());
    let all = targets.into_iter().chain(delegations.map(|(name, file)| (Role::from(name.clone()), file)));
    let mut files: BTreeMap<Role, String> = all.map(|(role, file)| (role, file.envelope.sha256().to_owned())).collect();
    files.extend(sent.files.iter().map(|file| (file.role.clone(), file.sha256.clone())));
    files.into_iter().filter(|(role, _)| role.holds_targets()).collect()
}

/// Whether a file that holds tags and was not sent is another one than before: somebody else has published it.
fn others_changed(before: &TrustedSet, now: &TrustedSet, sent: &Sent) -> bool {
    let delegations = now.delegations().keys().map(|name| Role::from(name.clone()));
    // A role that was not listed before is ours: its file has waited there since it was listed last.
    let is_others = |role: &Role| before.role_keys(role).is_some() && !sent.files.iter().any(|file| file.role == *role);
    let mut others = delegations.chain([Role::Targets]).filter(is_others);
    others.any(|role| bytes_of(before, &role) != bytes_of(now, &role))
}

/// Version and SHA-256 of a role's file.
fn bytes_of(set: &TrustedSet, role: &Role) -> Option<(u64, String)> {
    let (version, envelope) = match role {
        Role::Root => (set.root().content.version, &set.root().envelope),
        Role::Targets => set.targets().map(|f| (f.content.version, &f.envelope))?,
        Role::Snapshot => set.snapshot().map(|f| (f.content.version, &f.envelope))?,
        Role::Timestamp => set.timestamp().map(|f| (f.content.version, &f.envelope))?,
        Role::Delegation(name) => set.delegations().get(name).map(|f| (f.content.version, &f.envelope))?,
    };
    Some((version, envelope.sha256().to_owned()))
}

/// The first tag that is not as planned.
fn difference(expected: &Pulled, found: &Pulled) -> Option<String> {
    let missing = expected.iter().find(|(tag, target)| found.get(*tag) != Some(target));
    let surplus = found.keys().find(|tag| !expected.contains_key(*tag));
    match (missing, surplus) {
        (Some((tag, _)), _) => Some(format!("tag {tag} otherwise than planned")),
        (None, Some(tag)) => Some(format!("tag {tag}, which should be gone")),
        (None, None) => None,
    }
}
