//! Which trust server a repository has, and the one kept client for it.

pub(in crate::engine) mod certificates;
pub(in crate::engine) mod credentials;
pub(in crate::engine) mod docker_config;
pub(in crate::engine) mod helper;
pub(in crate::engine) mod realms;

use std::collections::HashMap;
use std::sync::Arc;

use super::settings::ServerSources;
use super::{Engine, EngineError, Settings, Status};
use crate::remote::{Endpoint, Limits, NotaryServer, Proxies, Remark, Remarks, RemoteError, Route, Setup};
use crate::tuf::Gun;
use credentials::Credentials;

pub use credentials::{Asker, Login};

const DOCKER_HUB: &str = "https://notary.docker.io";

/// Kept clients, one for each address, and the logins that they share.
pub(super) struct Servers {
    clients: tokio::sync::Mutex<HashMap<Endpoint, NotaryServer>>,
    credentials: Arc<Credentials>,
    remarks: Remarks,
}

impl Servers {
    /// Nothing is asked or sent.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let remarks = Remarks::default();
        let named =
            named_for_all(&settings.servers).and_then(|(url, _)| Endpoint::parse(url, settings.insecure_http).ok());
        let credentials = Credentials::open(settings, named.map(|endpoint| endpoint.base().to_owned()))?;
        let credentials = Arc::new(credentials);
        Ok(Self { clients: tokio::sync::Mutex::default(), credentials, remarks })
    }
}

/// For the rest of the engine.
impl Engine {
    /// The base URL of a repository's server (no trailing slash) and why that one. Never asks the network.
    ///
    /// # Errors
    /// `Input`, `Remote(Setting)`.
    pub(super) fn server_address(&self, gun: &Gun) -> Result<(String, String), EngineError> {
        let (endpoint, why) = endpoint_of(self.settings(), Some(gun))?;
        Ok((endpoint.base().to_owned(), why))
    }

    /// The client for a repository's server, made on first use.
    ///
    /// # Errors
    /// `Input`, `Remote`.
    pub(super) async fn server(&self, gun: &Gun) -> Result<NotaryServer, EngineError> {
        let settings = self.settings();
        let (endpoint, chosen) = endpoint_of(settings, Some(gun))?;
        if settings.offline {
            let why = "only the cache is used (--offline)".to_owned();
            let source = RemoteError::Network { host: endpoint.host().to_owned(), why };
            return Err(EngineError::Remote { gun: Some(gun.clone()), source });
        }
        // Held while a client is made, so that repositories on one server wait for one client instead of making many.
        let mut clients = self.inner.servers.clients.lock().await;
        if let Some(client) = clients.get(&endpoint).filter(|client| !client.is_distrusted()) {
            return Ok(client.clone());
        }
        let (settings, credentials) = (settings.clone(), Arc::clone(&self.inner.servers.credentials));
        let remarks = self.inner.servers.remarks.clone();
        let making = tokio::task::spawn_blocking(move || {
            let setup = Setup {
                tls: certificates::material(&settings, &endpoint)?,
                limits: settings.servers.timeout.map_or_else(Limits::default, Limits::with_timeout),
                proxies: proxies(&settings)?,
                parallel: settings.servers.parallel_requests,
                chosen,
                remarks,
            };
            let client = NotaryServer::new(endpoint.clone(), setup, credentials)?;
            Ok((endpoint, client))
        });
        // The task ends early only when the runtime does.
        let made = making.await.unwrap_or(Err(RemoteError::Cancelled));
        let (endpoint, client) = made.map_err(Self::remote(gun))?;
        clients.insert(endpoint, client.clone());
        Ok(client)
    }

    /// Wraps a remote error for a repository.
    pub(super) fn remote(gun: &Gun) -> impl FnOnce(RemoteError) -> EngineError {
        let gun = gun.clone();
        move |source| EngineError::Remote { gun: Some(gun), source }
    }
}

impl Engine {
    /// What was chosen and why; `gun` for the server's sake. Never asks the network.
    #[must_use]
    pub fn status(&self, gun: Option<&Gun>) -> Status {
        let settings = self.settings();
        let server = endpoint_of(settings, gun);
        let authorities = certificates::sources(settings, server.as_ref().ok().map(|(endpoint, _)| endpoint));
        Status {
            trust_dir: (settings.trust_dir.clone(), settings.trust_dir_why.clone()),
            state_dir: settings.state_dir.clone(),
            config: (settings.config_file.clone(), settings.config_file.exists()),
            docker_config: settings.docker_config.clone(),
            proxy: server.as_ref().ok().and_then(|(endpoint, _)| way(settings, endpoint)),
            server: server.map(|(endpoint, why)| (endpoint.base().to_owned(), why)).map_err(|error| error.problem()),
            authorities,
            keys: self.keys_at_hand().len(),
            staged: self.staged().map_or(0, |stage| stage.changes.len()),
            idle_lock: settings.idle_lock,
        }
    }

    /// What happens on the way from now on: waits, and helpers that do not work.
    #[must_use]
    pub fn remarks(&self) -> tokio::sync::broadcast::Receiver<Remark> {
        self.inner.servers.remarks.listen()
    }

    /// Remembers that credentials may go to this token realm.
    ///
    /// # Errors
    /// `Disk`, `State`, `Input` for a text that is no host name.
    pub fn accept_realm(&self, host: &str) -> Result<(), EngineError> {
        self.inner.servers.credentials.accept_realm(host)
    }

    /// A login for a registry host, for this process only.
    pub fn log_in(&self, registry: &str, login: Login) {
        self.inner.servers.credentials.log_in(registry, login);
    }

    /// Asks a person where a server wants a login and nobody has one: `asker` gets the registry, gives user name and
    /// password, and may block.
    pub fn ask_logins_with(&self, asker: Arc<Asker>) {
        self.inner.servers.credentials.ask_with(asker);
    }
}

/// The proxies that the variables of this process name.
fn proxies(settings: &Settings) -> Result<Proxies, RemoteError> {
    let variables = &settings.helper_environment;
    Proxies::read(|name| variables.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.to_str()))
}

/// How a server is reached, in words for the status; `None` where no proxy is set.
fn way(settings: &Settings, endpoint: &Endpoint) -> Option<String> {
    let proxies = match proxies(settings) {
        Ok(proxies) => proxies,
        Err(error) => return Some(error.to_string()),
    };
    match proxies.route(&endpoint.url("v2/").ok()?) {
        Route::Direct(why) => why.map(|why| format!("none ({why})")),
        Route::Through(proxy) => Some(format!("{} ({})", proxy.shown(), proxy.variable())),
    }
}

/// Chooses the server: the strongest source that says something. Without a repository, Docker Hub stands for it.
fn endpoint_of(settings: &Settings, gun: Option<&Gun>) -> Result<(Endpoint, String), EngineError> {
    let (url, why) = choose(&settings.servers, gun)?;
    let endpoint = Endpoint::parse(&url, settings.insecure_http).map_err(|source| {
        let source = match source {
            RemoteError::Setting(text) => RemoteError::Setting(format!("{text} (from {why})")),
            other => other,
        };
        EngineError::Remote { gun: gun.cloned(), source }
    })?;
    Ok((endpoint, why))
}

/// The server that is named for all repositories, and what names it.
fn named_for_all(sources: &ServerSources) -> Option<(&str, String)> {
    let notary = sources.notary.as_ref();
    let flag = sources.flag.as_deref().map(|url| (url, "--server".to_owned()));
    let variable = || sources.environment.as_deref().map(|url| (url, "DOCKER_CONTENT_TRUST_SERVER".to_owned()));
    let file = || notary.map(|(url, path)| (url.as_str(), format!("remote_server.url in {}", path.display())));
    flag.or_else(variable).or_else(file)
}

fn choose(sources: &ServerSources, gun: Option<&Gun>) -> Result<(String, String), EngineError> {
    let configured = gun.filter(|_| sources.flag.is_none()).and_then(|gun| configured(sources, gun));
    if let Some((pattern, url)) = configured {
        return Ok((url.clone(), format!("trustdeck's configuration for {pattern}")));
    }
    if let Some((url, why)) = named_for_all(sources) {
        return Ok((url.to_owned(), why));
    }
    match gun.map(|gun| (gun, gun.host())) {
        None | Some((_, Some("docker.io" | "index.docker.io"))) => Ok((DOCKER_HUB.to_owned(), "Docker Hub".to_owned())),
        Some((_, Some(host))) => Ok((format!("https://{host}"), "the registry's host, because none is set".to_owned())),
        Some((gun, None)) => Err(EngineError::Input {
            message: format!("{gun} names no registry, so its trust server is not known"),
            hint: "name the server with --server or DOCKER_CONTENT_TRUST_SERVER".to_owned(),
        }),
    }
}

/// The configuration's entry for a repository: its own, else the longest prefix.
fn configured<'a>(sources: &'a ServerSources, gun: &Gun) -> Option<(&'a String, &'a String)> {
    let exact = sources.by_repository.get_key_value(gun.as_str());
    let fits = |(pattern, _): &(&String, &String)| {
        pattern.strip_suffix('*').is_some_and(|prefix| gun.as_str().starts_with(prefix))
    };
    exact.or_else(|| sources.by_repository.iter().filter(fits).max_by_key(|(pattern, _)| pattern.len()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
