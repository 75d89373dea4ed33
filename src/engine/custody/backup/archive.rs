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

use super::seal::{SealError, unseal};
use super::{Contents, read_manifest, refuse};
use crate::engine::custody::load::{FoundKey, KeySet, MAX_SET, read_to};
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::keys::pem::{Block, MAX_FILE};
use crate::keys::{KeyError, Passphrase};
use crate::tuf::CanonicalKeyId;

/// Most members of an archive.
const MAX_MEMBERS: usize = 50_000;
/// Most reasons given one by one.
const MAX_REFUSED: usize = 100;

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
    let bytes = read_to(file, path)?;
    let about = |what: String| format!("{}: {what}", path.display());
    if is_sealed(&bytes) {
        let what = |what: &str| KeyError::Unsupported(about(what.to_owned())).into();
        let Some(passphrase) = passphrase else { return Err(what("needs the passphrase of the backup")) };
        let content = unseal(&bytes, passphrase).map_err(|error| match error {
            SealError::WrongPassphrase => KeyError::WrongBackupPassphrase { path: path.to_owned() }.into(),
            SealError::Unusable(what, hint) => refuse(about(what), hint),
        })?;
        return Ok(contents(&content));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return members(MultiGzDecoder::new(bytes.as_slice()))
            .map_err(|what| refuse(about(what), "make the archive again, of the key directory only"));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return members(bytes.as_slice())
            .map_err(|what| refuse(about(what), "make the archive again, of the key directory only"));
    }
    let contents = contents(&bytes);
    if contents.set.keys.is_empty() && contents.set.refused.is_empty() {
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
    let mut set = KeySet { keys: Vec::new(), refused: Vec::new() };
    let mut counted = Counted { input, left: MAX_SET };
    let mut tar = Tar::new(&mut counted);
    let damaged = |error: io::Error| format!("is no whole tar archive: {error}");
    for (index, member) in tar.entries().map_err(damaged)?.enumerate() {
        if index == MAX_MEMBERS {
            return Err(format!("has more than {MAX_MEMBERS} members"));
        }
        let mut member = member.map_err(damaged)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        match key(&mut member, &name, index + 1) {
            Ok(found) => set.keys.extend(found),
            Err(why) if set.refused.len() < MAX_REFUSED => set.refused.push(format!("{name}: {why}")),
            Err(_) => {}
        }
    }
    Ok(Contents { set, manifest: None })
}

/// The key in a member; `None` for directories and files that are no keys.
fn key(member: &mut Entry<'_, impl Read>, name: &str, place: usize) -> Result<Option<FoundKey>, String> {
    let kind = member.header().entry_type();
    if kind.is_dir() || kind.is_pax_global_extensions() {
        return Ok(None);
    }
    if !kind.is_file() {
        return Err("is a link or a device, which no backup of keys has".to_owned());
    }
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err("has a path that leads out of the archive".to_owned());
    }
    let Some(stem) = name.rsplit('/').next().and_then(|file| file.strip_suffix(".key")) else { return Ok(None) };
    let id = CanonicalKeyId::parse(stem).map_err(|_| "is not named after a key ID".to_owned())?;
    if member.size() > MAX_FILE as u64 {
        return Err(format!("has {} bytes, which no key has", member.size()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE));
    member.take(MAX_FILE as u64).read_to_end(&mut bytes).map_err(|error| format!("is cut short: {error}"))?;
    let block = Block::read(&bytes).map_err(|error| error.to_string())?;
    let mut found = FoundKey::new(block, place)?;
    found.claimed = Some(id);
    Ok(Some(found))
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
