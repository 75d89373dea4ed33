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
