//! Steps of wizards: predicates on the real state.

use trustdeck::engine::wizard::{Choice, StepKind, StepState, Way, Wizard, changes, is_finished, steps};
use trustdeck::engine::{RootKeyChoice, SignedTarget};
use trustdeck::tuf::{Gun, PublicKey, SignerName, TargetName};

use super::support::home::{REPOSITORY_PASSPHRASE, ROOT_PASSPHRASE, digest};
use super::support::machine::{Machine, add_signer, sign};
use super::support::{Home, NotaryServer, new_passphrase};

const GUN: &str = "registry.example.test/team/app";

fn gun() -> Gun {
    Gun::parse(GUN).unwrap()
}

fn signer() -> SignerName {
    SignerName::parse("jeff").unwrap()
}

/// The step that is next, as a wizard that is opened anew sees it; `None` once all are done.
async fn next(machine: &Machine, choice: &Choice) -> Option<(StepKind, StepState)> {
    machine.engine.views().refresh(&gun()).await.unwrap();
    let facts = machine.engine.wizards().wizard_facts(choice).unwrap();
    let steps = steps(&facts);
    let open: Vec<_> = steps.iter().filter(|step| step.state != StepState::Done).collect();
    assert!(open.iter().skip(1).all(|step| step.state == StepState::Later));
    assert!(steps.iter().all(|step| step.tags_at_risk == 0 && !step.why.is_empty() && !step.title.is_empty()));
    open.first().map(|step| (step.kind, step.state.clone()))
}

fn stage(machine: &Machine, choice: &Choice) {
    machine.engine.stage().stage(changes(&machine.engine.wizards().wizard_facts(choice).unwrap())).unwrap();
}

async fn publish(machine: &Machine) {
    let results = machine.publish().await.unwrap();
    assert!(results.iter().all(|r| r.outcome == trustdeck::engine::PublishOutcome::Done), "{results:?}");
}

/// A machine with signer jeff and tag 1.0.
async fn signed(server: &NotaryServer) -> Machine {
    let machine = Machine::new(server);
    let jeff = machine.key("jeff");
    machine.engine.views().refresh(&gun()).await.unwrap();
    machine.stage(GUN, [add_signer("jeff", &[jeff]), sign("1.0")]);
    publish(&machine).await;
    machine
}

fn with_new_key(machine: &Machine, choice: &mut Choice) -> PublicKey {
    let key = machine.engine.custody().make_key().unwrap();
    choice.use_keys(&[key.public().clone()]);
    machine.engine.wizards().keep_wizard(choice).unwrap();
    let passphrase = new_passphrase(REPOSITORY_PASSPHRASE);
    machine.engine.custody().store_key(&key, &choice.wizard.key_name(), Some(&gun()), &passphrase).unwrap();
    key.public().clone()
}

#[tokio::test]
async fn each_step_of_a_signers_rotation_is_read_from_the_real_state() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let mut choice =
        machine.engine.wizards().new_wizard(Wizard::DelegationKey { signer: signer() }, vec![gun()]).unwrap();
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Key, StepState::Now)));
    with_new_key(&machine, &mut choice);
    assert_eq!(next(&machine, &choice).await, Some((StepKind::BackUp, StepState::Now)));
    choice.without_backup = true;
    machine.engine.wizards().keep_wizard(&choice).unwrap();
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Stage, StepState::Now)));
    stage(&machine, &choice);
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Publish, StepState::Now)));
    let undone = machine.engine.stage().undo().unwrap();
    assert!(undone.changes.is_empty());
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Stage, StepState::Now)), "undo goes a step back");
    stage(&machine, &choice);
    publish(&machine).await;
    assert_eq!(
        next(&machine, &choice).await,
        Some((StepKind::HandOver, StepState::Now)),
        "until somebody says that they know"
    );
    choice.told = true;
    machine.engine.wizards().keep_wizard(&choice).unwrap();
    // Only the old private key is left, which is the user's to remove.
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Retire, StepState::Now)));
    let [begun] = machine.engine.wizards().list().unwrap().try_into().unwrap();
    assert_eq!(begun, choice, "another process goes on with the same choice");
    let [old] = choice.before[&gun()].keys.clone().try_into().unwrap();
    std::fs::remove_file(machine.home.trust_dir().join(format!("private/{old}.key"))).unwrap();
    let reopened = Machine { engine: machine.another(&server.url), home: machine.home };
    assert_eq!(next(&reopened, &choice).await, None);
    reopened.engine.wizards().forget_wizard(&choice).unwrap();
    assert!(reopened.engine.wizards().list().unwrap().is_empty());
}

#[tokio::test]
async fn removal_is_not_offered_before_a_key_that_stays_has_signed() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, colleague) = (signed(&server).await, Machine::of(Home::new(&server), &server.url));
    let mut choice =
        machine.engine.wizards().new_wizard(Wizard::DelegationKey { signer: signer() }, vec![gun()]).unwrap();
    choice.use_keys(&[colleague.key("jeff")]);
    choice.way = Way::Colleague;
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Stage, StepState::Now)));
    stage(&machine, &choice);
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Publish, StepState::Now)));
    publish(&machine).await;
    let waits = next(&machine, &choice).await.unwrap();
    assert!(matches!(waits, (StepKind::Wait, StepState::Blocked(_))), "{waits:?}");
    let facts = machine.engine.wizards().wizard_facts(&choice).unwrap();
    assert!(changes(&facts).is_empty());
    colleague.home.notary(&["witness", GUN, "targets/jeff", "targets/releases", "-p"]).ok();
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Remove, StepState::Now)));
    assert!(changes(&machine.engine.wizards().wizard_facts(&choice).unwrap()).is_empty(), "only once the user says so");
    choice.remove_old = true;
    stage(&machine, &choice);
    publish(&machine).await;
    assert!(is_finished(&machine.engine.wizards().wizard_facts(&choice).unwrap()));
    choice.told = true;
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Retire, StepState::Now)));
}

#[tokio::test]
async fn a_repository_is_set_up_and_renewed_step_by_step() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = Machine::new(&server);
    machine.engine.views().refresh(&gun()).await.unwrap();
    let mut choice = machine.engine.wizards().new_wizard(Wizard::FirstSetup, vec![gun()]).unwrap();
    assert_eq!(next(&machine, &choice).await, Some((StepKind::RootKey, StepState::Now)));
    let root = machine.engine.custody().make_key().unwrap();
    choice.first.root_key = Some(RootKeyChoice::Stored(root.id().clone()));
    assert_eq!(next(&machine, &choice).await, Some((StepKind::RootKey, StepState::Now)), "it is not stored yet");
    machine.engine.custody().store_key(&root, "root", None, &new_passphrase(ROOT_PASSPHRASE)).unwrap();
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Signers, StepState::Now)));
    let key = machine.key("jeff");
    choice.first.signers.insert(signer(), vec![key.clone()]);
    assert_eq!(next(&machine, &choice).await, Some((StepKind::BackUp, StepState::Now)));
    let ids = [root.id().as_str(), key.canonical_id().as_str()];
    machine.home.trustdeck(&[&["key", "backup", "--plain", "--out", "keys.pem"], &ids[..]].concat()).ok();
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Tags, StepState::Now)));
    let target = SignedTarget { length: 1234, sha256: digest("1.0"), sha512: None, custom: None, from_registry: false };
    choice.first.tags.insert(gun(), [(TargetName::parse("1.0").unwrap(), target)].into());
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Stage, StepState::Now)));
    machine.engine.wizards().keep_wizard(&choice).unwrap();
    assert_eq!(machine.engine.wizards().list().unwrap(), [choice.clone()]);
    stage(&machine, &choice);
    assert_eq!(next(&machine, &choice).await, Some((StepKind::Publish, StepState::Now)));
    publish(&machine).await;
    assert_eq!(next(&machine, &choice).await, Some((StepKind::BackUpMade, StepState::Now)), "the targets key is new");
    let shown = Home::new(&server).docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0");
    let facts = machine.engine.wizards().wizard_facts(&choice).unwrap();
    let all = steps(&facts);
    let check = all.iter().find(|step| step.kind == StepKind::Check).unwrap();
    assert!(check.detail.iter().any(|line| line.contains(root.id().short())), "{:?}", check.detail);
    choice.without_backup = true;
    assert_eq!(next(&machine, &choice).await, None);
    for wizard in [Wizard::RenewRoot, Wizard::RenewTargets { role: trustdeck::tuf::Role::Targets }, Wizard::Timestamp] {
        let choice = machine.engine.wizards().new_wizard(wizard, vec![gun()]).unwrap();
        assert_eq!(next(&machine, &choice).await, Some((StepKind::Stage, StepState::Now)));
        stage(&machine, &choice);
        assert_eq!(next(&machine, &choice).await, Some((StepKind::Publish, StepState::Now)));
        publish(&machine).await;
        assert_eq!(next(&machine, &choice).await, None, "{:?}", choice.wizard);
    }
}

#[tokio::test]
async fn what_was_begun_is_listed_though_nobody_can_tell_how_far_it_is() {
    let Some(server) = NotaryServer::start() else { return };
    let machine = signed(&server).await;
    let choice = machine.engine.wizards().new_wizard(Wizard::DelegationKey { signer: signer() }, vec![gun()]).unwrap();
    machine.engine.wizards().keep_wizard(&choice).unwrap();
    let [begun] = machine.engine.wizards().begun_wizards().unwrap().try_into().unwrap();
    assert_eq!((begun.next.unwrap().kind, begun.unread), (StepKind::Key, None));
    std::fs::write(machine.home.state_dir().join("backups.json"), "{").unwrap();
    let [begun] = machine.engine.wizards().begun_wizards().unwrap().try_into().unwrap();
    assert_eq!((&begun.choice, begun.next), (&choice, None));
    assert!(begun.unread.unwrap().message.contains("damaged"));
    let rows = machine.home.trustdeck(&["rotate", "list", "--json"]).ok().json();
    assert!(rows[0]["waits"].as_str().unwrap().starts_with("cannot be read: "), "{rows}");
    machine.home.trustdeck(&["rotate", "forget", rows[0]["id"].as_str().unwrap()]).ok();
    assert!(machine.engine.wizards().list().unwrap().is_empty());
}
