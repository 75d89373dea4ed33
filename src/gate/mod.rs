//! A pull-only registry in front of a registry, which shows signed tags only: content trust for every client.
//!
//! Rules:
//!
//! - A tag is served by the digest that verified, unexpired trust data names and by nothing else.
//! - Of every manifest and blob that passes, the digest is computed here; a wrong one is never completed.
//! - Only reads pass: whatever pushes or deletes is refused.

mod answer;
mod login;
mod passing;
mod places;
mod reach;
mod route;
mod serve;
mod server;
mod trust;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::printable::system_words;

pub use login::GateLogin;
pub use serve::{Running, start};

/// Hears a line for the log: what was refused, what was wrong. Made printable already.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// How a gate starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The registry behind it, as images are named: a host, such as `registry.example.com`.
    pub upstream: String,
    /// Whether manifests and blobs are served by digest only if a trusted tag reaches them.
    pub strict: bool,
    /// Certificate and key, PEM files; without them http is served.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Who is let in; everybody if `None`.
    pub login: Option<GateLogin>,
    /// Whether everybody beyond this machine may come in.
    pub open: bool,
}

/// Why a gate could not start.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The options contradict each other, or are too weak for where it listens.
    #[error("{0}")]
    Options(String),
    /// Nothing can listen there.
    #[error("cannot listen on {address}: {}", system_words(.source))]
    Listen { address: SocketAddr, source: std::io::Error },
    /// The certificate or key cannot be used.
    #[error("{}: {}", .path.display(), system_words(.source))]
    Tls { path: PathBuf, source: std::io::Error },
    /// `TRUSTDECK_GATE_AUTH` is missing or malformed.
    #[error("expected user:password in TRUSTDECK_GATE_AUTH")]
    Login,
}

impl Options {
    /// Refuses what would let strangers in unnoticed.
    fn check(&self) -> Result<(), GateError> {
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        if self.tls.is_none() {
            return Err(GateError::Options("beyond this machine TLS is needed: --cert and --key".to_owned()));
        }
        if self.login.is_none() && !self.open {
            return Err(GateError::Options("beyond this machine a login is needed: --auth, or --open".to_owned()));
        }
        Ok(())
    }
}
