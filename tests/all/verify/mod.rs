//! One valid repository, one fault in each row, one expected error.

mod delegations;
use crate::support::forge;
mod forms;
mod roots;
mod signatures;
mod versions;

use forge::{Key, Repository, noon};
use trustdeck::tuf::{DelegationName, Role, Standing, Targets, VerifyError};

const GUN: &str = "registry.example.test/team/app";

fn name(text: &str) -> DelegationName {
    DelegationName::parse(text).unwrap()
}

fn role(text: &str) -> Role {
    Role::parse(text).unwrap()
}

/// Two signers, releases, and a delegation below a signer, all with files; nothing wrong.
fn valid() -> Repository {
    let mut repository = Repository::new(GUN, noon());
    let (alice, bob) = (Key::named("alice"), Key::named("bob"));
    for (name, keys, paths) in [
        ("targets/alice", vec![alice.clone()], vec![""]),
        ("targets/releases", vec![alice, bob], vec![""]),
        ("targets/alice/ci", vec![Key::named("ci")], vec!["ci-"]),
    ] {
        let role = repository.delegate(name, &keys, &paths);
        repository.add_file(role.clone(), noon());
        repository.tag(&role, "v1");
    }
    repository.delegate("targets/unused", &[Key::named("nobody")], &[""]);
    repository
}

fn targets(repository: &mut Repository) -> &mut Targets {
    repository.content.get_mut(&Role::Targets).unwrap()
}

#[test]
fn the_repository_without_a_fault_verifies() {
    let set = valid().build().verify(noon()).unwrap();
    assert!(set.aside().is_empty());
    assert_eq!(set.delegations().len(), 3);
    assert!(set.delegations().values().all(|loaded| loaded.standing == Standing::Good));
    assert_eq!(set.role_keys(&role("targets/releases")).unwrap().keys.len(), 2);
    assert_eq!(set.role_keys(&role("targets/unused")).unwrap().keys.len(), 1);
    assert_eq!(set.role_keys(&role("targets/other")), None);
}

/// Makes a repository faulty.
type Spoil = fn(&mut Repository);

/// Changes the text of a file.
type Edit = fn(String) -> String;

/// What is expected of a row.
type Expectation = fn(&VerifyError) -> bool;

/// A fault's name, how it is made, and the error it must give.
type Row = (&'static str, Spoil, Expectation);

macro_rules! is {
    ($pattern:pat $(if $guard:expr)?) => {
        |error| matches!(error, $pattern $(if $guard)?)
    };
}
pub(crate) use is;

/// Builds each row's repository and reports all rows that did not end as expected.
fn check(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (name, spoil, expected) in rows {
        let mut repository = valid();
        spoil(&mut repository);
        match repository.build().verify(noon()) {
            Ok(_) => wrong.push(format!("{name}: verified")),
            Err(error) if !expected(&error) => wrong.push(format!("{name}: {error:?}")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn edit(repository: &mut Repository, role: Role, edit: Edit) {
    assert!(repository.edits.insert(role, edit).is_none());
}
