//! New keys of wizards: where they come from, and their backups.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Result;
use crate::engine::custody::backup::BackupForm;
use crate::engine::error::refuse;
use crate::engine::wizard::new_keys::{ChosenKey, PlaceOnToken, Sharing, lacking, sharing};
use crate::engine::wizard::{Choice, KeyFile, PrivateKey, Way, Wizard};
use crate::engine::{Engine, NewPassphrase, Passphrase};
use crate::tuf::{CanonicalKeyId, SignerName};
use crate::tui::messages::wizard_task::KeySource;

/// Gets the new key of a wizard. Says which.
pub(super) fn take(engine: &Engine, choice: &mut Choice, source: KeySource) -> Result<String> {
    if !matches!(choice.wizard, Wizard::TakeOver { .. }) {
        choice.way = Way::OnePublish;
    }
    if let KeySource::New { passphrase, label } = source {
        return make(engine, choice, &passphrase, &label);
    }
    let key = find(engine, source)?;
    let id = key.public().canonical_id().short().to_owned();
    engine.wizards().take_keys(choice, &[key])?;
    Ok(id)
}

/// Gets the key of a first signer of a repository.
pub(super) fn first_signer(engine: &Engine, choice: &mut Choice, name: &SignerName, source: KeySource) -> Result<()> {
    let key = match source {
        // Its label is the signer's name.
        KeySource::New { passphrase, .. } => {
            ChosenKey::Private(Box::new(engine.custody().make_key()?), Some((*passphrase).clone()))
        }
        source => find(engine, source)?,
    };
    engine.wizards().take_signer(choice, name, &key)
}

fn find(engine: &Engine, source: KeySource) -> Result<ChosenKey> {
    Ok(match source {
        KeySource::New { .. } | KeySource::OnToken { .. } => {
            return Err(refuse("a key is made in its own way", "choose another"));
        }
        KeySource::Stored(id, passphrase) => {
            if let Some(passphrase) = passphrase {
                engine.keyring().unlock(&id, &passphrase)?;
            }
            let locked = || refuse("the key is locked", "type its passphrase");
            ChosenKey::Public(engine.custody().public_half(&id).ok_or_else(locked)?)
        }
        KeySource::Colleague(path) => match engine.custody().read_key_file(&expanded(engine, &path), None)? {
            KeyFile::Public(key) => ChosenKey::Public(*key),
            _ => return Err(refuse("the file holds a private key", "a colleague's private key stays with him")),
        },
        KeySource::File { path, passphrase } => {
            ChosenKey::Private(open_file(engine, &path, &passphrase)?, Some(passphrase))
        }
    })
}

/// Makes as many keys as must sign, for each repository or for all. Those that an earlier run stored stay, unless all
/// are there. Says which.
fn make(engine: &Engine, choice: &mut Choice, passphrase: &NewPassphrase, label: &str) -> Result<String> {
    engine.keyring().check_label(label)?;
    let mut made = Vec::new();
    for group in groups(engine, choice)? {
        made.extend(engine.wizards().make_keys(choice, group, passphrase)?);
    }
    Ok(labelled(engine, &made, label))
}

/// The same on a token.
pub(super) fn on_token(engine: &Engine, choice: &mut Choice, place: PlaceOnToken<'_>, label: &str) -> Result<String> {
    // Whatever can be refused is, before anything is on the token.
    engine.keyring().check_label(label)?;
    choice.way = Way::OnePublish;
    let groups = groups(engine, choice)?;
    let made = engine.wizards().make_keys_on_token(choice, groups, place)?;
    Ok(labelled(engine, &made, label))
}

fn groups(engine: &Engine, choice: &Choice) -> Result<Vec<Sharing>> {
    let facts = engine.wizards().wizard_facts(choice)?;
    let lacking = Some(lacking(&facts)).filter(|guns| !guns.is_empty());
    sharing(&facts, lacking.unwrap_or_else(|| choice.repositories.clone()))
}

/// Gives new keys their label, and says which keys they are. A key that was made is there without a label too.
fn labelled(engine: &Engine, made: &[CanonicalKeyId], label: &str) -> String {
    let ids = made.iter().map(CanonicalKeyId::short).collect::<Vec<_>>().join(", ");
    if label.is_empty() {
        return ids;
    }
    match made.iter().try_for_each(|id| engine.keyring().set_label(id, label)) {
        Ok(()) => ids,
        Err(error) => format!("{ids}, without its label: {}", error.problem().message),
    }
}

fn expanded(engine: &Engine, typed: &Path) -> PathBuf {
    engine.settings().typed_paths.expanded(typed)
}

fn open_file(engine: &Engine, path: &Path, passphrase: &Passphrase) -> Result<Box<PrivateKey>> {
    let path = expanded(engine, path);
    let typed = (!passphrase.is_empty()).then_some(passphrase);
    match (engine.custody().read_key_file(&path, None)?, typed) {
        (KeyFile::Private(key), Some(_)) => Ok(key),
        (KeyFile::Private(_), None) => {
            Err(refuse("the file is not encrypted", "type a passphrase: the key is kept under it from now on"))
        }
        (KeyFile::Public(_), _) => Err(refuse("the file holds a public key", "choose a colleague's key for that")),
        (_, None) => Err(refuse("the file is encrypted", "type its passphrase")),
        (_, Some(_)) => match engine.custody().read_key_file(&path, typed)? {
            KeyFile::Private(key) => Ok(key),
            _ => Err(refuse("that passphrase does not open it", "try another")),
        },
    }
}

/// Backs up keys, each of which one of the passphrases opens. Says where.
pub(super) fn back_up(
    engine: &Engine,
    keys: &[CanonicalKeyId],
    file: &Path,
    seal: Option<NewPassphrase>,
    own: &[Passphrase],
) -> Result<String> {
    let mut passphrases = BTreeMap::new();
    for id in keys {
        let mut opening = None;
        for passphrase in own {
            if engine.custody().opens(id, Some(passphrase))? {
                opening = Some(passphrase.clone());
                break;
            }
        }
        let opening = opening.ok_or_else(|| {
            // With several keys each passphrase may well be that of another one.
            let only = own.iter().filter(|_| keys.len() == 1);
            let opens = only.filter_map(|own| engine.keyring().opens_instead(id, own)).next();
            let other = opens.map(|other| format!("; it opens key {}", other.short())).unwrap_or_default();
            let what = format!("not the passphrase of key {}{other}", id.short());
            refuse(what, "the backup is proved by unlocking each key from it")
        })?;
        passphrases.insert(id.clone(), opening);
    }
    let form = seal.map_or(BackupForm::Plain, BackupForm::Encrypted);
    let backup = engine.custody().back_up(keys, &passphrases, &form, &expanded(engine, file))?;
    Ok(backup.file.display().to_string())
}
