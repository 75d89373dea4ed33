//! Logins from Docker's configuration, from credential helpers, and typed ones.
//!
//! Source: docs/notary-v1.md section 14.3.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::docker_config::{DockerConfig, basic};
use super::helper::{Helper, Surroundings};
use super::realms::Realms;
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::engine::lanes::waiting;
use crate::engine::settings::{NotaryAuth, Settings};
use crate::keys::Passphrase;
use crate::remote::auth::FindCredential;
use crate::remote::{Credential, CredentialSource, Remark, Remarks, RemoteError};

/// How long a login is used before it is looked up anew: helpers are slow and may ask their user.
const KEPT: Duration = Duration::from_secs(60);
/// How long the absence of one is believed.
const KEPT_ABSENT: Duration = Duration::from_secs(5);

/// The variable of notary's with a login.
const NOTARY_AUTH: &str = "NOTARY_AUTH";

/// What a look-up found.
type LoginFound = Result<Option<Credential>, RemoteError>;

/// A login, its absence or why it could not be looked up, and when.
type LoginSlot = Arc<tokio::sync::Mutex<Option<(Instant, LoginFound)>>>;

/// Where the engine's logins come from.
pub(in crate::engine) struct Credentials {
    config: PathBuf,
    environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    launcher: Vec<std::ffi::OsString>,
    /// `NOTARY_AUTH`, and the address of the only server that it is for.
    notary_auth: Option<(String, NotaryAuth)>,
    typed: Mutex<HashMap<String, Credential>>,
    found: Mutex<HashMap<String, LoginSlot>>,
    /// Where the login for a registry was found that was given last, in words.
    origins: Mutex<HashMap<String, String>>,
    asker: Mutex<Option<Arc<Asker>>>,
    /// Who was asked for, so that nobody is asked twice.
    asked: tokio::sync::Mutex<HashMap<String, Option<Credential>>>,
    realms: Realms,
    remarks: Remarks,
}

/// How a person is asked for a login, and told why none was found where that is an error; `None` for none.
pub type Asker = dyn Fn(&str, Option<&RemoteError>) -> Option<(String, Passphrase)> + Send + Sync;

impl Credentials {
    /// Reads the remembered realms; Docker's configuration is read when a server asks.
    ///
    /// # Errors
    /// `State`, `Disk`.
    pub(in crate::engine) fn open(
        settings: &Settings,
        named: Option<String>,
        remarks: Remarks,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            config: settings.docker_config.join("config.json"),
            environment: settings.helper_environment.clone(),
            launcher: settings.helper_launcher.clone(),
            notary_auth: named.zip(settings.notary_auth.clone()),
            typed: Mutex::default(),
            found: Mutex::default(),
            origins: Mutex::default(),
            asker: Mutex::default(),
            asked: tokio::sync::Mutex::default(),
            realms: Realms::open(&settings.state_dir, &settings.allowed_realms)?,
            remarks,
        })
    }

    /// Asks a person where a login is needed and nobody has one.
    pub(in crate::engine) fn ask_with(&self, asker: Arc<Asker>) {
        *self.asker.lock().unwrap_or_else(PoisonError::into_inner) = Some(asker);
    }

    pub(in crate::engine) fn accept_realm(&self, host: &str) -> Result<(), EngineError> {
        self.realms.accept(host)
    }

    pub(in crate::engine) fn log_in(&self, registry: &str, login: Login) {
        let credential = match login {
            Login::Password { user, password } => password_login(user, &password),
            Login::IdentityToken(token) => Credential::token(text_of(&token)),
        };
        self.typed.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), credential);
    }

    fn slot(&self, registry: &str) -> LoginSlot {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(found.entry(registry.to_owned()).or_default())
    }

    /// Looks up a login; who wants the same one waits for one look-up, and shares its failure.
    async fn look_up(&self, server: &str, registry: &str) -> LoginFound {
        if let Some(typed) = self.typed.lock().unwrap_or_else(PoisonError::into_inner).get(registry) {
            return Ok(Some(typed.clone()));
        }
        let slot = self.slot(registry);
        let mut kept = slot.lock().await;
        let limit = |found: &LoginFound| if matches!(found, Ok(None)) { KEPT_ABSENT } else { KEPT };
        let found = match kept.as_ref().filter(|(since, found)| since.elapsed() < limit(found)) {
            Some((_, found)) => found.clone(),
            None => {
                let found = self.read(registry).await;
                *kept = Some((Instant::now(), found.clone()));
                found
            }
        };
        match (found, &self.notary_auth) {
            (Ok(None) | Err(RemoteError::Helper { .. }), Some((named, login))) if named == server => {
                self.came_from(registry, NOTARY_AUTH.to_owned());
                notarys_login(login)
            }
            (found, _) => found,
        }
    }

    /// Remembers where a login was found.
    fn came_from(&self, registry: &str, origin: String) {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), origin);
    }

    async fn read(&self, registry: &str) -> LoginFound {
        let config = load(&self.config)?;
        let helper = config.cred_helpers.get(registry).filter(|helper| !helper.is_empty());
        let store = Some(&config.creds_store).filter(|store| !store.is_empty());
        let surroundings = Surroundings { environment: &self.environment, launcher: &self.launcher };
        if let Some(helper) = helper.or(store) {
            self.came_from(registry, format!("credential helper {helper}"));
            return match Helper::new(helper, surroundings).find(registry).await {
                Err(error @ RemoteError::Helper { .. }) => self.instead(&config, registry, error),
                found => found,
            };
        }
        if config.auths.is_empty() && config.cred_helpers.is_empty() {
            // Nobody chose this helper: one that does not work here (no desktop, no key) holds no login.
            self.came_from(registry, "the platform's credential helper".to_owned());
            return match Helper::of_platform(surroundings) {
                Some(helper) => Ok(helper.find(registry).await.unwrap_or_default()),
                None => Ok(None),
            };
        }
        let Some((key, stored)) = config.entry_for(registry) else { return Ok(None) };
        self.came_from(registry, self.config.display().to_string());
        stored.credential().map_err(|what| {
            RemoteError::Setting(format!("{}: the entry {key:?} of auths {what}", self.config.display()))
        })
    }

    /// What the file holds of a registry whose helper failed, as docker takes it.
    fn instead(&self, config: &DockerConfig, registry: &str, error: RemoteError) -> LoginFound {
        let stored = config.entry_for(registry).and_then(|(_, stored)| stored.credential().ok().flatten());
        let (Some(login), RemoteError::Helper { helper, why, .. }) = (stored, &error) else { return Err(error) };
        let origin = self.config.display().to_string();
        let remark = Remark::Helper { helper: helper.clone(), why: why.clone(), login: Some(origin.clone()) };
        self.remarks.say_once(remark);
        self.came_from(registry, origin);
        Ok(Some(login))
    }

    /// Asks a person, one question at a time and once for each registry.
    async fn ask_person(&self, registry: &str, lacking: Option<RemoteError>) -> LoginFound {
        let asker = self.asker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(asker) = asker else { return Ok(None) };
        let mut asked = self.asked.lock().await;
        if let Some(answer) = asked.get(registry) {
            return Ok(answer.clone());
        }
        let name = registry.to_owned();
        let answer = waiting(move || asker(&name, lacking.as_ref())).await.flatten();
        let login = answer.map(|(user, password)| password_login(user, &password));
        asked.insert(registry.to_owned(), login.clone());
        if let Some(login) = &login {
            self.typed.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), login.clone());
        }
        Ok(login)
    }
}

/// What a person logs in with.
#[allow(missing_docs)] // the variants say what their fields are
pub enum Login {
    /// User name and password.
    Password { user: String, password: Passphrase },
    /// An identity token.
    IdentityToken(Passphrase),
}

fn password_login(user: String, password: &Passphrase) -> Credential {
    Credential::Password { user, password: text_of(password) }
}

fn text_of(secret: &Passphrase) -> Zeroizing<String> {
    Zeroizing::new(String::from_utf8_lossy(secret.bytes()).into_owned())
}

/// The login that `NOTARY_AUTH` holds.
fn notarys_login(auth: &NotaryAuth) -> LoginFound {
    basic(auth.value()).ok_or_else(|| RemoteError::Setting("NOTARY_AUTH is not base64 of USER:PASSWORD".to_owned()))
}

impl CredentialSource for Credentials {
    fn find<'a>(&'a self, server: &'a str, registry: &'a str) -> FindCredential<'a> {
        Box::pin(self.look_up(server, registry))
    }

    fn ask<'a>(&'a self, registry: &'a str, lacking: Option<RemoteError>) -> FindCredential<'a> {
        Box::pin(self.ask_person(registry, lacking))
    }

    fn allows_realm(&self, server: &str, realm: &str) -> bool {
        let docker_hub = server == "notary.docker.io" && realm == "auth.docker.io";
        docker_hub || self.realms.allow(realm)
    }

    fn origin(&self, registry: &str) -> Option<String> {
        if self.typed.lock().unwrap_or_else(PoisonError::into_inner).contains_key(registry) {
            return Some("what was typed".to_owned());
        }
        let origin = self.origins.lock().unwrap_or_else(PoisonError::into_inner).get(registry).cloned()?;
        let is_beside = self.notary_auth.is_some() && origin != NOTARY_AUTH;
        Some(if is_beside { format!("{origin}, which comes before {NOTARY_AUTH}") } else { origin })
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
    DockerConfig::parse(&bytes).map_err(|what| RemoteError::Setting(format!("{}: {what}", path.display())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
