//! Signatures that were found valid before.
//!
//! An entry names a file and a key by their SHA-256: the file with its signatures, the key with its type. So it says
//! something that stays true, whatever becomes of versions, roles and time, and all of these are judged anew each time.
//! Entries must be kept as safe as the pin is: whoever can forge one can forge a signature.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::envelope::Envelope;
use super::key::PublicKey;
use super::names::KeyId;
use super::tally::Tally;

/// How signatures are verified. It changes with every fault that is mended there: what was found before counts no more.
const VERIFIER: u32 = 1;

/// Keys with a valid signature, by the file's SHA-256 in lower-case hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct KnownSignatures(BTreeMap<String, BTreeSet<KeyId>>);

#[derive(Serialize, Deserialize)]
struct Stored {
    verifier: u32,
    files: BTreeMap<String, BTreeSet<KeyId>>,
}

impl From<Stored> for KnownSignatures {
    fn from(stored: Stored) -> Self {
        if stored.verifier == VERIFIER { Self(stored.files) } else { Self::default() }
    }
}

impl From<KnownSignatures> for Stored {
    fn from(known: KnownSignatures) -> Self {
        Self { verifier: VERIFIER, files: known.0 }
    }
}

impl KnownSignatures {
    /// Whether `key` was found to have signed the very bytes of `envelope`.
    #[must_use]
    pub(super) fn vouch(&self, envelope: &Envelope, key: &PublicKey) -> bool {
        !self.0.is_empty() && self.0.get(envelope.sha256()).is_some_and(|keys| keys.contains(key.id()))
    }

    /// Remembers the keys that signed a file.
    pub(super) fn note(&mut self, envelope: &Envelope, tally: &Tally) {
        let keys = tally.signed.iter().map(|key| key.id().clone());
        self.0.entry(envelope.sha256().to_owned()).or_default().extend(keys);
    }
}
