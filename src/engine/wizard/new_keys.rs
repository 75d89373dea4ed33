//! The new keys of a wizard: chosen or made, remembered, stored. Whoever calls has asked for all that is needed.
//!
//! Invariant: a key's ID is on disk before its private half is stored, so that a stop in between leaves no stray key.

use super::choice::{Choice, Way, Wizard};
use super::facts::Facts;
use super::part::Wizards;
use crate::engine::custody::Custody;
use crate::engine::draft::change::RootKeyChoice;
use crate::engine::error::{EngineError, Kind, refuse};
use crate::engine::keyring::tokens::{Attendant, Dialect, Pins};
use crate::keys::{NewPassphrase, Passphrase, PrivateKey};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, SignerName};

/// Most keys that one step makes. A threshold is read from metadata, where it can be any number.
const MOST: u32 = 8;

/// A key that is to take another's place.
pub enum ChosenKey {
    /// Its private half, and the passphrase that it had or gets; a key that is in the store already needs none.
    Private(Box<PrivateKey>, Option<Passphrase>),
    /// Its public half: the private one is in the store, on a token or with a colleague.
    Public(PublicKey),
}

impl ChosenKey {
    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Private(key, _) => key.public(),
            Self::Public(key) => key,
        }
    }

    /// Whether its private half is neither here nor comes with it.
    #[must_use]
    pub fn is_elsewhere(&self, custody: &Custody) -> bool {
        matches!(self, Self::Public(key) if !custody.holds_key(key.canonical_id()))
    }

    /// Whether it must be given a passphrase before it can be stored.
    #[must_use]
    pub fn lacks_passphrase(&self, custody: &Custody) -> bool {
        let Self::Private(key, passphrase) = self else { return false };
        let is_good = |passphrase: &Passphrase| NewPassphrase::new(passphrase.clone()).is_ok();
        !custody.holds_key(key.id()) && !passphrase.as_ref().is_some_and(is_good)
    }

    fn store(&self, custody: &Custody, name: &str, gun: Option<&Gun>) -> Result<(), EngineError> {
        let Self::Private(key, passphrase) = self else { return Ok(()) };
        let known = passphrase.clone().unwrap_or_default();
        if custody.holds_key(key.id()) {
            // One that does not open what is stored is asked for when the key must sign.
            let _ = custody.keyring.unlock(key.id(), &known);
            return Ok(());
        }
        custody.store_key(key, name, gun, &NewPassphrase::new(known)?)
    }
}

/// Repositories that share new keys, and how many must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// The repositories.
    pub repositories: Vec<Gun>,
    /// How many keys they need.
    pub count: usize,
}

/// The repositories that lack new keys which this machine can use; those without the role need none.
#[must_use]
pub fn lacking(facts: &Facts) -> Vec<Gun> {
    let role = facts.choice.wizard.role();
    let listed = facts.repositories.iter().filter(|r| r.role(&role).is_some() && !has_keys(facts, &r.gun));
    listed.map(|r| r.gun.clone()).collect()
}

fn has_keys(facts: &Facts, gun: &Gun) -> bool {
    let keys = facts.choice.new_keys(gun);
    let is_here = |key: &PublicKey| facts.choice.way == Way::Colleague || facts.at_hand.contains(key.canonical_id());
    !keys.is_empty() && keys.iter().all(is_here)
}

/// Which of these repositories share new keys; each for itself, where that is the rule.
///
/// # Errors
/// `Input` if more keys must sign than one step makes.
pub fn sharing(facts: &Facts, guns: Vec<Gun>) -> Result<Vec<Sharing>, EngineError> {
    let wizard = &facts.choice.wizard;
    let groups: Vec<Vec<Gun>> = match wizard.has_key_for_each() {
        true => guns.into_iter().map(|gun| vec![gun]).collect(),
        false if guns.is_empty() => Vec::new(),
        false => vec![guns],
    };
    let with_count = |repositories: Vec<Gun>| Ok(Sharing { count: needed(facts, &repositories)?, repositories });
    groups.into_iter().map(with_count).collect()
}

/// As many as the threshold of the role says.
fn needed(facts: &Facts, guns: &[Gun]) -> Result<usize, EngineError> {
    let role = facts.choice.wizard.role();
    let listed = facts.repositories.iter().filter(|r| guns.contains(&r.gun)).filter_map(|r| r.role(&role));
    let needed = match facts.choice.wizard {
        Wizard::FirstSetup => 1,
        _ => listed.map(|role| role.threshold).max().unwrap_or(1).max(1),
    };
    if needed > MOST {
        let what = format!("{needed} keys must sign; at most {MOST} are made at once");
        return Err(refuse(what, "set a lower threshold first"));
    }
    Ok(needed as usize)
}

/// Where a key is made on a token.
#[derive(Clone, Copy)]
pub struct PlaceOnToken<'a> {
    /// Label or serial number of the token.
    pub token: &'a str,
    /// What opens it.
    pub pins: &'a Pins,
    /// Told when it waits for a finger.
    pub attendant: &'a Attendant,
}

impl PlaceOnToken<'_> {
    /// Refuses before the first key is made what would not fit: a YubiKey has four slots.
    fn has_room(&self, custody: &Custody, wanted: usize) -> Result<(), EngineError> {
        const PIV_SLOTS: usize = 4;
        let token = custody.keyring.find_token(Some(self.token))?;
        let free = PIV_SLOTS.saturating_sub(token.keys.len());
        if token.dialect != Dialect::Piv || wanted <= free {
            return Ok(());
        }
        let what = format!("token {} has {free} free slots, and {wanted} keys are to be made", token.name);
        Err(refuse(what, "choose fewer repositories, or another token"))
    }

    fn make(&self, custody: &Custody, name: &str, gun: Option<&Gun>) -> Result<PublicKey, EngineError> {
        Ok(custody.make_on_token(name, gun, Some(self.token), self.pins.clone(), self.attendant)?.1)
    }
}

impl Wizards {
    /// Takes keys for all repositories of a wizard: remembers them, then stores what is not here yet.
    ///
    /// # Errors
    /// `Input`: a public key where a private one is needed, another key than a hand-over file names, or no passphrase
    /// that is long enough; `Key`, `Disk`.
    pub fn take_keys(&self, choice: &mut Choice, keys: &[ChosenKey]) -> Result<(), EngineError> {
        self.choose_keys(choice, keys)?;
        self.keep_wizard(choice)?;
        let (name, gun) = (choice.wizard.key_name(), choice.repositories.first());
        let gun = gun.filter(|_| choice.wizard.has_key_for_each());
        keys.iter().try_for_each(|key| key.store(&self.custody, &name, gun))
    }

    /// The same in the choice only: nothing is written.
    ///
    /// # Errors
    /// `Input`, as [`Wizards::take_keys`].
    pub fn choose_keys(&self, choice: &mut Choice, keys: &[ChosenKey]) -> Result<(), EngineError> {
        let public = keys.iter().map(|key| bare(&choice.wizard, key.public())).collect::<Result<Vec<_>, _>>()?;
        if matches!(choice.wizard, Wizard::TakeOver { .. }) {
            let is_named = |key: &PublicKey| {
                choice.keys.values().flatten().any(|named| named.canonical_id() == key.canonical_id())
            };
            if !public.iter().all(is_named) {
                return Err(refuse("this is another key than the hand-over file names", "load the one that it names"));
            }
        } else {
            choice.way = match (keys.iter().any(|key| key.is_elsewhere(&self.custody)), &choice.wizard) {
                (true, Wizard::DelegationKey { .. }) => Way::Colleague,
                (true, _) => return Err(refuse("this is a public key", "give the file of the private key")),
                (false, _) if choice.way == Way::Colleague => Way::OnePublish,
                (false, _) => choice.way,
            };
            choice.without_backup = false;
            choice.use_keys(&public);
        }
        Ok(())
    }

    /// Gives repositories that lack them the keys that the wizard has for others, where all share theirs. Says whether
    /// there were any.
    ///
    /// # Errors
    /// `Disk`.
    pub fn share_keys(&self, facts: &Facts, choice: &mut Choice) -> Result<bool, EngineError> {
        let shared = choose_shared(facts, choice);
        if shared {
            self.keep_wizard(choice)?;
        }
        Ok(shared)
    }

    /// Makes the keys that repositories share, and stores them under one passphrase.
    ///
    /// # Errors
    /// `Key`, `Disk`.
    pub fn make_keys(
        &self,
        choice: &mut Choice,
        sharing: Sharing,
        passphrase: &NewPassphrase,
    ) -> Result<Vec<CanonicalKeyId>, EngineError> {
        let Sharing { repositories, count } = sharing;
        let keys: Vec<PrivateKey> = (0..count).map(|_| self.custody.make_key()).collect::<Result<_, _>>()?;
        self.keep_made(choice, &repositories, keys.iter().map(|key| key.public().clone()).collect())?;
        let gun = repositories.first().filter(|_| choice.wizard.has_key_for_each());
        for key in &keys {
            self.custody.store_key(key, &choice.wizard.key_name(), gun, passphrase)?;
        }
        Ok(keys.iter().map(|key| key.id().clone()).collect())
    }

    /// The same on a token. Stopped before they are remembered, they are on the token, where the same step offers them.
    ///
    /// # Errors
    /// `Input`: they do not fit; `Key`, `Disk`.
    pub fn make_keys_on_token(
        &self,
        choice: &mut Choice,
        sharing: Vec<Sharing>,
        place: PlaceOnToken<'_>,
    ) -> Result<Vec<CanonicalKeyId>, EngineError> {
        place.has_room(&self.custody, sharing.iter().map(|group| group.count).sum())?;
        let name = choice.wizard.key_name();
        let mut made: Vec<CanonicalKeyId> = Vec::new();
        for Sharing { repositories, count } in sharing {
            let gun = repositories.first().filter(|_| choice.wizard.has_key_for_each());
            let mut keys: Vec<PublicKey> = Vec::new();
            for _ in 0..count {
                let key = place.make(&self.custody, &name, gun).map_err(|error| after_others(error, &made))?;
                made.push(key.canonical_id().clone());
                keys.push(key);
            }
            // Before the next is made: a token that is full by then must not make this one forgotten.
            self.keep_made(choice, &repositories, keys)?;
        }
        Ok(made)
    }

    fn keep_made(&self, choice: &mut Choice, repositories: &[Gun], keys: Vec<PublicKey>) -> Result<(), EngineError> {
        choose_made(choice, repositories, &keys);
        self.keep_wizard(choice)
    }

    /// Takes the key of a first signer: remembers it, then stores it unless it is here or with a colleague.
    ///
    /// # Errors
    /// `Input`: no passphrase that is long enough; `Key`, `Disk`.
    pub fn take_signer(&self, choice: &mut Choice, name: &SignerName, key: &ChosenKey) -> Result<(), EngineError> {
        self.keep_signer(choice, name, key.public().clone())?;
        key.store(&self.custody, name.as_str(), None)
    }

    /// Makes the key of a first signer on a token.
    ///
    /// # Errors
    /// As [`Wizards::make_keys_on_token`].
    pub fn make_signer_on_token(
        &self,
        choice: &mut Choice,
        name: &SignerName,
        place: PlaceOnToken<'_>,
    ) -> Result<(), EngineError> {
        place.has_room(&self.custody, 1)?;
        let public = place.make(&self.custody, name.as_str(), None)?;
        self.keep_signer(choice, name, public)
    }

    fn keep_signer(&self, choice: &mut Choice, name: &SignerName, key: PublicKey) -> Result<(), EngineError> {
        choose_signer(choice, name, key);
        self.keep_wizard(choice)
    }
}

/// Gives repositories that lack them the keys that the wizard has for others, where all share theirs. Says whether there
/// were any. Nothing is written.
pub fn choose_shared(facts: &Facts, choice: &mut Choice) -> bool {
    let with_keys = choice.keys.keys().find(|gun| has_keys(facts, gun));
    let Some(keys) = with_keys.filter(|_| !choice.wizard.has_key_for_each()).map(|gun| choice.new_keys(gun)) else {
        return false;
    };
    let keys = keys.to_vec();
    choice.keys.extend(lacking(facts).into_iter().map(|gun| (gun, keys.clone())));
    true
}

/// Puts keys that were made into a choice. Nothing is written.
pub fn choose_made(choice: &mut Choice, repositories: &[Gun], keys: &[PublicKey]) {
    choice.without_backup = false;
    match (&choice.wizard, keys.first()) {
        (Wizard::FirstSetup, Some(root)) => {
            choice.first.root_key = Some(RootKeyChoice::Stored(root.canonical_id().clone()));
        }
        _ => choice.keys.extend(repositories.iter().map(|gun| (gun.clone(), keys.to_vec()))),
    }
}

/// Puts the key of a first signer into a choice. Nothing is written.
pub fn choose_signer(choice: &mut Choice, name: &SignerName, key: PublicKey) {
    choice.first.signers.insert(name.clone(), vec![key]);
    choice.without_backup = false;
}

/// Base roles list keys bare; a signer's key may be in a certificate.
fn bare(wizard: &Wizard, key: &PublicKey) -> Result<PublicKey, EngineError> {
    match wizard {
        Wizard::DelegationKey { .. } | Wizard::TakeOver { .. } => Ok(key.clone()),
        _ => key.unwrapped().map_err(|error| refuse(error.to_string(), "give another key")),
    }
}

/// Says which keys were made on the token before the one that failed.
fn after_others(error: EngineError, made: &[CanonicalKeyId]) -> EngineError {
    // What asks for a PIN, and what was stopped, is told by its kind.
    if made.is_empty() || matches!(error.kind(), Kind::Passphrase | Kind::Cancelled) {
        return error;
    }
    let ids: Vec<&str> = made.iter().map(CanonicalKeyId::short).collect();
    let what = format!("{}; {} made before stays on the token", error.problem().message, ids.join(", "));
    refuse(what, "choose it here, or delete it among the keys")
}
