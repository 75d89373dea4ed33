//! New keys of wizards: made, loaded or received, and their backups.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Result, refuse};
use crate::engine::custody::backup::BackupForm;
use crate::engine::keyring::tokens::{Attendant, Dialect, Pins};
use crate::engine::wizard::{Choice, Facts, KeyFile, PrivateKey, Way, Wizard};
use crate::engine::{Engine, EngineError, Kind, NewPassphrase, Passphrase, RootKeyChoice};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, SignerName};
use crate::tui::messages::wizard_task::KeySource;
use crate::tui::runner::files;

/// Gets the new key of a wizard. Says which.
pub(super) fn take(engine: &Engine, choice: &mut Choice, source: KeySource) -> Result<String> {
    if let KeySource::New { passphrase, label } = source {
        return make(engine, choice, &passphrase, &label);
    }
    let found = find(engine, source)?;
    let public = bare(choice, &found.public)?;
    if matches!(choice.wizard, Wizard::TakeOver { .. }) {
        let named = choice.keys.values().flatten().any(|key| key.canonical_id() == public.canonical_id());
        if !named {
            return Err(refuse("this is another key than the hand-over file names", "load the one that it names"));
        }
    } else {
        choice.way = if found.colleague { Way::Colleague } else { Way::OnePublish };
        choice.without_backup = false;
        choice.use_keys(std::slice::from_ref(&public));
    }
    engine.wizards().keep_wizard(choice)?;
    let gun = choice.repositories.first().filter(|_| choice.wizard.has_key_for_each());
    found.store(engine, &choice.wizard.key_name(), gun)?;
    Ok(public.canonical_id().short().to_owned())
}

/// Gets the key of a first signer of a repository.
pub(super) fn first_signer(engine: &Engine, choice: &mut Choice, name: &SignerName, source: KeySource) -> Result<()> {
    let found = match source {
        // Its label is the signer's name.
        KeySource::New { passphrase, .. } => {
            let key = engine.custody().make_key()?;
            let public = key.public().clone();
            Found { public, private: Some((Box::new(key), (*passphrase).clone())), colleague: false }
        }
        source => find(engine, source)?,
    };
    choice.first.signers.insert(name.clone(), vec![found.public.clone()]);
    choice.without_backup = false;
    engine.wizards().keep_wizard(choice)?;
    found.store(engine, name.as_str(), None)
}

/// A key as it was found.
struct Found {
    public: PublicKey,
    /// To be stored under this passphrase.
    private: Option<(Box<PrivateKey>, Passphrase)>,
    /// Its private half is elsewhere.
    colleague: bool,
}

impl Found {
    fn store(&self, engine: &Engine, name: &str, gun: Option<&Gun>) -> Result<()> {
        let Some((key, passphrase)) = &self.private else { return Ok(()) };
        if engine.custody().holds_key(key.id()) {
            return engine.keyring().unlock(key.id(), passphrase);
        }
        engine.custody().store_key(key, name, gun, &NewPassphrase::new(passphrase.clone())?)
    }
}

fn find(engine: &Engine, source: KeySource) -> Result<Found> {
    let of = |public: PublicKey, private| {
        let colleague = private_is_elsewhere(engine, &public, &private);
        Ok(Found { public, private, colleague })
    };
    match source {
        KeySource::New { .. } | KeySource::OnToken { .. } => {
            Err(refuse("a key is made in its own way", "choose another"))
        }
        KeySource::Stored(id, passphrase) => {
            if let Some(passphrase) = passphrase {
                engine.keyring().unlock(&id, &passphrase)?;
            }
            let locked = || refuse("the key is locked", "type its passphrase");
            of(engine.custody().public_half(&id).ok_or_else(locked)?, None)
        }
        KeySource::Colleague(path) => match engine.custody().read_key_file(&expanded(engine, &path), None)? {
            KeyFile::Public => of(read_public(engine, &path)?, None),
            _ => Err(refuse("the file holds a private key", "a colleague's private key stays with him")),
        },
        KeySource::File { path, passphrase } => {
            let private = open_file(engine, &path, &passphrase)?;
            of(private.public().clone(), Some((private, passphrase)))
        }
    }
}

fn private_is_elsewhere(engine: &Engine, public: &PublicKey, private: &Option<(Box<PrivateKey>, Passphrase)>) -> bool {
    private.is_none() && !engine.custody().holds_key(public.canonical_id())
}

/// Makes as many keys as must sign, for each repository or for all. Those that an earlier run stored stay.
fn make(engine: &Engine, choice: &mut Choice, passphrase: &NewPassphrase, label: &str) -> Result<String> {
    engine.keyring().check_label(label)?;
    let found = engine.wizards().wizard_facts(choice)?;
    let groups = groups(engine, choice);
    choice.way = Way::OnePublish;
    choice.without_backup = false;
    let mut made = Vec::new();
    for guns in groups {
        let count = needed(&found, &guns)?;
        let keys: Vec<PrivateKey> = (0..count).map(|_| engine.custody().make_key()).collect::<Result<_>>()?;
        let public: Vec<PublicKey> = keys.iter().map(|key| key.public().clone()).collect();
        choice.keys.extend(guns.iter().map(|gun| (gun.clone(), public.clone())));
        engine.wizards().keep_wizard(choice)?;
        let gun = guns.first().filter(|_| choice.wizard.has_key_for_each());
        for key in keys {
            engine.custody().store_key(&key, &choice.wizard.key_name(), gun, passphrase)?;
            made.push(key.id().clone());
        }
    }
    Ok(labelled(engine, &made, label))
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

/// Most keys that one step makes. A threshold is read from metadata, where it can be any number.
const MOST: u32 = 8;

/// The repositories that share a new key; each for itself, where that is the rule. Those that have theirs stay out,
/// unless all have.
fn groups(engine: &Engine, choice: &Choice) -> Vec<Vec<Gun>> {
    let is_there = |gun: &Gun| {
        let keys = choice.new_keys(gun);
        !keys.is_empty() && keys.iter().all(|key| engine.custody().holds_key(key.canonical_id()))
    };
    let mut missing: Vec<Gun> = choice.repositories.iter().filter(|gun| !is_there(gun)).cloned().collect();
    if missing.is_empty() {
        missing.clone_from(&choice.repositories);
    }
    if choice.wizard.has_key_for_each() { missing.into_iter().map(|gun| vec![gun]).collect() } else { vec![missing] }
}

/// How many keys must sign: one of a signer, as many as the threshold of a base role says.
fn needed(found: &Facts, guns: &[Gun]) -> Result<usize> {
    let wizard = &found.choice.wizard;
    let listed = found.repositories.iter().filter(|r| guns.contains(&r.gun)).filter_map(|r| r.role(&wizard.role()));
    let needed = match wizard {
        Wizard::DelegationKey { .. } => 1,
        _ => listed.map(|role| role.threshold).max().unwrap_or(1),
    };
    if needed > MOST {
        let what = format!("{needed} keys must sign; at most {MOST} are made at once");
        return Err(refuse(what, "set a lower threshold first"));
    }
    Ok(needed as usize)
}

/// Where a key is made on a token.
pub(super) struct Place<'a> {
    pub(super) token: &'a str,
    pub(super) pins: &'a Pins,
    pub(super) attendant: &'a Attendant,
}

impl Place<'_> {
    /// Refuses before the first key is made what would not fit: a YubiKey has four slots.
    fn has_room(&self, engine: &Engine, wanted: usize) -> Result<()> {
        const PIV_SLOTS: usize = 4;
        let token = engine.keyring().find_token(Some(self.token))?;
        let free = PIV_SLOTS.saturating_sub(token.keys.len());
        if token.dialect != Dialect::Piv || wanted <= free {
            return Ok(());
        }
        let what = format!("token {} has {free} free slots, and {wanted} keys are to be made", token.name);
        Err(refuse(what, "choose fewer repositories, or another token"))
    }

    fn make(&self, engine: &Engine, name: &str, gun: Option<&Gun>) -> Result<PublicKey> {
        Ok(engine.custody().make_on_token(name, gun, Some(self.token), self.pins.clone(), self.attendant)?.1)
    }
}

/// Makes as many keys as must sign on a token, for each repository or for all. Stopped before they are remembered,
/// they are on the token, where the same step offers them. Says which.
pub(super) fn on_token(engine: &Engine, choice: &mut Choice, place: &Place<'_>, label: &str) -> Result<String> {
    // Whatever can be refused is, before anything is on the token.
    engine.keyring().check_label(label)?;
    let found = engine.wizards().wizard_facts(choice)?;
    let groups = groups(engine, choice);
    let counts: Vec<usize> = groups.iter().map(|guns| needed(&found, guns)).collect::<Result<_>>()?;
    place.has_room(engine, counts.iter().sum())?;
    let name = choice.wizard.key_name();
    choice.without_backup = false;
    let mut made: Vec<CanonicalKeyId> = Vec::new();
    for (guns, count) in groups.into_iter().zip(counts) {
        let gun = guns.first().filter(|_| choice.wizard.has_key_for_each());
        let mut keys: Vec<PublicKey> = Vec::new();
        for _ in 0..count {
            let key = place.make(engine, &name, gun).map_err(|error| after_others(error, &made))?;
            made.push(key.canonical_id().clone());
            keys.push(key);
        }
        match (&choice.wizard, keys.first()) {
            (Wizard::FirstSetup, Some(root)) => {
                choice.first.root_key = Some(RootKeyChoice::Stored(root.canonical_id().clone()));
            }
            _ => {
                choice.way = Way::OnePublish;
                choice.keys.extend(guns.iter().map(|gun| (gun.clone(), keys.clone())));
            }
        }
        // Before the next is made: a token that is full by then must not make this one forgotten.
        engine.wizards().keep_wizard(choice)?;
    }
    Ok(labelled(engine, &made, label))
}

/// Says which keys were made on the token before the one that failed.
fn after_others(error: EngineError, made: &[CanonicalKeyId]) -> EngineError {
    // What asks for a PIN, and what was stopped, is told by its kind.
    if made.is_empty() || matches!(error.problem().kind, Kind::Passphrase | Kind::Cancelled) {
        return error;
    }
    let ids: Vec<&str> = made.iter().map(CanonicalKeyId::short).collect();
    let what = format!("{}; {} made before stays on the token", error.problem().message, ids.join(", "));
    refuse(what, "choose it here, or delete it among the keys")
}

/// Makes the key of a first signer on a token.
pub(super) fn first_signer_on_token(
    engine: &Engine,
    choice: &mut Choice,
    name: &SignerName,
    place: &Place<'_>,
) -> Result<()> {
    place.has_room(engine, 1)?;
    let public = place.make(engine, name.as_str(), None)?;
    choice.first.signers.insert(name.clone(), vec![public]);
    choice.without_backup = false;
    engine.wizards().keep_wizard(choice)
}

/// Base roles list keys bare; a signer's key may be in a certificate.
fn bare(choice: &Choice, key: &PublicKey) -> Result<PublicKey> {
    match choice.wizard {
        Wizard::DelegationKey { .. } | Wizard::TakeOver { .. } => Ok(key.clone()),
        _ => key.unwrapped().map_err(|e| refuse(e.to_string(), "give another key")),
    }
}

fn expanded(engine: &Engine, typed: &Path) -> PathBuf {
    engine.settings().typed_paths.expanded(typed)
}

fn read_public(engine: &Engine, path: &Path) -> Result<PublicKey> {
    let read = files::public_keys(&[path.to_owned()], &engine.settings().typed_paths, engine.now())
        .map_err(|what| refuse(what, "give a public key"))?;
    read.into_iter().next().ok_or_else(|| refuse("the file holds no key", "give a public key"))
}

fn open_file(engine: &Engine, path: &Path, passphrase: &Passphrase) -> Result<Box<PrivateKey>> {
    let path = expanded(engine, path);
    let typed = (!passphrase.is_empty()).then_some(passphrase);
    match (engine.custody().read_key_file(&path, None)?, typed) {
        (KeyFile::Private(key), Some(_)) => Ok(key),
        (KeyFile::Private(_), None) => {
            Err(refuse("the file is not encrypted", "type a passphrase: the key is kept under it from now on"))
        }
        (KeyFile::Public, _) => Err(refuse("the file holds a public key", "choose a colleague's key for that")),
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
