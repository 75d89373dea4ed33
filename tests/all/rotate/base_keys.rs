//! New keys for root, targets, snapshot and timestamp.

use serde_json::Value;
use trustdeck::engine::plan::Weight;
use trustdeck::engine::{Change, NewKeys, PublishOutcome, Published, RepositoryPlan};
use trustdeck::keys::{KeyStore, PrivateKey, root_certificate};
use trustdeck::tuf::{Algorithm, Gun, PublicKey};

use super::support::home::{REPOSITORY_PASSPHRASE, ROOT_PASSPHRASE};
use super::support::machine::{Machine, add_signer, role, sign, sign_into, witness};
use super::support::{Home, NotaryServer, new_passphrase};

const GUN: &str = "registry.example.test/team/app";

fn gun() -> Gun {
    Gun::parse(GUN).unwrap()
}

/// A repository with signer alice and tag 1.0.
async fn signed(server: &NotaryServer) -> Machine {
    let machine = Machine::new(server);
    let alice = machine.key("alice");
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [add_signer("alice", &[alice]), sign("1.0"), sign_into("admin", &["targets"])]);
    publish(&machine).await;
    machine
}

/// Publishes what is staged, all of it with success; returns the plan and the result.
async fn publish(machine: &Machine) -> (RepositoryPlan, Published) {
    let plan = machine.engine.stage().plan(None).unwrap();
    let results = machine.publish_plan(&plan, false).await.unwrap();
    let [one] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(one.outcome, PublishOutcome::Done, "{one:?}");
    (plan.repositories[0].clone(), one.clone())
}

/// A key in the store of a machine.
fn new_key(machine: &Machine, name: &str, algorithm: Algorithm) -> PublicKey {
    let key = PrivateKey::generate(&algorithm).unwrap();
    let text = if name == "root" { ROOT_PASSPHRASE } else { REPOSITORY_PASSPHRASE };
    let store = KeyStore::new(&machine.home.trust_dir());
    store.save(&key, name, Some(&gun()), &new_passphrase(text)).unwrap();
    key.public().clone()
}

fn rotate(name: &str, key: PublicKey) -> Change {
    Change::RotateKeys { role: role(name), keys: NewKeys::Here(vec![key]), legacy: Vec::new() }
}

fn to_server(name: &str) -> Change {
    Change::RotateKeys { role: role(name), keys: NewKeys::Server, legacy: Vec::new() }
}

/// Root as the server has it, read by a new client.
fn root(server: &NotaryServer) -> Value {
    let home = Home::new(server);
    home.docker(&["inspect", GUN]).ok();
    serde_json::from_slice(&std::fs::read(home.metadata(GUN).join("root.json")).unwrap()).unwrap()
}

/// Clients that know the repository from before, and new ones, see the tags and can publish.
struct Readers<'a> {
    server: &'a NotaryServer,
    before: Home,
}

impl<'a> Readers<'a> {
    fn new(server: &'a NotaryServer) -> Self {
        let readers = Self { server, before: Home::new(server) };
        readers.see(2);
        readers
    }

    fn see(&self, tags: usize) {
        for home in [&self.before, &Home::new(self.server)] {
            let shown = home.docker(&["inspect", GUN]).ok().json();
            assert_eq!(shown[0]["SignedTags"].as_array().unwrap().len(), tags, "{shown}");
            let listed = home.notary(&["list", GUN]).ok().stdout;
            assert!(listed.contains("1.0") && listed.contains("admin"), "{listed}");
        }
    }
}

fn key_ids(root: &Value, name: &str) -> Vec<String> {
    let ids = root["signed"]["roles"][name]["keyids"].as_array().unwrap();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_targets_key_signs_targets_and_loses_no_tag() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let readers = Readers::new(&server);
    let before = root(&server);
    let key = new_key(&machine, "targets", Algorithm::EcdsaP256);
    machine.stage(GUN, [rotate("targets", key.clone())]);
    let (plan, published) = publish(&machine).await;
    assert_eq!((plan.tags.before, plan.tags.after), (2, 2));
    assert!(plan.tags.vouched.is_empty() && !plan.is_dangerous());
    assert_eq!(published.versions, [(role("root"), 2), (role("targets"), 3)]);
    readers.see(2);
    let after = root(&server);
    assert_eq!(key_ids(&after, "targets"), [key.id().to_string()]);
    let old = &key_ids(&before, "targets")[0];
    assert!(after["signed"]["keys"].get(old).is_none(), "unused keys leave root");
    assert!(machine.home.trust_dir().join(format!("private/{old}.key")).exists(), "the old private key is kept");
    // The real client signs with the new key.
    machine.home.notary_sign(GUN, "2.0", &["targets"]);
    readers.see(3);
}

#[tokio::test]
async fn a_new_root_key_is_signed_by_the_old_one_and_both_are_followed() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let readers = Readers::new(&server);
    let before = root(&server);
    for algorithm in [Algorithm::EcdsaP256, Algorithm::Rsa(2048)] {
        let key = new_key(&machine, "root", algorithm);
        machine.stage(GUN, [rotate("root", key)]);
        let (plan, published) = publish(&machine).await;
        assert_eq!((plan.tags.before, plan.tags.after), (2, 2));
        assert_eq!(published.versions.len(), 1, "only root is sent: {published:?}");
        readers.see(2);
    }
    let after = root(&server);
    assert_ne!(key_ids(&after, "root"), key_ids(&before, "root"));
    assert!(after["signed"]["keys"].get(&key_ids(&before, "root")[0]).is_some(), "old certificates stay");
    assert_eq!(after["signatures"].as_array().unwrap().len(), 2);
    // Later versions are signed by the current key alone, also by the real client.
    machine.home.notary(&["key", "rotate", GUN, "snapshot", "-r"]).ok();
    assert_eq!(root(&server)["signatures"].as_array().unwrap().len(), 1);
    readers.see(2);
}

#[tokio::test]
async fn the_snapshot_key_comes_here_and_goes_back_to_the_server() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let readers = Readers::new(&server);
    let key = new_key(&machine, "snapshot", Algorithm::EcdsaP256);
    machine.stage(GUN, [rotate("snapshot", key.clone())]);
    let (plan, published) = publish(&machine).await;
    let warned = plan.warnings.iter().any(|w| w.weight == Weight::Warning && w.headline.contains("snapshot key"));
    assert!(warned, "{:?}", plan.warnings);
    assert_eq!(published.versions.iter().map(|(r, _)| r.clone()).collect::<Vec<_>>(), [role("root"), role("snapshot")]);
    assert_eq!(key_ids(&root(&server), "snapshot"), [key.id().to_string()]);
    readers.see(2);
    machine.home.notary_sign(GUN, "2.0", &["targets"]);
    readers.see(3);
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [to_server("snapshot")]);
    let (plan, published) = publish(&machine).await;
    assert!(!plan.is_blocked());
    assert_eq!(published.versions, [(role("root"), 3)]);
    assert_ne!(key_ids(&root(&server), "snapshot"), [key.id().to_string()]);
    readers.see(3);
    machine.home.notary_sign(GUN, "3.0", &["targets"]);
    readers.see(4);
}

#[tokio::test]
async fn the_server_makes_new_timestamp_and_snapshot_keys_in_one_publish() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let machine = signed(&server).await;
    let readers = Readers::new(&server);
    let before = root(&server);
    machine.stage(GUN, [to_server("timestamp"), to_server("snapshot")]);
    let (_, published) = publish(&machine).await;
    assert_eq!(published.versions, [(role("root"), 2)]);
    let after = root(&server);
    for name in ["timestamp", "snapshot"] {
        assert_ne!(key_ids(&after, name), key_ids(&before, name));
    }
    readers.see(2);
}

#[tokio::test]
async fn everything_rotates_at_once_with_other_changes() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let readers = Readers::new(&server);
    let ben = machine.key("ben");
    let (root, targets) =
        (new_key(&machine, "root", Algorithm::EcdsaP256), new_key(&machine, "targets", Algorithm::Rsa(2048)));
    machine
        .stage(GUN, [rotate("root", root), rotate("targets", targets), to_server("timestamp"), to_server("snapshot")]);
    machine.stage(GUN, [add_signer("ben", &[ben]), witness("targets/releases")]);
    publish(&machine).await;
    readers.see(2);
    assert_eq!(readers.before.docker(&["inspect", GUN]).ok().json()[0]["Signers"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn renewing_root_renews_a_certificate_that_would_end_first() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = Machine::new(&server);
    let key = PrivateKey::generate(&Algorithm::EcdsaP256).unwrap();
    let store = KeyStore::new(&machine.home.trust_dir());
    store.save(&key, "root", None, &new_passphrase(ROOT_PASSPHRASE)).unwrap();
    let long_ago = machine.engine.now() - jiff::SignedDuration::from_hours(24 * 3500);
    let certificate = root_certificate(&key, &gun(), long_ago).unwrap();
    let file = machine.home.path().join("root.crt");
    std::fs::write(&file, certificate.public()).unwrap();
    machine.home.notary(&["init", GUN, "--rootcert", file.to_str().unwrap(), "-p"]).ok();
    machine.home.notary_sign(GUN, "1.0", &["targets"]);
    machine.home.notary_sign(GUN, "admin", &["targets"]);
    let readers = Readers::new(&server);
    machine.engine.views().refresh(&gun()).await.unwrap();
    // A publish of root for another reason says what is missing, and how to mend it.
    let targets = new_key(&machine, "targets", Algorithm::EcdsaP256);
    machine.stage(GUN, [rotate("targets", targets)]);
    let plan = machine.engine.stage().plan(None).unwrap();
    let warning = plan.repositories[0].warnings.iter().find(|w| w.headline.contains("certificate is not")).unwrap();
    let (fix, _) = warning.fix.clone().unwrap();
    assert_eq!(fix, [witness("root")]);
    machine.stage(GUN, fix);
    publish(&machine).await;
    readers.see(2);
    let after = root(&server);
    let listed = key_ids(&after, "root");
    assert_ne!(listed, [certificate.id().to_string()]);
    assert!(after["signed"]["keys"].get(certificate.id().as_str()).is_some(), "the old certificate stays");
    assert_eq!(after["signatures"].as_array().unwrap().len(), 2, "signed under both IDs");
    let renewed: PublicKey = serde_json::from_value(after["signed"]["keys"][&listed[0]].clone()).unwrap();
    assert_eq!(renewed.canonical_id(), key.id(), "the private key is the same");
    assert!(
        renewed.certificate().unwrap().not_after > machine.engine.now() + jiff::SignedDuration::from_hours(24 * 3600)
    );
    // Once more: nothing is due any more.
    machine.stage(GUN, [witness("root")]);
    publish(&machine).await;
    assert_eq!(key_ids(&root(&server), "root"), listed);
    readers.see(2);
}

#[tokio::test]
async fn what_notary_does_not_allow_is_refused_at_once() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let refuse = |change: Change, word: &str| {
        let error = machine.engine.stage().stage(vec![(gun(), change)]).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    refuse(to_server("root"), "never holds");
    refuse(to_server("targets"), "never holds");
    let key = new_key(&machine, "targets", Algorithm::EcdsaP256);
    refuse(rotate("timestamp", key.clone()), "only a server");
    refuse(rotate("targets/alice", key.clone()), "no base role");
    refuse(rotate("root", PrivateKey::generate(&Algorithm::Ed25519).unwrap().public().clone()), "cannot be a root key");
    refuse(rotate("targets", PrivateKey::generate(&Algorithm::EcdsaP256).unwrap().public().clone()), "key store");
    machine.stage(GUN, [rotate("targets", key)]);
    refuse(rotate("targets", new_key(&machine, "targets", Algorithm::EcdsaP256)), "staged already");
}
