//! Makes the role files of one repository, each signed as long ago as the script says.

use std::collections::BTreeMap;

use jiff::{Timestamp as Time, ToSpan};

use super::cast::Cast;
use super::images;
use super::script::{Part, Script, failed};
use crate::keys::{PrivateKey, root_certificate};
use crate::sandbox::error::SandboxError;
use crate::sandbox::held::HeldKeys;
use crate::sandbox::sign;
use crate::sandbox::sign::SignError;
use crate::sandbox::store::{Store, Update};
use crate::sandbox::validate::Judge;
use crate::tuf::metadata::{BaseRole, default_expiry};
use crate::tuf::{
    Delegation, DelegationName, Envelope, FileMeta, Gun, Metadata, PublicKey, Role, Root, Snapshot, Target, TargetName,
    Targets,
};

/// Who makes a repository, and when.
pub(super) struct Stage<'a> {
    /// Client keys.
    pub(super) cast: &'a Cast,
    /// Where server-held keys are kept.
    pub(super) store: &'a Store,
    /// Server-held keys.
    pub(super) held: &'a HeldKeys,
    /// The server-held keys of this repository.
    pub(super) keys: BTreeMap<Role, PublicKey>,
    /// Now.
    pub(super) now: Time,
}

impl Stage<'_> {
    /// Makes all files of a repository.
    pub(super) fn perform(&self, script: &Script) -> Result<Vec<Update>, SandboxError> {
        let gun = Gun::parse(&script.gun()).map_err(failed)?;
        let targets_key = self.cast.targets(gun.as_str())?;
        let (root, root_file) = self.root(script, &gun, targets_key.public())?;
        let mut updates = vec![root_file, self.targets(script, targets_key)?];
        for part in &script.roles {
            updates.extend(self.delegation(script, part)?);
        }
        let files: BTreeMap<_, _> = updates.iter().map(|u| (u.role.clone(), FileMeta::of(&u.bytes))).collect();
        let judge = Judge { store: self.store, keys: self.held, gun: gun.as_str(), now: self.now };
        let unsigned = |error: SignError| failed(format!("{error:?}"));
        // As many snapshots as there were publishes.
        let before = updates.iter().map(|update| update.version).sum();
        let previous = Snapshot { expires: self.now, meta: BTreeMap::new(), version: before };
        let snapshot = sign::next_snapshot(judge, &root, Some(previous), &files).map_err(unsigned)?;
        let timestamp = sign::next_timestamp(judge, &root, before, &snapshot.bytes).map_err(unsigned)?;
        updates.extend([snapshot, timestamp]);
        Ok(updates)
    }

    fn ago(&self, days: i64) -> Result<Time, SandboxError> {
        self.now.checked_sub((days * 24).hours()).map_err(failed)
    }

    fn root(&self, script: &Script, gun: &Gun, targets: &PublicKey) -> Result<(Root, Update), SandboxError> {
        let signed_at = self.ago(script.root_age)?;
        let certificate = root_certificate(&self.cast.root, gun, signed_at).map_err(failed)?;
        let mut keys = self.keys.clone();
        keys.extend([(Role::Root, certificate.clone()), (Role::Targets, targets.clone())]);
        let base = |(role, key): (&Role, &PublicKey)| {
            (role.to_string(), BaseRole { key_ids: Some(vec![key.id().clone()]), threshold: 1 })
        };
        let root = Root {
            consistent_snapshot: false,
            expires: default_expiry(&Role::Root, signed_at),
            roles: keys.iter().map(base).collect(),
            keys: keys.into_values().map(|key| (key.id().clone(), key)).collect(),
            version: 1,
        };
        let file = signed(&Role::Root, &root, &self.cast.root, &certificate)?;
        Ok((root, file))
    }

    fn targets(&self, script: &Script, key: &PrivateKey) -> Result<Update, SandboxError> {
        let mut targets = listing(script, script.tags)?;
        self.delegate(script, &Role::Targets, &mut targets)?;
        targets.renew(script.version, default_expiry(&Role::Targets, self.ago(script.targets_age)?));
        signed(&Role::Targets, &targets, key, key.public())
    }

    fn delegation(&self, script: &Script, part: &Part) -> Result<Option<Update>, SandboxError> {
        let Some(signer) = part.signed_by else { return Ok(None) };
        let role = Role::parse(part.name).map_err(failed)?;
        let mut targets = listing(script, part.tags)?;
        self.delegate(script, &role, &mut targets)?;
        targets.renew(part.version, default_expiry(&role, self.ago(part.age)?));
        let key = self.cast.signer(signer)?;
        signed(&role, &targets, key, key.public()).map(Some)
    }

    /// Lists the direct children of `role` in its file.
    fn delegate(&self, script: &Script, role: &Role, file: &mut Targets) -> Result<(), SandboxError> {
        for part in &script.roles {
            let name = DelegationName::parse(part.name).map_err(failed)?;
            if name.parent() != *role {
                continue;
            }
            let keys: Result<Vec<_>, _> = part.keys.iter().map(|s| self.cast.signer(*s)).collect();
            let keys: Vec<PublicKey> = keys?.iter().map(|key| key.public().clone()).collect();
            // Go writes null once the last key was removed.
            let ids = (!keys.is_empty()).then(|| keys.iter().map(|key| key.id().clone()).collect());
            let paths = part.paths.iter().map(|path| (*path).to_owned()).collect();
            file.delegations.get_or_insert_default().push(Delegation { name, key_ids: ids, paths, threshold: 1 });
            file.delegation_keys.extend(keys.into_iter().map(|key| (key.id().clone(), key)));
        }
        Ok(())
    }
}

/// A file without delegations that lists `tags`. The same tag has the same digest in every role.
fn listing(script: &Script, tags: &[&str]) -> Result<Targets, SandboxError> {
    let target = |tag: &&str| {
        let (digest, length) = images::signed(script.name, tag)?;
        Ok((TargetName::received((*tag).to_owned()), Target::image(digest, length)))
    };
    let targets: Result<_, SandboxError> = tags.iter().map(target).collect();
    Ok(Targets { targets: targets?, ..Targets::empty() })
}

fn signed(role: &Role, content: &impl Metadata, key: &PrivateKey, listed: &PublicKey) -> Result<Update, SandboxError> {
    let message = content.canonical();
    let signature = key.sign(listed, &message).map_err(failed)?;
    let bytes = Envelope::file(&message, &[signature]);
    Ok(Update { role: role.clone(), version: content.version(), bytes })
}
