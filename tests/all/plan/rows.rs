//! One row for each kind of change.

use trustdeck::engine::Change;
use trustdeck::engine::publish::sign::SigningError;
use trustdeck::tuf::verify::{Seen, SeenRoles};
use trustdeck::tuf::{Role, SignerName, TargetName, VerifyError};

use super::support::forge::Key;
use super::support::machine::{
    add_signer, canonical, delegation, remove_signer, revoke, role, sign, sign_into, witness,
};
use super::world::{World, lines};

fn add(name: &str, key: &str, paths: &[&str]) -> Change {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    Change::AddDelegation { role: delegation(name), keys: vec![Key::named(key).public()], paths }
}

fn remove_key(signer: &str, key: &str) -> Change {
    let key = canonical(&Key::named(key).public());
    Change::RemoveSignerKey { name: SignerName::parse(signer).unwrap(), key }
}

fn edit(name: &str, keys: &[&str], paths: &[&str], clear_paths: bool) -> Change {
    Change::EditDelegation {
        role: delegation(name),
        remove_keys: keys.iter().map(|key| canonical(&Key::named(key).public())).collect(),
        remove_paths: paths.iter().map(|&path| path.to_owned()).collect(),
        clear_paths,
    }
}

#[track_caller]
fn row(changes: &[Change], expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim_start).filter(|line| !line.is_empty()).collect();
    let found = lines(&World::new().plan(changes));
    let found: Vec<&str> = found.lines().map(str::trim_start).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_signer_comes_with_his_role_and_a_key_in_releases() {
    row(
        &[add_signer("carol", &[Key::named("carol").public()])],
        "~ targets 1>2 by targets
         targets/releases 1>1 +carol
         + targets/carol none>none +carol +\"\"
         tags 2 > 2",
    );
}

#[test]
fn a_delegation_deeper_than_is_read_is_refused_with_the_limit() {
    let failed = |depth: usize| {
        let plan = World::new().plan(&[add(&format!("targets{}", "/a".repeat(depth)), "deep", &[""])]);
        plan.failed.unwrap().message
    };
    assert!(failed(33).ends_with("is 33 delegations deep, and 32 are read at most"), "{}", failed(33));
    assert!(!failed(32).contains("at most"), "only its parent is missing: {}", failed(32));
}

#[test]
fn removing_a_signer_who_was_not_last_orphans_nothing() {
    row(
        &[remove_signer("alice")],
        "~ targets 1>2 by targets
         - targets/alice 1>none -alice -\"\"
         targets/releases 1>1 -alice
         tags 2 > 2",
    );
}

#[test]
fn removing_the_last_publisher_orphans_every_tag() {
    row(
        &[remove_signer("ben")],
        "~ targets 1>2 by targets
         targets/releases 1>1 -ben untrusted
         - targets/ben 1>none -ben -\"\"
         tags 2 > 0
         orphaned 1.0 1.1",
    );
}

#[test]
fn witnessing_in_the_same_publish_keeps_the_tags_and_says_who_vouches() {
    row(
        &[remove_signer("ben"), witness("targets/releases")],
        "~ targets 1>2 by targets
         ~ targets/releases 1>2 -ben by alice
         - targets/ben 1>none -ben -\"\"
         tags 2 > 2
         vouched 1.0 1.1",
    );
}

#[test]
fn a_key_that_another_signer_holds_stays_in_releases() {
    let shared = add_signer("twin", &[Key::named("ben").public()]);
    row(
        &[shared, remove_signer("ben")],
        "~ targets 1>2 by targets
         - targets/ben 1>none -ben -\"\"
         + targets/twin none>none +ben +\"\"
         tags 2 > 2",
    );
}

#[test]
fn one_key_of_a_signer_is_replaced_without_a_gap() {
    let new = add_signer("ben", &[Key::named("alice").public()]);
    row(
        &[new, remove_key("ben", "ben"), witness("targets/releases"), witness("targets/ben")],
        "~ targets 1>2 by targets
         ~ targets/releases 1>2 -ben by alice
         ~ targets/ben 1>2 -ben +alice by alice
         tags 2 > 2
         vouched 1.0 1.1",
    );
}

#[test]
fn the_last_key_of_a_signer_can_go() {
    row(
        &[remove_key("alice", "alice")],
        "~ targets 1>2 by targets
         targets/alice 1>1 -alice untrusted
         targets/releases 1>1 -alice
         tags 2 > 2",
    );
}

#[test]
fn delegations_are_made_with_paths_and_below_each_other() {
    row(
        &[add("targets/team", "alice", &["team/"]), add("targets/team/ci", "ben", &["team/ci/"])],
        "~ targets 1>2 by targets
         + targets/team none>1 +alice +\"team/\" by alice
         + targets/team/ci none>none +ben +\"team/ci/\"
         tags 2 > 2",
    );
}

#[test]
fn keys_and_paths_are_taken_from_a_delegation() {
    row(
        &[edit("targets/releases", &["alice"], &[], false)],
        "~ targets 1>2 by targets
         targets/releases 1>1 -alice
         tags 2 > 2",
    );
    row(
        &[edit("targets/releases", &[], &[], true)],
        "~ targets 1>2 by targets
         targets/releases 1>1 -\"\"
         tags 2 > 0
         orphaned 1.0 1.1",
    );
}

#[test]
fn a_delegation_is_removed() {
    let gone = Change::RemoveDelegation { role: delegation("targets/releases") };
    row(
        &[gone],
        "~ targets 1>2 by targets
         - targets/releases 1>none -alice -ben -\"\"
         tags 2 > 0
         orphaned 1.0 1.1",
    );
}

#[test]
fn purged_keys_leave_every_delegation() {
    row(
        &[Change::PurgeKeys { keys: vec![canonical(&Key::named("alice").public())] }],
        "~ targets 1>2 by targets
         targets/alice 1>1 -alice untrusted
         targets/releases 1>1 -alice
         tags 2 > 2",
    );
}

#[test]
fn a_tag_is_signed_into_the_roles_that_docker_would_choose() {
    row(
        &[sign("2.0")],
        "~ targets/alice 1>2 by alice
         ~ targets/releases 1>2 by alice,ben
         ~ targets/ben 1>2 by ben
         tags 2 > 3
         signed 2.0",
    );
}

#[test]
fn a_tag_signed_into_a_named_role_only_is_not_pulled() {
    row(
        &[sign_into("2.0", &["targets/alice"])],
        "~ targets/alice 1>2 by alice
         tags 2 > 2",
    );
}

#[test]
fn a_tag_is_revoked_in_all_roles_or_in_one() {
    row(
        &[revoke("1.0")],
        "~ targets/alice 1>2 by alice
         ~ targets/releases 1>2 by alice,ben
         tags 2 > 1
         revoked 1.0",
    );
    let tag = TargetName::parse("1.0").unwrap();
    row(
        &[Change::Revoke { tag, roles: vec![role("targets/alice")] }],
        "~ targets/alice 1>2 by alice
         tags 2 > 2",
    );
}

#[test]
fn root_is_renewed() {
    row(&[witness("root")], "~ root 1>2 by root\ntags 2 > 2");
}

#[test]
fn all_trust_data_is_deleted() {
    row(&[Change::Delete], "tags 2 > 0\nrevoked 1.0 1.1");
}

#[test]
fn what_is_there_already_changes_nothing() {
    let world = World::new();
    for change in
        [add_signer("ben", &[Key::named("ben").public()]), sign_into("1.0", &["targets/releases"]), revoke("9")]
    {
        let plan = world.plan(std::slice::from_ref(&change));
        assert!(plan.changes[0].no_effect.is_some(), "{change:?}");
        assert_eq!((plan.roles.len(), plan.keys.len()), (0, 0), "{change:?}");
    }
}

#[test]
fn a_version_far_above_all_that_were_verified_is_not_signed() {
    let changes = [Change::Witness { role: Role::Targets }];
    let mark = |version| SeenRoles::from([(Role::Targets, Seen { version, sha256: String::new() })]);
    let world = World::new();
    for version in [1001, (1 << 53) - 2, u64::MAX] {
        let refused = world.sign_above(&changes, &mark(version));
        let verified = Some(1);
        assert!(matches!(refused, Err(SigningError::Jump { verified: v, .. }) if v == verified), "{version}");
    }
    assert!(world.sign_above(&changes, &mark(1000)).is_ok());
}

/// A file that is over a limit would shut out its signer, too.
#[test]
fn a_file_that_nobody_could_read_is_not_signed() {
    let with_paths = |count: usize| {
        let paths = (0..count).map(|n| format!("p{n}")).collect();
        let add =
            Change::AddDelegation { role: delegation("targets/ci"), keys: vec![Key::named("ci").public()], paths };
        World::new().sign_above(&[add], &SeenRoles::new())
    };
    assert!(with_paths(1024).is_ok());
    assert!(matches!(with_paths(1025), Err(SigningError::TooMuch(VerifyError::Limit { role: Role::Targets, .. }))));
}
