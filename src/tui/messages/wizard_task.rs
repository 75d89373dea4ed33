//! What a wizard asks of the engine, and the answers, as plain data.

use std::path::PathBuf;

use super::effect::Effect;
use super::keywork::AtToken;
use crate::engine::wizard::{Begun, Choice, Facts, Wizard};
use crate::engine::{NewPassphrase, Passphrase};
use crate::tuf::{CanonicalKeyId, Gun, SignerName};

/// Work for a wizard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// List those that were begun.
    List,
    /// Look how far they are and what is due.
    Remind,
    /// Open one: as it was begun for any of `chosen`, else to choose among `candidates`.
    Open { wizard: Wizard, candidates: Vec<Gun>, chosen: Vec<Gun> },
    /// Go on with one that was begun.
    Resume(Choice),
    /// Open one that was begun, to give it up.
    GiveUp(Choice),
    /// Add a repository to the list, ask its server, and open its first set-up.
    SetUp(String),
    /// Open a colleague's half of a rotation from the file that was handed over.
    TakeOver(PathBuf),
    /// Begin it for these repositories, whose servers were just asked, and keep it.
    Begin(Wizard, Vec<Gun>),
    /// Look at all it depends on, as it was refreshed last.
    Look(Choice),
    /// Keep what was chosen.
    Keep(Choice),
    /// Get the new key.
    Key(Choice, KeySource),
    /// Get the key of a first signer.
    Signer(Choice, SignerName, KeySource),
    /// Write keys into a file and prove it; each opens with one of `own`.
    BackUp {
        choice: Choice,
        keys: Vec<CanonicalKeyId>,
        file: PathBuf,
        seal: Option<NewPassphrase>,
        own: Vec<Passphrase>,
    },
    /// Write what the colleague who has the new key needs to know.
    HandOver(Choice, PathBuf),
    /// Forget it, for it is finished.
    Forget(Choice),
    /// Forget one that is given up, and take repositories off the list that nothing came of.
    Abandon(Choice, Vec<Gun>),
    /// Forget set-ups that a publish of these repositories has finished.
    Close(Vec<Gun>),
}

impl Task {
    /// Whether it works at a token, which may wait for a touch.
    #[must_use]
    pub fn is_at_token(&self) -> bool {
        matches!(self, Self::Key(_, KeySource::OnToken { .. }) | Self::Signer(_, _, KeySource::OnToken { .. }))
    }

    /// Whether a form may wait for it.
    #[must_use]
    pub fn is_of_form(&self) -> bool {
        match self {
            // A key that is not locked is taken without a form.
            Self::Key(_, KeySource::Stored(_, passphrase)) => passphrase.is_some(),
            Self::Key(..) | Self::Signer(..) | Self::Keep(_) | Self::BackUp { .. } | Self::HandOver(..) => true,
            Self::SetUp(_) | Self::TakeOver(_) => true,
            _ => false,
        }
    }

    /// Whether it writes what was chosen; two of them at once would overwrite each other.
    #[must_use]
    pub fn writes_choice(&self) -> bool {
        matches!(self, Self::Keep(_) | Self::Key(..) | Self::Signer(..))
    }

    /// The effect that asks for it.
    #[must_use]
    pub fn effect(self) -> Effect {
        Effect::Wizard(Box::new(self))
    }
}

/// Where a new key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Made here, one for each repository where that is the rule.
    New { passphrase: NewPassphrase, label: String },
    /// A file with a private key.
    File { path: PathBuf, passphrase: Passphrase },
    /// A file with a colleague's public key.
    Colleague(PathBuf),
    /// Made on a token.
    OnToken { at: AtToken, label: String },
    /// A key of the store, with its passphrase if it is locked; or one on a token, whose PIN the publish asks for.
    Stored(CanonicalKeyId, Option<Passphrase>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learned {
    /// Those that were begun, oldest first.
    Begun(Vec<Begun>),
    /// The same, while nobody asked for the list.
    Reminded(Vec<Begun>),
    /// Opened; not begun yet, with these repositories chosen.
    ToChoose(Box<Facts>, Vec<Gun>),
    /// Opened as it was begun.
    Opened(Box<Facts>),
    /// Opened as it was begun, to be given up.
    ToGiveUp(Box<Facts>),
    /// The choice is on disk.
    Kept(Box<Choice>),
    /// Looked at.
    Seen(Box<Facts>),
    /// Something was done about it; verb and object for the message line.
    Did(Box<Facts>, &'static str, String),
    /// Forgotten; its title.
    Forgotten(String),
    /// The same of one that was given up.
    GivenUp(String),
}
