//! Private keys from files that other programs wrote. Blocking.
//!
//! Invariant: what a file holds is imported or named; nothing is skipped in silence.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use zeroize::Zeroizing;

use super::make::{check_name, of_the_server};
use super::part::Custody;
use crate::engine::error::EngineError;
use crate::keys::container::rounds;
use crate::keys::old_names::{PathFacts, named};
use crate::keys::pem::{Block, PemError};
use crate::keys::{Exposure, NewPassphrase, OpenError, Passphrase, PrivateKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, Role};

/// Largest file of keys read, in bytes: thousands of keys.
pub(in crate::engine) const MAX_SET: u64 = 32 << 20;

/// Most reasons given one by one.
const MAX_NAMED: usize = 100;

/// A private key in a file, perhaps encrypted.
pub struct FoundKey {
    pub(in crate::engine) block: Block,
    /// Which block of the file, from 1.
    pub place: usize,
    /// `role` header.
    pub role: Option<String>,
    /// Repository, from the `gun` or `path` header.
    pub gun: Option<String>,
    /// ID that the file claims, in the `path` header or the name of its file.
    pub claimed: Option<CanonicalKeyId>,
    /// Whether a passphrase is needed.
    pub encrypted: bool,
}

/// What a file holds: keys, and in words what else.
#[derive(Default)]
pub struct KeySet {
    /// Private keys, in file order.
    pub keys: Vec<FoundKey>,
    /// What is no private key and need not be one, such as a key's certificate.
    pub beside: Vec<String>,
    /// What should be a key and is of no use.
    pub refused: Vec<String>,
    /// What opening all of them costs beyond what any key may, in rounds of PBKDF2.
    costs: u64,
}

/// Rounds that every key of a set may ask for; Notary's and OpenSSL's own ask for 2048.
const FREE_ROUNDS: u64 = 10_000;
/// Rounds beyond those that all keys of a set may ask for together: some seconds.
const SHARED_ROUNDS: u64 = 20_000_000;

/// Why a block is not among the keys of a file.
pub(in crate::engine) enum NoKey {
    /// It is something else.
    Beside(String),
    /// It is damaged, or of a kind that nobody knows.
    Refused(String),
}

/// A key of a file, decrypted.
pub struct OpenedKey {
    pub(in crate::engine) key: PrivateKey,
}

impl OpenedKey {
    /// Its ID.
    #[must_use]
    pub fn id(&self) -> &CanonicalKeyId {
        self.key.id()
    }
}

/// Who says what a key is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Its file.
    File,
    /// The user: a key that is in the store already is renamed.
    User,
}

/// Where a key came to lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadedKey {
    /// In a new file.
    New(PathBuf),
    /// It was in the store already, with this `role` header, and was left as it is.
    Known(String),
    /// It was in the store already, and has the new name now.
    Renamed,
}

impl KeySet {
    /// Reads all PEM blocks.
    #[must_use]
    pub fn parse(file: &[u8]) -> Self {
        let (mut set, mut more) = (Self::default(), 0_usize);
        for (index, block) in Block::read_each(file).enumerate() {
            let place = index + 1;
            let found = match block {
                Err(PemError::Foreign(foreign)) => Err(NoKey::Refused(foreign.to_string())),
                Err(error) => Err(NoKey::Refused(format!("block {place} {error}"))),
                Ok(block) => FoundKey::new(block, place).map_err(|why| why.of(&format!("block {place}"))),
            };
            more += usize::from(!set.take(found));
        }
        if more > 0 {
            set.refused.push(format!("{more} more blocks are no private keys"));
        }
        set
    }

    /// What a key is called, and who says so. As in docker, a name that is `given` counts for more than the one in a file
    /// of one key; of several keys, it is for those whose file does not say one.
    #[must_use]
    pub fn name_of<'a>(&'a self, key: &'a FoundKey, given: Option<&'a str>) -> Option<(&'a str, Naming)> {
        let own = key.role.as_deref().filter(|role| !role.is_empty() && *role != "delegation");
        let given = given.filter(|_| self.keys.len() == 1 || own.is_none());
        given.map(|name| (name, Naming::User)).or(own.map(|role| (role, Naming::File)))
    }

    /// Adds what was found, unless very much of no use was found before.
    pub(in crate::engine) fn take(&mut self, found: Result<FoundKey, NoKey>) -> bool {
        let (list, why) = match found {
            Ok(key) => {
                let costs = self.costs.saturating_add(rounds(&key.block).saturating_sub(FREE_ROUNDS));
                if costs <= SHARED_ROUNDS {
                    self.costs = costs;
                    self.keys.push(key);
                    return true;
                }
                let place = key.place;
                (&mut self.refused, format!("block {place} asks, with those before it, for too many rounds of PBKDF2"))
            }
            Err(NoKey::Beside(what)) => (&mut self.beside, what),
            Err(NoKey::Refused(why)) => (&mut self.refused, why),
        };
        let room = list.len() < MAX_NAMED;
        if room {
            list.push(why);
        }
        room
    }

    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// `Input`: others may read the file, or there is no key in it; `Disk`.
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        let is_file = path != Path::new("-");
        let bytes = if is_file { read_regular(path)? } else { read_to(std::io::stdin().lock(), path)? };
        let mut set = Self::parse(&bytes);
        if let [key] = set.keys.as_mut_slice() {
            key.named_by(path);
        }
        if set.keys.is_empty() {
            let whys: Vec<&str> = set.refused.iter().chain(&set.beside).map(String::as_str).collect();
            let why = if whys.is_empty() { "holds no PEM block".to_owned() } else { whys.join("; ") };
            return Err(EngineError::Input {
                message: format!("{}: {why}", path.display()),
                hint: "give a file with a private key; public keys go to: trustdeck signer add --key FILE".to_owned(),
            });
        }
        // What holds no key may be read by anybody.
        if is_file {
            refuse_exposed(path)?;
        }
        Ok(set)
    }
}

impl NoKey {
    /// The same with what it is about before it.
    pub(in crate::engine) fn of(self, what: &str) -> Self {
        match self {
            Self::Beside(why) => Self::Beside(format!("{what} {why}")),
            Self::Refused(why) => Self::Refused(format!("{what} {why}")),
        }
    }
}

impl FoundKey {
    /// Judges a block by its label; says what it is instead.
    pub(in crate::engine) fn new(block: Block, place: usize) -> Result<Self, NoKey> {
        let beside = |what: &str| Err(NoKey::Beside(format!("{what}: add it with trustdeck signer add --key")));
        match block.label.as_str() {
            "PUBLIC KEY" => beside("is a public key"),
            "CERTIFICATE" => beside("is a certificate"),
            label if label.ends_with("PRIVATE KEY") => {
                let path = block.name("path").map(str::to_owned);
                let stem = path.as_deref().and_then(|path| path.rsplit('/').next());
                let claimed = stem.and_then(|stem| CanonicalKeyId::parse(stem.trim_end_matches(".key")).ok());
                let of_path = path.as_deref().and_then(|path| path.strip_prefix("tuf_keys/")?.rsplit_once('/'));
                let gun = of_path.map(|(gun, _)| gun.to_owned()).or_else(|| block.name("gun").map(str::to_owned));
                let role = block.name("role").map(str::to_owned);
                let encrypted = block.is_encrypted();
                Ok(Self { place, role, gun, claimed, encrypted, block })
            }
            label => Err(NoKey::Refused(format!("is a {label:?}, expected a private key"))),
        }
    }

    /// Takes from the name of its file what the headers do not say: so older versions of notary kept it.
    pub(in crate::engine) fn named_by(&mut self, file: &Path) {
        let PathFacts { id, role, gun } = named(file);
        self.claimed = id.or(self.claimed.take());
        self.role = self.role.take().or(role);
        self.gun = self.gun.take().or(gun);
    }

    /// Decrypts it. Slow (key derivation).
    ///
    /// # Errors
    /// [`OpenError`]; RSA keys under 2048 bits are refused, their signatures would not verify.
    pub fn open(&self, passphrase: Option<&Passphrase>) -> Result<OpenedKey, OpenError> {
        let key = PrivateKey::from_block(&self.block, passphrase)?;
        match key.public().algorithm() {
            // Elliptic curves and long keys that cannot verify have been refused before.
            Algorithm::Unknown(_) => Err(OpenError::Format(
                "holds an RSA key under 2048 bits, whose signatures every client refuses".to_owned(),
            )),
            _ => Ok(OpenedKey { key }),
        }
    }
}

/// What to do about a key that does not open.
#[must_use]
pub fn way_on(error: &OpenError) -> &'static str {
    match error {
        OpenError::Convertible(_) => "convert it, then load what comes out",
        _ => "give a key that notary can use: ECDSA, Ed25519, or RSA of 2048 bits and more",
    }
}

/// Reads a file whole, which is no device.
fn read_regular(path: &Path) -> Result<Zeroizing<Vec<u8>>, EngineError> {
    let disk = |source| EngineError::Disk { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(disk)?.is_file() {
        let hint = "name a file with a private key, or - for standard input".to_owned();
        return Err(EngineError::Input { message: format!("{} is not a regular file", path.display()), hint });
    }
    read_to(fs::File::open(path).map_err(disk)?, path)
}

/// A private key that others can read is none any more.
fn refuse_exposed(path: &Path) -> Result<(), EngineError> {
    let mode = fs::metadata(path).map_err(|source| EngineError::Disk { path: path.to_owned(), source })?.mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(EngineError::Input {
        message: format!("{} can be read or changed by others (mode {mode:04o})", path.display()),
        hint: format!("{}; docker trust refuses such files too", Exposure::Mode(mode).mend(path)),
    })
}

/// Reads a file of keys whole.
pub(in crate::engine) fn read_to(input: impl Read, path: &Path) -> Result<Zeroizing<Vec<u8>>, EngineError> {
    let (bytes, end) = read_on(input);
    end.map_err(|source| EngineError::Disk { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MAX_SET {
        let message = format!("{} is larger than {} MiB", path.display(), MAX_SET >> 20);
        return Err(EngineError::Input { message, hint: "name a file with keys only".to_owned() });
    }
    Ok(bytes)
}

/// Reads to the end, until something fails, or a byte more than keys have.
pub(in crate::engine) fn read_on(input: impl Read) -> (Zeroizing<Vec<u8>>, io::Result<()>) {
    let mut bytes = Zeroizing::new(Vec::new());
    // In pieces of its own, so that no copy of a secret is left behind when the buffer grows.
    let mut piece = Zeroizing::new([0_u8; 64 * 1024]);
    let mut input = input.take(MAX_SET + 1);
    loop {
        let count = match input.read(piece.as_mut_slice()) {
            Ok(0) => return (bytes, Ok(())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return (bytes, Err(error)),
        };
        if bytes.capacity() < bytes.len() + count {
            let mut grown = Zeroizing::new(Vec::with_capacity(2 * (bytes.len() + count)));
            grown.extend_from_slice(&bytes);
            bytes = grown;
        }
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
}

impl Custody {
    /// Keeps a key in the store, encrypted in Notary's form with `passphrase`; one that is there already needs none.
    ///
    /// # Errors
    /// `Input`: a role of one repository without the repository, no name, or no passphrase; `Disk`, `Key`.
    pub fn load_key(
        &self,
        opened: OpenedKey,
        (role, naming): (&str, Naming),
        gun: Option<&str>,
        passphrase: Option<&NewPassphrase>,
    ) -> Result<LoadedKey, EngineError> {
        self.context.check_writable()?;
        if naming == Naming::User {
            check_given(role)?;
        }
        let id = opened.id().clone();
        let store = self.keyring.key_store();
        if store.holds(&id) {
            let known = store.find(&id).map(|known| known.role).unwrap_or_default();
            let renamed = naming == Naming::User && known != role;
            return if renamed { self.rename_key(&id, role, gun) } else { Ok(LoadedKey::Known(known)) };
        }
        check_role(role, gun)?;
        let gun = gun.and_then(|gun| Gun::parse(gun).ok());
        let passphrase = passphrase.ok_or_else(|| no_passphrase(&id))?;
        let path = store.save(&opened.key, role, gun.as_ref(), passphrase)?;
        self.keyring.held.changed();
        self.keyring.held.keep_open(opened.key, passphrase);
        Ok(LoadedKey::New(path))
    }

    /// Gives a key of the store another role or signer, as loading it with a name does with docker.
    ///
    /// # Errors
    /// `Input` for a role of one repository without the repository, or no name; `Key`.
    fn rename_key(&self, id: &CanonicalKeyId, role: &str, gun: Option<&str>) -> Result<LoadedKey, EngineError> {
        check_role(role, gun)?;
        let gun = gun.and_then(|gun| Gun::parse(gun).ok());
        self.keyring.key_store().rename(id, role, gun.as_ref())?;
        self.keyring.held.changed();
        Ok(LoadedKey::Renamed)
    }
}

/// Refuses what no key that is loaded is called, before anybody is asked for a passphrase.
///
/// # Errors
/// `Input`.
pub fn check_given(name: &str) -> Result<(), EngineError> {
    match Role::parse(name) {
        Ok(Role::Timestamp) => Err(of_the_server()),
        Ok(_) => Ok(()),
        Err(_) => check_name(name),
    }
}

fn no_passphrase(id: &CanonicalKeyId) -> EngineError {
    EngineError::Input {
        message: format!("key {} needs a new passphrase", id.short()),
        hint: "choose one of at least 8 characters".to_owned(),
    }
}

/// Refuses what Notary would skip: keys of one repository that do not say which.
fn check_role(role: &str, gun: Option<&str>) -> Result<(), EngineError> {
    match Role::parse(role) {
        Ok(Role::Targets | Role::Snapshot | Role::Timestamp) => match gun.map(Gun::parse) {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error.into()),
            None => Err(EngineError::Input {
                message: format!("a {role} key belongs to one repository, and this file does not say which"),
                hint: "name it with --repository REPO".to_owned(),
            }),
        },
        Ok(_) => Ok(()),
        Err(_) => check_name(role),
    }
}
