//! Versions that a server keeps beside the verified files, above which new files must begin.
//!
//! A role that was removed leaves its file behind; so does one that a snapshot does not name any more.

use tokio_util::sync::CancellationToken;

use super::job::{PreparedPublish, Run};
use super::part::Publisher;
use super::sign::SignedFile;
use crate::engine::error::EngineError;
use crate::engine::servers::Servers;
use crate::engine::trust::limits;
use crate::remote::{Access, NotaryServer, RemoteError, WantedFile};
use crate::tuf::verify::Seen;
use crate::tuf::{Envelope, FileMeta, Gun, Role};

impl Publisher {
    /// Looks at the files of roles that were removed once and are signed again now: versions go on from there.
    pub(in crate::engine) async fn find_versions(
        &self,
        gun: &Gun,
        prepared: &PreparedPublish,
        run: &mut Run,
    ) -> Result<(), EngineError> {
        let Some(set) = prepared.base.set.clone() else { return Ok(()) };
        let Some(snapshot) = set.snapshot() else { return Ok(()) };
        for role in &prepared.needs.anew {
            let name = Role::from(role.clone());
            let Some(sha256) = snapshot.content.meta.get(&name).and_then(FileMeta::sha256) else {
                continue;
            };
            let wanted = WantedFile::ByHash { role: name.clone(), sha256 };
            self.find_version(gun, &prepared.server, name, &wanted, run).await?;
        }
        Ok(())
    }

    /// After a conflict: the server may keep files that its snapshot does not name.
    pub(in crate::engine) async fn raise_versions(
        &self,
        gun: &Gun,
        server: &NotaryServer,
        files: &[SignedFile],
        run: &mut Run,
    ) -> Result<(), EngineError> {
        for file in files.iter().filter(|file| matches!(file.role, Role::Delegation(_))) {
            let wanted = WantedFile::Current(file.role.clone());
            self.find_version(gun, server, file.role.clone(), &wanted, run).await?;
        }
        Ok(())
    }

    async fn find_version(
        &self,
        gun: &Gun,
        server: &NotaryServer,
        role: Role,
        wanted: &WantedFile,
        run: &mut Run,
    ) -> Result<(), EngineError> {
        let received = match server.fetch(gun, wanted, limits::FILE, Access::Push, &CancellationToken::new()).await {
            Ok(received) => received,
            Err(RemoteError::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(Servers::remote(gun)(error)),
        };
        // Only a number is taken from it; whoever signed it decides nothing else.
        if let Ok(envelope) = Envelope::parse(&role, received.bytes) {
            let version = envelope.claimed_version().unwrap_or(0);
            let mark = Seen { version, sha256: envelope.sha256().to_owned() };
            run.found.entry(role).and_modify(|old| old.version = old.version.max(version)).or_insert(mark);
        }
        Ok(())
    }
}
