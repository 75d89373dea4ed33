//! HTTP against servers that misbehave, log in, or are real; settings and names from what users write.

mod again;
mod certificates;
mod engine;
mod faults;
mod login;
mod proxies;
mod real;
mod reference;
pub(crate) mod scripted;
mod settings;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trustdeck::remote::auth::FindCredential;
use trustdeck::remote::{
    Access, Credential, CredentialSource, Endpoint, Limits, NotaryServer, Overdue, Received, Setup, TlsFault,
    TlsMaterial, WantedFile,
};
use trustdeck::remote::{RemoteError, Stranger, Unconfirmed};
use trustdeck::tuf::{Gun, Role};
use zeroize::Zeroizing;

/// Deadlines that tests can wait for.
pub(crate) const SHORT: Limits = Limits {
    connect: Duration::from_secs(10),
    first_byte: Duration::from_millis(400),
    stall: Duration::from_millis(400),
    total: Duration::from_millis(1500),
    pause: Duration::from_millis(1),
    longest_pause: Duration::from_secs(2),
};

/// Logins of a test.
#[derive(Default)]
struct Logins {
    passwords: BTreeMap<String, (String, String)>,
    identity: Option<String>,
    realms: BTreeSet<String>,
    asked: Mutex<Vec<String>>,
}

impl Logins {
    fn password(registry: &str, user: &str, password: &str) -> Self {
        let passwords = BTreeMap::from([(registry.to_owned(), (user.to_owned(), password.to_owned()))]);
        Self { passwords, ..Self::default() }
    }
}

impl CredentialSource for Logins {
    fn find<'a>(&'a self, _server: &'a str, registry: &'a str) -> FindCredential<'a> {
        self.asked.lock().unwrap().push(registry.to_owned());
        let password = |(user, password): &(String, String)| Credential::Password {
            user: user.clone(),
            password: Zeroizing::new(password.clone()),
        };
        let identity = self.identity.clone().map(|token| Credential::token(Zeroizing::new(token)));
        let found = identity.or_else(|| self.passwords.get(registry).map(password));
        Box::pin(async move { Ok(found) })
    }

    fn allows_realm(&self, _server: &str, realm: &str) -> bool {
        self.realms.contains(realm)
    }
}

fn gun(name: &str) -> Gun {
    Gun::parse(name).unwrap()
}

fn client_with(url: &str, limits: Limits, logins: Arc<Logins>) -> NotaryServer {
    client_of(url, limits, logins)
}

fn client_of(url: &str, limits: Limits, logins: Arc<dyn CredentialSource>) -> NotaryServer {
    let endpoint = Endpoint::parse(url, true).unwrap();
    let setup = Setup { limits, chosen: "a test".to_owned(), ..Setup::default() };
    NotaryServer::new(endpoint, setup, logins).unwrap()
}

/// The authorities in a file.
fn authorities(file: &std::path::Path) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    trustdeck::remote::authorities::Authorities::read(&std::fs::read(file).unwrap()).unwrap().usable
}

/// What a trust server says of a file that it does not have.
pub(crate) const ABSENT: &str = r#"{"errors":[{"code":"METADATA_NOT_FOUND","message":"no data","detail":null}]}"#;

/// What passes for a file before it is read.
const FILE: &str = r#"{"signed":{},"signatures":[]}"#;

fn client(url: &str) -> NotaryServer {
    client_with(url, SHORT, Arc::default())
}

/// Fetches the timestamp of `registry.test/team/app`, of at most 1000 bytes.
async fn fetch(client: &NotaryServer) -> Result<Received, RemoteError> {
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Timestamp));
    client.fetch(&gun("registry.test/team/app"), &wanted, 1000, Access::Pull, &stop).await
}

/// Uploads; what may have arrived is left out.
async fn upload(client: &NotaryServer, gun: &Gun, files: &[(Role, Vec<u8>)]) -> Result<(), RemoteError> {
    client.publish(gun, files).await.map_err(|failed| failed.error)
}
