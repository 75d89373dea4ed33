//! A real `notary-server` in memory, with TLS, on a free port.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::postgres::Postgres;
use super::{Authority, free_port, peers, wait_until};

/// A running server; it ends with the value.
///
/// With its own trust service (ed25519 keys) it crashes when two repositories are created at the same time.
pub struct NotaryServer {
    pub port: u16,
    /// Base URL, without a trailing slash.
    pub url: String,
    /// The authority of its certificate.
    pub ca: PathBuf,
    server: Process,
    config: Value,
    signer: Option<Process>,
    database: Option<Postgres>,
    dir: TempDir,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub status: u64,
}

impl NotaryServer {
    /// Starts one; `None` if it or the clients are not installed.
    pub fn start() -> Option<Self> {
        peers(&["notary-server", "notary", "docker"])?;
        let dir = TempDir::new().unwrap();
        let trust_service = json!({"type": "local", "hostname": "", "port": "", "key_algorithm": "ecdsa"});
        Some(Self::serve(dir, trust_service, None, true))
    }

    /// Starts one without TLS, for tests of `--insecure-http`.
    pub fn start_plain() -> Option<Self> {
        peers(&["notary-server", "notary", "docker"])?;
        let dir = TempDir::new().unwrap();
        let trust_service = json!({"type": "local", "hostname": "", "port": "", "key_algorithm": "ecdsa"});
        Some(Self::serve(dir, trust_service, None, false))
    }

    /// Starts one whose server-held keys are ECDSA keys of a `notary-signer`.
    pub fn start_with_signer() -> Option<Self> {
        peers(&["notary-server", "notary-signer", "notary", "docker"])?;
        let dir = TempDir::new().unwrap();
        let (signer, trust_service) = start_signer(dir.path());
        Some(Self::serve(dir, trust_service, Some(signer), true))
    }

    /// Starts one as in production: with a `notary-signer`, and its files in PostgreSQL.
    pub fn start_on_postgres() -> Option<Self> {
        peers(&["notary-server", "notary-signer", "notary", "docker"])?;
        let database = Postgres::start()?;
        let dir = TempDir::new().unwrap();
        let (signer, trust_service) = start_signer(dir.path());
        let storage = json!({"backend": "postgres", "db_url": database.database("notary")});
        let started = Self::serve_from(dir, trust_service, &storage, true);
        Some(Self { signer: Some(signer), database: Some(database), ..started })
    }

    fn serve(dir: TempDir, trust_service: Value, signer: Option<Process>, tls: bool) -> Self {
        Self { signer, ..Self::serve_from(dir, trust_service, &json!({"backend": "memory"}), tls) }
    }

    fn serve_from(dir: TempDir, trust_service: Value, storage: &Value, tls: bool) -> Self {
        let files = if dir.path().join("ca.crt").exists() {
            let path = |name: &str| dir.path().join(name);
            Authority { ca: path("ca.crt"), certificate: path("server.crt"), key: path("server.key") }
        } else {
            Authority::create(dir.path())
        };
        let config = |port: u16| {
            let mut listen = json!({"http_addr": format!("127.0.0.1:{port}")});
            if tls {
                listen["tls_cert_file"] = json!(files.certificate);
                listen["tls_key_file"] = json!(files.key);
            }
            json!({
                "server": listen, "trust_service": trust_service,
                "logging": {"level": "info"}, "storage": storage,
            })
        };
        let (server, port) = start_on_free_port(|port| Process::start(dir.path(), "notary-server", &config(port)));
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{port}");
        Self { port, url, config: config(port), ca: files.ca.clone(), server, signer: None, database: None, dir }
    }

    /// Ends the server and starts it again, at the same address, with nothing in its memory.
    pub fn restart(&mut self) {
        self.server.stop();
        self.server = Process::start(self.dir.path(), "notary-server", &self.config);
        let port = self.port;
        wait_until("the server to listen again", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    }

    /// Whether the server ended by itself.
    pub fn has_crashed(&mut self) -> bool {
        self.server.has_ended()
    }

    /// The database behind it, if it was started with one.
    pub fn database(&self) -> Option<&Postgres> {
        self.database.as_ref()
    }

    /// All requests answered so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        let log = self.server.log();
        let lines = log.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
        let answered = lines.filter(|l| l["msg"] == "response completed");
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        answered
            .map(|l| Request {
                method: text(&l["http.request.method"]),
                path: text(&l["http.request.uri"]),
                // An empty answer is logged without a status; Go sends 200 then.
                status: l["http.response.status"].as_u64().filter(|s| *s != 0).unwrap_or(200),
            })
            .collect()
    }

    /// Ends the server, as a crash would.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// A `notary-signer` with keys in memory, and how a server is told of it.
fn start_signer(dir: &Path) -> (Process, Value) {
    let tls = Authority::create(dir);
    let (signer, port) = start_on_free_port(|port| {
        let config = json!({
            "server": {
                "grpc_addr": format!("127.0.0.1:{port}"),
                "tls_cert_file": tls.certificate, "tls_key_file": tls.key, "client_ca_file": tls.ca,
            },
            "logging": {"level": "info"},
            "storage": {"backend": "memory"},
        });
        Process::start(dir, "notary-signer", &config)
    });
    let trust_service = json!({
        "type": "remote", "hostname": "localhost", "port": port.to_string(), "key_algorithm": "ecdsa",
        "tls_ca_file": tls.ca, "tls_client_cert": tls.certificate, "tls_client_key": tls.key,
    });
    (signer, trust_service)
}

/// A child that ends with the value.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    ends_by: Signal,
}

impl Process {
    fn start(dir: &Path, program: &str, config: &Value) -> Self {
        Self::start_with(dir, program, &["-config"], config)
    }

    /// Starts a program whose last argument is its configuration file.
    pub(super) fn start_with(dir: &Path, program: &str, arguments: &[&str], config: &Value) -> Self {
        let config_file = dir.join(format!("{program}.json"));
        std::fs::write(&config_file, config.to_string()).unwrap();
        let log = dir.join(format!("{program}.log"));
        let output = File::create(&log).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .arg(&config_file)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}"));
        Self::of(child, log, Signal::KILL)
    }

    /// A child that writes to `log` and ends by a signal.
    pub(super) fn of(child: Child, log: PathBuf, ends_by: Signal) -> Self {
        Self { child, log, ends_by }
    }

    /// What it wrote.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    fn stop(&mut self) {
        // Both fail only if it has ended already.
        if !self.has_ended() {
            let _ = rustix::process::kill_process(Pid::from_child(&self.child), self.ends_by);
        }
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a process on a free port; if somebody takes the port in between, tries another.
pub(super) fn start_on_free_port(start: impl Fn(u16) -> Process) -> (Process, u16) {
    for _ in 0..5 {
        let port = free_port();
        let mut process = start(port);
        let mut listens = false;
        wait_until("a server to listen or to end", || {
            // The port alone would not tell ours from a stranger's: ours is the one that has not ended.
            listens = TcpStream::connect(("127.0.0.1", port)).is_ok();
            listens || process.has_ended()
        });
        if listens && !process.has_ended() {
            return (process, port);
        }
    }
    panic!("no server could be started on a free port");
}
