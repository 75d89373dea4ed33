//! Publishing to a real `notary-server`, and what the real clients then say.

use crate::support;

use serde_json::json;
use support::machine::{Machine, add_signer, delegation, remove_signer, revoke, role, sign, sign_into, witness};
use support::{Home, NotaryServer, in_own_process};
use trustdeck::engine::plan::{ReplacedTag, Weight};
use trustdeck::engine::{Change, EngineError, Health, Kind, PublishOutcome, Published};
use trustdeck::tuf::{Gun, PublicKey};

const GUN: &str = "registry.example.test/team/app";

fn gun() -> Gun {
    Gun::parse(GUN).unwrap()
}

#[track_caller]
fn done(results: Result<Vec<Published>, EngineError>) -> Published {
    let results = results.unwrap();
    let [one] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(one.outcome, PublishOutcome::Done, "{one:?}");
    one.clone()
}

#[track_caller]
fn failed(results: Result<Vec<Published>, EngineError>) -> Kind {
    match results.unwrap().as_slice() {
        [Published { outcome: PublishOutcome::Failed(problem), .. }] => problem.kind,
        other => panic!("{other:?}"),
    }
}

/// A repository with signer alice, made by trustdeck.
async fn created(server: &NotaryServer) -> (Machine, PublicKey) {
    let machine = Machine::new(server);
    let alice = machine.key("alice");
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [add_signer("alice", std::slice::from_ref(&alice))]);
    done(machine.publish().await);
    (machine, alice)
}

#[tokio::test]
async fn adding_the_first_signer_creates_the_repository_as_docker_does() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = Machine::new(&server);
    let alice = machine.key("alice");
    assert_eq!(machine.engine.views().refresh(&gun()).await.unwrap().health, Health::New);
    machine.stage(GUN, [add_signer("alice", &[alice])]);
    let plan = machine.engine.stage().plan(None).unwrap();
    assert!(plan.repositories[0].creates);
    let published = done(machine.publish_plan(&plan, false).await);
    assert_eq!(published.versions, [(role("root"), 1), (role("targets"), 2)]);
    assert_eq!(published.new_keys.len(), 2);
    assert!(machine.engine.stage().staged().unwrap().changes.is_empty());
    let shown = machine.home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["Signers"][0]["Name"], "alice");
    let roles = machine.home.notary(&["delegation", "list", GUN]).ok().stdout;
    assert!(roles.contains("targets/alice") && roles.contains("targets/releases"), "{roles}");
    let uploads: Vec<_> = server.requests().into_iter().filter(|r| r.method == "POST").collect();
    assert_eq!(uploads.len(), 1);
}

#[tokio::test]
async fn a_signed_tag_is_trusted_by_docker_and_a_revoked_one_is_gone() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    machine.stage(GUN, [sign("1.0"), sign("1.1")]);
    let published = done(machine.publish().await);
    assert_eq!(published.trusted, 2);
    let shown = machine.home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0");
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], json!(["alice"]));
    assert_eq!(shown[0]["SignedTags"][0]["Digest"], support::home::digest("1.0"));
    let Change::Sign { tag, roles, .. } = sign("1.0") else { unreachable!() };
    let Change::Sign { target, .. } = sign("another") else { unreachable!() };
    let digests = ["1.0", "another"].map(|tag| support::home::digest(tag)[..12].to_owned());
    machine.stage(GUN, [Change::Sign { tag, roles, target }]);
    let plan = machine.engine.stage().plan(None).unwrap();
    let replaced = ReplacedTag { tag: "1.0".to_owned(), digests };
    assert_eq!(plan.repositories[0].tags.replaced, [replaced]);
    machine.engine.stage().undo().unwrap();
    machine.stage(GUN, [revoke("1.0")]);
    assert_eq!(done(machine.publish().await).trusted, 1);
    let listed = machine.home.notary(&["list", GUN]).ok().stdout;
    assert!(listed.contains("1.1") && !listed.contains("1.0 "), "{listed}");
}

#[test]
fn a_publish_waits_for_the_disk_only_with_what_must_last() {
    if !in_own_process("publish::a_publish_waits_for_the_disk_only_with_what_must_last") {
        return;
    }
    let Some(server) = NotaryServer::start() else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (machine, _) = created(&server).await;
        machine.stage(GUN, [sign("1.0")]);
        done(machine.publish().await);
        machine.stage(GUN, [sign("1.1")]);
        let before = trustdeck::engine::disk_waits();
        done(machine.publish().await);
        // What is sent, before it is, and the marks of what was read back: each a file and its folder. That it is done may
        // be lost, and is a file.
        assert_eq!(trustdeck::engine::disk_waits() - before, 5);
    });
}

#[tokio::test]
async fn a_repository_is_created_and_a_tag_signed_in_one_publish() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = Machine::new(&server);
    let alice = machine.key("alice");
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [add_signer("alice", &[alice]), sign("1.0")]);
    let published = done(machine.publish().await);
    assert_eq!(published.trusted, 1);
    let shown = machine.home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], json!(["alice"]));
}

#[tokio::test]
async fn removing_the_last_publisher_needs_the_fix_or_acceptance() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    let ben = machine.key("ben");
    machine.stage(GUN, [sign("1.0"), sign("1.1")]);
    done(machine.publish().await);
    machine.stage(GUN, [add_signer("ben", &[ben]), remove_signer("alice")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    let repository = &plan.repositories[0];
    assert_eq!((repository.tags.before, repository.tags.after), (2, 0));
    assert_eq!(repository.tags.orphaned, ["1.0", "1.1"]);
    let danger = repository.warnings.iter().find(|w| w.weight == Weight::Danger).unwrap();
    let (fix, _) = danger.fix.clone().unwrap();
    assert_eq!(fix, [witness("targets/releases")]);
    let refused = machine.publish_plan(&plan, false).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Policy);
    machine.stage(GUN, fix);
    let published = done(machine.publish().await);
    assert_eq!(published.trusted, 2);
    let shown = machine.home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"].as_array().unwrap().len(), 2);
    assert_eq!(shown[0]["Signers"][0]["Name"], "ben");
    assert_eq!(shown[0]["Signers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_accepted_orphaning_is_published_and_can_be_repaired() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    let ben = machine.key("ben");
    machine.stage(GUN, [add_signer("ben", &[ben]), sign_into("1.0", &["targets/releases"])]);
    done(machine.publish().await);
    // Both keys have signed releases; sign again with one of them only.
    machine.stage(GUN, [remove_signer("alice")]);
    assert_eq!(done(machine.publish().await).trusted, 1);
    machine.stage(GUN, [remove_signer("ben")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    assert_eq!(plan.repositories[0].tags.orphaned, ["1.0"]);
    assert_eq!(done(machine.publish_plan(&plan, true).await).trusted, 0);
    let carol = machine.key("carol");
    machine.stage(GUN, [add_signer("carol", &[carol]), witness("targets/releases")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    assert_eq!(plan.repositories[0].tags.repaired, ["1.0"]);
    assert_eq!(done(machine.publish_plan(&plan, false).await).trusted, 1);
    let shown = machine.home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0");
}

#[tokio::test]
async fn changes_are_planned_again_on_what_others_published_meanwhile() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    machine.stage(GUN, [sign("1.0")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    machine.home.notary_sign(GUN, "other", &["targets/releases", "targets/alice"]);
    // Nobody has reviewed a file with that tag.
    assert_eq!(failed(machine.publish_plan(&plan, false).await), Kind::Conflict);
    let published = done(machine.publish().await);
    assert_eq!(published.trusted, 2);
    assert_eq!(published.versions, [(role("targets/alice"), 2), (role("targets/releases"), 2)]);
}

#[tokio::test]
async fn what_others_published_elsewhere_meanwhile_is_told() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    machine.stage(GUN, [sign_into("1.0", &["targets/releases"])]);
    let plan = machine.engine.stage().plan(None).unwrap();
    machine.home.notary_sign(GUN, "other", &["targets/alice"]);
    let published = done(machine.publish_plan(&plan, false).await);
    let merged: Vec<(trustdeck::tuf::Role, Vec<String>)> =
        published.merged.iter().map(|merge| (merge.role.clone(), merge.what.clone())).collect();
    assert_eq!(merged, [(role("targets/alice"), vec!["tag other added".to_owned()])]);
}

#[tokio::test]
async fn a_plan_whose_effect_changed_goes_back_to_review() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    machine.stage(GUN, [sign("1.0")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    machine.home.notary_sign(GUN, "1.0", &["targets/releases"]);
    let uploads = server.requests().iter().filter(|r| r.method == "POST").count();
    assert_eq!(failed(machine.publish_plan(&plan, false).await), Kind::Conflict);
    assert_eq!(machine.engine.stage().staged().unwrap().changes.len(), 1);
    assert_eq!(server.requests().iter().filter(|r| r.method == "POST").count(), uploads);
}

#[tokio::test]
async fn what_no_reader_takes_is_never_sent() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, alice) = created(&server).await;
    let uploads = || server.requests().iter().filter(|r| r.method == "POST").count();
    let before = uploads();
    for path in ["a\nb", "\u{1b}[2J"] {
        let (role, keys) = (delegation("targets/ci"), vec![alice.clone()]);
        machine.stage(GUN, [Change::AddDelegation { role, keys, paths: vec![path.to_owned()] }]);
        assert!(machine.publish().await.is_err() || uploads() == before);
        let staged: Vec<_> = machine.engine.stage().staged().unwrap().changes.iter().map(|staged| staged.id).collect();
        machine.engine.stage().drop_changes(&staged).unwrap();
    }
    assert_eq!(uploads(), before);
}

#[tokio::test]
async fn a_role_that_is_added_again_continues_from_its_old_version() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, alice) = created(&server).await;
    let ben = machine.key("ben");
    let name = delegation("targets/ci");
    let add = |keys: &[PublicKey]| Change::AddDelegation {
        role: name.clone(),
        keys: keys.to_vec(),
        paths: vec![String::new()],
    };
    machine.stage(GUN, [add(&[alice]), sign_into("old", &["targets/ci"])]);
    done(machine.publish().await);
    machine.stage(GUN, [Change::RemoveDelegation { role: name.clone() }]);
    done(machine.publish().await);
    machine.stage(GUN, [add(&[ben]), sign_into("new", &["targets/ci"])]);
    let published = done(machine.publish().await);
    assert!(published.versions.contains(&(role("targets/ci"), 2)), "{published:?}");
    assert_eq!(published.notes, [""; 0], "its old file, which comes back, is nobody else's");
    let listed = machine.home.notary(&["list", GUN, "-r", "targets/ci"]).ok().stdout;
    assert!(listed.contains("new") && !listed.contains("old"), "{listed}");
}

#[tokio::test]
async fn a_repository_of_notary_with_its_own_snapshot_key_is_published_to() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = Machine::new(&server);
    machine.home.notary(&["init", GUN, "-p"]).ok();
    let alice = machine.key("alice");
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [add_signer("alice", &[alice]), sign("1.0"), sign_into("admin", &["targets"])]);
    let published = done(machine.publish().await);
    assert!(published.versions.contains(&(role("snapshot"), 3)), "{published:?}");
    assert_eq!(published.trusted, 2);
    let listed = machine.home.notary(&["list", GUN]).ok().stdout;
    assert!(listed.contains("1.0") && listed.contains("admin"), "{listed}");
    machine.stage(GUN, [remove_signer("alice")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    done(machine.publish_plan(&plan, true).await);
    assert!(!machine.home.notary(&["delegation", "list", GUN]).ok().stdout.contains("targets/alice"));
}

#[tokio::test]
async fn root_is_renewed_when_asked_for() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    machine.stage(GUN, [witness("root"), witness("targets")]);
    let published = done(machine.publish().await);
    assert_eq!(published.versions, [(role("root"), 2), (role("targets"), 3)]);
    machine.home.docker(&["inspect", GUN]).ok();
    Home::new(&server).docker(&["inspect", GUN]).ok();
}

#[tokio::test]
async fn deleted_trust_data_is_gone_and_the_repository_can_be_made_anew() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, alice) = created(&server).await;
    machine.stage(GUN, [Change::Delete]);
    assert_eq!(machine.publish().await.unwrap_err().kind(), Kind::Policy);
    let plan = machine.engine.stage().plan(None).unwrap();
    done(machine.publish_plan(&plan, true).await);
    machine.home.docker(&["inspect", GUN]).ended(1);
    assert_eq!(machine.engine.views().refresh(&gun()).await.unwrap().health, Health::New);
    machine.stage(GUN, [add_signer("alice", &[alice])]);
    done(machine.publish().await);
    machine.home.docker(&["inspect", GUN]).ok();
}

#[tokio::test]
async fn nested_delegations_are_published_within_their_paths() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, alice) = created(&server).await;
    let ben = machine.key("ben");
    let add = |name: &str, key: &PublicKey, path: &str| Change::AddDelegation {
        role: delegation(name),
        keys: vec![key.clone()],
        paths: vec![path.to_owned()],
    };
    machine.stage(GUN, [add("targets/team", &alice, "team/"), add("targets/team/ben", &ben, "team/ben/")]);
    machine.stage(GUN, [sign_into("team/ben/x", &["targets/team/ben"])]);
    done(machine.publish().await);
    let listed = machine.home.notary(&["list", GUN]).ok().stdout;
    assert!(listed.contains("team/ben/x"), "{listed}");
    let outside = machine.engine.stage().stage(vec![(gun(), sign_into("other", &["targets/team/ben"]))]).unwrap_err();
    assert_eq!(outside.kind(), Kind::Input);
}

#[tokio::test]
async fn a_snapshot_key_that_is_elsewhere_is_named() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = Machine::new(&server);
    machine.home.notary(&["init", GUN, "-p"]).ok();
    let private = std::fs::read_dir(machine.home.trust_dir().join("private")).unwrap();
    for file in private.map(|entry| entry.unwrap().path()) {
        if std::fs::read_to_string(&file).unwrap().contains("role: snapshot") {
            std::fs::remove_file(file).unwrap();
        }
    }
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [sign_into("1.0", &["targets"])]);
    let results = machine.publish().await.unwrap();
    let PublishOutcome::Failed(problem) = &results[0].outcome else { panic!("{results:?}") };
    assert_eq!(problem.role, Some(role("snapshot")), "{problem:?}");
    assert_eq!(machine.engine.stage().staged().unwrap().changes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_repositories_are_created_at_once_and_one_failure_does_not_stop_the_others() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let machine = Machine::new(&server);
    let alice = machine.key("alice");
    let guns: Vec<String> = (0..12).map(|n| format!("registry.example.test/team/app{n}")).collect();
    for name in &guns {
        machine.engine.views().refresh(&Gun::parse(name).unwrap()).await.unwrap();
        machine.stage(name, [add_signer("alice", std::slice::from_ref(&alice))]);
    }
    let plan = machine.engine.stage().plan(None).unwrap();
    // Somebody else creates one of them in the meantime.
    Home::new(&server).notary(&["init", &guns[3], "-p"]).ok();
    let results = machine.publish_plan(&plan, false).await.unwrap();
    let order: Vec<&str> = results.iter().map(|published| published.gun.as_str()).collect();
    assert_eq!(order, guns);
    for (n, published) in results.iter().enumerate() {
        match &published.outcome {
            PublishOutcome::Failed(problem) => assert_eq!((n, problem.kind), (3, Kind::Conflict), "{problem:?}"),
            outcome => assert_eq!(*outcome, PublishOutcome::Done, "{n}"),
        }
    }
    let left: Vec<String> =
        machine.engine.stage().staged().unwrap().changes.iter().map(|entry| entry.gun.to_string()).collect();
    assert_eq!(left, [guns[3].clone(), guns[3].clone()]);
    let roots = results.iter().flat_map(|published| &published.new_keys).filter(|(key, _)| *key == role("root"));
    assert_eq!(roots.count(), 1);
    for name in guns.iter().take(3) {
        let shown = machine.home.docker(&["inspect", name]).ok().json();
        assert_eq!(shown[0]["Signers"][0]["Name"], "alice");
    }
}

#[tokio::test]
async fn a_command_that_publishes_at_once_asks_for_the_timestamp_once_before_the_upload() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    let bob = machine.home.generate_key("bob");
    let before = server.requests().len();
    machine.home.trustdeck(&["signer", "add", "--key", &bob, "bob", GUN, "--publish", "--yes"]).ok();
    let asked = server.requests().split_off(before);
    let upload = asked.iter().position(|request| request.method == "POST").unwrap();
    let stamps = asked[..upload].iter().filter(|request| request.path.ends_with("timestamp.json"));
    assert_eq!(stamps.count(), 1, "{asked:?}");
}

#[tokio::test]
async fn an_older_file_that_was_accepted_once_is_not_asked_for_again() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, _) = created(&server).await;
    machine.stage(GUN, [sign("1.0")]);
    done(machine.publish().await);
    // As if a far newer file of somebody who has left had been there.
    let folders = std::fs::read_dir(machine.home.state_dir().join("repositories")).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let mut records = files.map(|file| file.unwrap().path()).filter(|path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.contains("\"kind\":\"record\"")
    });
    let path = records.next().unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let former = json!({"version": 9_007_199_254_740_990_u64, "sha256": "a".repeat(64)});
    record["content"]["keys"]["former"] = json!({"targets/releases": former});
    std::fs::write(&path, record.to_string()).unwrap();
    let engine = machine.another(&server.url);
    let machine = Machine { home: machine.home, engine };
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [sign("2.0")]);
    let plan = machine.engine.stage().plan(None).unwrap();
    assert!(plan.repositories[0].is_dangerous(), "{:?}", plan.repositories[0].warnings);
    done(machine.publish_plan(&plan, true).await);
    let again = Machine { engine: machine.another(&server.url), home: machine.home };
    for engine in [machine.engine, again.engine.clone()] {
        engine.views().refresh(&gun()).await.unwrap();
        let change = vec![(gun(), sign("3.0"))];
        let plan = engine.stage().preview(change, &[gun()], &[]).unwrap();
        assert!(!plan.repositories[0].is_dangerous(), "{:?}", plan.repositories[0].warnings);
    }
}
