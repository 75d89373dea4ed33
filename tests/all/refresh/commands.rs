//! Commands against a server that says what no honest one would.

use jiff::Timestamp as Time;

use crate::refresh::origin::Origin;
use crate::refresh::{GUN, gun, publish, root_key};
use crate::support::forge::{Key, Repository, days};
use crate::support::home::{Home, REPOSITORY_PASSPHRASE};
use crate::support::machine::{Machine, sign};
use crate::support::{Ran, new_passphrase};
use trustdeck::engine::{Kind, PublishOutcome};
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

/// A repository of today with tag 1.0, which jeff has signed into releases and into his own role.
pub(super) fn signed_by_jeff() -> Repository {
    let mut repository = Repository::new(GUN, Time::now());
    repository.set_keys(Role::Root, &[root_key()], 1);
    let jeff = Key::named("jeff");
    for name in ["targets/jeff", "targets/releases"] {
        let role = Role::parse(name).unwrap();
        repository.delegate(name, std::slice::from_ref(&jeff), &[""]);
        repository.add_file(role.clone(), Time::now());
        repository.tag(&role, "1.0");
    }
    repository
}

/// Runs commands against the server, each on a machine of its own, or all on the same one.
pub(super) async fn ran(origin: &Origin, commands: Vec<Vec<String>>, home: Option<Home>) -> (Vec<Ran>, Home) {
    let url = origin.url.clone();
    let at = move || Home::at(&url, std::path::Path::new("tests/fixtures/input/erin.crt"));
    let run = move || {
        let same = home.is_some();
        let mut home = home.unwrap_or_else(&at);
        let mut all = Vec::new();
        for command in commands {
            if !same {
                home = at();
            }
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            all.push(home.trustdeck(&[&words[..], &["--insecure-http"]].concat()));
        }
        (all, home)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

pub(super) fn words(line: &str) -> Vec<String> {
    line.replace("REPO", GUN).split(' ').map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_trusted_from_now_on_is_told_by_commands_about_tags_too() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    origin.serve(&signed_by_jeff());
    let commands = ["resolve REPO:1.0", "verify REPO:1.0", "tags REPO", "drift REPO", "pull REPO:1.0"];
    let (all, _) = ran(&origin, commands.map(words).to_vec(), None).await;
    let root = root_key().public().canonical_id().clone();
    // The words are those of the very key whose ID stands beside them, not of its certificate.
    let (id, words) = (root.to_string(), trustdeck::keys::words::words(&root));
    for (ran, command) in all.iter().zip(commands) {
        let told = [&id, &words].into_iter().all(|part| ran.stderr.contains(part));
        assert!(ran.stderr.contains("new to this machine") && told, "{command}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_about_tags_name_a_hidden_or_forged_role_and_invite_nobody_to_sign_it() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    let honest = signed_by_jeff();
    let mut hidden = honest.clone();
    hidden.unnamed.insert(Role::releases());
    publish(&mut hidden, &Role::Snapshot);
    let mut forged = honest.clone();
    forged.signers.insert(Role::releases(), Vec::new());
    publish(&mut forged, &Role::releases());
    for attacked in [hidden, forged] {
        origin.serve(&honest);
        let (seen, home) = ran(&origin, vec![words("resolve REPO:1.0")], None).await;
        assert_eq!(seen[0].code, 0, "{seen:?}");
        origin.serve(&attacked);
        let commands = vec![words("resolve REPO:1.0"), words("verify REPO:1.0"), words("verify REPO")];
        let (all, _) = ran(&origin, commands, Some(home)).await;
        for ran in all {
            assert!(ran.code == 6 && ran.stdout.is_empty(), "{ran:?}");
            assert!(
                ran.stderr.contains("this may be an attack") && ran.stderr.contains("trustdeck restore"),
                "{ran:?}"
            );
            assert!(!ran.stderr.contains("trustdeck witness") && !ran.stderr.contains("trustdeck sign"), "{ran:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_about_tags_do_not_fall_back_to_an_older_digest_that_targets_lists() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    let mut honest = signed_by_jeff();
    let older = trustdeck::tuf::Target::image([7; 32], 7);
    let name = trustdeck::tuf::TargetName::received("1.0".to_owned());
    honest.content.get_mut(&Role::Targets).unwrap().targets.insert(name, older);
    let mut hidden = honest.clone();
    hidden.unnamed.insert(Role::releases());
    publish(&mut hidden, &Role::Snapshot);
    let mut expired = honest.clone();
    publish(&mut expired, &Role::releases());
    expired.content.get_mut(&Role::releases()).unwrap().expires = days(Time::now(), -1);
    for (attacked, why) in [(hidden, "this may be an attack"), (expired, "targets/releases has expired")] {
        origin.serve(&honest);
        let (seen, home) = ran(&origin, vec![words("resolve REPO:1.0")], None).await;
        assert_eq!(seen[0].code, 0, "{seen:?}");
        origin.serve(&attacked);
        let commands = ["resolve REPO:1.0", "verify REPO:1.0", "verify REPO", "pull REPO:1.0", "inspect REPO:1.0"];
        let (all, _) = ran(&origin, commands.map(words).to_vec(), Some(home)).await;
        for (ran, command) in all.iter().zip(commands) {
            assert!(ran.code == 6 && ran.stderr.contains(why), "{command}: {ran:?}");
            assert!(ran.stdout.is_empty() || command.starts_with("inspect"), "{command}: {ran:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_outside_the_paths_of_a_role_are_told_in_one_line_and_only_to_who_asks_for_them() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    let mut repository = signed_by_jeff();
    let listing = repository.content.get_mut(&Role::Targets).unwrap();
    listing.delegations.iter_mut().flatten().for_each(|delegation| delegation.paths = vec!["v".to_owned()]);
    repository.content.get_mut(&Role::releases()).unwrap().targets.clear();
    for tag in 100..400 {
        repository.tag(&Role::releases(), &tag.to_string());
    }
    repository.tag(&Role::releases(), "v1");
    origin.serve(&repository);
    let commands = ["inspect REPO", "inspect REPO --json", "inspect REPO:v1", "inspect REPO:105", "resolve REPO:105"];
    let (all, _) = ran(&origin, commands.map(words).to_vec(), None).await;
    let many = "targets/releases lists 300 tags outside its paths, which nobody pulls: 100, 101 and 298 others";
    let one = "targets/releases lists 1 tag outside its paths, which nobody pulls: 105";
    assert!(all[0].code == 6 && all[0].stderr.contains(many), "{:?}", all[0]);
    assert!(all[0].stderr.lines().count() < 10, "{:?}", all[0]);
    let told: Vec<_> =
        all[1].errors().into_iter().filter(|error| error["message"].to_string().contains(many)).collect();
    assert!(all[1].code == 6 && told.len() == 1 && told[0]["kind"] == "role", "{:?}", all[1]);
    assert!(all[2].code == 0 && !all[2].stderr.contains("outside"), "{:?}", all[2]);
    for ran in &all[3..] {
        assert!(ran.code == 6 && ran.stderr.contains(one) && !ran.stderr.contains(many), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_has_signed_in_the_place_of_an_upload_is_no_good_publish() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    let honest = signed_by_jeff();
    origin.serve(&honest);
    let home = Home::at(&origin.url, std::path::Path::new("tests/fixtures/input/erin.crt"));
    let machine = Machine::of(home, &origin.url);
    let passphrase = new_passphrase(REPOSITORY_PASSPHRASE);
    let store = trustdeck::keys::KeyStore::new(&machine.home.trust_dir());
    store.save(&Key::named("jeff").private(), "jeff", None, &passphrase).unwrap();
    machine.engine.views().refresh(&gun()).await.unwrap();
    let mut forged = honest;
    forged.signers.insert(Role::releases(), Vec::new());
    // Higher than what is uploaded.
    (0..5).for_each(|_| publish(&mut forged, &Role::releases()));
    origin.serve_after_upload(&forged);
    machine.stage(GUN, [sign("2.0")]);
    let published = machine.publish().await.unwrap().remove(0);
    assert!(!published.versions.is_empty(), "it was sent: {published:?}");
    let PublishOutcome::Failed(problem) = published.outcome else { panic!("{published:?}") };
    assert_eq!((problem.kind, problem.role), (Kind::Role, Some(Role::releases())), "{}", problem.message);
    assert!(problem.message.contains("was sent"), "{}", problem.message);
    assert_eq!(machine.engine.stage().staged().unwrap().changes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_is_no_sha256_is_shown_as_none() {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    let mut repository = signed_by_jeff();
    let short = |text: String| {
        let (before, rest) = text.split_once("\"sha256\":\"").unwrap();
        format!("{before}\"sha256\":\"AA==\"{}", rest.split_once('"').unwrap().1)
    };
    for name in ["targets/jeff", "targets/releases"] {
        repository.edits.insert(Role::parse(name).unwrap(), short);
    }
    origin.serve(&repository);
    let command = |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>();
    let tag = format!("{GUN}:1.0");
    let commands = [&["inspect", GUN][..], &["inspect", &tag], &["inspect", "--pretty", &tag]];
    let commands = commands.map(command);
    let (all, _) = ran(&origin, commands.to_vec(), None).await;
    for ran in &all {
        assert!(ran.stderr.contains("1.0") && ran.stderr.contains("without a SHA-256 digest"), "{ran:?}");
    }
    for ran in &all[..2] {
        let tags = ran.json()[0]["SignedTags"].clone();
        assert_eq!(tags, serde_json::json!([{"SignedTag": "1.0", "Digest": "", "Signers": ["jeff"]}]));
    }
    let row = all[2].stdout.lines().find(|line| line.starts_with("1.0")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["1.0", "(none)", "jeff"]);
}
