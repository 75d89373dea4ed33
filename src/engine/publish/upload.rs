//! One upload, with what its failure means for the publish.

use super::job::{PreparedPublish, Run};
use super::part::Publisher;
use super::sign::SignedFile;
use crate::engine::error::EngineError;
use crate::engine::reference::in_command;
use crate::engine::servers::Servers;
use crate::engine::stage::journal::Sent;
use crate::remote::RemoteError;
use crate::tuf::{Gun, Role, TrustedSet};

/// What became of an upload.
pub(in crate::engine) enum Uploaded {
    /// It is on the server, or the server said so.
    Stored,
    /// A newer version is there.
    Overtaken,
}

impl Publisher {
    /// Uploads what was signed. An upload whose answer was lost is sent once more, after a look has shown that it is not
    /// there: the server takes each version once.
    pub(in crate::engine) async fn upload(
        &self,
        gun: &Gun,
        prepared: &PreparedPublish,
        files: &[SignedFile],
        sent: &Sent,
        run: &mut Run,
    ) -> Result<Uploaded, EngineError> {
        let parts: Vec<(Role, Vec<u8>)> = files.iter().map(|file| (file.role.clone(), file.bytes.clone())).collect();
        let mut is_first = true;
        loop {
            let error = match prepared.server.publish(gun, &parts).await {
                Ok(()) => return Ok(Uploaded::Stored),
                Err(error) => error,
            };
            let is_overtaken = match &error {
                RemoteError::Version { .. } => true,
                RemoteError::Race { .. } => self.has_moved(gun, prepared).await?,
                _ => false,
            };
            if is_overtaken {
                // Of two that were sent, the first may have come late.
                if !is_first && Self::has_landed(sent, &prepared.server).await.map_err(Servers::remote(gun))? {
                    return Ok(Uploaded::Stored);
                }
                self.forget_sent(gun).await?;
                self.raise_versions(gun, &prepared.server, files, run).await?;
                return Ok(Uploaded::Overtaken);
            }
            let is_lost = matches!(error, RemoteError::AnswerLost { .. });
            match self.settle_upload(sent, &prepared.server, error).await {
                Ok(()) => return Ok(Uploaded::Stored),
                Err(EngineError::Remote { source: RemoteError::AnswerLost { .. }, .. }) if is_lost && is_first => {
                    is_first = false;
                }
                Err(EngineError::Remote { source: lost @ RemoteError::AnswerLost { .. }, .. }) => {
                    let why = format!("{lost}; it was not there when it was looked for, and may still arrive");
                    return Err(EngineError::OutcomeUnknown { gun: gun.clone(), why });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether somebody else has published since the repository was read.
    async fn has_moved(&self, gun: &Gun, prepared: &PreparedPublish) -> Result<bool, EngineError> {
        let timestamp = |set: &TrustedSet| set.timestamp().map(|file| file.envelope.sha256().to_owned());
        let before = prepared.base.set.as_deref().and_then(timestamp);
        let now = self.trust.fetch_base(gun).await?;
        Ok(now.set.as_deref().and_then(timestamp) != before)
    }
}

/// Explains a refusal of this machine's copy of a lost repository: to publish it again changes nothing.
pub(super) fn copy_refused(prepared: &PreparedPublish, error: EngineError) -> EngineError {
    match error {
        EngineError::Remote { gun: Some(gun), source } if prepared.plan.republishes && is_refusal(&source) => {
            let hint = format!(
                "whoever runs the server restores its database from a backup; where there is none, trustdeck delete {} \
                 forgets it here, and it is set up anew with another root",
                in_command(&gun)
            );
            EngineError::CopyRefused { gun, source: Box::new(source), hint }
        }
        error => error,
    }
}

fn is_refusal(source: &RemoteError) -> bool {
    matches!(source, RemoteError::Invalid { .. } | RemoteError::Incomplete { .. })
}

/// Explains a refusal for want of a snapshot: neither the server nor this machine holds its key.
pub(super) fn without_snapshot_key(prepared: &PreparedPublish, error: EngineError) -> EngineError {
    let EngineError::Remote { gun: Some(gun), source: RemoteError::Incomplete { missing: Role::Snapshot, .. } } =
        &error
    else {
        return error;
    };
    let listed = prepared.base.set.as_ref().map(|set| set.root().content.role_keys(&Role::Snapshot).keys);
    let Some(key) = listed.as_ref().and_then(|keys| keys.first()).map(|key| key.canonical_id()) else { return error };
    if prepared.batch.keys.ids.contains(key) {
        return error;
    }
    EngineError::Change {
        gun: gun.clone(),
        role: Some(Role::Snapshot),
        what: format!("neither the server nor this machine holds snapshot key {}", key.short()),
        hint: format!(
            "ask whoever set the repository up to leave it to the server: trustdeck rotate snapshot {} --server-managed \
             --publish; or publish where that key is",
            in_command(gun)
        ),
    }
}
