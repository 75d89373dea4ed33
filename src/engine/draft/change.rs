//! Staged changes: what a person wants, as values.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};

use crate::tuf::{CanonicalKeyId, Custom, DelegationName, Gun, PublicKey, Role, SignerName, Target, TargetName};

/// Notary's clients read numbers as 64-bit floats; a longer manifest would be read as another length.
pub(in crate::engine) const LONGEST: u64 = 1 << 53;

/// Where the root key of a new repository comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootKeyChoice {
    /// The one there is: on a token, else in the key store; a new one if there is none.
    Auto,
    /// This stored key.
    Stored(CanonicalKeyId),
    /// A new one.
    New,
}

/// What takes the place of a base role's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewKeys {
    /// Keys of the key store. Root keys stand here bare: their certificates are made when root is signed.
    Here(Vec<PublicKey>),
    /// One that the server makes when this is published.
    Server,
}

/// One thing to do to one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Change {
    /// Creates the repository, as `docker trust signer add` does: root key chosen or made, targets key made,
    /// snapshot and timestamp held by the server.
    Create { root_key: RootKeyChoice },
    /// Adds keys to `targets/<name>` and `targets/releases`, both made if missing, with all paths.
    AddSigner { name: SignerName, keys: Vec<PublicKey> },
    /// Removes `targets/<name>`, and its keys from `targets/releases` unless another signer holds them.
    RemoveSigner { name: SignerName },
    /// Removes one key from `targets/<name>`, and from `targets/releases` unless another signer holds it.
    RemoveSignerKey { name: SignerName, key: CanonicalKeyId },
    /// Adds keys and paths to a delegation, made if missing.
    AddDelegation { role: DelegationName, keys: Vec<PublicKey>, paths: Vec<String> },
    /// Removes keys and paths from a delegation; `clear_paths` removes all paths.
    EditDelegation {
        role: DelegationName,
        remove_keys: Vec<CanonicalKeyId>,
        remove_paths: Vec<String>,
        clear_paths: bool,
    },
    /// Removes a delegation.
    RemoveDelegation { role: DelegationName },
    /// Removes keys from every delegation.
    PurgeKeys { keys: Vec<CanonicalKeyId> },
    /// Signs a tag into the named roles, or (empty) into those that `docker trust sign` would choose.
    Sign { tag: TargetName, target: SignedTarget, roles: Vec<Role> },
    /// Removes a tag from the named roles, or (empty) from all that can be signed here.
    Revoke { tag: TargetName, roles: Vec<Role> },
    /// Signs a role's unchanged content again with the keys at hand. For `root`: renews it.
    Witness { role: Role },
    /// Signs the last good file of a role that this machine has, in the place of one that nobody known has signed or of
    /// one that the server hides.
    Restore { role: Role },
    /// Sends the files of a repository that its server has lost, as this machine verified them: nothing is signed.
    Republish,
    /// Puts new keys in the place of a base role's. The old private keys stay in the key store.
    /// A new root is also signed with the older root keys of `legacy`, for clients that know only those.
    RotateKeys {
        role: Role,
        keys: NewKeys,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        legacy: Vec<PublicKey>,
    },
    /// Deletes the repository's trust data on the server; alone in its publish.
    Delete,
}

/// A target in the journal's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTarget {
    /// Length, in bytes; a file of roles holds no longer one.
    #[serde(deserialize_with = "exact")]
    pub length: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// SHA-512 in hexadecimal, if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha512: Option<String>,
    /// Custom data in canonical form, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
    /// Whether the registry held this under the tag when it was staged: a tag that moves before the publish stops it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_registry: bool,
}

/// A number that JSON holds to the last digit, whoever reads it.
fn exact<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(from)?;
    if number <= LONGEST { Ok(number) } else { Err(serde::de::Error::custom("a length is at most 2^53")) }
}

impl SignedTarget {
    /// The target as metadata holds it; `None` if a digest is not hexadecimal of the right length.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let sha256: [u8; 32] = hex::decode(&self.sha256).ok()?.try_into().ok()?;
        let mut target = Target::image(sha256, self.length);
        if let Some(text) = &self.sha512 {
            let sha512: [u8; 64] = hex::decode(text).ok()?.try_into().ok()?;
            target.hashes.insert("sha512", &sha512);
        }
        target.custom.clone_from(&self.custom);
        Some(target)
    }
}

/// Names a staged change; never used twice in one journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryId(pub u64);

/// A staged change with where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedChange {
    /// Its name in the journal.
    pub id: EntryId,
    /// The repository.
    pub gun: Gun,
    /// Base URL of the server it was staged for.
    pub server: String,
    /// When it was staged.
    pub at: Time,
    /// What to do.
    pub change: Change,
}

impl StagedChange {
    /// The tag that it is about, with its repository.
    fn tag(&self) -> Option<(&Gun, &TargetName)> {
        Some((&self.gun, self.change.tag()?))
    }
}

/// All that is staged, in order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stage {
    /// The changes.
    pub changes: Vec<StagedChange>,
    /// Whether `undo` would do something, and what (`remove signer ben from admin/api`).
    pub undo: Option<String>,
    /// Whether `redo` would do something, and what.
    pub redo: Option<String>,
    /// What `undo` would take back.
    pub undoes: StagedAct,
    /// What `redo` would stage and drop.
    pub redoes: StagedAct,
}

/// What was staged and dropped as one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StagedAct {
    /// What was staged.
    pub added: Vec<(Gun, Change)>,
    /// What was dropped, or replaced.
    pub removed: Vec<(Gun, Change)>,
}

impl StagedAct {
    /// Repositories that it is about.
    pub fn guns(&self) -> impl Iterator<Item = &Gun> {
        self.added.iter().chain(&self.removed).map(|(gun, _)| gun)
    }

    /// Whether it only dropped what was staged.
    #[must_use]
    pub fn is_drop(&self) -> bool {
        self.added.is_empty()
    }

    /// Whether it staged something, and only what is among these.
    #[must_use]
    pub fn is_of(&self, own: &[(Gun, Change)]) -> bool {
        !self.added.is_empty() && self.added.iter().all(|change| own.contains(change))
    }
}

impl Stage {
    /// What was staged in `before` of tags that are signed with something else, or revoked, since.
    #[must_use]
    pub fn replaced<'a>(&self, before: &'a Self) -> Vec<&'a StagedChange> {
        let ids = |stage: &Self| stage.changes.iter().map(|staged| staged.id).collect::<BTreeSet<EntryId>>();
        let (there, known) = (ids(self), ids(before));
        let new = self.changes.iter().filter(|staged| !known.contains(&staged.id));
        let new: BTreeMap<_, EntryId> = new.filter_map(|staged| Some((staged.tag()?, staged.id))).collect();
        let gone = before.changes.iter().filter(|staged| !there.contains(&staged.id));
        // What comes back with an undo has its name of before.
        let is_replaced =
            |old: &&StagedChange| old.tag().and_then(|tag| new.get(&tag)).is_some_and(|new| *new > old.id);
        gone.filter(is_replaced).collect()
    }

    /// Whether this very change is staged for a repository.
    #[must_use]
    pub fn holds(&self, gun: &Gun, change: &Change) -> bool {
        self.changes.iter().any(|staged| staged.gun == *gun && staged.change == *change)
    }

    /// What was staged in `before` of tags of which nothing is staged since: it was taken back or dropped.
    #[must_use]
    pub fn taken_back<'a>(&self, before: &'a Self) -> Vec<&'a StagedChange> {
        let there: BTreeSet<_> = self.changes.iter().filter_map(StagedChange::tag).collect();
        before.changes.iter().filter(|old| old.tag().is_some_and(|tag| !there.contains(&tag))).collect()
    }
}

impl Change {
    /// Whether it creates the repository.
    #[must_use]
    pub fn is_creation(&self) -> bool {
        matches!(self, Self::Create { .. })
    }

    /// What must come before it where there is no trust data: the first signer creates the repository, unless that is
    /// `staged` already.
    #[must_use]
    pub fn creation<'a>(&self, staged: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let needs = matches!(self, Self::AddSigner { .. }) && !staged.into_iter().any(Self::is_creation);
        needs.then_some(Self::Create { root_key: RootKeyChoice::Auto })
    }

    /// The tag that it is about, if it is about one.
    #[must_use]
    pub fn tag(&self) -> Option<&TargetName> {
        match self {
            Self::Sign { tag, .. } | Self::Revoke { tag, .. } => Some(tag),
            _ => None,
        }
    }

    /// What it does, in words: `remove signer ben`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Create { .. } => "create the repository".to_owned(),
            Self::AddSigner { name, .. } => format!("add signer {name}"),
            Self::RemoveSigner { name } => format!("remove signer {name}"),
            Self::RemoveSignerKey { name, key } => format!("remove key {} from signer {name}", key.short()),
            Self::AddDelegation { role, .. } => format!("add to delegation {}", role.short()),
            Self::EditDelegation { role, .. } => format!("change delegation {}", role.short()),
            Self::RemoveDelegation { role } => format!("remove delegation {}", role.short()),
            Self::PurgeKeys { keys } => {
                let ids: Vec<&str> = keys.iter().map(CanonicalKeyId::short).collect();
                format!("remove {} from every delegation", ids.join(", "))
            }
            Self::Sign { tag, roles, .. } => format!("sign {tag}{}", within(" into ", roles)),
            Self::Revoke { tag, roles } => format!("revoke {tag}{}", within(" in ", roles)),
            Self::Witness { role: Role::Root } => "renew root".to_owned(),
            Self::Witness { role } => format!("re-sign {}", role_word(role)),
            Self::Restore { role } => format!("sign the last good file of {}", role_word(role)),
            Self::Republish => "send this machine's verified copy".to_owned(),
            Self::RotateKeys { role, keys: NewKeys::Here(keys), .. } => {
                let ids: Vec<&str> = keys.iter().map(|key| key.canonical_id().short()).collect();
                format!("rotate the {role} key to {}", ids.join(", "))
            }
            Self::RotateKeys { role, keys: NewKeys::Server, .. } => {
                format!("rotate the {role} key to a new one of the server")
            }
            Self::Delete => "delete all trust data on the server".to_owned(),
        }
    }

    /// The same with its repository: `remove signer ben from admin/api`.
    #[must_use]
    pub fn describe_at(&self, name: &str) -> String {
        let preposition = match self {
            Self::Create { .. } => "",
            Self::AddSigner { .. } => "to ",
            Self::RemoveSigner { .. } | Self::RemoveDelegation { .. } => "from ",
            Self::Delete => "of ",
            _ => "in ",
        };
        format!("{} {preposition}{name}", self.describe())
    }
}

fn within(before: &str, roles: &[Role]) -> String {
    if roles.is_empty() {
        return String::new();
    }
    let words: Vec<&str> = roles.iter().map(role_word).collect();
    format!("{before}{}", words.join(", "))
}

/// A role's name without `targets/`.
pub(crate) fn role_word(role: &Role) -> &str {
    match role {
        Role::Delegation(name) => name.short(),
        other => other.as_str(),
    }
}
