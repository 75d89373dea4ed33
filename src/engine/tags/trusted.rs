//! What a pull of a tag gets, as Docker with content trust on finds it.
//!
//! Source: docs/notary-v1.md section 14; `targets/releases` first, then `targets`. Unlike Docker, nobody falls back to
//! `targets` from a `targets/releases` that has a file which does not count: that would let whoever hides it choose an older
//! image.

use super::{Tags, remote};
use crate::engine::draft::change::SignedTarget;
use crate::engine::error::{EngineError, Untrusted};
use crate::engine::view::{RepositoryView, TagState, TagView};
use crate::remote::registry::digest::sha256;
use crate::remote::registry::{Reference, Tag};
use crate::tuf::{Gun, Role};

/// The image that a tag is trusted to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// Repository.
    pub gun: Gun,
    /// The repository as Docker's users write it.
    pub name: String,
    /// Tag.
    pub tag: String,
    /// Digest of its manifest, `sha256:HEX`.
    pub digest: String,
    /// Length of its manifest, in bytes.
    pub size: u64,
    /// SHA-512 of its manifest in hexadecimal, if it was signed too.
    pub sha512: Option<String>,
    /// Roles that list it with this digest.
    pub roles: Vec<Role>,
    /// Signers as Docker names them.
    pub signers: Vec<String>,
}

impl Tags {
    /// The images that pulls of some tags get, in the order of asking.
    ///
    /// # Errors
    /// As [`crate::engine::view::Views::inspect`]; `Untrusted` for each that is not.
    pub async fn trusted_each(
        &self,
        gun: &Gun,
        tags: &[String],
    ) -> Result<Vec<(String, Result<Trusted, EngineError>)>, EngineError> {
        let view = self.relied_on(gun).await?;
        let untrusted = |tag: &String, why| EngineError::Untrusted { gun: gun.clone(), tag: tag.clone(), why };
        let one = |tag: &String| (tag.clone(), trusted_in(&view, tag).map_err(|why| untrusted(tag, why)));
        Ok(tags.iter().map(one).collect())
    }

    /// What the registry holds under a tag now, to be signed: digest and length of the bytes that were received.
    ///
    /// # Errors
    /// `Remote`.
    pub async fn to_sign(&self, gun: &Gun, tag: &str) -> Result<SignedTarget, EngineError> {
        let (registry, path) = self.registry(gun).await?;
        let reference = Reference::Tag(Tag::parse(tag).map_err(remote(gun))?);
        let manifest = registry.manifest(&path, &reference).await.map_err(remote(gun))?;
        let digest = sha256(&manifest.bytes);
        let sha256 = digest.strip_prefix("sha256:").unwrap_or(&digest).to_owned();
        Ok(SignedTarget {
            length: manifest.bytes.len() as u64,
            sha256,
            sha512: None,
            custom: None,
            from_registry: true,
        })
    }
}

/// Finds a tag among those of a view that was verified for relying on it.
///
/// # Errors
/// Says why it is not trusted.
pub fn trusted_in(view: &RepositoryView, tag: &str) -> Result<Trusted, Untrusted> {
    if let Some(trouble) = view.trouble_of(tag) {
        return Err(Untrusted::Uncounted { cause: Box::new(trouble.problem) });
    }
    let rows: Vec<&TagView> = view.tags.iter().filter(|row| *row.name == *tag).collect();
    match rows.iter().find(|row| row.state == TagState::Trusted) {
        Some(row) if !row.has_digest() => Err(Untrusted::NoDigest),
        Some(row) => Ok(trusted(view, row)),
        None => Err(untrusted(view, &rows)),
    }
}

/// All tags of such a view that can be pulled.
#[must_use]
pub fn all_trusted_in(view: &RepositoryView) -> Vec<Trusted> {
    trusted_rows(view).map(|tag| trusted(view, tag)).collect()
}

/// The rows of those tags.
pub(crate) fn trusted_rows(view: &RepositoryView) -> impl Iterator<Item = &TagView> {
    let first = view.uncounted_first();
    let is_known = move |tag: &TagView| first.is_none_or(|first| !first.allows(&tag.name));
    let rows = view.tags.iter().filter(|tag| tag.state == TagState::Trusted && tag.has_digest());
    rows.filter(move |tag| is_known(tag))
}

fn trusted(view: &RepositoryView, row: &TagView) -> Trusted {
    Trusted {
        gun: view.gun.clone(),
        name: view.name.clone(),
        tag: row.name.to_string(),
        digest: format!("sha256:{}", row.digest),
        size: row.length,
        sha512: row.sha512.clone(),
        roles: row.roles.clone(),
        signers: row.signers.clone(),
    }
}

fn untrusted(view: &RepositoryView, rows: &[&TagView]) -> Untrusted {
    let roles = |state: TagState| -> Vec<Role> {
        rows.iter().filter(|row| row.state == state).flat_map(|row| row.roles.clone()).collect()
    };
    // Releases first, as a pull looks.
    let mut looked_in: Vec<Role> =
        view.roles.iter().filter(|role| role.role.is_released()).map(|role| role.role.clone()).collect();
    looked_in.sort_by_key(|role| *role == Role::Targets);
    if looked_in.len() > 1 {
        // Whoever has releases puts nothing into targets itself.
        looked_in.truncate(1);
    }
    let (orphaned, held) = (roles(TagState::Orphaned), roles(TagState::Held));
    match (orphaned.is_empty(), held.is_empty()) {
        (false, _) => Untrusted::Orphaned { roles: orphaned },
        (true, false) => Untrusted::Held { roles: held, looked_in },
        (true, true) => Untrusted::Unsigned { looked_in },
    }
}
