//! Verifying images on the screen: how deep, progress, what is wrong.

use trustdeck::engine::tags::ask::News;
use trustdeck::engine::tags::platforms::Platform;
use trustdeck::engine::tags::trusted::Trusted;
use trustdeck::engine::tags::verify::{
    CheckedPart, Depth, ImagePart, PartFinding, PassedOver, Suspect, Unproven, Verification,
};
use trustdeck::engine::{Health, Kind, RemoteError};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, JobId, Outcome};
use trustdeck::tui::messages::failure::Failure;
use trustdeck::tui::messages::registry::{RegistryFound, RegistryNews, RegistryWork};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use crate::screen;
use screen::registry::{answers, begin_comparing, hear, listed};
use screen::scene::{digits, gun, tell};
use screen::told::browsing;
use screen::{draw, frame, press};

fn part(part: ImagePart, first: &str, size: u64, finding: PartFinding) -> CheckedPart {
    CheckedPart { part, digest: format!("sha256:{}", digits(first)), size, finding }
}

fn layer(number: usize) -> ImagePart {
    ImagePart::Layer { number, of: 3, platform: None }
}

/// A layer whose bytes were changed.
fn altered() -> PartFinding {
    let error = RemoteError::Altered {
        host: "registry.example.com".to_owned(),
        what: format!("blob sha256:{} of admin/demo", digits("6b0c77d1")),
        expected: format!("sha256:{}", digits("6b0c77d1")),
        found: format!("sha256:{}", digits("e90f41a3")),
    };
    PartFinding::Wrong { suspect: Suspect::Registry, error }
}

pub(crate) fn parts() -> Vec<CheckedPart> {
    vec![
        part(ImagePart::Signed, "3d2e482b", 1397, PartFinding::Good),
        part(ImagePart::Config(None), "10fa88c2", 2841, PartFinding::Good),
        part(layer(1), "b7715fd0", 31_457_280, PartFinding::Good),
        part(layer(2), "6b0c77d1", 8_388_608, altered()),
        part(layer(3), "52ac03e9", 1_200, PartFinding::Good),
    ]
}

fn verification(parts: Vec<CheckedPart>) -> Verification {
    let trusted = Trusted {
        gun: gun("admin/demo"),
        name: "admin/demo".to_owned(),
        tag: "3.1.6".to_owned(),
        digest: format!("sha256:{}", digits("3d2e482b")),
        size: 1397,
        sha512: None,
        roles: vec![],
        signers: vec!["jeff".to_owned()],
    };
    Verification { trusted, drifted_to: None, parts }
}

fn news(state: &mut State, job: JobId, news: RegistryNews) {
    update(state, Event::Registry(job, news));
}

/// `3.1.6` is being verified, everything of it.
pub(crate) fn begun(state: &mut State) -> (JobId, Effect) {
    press(state, "3/3.1.6<enter>V");
    let effects = press(state, "<enter>");
    let [effect @ Effect::Registry(RegistryWork::Verify { gun: of, tags, depth })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((of, tags.as_slice()), (&gun("admin/demo"), ["3.1.6".to_owned()].as_slice()));
    assert_eq!(*depth, Depth::Deep { platform: None });
    let job = state.jobs.begin(effect);
    news(state, job, RegistryNews::Verifying(of.clone(), tags.clone()));
    (job, effect.clone())
}

pub(crate) fn failed(state: &mut State) {
    let (job, _) = begun(state);
    for checked in parts() {
        news(state, job, RegistryNews::Checked("3.1.6".to_owned(), checked));
    }
    news(state, job, RegistryNews::Read(39_847_088));
    news(state, job, RegistryNews::Verified("3.1.6".to_owned(), Ok(verification(parts()))));
    update(state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))));
}

#[test]
fn what_is_wrong_is_named_with_its_part_and_with_what_was_expected_and_found() {
    let mut state = browsing();
    failed(&mut state);
    let shown = frame::signs(&draw(&state));
    for words in [
        "admin/demo:3.1.6 is NOT what is signed",
        "layer 2 of 3 of 3.1.6",
        "6b0c77d1 82b6b5e9",
        "e90f41a3",
        "the registry, or the way to it",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert_eq!(press(&mut state, "<esc>"), [], "it is over, nothing is to be stopped");
}

#[test]
fn parts_are_told_as_they_come_and_closing_stops_the_rest() {
    let mut state = browsing();
    let (job, _) = begun(&mut state);
    news(&mut state, job, RegistryNews::Checked("3.1.6".to_owned(), parts().remove(0)));
    news(&mut state, job, RegistryNews::Read(12_582_912));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("manifest") && shown.contains("12.5 MB read") && shown.contains("esc stop"), "{shown}");
    let stop = press(&mut state, "<esc>");
    assert_eq!(stop, [Effect::Registry(RegistryWork::StopVerifying)]);
    state.jobs.begin(&stop[0]);
    news(&mut state, job, RegistryNews::Verified("3.1.6".to_owned(), Ok(verification(parts()))));
    assert!(state.dialogs.is_empty(), "what comes late is dropped");
}

#[test]
fn all_marked_tags_are_verified_and_one_that_is_not_trusted_says_why() {
    let mut state = browsing();
    press(&mut state, "3/3.<enter>A");
    press(&mut state, "V");
    let effects = press(&mut state, "jj<enter>");
    let [Effect::Registry(RegistryWork::Verify { tags, depth: Depth::Manifest, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(tags.len(), 6);
    let job = state.jobs.begin(&effects[0]);
    news(&mut state, job, RegistryNews::Verifying(gun("admin/demo"), tags.clone()));
    for tag in tags {
        let held = screen::told::failure(trustdeck::engine::Kind::Absent, None);
        let result = if tag == "3.2.0-rc1" { Err(held) } else { Ok(verification(parts()[..1].to_vec())) };
        news(&mut state, job, RegistryNews::Verified(tag.clone(), result));
    }
    update(&mut state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("1 of 6 tags of admin/demo could not be proven"), "{shown}");
    assert!(shown.contains("not verified"), "{shown}");
}

#[test]
fn the_page_of_a_tag_has_all_roles_hashes_and_platforms() {
    let mut state = browsing();
    press(&mut state, "3/3.1.6<enter>");
    let effects = press(&mut state, "<enter>");
    let digest = format!("sha256:{}", digits("3d2e482b"));
    let asked =
        RegistryWork::Platforms { gun: gun("admin/demo"), tag: "3.1.6".to_owned(), digest: Some(digest.clone()) };
    assert_eq!(effects, [Effect::Registry(asked)]);
    let name = "linux/arm64/v8".to_owned();
    let found = Ok(vec![Platform { name, digest: format!("sha256:{}", digits("aa")), size: 500 }]);
    let found = RegistryFound::Platforms { gun: gun("admin/demo"), tag: "3.1.6".to_owned(), answer: None, found };
    tell(&mut state, effects[0].clone(), Outcome::Registry(found));
    let Some(Dialog::Report(page)) = state.dialogs.last() else { panic!("{:?}", state.dialogs) };
    let roles: Vec<(&str, &str)> = page.parts.iter().map(|part| (part.head.as_str(), part.below.as_str())).collect();
    assert_eq!(roles[0], ("targets/releases", "v31 signed by jeff old laptop"));
    assert_eq!(roles[2], ("targets/ben", "v4 signed by ben"));
    let fact = |label: &str| page.facts.iter().find(|(of, _)| *of == label).map(|(_, text)| text.as_str());
    assert_eq!(fact("size"), Some("1397 bytes"));
    assert_eq!(fact("pull by"), Some(format!("admin/demo@{digest}").as_str()));
    assert!(fact("platform").is_some_and(|text| text.starts_with("linux/arm64/v8")), "{page:?}");
    assert!(fact("signed").is_some_and(|text| text.contains("releases, jeff, ben")), "{page:?}");
}

#[test]
fn a_tag_that_nobody_signed_is_asked_about_when_its_page_is_opened() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    let demo = gun("admin/demo");
    let job = begin_comparing(&mut state, &effects);
    hear(&mut state, job, &demo, News::Listed { registered: listed(&["edge", "latest"]), wanted: 0 });
    let effects = press(&mut state, "/edge<enter><enter>");
    let asked = RegistryWork::Platforms { gun: demo.clone(), tag: "edge".to_owned(), digest: None };
    assert_eq!(effects, [Effect::Registry(asked)]);
    let answer = answers(&[("edge", "c81f2ab0")]).pop();
    let found = RegistryFound::Platforms { gun: demo, tag: "edge".to_owned(), answer, found: Ok(vec![]) };
    tell(&mut state, effects[0].clone(), Outcome::Registry(found));
    let Some(Dialog::Report(page)) = state.dialogs.last() else { panic!("{:?}", state.dialogs) };
    let pulled = format!("admin/demo@sha256:{}", digits("c81f2ab0"));
    assert!(page.facts.contains(&("pull by", pulled)), "{page:?}");
}

#[test]
fn what_failed_a_verification_stays_failed_in_row_detail_and_repository_until_that_part_is_good() {
    let mut state = browsing();
    failed(&mut state);
    let told = frame::signs(&draw(&state));
    assert!(told.contains("Push the image again") && told.contains("revoke the tag: d"), "{told}");
    press(&mut state, "<esc>");
    let effects = press(&mut state, "j");
    assert_eq!(effects, []);
    let row = |state: &State| state.lists.tag_rows.of_tag("3.1.6").next().unwrap().word();
    assert_eq!(row(&state), "tampered");
    state.size = (80, 24);
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("a pull with a check of digests"), "{shown}");
    assert!(shown.contains("V verify again") && shown.contains("d revoke"), "{shown}");
    assert!(!shown.contains("Every pull gets"), "{shown}");
    press(&mut state, "1");
    let shown = frame::signs(&draw(&state));
    // `latest` and `stable` name the same image.
    assert!(shown.contains("3 tags are not what is signed") && shown.contains("3 look at the tags"), "{shown}");
    assert_eq!(state.find(&gun("admin/demo")).unwrap().health(), Health::Fail);
    press(&mut state, "N");
    assert!(frame::signs(&draw(&state)).contains("3 tags are not what is signed"));
    press(&mut state, "<esc>3<esc>");

    let (job, _) = begun(&mut state);
    news(&mut state, job, RegistryNews::Checked("3.1.6".to_owned(), parts().remove(0)));
    assert_eq!(row(&state), "tampered", "the manifest is good and was so before");
    let mended = part(layer(2), "6b0c77d1", 8_388_608, PartFinding::Good);
    news(&mut state, job, RegistryNews::Checked("3.1.6".to_owned(), mended));
    assert_eq!(row(&state), "signed");
    assert_ne!(state.find(&gun("admin/demo")).unwrap().health(), Health::Fail);
}

#[test]
fn what_could_not_be_read_is_not_said_to_be_another_image() {
    let mut state = browsing();
    let (job, _) = begun(&mut state);
    let error = RemoteError::Setting("no connection".to_owned());
    let unread = part(layer(2), "6b0c77d1", 8, PartFinding::Wrong { suspect: Suspect::Nobody, error });
    news(&mut state, job, RegistryNews::Checked("3.1.6".to_owned(), unread.clone()));
    news(&mut state, job, RegistryNews::Verified("3.1.6".to_owned(), Ok(verification(vec![unread]))));
    update(&mut state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("could not be verified") && !shown.contains("NOT what is signed"), "{shown}");
    assert_eq!(state.lists.tag_rows.of_tag("3.1.6").next().unwrap().word(), "signed");
}

#[test]
fn an_index_without_the_platform_that_was_asked_for_is_not_verified_and_says_which_it_has() {
    let mut state = browsing();
    let (job, _) = begun(&mut state);
    let why = Unproven::NoPlatform { asked: "linux/s390x".to_owned(), there: vec!["linux/amd64".to_owned()] };
    let skipped = PartFinding::Skipped(PassedOver::OtherPlatform);
    let all = vec![
        part(ImagePart::Signed, "3d2e482b", 1397, PartFinding::Good),
        part(ImagePart::Platform("linux/amd64".to_owned()), "10fa88c2", 500, skipped),
        part(ImagePart::Listed(None), "3d2e482b", 1397, PartFinding::Unproven(why)),
    ];
    news(&mut state, job, RegistryNews::Verified("3.1.6".to_owned(), Ok(verification(all))));
    update(&mut state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("could not be verified") && !shown.contains("is what is signed"), "{shown}");
    assert!(shown.contains("no image for linux/s390x") && shown.contains("linux/amd64"), "{shown}");
    assert_eq!(state.lists.tag_rows.of_tag("3.1.6").next().unwrap().word(), "signed");
}

#[test]
fn foreign_layers_are_said_not_to_be_verified() {
    let mut state = browsing();
    let (job, _) = begun(&mut state);
    let all = vec![
        part(ImagePart::Signed, "3d2e482b", 1397, PartFinding::Good),
        part(layer(1), "b7715fd0", 31_457_280, PartFinding::Skipped(PassedOver::Elsewhere)),
    ];
    news(&mut state, job, RegistryNews::Verified("3.1.6".to_owned(), Ok(verification(all))));
    update(&mut state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("not verified: 1 foreign layer"), "{shown}");
    assert!(shown.contains("not verified: it lies elsewhere than in the registry"), "{shown}");
}

#[test]
fn a_verification_that_met_newer_trust_data_has_the_pane_read_it_too() {
    let ended = |result: Result<Verification, Failure>| {
        let mut state = browsing();
        let (job, _) = begun(&mut state);
        news(&mut state, job, RegistryNews::Verified("3.1.6".to_owned(), result));
        update(&mut state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))))
    };
    let refresh = vec![Effect::Refresh(gun("admin/demo"))];
    assert_eq!(ended(Err(screen::told::failure(Kind::Absent, None))), refresh, "it is signed no more");
    let other = vec![part(ImagePart::Signed, "77fe10aa", 1397, PartFinding::Good)];
    assert_eq!(ended(Ok(verification(other))), refresh, "it is another image");
    assert_eq!(ended(Ok(verification(parts()))), []);
    assert_eq!(ended(Err(screen::told::failure(Kind::Network, None))), [], "nothing newer was met");
}
