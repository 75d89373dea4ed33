//! The registry client against a real registry and against registries that lie.

mod lying;
pub(crate) mod real;
use crate::remote::scripted;
use crate::support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use trustdeck::remote::RemoteError;
use trustdeck::remote::auth::FindCredential;
use trustdeck::remote::authorities::Authorities;
use trustdeck::remote::registry::{Digest, Expected, Reference, RepositoryPath, Tag};
use trustdeck::remote::{Credential, CredentialSource, Endpoint, Limits, NoRegistry, Registry, Setup, TlsMaterial};
use zeroize::Zeroizing;

use crate::remote::SHORT;

const APP: &str = "team/app";

/// One login for everybody, or none.
#[derive(Default)]
struct Logins {
    login: Option<(String, String)>,
    realms: BTreeSet<String>,
    asked: Mutex<Vec<String>>,
}

impl Logins {
    fn eve() -> Self {
        use support::docker_registry::{PASSWORD, USER};
        Self { login: Some((USER.to_owned(), PASSWORD.to_owned())), ..Self::default() }
    }
}

impl CredentialSource for Logins {
    fn find<'a>(&'a self, _server: &'a str, registry: &'a str) -> FindCredential<'a> {
        self.asked.lock().unwrap().push(registry.to_owned());
        let password = |(user, password)| Credential::Password { user, password: Zeroizing::<String>::new(password) };
        let found = self.login.clone().map(password);
        Box::pin(async move { Ok(found) })
    }

    fn allows_realm(&self, _server: &str, realm: &str) -> bool {
        self.realms.contains(realm)
    }
}

fn client_of(url: &str, limits: Limits, ca: Option<&Path>, logins: Logins) -> Registry {
    let authorities = ca.map(|ca| Authorities::read(&std::fs::read(ca).unwrap()).unwrap().usable).unwrap_or_default();
    let tls = TlsMaterial { authorities, ..TlsMaterial::default() };
    let endpoint = Endpoint::parse_registry(url, false).unwrap();
    let setup = Setup { tls, limits, ..Setup::default() };
    Registry::new(endpoint, "registry.example.test", &setup, Arc::new(logins)).unwrap()
}

fn path(text: &str) -> RepositoryPath {
    RepositoryPath::parse(text).unwrap()
}

fn tag(text: &str) -> Reference {
    Reference::Tag(Tag::parse(text).unwrap())
}

fn by_digest(text: &str) -> Reference {
    Reference::Digest(digest(text))
}

fn digest(text: &str) -> Digest {
    Digest::try_from(text).unwrap()
}

fn expected(text: &str, size: Option<usize>) -> Expected {
    Expected { digest: digest(text), size: size.map(|size| size as u64), limit: 1 << 30 }
}

/// All pieces that were handed over, and how that ended.
async fn read_blob(registry: &Registry, expected: Expected) -> (Vec<u8>, Result<(), RemoteError>) {
    let mut bytes = Vec::new();
    let mut blob = match registry.blob(&path(APP), expected).await {
        Ok(blob) => blob,
        Err(error) => return (bytes, Err(error)),
    };
    loop {
        match blob.piece().await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Ok(None) => return (bytes, Ok(())),
            Err(error) => return (bytes, Err(error)),
        }
    }
}
