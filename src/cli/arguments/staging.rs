//! What commands that stage have in common.

use super::{Command, Delegation, Publishing, Rotate, Signer};

impl Command {
    /// Whether and how it publishes; `None` for a command that stages nothing of its own.
    #[must_use]
    pub fn publishing(&self) -> Option<&Publishing> {
        Some(match self {
            Self::Signer(Signer::Add(add)) => &add.signer.publishing,
            Self::Signer(Signer::Remove(remove)) => &remove.signer.publishing,
            Self::Delegation(Delegation::Add(add)) => &add.publishing,
            Self::Delegation(Delegation::Remove(remove)) => &remove.publishing,
            Self::Delegation(Delegation::Purge(purge)) => &purge.publishing,
            Self::Sign(sign) => &sign.publishing,
            Self::Revoke(revoke) => &revoke.publishing,
            Self::Witness(witness) => &witness.publishing,
            Self::Restore(restore) => &restore.publishing,
            Self::Delete(delete) => &delete.publishing,
            Self::Setup(setup) => &setup.publishing,
            Self::Renew(renew) => &renew.publishing,
            Self::Rotate(Rotate::Root(base) | Rotate::Targets(base)) => &base.publishing,
            Self::Rotate(Rotate::Snapshot(base) | Rotate::Timestamp(base)) => &base.publishing,
            Self::Rotate(Rotate::Signer(signer)) => &signer.publishing,
            Self::Rotate(Rotate::TakeOver(take_over)) => &take_over.publishing,
            Self::Rotate(Rotate::Resume(resume)) => &resume.publishing,
            _ => return None,
        })
    }
}
