//! What to do about a failure is never cut or out of sight before what failed, also where there is hardly any room.

use crate::screen;

use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use screen::plans::{plan, stage, tell_stage};
use screen::scene::{ADMIN, digits, gun, id, tell};
use screen::told::browsing;
use screen::{draw, frame, press};
use trustdeck::engine::error::{LockHolder, OwnDir};
use trustdeck::engine::{EngineError, KeyError, Kind, PublishOutcome, Published, RemoteError, TokenError};
use trustdeck::remote::{Overdue, TlsFault};
use trustdeck::tuf::{Gun, Role, VerifyError};
use trustdeck::tui::dialogs::prompt::{Prompt, What};
use trustdeck::tui::dialogs::{Dialog, Form};
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Outcome, Source};
use trustdeck::tui::messages::failure::Failure;
use trustdeck::tui::state::publishing::{Publishing, Track};
use trustdeck::tui::state::{Screen, State};

fn service() -> Gun {
    gun("platform/payments/gateway-service")
}

/// The longest that can be said of servers, files that are not trusted, publishes and keys.
fn errors() -> Vec<EngineError> {
    let host = || "notary.trust.platform.example.com:4443".to_owned();
    let remote = |source| EngineError::Remote { gun: Some(service()), source };
    let verify = |source| EngineError::Verify { gun: service(), source };
    let path = || PathBuf::from("/home/release-manager/.local/state/trustdeck/changes-of-registry.example.com.json");
    let place = Some(PathBuf::from(format!("/home/release-manager/.docker/tls/{}/ca.crt", host())));
    let issuer = Some("CN=Platform Issuing CA 3, O=Example Corporation".to_owned());
    let chosen = Some("https://notary.trust.platform.example.com:4443, from config.toml".to_owned());
    let (expected, found) = (digits("5be2f804"), digits("71d0e6ab"));
    let holder = LockHolder { pid: 31_337, program: Some("trustdeck publish".to_owned()), is_stopped: true };
    let [stored, missing] = [vec![Role::Root, Role::Targets], vec![Role::releases(), Role::Snapshot]];
    vec![
        remote(RemoteError::Tls { host: host(), why: TlsFault::UnknownAuthority { issuer, place } }),
        remote(RemoteError::Tls { host: host(), why: TlsFault::ClientCertificateRefused }),
        remote(RemoteError::RealmConsent { host: host(), realm: "auth.platform.example.net:5001".to_owned() }),
        remote(RemoteError::Network { host: host(), why: "connection refused".to_owned(), chosen }),
        remote(RemoteError::Redirect { host: host(), to: "https://portal.example.net/login?next=notary".to_owned() }),
        remote(RemoteError::Altered { host: host(), what: "a manifest".to_owned(), expected, found }),
        remote(RemoteError::UploadTooBig { host: host(), size: 12_000_000 }),
        remote(RemoteError::Slow { host: host(), what: Overdue::End, seconds: 120 }),
        remote(RemoteError::Forbidden { host: host(), why: "requested access to the resource is denied".to_owned() }),
        verify(VerifyError::RootGap { trusted: 3, missing: 4, current: 7 }),
        verify(VerifyError::RootStep { trusted: 3, got: 7 }),
        verify(VerifyError::Rollback { role: Role::releases(), seen: 31, got: 30 }),
        verify(VerifyError::Pin { gun: service(), why: "no root key has the pinned certificate".to_owned() }),
        verify(VerifyError::PinEntry {
            gun: service(),
            why: "the file of authorities holds no certificate".to_owned(),
        }),
        EngineError::Lost { gun: service(), server: format!("https://{}", host()), copy: true },
        EngineError::Absent { gun: service(), server: format!("https://{}", host()) },
        EngineError::PinLost { gun: service(), what: "another one".to_owned(), known: vec![], found: vec![] },
        EngineError::Moved { gun: service(), tag: "3.2.0-rc1".to_owned(), reviewed: digits("ab"), now: None },
        EngineError::NotStored { gun: service(), what: "targets/releases v31 instead of v32".to_owned() },
        EngineError::PartlyStored { gun: service(), stored, missing },
        EngineError::OutcomeUnknown { gun: service(), why: "the answer was lost: connection reset by peer".to_owned() },
        EngineError::Conflict { gun: service() },
        EngineError::Locked(vec![id("aa"), id("bb"), id("cc")]),
        EngineError::BusyLocal { path: path(), holder: Some(holder) },
        EngineError::Exposed { path: path(), what: "can be written by others".to_owned(), is_own: false },
        EngineError::OwnDir { dir: OwnDir::State, path: path(), source: Error::from(ErrorKind::PermissionDenied) },
        EngineError::read_only(Some(&service())),
    ]
}

/// The longest that can be said of a key that is to sign.
fn key_errors() -> Vec<EngineError> {
    let module = PathBuf::from("/usr/lib/x86_64-linux-gnu/libykcs11.so.2");
    let what = "it can be written by others than root and you".to_owned();
    let link = PathBuf::from("/home/release-manager/.docker/trust/private/root_keys");
    let errors = [
        TokenError::PinEachTime("release-board (YubiKey 5 NFC)".to_owned()),
        TokenError::PinLocked("release-board (YubiKey 5 NFC)".to_owned()),
        TokenError::NoModule,
        TokenError::Module { path: module, what },
    ];
    let errors = errors.into_iter().map(KeyError::Token);
    let link = KeyError::Link { path: link, what: "a link out of the key directory, which is not followed".to_owned() };
    errors.chain([KeyError::NotFound(id("5e20c11f")), link]).map(EngineError::Key).collect()
}

fn failure(error: &EngineError) -> Failure {
    Failure::plain(error.problem())
}

/// The words of a frame, in one line.
fn words(state: &State) -> String {
    let frame = frame::signs(&draw(state));
    let lines = frame.lines().map(|line| line.trim_matches(|c| "│╭╮╰╯─ ".contains(c)));
    lines.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn begins(failure: &Failure, words: usize) -> String {
    failure.problem.hint.split_whitespace().take(words).collect::<Vec<_>>().join(" ")
}

fn small() -> State {
    let mut state = browsing();
    state.size = (60, 16);
    state
}

#[track_caller]
fn reads(state: &State, failure: &Failure, key: Option<&str>) {
    let shown = words(state);
    let is_there = shown.contains(&begins(failure, 4)) || key.is_some_and(|key| shown.contains(key));
    assert!(is_there, "{:?} of {:?} in\n{}", failure.problem.hint, failure.problem.message, frame::signs(&draw(state)));
}

#[test]
fn a_form_says_what_to_do_whatever_failed() {
    for error in errors().iter().chain(&key_errors()) {
        let failure = failure(error);
        for keys in ["4n", "2m", "1a"] {
            let mut state = small();
            press(&mut state, keys);
            let Some(Dialog::Form(form)) = state.dialogs.pop() else { panic!("{keys} opens a form") };
            state.dialogs.push(Dialog::Form(Form::failed(form, &failure)));
            reads(&state, &failure, None);
        }
    }
}

#[test]
fn a_prompt_says_what_to_do_whatever_is_wrong_with_the_key() {
    let signs = (0..6).map(|n| (format!("team/app{n}"), "targets".to_owned(), "v1 → v2".to_owned())).collect();
    let (label, role) = ("admin laptop".to_owned(), "targets".to_owned());
    let what = What::Unlock { id: id(ADMIN.0), label, role, signs };
    for error in key_errors() {
        let (failure, mut state) = (failure(&error), small());
        let mut prompt = Prompt::new(what.clone(), 1, 1);
        prompt.refused(&failure, None);
        state.dialogs.push(Dialog::Prompt(prompt));
        reads(&state, &failure, None);
        assert!(words(&state).contains("admin laptop"), "{}", words(&state));
    }
    let mut state = small();
    let mut prompt = Prompt::new(what, 1, 1);
    prompt.wrong(None);
    state.dialogs.push(Dialog::Prompt(prompt));
    assert!(words(&state).contains("does not open this key"), "{}", words(&state));
}

#[test]
fn the_line_for_messages_begins_with_both_and_names_the_key_that_shows_all() {
    for error in errors().iter().chain(&key_errors()) {
        let (failure, mut state) = (failure(error), small());
        state.complain(&failure);
        let shown = words(&state);
        let begins: String = begins(&failure, 4).chars().take(12).collect();
        assert!(shown.contains(&begins) || shown.contains("@ all of it"), "{begins:?} in {shown}");
        press(&mut state, "@");
        reads(&state, &failure, Some("j k scroll"));
    }
}

#[test]
fn what_is_said_of_a_repository_or_its_plan_or_its_publish_says_what_to_do() {
    let demo = gun("admin/demo");
    for error in errors() {
        let failure = failure(&error);
        let mut state = small();
        let viewed = Outcome::Viewed(demo.clone(), Source::Server, Err(failure.clone()));
        tell(&mut state, Effect::Refresh(demo.clone()), viewed);
        press(&mut state, "1<esc>I");
        reads(&state, &failure, Some("j k scroll"));

        let mut state = small();
        let mut failed = plan();
        failed.repositories[0].failed = Some(failure.problem.clone());
        tell_stage(&mut state, stage(), failed.clone());
        press(&mut state, "p");
        tell(&mut state, Effect::Plan, Outcome::Planned(Ok(std::sync::Arc::new(failed))));
        reads(&state, &failure, Some("enter read on"));

        let mut state = small();
        let outcome = PublishOutcome::Failed(failure.problem.clone());
        let published = Published { outcome, ..Published::skipped(&demo) };
        let (notes, name) = (<[Option<String>; 5]>::default(), "admin/demo".to_owned());
        let ended = Some((state.now, published));
        let track = Track {
            gun: demo.clone(),
            name,
            step: None,
            notes,
            began: None,
            ended,
            touch: None,
            wrong_sources: vec![],
        };
        state.screen = Screen::Publish(Publishing {
            plan: "p".to_owned(),
            tracks: vec![track],
            cursor: 0,
            began: state.now,
            ended: Some(state.now),
            stopping: false,
            failure: None,
            log: vec![],
        });
        reads(&state, &failure, None);
    }
}

#[test]
fn no_failure_is_headed_by_the_word_that_programs_read() {
    for kind in [Kind::BusyLocal, Kind::OutcomeUnknown, Kind::NotStored, Kind::Role, Kind::Freeze, Kind::Mix] {
        let said = trustdeck::tui::state::words::failed(kind);
        assert!(said != kind.word() && !said.contains('-'), "{said}");
    }
}

#[test]
fn nothing_is_staged_for_a_repository_that_no_trust_server_answers_for() {
    let demo = gun("admin/demo");
    for keys in ["1s", "2a", "3a", "3s"] {
        let mut state = browsing();
        press(&mut state, "/admin/demo<enter>");
        let error = EngineError::Remote {
            gun: Some(demo.clone()),
            source: RemoteError::NotNotary {
                host: "registry.test".to_owned(),
                what: trustdeck::remote::Stranger::Registry,
                chosen: "--server".to_owned(),
            },
        };
        let failure = Failure { is_no_trust_server: true, ..failure(&error) };
        tell(&mut state, Effect::Refresh(demo.clone()), Outcome::Viewed(demo.clone(), Source::Server, Err(failure)));
        press(&mut state, keys);
        assert!(state.dialogs.is_empty(), "{keys} opens nothing");
        assert!(words(&state).contains("is no trust server"), "{keys}: {}", words(&state));
    }
}

#[test]
fn a_wait_of_years_is_not_told_in_seconds() {
    let hint = |seconds| {
        let (host, wait) = ("notary.test".to_owned(), Some(seconds));
        EngineError::Remote { gun: None, source: RemoteError::Busy { host, status: 503, wait } }.hint()
    };
    assert_eq!(hint(90), "it asks to wait 90 s; try again then");
    assert_eq!(hint(2_303_682_097), "try again in a while");
}
