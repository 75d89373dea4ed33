//! Repositories that nobody renewed in time.

use jiff::{SignedDuration, Timestamp as Time};
use trustdeck::engine::Health;
use trustdeck::keys::{KeyStore, PrivateKey, root_certificate};
use trustdeck::tuf::{Algorithm, Gun};

use super::commands::{GUN, tags};
use super::support::home::{Home, ROOT_PASSPHRASE, digest};
use super::support::machine::Machine;
use super::support::{NotaryServer, new_passphrase, wait_until};

/// Ten years of 365 days: what Notary gives the certificate around a root key.
const CERTIFICATE: SignedDuration = SignedDuration::from_hours(24 * 3650);

/// A repository with tag 1.0 whose root certificate has just ended. A server takes no root whose certificate has ended
/// before, so it is made in time.
fn ended(server: &NotaryServer) -> Machine {
    let machine = Machine::new(server);
    let key = PrivateKey::generate(&Algorithm::EcdsaP256).unwrap();
    KeyStore::new(&machine.home.trust_dir()).save(&key, "root", None, &new_passphrase(ROOT_PASSPHRASE)).unwrap();
    let ends = Time::now() + SignedDuration::from_secs(8);
    let certificate = root_certificate(&key, &Gun::parse(GUN).unwrap(), ends - CERTIFICATE).unwrap();
    let file = machine.home.path().join("root.crt");
    std::fs::write(&file, certificate.public()).unwrap();
    machine.home.notary(&["init", GUN, "--rootcert", file.to_str().unwrap(), "-p"]).ok();
    machine.home.notary_sign(GUN, "1.0", &["targets"]);
    assert_eq!(tags(server), ["1.0"]);
    wait_until("the certificate to end", || Time::now() > ends + SignedDuration::from_secs(1));
    machine
}

#[tokio::test]
async fn root_whose_certificate_has_ended_is_shown_and_set_up_again() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = ended(&server);
    let view = machine.engine.views().refresh(&Gun::parse(GUN).unwrap()).await.unwrap();
    assert_eq!(view.health, Health::Fail, "{:?}", view.findings);
    assert_ne!(Home::new(&server).docker(&["inspect", GUN]).code, 0);
    let home = machine.home;
    let refused = home.trustdeck(&["inspect", GUN]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
    // A server of Notary lets nobody renew it: the plan says so, and what is left.
    let planned = home.publish(&["renew", "root", GUN]);
    assert_ne!(planned.code, 0);
    assert!(planned.stderr.contains("certificate has ended"), "{}", planned.stderr);
    assert!(planned.stderr.contains(&format!("trustdeck delete {GUN} --remote")), "{}", planned.stderr);
    home.trustdeck(&["reset", GUN]).ok();
    home.trustdeck(&["delete", GUN, "--remote", "--publish", "--yes", "--accept"]).ok();
    home.publish(&["signer", "add", "--key", &home.generate_key("jeff"), "jeff", GUN]).ok();
    let digest = format!("sha256:{}", digest("1.0"));
    home.publish(&["sign", &format!("{GUN}:1.0"), "--digest", &digest, "--size", "1234"]).ok();
    assert_eq!(tags(&server), ["1.0"]);
}
