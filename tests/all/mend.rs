//! Every trouble of the sandbox's scene, planned, mended and published in one go.

use crate::support;

use std::sync::Arc;

use support::forge::Key;
use support::machine::{add_signer, remove_signer, witness};
use support::new_passphrase;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trustdeck::engine::plan::{NeededKey, Weight};
use trustdeck::engine::publish::job::Approval;
use trustdeck::engine::{Change, Engine, Health, Kind, Passphrase, PublishOutcome};
use trustdeck::sandbox::REGISTRY;
use trustdeck::sandbox::{NEW_REPOSITORY, Options, PASSPHRASE, Running, start};
use trustdeck::tuf::Gun;

fn gun(name: &str) -> Gun {
    Gun::parse(&format!("{REGISTRY}/{name}")).unwrap()
}

async fn scene() -> (Running, Engine) {
    let sandbox = start(Options { http: true, ..Options::default() }).await.unwrap();
    let engine = Engine::open(sandbox.settings(), Arc::new(jiff::Timestamp::now)).unwrap();
    (sandbox, engine)
}

fn unlock(engine: &Engine, keys: &[NeededKey]) {
    for key in keys {
        match key {
            NeededKey::Unlock { id, .. } => engine.keyring().unlock(id, &Passphrase::from_text(PASSPHRASE)).unwrap(),
            NeededKey::New { role } => engine.keyring().choose_passphrase(role, new_passphrase(PASSPHRASE)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_troubles_are_mended_in_one_publish() {
    let (sandbox, engine) = scene().await;
    let wanted: Vec<(&str, Vec<Change>)> = vec![
        ("team/portal", vec![witness("targets/releases"), witness("targets/jeff")]),
        ("team/billing", vec![witness("root")]),
        ("team/search", vec![witness("targets/releases"), witness("targets/ben")]),
        ("team/archive", vec![witness("targets")]),
        ("team/api", vec![remove_signer("ben"), witness("targets/releases")]),
        (NEW_REPOSITORY, vec![add_signer("ann", &[Key::named("ann").public()])]),
    ];
    for (name, changes) in &wanted {
        engine.views().refresh(&gun(name)).await.unwrap();
        engine.stage().stage(changes.iter().map(|change| (gun(name), change.clone())).collect()).unwrap();
    }
    let plan = engine.stage().plan(None).unwrap();
    for repository in &plan.repositories {
        assert!(!repository.is_blocked() && !repository.is_dangerous(), "{:?}", repository.warnings);
        unlock(&engine, &repository.keys);
    }
    let repositories: Vec<Gun> = wanted.iter().map(|(name, _)| gun(name)).collect();
    let approval = Approval { plan: plan.id.clone(), repositories: repositories.clone(), accepted: Vec::new() };
    let (send, mut receive) = mpsc::channel(256);
    let news = tokio::spawn(async move {
        let mut count = 0;
        while receive.recv().await.is_some() {
            count += 1;
        }
        count
    });
    let results = engine.publisher().publish(approval, send, CancellationToken::new()).await.unwrap();
    assert!(news.await.unwrap() > 5 * results.len());
    for (published, planned) in results.iter().zip(&plan.repositories) {
        assert_eq!(published.outcome, PublishOutcome::Done, "{published:?}");
        assert_eq!(published.trusted, planned.tags.after, "{}", published.gun);
    }
    for gun in &repositories {
        let view = engine.views().refresh(gun).await.unwrap();
        assert_eq!((view.orphaned(), view.health), (0, Health::Ok), "{gun}: {:?}", view.findings);
    }
    assert!(engine.stage().staged().unwrap().changes.is_empty());
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mended_so_is_refused_or_blocked_with_the_way_out() {
    let (sandbox, engine) = scene().await;
    for name in ["team/tools", "team/archive", "team/api"] {
        engine.views().refresh(&gun(name)).await.unwrap();
    }
    let refused = engine.stage().stage(vec![(gun("team/tools"), witness("targets/ops"))]).unwrap_err();
    assert_eq!((refused.kind(), refused.hint().as_str()), (Kind::Input, "add a key to it first"));
    engine.stage().stage(vec![(gun("team/archive"), witness("targets/releases"))]).unwrap();
    let plan = engine.stage().plan(None).unwrap();
    let block = plan.repositories[0].warnings.iter().find(|warning| warning.weight == Weight::Block).unwrap();
    assert_eq!(block.fix.clone().unwrap().0, [witness("targets")]);
    engine.stage().undo().unwrap();
    engine.stage().stage(vec![(gun("team/api"), remove_signer("ben"))]).unwrap();
    let plan = engine.stage().plan(None).unwrap();
    let repository = &plan.repositories[0];
    assert_eq!(repository.tags.orphaned.len(), repository.tags.before);
    assert!(repository.warnings[0].fix.is_some());
    sandbox.shutdown().await;
}
