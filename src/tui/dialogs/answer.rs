//! What the user answered: a dialog knows neither the state nor who opened it, so its answer is handed to whoever asked.

use crossterm::event::KeyEvent;

use crate::engine::wizard::{Choice, Wizard};
use crate::engine::{NewPassphrase, Passphrase};
use crate::tuf::{CanonicalKeyId, Gun, Role};
use crate::tui::messages::effect::Effect;

/// What a key in a dialog came to.
#[derive(Debug)]
pub enum Answer {
    /// Nothing that anybody waits for.
    Nothing,
    /// Work that was named when the dialog was opened.
    Work(Vec<Effect>),
    /// The form on top is filled in.
    Filled,
    /// A form of a wizard was left.
    FormLeft,
    /// What the form on top waits for shall be stopped.
    FormStopped,
    /// The reply under the cursor of the question on top.
    Chosen,
    /// The name was typed that the confirmation on top asks for.
    Confirmed,
    /// Nothing is published; what was typed for it is forgotten.
    NotPublished,
    /// Mend what would be lost, and publish later.
    Mend,
    /// What opens a stored key, or the PIN of its token.
    Unlock { id: CanonicalKeyId, typed: Passphrase, is_pin: bool },
    /// The passphrase of the key before is to be tried.
    SameAsBefore,
    /// The passphrase of the keys of a role that the publish makes.
    NewFor(Role, NewPassphrase),
    /// What a task on keys asked for.
    Typed(Passphrase),
    /// A new passphrase that a task on keys asked for.
    New(NewPassphrase),
    /// The task on keys goes on without what it asked for.
    Skipped,
    /// The task on keys shall be stopped.
    Stopped,
    /// Restore what the backup has and the store has not.
    Restore,
    /// Back up this key.
    BackUp(CanonicalKeyId),
    /// The report that ends a task on keys was read.
    Read,
    /// Open a wizard.
    Opens(Opens),
    /// A key in a dialog whose lines are the state's or the key tables', which it does not know.
    InLines(KeyEvent),
}

/// What a line of the wizards opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opens {
    /// One that was begun.
    Begun(Box<Choice>),
    /// One that was begun, to give it up.
    GiveUp(Box<Choice>),
    /// A new one, unless it was begun.
    New { wizard: Wizard, candidates: Vec<Gun>, chosen: Vec<Gun> },
    /// The first set-up of a repository that is not listed yet.
    SetUp,
    /// A colleague's half of a rotation.
    TakeOver,
}
