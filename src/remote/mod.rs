//! HTTP and nothing else: limits, TLS, tokens, and the APIs of Notary and of registries.
//!
//! Rules:
//!
//! - Everything received is bounded in size and time ([`Limits`]); compressed answers are refused.
//! - Credentials go to their own host only, over TLS, and to another host's realm only where somebody allowed it.
//! - Redirects of a trust server are errors. `http://` is for loopback addresses, where asked for.
//! - Nothing is believed: whoever asked verifies what came.
//!
//! ```
//! use std::sync::Arc;
//! use tokio_util::sync::CancellationToken;
//! use trustdeck::remote::auth::FindCredential;
//! use trustdeck::remote::{Access, CredentialSource, Endpoint, NotaryServer, RemoteError, Setup, WantedFile};
//! use trustdeck::sandbox;
//! use trustdeck::tuf::{Gun, Role};
//!
//! struct NoLogins;
//! impl CredentialSource for NoLogins {
//!     fn find<'a>(&'a self, _: &'a str, _: &'a str) -> FindCredential<'a> {
//!         Box::pin(async { Ok(None) })
//!     }
//!     fn allows_realm(&self, _: &str, _: &str) -> bool {
//!         false
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! let options = sandbox::Options { http: true, empty: true, ..sandbox::Options::default() };
//! let sandbox = sandbox::start(options).await?;
//! let endpoint = Endpoint::parse(sandbox.url(), true)?;
//! let server = NotaryServer::new(endpoint, Setup::default(), Arc::new(NoLogins))?;
//! let (gun, root, stop) = (Gun::parse("registry.sandbox/new")?, WantedFile::Current(Role::Root), CancellationToken::new());
//! let answer = server.fetch(&gun, &root, 1 << 20, Access::Pull, &stop).await;
//! assert!(matches!(answer, Err(RemoteError::NotFound { .. })));
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod again;
mod answer;
pub mod auth;
pub mod authorities;
mod challenge;
mod confided;
pub mod distrust;
pub mod endpoint;
mod error;
mod fault;
mod http;
pub mod identity;
pub mod limits;
mod line;
mod login;
pub mod notary;
mod outage;
mod pace;
mod proof;
mod provider;
pub mod proxies;
mod proxy_answer;
mod rate;
pub mod registry;
pub mod remark;
mod service;
mod setup;
mod shown;
mod silence;
mod slots;
pub mod stranger;
mod timed;
pub mod tls;
mod token;
mod tries;
mod turns;
mod upload;
mod verifier;
mod waits;

pub use auth::{Access, Credential, CredentialSource};
pub use distrust::TlsFault;
pub use endpoint::Endpoint;
pub use error::RemoteError;
pub use limits::{Limits, Overdue};
pub use notary::{NotaryServer, Received, WantedFile};
pub use proxies::{Proxies, Route};
pub use registry::Registry;
pub use remark::{Remark, Remarks};
pub use setup::{Learned, Setup};
pub use stranger::{NoRegistry, Stranger};
pub use tls::TlsMaterial;
pub use upload::Unconfirmed;
