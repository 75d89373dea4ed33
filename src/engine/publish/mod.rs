//! Publishing: fetch, plan again, sign, upload, check as a client with an empty cache.
//!
//! Rules:
//!
//! - What is sent was reviewed: if the server has moved on and the effect is another one, nothing is sent.
//! - One upload for each repository, one at a time, also across processes.
//! - What is about to be sent is in the journal before it leaves, so that a lost answer or a crash can be cleared up.
//! - "Done" means read back; a version that somebody else has taken begins the try anew.
//! - The old private keys of a rotation stay.
//!
//! ```
//! use tokio::sync::mpsc;
//! use tokio_util::sync::CancellationToken;
//! use trustdeck::engine::plan::NeededKey;
//! use trustdeck::engine::publish::job::Approval;
//! use trustdeck::engine::{Change, Passphrase, PublishOutcome};
//! use trustdeck::sandbox::PASSPHRASE;
//! use trustdeck::tuf::{Gun, Role};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let gun = Gun::parse("registry.sandbox/team/api")?;
//! engine.views().refresh(&gun).await?;
//! engine.stage().stage(vec![(gun.clone(), Change::Witness { role: Role::releases() })])?;
//! let plan = engine.stage().plan(None)?;
//! for key in plan.repositories.iter().flat_map(|planned| &planned.keys) {
//!     if let NeededKey::Unlock { id, .. } = key {
//!         engine.keyring().unlock(id, &Passphrase::from_text(PASSPHRASE))?;
//!     }
//! }
//! let approval = Approval { plan: plan.id, repositories: vec![gun], accepted: Vec::new() };
//! let (progress, _listening) = mpsc::channel(64);
//! let published = engine.publisher().publish(approval, progress, CancellationToken::new()).await?;
//! assert!(published.iter().all(|one| matches!(one.outcome, PublishOutcome::Done)));
//! # Ok(())
//! # }
//! ```

pub(in crate::engine) mod attempt;
mod attend;
pub(in crate::engine) mod creation;
pub mod job;
pub(in crate::engine) mod landed;
pub(in crate::engine) mod landing;
pub mod merged;
mod moved;
pub mod outcome;
mod part;
pub mod sign;
pub(in crate::engine) mod upload;
pub(in crate::engine) mod versions;

pub use part::Publisher;
