//! Which registry holds a repository's images, and the one kept client for it.
//!
//! Source: docs/notary-v1.md section 14.1; Docker's documentation of `daemon.json` and `certs.d`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::certificates;
use super::part::setup;
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::engine::settings::{RegistrySources, Settings};
use crate::remote::auth::DOCKER_HUB;
use crate::remote::registry::{HUB, RepositoryPath};
use crate::remote::{CredentialSource, Endpoint, Proxies, Registry, Remarks, RemoteError};
use crate::tuf::Gun;

/// A client once it is known how its registry is spoken to.
type ClientSlot = Arc<tokio::sync::Mutex<Option<Registry>>>;

/// Kept clients, by the host in images' names.
#[derive(Default)]
pub(in crate::engine) struct Registries {
    slots: Mutex<HashMap<String, ClientSlot>>,
}

/// The part of Docker's `daemon.json` that concerns registries.
#[derive(Deserialize, Default)]
struct Daemon {
    #[serde(default, rename = "insecure-registries")]
    insecure: Vec<String>,
}

impl Registries {
    /// Forgets all clients, with their tokens.
    pub(in crate::engine) fn clear(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The client for a repository's registry, and the repository's path there.
    ///
    /// # Errors
    /// `Input` for a name without a registry, `Remote`.
    pub(in crate::engine) async fn client(
        &self,
        settings: &Settings,
        credentials: Arc<dyn CredentialSource>,
        proxies: &Result<Proxies, RemoteError>,
        remarks: &Remarks,
        gun: &Gun,
    ) -> Result<(Registry, RepositoryPath), EngineError> {
        let remote = |source| EngineError::Remote { gun: Some(gun.clone()), source };
        let Some(host) = gun.host() else {
            let message = format!("{gun} names no registry, so that nothing is known of its images");
            return Err(EngineError::Input { message, hint: "name the image as HOST/PATH".to_owned() });
        };
        if settings.offline {
            return Err(remote(RemoteError::Offline { host: host.to_owned() }));
        }
        let path = RepositoryPath::of(gun).map_err(remote)?;
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(host.to_owned()).or_default())
        };
        // Held while the client is made, so that whoever asks the same registry waits for one client.
        let mut kept = slot.lock().await;
        if let Some(client) = kept.as_ref() {
            return Ok((client.clone(), path));
        }
        let client = open(settings, credentials, proxies.clone(), remarks.clone(), host).await.map_err(remote)?;
        Ok((kept.insert(client).clone(), path))
    }
}

/// Makes a client; where plain http is allowed, finds out which of both the registry speaks.
async fn open(
    settings: &Settings,
    credentials: Arc<dyn CredentialSource>,
    proxies: Result<Proxies, RemoteError>,
    remarks: Remarks,
    host: &str,
) -> Result<Registry, RemoteError> {
    let addresses = addresses(&settings.servers.registries, host)?;
    let (settings, name) = (settings.clone(), host.to_owned());
    let make = move || {
        let client = |endpoint: Endpoint| {
            let tls = certificates::registry_material(&settings, &endpoint, &name, &remarks)?;
            let setup = setup(&settings, proxies.clone()?, tls, "the image's name".to_owned(), remarks.clone());
            let login = if is_hub(&name) { DOCKER_HUB } else { &name };
            Registry::new(endpoint, login, &setup, Arc::clone(&credentials))
        };
        addresses.into_iter().map(client).collect::<Result<Vec<_>, _>>()
    };
    // The task ends early only when the runtime does.
    let clients = tokio::task::spawn_blocking(make).await.unwrap_or(Err(RemoteError::Cancelled))?;
    match clients.as_slice() {
        [only] => Ok(only.clone()),
        [encrypted, plain, ..] => match encrypted.ping().await {
            Ok(()) => Ok(encrypted.clone()),
            // What went wrong over TLS is what to tell, unless the registry answers without it.
            Err(error @ (RemoteError::Tls { .. } | RemoteError::Network { .. })) => {
                plain.ping().await.map(|()| plain.clone()).map_err(|_| error)
            }
            Err(error) => Err(error),
        },
        [] => Err(RemoteError::Setting(format!("{host} has no address"))),
    }
}

fn is_hub(host: &str) -> bool {
    matches!(host, "docker.io" | "index.docker.io")
}

/// Where a registry may be, in the order of trying: encrypted first.
fn addresses(sources: &RegistrySources, host: &str) -> Result<Vec<Endpoint>, RemoteError> {
    if let Some(url) = sources.addresses.get(host) {
        // Whoever writes http:// into trustdeck's own configuration names the registry insecure.
        return Ok(vec![Endpoint::parse_registry(url, true)?]);
    }
    if is_hub(host) {
        return Ok(vec![Endpoint::parse_registry(HUB, false)?]);
    }
    let encrypted = Endpoint::parse_registry(&format!("https://{host}"), false)?;
    let plain_allowed = encrypted.is_loopback() || is_insecure(sources, host)?;
    let plain = plain_allowed.then(|| Endpoint::parse_registry(&format!("http://{host}"), true)).transpose()?;
    Ok(std::iter::once(encrypted).chain(plain).collect())
}

/// Whether Docker's daemon or trustdeck's configuration names a registry insecure.
fn is_insecure(sources: &RegistrySources, host: &str) -> Result<bool, RemoteError> {
    let mut named = sources.insecure.clone();
    for file in &sources.daemon_files {
        named.extend(load(file)?.insecure);
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
    Ok(named.iter().any(|entry| {
        let entry = entry.trim_start_matches("http://").trim_start_matches("https://");
        entry == host || address.is_some_and(|address| is_within(address, entry))
    }))
}

/// Whether an address is in a network such as `10.0.0.0/8`.
fn is_within(address: IpAddr, network: &str) -> bool {
    let Some((base, length)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let ((left, width), (right, other)) = (bits(address), bits(base));
    let same = |length: u32| (left ^ right).checked_shr(128 - length).unwrap_or(0) == 0;
    width == other && length <= width && same(length)
}

fn load(file: &Path) -> Result<Daemon, RemoteError> {
    let named = |what: String| RemoteError::Setting(format!("{}: {what}", file.display()));
    match read::read_kept(file, read::CONFIGURATION) {
        Ok(None) => Ok(Daemon::default()),
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).map_err(|error| {
            named(format!("line {}, column {} is not as Docker's daemon reads it", error.line(), error.column()))
        }),
        Err(error) => Err(named(error.to_string())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bases(sources: &RegistrySources, host: &str) -> Vec<String> {
        addresses(sources, host).unwrap().iter().map(|endpoint| endpoint.base().to_owned()).collect()
    }

    #[test]
    fn http_is_tried_only_where_it_is_allowed_and_last() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("daemon.json");
        std::fs::write(&file, r#"{"insecure-registries":["old.test:5000","10.0.0.0/8"],"debug":true}"#).unwrap();
        let mut sources = RegistrySources { daemon_files: vec![file.clone()], ..RegistrySources::default() };
        sources.addresses.insert("named.test".to_owned(), "http://named.test:81".to_owned());
        sources.insecure.insert("own.test".to_owned());
        let both = |host: &str| vec![format!("https://{host}"), format!("http://{host}")];
        for host in ["localhost:5000", "127.0.0.1", "old.test:5000", "10.1.2.3:5000", "own.test"] {
            assert_eq!(bases(&sources, host), both(host));
        }
        for host in ["old.test", "11.1.2.3", "registry.test", "own.test:81"] {
            assert_eq!(bases(&sources, host), [format!("https://{host}")]);
        }
        assert_eq!(bases(&sources, "named.test"), ["http://named.test:81"]);
        assert_eq!(bases(&sources, "docker.io"), [HUB]);
        std::fs::write(&file, "{").unwrap();
        assert!(matches!(addresses(&sources, "registry.test"), Err(RemoteError::Setting(_))));
    }

    #[test]
    fn networks_hold_their_addresses() {
        let within = |address: &str, network: &str| is_within(address.parse().unwrap(), network);
        assert!(within("10.255.0.1", "10.0.0.0/8") && within("1.2.3.4", "0.0.0.0/0") && within("fd00::1", "fd00::/8"));
        assert!(!within("11.0.0.1", "10.0.0.0/8") && !within("10.0.0.1", "fd00::/8") && !within("::1", "::/129"));
    }
}
