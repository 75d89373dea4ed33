//! Commands against a server that says what no honest one would.

use jiff::Timestamp as Time;

use crate::refresh::GUN;
use crate::refresh::origin::Origin;
use crate::support::forge::{Key, Repository};
use crate::support::home::Home;
use trustdeck::tuf::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_of_four_thousand_million_makes_no_keys() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    let mut repository = Repository::new(GUN, Time::now());
    let jeff = Key::named("jeff");
    for name in ["targets/jeff", "targets/releases"] {
        repository.delegate(name, std::slice::from_ref(&jeff), &[""]);
    }
    let targets = repository.content.get_mut(&Role::Targets).unwrap();
    targets.delegations.iter_mut().flatten().for_each(|delegation| delegation.threshold = u32::MAX);
    origin.serve(&repository);
    let url = origin.url.clone();
    let rotated = tokio::task::spawn_blocking(move || {
        let home = Home::at(&url, std::path::Path::new("tests/fixtures/input/erin.crt"));
        let ran = home.trustdeck(&["rotate", "signer", "jeff", GUN, "--insecure-http", "--json"]);
        (ran, std::fs::read_dir(home.trust_dir().join("private")).unwrap().count())
    });
    let (ran, made) = rotated.await.unwrap();
    assert_eq!(ran.ended(2).kinds(), ["input"]);
    assert_eq!(made, 0, "no key was made");
}
