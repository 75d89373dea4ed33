//! What forms are for.

use crate::engine::custody::backed_up::Removing;
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, TargetName};

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    AddRepository,
    NameServer,
    AddSigner {
        guns: Vec<Gun>,
    },
    AddDelegation {
        gun: Gun,
    },
    EditDelegation {
        gun: Gun,
        role: DelegationName,
        keys: Vec<CanonicalKeyId>,
    },
    SignTag {
        gun: Gun,
    },
    /// The marked tags, as the registry holds them.
    SignMarked {
        gun: Gun,
        tags: Vec<TargetName>,
    },
    LogIn {
        gun: Gun,
        host: String,
    },
    /// What a wizard asks.
    Wizard(WizardForm),
    MakeKey,
    LoadKeys,
    /// The keys behind each answer of the first field.
    ExportKeys {
        choices: Vec<Vec<CanonicalKeyId>>,
    },
    /// The same, and the place that was offered.
    BackUp {
        choices: Vec<Vec<CanonicalKeyId>>,
        offered: String,
    },
    Restore,
    ChangePassphrase {
        id: CanonicalKeyId,
    },
    /// A stored key onto a token.
    ImportKey {
        id: CanonicalKeyId,
        how: Removing,
    },
    /// The PIN of the token with this serial number, from which a key is deleted.
    RemoveFromToken {
        id: CanonicalKeyId,
        how: Removing,
        serial: String,
    },
    LabelKey {
        id: CanonicalKeyId,
    },
}

/// What a wizard's form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WizardForm {
    Make,
    MakeOnToken,
    Load,
    Colleague,
    Unlock(CanonicalKeyId),
    BackUp(Vec<CanonicalKeyId>),
    MakeSigner,
    MakeSignerOnToken,
    ColleagueSigner,
    SignTag,
    HandOver,
    SetUp,
    TakeOver,
}
