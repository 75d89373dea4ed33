//! The sandbox's directory: a home of its own, so that nothing of the user's is read or written.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::json;

use super::auth::{Auth, Login};
use super::error::SandboxError;
use crate::engine::settings::{RegistrySources, ServerSources, Settings, TlsSources, TypedPaths};

/// The first line of a configuration that the sandbox writes anew at each start.
const OURS: &str = "# Written by the sandbox at each start; take this line away to keep your own.";

/// The directories in a sandbox.
const PARTS: [&str; 6] = ["docker", "notary", "state", "config", "keys", "server"];

/// Where each thing of a sandbox lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// Makes the directories that are missing, 0700.
    ///
    /// # Errors
    /// [`SandboxError::Disk`].
    pub fn create(dir: &Path) -> Result<Self, SandboxError> {
        make_private_dir(dir)?;
        let dir = dir.canonicalize().map_err(|source| SandboxError::Disk { path: dir.to_owned(), source })?;
        let layout = Self { dir };
        let state = layout.state_dir();
        let config = layout.dir.join("config");
        let parts = [layout.trust_dir(), layout.docker_dir().join("tls"), state, config];
        let more = [layout.dir.join("notary"), layout.dir.join("server"), layout.keys_dir()];
        parts.iter().chain(&more).try_for_each(|dir| make_private_dir(dir))?;
        Ok(layout)
    }

    /// The directory that holds everything.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Docker's configuration directory: `config.json`, `tls/`, `trust/`.
    #[must_use]
    pub fn docker_dir(&self) -> PathBuf {
        self.dir.join("docker")
    }

    /// The trust directory that `docker`, `notary` and trustdeck share.
    #[must_use]
    pub fn trust_dir(&self) -> PathBuf {
        self.docker_dir().join("trust")
    }

    /// Notary's configuration file.
    #[must_use]
    pub fn notary_config(&self) -> PathBuf {
        self.dir.join("notary/config.json")
    }

    /// What `XDG_STATE_HOME` would be; trustdeck's own directory lies below.
    #[must_use]
    pub fn state_home(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// What `XDG_CONFIG_HOME` would be.
    #[must_use]
    pub fn config_home(&self) -> PathBuf {
        self.dir.join("config")
    }

    /// What trustdeck remembers.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.state_home().join("trustdeck")
    }

    /// Public keys of colleagues, to be added as signers; and what the user writes: backups, exports, public halves.
    #[must_use]
    pub fn keys_dir(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// The server's store.
    #[must_use]
    pub fn store_file(&self) -> PathBuf {
        self.dir.join("server/store.redb")
    }

    /// Where the registry's blobs are.
    #[must_use]
    pub fn server_dir(&self) -> PathBuf {
        self.dir.join("server")
    }

    /// Tells `podman` and `skopeo` where the registry of the scene's names is.
    #[must_use]
    pub fn registries_file(&self) -> PathBuf {
        self.dir.join("registries.conf")
    }

    /// Shell lines that point the programs at this sandbox.
    #[must_use]
    pub fn shell_file(&self) -> PathBuf {
        self.dir.join("lab.sh")
    }

    /// The authority that signed the server's certificate.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// Points `docker` and `notary` at the server.
    pub(super) fn configure(&self, url: &str, authority: &str, auth: &Auth) -> Result<(), SandboxError> {
        write_private(&self.ca_file(), authority.as_bytes())?;
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        let tls = self.docker_dir().join("tls").join(host);
        make_private_dir(&tls)?;
        write_private(&tls.join("ca.crt"), authority.as_bytes())?;
        let docker = match auth {
            Auth::None => json!({ "auths": {} }),
            Auth::Basic(login) | Auth::Token(login) => {
                let entry = json!({ "auth": basic(login) });
                json!({ "auths": { REGISTRY: entry, host: entry } })
            }
        };
        write_private(&self.docker_dir().join("config.json"), format!("{docker:#}\n").as_bytes())?;
        let server = json!({ "url": url, "root_ca": self.ca_file() });
        write_private(&self.registries_file(), registries(host, url.starts_with("http:")).as_bytes())?;
        self.configure_trustdeck(url)?;
        let notary = json!({ "trust_dir": self.trust_dir(), "remote_server": server });
        write_private(&self.notary_config(), format!("{notary:#}\n").as_bytes())
    }

    /// Tells trustdeck's commands where the registry is, unless the user has written there.
    fn configure_trustdeck(&self, url: &str) -> Result<(), SandboxError> {
        let file = self.config_home().join("trustdeck/config.toml");
        let is_ours = match fs::read_to_string(&file) {
            Ok(text) => text.starts_with(OURS),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        if !is_ours {
            return Ok(());
        }
        make_private_dir(&self.config_home().join("trustdeck"))?;
        write_private(&file, format!("{OURS}\n[registries]\n\"{REGISTRY}\" = \"{url}\"\n").as_bytes())
    }

    /// Settings for an engine that sees nothing but this sandbox.
    pub(super) fn settings(&self, url: &str) -> Settings {
        let addresses = [(REGISTRY.to_owned(), url.to_owned())].into();
        let registries = RegistrySources { addresses, ..RegistrySources::default() };
        Settings {
            trust_dir: self.trust_dir(),
            trust_dir_why: "the sandbox's own".to_owned(),
            state_dir: self.state_dir(),
            config_file: self.config_home().join("trustdeck/config.toml"),
            docker_config: self.docker_dir(),
            servers: ServerSources { flag: Some(url.to_owned()), registries, ..ServerSources::default() },
            tls: TlsSources { ca_files: vec![self.ca_file()], ..TlsSources::default() },
            insecure_http: url.starts_with("http://"),
            typed_paths: TypedPaths::below(&self.keys_dir()),
            log_file: self.state_dir().join("trustdeck.log"),
            ..Settings::below(&self.dir)
        }
    }
}

/// `registries.conf` of containers-image.
fn registries(host: &str, insecure: bool) -> String {
    format!(
        "unqualified-search-registries = []\n\n[[registry]]\nprefix = \"{REGISTRY}\"\nlocation = \"{host}\"\ninsecure = \
         {insecure}\n\n[[registry]]\nlocation = \"{host}\"\ninsecure = {insecure}\n"
    )
}

/// Refuses a directory that others can change, and one that holds other things: files would be replaced there.
pub(super) fn check_place(dir: &Path) -> Result<(), SandboxError> {
    let failed = |source| SandboxError::Disk { path: dir.to_owned(), source };
    let refused = |what| Err(SandboxError::Place { path: dir.to_owned(), what });
    let facts = match fs::metadata(dir) {
        Ok(facts) => facts,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return refused("belongs to another user");
    }
    if facts.mode() & 0o022 != 0 {
        return refused("can be changed by other users");
    }
    // A start that was killed may have left some of its directories and no store yet.
    let is_part = |entry: &fs::DirEntry| PARTS.iter().any(|part| entry.file_name() == *part);
    let has_others = || Ok(fs::read_dir(dir)?.flatten().any(|entry| !is_part(&entry)));
    if !dir.join("server/store.redb").is_file() && has_others().map_err(failed)? {
        return refused("holds other files, and no sandbox");
    }
    Ok(())
}

/// `user:password` as HTTP Basic, `auths` and `NOTARY_AUTH` write it.
pub(super) fn basic(login: &Login) -> String {
    let pair = zeroize::Zeroizing::new([login.user.as_bytes(), b":", login.password.bytes()].concat());
    base64::engine::general_purpose::STANDARD.encode(&*pair)
}

pub(super) fn make_private_dir(dir: &Path) -> Result<(), SandboxError> {
    let failed = |source| SandboxError::Disk { path: dir.to_owned(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)
}

/// Writes a file that only its owner can read, aside and renamed, so that it is never seen half.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    let failed = |source| SandboxError::Disk { path: path.to_owned(), source };
    let dir = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The registry that the scene's repositories are named after. No such host exists; the sandbox answers for it.
pub const REGISTRY: &str = "registry.sandbox";
