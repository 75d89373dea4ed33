//! The embedded sandbox: a Notary-compatible trust server and a registry in this process, and a scene to play with.
//!
//! Rules:
//!
//! - Everything lies below one directory, which is the sandbox's own; nothing of the user's is read or written.
//! - Uploads obey Notary's real rules, in its order and with its messages: docs/notary-v1.md sections 11 and 13.
//! - Only the scene is written past them, where its age needs another clock.
//! - Who sends is judged before what is sent is read; bodies and times are bounded.
//!
//! ```
//! use trustdeck::sandbox::{Options, start};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = start(Options { http: true, empty: true, ..Options::default() }).await?;
//! assert!(sandbox.url().starts_with("http://"));
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod answer;
mod auth;
mod error;
mod feed;
mod held;
mod held_key;
mod layout;
mod registry;
mod route;
mod scene;
mod serve;
mod server;
mod sign;
mod store;
mod store_error;
mod tls;
mod upload;
mod validate;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::task::JoinHandle;

use crate::connections::{self, Bounds};
use crate::engine::Settings;
use held::HeldKeys;
use registry::{BlobFiles, Shelf};
use store::Store;
use store_error::StoreError;

pub use auth::{Auth, Login};
pub use error::SandboxError;
pub use layout::{Layout, REGISTRY};
pub use scene::PASSPHRASE;
pub use scene::{NEW_REPOSITORY, notes};
pub use serve::{serve, write_shell_file};

/// A clock, so that tests can stand still.
type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// How a sandbox starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it lives and stays; a temporary directory, removed at the end, if `None`.
    pub dir: Option<PathBuf>,
    /// Where it listens. Port 0 takes the port of the last start if that is free, else any.
    pub listen: SocketAddr,
    /// Plain HTTP instead of TLS.
    pub http: bool,
    /// Logins.
    pub auth: Auth,
    /// Whether others may reach it without a login.
    pub open: bool,
    /// Without the scene.
    pub empty: bool,
}

impl Default for Options {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { dir: None, listen, http: false, auth: Auth::None, open: false, empty: false }
    }
}

/// A running sandbox; it ends when this is dropped.
pub struct Running {
    layout: Layout,
    url: String,
    filled: bool,
    empty: bool,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
    temporary: Option<tempfile::TempDir>,
}

impl Running {
    /// The server's base URL, with the port really bound.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this start made the scene; a kept sandbox has it from before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.filled
    }

    /// Whether it was started without the scene.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Where everything lies.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// `host:port` of the registry, as images are named where its name is not known.
    #[must_use]
    pub fn registry(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, host)| host)
    }

    /// The authority of the server's certificate.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.layout.ca_file()
    }

    /// Settings for an engine that sees nothing but this sandbox.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.layout.settings(&self.url)
    }

    /// Lets running requests finish and ends the server; a temporary directory is removed.
    pub async fn shutdown(mut self) {
        self.handle.graceful_shutdown(Some(Duration::from_secs(2)));
        // The result says nothing that could be acted on: the listener is gone either way.
        let _ = (&mut self.task).await;
        drop(self.temporary.take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.task.abort();
    }
}

/// Starts a sandbox on the current runtime; it serves when this returns.
///
/// # Errors
/// Says what could not be made, opened or bound.
pub async fn start(options: Options) -> Result<Running, SandboxError> {
    start_at(options, Arc::new(jiff::Timestamp::now)).await
}

async fn start_at(options: Options, clock: Clock) -> Result<Running, SandboxError> {
    let prepare = move || prepare(&options, clock);
    let prepared = tokio::task::spawn_blocking(prepare).await;
    let prepared = prepared.map_err(|error| SandboxError::Scene(error.to_string()))??;
    prepared.serve()
}

/// A sandbox that is filled and bound, but does not answer yet.
struct Prepared {
    layout: Layout,
    url: String,
    filled: bool,
    empty: bool,
    server: server::Server,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    temporary: Option<tempfile::TempDir>,
}

fn prepare(options: &Options, clock: Clock) -> Result<Prepared, SandboxError> {
    if options.auth == Auth::None && !options.open && !options.listen.ip().to_canonical().is_loopback() {
        return Err(SandboxError::Open(options.listen));
    }
    let (temporary, dir) = directory(options.dir.as_deref())?;
    let layout = Layout::create(&dir)?;
    let store = Store::open(&layout.store_file()).map_err(|error| match error {
        StoreError::InUse => SandboxError::InUse(layout.dir().to_owned()),
        other => other.into(),
    })?;
    let store = Arc::new(store);
    let listener = listen(options.listen, &store)?;
    let bound = listener.local_addr().map_err(|source| SandboxError::Listen { address: options.listen, source })?;
    let url = url(bound, options.http);
    let now = clock();
    let authority = tls::Authority::open(&store, now)?;
    layout.configure(&url, &authority.certificate, &options.auth)?;
    let keys = HeldKeys::new(Arc::clone(&store));
    let server_dir = layout.server_dir();
    let files = BlobFiles::open(&server_dir).map_err(|source| SandboxError::Disk { path: server_dir, source })?;
    let filled = !options.empty && scene::fill(&layout, &url, &store, &keys, &files, now)?;
    let tls = if options.http { None } else { Some(authority.server(bound.ip(), now)?) };
    let gate = auth::Gate::new(options.auth.clone(), &url)?;
    let shelf = Shelf { store: Arc::clone(&store), files };
    let server = server::Server { store, keys, gate, shelf, clock, room: server::Room::new() };
    Ok(Prepared { layout, url, filled, empty: options.empty, server, listener, tls, temporary })
}

impl Prepared {
    fn serve(self) -> Result<Running, SandboxError> {
        let app = Router::new().fallback(server::handle).with_state(Arc::new(self.server));
        let handle = Handle::new();
        let address = self.listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        let failed = |source| SandboxError::Listen { address, source };
        let tls = self.tls.map(RustlsConfig::from_config);
        let task = connections::serve(self.listener, tls, app, handle.clone(), (Bounds::default(), None));
        let task = task.map_err(failed)?;
        let Self { layout, url, filled, empty, temporary, .. } = self;
        Ok(Running { layout, url, filled, empty, handle, task, temporary })
    }
}

fn directory(kept: Option<&Path>) -> Result<(Option<tempfile::TempDir>, PathBuf), SandboxError> {
    if let Some(dir) = kept {
        layout::check_place(dir)?;
        return Ok((None, dir.to_owned()));
    }
    let made = tempfile::Builder::new().prefix("trustdeck-sandbox-").tempdir();
    let dir = made.map_err(|source| SandboxError::Disk { path: std::env::temp_dir(), source })?;
    let path = dir.path().to_owned();
    Ok((Some(dir), path))
}

/// Binds, on the port of the last start if none is asked for: staged changes and caches are kept by server address.
fn listen(address: SocketAddr, store: &Store) -> Result<TcpListener, SandboxError> {
    let last = store.note("port")?.and_then(|port| String::from_utf8(port).ok()?.parse::<u16>().ok());
    let again = last.filter(|_| address.port() == 0).and_then(|port| {
        let address = SocketAddr::new(address.ip(), port);
        TcpListener::bind(address).ok()
    });
    let failed = |source| SandboxError::Listen { address, source };
    let listener = again.map_or_else(|| TcpListener::bind(address), Ok).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    store.set_note("port", port.to_string().as_bytes())?;
    Ok(listener)
}

fn url(bound: SocketAddr, http: bool) -> String {
    let scheme = if http { "http" } else { "https" };
    let plain = bound.ip().is_unspecified() || bound.ip() == std::net::Ipv4Addr::LOCALHOST;
    match plain {
        true => format!("{scheme}://localhost:{}", bound.port()),
        false => format!("{scheme}://{bound}"),
    }
}
