//! Which trust server a repository has, and the one kept client for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::certificates;
use super::credentials::{Asker, Credentials, Login};
use super::registries::Registries;
use super::spoken;
use crate::engine::context::Context;
use crate::engine::error::EngineError;
use crate::engine::settings::{ServerSources, Settings};
use crate::remote::RemoteError;
use crate::remote::auth::named_registry;
use crate::remote::registry::RepositoryPath;
use crate::remote::{
    Access, Credential, CredentialSource, Endpoint, Limits, NotaryServer, Proxies, Registry, Remark, Remarks, Route,
    Setup, TlsMaterial, WantedFile,
};
use crate::tuf::{Gun, Role};

pub(in crate::engine) const DOCKER_HUB: &str = "https://notary.docker.io";

/// Most bytes that are read of a server's first answer.
const GREETING: u64 = 1 << 20;

/// Kept clients, one for each address, and the logins that they share.
pub(in crate::engine) struct Connections {
    clients: tokio::sync::Mutex<HashMap<Endpoint, NotaryServer>>,
    credentials: Arc<Credentials>,
    registries: Registries,
    /// Read once: what they refused is remembered.
    proxies: Result<Proxies, RemoteError>,
    remarks: Remarks,
}

impl Connections {
    /// Nothing is asked or sent.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let named = named_for_all(&settings.servers);
        let named = named.and_then(|(url, _)| Endpoint::parse(url, settings.insecure_http).ok());
        let (clients, remarks) = (tokio::sync::Mutex::default(), Remarks::default());
        let named = named.map(|endpoint| endpoint.base().to_owned());
        let credentials = Credentials::open(settings, named, remarks.clone())?;
        let (credentials, proxies) = (Arc::new(credentials), proxies(settings));
        Ok(Self { clients, credentials, registries: Registries::default(), proxies, remarks })
    }
}

/// Which server a repository has, and the kept clients. All clones are one.
#[derive(Clone)]
pub struct Servers {
    pub(in crate::engine) context: Context,
    connections: Arc<Connections>,
}

impl Servers {
    pub(in crate::engine) fn open(context: &Context) -> Result<Self, EngineError> {
        Ok(Self { context: context.clone(), connections: Arc::new(Connections::open(context.settings())?) })
    }
}

/// For the rest of the engine.
impl Servers {
    /// The base URL of a repository's server (no trailing slash) and why that one. Never asks the network.
    ///
    /// # Errors
    /// `Input`, `Remote(Setting)`.
    pub(in crate::engine) fn server_address(&self, gun: &Gun) -> Result<(String, String), EngineError> {
        let (endpoint, why) = endpoint_of(self.context.settings(), Some(gun))?;
        Ok((endpoint.base().to_owned(), why))
    }

    /// Refuses where nothing may be staged and published.
    ///
    /// # Errors
    /// `Policy`; as [`Servers::server_address`].
    pub(in crate::engine) fn check_writable(&self, gun: &Gun) -> Result<(), EngineError> {
        let read_only = &self.context.settings().read_only;
        self.context.check_writable()?;
        if read_only.servers.is_empty() {
            return Ok(());
        }
        let (server, _) = self.server_address(gun)?;
        if read_only.covers(&server) { Err(EngineError::read_only(Some(gun))) } else { Ok(()) }
    }

    /// The client for a repository's server, made on first use.
    ///
    /// # Errors
    /// `Input`, `Remote`.
    pub(in crate::engine) async fn server(&self, gun: &Gun) -> Result<NotaryServer, EngineError> {
        let (endpoint, chosen) = endpoint_of(self.context.settings(), Some(gun))?;
        self.client(gun, endpoint, chosen).await
    }

    /// The client for an address, made on first use; `chosen` says what named it.
    ///
    /// # Errors
    /// `Remote`.
    pub(in crate::engine) async fn client(
        &self,
        gun: &Gun,
        endpoint: Endpoint,
        chosen: String,
    ) -> Result<NotaryServer, EngineError> {
        let settings = self.context.settings();
        if settings.offline {
            let source = RemoteError::Offline { host: endpoint.host().to_owned() };
            return Err(EngineError::Remote { gun: Some(gun.clone()), source });
        }
        // Held while a client is made, so that repositories on one server wait for one client instead of making many.
        let mut clients = self.connections.clients.lock().await;
        if let Some(client) = clients.get(&endpoint).filter(|client| !client.is_distrusted()) {
            return Ok(client.clone());
        }
        let (settings, credentials) = (settings.clone(), Arc::clone(&self.connections.credentials));
        let Connections { proxies, remarks, .. } = &*self.connections;
        let (proxies, remarks) = (proxies.clone(), remarks.clone());
        let making = tokio::task::spawn_blocking(move || {
            let material = certificates::material(&settings, &endpoint, &remarks)?;
            let setup = Setup {
                speaks_http2: spoken::speaks_http2(&settings.state_dir, &endpoint),
                learned: Some(spoken::learned(&settings.state_dir, &endpoint)),
                ..setup(&settings, proxies?, material, chosen, remarks)
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

    /// The client for a repository's registry, made on first use, and the repository's path there.
    ///
    /// # Errors
    /// `Input` for a name without a registry, `Remote`.
    pub(in crate::engine) async fn registry(&self, gun: &Gun) -> Result<(Registry, RepositoryPath), EngineError> {
        let credentials = Arc::clone(&self.connections.credentials);
        let Connections { registries, proxies, remarks, .. } = &*self.connections;
        registries.client(self.context.settings(), credentials, proxies, remarks, gun).await
    }

    /// Wraps a remote error for a repository.
    pub(in crate::engine) fn remote(gun: &Gun) -> impl FnOnce(RemoteError) -> EngineError {
        let gun = gun.clone();
        move |source| EngineError::Remote { gun: Some(gun), source }
    }
}

impl Servers {
    /// Remembers that credentials may go to this token realm.
    ///
    /// # Errors
    /// `Disk`, `State`, `Input` for a text that is no host name.
    pub fn accept_realm(&self, host: &str) -> Result<(), EngineError> {
        self.connections.credentials.accept_realm(host)
    }

    /// Asks whether a trust server answers at an address that nobody uses yet; offline, nobody is asked.
    ///
    /// # Errors
    /// `Remote`: nobody answers, or something else.
    pub async fn greet(&self, url: &str) -> Result<(), EngineError> {
        if self.context.settings().offline {
            return Ok(());
        }
        let of_nothing = |source| EngineError::Remote { gun: None, source };
        let endpoint = Endpoint::parse(url, self.context.settings().insecure_http).map_err(of_nothing)?;
        // Of a repository that there is not: only whether the answer is a trust server's counts.
        let gun = Gun::parse("trustdeck/greeting")?;
        let server = self.client(&gun, endpoint, "what was typed".to_owned()).await?;
        let (wanted, stop) = (WantedFile::Current(Role::Root), CancellationToken::new());
        match server.fetch(&gun, &wanted, GREETING, Access::Pull, &stop).await {
            Ok(_)
            | Err(
                RemoteError::NotFound { .. }
                | RemoteError::Unauthorized { .. }
                | RemoteError::RealmConsent { .. }
                | RemoteError::Helper { .. }
                | RemoteError::Forbidden { .. },
            ) => Ok(()),
            Err(source) => Err(of_nothing(source)),
        }
    }

    /// The address that is named for all repositories, if one is.
    #[must_use]
    pub fn named_for_all(&self) -> Option<String> {
        let sources = &self.context.settings().servers;
        let configured = || sources.by_repository.get("*").cloned();
        sources.flag.clone().or_else(configured).or_else(|| named_for_all(sources).map(|(url, _)| url.to_owned()))
    }

    /// A login for a registry host, for this process only. Tokens that another one has got are not used any more.
    pub async fn log_in(&self, registry: &str, login: Login) {
        self.connections.credentials.log_in(registry, login);
        self.connections.clients.lock().await.clear();
        self.connections.registries.clear();
    }

    /// The user who is logged in to a repository's registry, if Docker's configuration names one.
    ///
    /// # Errors
    /// `Remote` if the login cannot be looked up.
    pub async fn user(&self, gun: &Gun) -> Result<Option<String>, EngineError> {
        let (endpoint, _) = endpoint_of(self.context.settings(), Some(gun))?;
        let registry = named_registry(gun).unwrap_or(endpoint.host());
        let found = self.connections.credentials.find(endpoint.host(), registry).await;
        let found = found.map_err(Self::remote(gun))?;
        Ok(found.as_ref().and_then(Credential::password).map(|(user, _)| user.to_owned()))
    }

    /// Asks a person where a server wants a login and nobody has one: `asker` gets the registry and why the login could
    /// not be looked up, gives user name and password, and may block.
    pub fn ask_logins_with(&self, asker: Arc<Asker>) {
        self.connections.credentials.ask_with(asker);
    }

    /// What happens on the way from now on: waits, helpers that do not work, and what cannot be kept.
    #[must_use]
    pub fn remarks(&self) -> tokio::sync::broadcast::Receiver<Remark> {
        self.connections.remarks.listen()
    }

    /// Tells that a file of the state directory was moved aside, because it could not be read.
    pub(in crate::engine) fn say_aside(&self, (damaged, aside): &(EngineError, PathBuf)) {
        let (why, aside) = (damaged.to_string(), aside.display().to_string());
        self.connections.remarks.say_once(Remark::Aside { why, aside });
    }

    /// Tells once that something holds for this run only, because it cannot be written down.
    pub(in crate::engine) fn say_unkept(&self, error: &EngineError) {
        let remark = Remark::Unkept { why: error.to_string(), mend: error.hint() };
        self.connections.remarks.say_once(remark);
    }
}

/// How a server is spoken to.
pub(super) fn setup(
    settings: &Settings,
    proxies: Proxies,
    tls: TlsMaterial,
    chosen: String,
    remarks: Remarks,
) -> Setup {
    let limits = settings.servers.timeout.map_or_else(Limits::default, Limits::with_timeout);
    let parallel = settings.servers.parallel_requests;
    Setup { tls, limits, proxies, parallel, chosen, remarks, ..Setup::default() }
}

/// The proxies that the variables of this process name.
fn proxies(settings: &Settings) -> Result<Proxies, RemoteError> {
    let variables = &settings.helper_environment;
    Proxies::read(|name| variables.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.to_str()))
}

/// How a server is reached, in words for the status; `None` where no proxy is set.
pub(in crate::engine) fn way(settings: &Settings, endpoint: &Endpoint) -> Option<String> {
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
pub(in crate::engine) fn endpoint_of(
    settings: &Settings,
    gun: Option<&Gun>,
) -> Result<(Endpoint, String), EngineError> {
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
    let flag = sources.flag.as_deref().map(|url| (url, "--server".to_owned()));
    let variable = || sources.environment.as_deref().map(|url| (url, "DOCKER_CONTENT_TRUST_SERVER".to_owned()));
    let file = || {
        let (url, path) = sources.notary.as_ref()?;
        Some((url.as_str(), format!("remote_server.url in {}", path.display())))
    };
    flag.or_else(variable).or_else(file)
}

pub(in crate::engine) fn choose(sources: &ServerSources, gun: Option<&Gun>) -> Result<(String, String), EngineError> {
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
pub(in crate::engine) fn configured<'a>(sources: &'a ServerSources, gun: &Gun) -> Option<(&'a String, &'a String)> {
    let exact = sources.by_repository.get_key_value(gun.as_str());
    let fits = |(pattern, _): &(&String, &String)| {
        pattern.strip_suffix('*').is_some_and(|prefix| gun.as_str().starts_with(prefix))
    };
    exact.or_else(|| sources.by_repository.iter().filter(fits).max_by_key(|(pattern, _)| pattern.len()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
