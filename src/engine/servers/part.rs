//! Which trust server a repository has, and the one kept client for it.

use super::certificates;
use std::collections::HashMap;
use std::sync::Arc;

use super::credentials::Credentials;
use super::registries::Registries;
use crate::engine::context::Context;
use crate::engine::settings::ServerSources;
use crate::engine::{EngineError, Settings};
use crate::remote::registry::RepositoryPath;
use crate::remote::{Endpoint, Limits, NotaryServer, Registry, RemoteError};
use crate::tuf::Gun;

pub(in crate::engine) const DOCKER_HUB: &str = "https://notary.docker.io";

/// Kept clients, one for each address, and the logins that they share.
pub(in crate::engine) struct Connections {
    clients: tokio::sync::Mutex<HashMap<Endpoint, NotaryServer>>,
    credentials: Arc<Credentials>,
    registries: Registries,
}

impl Connections {
    /// Nothing is asked or sent.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let credentials = Arc::new(Credentials::open(settings)?);
        Ok(Self { clients: tokio::sync::Mutex::default(), credentials, registries: Registries::default() })
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

    /// The client for a repository's server, made on first use.
    ///
    /// # Errors
    /// `Input`, `Remote`.
    pub(in crate::engine) async fn server(&self, gun: &Gun) -> Result<NotaryServer, EngineError> {
        let settings = self.context.settings();
        let (endpoint, _) = endpoint_of(settings, Some(gun))?;
        if settings.offline {
            let why = "only the cache is used (--offline)".to_owned();
            let source = RemoteError::Network { host: endpoint.host().to_owned(), why };
            return Err(EngineError::Remote { gun: Some(gun.clone()), source });
        }
        // Held while a client is made, so that repositories on one server wait for one client instead of making many.
        let mut clients = self.connections.clients.lock().await;
        if let Some(client) = clients.get(&endpoint).filter(|client| !client.is_distrusted()) {
            return Ok(client.clone());
        }
        let (settings, credentials) = (settings.clone(), Arc::clone(&self.connections.credentials));
        let making = tokio::task::spawn_blocking(move || {
            let tls = certificates::material(&settings, &endpoint)?;
            let client = NotaryServer::new(endpoint.clone(), &tls, Limits::default(), credentials)?;
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
        self.connections.registries.client(self.context.settings(), credentials, gun).await
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

    /// Credentials for a registry host, for this process only.
    pub fn log_in(&self, host: &str, user: &str, password: crate::keys::Passphrase) {
        self.connections.credentials.log_in(host, user, &password);
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

pub(in crate::engine) fn choose(sources: &ServerSources, gun: Option<&Gun>) -> Result<(String, String), EngineError> {
    let because = |url: &String, why: &str| Ok((url.clone(), why.to_owned()));
    if let Some(url) = &sources.flag {
        return because(url, "--server");
    }
    if let Some((pattern, url)) = gun.and_then(|gun| configured(sources, gun)) {
        return Ok((url.clone(), format!("trustdeck's configuration for {pattern}")));
    }
    if let Some(url) = &sources.environment {
        return because(url, "DOCKER_CONTENT_TRUST_SERVER");
    }
    if let Some((url, path)) = &sources.notary {
        return Ok((url.clone(), format!("remote_server.url in {}", path.display())));
    }
    match gun.map(|gun| (gun, gun.host())) {
        None | Some((_, Some("docker.io" | "index.docker.io"))) => because(&DOCKER_HUB.to_owned(), "Docker Hub"),
        Some((_, Some(host))) => Ok((format!("https://{host}"), "the registry's host".to_owned())),
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
