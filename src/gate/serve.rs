//! Listening, with and without TLS.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::task::JoinHandle;

use super::server::{Server, handle};
use super::trust::Trust;
use super::{GateError, Log, Options};
use crate::engine::{Clock, Engine};

/// How long the head of a request may take, and so how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(30);

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
    let trust = Trust::new(engine.tags().clone(), clock, Arc::clone(&log));
    let server = Server::new(options, engine.tags().clone(), trust, log);
    let app = Router::new().fallback(handle).with_state(Arc::new(server));
    let ending = Handle::new();
    let task = match &options.tls {
        Some((certificate, key)) => {
            let unreadable = |source| GateError::Tls { path: certificate.clone(), source };
            let tls = RustlsConfig::from_pem_file(certificate, key).await.map_err(unreadable)?;
            let server = axum_server::from_tcp_rustls(listener, tls);
            let mut server = server.map_err(failed)?.handle(ending.clone());
            bound(server.http_builder());
            tokio::spawn(server.serve(app.into_make_service()))
        }
        None => {
            let mut server = axum_server::from_tcp(listener).map_err(failed)?.handle(ending.clone());
            bound(server.http_builder());
            tokio::spawn(server.serve(app.into_make_service()))
        }
    };
    Ok(Running { address, handle: ending, task })
}

fn bound(builder: &mut hyper_util::server::conn::auto::Builder<TokioExecutor>) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
}
