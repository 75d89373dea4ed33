//! Refreshing against a server that lies, fails or is gone, with a cache that others write too.

use crate::support;

mod attacks;
mod cache;
mod commands;
mod machine;
mod origin;
mod requests;
mod served;
mod state;
mod strangers;
mod views;

use std::sync::LazyLock;

use machine::Machine;
use origin::Origin;
use support::forge::{Key, Repository, noon};
use trustdeck::engine::RepositoryView;
use trustdeck::tuf::Role;

const GUN: &str = "registry.example.test/team/app";

/// A repository with two signers, as `docker trust` makes it; alice signed `1.0`, bob nothing. Always the same: its
/// root certificate is made once.
fn team() -> Repository {
    static TEAM: LazyLock<Repository> = LazyLock::new(make_team);
    TEAM.clone()
}

fn make_team() -> Repository {
    let mut repository = Repository::new(GUN, noon());
    let (alice, bob) = (Key::named("alice"), Key::named("bob"));
    let own = repository.delegate("targets/alice", std::slice::from_ref(&alice), &[""]);
    repository.delegate("targets/bob", std::slice::from_ref(&bob), &[""]);
    let releases = repository.delegate("targets/releases", &[alice.clone(), bob], &[""]);
    repository.signers.insert(releases.clone(), vec![alice]);
    for role in [own, releases] {
        repository.add_file(role.clone(), noon());
        repository.tag(&role, "1.0");
    }
    repository
}

/// The root key of [`team`], as its root lists it.
fn root_key() -> Key {
    team().signers[&Role::Root][0].clone()
}

/// Raises the versions of the files that every publish signs, and of `role`.
fn publish(repository: &mut Repository, role: &Role) {
    repository.snapshot.0 += 1;
    repository.timestamp.0 += 1;
    if let Some(content) = repository.content.get_mut(role) {
        content.version += 1;
    }
}

fn gun() -> trustdeck::tuf::Gun {
    trustdeck::tuf::Gun::parse(GUN).unwrap()
}

async fn served(repository: &Repository) -> (Origin, Machine) {
    let origin = Origin::start().await;
    origin.serve(repository);
    let machine = Machine::new(&origin.url);
    (origin, machine)
}

/// A machine that has read it.
async fn refreshed(repository: &Repository) -> (Origin, Machine) {
    let (origin, machine) = served(repository).await;
    machine.refresh().await.unwrap();
    (origin, machine)
}

/// The same, with releases signed by a stranger; and what was seen then.
async fn with_a_role_set_aside() -> (Origin, Machine, RepositoryView) {
    let mut repository = team();
    repository.signers.insert(Role::releases(), vec![Key::named("mallory")]);
    let (origin, machine) = served(&repository).await;
    let first = machine.refresh().await.unwrap();
    (origin, machine, first)
}
