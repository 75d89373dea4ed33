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
//! use trustdeck::remote::auth::Finding;
//! use trustdeck::remote::{Access, CredentialSource, Endpoint, Limits, NotaryServer, RemoteError, TlsMaterial, Wanted};
//! use trustdeck::sandbox;
//! use trustdeck::tuf::{Gun, Role};
//!
//! struct NoLogins;
//! impl CredentialSource for NoLogins {
//!     fn find<'a>(&'a self, _: &'a str) -> Finding<'a> {
//!         Box::pin(async { Ok(None) })
//!     }
//!     fn allows_realm(&self, _: &str, _: &str) -> bool {
//!         false
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! let options = sandbox::Options { http: true, empty: true, ..sandbox::Options::default() };
//! let sandbox = sandbox::start(options).await?;
//! let endpoint = Endpoint::parse(sandbox.url(), true)?;
//! let server = NotaryServer::new(endpoint, &TlsMaterial::default(), Limits::default(), Arc::new(NoLogins))?;
//! let (gun, root, stop) = (Gun::parse("registry.sandbox/new")?, Wanted::Current(Role::Root), CancellationToken::new());
//! let answer = server.fetch(&gun, &root, 1 << 20, Access::Pull, &stop).await;
//! assert!(matches!(answer, Err(RemoteError::NotFound { .. })));
//! # Ok(())
//! # }
//! ```

mod answer;
pub mod auth;
mod challenge;
pub mod endpoint;
mod fault;
pub mod http;
mod login;
pub mod notary;
pub mod registry;
mod slots;
pub mod tls;
mod upload;
mod verifier;

pub use auth::{Access, Credential, CredentialSource};
pub use endpoint::Endpoint;
pub use http::Limits;
pub use notary::{NotaryServer, Received, Wanted};
pub use registry::Registry;
pub use tls::TlsMaterial;

use crate::tuf::Role;

/// Why the server could not be asked, or what it refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// 404 for a file.
    #[error("{host} has no {what}")]
    NotFound { host: String, what: String },
    /// No connection: DNS, TCP, proxy.
    #[error("cannot reach {host}: {why}")]
    Network { host: String, why: String },
    /// The server's certificate, or ours.
    #[error("no TLS connection to {host}: {why}")]
    Tls { host: String, why: String },
    /// A deadline passed.
    #[error("{host} took longer than {seconds} s to {what}")]
    Slow { host: String, what: &'static str, seconds: u64 },
    /// More bytes than allowed.
    #[error("{host} sends more than {limit} bytes for {what}")]
    TooBig { host: String, what: String, limit: u64 },
    /// A compressed or otherwise unexpected answer.
    #[error("{host} answers in a form that was not asked for: {why}")]
    BadAnswer { host: String, why: String },
    /// A redirect, which is not followed.
    #[error("{host} redirects to {to}")]
    Redirect { host: String, to: String },
    /// 401 with or without credentials.
    #[error("{host} wants a login for {registry}{}", user.as_ref().map(|u| format!("; it refused user {u}")).unwrap_or_default())]
    Unauthorized { host: String, registry: String, user: Option<String> },
    /// 403, or a token without the rights.
    #[error("{host} does not allow this: {why}")]
    Forbidden { host: String, why: String },
    /// The token realm is on another host and nobody has allowed it.
    #[error("{host} sends logins to {realm}")]
    RealmConsent { host: String, realm: String },
    /// The credential helper failed or hung.
    #[error("credential helper {helper}: {why}")]
    Helper { helper: String, why: String },
    /// 429 or 503.
    #[error("{host} is busy: {status}")]
    Busy { host: String, status: u16 },
    /// 5xx and whatever else.
    #[error("{host} answered {status}: {detail}")]
    Server { host: String, status: u16, detail: String },
    /// 400 on upload: a newer version is there (code `VERSION`).
    #[error("{host} already has a newer version")]
    Version { host: String },
    /// 400 on upload: the server's validation, by role if it says so.
    #[error("{host} refuses the upload: {detail}")]
    Invalid { host: String, role: Option<Role>, detail: String },
    /// 400 on upload: the server's validation misses this role, and the server holds no key to make it.
    #[error("{host} refuses the upload: {detail}")]
    Incomplete { host: String, missing: Role, detail: String },
    /// Bytes whose digest is another than the one that names them.
    #[error("{host} sends other bytes for {what}: expected {expected}, found {found}")]
    Altered { host: String, what: String, expected: String, found: String },
    /// More or fewer bytes than a manifest names.
    #[error("{host} sends {what} with another length: expected {expected} bytes, found {found}")]
    Length { host: String, what: String, expected: u64, found: u64 },
    /// A manifest that is not in the form that its media type demands.
    #[error("{host} sends {what}, which cannot be trusted: {why}")]
    Malformed { host: String, what: String, why: String },
    /// The request was sent but no answer came: it may have worked.
    #[error("the answer of {host} was lost: {why}")]
    AnswerLost { host: String, why: String },
    /// An address, certificate file or setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// Stopped by the user.
    #[error("stopped")]
    Cancelled,
}
