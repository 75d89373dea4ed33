//! Guided rotations: a wizard is a list of steps, each a predicate on the real state.
//!
//! Rules:
//!
//! - Nothing is remembered but what was chosen. Whether a step is done is read from the servers' metadata, the key store and the
//!   journal each time, so that leaving, a crash or a colleague's act cannot make it wrong.
//! - What was chosen is on disk before anything follows from it.
//! - A wizard only fills the stage; review and publish are those of every other change.
//! - Removing an old key is not offered before a key that stays has signed.
//!
//! ```
//! use trustdeck::engine::wizard::{StepState, Wizard, steps};
//! use trustdeck::tuf::Gun;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let gun = Gun::parse("registry.sandbox/team/api")?;
//! engine.views().refresh(&gun).await?;
//! let choice = engine.wizards().new_wizard(Wizard::Targets, vec![gun])?;
//! engine.wizards().keep_wizard(&choice)?;
//! let facts = engine.wizards().wizard_facts(&choice)?;
//! assert!(steps(&facts).iter().any(|step| step.state != StepState::Done));
//! # Ok(())
//! # }
//! ```

mod changes;
mod choice;
mod command;
mod facts;
mod hand_over;
mod kept;
pub mod new_keys;
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
pub use choice::{Choice, First, Holder, RoleBefore, Way, Wizard};
pub use facts::{Facts, RepositoryFacts, RoleFacts, ServerState};
pub use hand_over::{HandOver, HandOverRepository};
pub use phase::Phase;
pub use progress::is_finished;
pub use reminders::{Begun, reminders};
pub use setup::fingerprints;
pub use step::Reminder;
pub use step::{StepKind, StepState, StepView};
pub use steps::steps;
pub use ways::{WayView, last_signatures, ways};
