//! From a backup into the key store: shown first, never overwriting, each key unlocked to test it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{BackupFile, BackupManifest, ManifestKey};
use crate::engine::custody::Custody;
use crate::engine::custody::load::{FoundKey, KeySet, OpenedKey};
use crate::engine::error::EngineError;
use crate::keys::pem::Block;
use crate::keys::store::headers_for;
use crate::keys::{KeyError, OpenError, Passphrase};
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// An opened backup.
pub struct Archive {
    /// Its keys.
    pub keys: Vec<RestoreKey>,
    /// What else is in it that is no key.
    pub beside: Vec<String>,
    /// What else is in it, and why it is not restored.
    pub refused: Vec<String>,
    /// What the backup says about itself, if trustdeck made it.
    pub manifest: Option<BackupManifest>,
}

/// A key of a backup, and what this machine has of it.
pub struct RestoreKey {
    /// As it is in the backup.
    pub found: FoundKey,
    /// Compared with the store.
    pub standing: KeyStanding,
    /// Roles of loaded repositories that list it.
    pub may_sign: Vec<(Gun, Role)>,
}

/// A key of a backup beside the key store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStanding {
    /// The store does not have it.
    New,
    /// The store has the same file.
    Same,
    /// The store has another file for this ID: another passphrase, role, or content. It stays.
    Conflicting,
    /// The backup does not say which key it is; it has to be unlocked first.
    Unnamed,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Written, and unlocked to test it.
    Tested(CanonicalKeyId, PathBuf),
    /// Written; nobody gave its passphrase.
    Untested(CanonicalKeyId, PathBuf),
    /// The store has it, and it was left as it is.
    Kept(CanonicalKeyId),
}

impl Restored {
    /// The key, if it was written.
    #[must_use]
    pub fn written(&self) -> Option<&CanonicalKeyId> {
        match self {
            Self::Tested(id, _) | Self::Untested(id, _) => Some(id),
            Self::Kept(_) => None,
        }
    }
}

/// Whether a key is restored that nobody unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untested {
    /// Refuse it.
    Refuse,
    /// Write it under the ID that the backup says.
    Accept,
}

impl Custody {
    /// Opens a backup and compares it with the key store. Nothing is written.
    ///
    /// # Errors
    /// `Key` for a missing or wrong passphrase; `Input` for what is no backup; `Disk`.
    pub fn open_backup(&self, file: &BackupFile, passphrase: Option<&Passphrase>) -> Result<Archive, EngineError> {
        let mut contents = file.parse(passphrase)?;
        let views = self.views.keys()?;
        let uses = |id: &CanonicalKeyId| {
            let view = views.iter().find(|view| view.id == *id);
            view.map(|view| view.used_in.clone()).unwrap_or_default()
        };
        let keys = std::mem::take(&mut contents.set.keys).into_iter().map(|found| {
            let may_sign = found.claimed.as_ref().map(uses).unwrap_or_default();
            RestoreKey { standing: self.standing(found.claimed.as_ref(), &found), may_sign, found }
        });
        let KeySet { beside, refused, .. } = contents.set;
        Ok(Archive { keys: keys.collect(), beside, refused, manifest: contents.manifest })
    }

    /// What restoring a key would come to, as far as that can be told without its passphrase: which key it is, and
    /// whether the store has it. Nothing is written.
    ///
    /// # Errors
    /// `Key` for what [`Custody::restore_key`] refuses whatever the passphrase.
    pub fn foresee(&self, key: &RestoreKey) -> Result<(Option<CanonicalKeyId>, KeyStanding), EngineError> {
        let found = &key.found;
        if matches!(key.standing, KeyStanding::Same | KeyStanding::Conflicting) {
            return Ok((found.claimed.clone(), key.standing.clone()));
        }
        let opened = opened(found, None, Untested::Accept)?;
        let id = opened.map(|opened| opened.id().clone()).or_else(|| found.claimed.clone());
        let standing = self.standing(id.as_ref(), found);
        Ok((id, standing))
    }

    fn standing(&self, id: Option<&CanonicalKeyId>, found: &FoundKey) -> KeyStanding {
        let Some(id) = id else { return KeyStanding::Unnamed };
        if self.keyring.key_store().path(id).symlink_metadata().is_err() {
            return KeyStanding::New;
        }
        let known = self.keyring.key_store().read(id).ok().and_then(|bytes| Block::read(&bytes).ok());
        let same = known.is_some_and(|known| known.label == found.block.label && *known.der == *found.block.der);
        if same { KeyStanding::Same } else { KeyStanding::Conflicting }
    }

    /// Restores one key, 0600. A file that is there is never touched.
    ///
    /// # Errors
    /// `Key`: a wrong passphrase, or another key than the backup says; `Input` for a key that nobody unlocked, unless
    /// accepted; `Disk`.
    pub fn restore_key(
        &self,
        key: &RestoreKey,
        passphrase: Option<&Passphrase>,
        untested: Untested,
    ) -> Result<Restored, EngineError> {
        self.context.check_writable()?;
        let found = &key.found;
        if let (Some(id), KeyStanding::Same | KeyStanding::Conflicting) = (&found.claimed, &key.standing) {
            return Ok(Restored::Kept(id.clone()));
        }
        let opened = opened(found, passphrase, untested)?;
        let Some(id) = opened.as_ref().map(|opened| opened.id().clone()).or_else(|| found.claimed.clone()) else {
            return Err(failed(found, "has no ID and no passphrase, so that it cannot be named"));
        };
        if self.keyring.key_store().holds(&id) {
            return Ok(Restored::Kept(id));
        }
        let path = self.write_restored(found, opened.as_ref(), &id, passphrase)?;
        self.keyring.held.changed();
        Ok(match opened {
            Some(_) => Restored::Tested(id, path),
            None => Restored::Untested(id, path),
        })
    }

    /// Writes the block as it is if Notary's tools can read it, else encrypted anew in their form.
    fn write_restored(
        &self,
        found: &FoundKey,
        opened: Option<&OpenedKey>,
        id: &CanonicalKeyId,
        passphrase: Option<&Passphrase>,
    ) -> Result<PathBuf, EngineError> {
        let headers = headers_for(found.role.as_deref().unwrap_or_default(), found.gun.as_deref());
        let block = match (found.block.is_readable_by_notary(), opened, passphrase) {
            (false, Some(opened), Some(passphrase)) if found.encrypted => opened.key.to_block(headers, passphrase)?,
            _ => {
                let kept = found.block.headers.iter().filter(|(name, _)| matches!(&**name, "Proc-Type" | "DEK-Info"));
                let headers = kept.cloned().chain(headers).collect();
                Block { label: found.block.label.clone(), headers, der: found.block.der.clone() }
            }
        };
        Ok(self.keyring.key_store().add(id, block.write().as_bytes())?)
    }

    /// Takes the labels of a backup for keys that were restored from it and have none of their own; gives those it took.
    ///
    /// A label of the backup that is unfit or another key's is left out: whoever made the file could pass a key off.
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn restore_labels(
        &self,
        manifest: &BackupManifest,
        restored: &[CanonicalKeyId],
    ) -> Result<Vec<(CanonicalKeyId, String)>, EngineError> {
        let is_new = |key: &&ManifestKey| restored.contains(&key.id) && self.differs(key);
        let stored = self.keyring.held.stored();
        let others = stored.keys().filter(|id| !restored.contains(id));
        let others: BTreeSet<String> = others.filter_map(|id| self.keyring.label(id)).collect();
        let fits =
            |label: &str| !label.is_empty() && !others.contains(label) && self.keyring.check_label(label).is_ok();
        let labels = manifest.keys.iter().filter(is_new).map(|key| (key.id.clone(), key.label.trim().to_owned()));
        let taken: Vec<_> = labels.filter(|(_, label)| fits(label)).collect();
        if !taken.is_empty() {
            self.keyring.set_labels(&taken)?;
        }
        Ok(taken)
    }

    /// Whether a backed up label is the user's own and not what the key is called anyway.
    fn differs(&self, key: &ManifestKey) -> bool {
        self.keyring.held.user_label(&key.id).is_none()
            && self.keyring.label(&key.id).as_deref() != Some(&key.label)
            && !key.id.as_str().starts_with(&key.label)
    }
}

/// Opens a key of a backup; `None` for one that stays locked where that is accepted.
fn opened(
    found: &FoundKey,
    passphrase: Option<&Passphrase>,
    untested: Untested,
) -> Result<Option<OpenedKey>, EngineError> {
    match (found.open(passphrase), &found.claimed) {
        (Ok(opened), Some(claimed)) if claimed != opened.id() => {
            Err(failed(found, &format!("holds another key, {}", opened.id().short())))
        }
        (Ok(opened), _) => Ok(Some(opened)),
        (Err(OpenError::Locked), _) if untested == Untested::Accept => Ok(None),
        (Err(OpenError::WrongPassphrase), Some(id)) => {
            Err(KeyError::WrongPassphrase { id: id.clone(), opens: None }.into())
        }
        (Err(error), _) => Err(failed(found, &error.to_string())),
    }
}

fn failed(found: &FoundKey, what: &str) -> EngineError {
    let about = found.claimed.as_ref().map_or_else(|| format!("key {}", found.place), |id| id.short().to_owned());
    KeyError::Unsupported(format!("{about} of the backup {what}")).into()
}
