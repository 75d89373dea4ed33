//! What failed, and the question that would help.

use crate::engine::{Admission, Problem};
use crate::tuf::{CanonicalKeyId, KeyId};

/// Something that failed, and what can be asked of the user to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Sentence, class and hint.
    pub problem: Problem,
    /// What would help.
    pub ask: Option<Ask>,
    /// The error as the program has it, for whoever looks closer.
    pub raw: Option<Box<str>>,
    /// Whether something else than a trust server answers: nothing that is staged could be published.
    pub is_no_trust_server: bool,
}

impl Failure {
    /// A problem, and nothing more to say of it.
    #[must_use]
    pub fn plain(problem: Problem) -> Self {
        Self { problem, ask: None, raw: None, is_no_trust_server: false }
    }

    /// The key that the passphrase opens instead.
    #[must_use]
    pub fn other_key(&self) -> Option<&CanonicalKeyId> {
        if let Some(Ask::OtherKey(id)) = &self.ask { Some(id) } else { None }
    }
}

/// A question that only a person can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whether these are the root keys of a repository that is new here.
    FirstContact { roots: Vec<KeyId>, keys: Vec<CanonicalKeyId> },
    /// Whether a lost or changed pin is replaced; `differs` says what is another where root keys tell nothing.
    PinLost { known: Vec<KeyId>, found: Vec<KeyId>, differs: Vec<String> },
    /// A login, or whether logins may go where a server sends them.
    Admission(Admission),
    /// The passphrase was another key's.
    OtherKey(CanonicalKeyId),
    /// Whether a file of staged changes that cannot be read is moved aside.
    SetStageAside,
    /// The right PIN of a token.
    Pin,
    /// The management key of a YubiKey.
    ManagementKey,
}
