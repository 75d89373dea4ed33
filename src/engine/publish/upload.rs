//! One upload, with what its failure means for the publish.

use std::time::Duration;

use super::job::{PreparedPublish, Run};
use super::landed::Landing;
use super::part::Publisher;
use super::sign::SignedFile;
use crate::engine::error::EngineError;
use crate::engine::reference::in_command;
use crate::engine::servers::Servers;
use crate::engine::stage::journal::Sent;
use crate::remote::{NotaryServer, RemoteError, Unconfirmed};
use crate::tuf::{Gun, Role, TrustedSet};

/// What became of an upload.
pub(in crate::engine) enum Uploaded {
    /// It is on the server, or the server said so.
    Stored,
    /// A newer version is there.
    Overtaken,
}

/// Pauses before looking again whether a lost upload has landed.
const LOOKS: [u64; 5] = [0, 300, 700, 1500, 3000];

impl Publisher {
    /// Uploads what was signed. Whatever else than a success is answered, it is looked for: a gateway may refuse what went
    /// through. What is not there is sent again where the answer was lost, once, and where the server asks for time.
    pub(in crate::engine) async fn upload(
        &self,
        gun: &Gun,
        prepared: &PreparedPublish,
        files: &[SignedFile],
        sent: &Sent,
        run: &mut Run,
    ) -> Result<Uploaded, EngineError> {
        let (server, stop) = (&prepared.server, &prepared.batch.stop);
        let parts: Vec<(Role, Vec<u8>)> = files.iter().map(|file| (file.role.clone(), file.bytes.clone())).collect();
        let (mut was_lost, mut waited) = (false, 0);
        loop {
            let Err(mut failed) = server.publish(gun, &parts).await else { return Ok(Uploaded::Stored) };
            let is_lost = matches!(failed.error, RemoteError::AnswerLost { .. });
            let is_in_doubt = is_lost || (was_lost && !failed.may_have_arrived);
            // Of two that were sent, the first may have come late.
            failed.may_have_arrived |= was_lost;
            if Self::landed_after(&failed, sent, server).await? {
                if !is_lost {
                    run.notes.push(format!("the server has stored it, though this was answered: {}", failed.error));
                }
                return Ok(Uploaded::Stored);
            }
            let is_overtaken = match &failed.error {
                RemoteError::Version { .. } => true,
                RemoteError::Race { .. } => self.has_moved(gun, prepared).await?,
                _ => false,
            };
            if is_overtaken {
                self.forget_sent(gun).await?;
                self.raise_versions(gun, server, files, run).await?;
                return Ok(Uploaded::Overtaken);
            }
            match failed.again_after(waited) {
                _ if is_lost && !was_lost => was_lost = true,
                _ if is_in_doubt => {
                    let why =
                        format!("{}; it was not there when it was looked for, and may still arrive", failed.error);
                    return Err(EngineError::OutcomeUnknown { gun: gun.clone(), why });
                }
                Some(pause) if stop.run_until_cancelled(server.pause(pause)).await.is_some() => waited += 1,
                _ => return Err(self.not_done(gun, failed.error).await),
            }
        }
    }

    /// Whether what was not confirmed was done all the same; where nothing was answered, it is looked for until it is
    /// certain.
    ///
    /// # Errors
    /// `OutcomeUnknown` if that cannot be read, `PartlyStored`.
    pub(super) async fn landed_after(
        failed: &Unconfirmed,
        sent: &Sent,
        server: &NotaryServer,
    ) -> Result<bool, EngineError> {
        // Whoever asks for a login does so before anything else: then a look is worth what it finds, and no doubt.
        let is_turned_away = !failed.may_have_arrived;
        if is_turned_away && !failed.error.is_of_login() {
            return Ok(false);
        }
        let is_lost = matches!(failed.error, RemoteError::AnswerLost { .. });
        let mut found = Ok(Landing::Nothing);
        for pause in if is_lost { &LOOKS[..] } else { &[0] } {
            tokio::time::sleep(Duration::from_millis(*pause)).await;
            found = Self::landed(sent, server).await;
            if matches!(found, Ok(Landing::Whole)) {
                break;
            }
        }
        if is_turned_away && found.is_err() {
            return Ok(false);
        }
        let found = found.map_err(|why| EngineError::OutcomeUnknown {
            gun: sent.gun.clone(),
            // What was answered says who to ask: a gateway, or nobody.
            why: format!("{}; then what it holds could not be read: {why}", failed.error),
        });
        found?.in_full(&sent.gun)
    }

    /// The error for what was looked for and is not there. A lost request may still be on its way: its record stays, and
    /// the next publish looks again.
    pub(super) async fn not_done(&self, gun: &Gun, error: RemoteError) -> EngineError {
        if !matches!(error, RemoteError::AnswerLost { .. })
            && let Err(unkept) = self.forget_sent(gun).await
        {
            return unkept;
        }
        Servers::remote(gun)(error)
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
