//! `docker trust key`: `generate` and `load`.

use std::path::{Path, PathBuf};

use super::docker::Docker;
use super::failure::{Failure, check_name, io_words};
use super::options::Given;
use super::passphrase::LOADED;
use crate::engine::custody::load::{FoundKey, KeySet, Naming, OpenedKey};
use crate::engine::custody::make::NewKey;
use crate::engine::{NewPassphrase, OpenError, Passphrase};
use crate::printable::printable;
use crate::tuf::Algorithm;

/// `docker trust key generate`.
pub(super) fn generate(docker: &Docker, given: &Given) -> Result<(), Failure> {
    let name = given.words.first().map(String::as_str).unwrap_or_default();
    check_name("key", name)?;
    let here = std::env::current_dir().map_err(|error| Failure::new(error.to_string()))?;
    let dir = given.text("dir").filter(|dir| !dir.is_empty()).map_or(here, PathBuf::from);
    let shown = printable(&dir.display().to_string());
    if !dir.is_dir() {
        return Err(Failure::new(format!("public key path does not exist: {shown:?}")));
    }
    let public = tidied(&dir.join(format!("{name}.pub")));
    if public.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("public key file already exists: \"{}\"", public.display())));
    }
    docker.say(&format!("Generating key for {name}...\n"))?;
    let failed = |failure: Failure| failure.within(&format!("failed to generate key for {name}"));
    let custody = docker.context.engine.custody();
    let new = NewKey { name: name.to_owned(), algorithm: Algorithm::EcdsaP256, gun: None, dir };
    let chosen = |id: &crate::tuf::CanonicalKeyId| docker.new_passphrase(name, id);
    custody.generate_key_with(&new, chosen).map_err(failed)?;
    let shown = printable(&public.display().to_string());
    docker.say(&format!("Successfully generated and loaded private key. Corresponding public key available: {shown}\n"))
}

/// A path without `.` in it, as Go's `filepath.Join` leaves it.
fn tidied(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

/// `docker trust key load`.
pub(super) fn load(docker: &Docker, given: &Given) -> Result<(), Failure> {
    let file = given.words.first().map(String::as_str).unwrap_or_default();
    if let Some(name) = given.text("name").filter(|name| !name.is_empty()) {
        check_name("key", name)?;
    }
    docker.say(&format!("Loading key from \"{}\"...\n", printable(file)))?;
    let path = Path::new(file);
    check_file(path).map_err(|failure| failure.within(&format!("refusing to load key from {file}")))?;
    let importing = |failure: Failure| failure.within(&format!("error importing key from {file}"));
    let no_key = |_| {
        importing(Failure::new(format!(
            "provided file {file} is not a supported private key - to add a signer's public key use docker trust signer \
             add"
        )))
    };
    let set = KeySet::read(path).map_err(no_key)?;
    let given = given.text("name");
    for key in &set.keys {
        let name = set.name_of(key, given).unwrap_or(("signer", Naming::File));
        load_one(docker, key, name).map_err(importing)?;
    }
    if let Some(why) = set.refused.first() {
        return Err(importing(Failure::new(why.clone())));
    }
    docker.say(&format!("Successfully imported key from {}\n", printable(file)))
}

fn check_file(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let facts = std::fs::metadata(path).map_err(|error| Failure::new(io_words("stat", path, &error)))?;
    if facts.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let what = format!("private key file {} must not be readable or writable by others", path.display());
    Err(Failure::new(what))
}

fn load_one(docker: &Docker, key: &FoundKey, (name, naming): (&str, Naming)) -> Result<(), Failure> {
    let custody = docker.context.engine.custody();
    let (opened, passphrase) = open(docker, key, name)?;
    let passphrase = match passphrase.map(NewPassphrase::new) {
        Some(Ok(passphrase)) => Some(passphrase),
        _ if custody.holds_key(opened.id()) => None,
        _ => Some(docker.new_passphrase(name, opened.id())?),
    };
    custody.load_key(opened, (name, naming), key.gun.as_deref(), passphrase.as_ref())?;
    Ok(())
}

/// Opens a key of a file, and gives the passphrase that did it, if it took one.
fn open(docker: &Docker, key: &FoundKey, name: &str) -> Result<(OpenedKey, Option<Passphrase>), Failure> {
    let attempt = |passphrase: Passphrase| match key.open(Some(&passphrase)) {
        Ok(opened) => Ok(Some((opened, Some(passphrase)))),
        Err(OpenError::WrongPassphrase) => Ok(None),
        Err(error) => Err(Failure::new(error.to_string())),
    };
    if !key.encrypted {
        let opened = key.open(None).map_err(|error| Failure::new(error.to_string()))?;
        return Ok((opened, None));
    }
    for (_, passphrase) in docker.context.sources.candidates(name) {
        if let Some(opened) = attempt(passphrase)? {
            return Ok(opened);
        }
    }
    let opened = docker.ask_until("encrypted key", LOADED, attempt)?;
    opened.ok_or_else(|| Failure::new("password invalid, operation has failed."))
}
