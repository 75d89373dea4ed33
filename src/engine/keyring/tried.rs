//! What came of the passphrases that are known before anybody is asked.
//!
//! Invariant: a PIN that a token has refused is never tried there again, nor where that could lock the token.

use super::part::Keyring;
use super::sources::{PassphraseSources, Source, VARIABLES};
use super::tokens::{PinState, TokenError, TokenName};
use crate::engine::error::{EngineError, Kind, Problem};
use crate::keys::{KeyError, Passphrase};
use crate::tuf::CanonicalKeyId;

/// A source whose passphrase is wrong for a key, and another key that it opens.
pub type Miss = (Source, Option<CanonicalKeyId>);

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is unlocked now, or was already; variables that were tried before in vain.
    Opened(Vec<Miss>),
    /// No source has a passphrase for it.
    Unset,
    /// These have one, and it is wrong.
    Wrong(Vec<Miss>),
}

impl Keyring {
    /// Unlocks a key with the first source that opens it; `role` is the `role` header of its file. Blocking.
    ///
    /// # Errors
    /// Whatever is wrong with the key's file.
    pub fn unlock_from(
        &self,
        key: &CanonicalKeyId,
        role: &str,
        sources: &PassphraseSources,
    ) -> Result<Tried, EngineError> {
        if self.is_open(key) {
            return Ok(Tried::Opened(Vec::new()));
        }
        if let Some(place) = self.token_of(key) {
            return self.unlock_token_from(&place.token, sources);
        }
        let mut wrong = Vec::new();
        for (source, passphrase) in sources.candidates(role) {
            match self.try_passphrase(key, &passphrase) {
                Ok(()) => return Ok(Tried::Opened(passed_over(wrong))),
                Err(KeyError::WrongPassphrase { .. }) => wrong.push((source, self.opens_instead(key, &passphrase))),
                Err(error) => return Err(error.into()),
            }
        }
        wrong.dedup();
        Ok(if wrong.is_empty() { Tried::Unset } else { Tried::Wrong(wrong) })
    }

    /// A wrong PIN ends it: whoever wrote the script must look before the token locks.
    fn unlock_token_from(&self, token: &TokenName, sources: &PassphraseSources) -> Result<Tried, EngineError> {
        let Some((source, _)) = sources.token_pin() else { return Ok(Tried::Unset) };
        let Some(pin) = self.known_pin(token, sources)? else { return Ok(Tried::Wrong(vec![(source, None)])) };
        let opened = self.unlock_token(token, &pin);
        if let Err(EngineError::Key(error)) = &opened {
            self.learn_refusal(token, error);
        }
        opened.map(|()| Tried::Opened(Vec::new()))
    }

    /// The PIN that the sources have for a token, unless the token has refused it before.
    ///
    /// # Errors
    /// `Input` where one more wrong PIN would lock the token: that try is a person's.
    pub fn known_pin(&self, token: &TokenName, sources: &PassphraseSources) -> Result<Option<Passphrase>, EngineError> {
        let Some((source, pin)) = sources.token_pin() else { return Ok(None) };
        if self.held.refused_pins.holds(&token.serial) {
            return Ok(None);
        }
        if self.pin_state(token) == PinState::FinalTry {
            return Err(EngineError::Input {
                message: format!("one more wrong PIN locks token {token}, so {source} is not tried"),
                hint: "type the PIN at a terminal; a right one gives all tries back".to_owned(),
            });
        }
        Ok(Some(pin))
    }

    /// Notes that a token has refused the PIN of the sources, so that it is never tried there again.
    pub fn learn_refusal(&self, token: &TokenName, error: &KeyError) {
        if matches!(error, KeyError::Token(TokenError::WrongPin { .. } | TokenError::PinLocked(_))) {
            self.held.refused_pins.add(&token.serial);
        }
    }

    /// Names the sources that were tried on a key and are wrong, also where something else opened it.
    #[must_use]
    pub fn wrong_before(&self, key: &CanonicalKeyId, role: &str, label: &str, tried: &Tried) -> Option<String> {
        let (Tried::Opened(wrong) | Tried::Wrong(wrong)) = tried else { return None };
        if wrong.is_empty() {
            return None;
        }
        let (message, _) = match self.token_of(key) {
            Some(place) => refused_pin(&place.token, wrong),
            None => wrong_for(key, role, label, wrong),
        };
        Some(message)
    }

    /// What to say where nobody can be asked for the passphrase of a key, or the PIN of its token.
    #[must_use]
    pub fn missing_secret(&self, key: &CanonicalKeyId, role: &str, label: &str, tried: &Tried) -> Problem {
        let Some(place) = self.token_of(key) else { return missing_passphrase(key, role, label, tried) };
        let (message, hint) = match tried {
            Tried::Wrong(sources) => refused_pin(&place.token, sources),
            _ => (
                format!("{} is on token {}, which needs its PIN", in_full(key, role, label), place.token),
                "set TRUSTDECK_TOKEN_PIN, or give a line token-pin=PIN to --passphrase-fd".to_owned(),
            ),
        };
        Problem { kind: Kind::Passphrase, message, hint, repository: None, role: None, tags: None, admission: None }
    }
}

/// What to say where nobody can be asked for the passphrase of a key.
#[must_use]
pub fn missing_passphrase(key: &CanonicalKeyId, role: &str, label: &str, tried: &Tried) -> Problem {
    let names: Vec<&str> = VARIABLES.iter().filter(|(_, scope)| scope.covers(role)).map(|(name, _)| *name).collect();
    let variables = names.join(" or ");
    let (message, hint) = match tried {
        Tried::Wrong(sources) => wrong_for(key, role, label, sources),
        _ => {
            let message = format!("{} needs its passphrase and nobody can be asked", in_full(key, role, label));
            (message, format!("set {variables}, or give --passphrase-fd"))
        }
    };
    Problem { kind: Kind::Passphrase, message, hint, repository: None, role: None, tags: None, admission: None }
}

/// Message and hint about sources that have a wrong passphrase for something, each with what it opens instead.
#[must_use]
pub fn wrong_sources(what: &str, sources: &[(Source, Option<String>)]) -> (String, String) {
    let names: Vec<String> = sources.iter().map(|(source, _)| source.to_string()).collect();
    let verb = if names.len() == 1 { "does" } else { "do" };
    let opens = sources.iter().filter_map(|(source, opens)| Some(format!("; {source} opens {}", opens.as_ref()?)));
    let message = format!("{} {verb} not open {what}{}", names.join(" and "), opens.collect::<String>());
    (message, format!("correct {}", names.join(" or ")))
}

fn wrong_for(key: &CanonicalKeyId, role: &str, label: &str, sources: &[Miss]) -> (String, String) {
    let opens = |other: &CanonicalKeyId| format!("key {}", other.short());
    let named: Vec<_> = sources.iter().map(|(source, other)| (*source, other.as_ref().map(opens))).collect();
    wrong_sources(&in_full(key, role, label), &named)
}

fn in_full(key: &CanonicalKeyId, role: &str, label: &str) -> String {
    format!("key {} ({label}, {role})", key.short())
}

fn refused_pin(token: &TokenName, sources: &[Miss]) -> (String, String) {
    let names: Vec<String> = sources.iter().map(|(source, _)| source.to_string()).collect();
    let names = names.join(" and ");
    (format!("token {token} has refused the PIN of {names}, which is not tried again"), format!("correct {names}"))
}

/// Wrong ones that somebody has to correct. Lines of a descriptor are not among them: several may be given on purpose,
/// each of which opens some of the keys.
fn passed_over(mut wrong: Vec<Miss>) -> Vec<Miss> {
    wrong.retain(|(source, _)| *source != Source::Descriptor);
    wrong
}
