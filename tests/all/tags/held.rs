//! What is signed by its digest, held against the registry.

use tempfile::TempDir;
use trustdeck::engine::tags::candidate::{Candidate, WantedTag};
use trustdeck::engine::{Engine, EngineError, SignedTarget};
use trustdeck::tuf::{Gun, TargetName};

use super::asked::{answering, engine};
use crate::remote::scripted::{Scripted, answer};
use crate::support::NOBODYS_PORT;

/// The tag with this number, as [`answering`] has it.
fn wanted(number: usize) -> WantedTag {
    let sha256 = format!("{number:064x}");
    let target = SignedTarget { length: 500, sha256, sha512: None, custom: None, from_registry: false };
    WantedTag { tag: TargetName::parse(&format!("t{number}")).unwrap(), target: Some(target) }
}

async fn candidates(engine: &Engine, gun: &Gun, tags: usize) -> Vec<Result<Candidate, EngineError>> {
    let found = engine.tags().candidates(gun, (0..tags).map(wanted).collect()).await;
    found.into_iter().map(|(_, found)| found).collect()
}

#[tokio::test]
async fn a_tag_that_the_registry_holds_so_takes_one_request() {
    let registry = Scripted::start(answering(100)).await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let found = candidates(&engine, &gun, 100).await;
    assert!(found.iter().all(|found| found.as_ref().is_ok_and(|one| one.target.from_registry)), "{found:?}");
    assert_eq!(registry.count("/manifests/"), 100);
}

#[tokio::test]
async fn a_registry_that_is_away_or_not_well_is_not_asked_about_each_of_many_tags() {
    let registry = Scripted::start(|_, _| answer("500 Internal Server Error", &[], "")).await;
    let home = TempDir::new().unwrap();
    let (sick, gun) = engine(&home, &registry);
    let unchecked =
        |found: &[Result<Candidate, EngineError>]| found.iter().flatten().filter(|one| one.unchecked.is_some()).count();
    assert_eq!(unchecked(&candidates(&sick, &gun, 1000).await), 1000);
    assert!(registry.count("/manifests/") < 100, "{}", registry.count("/manifests/"));
    let nobody = Gun::parse(&format!("127.0.0.1:{NOBODYS_PORT}/team/app")).unwrap();
    assert_eq!(unchecked(&candidates(&sick, &nobody, 1000).await), 1000);
}

#[tokio::test]
async fn the_registry_says_how_long_an_image_is_that_is_known_by_its_digest_alone() {
    let registry = Scripted::start(answering(3)).await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let unsized_tag = |number| {
        let WantedTag { tag, target } = wanted(number);
        WantedTag { tag, target: target.map(|target| SignedTarget { length: 0, ..target }) }
    };
    let found = engine.tags().candidates(&gun, vec![unsized_tag(1)]).await;
    assert_eq!(found[0].1.as_ref().unwrap().target.length, 500);
    // Without its word nothing can be signed.
    let nobody = Gun::parse(&format!("127.0.0.1:{NOBODYS_PORT}/team/app")).unwrap();
    let found = engine.tags().candidates(&nobody, (0..5).map(unsized_tag).collect()).await;
    assert!(found.iter().all(|(_, found)| found.is_err()), "{found:?}");
}
