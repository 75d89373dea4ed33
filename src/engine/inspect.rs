//! What `docker trust inspect` shows of a repository: only what can be pulled, with its signers and keys.

use tokio_util::sync::CancellationToken;

use super::error::EngineError;
use super::judge::judge;
use super::tagviews::{Tags, tags};
use super::tree::{Node, nodes};
use super::view::{Freshness, TagState};
use super::{Engine, natural::natural};
use crate::tuf::{CanonicalKeyId, Gun, KeyId, Role, TrustedSet};

/// A repository as `docker trust inspect` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Its name.
    pub gun: Gun,
    /// Tags that Docker pulls, in natural order; only the one that was asked for, if one was.
    pub rows: Vec<SignedTag>,
    /// Delegations but `targets/releases`, names descending, as Docker's JSON has them.
    pub signers: Vec<Signer>,
    /// IDs of the root keys as metadata lists them.
    pub root_keys: Vec<KeyId>,
    /// IDs of the targets keys as metadata lists them.
    pub repository_keys: Vec<KeyId>,
    /// Tags that a role lists outside its paths: left out here, shown by Docker.
    pub ignored: Vec<(Role, String)>,
    /// Fresh, or cached and why.
    pub freshness: Freshness,
    /// Things that happened on the way, such as a root trusted on first use.
    pub notices: Vec<String>,
}

/// A row: a tag with the digest that is pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTag {
    /// The tag, raw.
    pub tag: String,
    /// SHA-256 of the manifest, in hexadecimal.
    pub digest: String,
    /// Signers in the order in which roles are searched. None: the repository's own key signed it.
    pub signers: Vec<String>,
}

/// A delegation and the keys that it lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The role without `targets/`.
    pub name: String,
    /// IDs of the bare keys.
    pub keys: Vec<CanonicalKeyId>,
}

impl Engine {
    /// Refreshes the repository and shows what can be pulled; nothing that is expired.
    ///
    /// # Errors
    /// `Absent` without trust data; whatever looks like an attack; expired metadata; why the server could not be
    /// asked, if there is no cached data that is still good.
    pub async fn inspect(&self, gun: &Gun, tag: Option<&str>) -> Result<Inspection, EngineError> {
        let session = self.look(gun, &CancellationToken::new()).await?;
        let Some(set) = &session.set else {
            let server = self.server_address(gun).map(|(url, _)| url).unwrap_or_default();
            return Err(EngineError::Absent { gun: gun.clone(), server });
        };
        if let Err(source) = judge(set, self.now()) {
            return Err(EngineError::Verify { gun: gun.clone(), source });
        }
        Ok(inspection(gun, set, tag, session.freshness.clone(), session.notices.clone(), self.now()))
    }
}

fn inspection(
    gun: &Gun,
    set: &TrustedSet,
    tag: Option<&str>,
    freshness: Freshness,
    notices: Vec<String>,
    now: jiff::Timestamp,
) -> Inspection {
    let nodes = nodes(set, now);
    let Tags { tags, mut ignored } = tags(&nodes);
    let is_wanted = |name: &str| tag.is_none_or(|tag| tag == name);
    ignored.retain(|(_, name)| is_wanted(name));
    let pulled = tags.into_iter().filter(|row| row.state == TagState::Trusted && is_wanted(&row.name));
    let rows = pulled.map(|row| SignedTag { tag: row.name, digest: row.digest, signers: row.signers }).collect();
    let base_keys = |role: Role| set.root().content.role_keys(&role).keys.iter().map(|key| key.id().clone()).collect();
    Inspection {
        gun: gun.clone(),
        rows,
        signers: signers(set, &nodes),
        root_keys: base_keys(Role::Root),
        repository_keys: base_keys(Role::Targets),
        ignored,
        freshness,
        notices,
    }
}

fn signers(set: &TrustedSet, nodes: &[Node<'_>]) -> Vec<Signer> {
    let delegations = nodes.iter().filter_map(|node| node.role.delegation()).filter(|name| !name.is_releases());
    let signer = |name: &crate::tuf::DelegationName| {
        let keys = set.role_keys(&Role::from(name.clone()))?.keys;
        let keys = keys.iter().map(|key| key.canonical_id().clone()).collect();
        Some(Signer { name: name.short().to_owned(), keys })
    };
    let mut signers: Vec<Signer> = delegations.filter_map(signer).collect();
    signers.sort_by(|a, b| natural(&b.name, &a.name));
    signers
}
