//! Guided rotations: a wizard is a list of steps, each a predicate on the real state.
//!
//! Invariant: nothing is remembered but what was chosen. Whether a step is done is read from the server's metadata, the
//! key store and the journal each time, so that leaving, a crash or a colleague's act cannot make it wrong. A wizard
//! only fills the stage; publishing is the same as for every other change.

mod changes;
mod choice;
mod command;
mod facts;
mod hand_over;
mod kept;
mod part;
mod phase;
mod preparing;
mod progress;
mod reminders;
mod sending;
mod setup;
mod step;
mod steps;
mod take_over;
mod ways;

pub use part::Wizards;

pub use super::custody::file::KeyFile;
pub use crate::keys::PrivateKey;
pub use changes::{changes, phase};
pub use choice::{Before, Choice, First, Holder, Way, Wizard};
pub use facts::{Facts, RepositoryFacts, RoleFacts, State};
pub use hand_over::{HandOver, HandOverRepository};
pub use phase::Phase;
pub use progress::is_finished;
pub use reminders::{Begun, reminders};
pub use setup::fingerprints;
pub use step::Reminder;
pub use step::{StepKind, StepState, StepView};
pub use steps::steps;
pub use ways::{WayView, last_signatures, ways};
