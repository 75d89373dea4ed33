//! The engine on a user's machine, used as screens and commands use it.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trustdeck::engine::plan::NeededKey;
use trustdeck::engine::publish::job::Approval;
use trustdeck::engine::settings::ServerSources;
use trustdeck::engine::{Change, Engine, EngineError, Passphrase, Plan, Progress, Published, Settings, SignedTarget};
use trustdeck::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, Role, SignerName, TargetName};

use super::home::{REPOSITORY_PASSPHRASE, ROOT_PASSPHRASE, digest};
use super::{Home, NotaryServer, new_passphrase};

/// A home with an engine on its trust directory.
pub struct Machine {
    pub home: Home,
    pub engine: Engine,
}

impl Machine {
    pub fn new(server: &NotaryServer) -> Self {
        Self::of(Home::new(server), &server.url)
    }

    /// An engine in `home` that asks the server at `url`.
    pub fn of(home: Home, url: &str) -> Self {
        let engine = open(&home, url);
        Self { home, engine }
    }

    /// Another process on the same machine, such as after a crash.
    pub fn another(&self, url: &str) -> Engine {
        open(&self.home, url)
    }

    /// The public key of `docker trust key generate`, whose private half is in this machine's store.
    pub fn key(&self, name: &str) -> PublicKey {
        let file = std::fs::read(self.home.generate_key(name)).unwrap();
        PublicKey::from_file(&file, self.engine.now()).unwrap()
    }

    #[track_caller]
    pub fn stage(&self, gun: &str, changes: impl IntoIterator<Item = Change>) {
        let gun = Gun::parse(gun).unwrap();
        self.engine.stage().stage(changes.into_iter().map(|change| (gun.clone(), change)).collect()).unwrap();
    }

    /// Opens every key that a plan needs.
    pub fn unlock(&self, plan: &Plan) {
        for key in plan.repositories.iter().flat_map(|p| &p.keys) {
            match key {
                NeededKey::Unlock { id, role, .. } => {
                    let text = if role == "root" { ROOT_PASSPHRASE } else { REPOSITORY_PASSPHRASE };
                    self.engine.keyring().unlock(id, &Passphrase::from_text(text)).unwrap();
                }
                NeededKey::New { role } => {
                    let text = if *role == Role::Root { ROOT_PASSPHRASE } else { REPOSITORY_PASSPHRASE };
                    self.engine.keyring().choose_passphrase(role, new_passphrase(text));
                }
            }
        }
    }

    /// Publishes all that is staged, dangers refused.
    pub async fn publish(&self) -> Result<Vec<Published>, EngineError> {
        self.publish_plan(&self.engine.stage().plan(None).unwrap(), false).await
    }

    /// Publishes a plan as it was reviewed.
    pub async fn publish_plan(&self, plan: &Plan, accept: bool) -> Result<Vec<Published>, EngineError> {
        self.unlock(plan);
        let repositories: Vec<Gun> = plan.repositories.iter().map(|p| p.gun.clone()).collect();
        let accepted = if accept { repositories.clone() } else { Vec::new() };
        let approval = Approval { plan: plan.id.clone(), repositories, accepted };
        let (send, mut receive) = mpsc::channel::<Progress>(64);
        let drain = tokio::spawn(async move { while receive.recv().await.is_some() {} });
        let result = self.engine.publisher().publish(approval, send, CancellationToken::new()).await;
        drain.await.unwrap();
        result
    }
}

fn open(home: &Home, url: &str) -> Engine {
    Engine::open(settings_of(home.path(), &home.trust_dir(), url), Arc::new(jiff::Timestamp::now)).unwrap()
}

/// Settings that name a trust directory and a server and stay within `home`.
pub fn settings_of(home: &Path, trust_dir: &Path, url: &str) -> Settings {
    Settings {
        trust_dir: trust_dir.to_owned(),
        state_dir: home.join(".local/state/trustdeck"),
        config_file: home.join(".config/trustdeck/config.toml"),
        docker_config: home.join(".docker"),
        servers: ServerSources { flag: Some(url.to_owned()), ..ServerSources::default() },
        insecure_http: url.starts_with("http:"),
        ..Settings::below(home)
    }
}

pub fn add_signer(name: &str, keys: &[PublicKey]) -> Change {
    Change::AddSigner { name: SignerName::parse(name).unwrap(), keys: keys.to_vec() }
}

pub fn remove_signer(name: &str) -> Change {
    Change::RemoveSigner { name: SignerName::parse(name).unwrap() }
}

/// Signs a tag whose digest is that of its name.
pub fn sign(tag: &str) -> Change {
    sign_into(tag, &[])
}

pub fn sign_into(tag: &str, roles: &[&str]) -> Change {
    let target = SignedTarget { length: 1234, sha256: digest(tag), sha512: None, custom: None, from_registry: false };
    Change::Sign { tag: TargetName::parse(tag).unwrap(), target, roles: roles.iter().map(|r| role(r)).collect() }
}

pub fn revoke(tag: &str) -> Change {
    Change::Revoke { tag: TargetName::parse(tag).unwrap(), roles: Vec::new() }
}

pub fn witness(name: &str) -> Change {
    Change::Witness { role: role(name) }
}

pub fn delegation(name: &str) -> DelegationName {
    DelegationName::parse(name).unwrap()
}

pub fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

pub fn canonical(key: &PublicKey) -> CanonicalKeyId {
    key.canonical_id().clone()
}
