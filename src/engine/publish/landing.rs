//! Whether an upload is really on the server: after each publish, after a lost answer, and after a crash.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::landed::{Landing, unnoted, unread};
use super::outcome::{PublishOutcome, Published};
use super::part::Publisher;
use super::sign::SignedFile;
use crate::engine::draft::change::{EntryId, StagedChange, role_word};
use crate::engine::draft::pulled::{Pulled, pulled};
use crate::engine::draft::{Draft, Ground};
use crate::engine::error::{EngineError, Kind, Problem};
use crate::engine::lanes::blocking;
use crate::engine::servers::Servers;
use crate::engine::stage::journal::{Sent, SentFile};
use crate::engine::trust::limits;
use crate::remote::{Access, NotaryServer, RemoteError, WantedFile};
use crate::tuf::verify::Standing;
use crate::tuf::{Gun, Role, TrustedSet, VerifyError};

/// Files of one upload that are looked for at once.
const AT_ONCE: usize = 8;

/// What a publish should come to.
pub(in crate::engine) struct ExpectedEnd<'a> {
    /// The files that it began with.
    pub(in crate::engine) before: Option<&'a TrustedSet>,
    /// The tags that Docker pulls afterwards.
    pub(in crate::engine) tags: &'a Pulled,
    /// Whether its dangers were accepted.
    pub(in crate::engine) accepted: bool,
}

impl SentFile {
    pub(in crate::engine) fn of(file: &SignedFile) -> Self {
        let sha256 = hex::encode(Sha256::digest(&file.bytes));
        Self { role: file.role.clone(), version: file.version, sha256 }
    }
}

impl Sent {
    pub(super) fn versions(&self) -> Vec<(Role, u64)> {
        self.files.iter().map(|file| (file.role.clone(), file.version)).collect()
    }
}

impl Publisher {
    /// How much of what was sent is on the server. Asks for the very bytes, so that later publishes of others do not
    /// matter, and without a login where one stands in the way: what anybody may read tells as much.
    pub(in crate::engine) async fn landed(sent: &Sent, server: &NotaryServer) -> Result<Landing, RemoteError> {
        if sent.files.is_empty() {
            let root = fetch(sent, server, &WantedFile::Current(Role::Root)).await?;
            return Ok(if root.is_none() { Landing::Whole } else { Landing::Nothing });
        }
        let looks = sent.files.clone().into_iter().map(|SentFile { role, sha256, .. }| async move {
            let wanted = WantedFile::ByHash { role: role.clone(), sha256: sha256.clone() };
            let found = fetch(sent, server, &wanted).await?;
            let is_stored = found.is_some_and(|bytes| hex::encode(Sha256::digest(&bytes)) == sha256);
            Ok::<_, RemoteError>((role, is_stored))
        });
        let found: Vec<(Role, bool)> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let (stored, missing): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, is_stored)| *is_stored);
        let roles = |found: Vec<(Role, bool)>| found.into_iter().map(|(role, _)| role).collect();
        Ok(match (stored.is_empty(), missing.is_empty()) {
            (_, true) => Landing::Whole,
            (true, _) => Landing::Nothing,
            _ => Landing::Partly { stored: roles(stored), missing: roles(missing) },
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
        let mut notes = Vec::new();
        if let Some(root) = &sent.created_root {
            notes.extend(unnoted(self.trust.pin_created(gun, root.as_bytes()))?);
        }
        let not_stored = |what: String| EngineError::NotStored { gun: gun.clone(), what };
        let set = self.trust.read_as_fresh_client(gun, likely(sent, planned)).await;
        let set = set.map_err(|error| match error {
            EngineError::Verify { source: VerifyError::Threshold { role, .. }, .. } if role.holds_targets() => {
                forged(gun, &role)
            }
            other => other,
        })?;
        let mut set = set.ok_or_else(|| not_stored("no trust data".to_owned()))?;
        let (mut overtaken, mut stored, mut lacking) = (false, Vec::new(), Vec::new());
        for SentFile { role, version: sent, sha256 } in &sent.files {
            match bytes_of(&set, role) {
                Some((_, found)) if found == *sha256 => stored.push(role.as_str()),
                Some(_) if !is_signed(&set, role) => return Err(forged(gun, role)),
                Some((version, _)) if version > *sent => overtaken = true,
                Some((version, _)) => lacking.push(format!("{role} version {version} instead")),
                None => lacking.push(format!("no {role}")),
            }
        }
        if !lacking.is_empty() {
            let there =
                if stored.is_empty() { String::new() } else { format!("; of it there is {}", stored.join(", ")) };
            return Err(not_stored(lacking.join(", ") + &there));
        }
        let before = planned.and_then(|planned| planned.before);
        overtaken |= before.is_some_and(|before| others_changed(before, &set, sent));
        if overtaken {
            if !Self::landed(sent, server).await.map_err(Servers::remote(gun))?.in_full(gun)? {
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
        if planned.is_some_and(|planned| planned.accepted) {
            // That they are older than what was here is among what was accepted, and is not asked again.
            sent.files.iter().for_each(|file| set.give_up_former(&file.role));
        }
        // What is shown next is what was just read; if that fails now, it is tried again when somebody looks. Both write
        // and sync files, side by side.
        let (_, finished) = tokio::join!(self.trust.adopt(gun, set), self.finish(gun, sent.entries.clone()));
        notes.extend(unnoted(finished)?);
        Ok(Published {
            outcome: PublishOutcome::Done,
            versions: sent.versions(),
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
        let landed = Self::landed(sent, &server).await.map_err(|why| unread(gun, &why))?;
        if landed != Landing::Whole {
            self.forget_sent(gun).await?;
        }
        if !landed.in_full(gun)? {
            let problem = Problem {
                kind: Kind::Cancelled,
                message: "the last publish was interrupted before it reached the server".to_owned(),
                hint: "everything is still staged; publish again".to_owned(),
                repository: Some(gun.clone()),
                role: None,
                tags: None,
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

/// One file as the server has it; `None` if it has none.
async fn fetch(sent: &Sent, server: &NotaryServer, wanted: &WantedFile) -> Result<Option<Vec<u8>>, RemoteError> {
    let stop = CancellationToken::new();
    let asked = |access| Box::pin(server.fetch(&sent.gun, wanted, limits::FILE, access, &stop));
    let found = match asked(Access::Push).await {
        Err(error) if error.is_of_login() => match asked(Access::Public).await {
            found @ (Ok(_) | Err(RemoteError::NotFound { .. })) => found,
            Err(_) => Err(error),
        },
        found => found,
    };
    match found {
        Ok(received) => Ok(Some(received.bytes)),
        Err(RemoteError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was sent has another file in its place, which nobody who may has signed.
fn forged(gun: &Gun, role: &Role) -> EngineError {
    EngineError::Unvouched {
        gun: gun.clone(),
        role: Some(role.clone()),
        what: format!(
            "the upload was sent, and now {} carries no valid signature: this may be an attack",
            role_word(role)
        ),
        hint: "ask whoever runs the server; the next publish looks again what became of the upload".to_owned(),
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
    others.any(|role| is_signed(now, &role) && bytes_of(before, &role) != bytes_of(now, &role))
}

/// Whether a role's file is there and signed to its threshold; the files of other roles are not loaded without.
fn is_signed(set: &TrustedSet, role: &Role) -> bool {
    let file = match role {
        Role::Targets => set.targets(),
        Role::Delegation(name) => set.delegations().get(name),
        _ => return true,
    };
    file.is_some_and(|file| file.standing != Standing::UnderThreshold)
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
