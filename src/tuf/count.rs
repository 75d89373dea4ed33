//! Counts who signed. Reports only; whoever asks decides.

use super::envelope::Envelope;
use super::key::PublicKey;
use super::known::KnownSignatures;
use super::metadata::RoleKeys;
use super::signature::Signature;
use super::tally::Tally;

/// Splits a role's keys into those with a valid signature on `envelope` and the rest.
///
/// Walks the keys, not the signatures: a key counts once however often it signed,
/// and a stranger's signature counts for nothing. Source: TUF specification 5.3.4.
#[must_use]
pub fn tally(envelope: &Envelope, role: &RoleKeys) -> Tally {
    tally_knowing(envelope, role, &KnownSignatures::default())
}

/// [`tally`] that does not verify again what is known.
#[must_use]
pub fn tally_knowing(envelope: &Envelope, role: &RoleKeys, known: &KnownSignatures) -> Tally {
    let message = envelope.message();
    let verifies =
        |key: &PublicKey| envelope.signatures().iter().any(|signature| key.verifies_message(&message, signature));
    let by_key = |key: &PublicKey| known.vouch(envelope, key) || verifies(key);
    let (signed, unsigned): (Vec<PublicKey>, Vec<PublicKey>) = role.keys.iter().cloned().partition(by_key);
    let current = |signature: &&Signature| signed.iter().any(|key| *key.id() == signature.key);
    let strangers = envelope.signatures().iter().filter(|s| !current(s)).map(|s| s.key.clone()).collect();
    Tally { signed, unsigned, strangers, threshold: role.threshold }
}
