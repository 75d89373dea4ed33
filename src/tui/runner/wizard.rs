//! Performs what wizards ask for. Blocking work; what was chosen is on disk before anything follows from it.

use std::collections::BTreeMap;

use super::super::event::Outcome;
use super::super::files;
use super::super::wizard::{Answer, KeySource, Task};
use super::{Work, failure};
use crate::engine::backup::BackupForm;
use crate::engine::key_make::Removing;
use crate::engine::reference::parse_bare;
use crate::engine::wizard::{Choice, Facts, KeyFile, PrivateKey, Wizard, is_finished};
use crate::engine::{Engine, EngineError, Passphrase, RootKeyChoice};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, SignerName};

type Result<T> = std::result::Result<T, EngineError>;

impl Work {
    pub(super) async fn wizard(&self, task: Task) -> Outcome {
        Outcome::Wizard(match task {
            Task::SetUp { name, signer, root_key } => self.set_up(&name, signer, root_key).await,
            task => self.blocking(move |engine| perform(engine, task)).await,
        })
    }

    async fn set_up(
        &self,
        name: &str,
        signer: SignerName,
        root_key: RootKeyChoice,
    ) -> std::result::Result<Answer, super::Failure> {
        let parsed = parse_bare(name, false).or_else(|first| parse_bare(name, true).map_err(|_| first));
        let gun = parsed.map_err(failure)?;
        let listed = gun.clone();
        self.blocking(move |engine| engine.add_entry(&listed)).await?;
        self.engine.refresh_until(&gun, &self.stop).await.map_err(failure)?;
        self.blocking(move |engine| open(engine, Wizard::FirstSetup { signer, root_key }, vec![gun.clone()], &[gun]))
            .await
    }
}

fn perform(engine: &Engine, task: Task) -> Result<Answer> {
    Ok(match task {
        Task::List => Answer::Begun(engine.wizards()?),
        Task::Open { wizard, candidates, chosen } => return open(engine, wizard, candidates, &chosen),
        Task::SetUp { .. } => return Err(refuse("a repository to set up must be asked for first", "open it again")),
        Task::Resume(choice) => resume(engine, choice)?,
        Task::Begin(wizard, guns) => return begin(engine, wizard, guns),
        Task::Look(choice) => Answer::Seen(facts(engine, &choice)?),
        Task::Keep(choice) => {
            engine.keep_wizard(&choice)?;
            Answer::Seen(facts(engine, &choice)?)
        }
        Task::Key(choice, source) => return key(engine, choice, source),
        Task::BackUp { choice, file, seal, own } => {
            let said = back_up(engine, &choice, &file, seal, &own)?;
            Answer::Did(facts(engine, &choice)?, "backed up and tested", said)
        }
        Task::Remove(choice, keys) => {
            for id in &keys {
                engine.remove_key(id, Removing::Forced)?;
            }
            let said = keys.iter().map(CanonicalKeyId::short).collect::<Vec<_>>().join(", ");
            Answer::Did(facts(engine, &choice)?, "removed from the key store", said)
        }
        Task::Forget(choice) => {
            engine.forget_wizard(&choice)?;
            Answer::Forgotten(choice.wizard.title())
        }
    })
}

fn refuse(message: impl Into<String>, hint: &str) -> EngineError {
    EngineError::Input { message: message.into(), hint: hint.to_owned() }
}

fn facts(engine: &Engine, choice: &Choice) -> Result<Box<Facts>> {
    Ok(Box::new(engine.wizard_facts(choice)?))
}

/// The one that was begun and is not finished, else a new one to choose repositories for.
fn open(engine: &Engine, wizard: Wizard, candidates: Vec<Gun>, chosen: &[Gun]) -> Result<Answer> {
    let mut begun = engine.wizards()?;
    begun.retain(|choice| choice.wizard == wizard && choice.repositories.iter().any(|gun| chosen.contains(gun)));
    for choice in begun.into_iter().rev() {
        if !is_finished(&engine.wizard_facts(&choice)?) {
            return resume(engine, choice);
        }
    }
    let choice = engine.new_wizard(wizard, candidates)?;
    Ok(Answer::ToChoose(facts(engine, &choice)?, chosen.to_vec()))
}

/// Goes on. A key that was chosen but never stored, because the program ended in between, is chosen anew.
fn resume(engine: &Engine, mut choice: Choice) -> Result<Answer> {
    let found = engine.wizard_facts(&choice)?;
    let role = choice.wizard.role();
    let lost = |gun: &Gun, key: &PublicKey| {
        let listed = found.repositories.iter().filter(|r| r.gun == *gun).filter_map(|r| r.role(&role));
        let is_listed = listed.into_iter().any(|role| role.ids().contains(key.canonical_id()));
        !choice.colleague && !is_listed && !engine.holds_key(key.canonical_id())
    };
    let lost: Vec<Gun> = choice.keys.iter().filter(|(gun, key)| lost(gun, key)).map(|(gun, _)| gun.clone()).collect();
    if lost.is_empty() {
        return Ok(Answer::Opened(Box::new(found)));
    }
    choice.keys.retain(|gun, _| !lost.contains(gun));
    engine.keep_wizard(&choice)?;
    Ok(Answer::Opened(facts(engine, &choice)?))
}

fn begin(engine: &Engine, wizard: Wizard, guns: Vec<Gun>) -> Result<Answer> {
    if let Some(choice) = engine.begun_wizard(&wizard, &guns)?
        && !is_finished(&engine.wizard_facts(&choice)?)
    {
        return resume(engine, choice);
    }
    let choice = engine.new_wizard(wizard, guns)?;
    engine.keep_wizard(&choice)?;
    Ok(Answer::Opened(facts(engine, &choice)?))
}

fn key(engine: &Engine, mut choice: Choice, source: KeySource) -> Result<Answer> {
    let all = choice.repositories.clone();
    let id = match source {
        KeySource::New { passphrase, label } => {
            engine.check_new_passphrase(&passphrase)?;
            return make(engine, choice, &passphrase, &label);
        }
        KeySource::Stored(id, passphrase) => {
            if let Some(passphrase) = passphrase {
                engine.unlock(&id, &passphrase)?;
            }
            let locked = || refuse("the key is locked", "type its passphrase");
            let public = bare(&choice, &engine.public_half(&id).ok_or_else(locked)?)?;
            choose(engine, &mut choice, &all, public, false)?;
            id
        }
        KeySource::Colleague(path) => {
            let public = match engine.read_key_file(&files::expanded(&path), None)? {
                KeyFile::Public => read_public(engine, &path)?,
                _ => return Err(refuse("the file holds a private key", "a colleague's private key stays with him")),
            };
            let id = public.canonical_id().clone();
            let colleague = !engine.holds_key(&id);
            choose(engine, &mut choice, &all, public, colleague)?;
            id
        }
        KeySource::File { path, passphrase } => {
            let private = open_file(engine, &path, &passphrase)?;
            let public = bare(&choice, private.public())?;
            choose(engine, &mut choice, &all, public, false)?;
            let gun = all.first().filter(|_| choice.wizard.has_key_for_each());
            if !engine.holds_key(private.id()) {
                engine.check_new_passphrase(&passphrase)?;
            }
            engine.store_key(&private, &choice.wizard.key_name(), gun, &passphrase)?;
            private.id().clone()
        }
    };
    Ok(Answer::Did(facts(engine, &choice)?, "new key", id.short().to_owned()))
}

/// Puts a key into the choice and on disk, before it is stored.
fn choose(engine: &Engine, choice: &mut Choice, guns: &[Gun], key: PublicKey, colleague: bool) -> Result<()> {
    choice.colleague = colleague;
    choice.without_backup = false;
    choice.keys.extend(guns.iter().map(|gun| (gun.clone(), key.clone())));
    engine.keep_wizard(choice)
}

fn make(engine: &Engine, mut choice: Choice, passphrase: &Passphrase, label: &str) -> Result<Answer> {
    let guns = choice.repositories.clone();
    let groups: Vec<Vec<Gun>> =
        if choice.wizard.has_key_for_each() { guns.into_iter().map(|gun| vec![gun]).collect() } else { vec![guns] };
    let mut made = Vec::new();
    for guns in groups {
        let key = engine.make_key()?;
        choose(engine, &mut choice, &guns, key.public().clone(), false)?;
        let gun = guns.first().filter(|_| choice.wizard.has_key_for_each());
        engine.store_key(&key, &choice.wizard.key_name(), gun, passphrase)?;
        if !label.is_empty() {
            engine.set_label(key.id(), label)?;
        }
        made.push(key.id().short().to_owned());
    }
    Ok(Answer::Did(facts(engine, &choice)?, "made", format!("key {}", made.join(", "))))
}

/// Base roles list keys bare; a signer's key may be in a certificate.
fn bare(choice: &Choice, key: &PublicKey) -> Result<PublicKey> {
    match choice.wizard {
        Wizard::DelegationKey { .. } | Wizard::FirstSetup { .. } => Ok(key.clone()),
        _ => key.unwrapped().map_err(|e| refuse(e.to_string(), "give another key")),
    }
}

fn read_public(engine: &Engine, path: &std::path::Path) -> Result<PublicKey> {
    let read =
        files::public_keys(&[path.to_owned()], engine.now()).map_err(|what| refuse(what, "give a public key"))?;
    read.into_iter().next().ok_or_else(|| refuse("the file holds no key", "give a public key"))
}

fn open_file(engine: &Engine, path: &std::path::Path, passphrase: &Passphrase) -> Result<Box<PrivateKey>> {
    let path = files::expanded(path);
    let typed = (!passphrase.is_empty()).then_some(passphrase);
    match (engine.read_key_file(&path, typed)?, typed) {
        (KeyFile::Private(key), Some(_)) => Ok(key),
        (KeyFile::Private(_), None) => {
            Err(refuse("the key is not encrypted", "type a passphrase: it is kept under that from now on"))
        }
        (KeyFile::Public, _) => Err(refuse("the file holds a public key", "choose a colleague's key for that")),
        (_, None) => Err(refuse("the key is encrypted", "type its passphrase")),
        (_, Some(_)) => Err(refuse("that passphrase does not open it", "try another")),
    }
}

fn back_up(
    engine: &Engine,
    choice: &Choice,
    file: &std::path::Path,
    seal: Passphrase,
    own: &Passphrase,
) -> Result<String> {
    let mut keys: Vec<CanonicalKeyId> = choice.keys.values().map(|key| key.canonical_id().clone()).collect();
    keys.sort();
    keys.dedup();
    for id in &keys {
        if !engine.opens(id, Some(own))? {
            return Err(refuse(
                format!("not the passphrase of key {}", id.short()),
                "the backup is proved by unlocking the key from it",
            ));
        }
    }
    let passphrases: BTreeMap<_, _> = keys.iter().map(|id| (id.clone(), own.clone())).collect();
    let form = if seal.is_empty() { BackupForm::Plain } else { BackupForm::Encrypted(seal) };
    let backup = engine.back_up(&keys, &passphrases, &form, &files::expanded(file))?;
    Ok(backup.file.display().to_string())
}
