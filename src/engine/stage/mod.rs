//! The stage: our own journal of changes, kept apart from Notary's changelist.
//!
//! Rules:
//!
//! - What is staged is on disk, under a lock, before anybody is told; one journal for each trust directory, without secrets.
//! - Changes that cannot stand beside each other are refused with the way out; several come or fail together.
//! - Each act can be taken back until it is published.
//! - Notary's changelist is read, adopted or moved aside when the user says so, never deleted.
//!
//! ```
//! use trustdeck::engine::Change;
//! use trustdeck::tuf::{Gun, Role};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, empty: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let gun = Gun::parse("registry.sandbox/team/api")?;
//! let stage = engine.stage().stage(vec![(gun, Change::Witness { role: Role::Targets })])?;
//! assert_eq!(stage.changes.len(), 1);
//! assert!(engine.stage().undo()?.changes.is_empty());
//! # Ok(())
//! # }
//! ```

mod adding;
mod aside;
mod deed;
mod described;
pub mod elsewhere;
pub mod foreign;
pub(in crate::engine) mod gather;
pub(in crate::engine) mod journal;
pub(in crate::engine) mod kept;
mod other_places;
mod part;
mod place;
pub(in crate::engine) mod planned;
mod retrace;
mod stamp;
mod unreadable;

pub use part::Staging;

use std::path::Path;

/// Whether `bytes` are a journal that this program reads.
#[must_use]
pub fn is_journal(bytes: &[u8]) -> bool {
    journal::parse(Path::new("journal"), bytes).is_ok()
}
