//! Settings from flags, environment and files, worked out once.
//!
//! Rules:
//!
//! - Nothing is written but a server that was named on the screen, and nothing of the process is read but what is passed
//!   in.
//! - Flags go before the environment, this before the configuration file, this before defaults; `status` says which it was.
//! - A setting of a file that is not known is refused.

#![warn(missing_docs)]

mod files;
mod keep;
mod members;
mod typed;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine::keyring::sources::is_secret_variable;
use crate::engine::keyring::tokens;
use crate::engine::settings::{NotaryAuth, ReadOnly, Reasons, RegistrySources, ServerSources, TlsSources, TypedPaths};
use crate::engine::{EngineError, FirstContact, Settings};

pub use keep::{Kept, keep_server};
pub use typed::realm_host;

use files::{NotaryConfig, OwnConfig};
use typed::{absolute, input};

/// The global options of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--server`
    pub server: Option<String>,
    /// `--trust-dir`
    pub trust_dir: Option<PathBuf>,
    /// `--ca`, any number of times
    pub ca: Vec<PathBuf>,
    /// `--insecure-http`
    pub insecure_http: bool,
    /// `--offline`
    pub offline: bool,
    /// `--log-file`
    pub log_file: Option<PathBuf>,
    /// `--read-only`
    pub read_only: bool,
    /// `--pkcs11-module`
    pub pkcs11_module: Option<PathBuf>,
    /// `--allow-realm`, any number of times
    pub allow_realm: Vec<String>,
}

/// The user's directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Home directory.
    pub home: PathBuf,
    /// Where `config.toml` is looked for.
    pub config_dir: PathBuf,
    /// Where the program remembers.
    pub state_dir: PathBuf,
}

impl Places {
    /// The directories of whoever runs the program.
    ///
    /// # Errors
    /// `Input` if there is no home directory.
    pub fn of_user() -> Result<Self, EngineError> {
        let project = directories::ProjectDirs::from("", "", "trustdeck");
        let base = directories::BaseDirs::new();
        let (Some(project), Some(base)) = (project, base) else {
            return Err(input("there is no home directory", "set HOME to an absolute path"));
        };
        // Not every system has a place for state.
        let state_dir = project.state_dir().unwrap_or_else(|| project.data_dir());
        Ok(Self {
            home: base.home_dir().to_owned(),
            config_dir: project.config_dir().to_owned(),
            state_dir: state_dir.to_owned(),
        })
    }
}

/// Works out the engine's settings.
///
/// # Errors
/// `Input` for a file that is not as expected, with the line; `Disk` for one that cannot be read.
pub fn settings(
    flags: &Flags,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    places: &Places,
    first_contact: FirstContact,
) -> Result<Settings, EngineError> {
    let environment: BTreeMap<OsString, OsString> = environment.into_iter().collect();
    let variable = |name: &str| environment.get(OsStr::new(name)).filter(|value| !value.is_empty());

    let config_file = places.config_dir.join("config.toml");
    let own = OwnConfig::load(&config_file, &places.home)?;
    let notary = NotaryConfig::load(&places.home.join(".notary/config.json"), &places.home)?;
    let docker_config = match variable("DOCKER_CONFIG") {
        Some(directory) => absolute(Path::new(directory)),
        None => places.home.join(".docker"),
    };
    let not_text = || input("DOCKER_CONTENT_TRUST_SERVER is not text", "set it to https://HOST[:PORT]");
    let server_variable = variable("DOCKER_CONTENT_TRUST_SERVER");
    let server_variable = server_variable.map(|url| url.to_str().ok_or_else(not_text)).transpose()?;
    // Of blanks it is as good as empty.
    let server_variable = server_variable.map(str::to_owned).filter(|url| !url.trim().is_empty());
    if notary.skip_tls_verify && flags.server.is_none() && server_variable.is_none() {
        return Err(input(
            &format!("{}: skipTLSVerify is refused: anybody could answer for the server", notary.path.display()),
            "remove it, and name the server's authority in root_ca or with --ca",
        ));
    }
    let (trust_dir, trust_dir_why) = trust_dir(flags, &own, &notary, &docker_config, places);
    let because = |name: &str, path: &Path| match variable(name) {
        Some(value) if path.starts_with(absolute(Path::new(value))) => name.to_owned(),
        _ => "below the home directory".to_owned(),
    };
    let reasons = Reasons {
        state_dir: because("XDG_STATE_HOME", &places.state_dir),
        config_file: because("XDG_CONFIG_HOME", &config_file),
        docker_config: because("DOCKER_CONFIG", &docker_config),
    };
    let ca_files = flags.ca.iter().map(|file| absolute(file)).chain(own.ca).collect();
    let module = variable("TRUSTDECK_PKCS11_MODULE").map(|path| absolute(Path::new(path)));
    let module = flags.pkcs11_module.as_deref().map(absolute).or(module).or(own.pkcs11_module);
    Ok(Settings {
        pkcs11_module: tokens::module_path(module.as_deref()),
        trust_dir,
        trust_dir_why,
        reasons,
        state_dir: places.state_dir.clone(),
        log_file: flags.log_file.as_deref().map_or_else(|| places.state_dir.join("trustdeck.log"), absolute),
        read_only: ReadOnly { everything: flags.read_only || own.read_only, servers: own.servers.read_only },
        config_file,
        docker_config,
        servers: ServerSources {
            flag: flags.server.clone(),
            by_repository: own.servers.by_repository,
            environment: server_variable,
            notary: notary.url.map(|url| (url, notary.path)),
            registries: registries(own.registries, own.insecure_registries, places),
            timeout: own.servers.timeout,
            parallel_requests: own.servers.parallel_requests,
        },
        tls: TlsSources { ca_files, notary_ca: notary.root_ca, notary_client: notary.client },
        insecure_http: flags.insecure_http,
        offline: flags.offline,
        allowed_realms: flags.allow_realm.iter().cloned().chain(own.allow_realm).collect(),
        notary_auth: variable("NOTARY_AUTH").and_then(|value| value.to_str()).map(NotaryAuth::new),
        helper_launcher: Vec::new(),
        first_contact,
        pinning: notary.pinning,
        idle_lock: Duration::from_secs(60 * own.idle_lock_minutes),
        typed_paths: TypedPaths { home: Some(places.home.clone()), here: None },
        helper_environment: environment.into_iter().filter(|(name, _)| !is_secret_variable(name)).collect(),
    })
}

/// Registries as the configuration and Docker's daemon name them.
fn registries(addresses: BTreeMap<String, String>, insecure: BTreeSet<String>, places: &Places) -> RegistrySources {
    // The daemon of everybody, and that of a user.
    let daemons = [PathBuf::from("/etc/docker"), places.home.join(".config/docker")];
    RegistrySources {
        addresses,
        insecure,
        daemon_files: daemons.iter().map(|dir| dir.join("daemon.json")).collect(),
        certificates: daemons.iter().map(|dir| dir.join("certs.d")).collect(),
    }
}

/// What trustdeck's own configuration says of the screen, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenSettings {
    /// `theme`
    pub theme: Option<String>,
    /// `mouse`
    pub mouse: Option<bool>,
    /// `[colours]`: colours by their role.
    pub colours: BTreeMap<String, String>,
    /// `[keys]`: keys by the name of their action.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Where each of both is written: `keys.quit` in `FILE: line 4`.
    pub lines: BTreeMap<String, String>,
}

/// Reads it.
///
/// # Errors
/// As [`settings`] for that file.
pub fn screen(places: &Places) -> Result<ScreenSettings, EngineError> {
    Ok(OwnConfig::load(&places.config_dir.join("config.toml"), &places.home)?.screen)
}

/// Chooses the trust directory, and says why that one.
fn trust_dir(
    flags: &Flags,
    own: &OwnConfig,
    notary: &NotaryConfig,
    docker_config: &Path,
    places: &Places,
) -> (PathBuf, String) {
    if let Some(directory) = &flags.trust_dir {
        return (absolute(directory), "--trust-dir".to_owned());
    }
    if let Some(directory) = &own.trust_dir {
        return (directory.clone(), "trust_dir in trustdeck's configuration".to_owned());
    }
    let (dockers, usual) = (docker_config.join("trust"), places.home.join(".docker/trust"));
    let mut why = "Docker's trust directory".to_owned();
    if dockers != usual {
        why.push_str(", moved by DOCKER_CONFIG");
        if usual.is_dir() {
            why.push_str(&format!("; {} is another, which is not read", usual.display()));
        }
    }
    if dockers.is_dir() {
        if notary.trust_dir.as_ref().is_some_and(|directory| *directory != dockers) {
            why.push_str(&format!("; where it exists, it comes before trust_dir in {}", notary.path.display()));
        }
        return (dockers, why);
    }
    if let Some(directory) = &notary.trust_dir {
        return (directory.clone(), format!("trust_dir in {}", notary.path.display()));
    }
    let notarys = places.home.join(".notary");
    if notarys.join("private").is_dir() || notarys.join("tuf").is_dir() {
        return (notarys, "Notary's trust directory; Docker has none".to_owned());
    }
    (dockers, format!("{why}; it is made on first use"))
}
