//! A real nginx with TLS before another server, on a free port.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use super::notary_server::{Process, start_on_free_port};
use super::{Authority, peers};

/// A running nginx; it ends with the value.
pub struct Nginx {
    pub port: u16,
    /// Base URL, without a trailing slash.
    pub url: String,
    /// The authority of its certificate.
    pub ca: PathBuf,
    _process: Process,
    // Last, so that nothing writes there any more when it goes.
    _dir: TempDir,
}

impl Nginx {
    /// Starts one before `upstream` with these lines in its `server` block; `None` if it is not installed.
    pub fn start(upstream: &str, settings: &str) -> Option<Self> {
        peers(&["nginx"])?;
        let dir = TempDir::new().unwrap();
        let authority = Authority::create(dir.path());
        let (process, port) = start_on_free_port(|port| {
            let file = dir.path().join("nginx.conf");
            std::fs::write(&file, configuration(dir.path(), &authority, port, upstream, settings)).unwrap();
            let log = dir.path().join("log");
            let mut command = Command::new("nginx");
            command.arg("-e").arg(&log).arg("-p").arg(dir.path()).arg("-c").arg(&file);
            let child = command.stdin(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().unwrap();
            Process::of(child, log, Signal::TERM)
        });
        Some(Self { port, url: format!("https://localhost:{port}"), ca: authority.ca, _process: process, _dir: dir })
    }
}

fn configuration(dir: &Path, authority: &Authority, port: u16, upstream: &str, settings: &str) -> String {
    let (dir, certificate, key, ca) =
        (dir.display(), authority.certificate.display(), authority.key.display(), authority.ca.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {dir}/{kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {dir}/pid;\nevents {{}}\nhttp {{\n  access_log off;\n{temporary}\
         server {{\n  listen 127.0.0.1:{port} ssl;\n  ssl_certificate {certificate};\n  ssl_certificate_key {key};\n\
         ssl_client_certificate {ca};\n  {settings}\n  location / {{\n    proxy_pass {upstream};\n\
         proxy_ssl_verify off;\n    proxy_set_header Host $http_host;\n  }}\n}}\n}}\n"
    )
}
