//! What a user chose in a wizard: all that a wizard remembers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::journal::{disk, make_dir, write_whole};
use crate::engine::{Engine, EngineError, RootKeyChoice};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, Role, SignerName};

/// The form that this program reads and writes.
const VERSION: u64 = 1;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
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
    /// The first trust data of a repository, with its first signer.
    FirstSetup { signer: SignerName, root_key: RootKeyChoice },
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

/// In how many publishes a signer's key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// One, wherever it can be done without a gap.
    OnePublish,
    /// The new key is added; the old one stays until the user chooses [`Way::OnePublish`].
    AddOnly,
}

/// How a role was when the wizard began.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Before {
    /// Its keys.
    pub keys: Vec<CanonicalKeyId>,
    /// Version of its file.
    pub version: Option<u64>,
}

/// What a user chose. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is to be done.
    pub wizard: Wizard,
    /// Where.
    pub repositories: Vec<Gun>,
    /// The new public key of each repository; empty where none was chosen or the server makes it.
    #[serde(default)]
    pub keys: BTreeMap<Gun, PublicKey>,
    /// Whether somebody else holds the private half of a signer's new key.
    #[serde(default)]
    pub colleague: bool,
    /// Whether to go on without a tested backup of the new key.
    #[serde(default)]
    pub without_backup: bool,
    /// How the role was in each repository when the wizard began.
    #[serde(default)]
    pub before: BTreeMap<Gun, Before>,
    /// How a signer's key is replaced.
    pub way: Way,
    /// When it began.
    pub begun: Time,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u64,
    trust_dir: PathBuf,
    #[serde(flatten)]
    choice: Choice,
}

impl Wizard {
    /// The role whose keys or file it is about.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::DelegationKey { signer } | Self::FirstSetup { signer, .. } => signer.role().into(),
            Self::Targets => Role::Targets,
            Self::RenewTargets { role } => role.clone(),
            Self::Snapshot { .. } => Role::Snapshot,
            Self::Timestamp => Role::Timestamp,
            Self::Root | Self::RenewRoot => Role::Root,
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
            Self::FirstSetup { signer, .. } => format!("set up with first signer {signer}"),
        }
    }

    /// Whether it needs a new key whose public half this machine must know.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        match self {
            Self::DelegationKey { .. } | Self::Targets | Self::Root | Self::FirstSetup { .. } => true,
            Self::Snapshot { holder } => *holder == Holder::Here,
            Self::Timestamp | Self::RenewRoot | Self::RenewTargets { .. } => false,
        }
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
            Self::DelegationKey { signer } | Self::FirstSetup { signer, .. } => signer.to_string(),
            other => other.role().to_string(),
        }
    }
}

impl Choice {
    /// A choice that was just made.
    #[must_use]
    pub fn new(wizard: Wizard, repositories: Vec<Gun>, begun: Time) -> Self {
        let (keys, before) = (BTreeMap::new(), BTreeMap::new());
        let (colleague, without_backup) = (false, false);
        Self { wizard, repositories, keys, colleague, without_backup, before, way: Way::OnePublish, begun }
    }
}

impl Engine {
    fn wizard_path(&self, wizard: &Wizard, repositories: &[Gun]) -> Result<PathBuf, EngineError> {
        let mut sorted: Vec<&Gun> = repositories.iter().collect();
        sorted.sort();
        let named = serde_json::to_vec(&(&self.settings().trust_dir, wizard, sorted));
        let named = named.map_err(|e| self.not_kept(&e.to_string()))?;
        Ok(self.wizard_dir().join(format!("{}.json", hex::encode(&Sha256::digest(named)[..8]))))
    }

    fn wizard_dir(&self) -> PathBuf {
        self.settings().state_dir.join("wizards")
    }

    fn not_kept(&self, what: &str) -> EngineError {
        EngineError::State { path: self.wizard_dir(), what: what.to_owned() }
    }

    /// Wizards that were begun and neither finished nor given up, oldest first.
    ///
    /// # Errors
    /// `Disk`; `State` for a damaged file or one of a newer version.
    pub fn wizards(&self) -> Result<Vec<Choice>, EngineError> {
        let dir = self.wizard_dir();
        let entries = match std::fs::read_dir(&dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|e| disk(&dir, e))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| disk(&dir, e))?.path();
            if path.extension().is_some_and(|end| end == "json") {
                let bytes = std::fs::read(&path).map_err(|e| disk(&path, e))?;
                let damaged = |what: String| EngineError::State { path: path.clone(), what };
                let stored: Stored = serde_json::from_slice(&bytes)
                    .map_err(|e| damaged(format!("this record of a wizard is damaged: {e}")))?;
                if stored.version != VERSION {
                    return Err(damaged(format!("is of version {}, expected {VERSION}", stored.version)));
                }
                found.extend((stored.trust_dir == self.settings().trust_dir).then_some(stored.choice));
            }
        }
        found.sort_by_key(|choice| choice.begun);
        Ok(found)
    }

    /// The wizard of this kind for exactly these repositories, if it was begun.
    ///
    /// # Errors
    /// As [`Engine::wizards`].
    pub fn begun_wizard(&self, wizard: &Wizard, repositories: &[Gun]) -> Result<Option<Choice>, EngineError> {
        let path = self.wizard_path(wizard, repositories)?;
        let is_it = |choice: &Choice| self.wizard_path(&choice.wizard, &choice.repositories).is_ok_and(|p| p == path);
        Ok(self.wizards()?.into_iter().find(is_it))
    }

    /// Remembers a choice; a later one of the same kind for the same repositories takes its place.
    ///
    /// # Errors
    /// `Disk`.
    pub fn keep_wizard(&self, choice: &Choice) -> Result<(), EngineError> {
        make_dir(&self.wizard_dir())?;
        let path = self.wizard_path(&choice.wizard, &choice.repositories)?;
        let trust_dir = self.settings().trust_dir.clone();
        let stored = Stored { version: VERSION, trust_dir, choice: choice.clone() };
        let bytes = serde_json::to_vec_pretty(&stored).map_err(|e| self.not_kept(&e.to_string()))?;
        write_whole(&path, &bytes)
    }

    /// Forgets a wizard that is finished or given up. What is staged stays staged.
    ///
    /// # Errors
    /// `Disk`.
    pub fn forget_wizard(&self, choice: &Choice) -> Result<(), EngineError> {
        let path = self.wizard_path(&choice.wizard, &choice.repositories)?;
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(disk(&path, e)),
            _ => Ok(()),
        }
    }
}
