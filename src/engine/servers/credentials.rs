//! Logins from Docker's configuration, from credential helpers, and typed ones.
//!
//! Source: docs/notary-v1.md section 14.3.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::helper::Helper;
use super::realms::Realms;
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::engine::settings::Settings;
use crate::keys::Passphrase;
use crate::remote::auth::{DOCKER_HUB, Finding};
use crate::remote::{Credential, CredentialSource, RemoteError};

/// How long a login is used before it is looked up anew: helpers are slow and may ask their user.
const KEPT: Duration = Duration::from_secs(60);
/// How long the absence of one is believed.
const KEPT_ABSENT: Duration = Duration::from_secs(5);

/// A login or its absence, and when that was found.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Option<Credential>)>>>;

/// Where the engine's logins come from.
pub(in crate::engine) struct Credentials {
    config: PathBuf,
    environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    typed: Mutex<HashMap<String, Credential>>,
    found: Mutex<HashMap<String, Slot>>,
    realms: Realms,
}

/// The parts of Docker's `config.json` that concern logins. The rest is Docker's.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Stored>,
    #[serde(default)]
    creds_store: String,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

/// One entry of `auths`.
#[derive(Deserialize, Default)]
struct Stored {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    identitytoken: String,
}

impl Credentials {
    /// Reads the remembered realms; Docker's configuration is read when a server asks.
    ///
    /// # Errors
    /// `State`, `Disk`.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        Ok(Self {
            config: settings.docker_config.join("config.json"),
            environment: settings.helper_environment.clone(),
            typed: Mutex::default(),
            found: Mutex::default(),
            realms: Realms::open(&settings.state_dir, &settings.allowed_realms)?,
        })
    }

    pub(in crate::engine) fn accept_realm(&self, host: &str) -> Result<(), EngineError> {
        self.realms.accept(host)
    }

    pub(in crate::engine) fn log_in(&self, registry: &str, user: &str, password: &Passphrase) {
        let password = Zeroizing::new(String::from_utf8_lossy(password.bytes()).into_owned());
        let login = Credential::Password { user: user.to_owned(), password };
        self.typed.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), login);
    }

    fn slot(&self, registry: &str) -> Slot {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(found.entry(registry.to_owned()).or_default())
    }

    /// Looks up a login; who wants the same one waits for one look-up.
    async fn look_up(&self, registry: &str) -> Result<Option<Credential>, RemoteError> {
        if let Some(typed) = self.typed.lock().unwrap_or_else(PoisonError::into_inner).get(registry) {
            return Ok(Some(typed.clone()));
        }
        let slot = self.slot(registry);
        let mut kept = slot.lock().await;
        if let Some((since, login)) = kept.as_ref() {
            let limit = if login.is_some() { KEPT } else { KEPT_ABSENT };
            if since.elapsed() < limit {
                return Ok(login.clone());
            }
        }
        *kept = None;
        let login = self.read(registry).await?;
        *kept = Some((Instant::now(), login.clone()));
        Ok(login)
    }

    async fn read(&self, registry: &str) -> Result<Option<Credential>, RemoteError> {
        let config = load(&self.config)?;
        let helper = config.cred_helpers.get(registry).filter(|helper| !helper.is_empty());
        let store = Some(&config.creds_store).filter(|store| !store.is_empty());
        if let Some(helper) = helper.or(store) {
            return Helper::new(helper, &self.environment).find(registry).await;
        }
        if config.auths.is_empty() && config.cred_helpers.is_empty() {
            // Nobody chose this helper: one that does not work here (no desktop, no key) holds no login.
            return match Helper::of_platform(&self.environment) {
                Some(helper) => Ok(helper.find(registry).await.unwrap_or_default()),
                None => Ok(None),
            };
        }
        let Some((key, stored)) = entry_for(&config.auths, registry) else { return Ok(None) };
        stored.credential().map_err(|what| {
            RemoteError::Setting(format!("{}: the entry {key:?} of auths {what}", self.config.display()))
        })
    }
}

impl CredentialSource for Credentials {
    fn find<'a>(&'a self, registry: &'a str) -> Finding<'a> {
        Box::pin(self.look_up(registry))
    }

    fn allows_realm(&self, server: &str, realm: &str) -> bool {
        let docker_hub = server == "notary.docker.io" && realm == "auth.docker.io";
        docker_hub || self.realms.allow(realm)
    }

    fn refused(&self, registry: &str) {
        // A new slot: a look-up that is under way ends in the old one.
        self.found.lock().unwrap_or_else(PoisonError::into_inner).remove(registry);
    }
}

fn load(path: &Path) -> Result<DockerConfig, RemoteError> {
    let bytes = match read::read_kept(path, read::CONFIGURATION) {
        Ok(Some(bytes)) => Zeroizing::new(bytes),
        Ok(None) => return Ok(DockerConfig::default()),
        Err(error) => return Err(RemoteError::Setting(format!("{}: {error}", path.display()))),
    };
    // The parser's own words may quote the file, which holds passwords: only the place is told.
    serde_json::from_slice(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        RemoteError::Setting(format!("{}: line {line}, column {column} is not as Docker writes it", path.display()))
    })
}

/// The entry for a registry: its own, else the first whose host is the registry's.
fn entry_for<'a>(auths: &'a BTreeMap<String, Stored>, registry: &str) -> Option<(&'a String, &'a Stored)> {
    let by_host = |(key, _): &(&String, &Stored)| registry != DOCKER_HUB && host_of(key) == registry;
    auths.get_key_value(registry).or_else(|| auths.iter().find(by_host))
}

fn host_of(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    bare.split('/').next().unwrap_or(bare)
}

impl Stored {
    fn credential(&self) -> Result<Option<Credential>, &'static str> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credential::IdentityToken(Zeroizing::new(self.identitytoken.clone()))));
        }
        if self.auth.is_empty() {
            return Ok(None);
        }
        let padding = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let expected = "is not base64 of USER:PASSWORD; log in again with docker login";
        let plain = GeneralPurpose::new(&STANDARD, padding).decode(self.auth.trim()).map_err(|_| expected)?;
        let plain = Zeroizing::new(String::from_utf8(plain).map_err(|_| expected)?);
        let (user, password) = plain.split_once(':').filter(|(user, _)| !user.is_empty()).ok_or(expected)?;
        let password = Zeroizing::new(password.trim_matches('\0').to_owned());
        Ok(Some(Credential::Password { user: user.to_owned(), password }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
