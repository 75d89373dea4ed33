//! Root keys of the past, for clients that have missed a rotation. Source: docs/notary-v1.md section 12, `--legacy`.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::part::Trust;
use super::source::ServerSource;
use crate::engine::error::EngineError;
use crate::remote::Access;
use crate::remote::RemoteError;
use crate::tuf::{CanonicalKeyId, Envelope, Gun, KeyId, Metadata, PublicKey, Role, Root};

impl Trust {
    /// The root keys of the last `versions` versions, or of all, whose private halves are among
    /// those `at_hand`. The server's word on
    /// what was a root key counts only for keys that the current root still names.
    ///
    /// # Errors
    /// Those of reading; `Input` if the repository is not known.
    pub async fn old_root_keys(
        &self,
        gun: &Gun,
        versions: Option<u64>,
        at_hand: &BTreeSet<CanonicalKeyId>,
    ) -> Result<Vec<PublicKey>, EngineError> {
        let Some(set) = self.base(gun)?.and_then(|base| base.set) else { return Ok(Vec::new()) };
        let root = &set.root().content;
        let current: Vec<PublicKey> = root.role_keys(&Role::Root).keys;
        let first = versions.map_or(1, |count| root.version.saturating_sub(count)).max(1);
        let server = self.servers.server(gun).await?;
        let stop = CancellationToken::new();
        let source = ServerSource::new(&server, gun, Access::Push, &stop);
        let mut found: BTreeSet<KeyId> = BTreeSet::new();
        for version in first..root.version {
            let bytes = match source.root_version(version).await {
                // A server may forget old versions.
                Err(EngineError::Remote { source: RemoteError::NotFound { .. }, .. }) => continue,
                other => other?,
            };
            let envelope = Envelope::parse(&Role::Root, bytes).map_err(source.wrong())?;
            let old = Root::read(&Role::Root, &envelope).map_err(source.wrong())?;
            found.extend(old.role_keys(&Role::Root).keys.iter().map(|key| key.id().clone()));
        }
        let is_old = |key: &&PublicKey| found.contains(key.id()) && !current.contains(key);
        let usable = root.keys.values().filter(is_old).filter(|key| at_hand.contains(key.canonical_id()));
        Ok(usable.cloned().collect())
    }
}
