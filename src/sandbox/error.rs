//! Why the sandbox stops.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::store_error::StoreError;
use crate::printable::system_words;

/// Why the sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The file system.
    #[error("{}: {}", .path.display(), system_words(.source))]
    Disk { path: PathBuf, source: std::io::Error },
    /// A directory that no sandbox may live in.
    #[error("{}: {what}", .path.display())]
    Place { path: PathBuf, what: &'static str },
    /// Another sandbox runs in the directory.
    #[error("{}: another sandbox is running here", .0.display())]
    InUse(PathBuf),
    /// The store cannot be read or written.
    #[error("sandbox store: {0}")]
    Store(String),
    /// Nothing can listen there.
    #[error("cannot listen on {address}: {}", system_words(.source))]
    Listen { address: SocketAddr, source: std::io::Error },
    /// Others would reach it, and no login is demanded.
    #[error("on {0} anybody who reaches this machine could change everything here without a login")]
    Open(SocketAddr),
    /// No certificate could be made.
    #[error("sandbox certificate: {0}")]
    Tls(String),
    /// The scene could not be made.
    #[error("sandbox scene: {0}")]
    Scene(String),
    /// `TRUSTDECK_SANDBOX_AUTH` is missing or malformed.
    #[error("expected user:password in TRUSTDECK_SANDBOX_AUTH")]
    Login,
}

impl From<StoreError> for SandboxError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}
