//! Passphrases that are set for new keys and are too short.

use super::commands::{GUN, repository};
use super::support::home::Home;
use super::support::{NotaryServer, run};

const NEW: &str = "registry.example.test/team/new";

#[test]
fn no_key_is_made_under_a_passphrase_that_is_too_short() {
    let Some(server) = NotaryServer::start() else { return };
    let (owner, newcomer) = (repository(&server), Home::new(&server));
    let key = newcomer.generate_key("jeff");
    let add = ["signer", "add", "jeff", NEW, "--key", &key];
    let set_up = ["setup", NEW, "--signer", "ben", "--root-key", "new"];
    for (home, variable, arguments) in [
        (&newcomer, "NOTARY_ROOT_PASSPHRASE", &add[..]),
        (&newcomer, "NOTARY_TARGETS_PASSPHRASE", &add),
        (&newcomer, "NOTARY_ROOT_PASSPHRASE", &set_up),
        (&owner, "NOTARY_DELEGATION_PASSPHRASE", &["setup", NEW, "--signer", "ben"]),
        (&owner, "NOTARY_ROOT_PASSPHRASE", &["rotate", "root", GUN]),
        (&owner, "NOTARY_TARGETS_PASSPHRASE", &["rotate", "targets", GUN]),
        (&owner, "NOTARY_SNAPSHOT_PASSPHRASE", &["rotate", "snapshot", GUN, "--local"]),
        (&owner, "NOTARY_DELEGATION_PASSPHRASE", &["rotate", "signer", "jeff", GUN]),
    ] {
        let before = home.stored_keys();
        let mut command = home.trustdeck_command(&[arguments, &["--publish", "--yes", "--json"]].concat());
        let ran = run(command.env(variable, "a")).ended(2);
        assert_eq!(ran.kinds(), ["input"], "{arguments:?}");
        assert_eq!(home.stored_keys(), before, "{variable} {arguments:?}");
    }
}
