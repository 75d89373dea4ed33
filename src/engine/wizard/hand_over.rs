//! The file that a colleague gets when his key is to replace another: public facts only.
//!
//! Invariant: read back, it is a stranger's word. What it names is checked or compared with the server, and nothing in
//! it is run.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};

use super::choice::{Choice, Wizard, held_back};
use super::facts::{Facts, RepositoryFacts, RoleFacts};
use crate::engine::disk::new_file::write_new;
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::engine::reference::in_command;
use crate::keys::words;
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, Role, SignerName};

/// Says what the file is.
const FORM: &str = "trustdeck hand-over";
/// The form that this program reads and writes.
const VERSION: u64 = 1;
/// Longest file read, in bytes.
const LONGEST: u64 = 1 << 20;
/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Most repositories of one file.
const MOST: usize = 1000;

/// What a colleague needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    form: String,
    version: u64,
    /// For people who open the file.
    about: String,
    /// When it was written.
    pub made: Time,
    /// Whose key it is.
    pub signer: SignerName,
    /// Public half of the new key.
    pub key: PublicKey,
    /// Its ID.
    pub key_id: CanonicalKeyId,
    /// Four words for the ID.
    pub words: String,
    /// Where.
    pub repositories: Vec<HandOverRepository>,
    /// What to run, for people to read.
    pub commands: Vec<String>,
}

/// One repository of a [`HandOver`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOverRepository {
    /// Name.
    pub gun: Gun,
    /// Base URL of its server, as the sender sees it.
    pub server: String,
    /// Bare IDs of its root keys.
    pub root: Vec<CanonicalKeyId>,
    /// Four words for each of them.
    pub root_words: Vec<String>,
    /// Roles to sign, with their versions when this was written.
    pub roles: BTreeMap<Role, u64>,
    /// Keys that go once the new one has signed.
    pub replaces: Vec<CanonicalKeyId>,
}

impl HandOver {
    /// What the colleague who holds the new key of a signer needs; `None` for other wizards, or before a key was
    /// chosen.
    #[must_use]
    pub fn of(facts: &Facts) -> Option<Self> {
        let Wizard::DelegationKey { signer } = &facts.choice.wizard else { return None };
        let key = facts.choice.keys.values().flatten().next()?.clone();
        let roles = [Role::from(signer.role()), Role::releases()];
        let of = |repository: &RepositoryFacts| {
            let root: Vec<CanonicalKeyId> =
                repository.role(&Role::Root).map(RoleFacts::ids).into_iter().flatten().collect();
            let version = |role: &Role| Some((role.clone(), repository.role(role)?.version?));
            Some(HandOverRepository {
                gun: repository.gun.clone(),
                server: repository.server.clone(),
                root_words: root.iter().map(words::words).collect(),
                root: Some(root).filter(|root| !root.is_empty())?,
                roles: roles.iter().filter_map(version).collect(),
                replaces: super::changes::retiring(facts, repository).into_iter().collect(),
            })
        };
        let repositories: Vec<HandOverRepository> = facts.repositories.iter().filter_map(of).collect();
        let by_hand = repositories
            .iter()
            .map(|r| format!("trustdeck witness {} {} {} --publish", in_command(&r.gun), roles[0], roles[1]));
        let commands = std::iter::once("trustdeck rotate take-over THIS-FILE --publish".to_owned()).chain(by_hand);
        Some(Self {
            form: FORM.to_owned(),
            version: VERSION,
            about: format!(
                "For {signer}, who holds the private half of key {}: sign the roles below with it. Compare the words of \
                 the root key with the sender, by another way than this file came.",
                key.canonical_id().short()
            ),
            made: facts.now,
            signer: signer.clone(),
            key_id: key.canonical_id().clone(),
            words: words::words(key.canonical_id()),
            commands: commands.collect(),
            key,
            repositories,
        })
    }

    /// Reads what somebody sent.
    ///
    /// # Errors
    /// `Disk`; `Input` for what is no hand-over file, is too long, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        let disk = |source| EngineError::Disk { path: path.to_owned(), source };
        let bytes = read::read_kept(path, LONGEST).map_err(|error| match error.kind() {
            std::io::ErrorKind::Other | std::io::ErrorKind::FileTooLarge => refused(path, &error.to_string()),
            _ => disk(error),
        })?;
        let bytes = bytes.ok_or_else(|| disk(rustix::io::Errno::NOENT.into()))?;
        Self::parse(&bytes).map_err(|why| refused(path, &why))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let mut read: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("is no hand-over file: line {} is not of its form", error.line()))?;
        if read.form != FORM {
            return Err("is no hand-over file of trustdeck".to_owned());
        }
        if read.version != VERSION {
            return Err(format!("is of version {}, expected {VERSION}", read.version));
        }
        if *read.key.canonical_id() != read.key_id || words::words(&read.key_id) != read.words {
            return Err("names another key than it holds".to_owned());
        }
        if read.repositories.is_empty() || read.repositories.len() > MOST {
            return Err(format!("names {} repositories, expected 1 to {MOST}", read.repositories.len()));
        }
        let own = Role::from(read.signer.role());
        for repository in &mut read.repositories {
            let gun = &repository.gun;
            let server = address(&repository.server);
            repository.server = server.ok_or_else(|| format!("{gun}: its server is no address of http or https"))?;
        }
        for repository in &read.repositories {
            let gun = &repository.gun;
            if repository.root.is_empty()
                || repository.root.iter().map(words::words).ne(repository.root_words.iter().cloned())
            {
                return Err(format!("{gun}: the words are not those of the root key"));
            }
            if let Some(role) = repository.roles.keys().find(|role| **role != own && **role != Role::releases()) {
                return Err(format!("{gun}: {role} is no role of signer {}", read.signer));
            }
            if read.repositories.iter().filter(|other| other.gun == *gun).count() > 1 {
                return Err(format!("names {gun} twice"));
            }
        }
        Ok(read)
    }

    /// Writes it into a new file.
    ///
    /// # Errors
    /// `Input` if the file exists, `Disk`.
    pub fn write(&self, path: &Path) -> Result<(), EngineError> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        write_new(path, &text)
    }

    /// What of a repository is older than the sender has seen it, or not there at all, by the versions of its roles.
    #[must_use]
    pub fn held_back(&self, gun: &Gun, version: impl Fn(&Role) -> Option<u64>) -> Option<String> {
        let sent = self.repositories.iter().find(|repository| repository.gun == *gun)?;
        held_back(&sent.roles, version)
    }

    /// What taking over begins with. Nothing of it is believed before the server has said the same.
    #[must_use]
    pub fn choice(&self, now: Time) -> Choice {
        let guns = self.repositories.iter().map(|repository| repository.gun.clone()).collect();
        let mut choice = Choice::new(Wizard::TakeOver { signer: self.signer.clone() }, guns, now);
        choice.use_keys(std::slice::from_ref(&self.key));
        choice.roots = self.repositories.iter().map(|r| (r.gun.clone(), r.root.clone())).collect();
        choice.sent = self.repositories.iter().map(|r| (r.gun.clone(), r.roles.clone())).collect();
        choice
    }
}

/// The address of a server, without a login that somebody has put into it.
fn address(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then(|| format!("{scheme}://{host}{path}"))
}

fn refused(path: &Path, why: &str) -> EngineError {
    EngineError::Input {
        message: format!("{} {why}", path.display()),
        hint: "ask for a new one: trustdeck rotate signer NAME REPO --hand-over FILE writes it".to_owned(),
    }
}
