//! Changes that were staged under another spelling or address of a server.

use tokio_util::sync::CancellationToken;

use super::part::Staging;
use crate::engine::draft::change::{EntryId, Stage, StagedChange};
use crate::engine::error::EngineError;
use crate::engine::lanes::blocking;
use crate::engine::servers::endpoint_of;
use crate::engine::wording::count;
use crate::remote::Endpoint;
use crate::tuf::Gun;

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The changes, as they are staged now.
    pub changes: Vec<StagedChange>,
    /// Where they were staged before, each address once.
    pub from: Vec<String>,
    /// The address that they are staged for now.
    pub to: String,
    /// The stage after that.
    pub stage: Stage,
}

impl Staging {
    /// Moves a repository's changes that are staged for other addresses to `to`, or to the server that it has now. That
    /// server must show the root that this machine trusts, or one that descends from it, or nothing of a repository that is to
    /// be created. One undo step.
    ///
    /// # Errors
    /// `Input` if there is nothing to move; as reading for a server without the same root.
    pub async fn move_changes(
        &self,
        gun: &Gun,
        to: Option<&str>,
        stop: &CancellationToken,
    ) -> Result<Moved, EngineError> {
        let settings = self.context.settings();
        let (endpoint, chosen) = match to {
            Some(url) => {
                let endpoint = Endpoint::parse(url, settings.insecure_http);
                (endpoint.map_err(|source| EngineError::Remote { gun: None, source })?, "--to".to_owned())
            }
            None => endpoint_of(settings, Some(gun))?,
        };
        let address = endpoint.base().to_owned();
        let entries = self.kept.journal.read()?.entries.clone();
        let away: Vec<&StagedChange> = entries.iter().filter(|entry| is_elsewhere(entry, gun, &address)).collect();
        if away.is_empty() {
            return Err(EngineError::Input {
                message: format!("nothing is staged for {gun} under another address than {address}"),
                hint: "trustdeck status shows what is staged".to_owned(),
            });
        }
        let created = away.iter().any(|entry| entry.change.is_creation());
        let server = self.servers.client(gun, endpoint, chosen).await?;
        self.trust.recognise(gun, &server, created, stop).await?;
        let gun = gun.clone();
        blocking(self, move |stage| stage.put_under(&gun, address)).await
    }

    fn put_under(&self, gun: &Gun, address: String) -> Result<Moved, EngineError> {
        self.kept.journal.change(|content| {
            let away: Vec<StagedChange> =
                content.entries.iter().filter(|entry| is_elsewhere(entry, gun, &address)).cloned().collect();
            let mut from: Vec<String> = away.iter().map(|entry| entry.server.clone()).collect();
            from.sort_unstable();
            from.dedup();
            let ids: Vec<EntryId> = away.iter().map(|entry| entry.id).collect();
            let changes: Vec<StagedChange> = away
                .into_iter()
                .map(|entry| StagedChange { id: content.new_id(), server: address.clone(), ..entry })
                .collect();
            content.act(
                format!("move {} of {gun} to {address}", count(changes.len(), "change")),
                &ids,
                changes.clone(),
            );
            Ok(Moved { changes, from, to: address.clone(), stage: content.stage() })
        })
    }
}

fn is_elsewhere(entry: &StagedChange, gun: &Gun, address: &str) -> bool {
    entry.gun == *gun && entry.server != address
}
