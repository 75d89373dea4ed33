//! Performs work on keys, away from the event loop. Blocking.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::failure;
use crate::engine::custody::backup::{BackupFile, Restored, Untested};
use crate::engine::custody::load::{FoundKey, KeySet, LoadedKey, way_on};
use crate::engine::keyring::sources::PassphraseSources;
use crate::engine::{Engine, EngineError, KeyError, Kind, NewPassphrase, OpenError, Passphrase, Problem};
use crate::tuf::CanonicalKeyId;
use crate::tui::messages::event::{Event, JobId};
use crate::tui::messages::keywork::{Closed, Held, KeyFound, KeyWork, Look, ToLoad};
use crate::tui::messages::told::Told;

/// Keys on which a passphrase is tried that did not open the one it was typed for.
const GUESSES: usize = 8;

/// What a task on keys needs.
pub(in crate::tui) struct Worker<'a> {
    pub(in crate::tui) engine: &'a Engine,
    pub(in crate::tui) sources: &'a PassphraseSources,
    pub(in crate::tui) events: &'a mpsc::Sender<Event>,
    pub(in crate::tui) stop: &'a CancellationToken,
    pub(in crate::tui) job: JobId,
}

impl Worker<'_> {
    /// Does it.
    pub(in crate::tui) fn perform(&self, work: KeyWork) -> KeyFound {
        let engine = self.engine;
        let stopped = || self.stop.is_cancelled();
        match work {
            KeyWork::Make(mut new, passphrase) => {
                new.dir = self.expanded(&new.dir);
                KeyFound::Made(engine.custody().generate_key_until(&new, &passphrase, stopped).map_err(failure::of))
            }
            KeyWork::Label(id, text) => said(engine.keyring().set_label(&id, &text), || match text.trim() {
                "" => Told::new("label taken away", id.short()),
                label => Told::new("labelled", format!("{} {label}", id.short())),
            }),
            KeyWork::ChangePassphrase { id, old, new } => said(self.change(&id, old.as_ref(), &new), || {
                Told::new("passphrase changed", format!("{}; backups made before open with the old one", id.short()))
            }),
            KeyWork::Export { keys, file } => said(self.export(&keys, &file), || {
                let what = crate::tui::kit::format::count(keys.len(), "key", "keys");
                Told::new("exported", format!("{what} to {}, each under its own passphrase", file.display()))
            }),
            KeyWork::AskRemoval(id) => {
                let there = |removal: &crate::engine::custody::remove::Removal| {
                    removal.backup().is_some_and(|b| b.file.exists())
                };
                KeyFound::Removal(
                    engine.custody().removal(&id).map(|r| Box::new((r.clone(), there(&r)))).map_err(failure::of),
                )
            }
            KeyWork::Remove(id, how) => said(engine.custody().remove_key(&id, how), || {
                Told::new("removed", format!("private key {}", id.short()))
            }),
            KeyWork::AtToken(at, work) => self.at_token(&at, work),
            KeyWork::ReadFile(file) => {
                KeyFound::File(KeySet::read(&self.expanded(&file)).map(Held::new).map_err(failure::of))
            }
            KeyWork::CheckPlace(file) => {
                KeyFound::Place(engine.custody().check_backup_place(&self.expanded(&file)).map_err(failure::of))
            }
            KeyWork::Try { keys, typed } => self.try_on(&keys, typed.as_ref()),
            KeyWork::Load { set, keys } => KeyFound::Loaded(self.each(keys, |key| self.load(set.inner(), key))),
            KeyWork::BackUp { keys, passphrases, form, file } => {
                let passphrases: BTreeMap<_, _> = passphrases.into_iter().collect();
                let file = self.expanded(&file);
                KeyFound::BackedUp(
                    engine.custody().back_up_until(&keys, &passphrases, &form, &file, stopped).map_err(failure::of),
                )
            }
            KeyWork::OpenBackup(file, passphrase) => self.open_backup(&self.expanded(&file), passphrase.as_ref()),
            KeyWork::Restore { archive, keys } => KeyFound::Restored(self.restore(&archive, keys)),
            KeyWork::LockAll => {
                engine.keyring().lock_all();
                KeyFound::Locked
            }
        }
    }

    pub(super) fn expanded(&self, typed: &Path) -> PathBuf {
        self.engine.settings().typed_paths.expanded(typed)
    }

    /// Does one after the other, until stopped, and says how far it is.
    fn each<T, U>(&self, all: Vec<T>, mut one: impl FnMut(T) -> U) -> Vec<U> {
        let total = all.len();
        let mut done = Vec::with_capacity(total);
        for (at, item) in all.into_iter().enumerate() {
            if self.stop.is_cancelled() {
                break;
            }
            // News that finds no room is replaced by the next.
            let _ = self.events.try_send(Event::Counted(self.job, at, total));
            done.push(one(item));
        }
        done
    }

    fn change(&self, id: &CanonicalKeyId, old: Option<&Passphrase>, new: &NewPassphrase) -> Result<(), EngineError> {
        if let Some(old) = old
            && !self.engine.custody().opens(id, Some(old))?
        {
            // Fails as it should, and says which other key the passphrase opens.
            self.engine.keyring().unlock(id, old)?;
        }
        self.engine.custody().change_passphrase(id, old, new)
    }

    fn export(&self, keys: &[CanonicalKeyId], file: &Path) -> Result<(), EngineError> {
        let set = self.engine.custody().export_keys(keys)?;
        self.engine.custody().write_export(&set, &self.expanded(file))
    }

    fn try_on(&self, keys: &[(usize, Closed)], typed: Option<&Passphrase>) -> KeyFound {
        let mut looks: Vec<(usize, Look)> = Vec::with_capacity(keys.len());
        for (at, (number, key)) in keys.iter().enumerate() {
            let missed = looks.first().is_some_and(|(_, look)| *look == Look::Locked);
            if self.stop.is_cancelled() || (typed.is_some() && missed && at > GUESSES) {
                break;
            }
            let _ = self.events.try_send(Event::Counted(self.job, at, keys.len()));
            looks.push((*number, self.look(key, typed)));
        }
        let missed = looks.first().is_some_and(|(_, look)| *look == Look::Locked);
        let other = typed.filter(|_| missed).and_then(|typed| self.opens_instead(&looks, keys.first(), typed));
        KeyFound::Tried(looks, other)
    }

    /// Another key that a passphrase opens.
    fn opens_instead(
        &self,
        looks: &[(usize, Look)],
        asked: Option<&(usize, Closed)>,
        typed: &Passphrase,
    ) -> Option<CanonicalKeyId> {
        let opened = looks.iter().find_map(|(_, look)| if let Look::Open { id, .. } = look { Some(id) } else { None });
        if opened.is_some() {
            return opened.cloned();
        }
        let Some((_, Closed::Stored(id, _))) = asked else { return None };
        match self.engine.keyring().unlock(id, typed) {
            Err(EngineError::Key(KeyError::WrongPassphrase { opens, .. })) => opens,
            _ => None,
        }
    }

    fn look(&self, key: &Closed, typed: Option<&Passphrase>) -> Look {
        match key {
            Closed::Stored(id, role) => self.look_stored(id, role, typed),
            Closed::InFile(set, at) => self.look_found(set.inner().keys.get(*at), typed),
            Closed::InBackup(archive, at) => {
                self.look_found(archive.inner().keys.get(*at).map(|key| &key.found), typed)
            }
        }
    }

    /// What was typed, else what scripts set.
    fn candidates(&self, role: &str, typed: Option<&Passphrase>) -> Vec<Passphrase> {
        match typed {
            Some(typed) => vec![typed.clone()],
            None => self.sources.candidates(role).into_iter().map(|(_, known)| known).collect(),
        }
    }

    fn look_stored(&self, id: &CanonicalKeyId, role: &str, typed: Option<&Passphrase>) -> Look {
        let open = |with| Look::Open { id: id.clone(), with, known: true };
        let none = std::iter::once(None);
        for candidate in none.chain(self.candidates(role, typed).into_iter().map(Some)) {
            match self.engine.custody().opens(id, candidate.as_ref()) {
                Ok(true) => return open(candidate),
                Ok(false) => {}
                Err(error) => return Look::Bad(error.to_string()),
            }
        }
        Look::Locked
    }

    fn look_found(&self, found: Option<&FoundKey>, typed: Option<&Passphrase>) -> Look {
        let Some(found) = found else { return Look::Bad("is not there".to_owned()) };
        let role = found.role.as_deref().unwrap_or_default();
        let candidates =
            if found.encrypted { self.candidates(role, typed).into_iter().map(Some).collect() } else { vec![None] };
        for candidate in candidates {
            match found.open(candidate.as_ref()) {
                Ok(opened) => {
                    let id = opened.id().clone();
                    let known = self.engine.keyring().stored_role(&id).is_some();
                    return Look::Open { id, with: candidate, known };
                }
                Err(OpenError::WrongPassphrase | OpenError::Locked) => {}
                Err(error) => return Look::Bad(error.to_string()),
            }
        }
        Look::Locked
    }

    fn load(&self, set: &KeySet, key: ToLoad) -> Result<(CanonicalKeyId, String, LoadedKey), Problem> {
        let refused = |what: String, hint: &str| Problem {
            kind: Kind::Keystore,
            message: format!("key {} of the file: {what}", key.at + 1),
            hint: hint.to_owned(),
            repository: None,
            role: None,
            tags: None,
            admission: None,
        };
        let found = set.keys.get(key.at).ok_or_else(|| refused("is not there".to_owned(), "look at the file again"))?;
        let opened = found.open(key.opens.as_ref()).map_err(|error| refused(error.to_string(), way_on(&error)))?;
        let id = opened.id().clone();
        let loaded =
            self.engine.custody().load_key(opened, (&key.role, key.naming), key.gun.as_deref(), key.keeps.as_ref());
        Ok((id, key.role.clone(), loaded.map_err(|error| error.problem())?))
    }

    fn open_backup(&self, file: &Path, passphrase: Option<&Passphrase>) -> KeyFound {
        let file = match BackupFile::read(file) {
            Ok(file) if file.is_encrypted() && passphrase.is_none() => return KeyFound::Sealed,
            file => file,
        };
        let opened = file.and_then(|file| self.engine.custody().open_backup(&file, passphrase));
        KeyFound::Backup(opened.map(Held::new).map_err(failure::of))
    }

    fn restore(
        &self,
        archive: &Held<crate::engine::custody::backup::Archive>,
        keys: Vec<(usize, Option<Passphrase>)>,
    ) -> Vec<(usize, Result<Restored, Problem>)> {
        let archive = archive.inner();
        let one = |(at, passphrase): (usize, Option<Passphrase>)| {
            let key = archive.keys.get(at)?;
            let restored = self.engine.custody().restore_key(key, passphrase.as_ref(), Untested::Accept);
            Some((at, restored.map_err(|error| error.problem())))
        };
        let mut restored: Vec<_> = self.each(keys, one).into_iter().flatten().collect();
        let written = |(_, result): &(usize, Result<Restored, Problem>)| result.as_ref().ok()?.written().cloned();
        let written: Vec<_> = restored.iter().filter_map(written).collect();
        if let Some(manifest) = &archive.manifest
            && let Err(error) = self.engine.custody().restore_labels(manifest, &written)
        {
            restored.push((usize::MAX, Err(error.problem())));
        }
        restored
    }
}

fn said(result: Result<(), EngineError>, told: impl FnOnce() -> Told) -> KeyFound {
    KeyFound::Said(result.map(|()| told()).map_err(failure::of))
}
