//! Questions as Docker asks them: on standard output, answered on standard input, whether that is a terminal or not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use super::docker::Docker;
use super::failure::Failure;
use super::input::read_line;
use crate::cli::{terminal, unlock};
use crate::engine::keyring::tried::Tried;
use crate::engine::plan::locked::{LockedKey, Missing, missing};
use crate::engine::{EngineError, Kind, NewPassphrase, Passphrase, Plan};
use crate::printable::printable;
use crate::tuf::{CanonicalKeyId, Role};

/// How often Docker asks for the passphrase of a key in the key store.
const STORED: usize = 7;
/// How often for that of a key in a file, and here for a PIN.
pub(super) const LOADED: usize = 4;
/// How often for a new one.
const NEW: usize = 12;

const NEW_ROOT: &str = "You are about to create a new root signing key passphrase. This passphrase
will be used to protect the most sensitive key in your signing system. Please
choose a long, complex passphrase and be careful to keep the password and the
key file itself secure and backed up. It is highly recommended that you use a
password manager to generate the passphrase and keep it safe. There will be no
way to recover this key. You can find the key in your config directory.
";

/// What Docker calls a role when it asks for a passphrase.
fn alias(role: &str) -> String {
    match role {
        "targets" | "snapshot" => "repository".to_owned(),
        other => printable(other),
    }
}

fn start(id: &CanonicalKeyId) -> String {
    id.as_str().chars().take(7).collect()
}

impl Docker {
    fn hidden(&self, question: &str) -> Result<Passphrase, Failure> {
        let unreadable = |error: std::io::Error| Failure::new(error.to_string());
        let input = File::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(unreadable)?);
        if input.is_terminal() {
            terminal::hide(&input).map_err(|error| unreadable(error.into()))?;
        }
        // Echo is off before anybody is asked to type.
        let typed = self.say(question).map(|()| read_line(&input));
        terminal::restore();
        self.say("\n")?;
        let typed = typed?.map_err(unreadable)?.ok_or_else(|| Failure::new(EXHAUSTED))?;
        let text = std::str::from_utf8(&typed).map_err(|_| Failure::new("what was typed is not UTF-8"))?;
        Ok(Passphrase::from_text(text.trim_end_matches('\r')))
    }

    /// A passphrase for a key that is made or loaded: of a variable, else asked for until it is typed twice alike.
    pub(super) fn new_passphrase(&self, role: &str, id: &CanonicalKeyId) -> Result<NewPassphrase, Failure> {
        if let Some((source, known)) = self.context.sources.candidates(role).into_iter().next() {
            return NewPassphrase::new(known)
                .map_err(|error| Failure::from(EngineError::from(error)).within(&source.to_string()));
        }
        if role == Role::Root.as_str() {
            self.say(NEW_ROOT)?;
        }
        let which = format!("for new {} key with ID {}: ", alias(role), start(id));
        for _ in 0..NEW {
            let Ok(first) = NewPassphrase::new(self.hidden(&format!("Enter passphrase {which}"))?) else {
                self.say(
                    "Passphrase is too short. Please use a password manager to generate and store a good random \
                     passphrase.\n",
                )?;
                continue;
            };
            if self.hidden(&format!("Repeat passphrase {which}"))? == *first {
                return Ok(first);
            }
            self.say("Passphrases do not match. Please retry.\n")?;
        }
        Err(Failure::new(EXHAUSTED))
    }

    /// Asks for the passphrase of a key until `open` takes one; `None` after so many tries.
    pub(super) fn ask_until<T>(
        &self,
        which: &str,
        tries: usize,
        mut open: impl FnMut(Passphrase) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        for attempt in 1..=tries {
            let typed = self.hidden(&format!("Enter passphrase for {which}: "))?;
            if let Some(opened) = open(typed)? {
                return Ok(Some(opened));
            }
            if attempt < tries {
                self.say("Passphrase incorrect. Please retry.\n")?;
            }
        }
        Ok(None)
    }

    /// Opens all keys that a plan needs, and chooses passphrases for those that it will make.
    pub(super) async fn unlock(&self, plan: &Plan) -> Result<(), Failure> {
        for secret in missing(&plan.repositories) {
            match secret {
                Missing::Locked(key) => self.unlock_one(&key).await?,
                Missing::New { role, .. } => {
                    let id = self.context.engine.keyring().prepare_key(&role)?;
                    let passphrase = self.new_passphrase(role.as_str(), &id)?;
                    self.context.engine.keyring().choose_passphrase(&role, passphrase);
                }
            }
        }
        Ok(())
    }

    /// Opens a stored key.
    pub(super) async fn unlock_one(&self, key: &LockedKey) -> Result<(), Failure> {
        let tried = unlock::try_sources(&self.context, key).await?;
        let keyring = self.context.engine.keyring();
        match &tried {
            Tried::Opened(_) => Ok(()),
            Tried::Wrong(_) => Err(keyring.missing_secret(&key.id, &key.role, &key.label, &tried).into()),
            Tried::Unset => {
                let (which, tries) = match keyring.token_of(&key.id) {
                    Some(place) => (format!("the PIN of token {}", printable(&place.token.to_string())), LOADED),
                    None => (format!("{} key with ID {}", alias(&key.role), start(&key.id)), STORED),
                };
                let opened =
                    self.ask_until(&which, tries, |passphrase| match keyring.unlock(&key.id, &passphrase) {
                        Ok(()) => Ok(Some(())),
                        Err(error) if error.kind() == Kind::Passphrase => Ok(None),
                        Err(error) => Err(error.into()),
                    })?;
                opened.ok_or_else(|| none_of(key.id.as_str()))
            }
        }
    }
}

const EXHAUSTED: &str = "maximum number of passphrase attempts exceeded";

/// The IDs of a role's keys, as Docker names them where none is here.
pub(super) fn no_key_of(view: &crate::engine::RepositoryView, role: &Role) -> Option<Failure> {
    let role = view.roles.iter().find(|known| known.role == *role)?;
    if role.keys.iter().any(|key| key.at_hand) {
        return None;
    }
    let ids: BTreeMap<&str, ()> = role.keys.iter().map(|key| (key.id.as_str(), ())).collect();
    let ids: Vec<&str> = ids.into_keys().collect();
    Some(none_of(&ids.join(", ")))
}

/// What Docker says where none of these keys could be used.
fn none_of(ids: &str) -> Failure {
    Failure::new(format!("could not find necessary signing keys, at least one of these keys must be available: {ids}"))
}
