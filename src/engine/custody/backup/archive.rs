//! Backups as they come: `age` files, PEM sets, and the tar archives that Docker's documentation tells people to make.
//!
//! Invariant: an archive is hostile. Nothing in it names a place on this machine: of a path only the key ID in its last
//! part is read; links and devices are refused; sizes and counts are bounded before anything is read.

use std::io;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Archive as Tar, Entry};
use zeroize::Zeroizing;

use super::seal::{UnsealError, unseal};
use super::{Contents, read_manifest, refuse};
use crate::engine::custody::load::{FoundKey, KeySet, MAX_SET, NoKey, read_to};
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::keys::old_names::named;
use crate::keys::pem::{Block, MAX_FILE, PemError};
use crate::keys::{KeyError, Passphrase};

/// Most members of an archive.
const MAX_MEMBERS: usize = 50_000;

/// Whether a backup needs a passphrase to be opened.
pub(super) fn is_sealed(file: &[u8]) -> bool {
    file.starts_with(b"age-encryption.org/")
}

/// Reads a backup of any kind.
///
/// # Errors
/// `Key` for a missing or wrong passphrase; `Input` for what is none, or too large; `Disk`.
pub(super) fn read(path: &Path, passphrase: Option<&Passphrase>) -> Result<Contents, EngineError> {
    let file = read::open_kept(path).map_err(|source| match source.kind() {
        io::ErrorKind::Other => refuse(format!("{} {source}", path.display()), "name a backup"),
        _ => EngineError::Disk { path: path.to_owned(), source },
    })?;
    parse(path, &read_to(file, path)?, passphrase)
}

/// Reads the bytes of a backup that lies at `path`.
///
/// # Errors
/// As [`read()`], but for `Disk`.
pub(super) fn parse(path: &Path, bytes: &[u8], passphrase: Option<&Passphrase>) -> Result<Contents, EngineError> {
    let about = |what: String| format!("{}: {what}", path.display());
    if is_sealed(bytes) {
        let what = |what: &str| KeyError::Unsupported(about(what.to_owned())).into();
        let Some(passphrase) = passphrase else { return Err(what("needs the passphrase of the backup")) };
        let content = unseal(bytes, passphrase).map_err(|error| match error {
            UnsealError::WrongPassphrase => KeyError::WrongBackupPassphrase { path: path.to_owned() }.into(),
            UnsealError::Unusable(what, hint) => refuse(about(what), hint),
        })?;
        return Ok(contents(&content));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return members(MultiGzDecoder::new(bytes))
            .map_err(|what| refuse(about(what), "make the archive again, of the key directory only"));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return members(bytes).map_err(|what| refuse(about(what), "make the archive again, of the key directory only"));
    }
    let contents = contents(bytes);
    if contents.set.keys.is_empty() && contents.set.refused.is_empty() && contents.set.beside.is_empty() {
        let hint =
            "name a file that trustdeck key backup or notary key export wrote, or an archive of the key directory";
        return Err(refuse(about("is no backup".to_owned()), hint));
    }
    Ok(contents)
}

fn contents(set: &[u8]) -> Contents {
    Contents { set: KeySet::parse(set), manifest: read_manifest(set) }
}

fn members(input: impl Read) -> Result<Contents, String> {
    let mut set = KeySet::default();
    let mut counted = Counted { input, left: MAX_SET };
    let mut tar = Tar::new(&mut counted);
    let damaged = |error: io::Error| format!("is no whole tar archive: {error}");
    for (index, member) in tar.entries().map_err(damaged)?.enumerate() {
        if index == MAX_MEMBERS {
            return Err(format!("has more than {MAX_MEMBERS} members"));
        }
        let mut member = member.map_err(damaged)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if let Some(found) = key(&mut member, &name, index + 1) {
            set.take(found.map_err(|why| why.of(&format!("{name}:"))));
        }
    }
    Ok(Contents { set, manifest: None })
}

/// The key in a member; `None` for directories and files that are no keys.
fn key(member: &mut Entry<'_, impl Read>, name: &str, place: usize) -> Option<Result<FoundKey, NoKey>> {
    let kind = member.header().entry_type();
    let refused = |why: &str| Some(Err(NoKey::Refused(why.to_owned())));
    if kind.is_dir() || kind.is_pax_global_extensions() {
        return None;
    }
    if !kind.is_file() {
        return refused("is a link or a device, which no backup of keys has");
    }
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return refused("has a path that leads out of the archive");
    }
    let file = name.rsplit('/').next().unwrap_or_default();
    // A Mac adds a file `._NAME` of its own for each.
    if !file.ends_with(".key") || file.starts_with("._") {
        return None;
    }
    // What is called by the ID of a key should be one.
    let is_named = named(Path::new(name)).id.is_some();
    Some(content(member, name, place).map_err(|why| match why {
        NoKey::Beside(why) if is_named => NoKey::Refused(why),
        why => why,
    }))
}

fn content(member: &mut Entry<'_, impl Read>, name: &str, place: usize) -> Result<FoundKey, NoKey> {
    if member.size() > MAX_FILE as u64 {
        return Err(NoKey::Refused(format!("has {} bytes, which no key has", member.size())));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE));
    let read = member.take(MAX_FILE as u64).read_to_end(&mut bytes);
    read.map_err(|error| NoKey::Refused(format!("is cut short: {error}")))?;
    let block = Block::read(&bytes).map_err(|error| match error {
        PemError::NoBlock => NoKey::Beside(error.to_string()),
        error => NoKey::Refused(error.to_string()),
    })?;
    let mut found = FoundKey::new(block, place)?;
    found.named_by(Path::new(name));
    Ok(found)
}

/// Ends with an error instead of an end of input when too much comes out: a small file may unpack to terabytes.
struct Counted<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(format!("unpacks to more than {} MiB, which keys never do", MAX_SET >> 20))
        })?;
        Ok(count)
    }
}
