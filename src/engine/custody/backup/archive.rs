//! Backups as they come: `age` files, PEM sets, and the tar archives that Docker's documentation tells people to make.
//!
//! Invariant: an archive is hostile. Nothing in it names a place on this machine: of a path only the key ID in its last
//! part is read; links and devices are refused; sizes and counts are bounded before anything is read.

use std::fmt::Display;
use std::io;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Archive as Tar, Entry};
use zeroize::Zeroizing;

use super::seal::{UnsealError, unseal};
use super::{Contents, read_manifest, refuse};
use crate::engine::custody::load::{FoundKey, KeySet, MAX_SET, NoKey, read_on};
use crate::engine::error::EngineError;
use crate::keys::old_names::named;
use crate::keys::pem::{Block, MAX_FILE, PemError};
use crate::keys::{KeyError, Passphrase};
use crate::tuf::foreign::Foreign;

/// Most members of an archive.
const MAX_MEMBERS: usize = 50_000;
/// What an archive is made of; one of zeros is its end, and usually more follow.
const BLOCK: usize = 512;

/// Whether a backup needs a passphrase to be opened.
pub(super) fn is_sealed(file: &[u8]) -> bool {
    file.starts_with(b"age-encryption.org/")
}

/// Reads the bytes of a backup that lies at `path`.
///
/// # Errors
/// `Key` for a missing or wrong passphrase; `Input` for what is none, or too large.
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
    let refused = |what| refuse(about(what), "make the archive again, of the key directory only");
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let (tar, end) = read_on(MultiGzDecoder::new(bytes));
        if tar.len() as u64 > MAX_SET {
            let what = format!("unpacks to more than {} MiB, which keys never do", MAX_SET >> 20);
            return Err(refused(what));
        }
        return members(&tar, end.err()).map_err(refused);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return members(bytes, None).map_err(refused);
    }
    let contents = contents(bytes);
    if let (true, Some(foreign)) = (contents.set.keys.is_empty(), Foreign::of(bytes)) {
        return Err(refuse(about(foreign.to_string()), "name a backup, or a file with private keys in PEM"));
    }
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

/// Reads the members of an archive whose bytes `broke` off, or not. What is good in it is taken, and what else there is or
/// seems to be missing is named.
fn members(tar: &[u8], broke: Option<io::Error>) -> Result<Contents, String> {
    let mut set = KeySet::default();
    let (mut last, mut end, mut fault) = (None, 0, None);
    let damaged = |what: &dyn Display| format!("is no whole tar archive: {what}");
    for (index, member) in Tar::new(tar).entries().map_err(|error| damaged(&error))?.enumerate() {
        if index == MAX_MEMBERS {
            return Err(format!("has more than {MAX_MEMBERS} members"));
        }
        let mut member = match member {
            Ok(member) => member,
            Err(error) => {
                fault = Some(error);
                break;
            }
        };
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        let blocks = member.size().checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX);
        end = member.raw_file_position().saturating_add(blocks);
        if let Some(found) = key(&mut member, &name, index + 1) {
            set.take(found.map_err(|why| why.of(&format!("{name}:"))));
        }
        last = Some(name);
    }
    let rest = usize::try_from(end).ok().and_then(|end| tar.get(end..));
    let is_ended = |rest: &[u8]| rest.get(..BLOCK).is_some_and(|mark| mark.iter().all(|byte| *byte == 0));
    let why = match (fault.or(broke), rest.filter(|rest| is_ended(rest)), last) {
        (Some(error), None, None) => return Err(damaged(&error)),
        (Some(error), None, Some(last)) => damaged(&format!("{error}; what came behind {last} is missing")),
        (None, None, last) => damaged(&format!(
            "it ends without the mark of an end, behind {}: more may be missing",
            last.as_deref().unwrap_or("nothing")
        )),
        (_, Some(rest), _) if rest.iter().any(|byte| *byte != 0) => {
            "has more behind its end, such as another archive, which was not read".to_owned()
        }
        (Some(error), Some(_), _) => format!("has more behind its end, which cannot be read: {error}"),
        (None, Some(_), _) => return Ok(Contents { set, manifest: None }),
    };
    set.take(Err(NoKey::Refused(why).of("the archive")));
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
    if (bytes.len() as u64) < member.size() {
        return Err(NoKey::Refused("is cut short".to_owned()));
    }
    let block = Block::read(&bytes).map_err(|error| match error {
        PemError::NoBlock => NoKey::Beside(error.to_string()),
        error => NoKey::Refused(error.to_string()),
    })?;
    let mut found = FoundKey::new(block, place)?;
    found.named_by(Path::new(name));
    Ok(found)
}
