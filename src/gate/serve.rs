//! Listening, with and without TLS.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::task::JoinHandle;

use super::server::{Server, handle};
use super::trust::Trust;
use super::{GateError, Log, Options};
use crate::connections::{self, Bounds};
use crate::engine::{Clock, Engine};
use crate::remote::identity::{Identity, IdentityFault};

/// A running gate; it ends when this is dropped.
pub struct Running {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Where it listens, with the port really bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets running requests finish and ends it.
    pub async fn shutdown(mut self) {
        self.handle.graceful_shutdown(Some(Duration::from_secs(5)));
        // The result says nothing that could be acted on: the listener is gone either way.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.task.abort();
    }
}

/// Starts a gate on the current runtime; it serves when this returns.
///
/// # Errors
/// Says what contradicts, cannot be read or cannot be bound.
pub async fn start(engine: &Engine, options: &Options, clock: Clock, log: Log) -> Result<Running, GateError> {
    options.check()?;
    let address = options.listen;
    let failed = |source| GateError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let tls = match &options.tls {
        Some((certificate, key)) => Some(encrypted(certificate, key).await?),
        None => None,
    };
    let trust = Trust::new(engine.tags().clone(), clock, Arc::clone(&log));
    let server = Server::new(options, engine.tags().clone(), trust, Arc::clone(&log));
    let app = Router::new().fallback(handle).with_state(Arc::new(server));
    let ending = Handle::new();
    let bounds = (Bounds::default(), Some(log));
    let task = connections::serve(listener, tls, app, ending.clone(), bounds).map_err(failed)?;
    Ok(Running { address, handle: ending, task })
}

/// TLS of a certificate and its key; says which of the two files is wrong.
async fn encrypted(certificate: &Path, key: &Path) -> Result<RustlsConfig, GateError> {
    let failed = |path: &Path, source| GateError::Tls { path: path.to_owned(), source };
    let chain = tokio::fs::read(certificate).await.map_err(|source| failed(certificate, source))?;
    let secret = tokio::fs::read(key).await.map_err(|source| failed(key, source))?;
    let secret = zeroize::Zeroizing::new(secret);
    let tls = RustlsConfig::from_pem(chain.clone(), secret.to_vec()).await;
    tls.map_err(|source| match Identity::read(&chain, &secret) {
        Err(IdentityFault::Certificate(why)) => failed(certificate, io::Error::other(why)),
        Err(IdentityFault::Key(why)) => failed(key, io::Error::other(why)),
        Err(fault @ IdentityFault::Strangers) => {
            failed(certificate, io::Error::other(format!("{fault}: {}", key.display())))
        }
        Ok(_) => failed(certificate, source),
    })
}
