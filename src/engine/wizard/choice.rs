//! What a user chose in a wizard: all that a wizard remembers.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};

use crate::engine::draft::change::{RootKeyChoice, SignedTarget};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, Role, SignerName, TargetName};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Wizard {
    /// A new key for a signer, in `targets/<name>` and `targets/releases`.
    DelegationKey { signer: SignerName },
    /// A new targets key.
    Targets,
    /// A new snapshot key, here or behind the server.
    Snapshot { holder: Holder },
    /// A new timestamp key behind the server.
    Timestamp,
    /// A new root key.
    Root,
    /// Root signed again with the same key, its certificate renewed if that ends first.
    RenewRoot,
    /// A targets role signed again with the same key.
    RenewTargets { role: Role },
    /// The colleague's half of [`Wizard::DelegationKey`]: the signer's roles signed with his new key.
    TakeOver { signer: SignerName },
    /// The first trust data of a repository, with its first signers and tags.
    FirstSetup,
}

/// Who holds a base role's private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// This machine.
    Here,
    /// The server.
    Server,
}

/// How a signer's key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// In one publish, wherever it can be done without a gap.
    OnePublish,
    /// The new key is added; the old one stays until the user says so ([`Choice::remove_old`]).
    TwoPublishes,
    /// The new key is added; a colleague signs with it on his machine; then the old one is removed.
    Colleague,
}

/// How a role was when the wizard began.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoleBefore {
    /// Its keys.
    pub keys: Vec<CanonicalKeyId>,
    /// Version of its file.
    pub version: Option<u64>,
}

/// What a new repository begins with.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct First {
    /// Its root key: one of the key store, or one that the publish makes. `None` before it was chosen.
    #[serde(default)]
    pub root_key: Option<RootKeyChoice>,
    /// Signers and their keys.
    #[serde(default)]
    pub signers: BTreeMap<SignerName, Vec<PublicKey>>,
    /// Tags to sign at once.
    #[serde(default)]
    pub tags: BTreeMap<Gun, BTreeMap<TargetName, SignedTarget>>,
    /// Whether tags come later.
    #[serde(default)]
    pub without_tags: bool,
}

/// What a user chose. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is to be done.
    pub wizard: Wizard,
    /// Where.
    pub repositories: Vec<Gun>,
    /// The new public keys of each repository; none where none was chosen or the server makes it.
    #[serde(default)]
    pub keys: BTreeMap<Gun, Vec<PublicKey>>,
    /// Whether to go on without a tested backup of the new key.
    #[serde(default)]
    pub without_backup: bool,
    /// How the role was in each repository when the wizard began.
    #[serde(default)]
    pub before: BTreeMap<Gun, RoleBefore>,
    /// How a signer's key is replaced.
    pub way: Way,
    /// Whether the old key may go now, where that is a publish of its own.
    #[serde(default)]
    pub remove_old: bool,
    /// Whether the machines and people that sign have the new key, as the user says.
    #[serde(default)]
    pub told: bool,
    /// What a new repository begins with.
    #[serde(default)]
    pub first: First,
    /// Root keys that a hand-over file names, to be found on the server.
    #[serde(default)]
    pub roots: BTreeMap<Gun, Vec<CanonicalKeyId>>,
    /// Versions that a hand-over file names, by role: a server that has older ones, or none, may hold something back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<Gun, BTreeMap<Role, u64>>,
    /// Older root keys that sign a new root too.
    #[serde(default)]
    pub legacy: BTreeMap<Gun, Vec<PublicKey>>,
    /// When it began.
    pub begun: Time,
}

impl Wizard {
    /// The role whose keys or file it is about.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::DelegationKey { signer } | Self::TakeOver { signer } => signer.role().into(),
            Self::Targets => Role::Targets,
            Self::RenewTargets { role } => role.clone(),
            Self::Snapshot { .. } => Role::Snapshot,
            Self::Timestamp => Role::Timestamp,
            Self::Root | Self::RenewRoot | Self::FirstSetup => Role::Root,
        }
    }

    /// Its name, such as `rotate the key of signer jeff`.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::DelegationKey { signer } => format!("rotate the key of signer {signer}"),
            Self::Targets | Self::Root => format!("rotate the {} key", self.role()),
            Self::Snapshot { holder: Holder::Here } => "bring the snapshot key here".to_owned(),
            Self::Snapshot { holder: Holder::Server } | Self::Timestamp => {
                format!("rotate the {} key behind the server", self.role())
            }
            Self::RenewRoot => "renew root".to_owned(),
            Self::RenewTargets { role } => format!("renew {role}"),
            Self::TakeOver { signer } => format!("take over the key of signer {signer}"),
            Self::FirstSetup => "set up trust data".to_owned(),
        }
    }

    /// Whether it needs a new key whose public half this machine must know.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        match self {
            Self::DelegationKey { .. } | Self::TakeOver { .. } | Self::Targets | Self::Root => true,
            Self::Snapshot { holder } => *holder == Holder::Here,
            Self::Timestamp | Self::RenewRoot | Self::RenewTargets { .. } | Self::FirstSetup => false,
        }
    }

    /// Whether its new key may be on a token, as far as Notary's clients use those: keys of root, targets and signers.
    #[must_use]
    pub fn takes_tokens(&self) -> bool {
        matches!(self, Self::DelegationKey { .. } | Self::Targets | Self::Root | Self::FirstSetup)
    }

    /// Whether each repository gets a key of its own.
    #[must_use]
    pub fn has_key_for_each(&self) -> bool {
        matches!(self, Self::Targets | Self::Snapshot { .. })
    }

    /// What the file of a new key says it is for.
    #[must_use]
    pub fn key_name(&self) -> String {
        match self {
            Self::DelegationKey { signer } | Self::TakeOver { signer } => signer.to_string(),
            other => other.role().to_string(),
        }
    }
}

impl Choice {
    /// A choice that was just made.
    #[must_use]
    pub fn new(wizard: Wizard, repositories: Vec<Gun>, begun: Time) -> Self {
        let (keys, before, roots, sent, legacy) = Default::default();
        let (without_backup, remove_old, told, first) = Default::default();
        let way = Way::OnePublish;
        Self {
            wizard,
            repositories,
            keys,
            without_backup,
            before,
            way,
            remove_old,
            told,
            first,
            roots,
            sent,
            legacy,
            begun,
        }
    }

    /// The new keys of a repository.
    #[must_use]
    pub fn new_keys(&self, gun: &Gun) -> &[PublicKey] {
        self.keys.get(gun).map_or(&[], Vec::as_slice)
    }

    /// Takes one key, or as many as must sign, for all repositories.
    pub fn use_keys(&mut self, keys: &[PublicKey]) {
        self.keys = self.repositories.iter().map(|gun| (gun.clone(), keys.to_vec())).collect();
    }
}

/// The first role whose file is older than the version that was sent, or missing.
pub(super) fn held_back(sent: &BTreeMap<Role, u64>, version: impl Fn(&Role) -> Option<u64>) -> Option<String> {
    sent.iter().find_map(|(role, sent)| match version(role) {
        Some(here) if here >= *sent => None,
        Some(here) => Some(format!("{role} is v{here} there, and the sender saw v{sent}")),
        None => Some(format!("no file of {role} is there, and the sender saw one")),
    })
}
