//! A real `docker-registry` on a free port, with its storage in a directory.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::notary_server::{Process, start_on_free_port};
use super::{Authority, peers};

/// The user whose password is in [`PASSWORD`].
pub const USER: &str = "eve";
/// The password of a published test vector of bcrypt.
pub const PASSWORD: &str = "U*U";
const HTPASSWD: &str = "eve:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";

/// Who is let in.
pub enum Protection {
    Nobody,
    Htpasswd,
    /// Who brings a token of this realm, signed by an authority in this file.
    Token {
        realm: String,
        bundle: PathBuf,
    },
}

/// A running registry; it ends with the value.
pub struct DockerRegistry {
    pub port: u16,
    /// Base URL, without a trailing slash.
    pub url: String,
    storage: PathBuf,
    process: Process,
}

impl DockerRegistry {
    /// Starts one over the storage below `dir`; `None` if it is not installed.
    pub fn start(dir: &Path, protection: &Protection, tls: Option<&Authority>) -> Option<Self> {
        peers(&["docker-registry"])?;
        let storage = dir.join("storage");
        std::fs::create_dir_all(&storage).unwrap();
        let (process, port) = start_on_free_port(|port| {
            let mut http = json!({"addr": format!("127.0.0.1:{port}")});
            if let Some(tls) = tls {
                http["tls"] = json!({"certificate": tls.certificate, "key": tls.key});
            }
            // JSON is YAML.
            let mut config = json!({
                "version": 0.1, "log": {"level": "warn"}, "http": http,
                "storage": {"filesystem": {"rootdirectory": storage}, "delete": {"enabled": true}},
            });
            if let Some(auth) = auth(dir, protection) {
                config["auth"] = auth;
            }
            Process::start_with(dir, "docker-registry", &["serve"], &config)
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        Some(Self { port, url: format!("{scheme}://localhost:{port}"), storage, process })
    }

    /// The file of a blob, `sha256:…`.
    pub fn blob_file(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        self.storage.join("docker/registry/v2/blobs/sha256").join(&hex[..2]).join(hex).join("data")
    }
}

fn auth(dir: &Path, protection: &Protection) -> Option<Value> {
    match protection {
        Protection::Nobody => None,
        Protection::Htpasswd => {
            let file = dir.join("htpasswd");
            std::fs::write(&file, HTPASSWD).unwrap();
            Some(json!({"htpasswd": {"realm": "test", "path": file}}))
        }
        Protection::Token { realm, bundle } => Some(json!({
            "token": {"realm": realm, "service": "registry", "issuer": "issuer", "rootcertbundle": bundle},
        })),
    }
}
