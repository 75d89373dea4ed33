//! What the engine is told at start: plain values, worked out once by `config.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::tuf::verify::Pinning;

/// What happens when a repository is met for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstContact {
    /// The screen asks: fail with [`super::error::EngineError::FirstContact`] until [`super::trust::Trust::accept_root`].
    Ask,
    /// Trust on first use, as Docker does, and leave a notice with the fingerprint.
    Trust,
}

/// Where the address of a trust server came from, strongest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSources {
    /// `--server`.
    pub flag: Option<String>,
    /// trustdeck's own configuration: GUN, or prefix with a trailing `*`, to URL.
    pub by_repository: BTreeMap<String, String>,
    /// `DOCKER_CONTENT_TRUST_SERVER`, if not empty.
    pub environment: Option<String>,
    /// `remote_server.url` of Notary's configuration, with its path.
    pub notary: Option<(String, PathBuf)>,
    /// Registries of images.
    pub registries: RegistrySources,
    /// `timeout` of `[servers]`: seconds that a server may be silent.
    pub timeout: Option<u32>,
    /// `parallel_requests` of `[servers]`: how many requests a server gets at once.
    pub parallel_requests: Option<usize>,
}

/// Where registries are, and which may be spoken to without TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySources {
    /// trustdeck's own configuration: host in images' names to URL.
    pub addresses: BTreeMap<String, String>,
    /// trustdeck's own configuration: hosts and networks that plain http is allowed for.
    pub insecure: BTreeSet<String>,
    /// Configurations of Docker's daemon, whose insecure registries count here too.
    pub daemon_files: Vec<PathBuf>,
    /// Directories with a directory of certificates for each registry, as Docker's daemon has them.
    pub certificates: Vec<PathBuf>,
}

/// TLS material beside the system's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSources {
    /// `--ca` and the configuration's `ca`.
    pub ca_files: Vec<PathBuf>,
    /// Notary's `root_ca`.
    pub notary_ca: Option<PathBuf>,
    /// Notary's `tls_client_cert` and `tls_client_key`.
    pub notary_client: Option<(PathBuf, PathBuf)>,
}

/// Where paths lead that a user types and that do not begin at the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedPaths {
    /// What `~` stands for; without one it is a name like any other.
    pub home: Option<PathBuf>,
    /// What relative paths begin at, if not where the program was started.
    pub here: Option<PathBuf>,
}

impl TypedPaths {
    /// `dir` stands for `~`, and relative paths begin there; one that begins at the root is meant as it is typed.
    #[must_use]
    pub fn below(dir: &Path) -> Self {
        Self { home: Some(dir.to_owned()), here: Some(dir.to_owned()) }
    }

    /// The file that a typed path means.
    #[must_use]
    pub fn expanded(&self, typed: &Path) -> PathBuf {
        match (typed.strip_prefix("~"), &self.home, &self.here) {
            (Ok(rest), Some(home), _) => home.join(rest),
            (_, _, Some(here)) => here.join(typed),
            _ => typed.to_owned(),
        }
    }
}

/// `NOTARY_AUTH`: base64 of `USER:PASSWORD`. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NotaryAuth(Zeroizing<String>);

impl std::fmt::Debug for NotaryAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NotaryAuth")
    }
}

impl NotaryAuth {
    /// Takes the variable's value, which is looked into when a server asks.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(Zeroizing::new(value.to_owned()))
    }

    pub(super) fn value(&self) -> &str {
        &self.0
    }
}

/// Why directories were chosen, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    /// The state directory.
    pub state_dir: String,
    /// The configuration file's.
    pub config_file: String,
    /// Docker's configuration directory.
    pub docker_config: String,
}

/// What is looked at and never changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOnly {
    /// Nothing is staged, made or published at all.
    pub everything: bool,
    /// Servers, by host or by host and port, for whose repositories nothing is staged or published.
    pub servers: BTreeSet<String>,
}

impl ReadOnly {
    /// Whether nothing is staged and published for repositories of the server with this address.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        let host_and_port = |url: &str| {
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            rest.split('/').next().unwrap_or_default().to_ascii_lowercase()
        };
        let server = host_and_port(url);
        let host = server.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let host = host.map_or(server.as_str(), |(host, _)| host);
        // One that is named without a port is meant on every port.
        self.everything
            || self.servers.iter().map(|named| host_and_port(named)).any(|named| named == server || named == host)
    }
}

/// All settings of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Trust directory, shared with `docker` and `notary`.
    pub trust_dir: PathBuf,
    /// Why that one, in words.
    pub trust_dir_why: String,
    /// Why the other directories.
    pub reasons: Reasons,
    /// Where trustdeck remembers: journal, last good roots, highest versions, list, realms, labels.
    pub state_dir: PathBuf,
    /// trustdeck's configuration file, whether or not it exists.
    pub config_file: PathBuf,
    /// Where it is written what happened.
    pub log_file: PathBuf,
    /// What is looked at and never changed.
    pub read_only: ReadOnly,
    /// Docker's configuration directory (`config.json`, `tls/`).
    pub docker_config: PathBuf,
    /// Server addresses.
    pub servers: ServerSources,
    /// TLS material.
    pub tls: TlsSources,
    /// Whether `http://` is allowed to loopback addresses.
    pub insecure_http: bool,
    /// Whether the network is never used.
    pub offline: bool,
    /// Token realms on other hosts that are allowed (`--allow-realm`), beside remembered ones and Docker Hub's.
    pub allowed_realms: BTreeSet<String>,
    /// First contact.
    pub first_contact: FirstContact,
    /// Notary's `trust_pinning`.
    pub pinning: Pinning,
    /// The PKCS#11 module behind which tokens are, if any.
    pub pkcs11_module: Option<PathBuf>,
    /// How long an unused passphrase stays in memory.
    pub idle_lock: Duration,
    /// Where paths lead that are typed on the screen.
    pub typed_paths: TypedPaths,
    /// `NOTARY_AUTH`, for the server that is named for all repositories.
    pub notary_auth: Option<NotaryAuth>,
    /// What starts credential helpers in a session of their own, so that they leave the terminal to the screen: program
    /// and first arguments.
    pub helper_launcher: Vec<std::ffi::OsString>,
    /// Environment handed to credential helpers: all but passphrases and credentials.
    pub helper_environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
}

impl Settings {
    /// Everything below one directory and nothing of the user's: for a sandbox, a test or a bench. The log goes nowhere.
    #[must_use]
    pub fn below(dir: &Path) -> Self {
        Self {
            trust_dir: dir.join("trust"),
            trust_dir_why: "below one directory".to_owned(),
            reasons: Reasons::default(),
            state_dir: dir.join("state"),
            config_file: dir.join("config.toml"),
            log_file: PathBuf::from("/nonexistent/trustdeck.log"),
            read_only: ReadOnly::default(),
            docker_config: dir.join("docker"),
            servers: ServerSources::default(),
            tls: TlsSources::default(),
            insecure_http: false,
            offline: false,
            allowed_realms: BTreeSet::new(),
            first_contact: FirstContact::Trust,
            pinning: Pinning::default(),
            pkcs11_module: None,
            idle_lock: Duration::from_secs(15 * 60),
            typed_paths: TypedPaths::default(),
            notary_auth: None,
            helper_launcher: Vec::new(),
            helper_environment: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ReadOnly;

    #[test]
    fn a_server_is_read_only_by_host_by_host_and_port_or_by_address() {
        let named = |name: &str| ReadOnly { everything: false, servers: [name.to_owned()].into() };
        for name in ["notary.example.com", "notary.example.com:4443", "https://Notary.example.com:4443/"] {
            assert!(named(name).covers("https://notary.example.com:4443"), "{name}");
        }
        assert!(!named("notary.example.com:443").covers("https://notary.example.com:4443"));
        assert!(!named("example.com").covers("https://notary.example.com"));
        assert!(named("[::1]").covers("https://[::1]:4443"));
        assert!(ReadOnly { everything: true, ..ReadOnly::default() }.covers("https://elsewhere"));
    }
}
