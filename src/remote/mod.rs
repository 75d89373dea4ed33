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
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
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

mod again;
mod answer;
pub mod auth;
mod challenge;
pub mod distrust;
pub mod endpoint;
mod fault;
mod http;
pub mod limits;
mod login;
pub mod notary;
mod outage;
mod proof;
pub mod proxies;
mod proxy_answer;
pub mod registry;
pub mod remark;
mod setup;
mod shown;
mod slots;
mod timed;
pub mod tls;
mod turns;
mod upload;
mod verifier;

pub use auth::{Access, Credential, CredentialSource};
pub use distrust::TlsFault;
pub use endpoint::Endpoint;
pub use limits::Limits;
pub use notary::{NotaryServer, Received, Wanted};
pub use proxies::{Proxies, Route};
pub use registry::Registry;
pub use remark::{Remark, Remarks};
pub use setup::Setup;
pub use tls::TlsMaterial;

use crate::tuf::Role;

/// What answers where a trust server was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// A registry.
    Registry,
    /// A page for browsers.
    WebPage,
    /// Something else that speaks HTTP.
    Other,
}

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Registry => "as a registry, not as a trust server",
            Self::WebPage => "with a web page, not as a trust server",
            Self::Other => "as something that is not a trust server",
        })
    }
}

/// Why the server could not be asked, or what it refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// 404 for a file.
    #[error("{host} has no {what}")]
    NotFound { host: String, what: String },
    /// No connection: DNS, TCP, proxy.
    #[error("cannot reach {host}: {why}")]
    Network { host: String, why: String },
    /// The proxy before it is down or refuses.
    #[error("cannot reach {host} through the proxy {proxy} ({variable}): {why}")]
    Proxy { host: String, proxy: String, variable: &'static str, why: String },
    /// The server's certificate, or ours.
    #[error("no TLS connection to {host}: {why}")]
    Tls { host: String, why: TlsFault },
    /// Something else than a trust server answers.
    #[error("{host} answers {what}")]
    NotNotary { host: String, what: Stranger, chosen: String },
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
    /// 429 or 503, with the seconds that the server asks to wait.
    #[error("{host} is busy: {status}")]
    Busy { host: String, status: u16, wait: Option<u64> },
    /// 5xx and whatever else.
    #[error("{host} answered {status}: {detail}")]
    Server { host: String, status: u16, detail: String },
    /// 413 on upload, with the upload's size in bytes.
    #[error("{host} takes no upload of {}", size_of(*size))]
    UploadTooBig { host: String, size: usize },
    /// 500 on upload with code `UPDATING`: on PostgreSQL, somebody published the same version at the same time.
    #[error("{host} could not store the upload; it does so when somebody else publishes at the same time")]
    Race { host: String },
    /// 400 on upload: a newer version is there (code `VERSION`).
    #[error("{host} already has a newer version")]
    Version { host: String },
    /// 400 on upload: the server's validation, by role if it says so.
    #[error("{host} refuses the upload: {detail}")]
    Invalid { host: String, role: Option<Role>, detail: String },
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

/// A size as people say it.
fn size_of(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
