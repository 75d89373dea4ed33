//! Who signed a file, and whether that is enough.

use std::collections::BTreeSet;

use super::key::PublicKey;
use super::names::KeyId;

/// Which current keys of a role have signed its file and which have not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Current keys with a valid signature.
    pub signed: Vec<PublicKey>,
    /// Current keys without.
    pub unsigned: Vec<PublicKey>,
    /// IDs on signatures of keys that the role does not list (removed keys, strangers) or that do not verify.
    pub strangers: Vec<KeyId>,
    /// How many distinct bare keys must sign.
    pub threshold: u32,
}

impl Tally {
    /// Distinct bare keys that signed. Stricter than the programs, which count IDs.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.signed.iter().map(PublicKey::canonical_id).collect::<BTreeSet<_>>().len()
    }

    /// Whether enough distinct keys signed.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.distinct() >= self.threshold as usize
    }

    /// Whether `docker` and `notary`, which count IDs, would accept what we do not.
    #[must_use]
    pub fn only_by_ids(&self) -> bool {
        !self.is_met() && self.signed.len() >= self.threshold as usize
    }
}
