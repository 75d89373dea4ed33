//! Questions that the screen asks, and what the answers come to. Keys in, effects out.

use crate::screen;

use std::path::PathBuf;
use std::sync::Arc;

use screen::plans::{mended, plan, remove_ben, stage, tell_stage};
use screen::scene::{ADMIN, NEW, OLD, digits, gun, id, repositories, state_of, tell};
use screen::{draw, frame, press};
use trustdeck::engine::stage::foreign::ForeignChanges;
use trustdeck::engine::view::TagView;
use trustdeck::engine::view::keys::KeyPlace;
use trustdeck::engine::{Admission, Change, Freshness, Kind, Passphrase, Problem, PublishOutcome, Published};
use trustdeck::tuf::{DelegationName, Gun, KeyId, PublicKey};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::dialogs::choose::{Choose, Reply};
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Outcome, Source};
use trustdeck::tui::messages::failure::{Ask, Failure};
use trustdeck::tui::messages::registry::{RegistryFound, RegistryWork};
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::screens::commands;
use trustdeck::tui::state::publishing::{Publishing, Track};
use trustdeck::tui::state::{Screen, State};

fn browsing() -> State {
    let mut state = state_of(repositories(), (120, 40), Theme::default());
    press(&mut state, "/admin/demo<enter><esc>");
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/demo"));
    state
}

fn problem(kind: Kind) -> Problem {
    let (message, hint) = ("what".to_owned(), "do".to_owned());
    Problem { kind, message, hint, repository: None, role: None, tags: None, admission: None }
}

/// The server's answer about a repository is a question.
fn ask(state: &mut State, name: &str, kind: Kind, ask: Ask) {
    let admission = if let Ask::Admission(admission) = &ask { Some(Box::new(admission.clone())) } else { None };
    let failure = Failure { ask: Some(ask), ..Failure::plain(Problem { admission, ..problem(kind) }) };
    let found = Outcome::Viewed(gun(name), Source::Server, Err(failure));
    tell(state, Effect::Refresh(gun(name)), found);
}

fn root(first: &str) -> KeyId {
    KeyId::parse(&digits(first)).unwrap()
}

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

fn staged(effects: &[Effect]) -> Vec<Change> {
    let [Effect::Stage { changes, .. }] = effects else { panic!("one stage, not {effects:?}") };
    changes.iter().map(|(_, change)| change.clone()).collect()
}

#[test]
fn one_root_of_several_repositories_is_accepted_for_all_of_them() {
    let mut state = browsing();
    // Certificates differ between repositories, the key in them does not.
    let names = [("admin/demo", "5e20c11f", "aa"), ("admin/api", "6f31d22e", "aa"), ("admin/web", "70420000", "bb")];
    for (name, certificate, bare) in names {
        let asked = Ask::FirstContact { roots: vec![root(certificate)], keys: vec![id(bare)] };
        ask(&mut state, name, Kind::Pin, asked);
    }
    press(&mut state, "i");
    assert!(shown(&state).contains("all 2 repositories"), "{}", shown(&state));
    let accept = |name: &str, certificate: &str| Effect::AcceptRoot(gun(name), vec![root(certificate)]);
    let effects = press(&mut state, "j<enter>");
    assert_eq!(effects, [accept("admin/demo", "5e20c11f"), accept("admin/api", "6f31d22e")]);
}

#[test]
fn logins_go_to_another_host_only_when_it_is_allowed() {
    for (keys, expected) in [("<enter>", vec![]), ("<esc>", vec![]), ("j<enter>", vec!["auth.example.net"])] {
        let mut state = browsing();
        let (host, realm) = ("registry.example.com".to_owned(), "auth.example.net".to_owned());
        ask(&mut state, "admin/demo", Kind::Auth, Ask::Admission(Admission::Realm { host, realm }));
        press(&mut state, "i");
        assert!(shown(&state).contains("auth.example.net"));
        let allowed = |realm: &str| Effect::AcceptRealm(gun("admin/demo"), realm.to_owned());
        assert_eq!(press(&mut state, keys), expected.into_iter().map(allowed).collect::<Vec<_>>());
        assert!(state.dialogs.is_empty());
    }
}

#[test]
fn a_login_answers_all_that_wait_for_it() {
    let mut state = browsing();
    for name in ["admin/demo", "admin/api"] {
        let asked = Ask::Admission(Admission::Login { registry: "registry.example.com".to_owned(), user: None });
        ask(&mut state, name, Kind::Auth, asked);
    }
    let effects = press(&mut state, "iann<tab>secret word<enter>");
    let said = Told::new("logged in", "ann at registry.example.com");
    let effects = tell(&mut state, effects[0].clone(), Outcome::Acted(Some(gun("admin/demo")), Ok(said)));
    for name in ["admin/demo", "admin/api"] {
        assert!(effects.contains(&Effect::Refresh(gun(name))), "{effects:?}");
    }
    assert!(!effects.contains(&Effect::Refresh(gun("admin/web"))));
}

#[test]
fn a_login_is_good_only_once_the_server_says_so() {
    let demo = gun("admin/demo");
    let mut state = browsing();
    let asked = |user: Option<&str>| {
        Ask::Admission(Admission::Login { registry: "registry.example.com".to_owned(), user: user.map(str::to_owned) })
    };
    ask(&mut state, "admin/demo", Kind::Auth, asked(None));
    let effects = press(&mut state, "iann<tab>wrong<enter>");
    let said = Told::new("logging in", "ann at registry.example.com");
    tell(&mut state, effects[0].clone(), Outcome::Acted(Some(demo.clone()), Ok(said)));
    assert_eq!(state.message.as_ref().unwrap().tone, Tone::Note);
    ask(&mut state, "admin/demo", Kind::Auth, asked(Some("ann")));
    assert_eq!(state.message.as_ref().unwrap().tone, Tone::Fail);
}

/// A publish of the whole stage has ended; every repository was refused with this question.
fn refused_publish(admission: Admission) -> State {
    let mut state = browsing();
    tell_stage(&mut state, stage(), plan());
    press(&mut state, "pP");
    let tracks: Vec<Track> = plan().repositories.iter().map(|p| track(&p.gun)).collect();
    let refused = Problem { admission: Some(Box::new(admission)), ..problem(Kind::Forbidden) };
    let published = tracks
        .iter()
        .map(|track| Published { outcome: PublishOutcome::Failed(refused.clone()), ..Published::skipped(&track.gun) });
    let published = published.collect();
    state.dialogs.clear();
    state.screen = Screen::Publish(Publishing {
        plan: "p".to_owned(),
        tracks,
        cursor: 0,
        began: state.now,
        ended: None,
        stopping: false,
        failure: None,
        log: vec![],
    });
    assert_eq!(press(&mut state, "i"), [], "it still runs");
    assert!(state.dialogs.is_empty());
    tell(&mut state, Effect::ReadStage, Outcome::Published(Ok(published)));
    press(&mut state, "u");
    assert!(crate::screen::told::said(&state).contains("a publish stays"), "{}", crate::screen::told::said(&state));
    state
}

fn track(gun: &Gun) -> Track {
    let (notes, name) = (<[Option<String>; 5]>::default(), gun.to_string());
    Track { gun: gun.clone(), name, step: None, notes, began: None, ended: None, touch: None, wrong_sources: vec![] }
}

#[test]
fn after_a_refused_publish_somebody_else_logs_in_and_reviews_what_is_still_staged() {
    let registry = "registry.example.com".to_owned();
    for (keys, user) in [("ann<tab>secret word<enter>", Some("ann")), ("<tab>secret word<tab><space><enter>", None)] {
        let mut state = refused_publish(Admission::Login { registry: registry.clone(), user: None });
        assert!(shown(&state).contains("i log in"), "{}", shown(&state));
        let first = plan().repositories[0].gun.clone();
        press(&mut state, "i");
        let effects = press(&mut state, keys);
        let secret = Passphrase::from_text("secret word");
        let (user, host) = (user.map(str::to_owned), registry.clone());
        assert_eq!(effects, [Effect::LogIn { gun: first.clone(), host, user, secret }]);
        let said = Told::new("logging in", "ann");
        let effects = tell(&mut state, effects[0].clone(), Outcome::Acted(Some(first.clone()), Ok(said)));
        assert!(matches!(state.screen, Screen::Review(_)));
        assert!(effects.contains(&Effect::Plan), "{effects:?}");
        assert_eq!(state.stage.changes.len(), stage().changes.len());
    }
}

#[test]
fn a_publish_asks_whether_logins_may_go_where_the_server_sends_them() {
    let (host, realm) = ("registry.example.com".to_owned(), "auth.example.net".to_owned());
    let mut state = refused_publish(Admission::Realm { host, realm: realm.clone() });
    press(&mut state, "i");
    assert_eq!(press(&mut state, "j<enter>"), [Effect::AcceptRealm(plan().repositories[0].gun.clone(), realm)]);
}

/// The cache is shown, for the server did not let in.
fn from_cache(admission: Admission) -> State {
    let mut state = browsing();
    let (demo, reason) = (gun("admin/demo"), Problem { admission: Some(Box::new(admission)), ..problem(Kind::Auth) });
    let mut view = state.find(&demo).unwrap().view.as_deref().unwrap().clone();
    view.freshness = Freshness::Cached { at: Some(state.now), reason: Some(reason) };
    tell(&mut state, Effect::Refresh(demo.clone()), Outcome::Viewed(demo, Source::Server, Ok(Arc::new(view))));
    state
}

#[test]
fn what_is_shown_from_the_cache_asks_for_a_login_or_whether_a_realm_is_allowed() {
    let (host, realm) = ("registry.example.com".to_owned(), "auth.example.net".to_owned());
    let mut state = from_cache(Admission::Realm { host, realm: realm.clone() });
    assert!(shown(&state).contains("allow its login server"), "{}", shown(&state));
    press(&mut state, "i");
    assert_eq!(press(&mut state, "j<enter>"), [Effect::AcceptRealm(gun("admin/demo"), realm)]);
    // The registry of a name without a host is known only to whoever was refused.
    let mut state = from_cache(Admission::Login { registry: "notary.example.com".to_owned(), user: None });
    let effects = press(&mut state, "iann<tab>secret word<enter>");
    let [Effect::LogIn { host, .. }] = &effects[..] else { panic!("a login, not {effects:?}") };
    assert_eq!(host, "notary.example.com");
}

#[test]
fn a_registry_that_wants_a_login_is_asked_again_with_it() {
    let (mut state, demo) = (browsing(), gun("admin/demo"));
    let registry = "registry.example.com".to_owned();
    let refused =
        Problem { admission: Some(Box::new(Admission::Login { registry, user: None })), ..problem(Kind::Auth) };
    let failure = Failure::plain(refused);
    let effects = press(&mut state, "3");
    tell(&mut state, effects[0].clone(), Outcome::Registry(RegistryFound::Compared(demo.clone(), Err(failure))));
    let effects = press(&mut state, "1iann<tab>secret word<enter>");
    assert!(matches!(&effects[..], [Effect::LogIn { .. }]), "{effects:?}");
    let said = Told::new("logging in", "ann");
    tell(&mut state, effects[0].clone(), Outcome::Acted(Some(demo), Ok(said)));
    assert!(matches!(&press(&mut state, "3")[..], [Effect::Registry(RegistryWork::Compare(..))]));
}

#[test]
fn what_several_repositories_failed_for_is_told_once() {
    let mut state = browsing();
    for name in ["admin/demo", "admin/api", "admin/web"] {
        let failure = Failure { raw: Some(name.into()), ..Failure::plain(problem(Kind::Auth)) };
        tell(&mut state, Effect::Refresh(gun(name)), Outcome::Viewed(gun(name), Source::Server, Err(failure)));
    }
    let told = state.log.newest().filter(|entry| entry.text.ends_with("what")).count();
    assert_eq!(told, 1);
    press(&mut state, "N");
    assert!(shown(&state).contains("in 3 repositories"), "{}", shown(&state));
}

#[test]
fn the_prompt_tells_the_passphrase_of_the_sandbox_with_and_without_its_tour() {
    let mut state = asked_for_two_keys();
    assert!(!shown(&state).contains("sandbox-only"));
    state.here.sandbox = Some("sandbox-only".to_owned());
    assert!(shown(&state).contains("sandbox-only"));
}

#[test]
fn a_changed_root_is_refused_unless_the_user_chooses_otherwise() {
    let mut state = browsing();
    let (known, found) = (vec![root("5e20c11f")], vec![root("6f31d22e")]);
    ask(&mut state, "admin/demo", Kind::Pin, Ask::PinLost { known, found: found.clone(), differs: vec![] });
    assert_eq!(press(&mut state, "i<enter>"), []);
    assert_eq!(press(&mut state, "ij<enter>"), [Effect::AcceptRoot(gun("admin/demo"), found)]);
}

#[test]
fn what_notary_staged_is_adopted_left_or_dropped() {
    let demo = gun("admin/demo");
    let found = |adoptable| ForeignChanges { lines: vec!["add target 1.0".to_owned()], adoptable };
    let good = || found(Ok(vec![remove_ben()]));
    let bad = || found(Err(problem(Kind::Input)));
    let rows = [
        (good(), "<enter>", vec![Effect::AdoptForeign(demo.clone())]),
        (good(), "j<enter>", vec![]),
        (good(), "jj<enter>", vec![Effect::DropForeign(demo.clone())]),
        (bad(), "<enter>", vec![]),
        (bad(), "j<enter>", vec![Effect::DropForeign(demo.clone())]),
    ];
    for (changes, keys, expected) in rows {
        let mut state = browsing();
        tell(&mut state, Effect::ReadForeign(demo.clone()), Outcome::Foreign(demo.clone(), Ok(Some(changes))));
        assert!(shown(&state).contains("add target 1.0"));
        assert_eq!(press(&mut state, keys), expected, "{keys}");
    }
}

#[test]
fn once_adopted_the_repository_is_read_anew() {
    let demo = gun("admin/demo");
    let mut state = browsing();
    let outcome = Outcome::ForeignAdopted(demo.clone(), Ok(stage()));
    let effects = tell(&mut state, Effect::AdoptForeign(demo.clone()), outcome);
    assert_eq!(effects, [Effect::Plan, Effect::Refresh(demo)]);
}

#[test]
fn answers_stay_in_sight_however_long_the_question_is() {
    let demo = gun("admin/demo");
    let lines = (0..60).map(|i| format!("create target t{i}. in targets")).collect();
    let changes = ForeignChanges { lines, adoptable: Ok(vec![remove_ben()]) };
    let mut state = browsing();
    state.size = (80, 24);
    tell(&mut state, Effect::ReadForeign(demo.clone()), Outcome::Foreign(demo, Ok(Some(changes))));
    for (keys, first, last) in [
        ("", "t0.", "… 48 more lines"),
        ("<ctrl-d>", "t8.", "… 40 more lines"),
        ("<ctrl-d><ctrl-d><ctrl-d><ctrl-d><ctrl-d><ctrl-d>", "t50.", "t59."),
    ] {
        press(&mut state, keys);
        let shown = shown(&state);
        for word in [first, last, "▌ adopt", "leave them", "drop"] {
            assert!(shown.contains(word), "{word} after {keys}\n{shown}");
        }
    }
}

#[test]
fn a_key_of_many_repositories_is_removed_from_the_one_under_the_cursor() {
    let mut choose = Choose { title: "Which".to_owned(), about: vec!["why".to_owned()], ..Choose::default() };
    choose.replies = (0..60).map(|i| Reply::new(format!("n{i}."), "all", vec![])).collect();
    let mut state = browsing();
    state.size = (80, 24);
    state.dialogs.push(Dialog::Choose(choose));
    for (keys, shows, hides) in
        [("", "▌ n0.", "n59."), ("G", "▌ n59.", "n0."), ("kk", "▌ n57.", "n0."), ("g", "▌ n0.", "n59.")]
    {
        press(&mut state, keys);
        let shown = shown(&state);
        assert!(shown.contains(shows) && shown.contains("why") && !shown.contains(hides), "{keys}\n{shown}");
    }
}

#[test]
fn a_list_says_what_enter_does_with_the_line_under_the_cursor() {
    let mut state = browsing();
    press(&mut state, "K");
    assert!(shown(&state).contains("enter read it") && !shown(&state).contains("do it"), "{}", shown(&state));
    press(&mut state, "<esc>1D");
    assert!(shown(&state).contains("enter do it"), "{}", shown(&state));
    press(&mut state, "j");
    assert!(shown(&state).contains("enter go on"), "it asks for the name first: {}", shown(&state));
}

#[test]
fn every_arrow_is_the_one_of_the_glyphs() {
    use trustdeck::engine::plan::ReplacedTag;
    use trustdeck::tui::kit::glyphs::ASCII;
    for (theme, arrow) in [(Theme::default(), "→"), (Theme { glyphs: &ASCII, ..Theme::default() }, "->")] {
        let mut state = browsing();
        state.theme = theme;
        press(&mut state, "Kggjj<enter>");
        assert!(shown(&state).contains(&format!("9 {arrow} 0")), "{}", shown(&state));
        press(&mut state, "<esc><esc>");
        let mut plan = mended();
        let digests = ["5be2f8045be2", "71d0e6ab71d0"].map(str::to_owned);
        plan.repositories[0].tags.replaced = vec![ReplacedTag { tag: "latest".to_owned(), digests }];
        tell_stage(&mut state, stage(), plan.clone());
        press(&mut state, "p");
        tell(&mut state, Effect::Plan, Outcome::Planned(Ok(Arc::new(plan))));
        let replaced = format!("latest 5be2f8045be2 {arrow} 71d0e6ab71d0");
        assert!(shown(&state).contains(&replaced), "{}", shown(&state));
    }
}

#[test]
fn a_new_role_signs_all_paths_unless_some_are_named() {
    let role = DelegationName::parse("targets/nightly").unwrap();
    for (keys, paths) in [("<enter>", vec![""]), ("<tab><tab>nightly- rc-<tab><space><enter>", vec!["nightly-", "rc-"])]
    {
        let mut state = browsing();
        press(&mut state, "2mnightly");
        let paths = paths.into_iter().map(str::to_owned).collect();
        let expected = Change::AddDelegation { role: role.clone(), keys: vec![], paths };
        assert_eq!(staged(&press(&mut state, keys)), [expected], "{keys}");
    }
}

#[test]
fn a_role_takes_a_key_and_loses_another_in_one_form() {
    let mut state = browsing();
    press(&mut state, "2");
    while state.lists.roles.selected().is_some_and(|r| r.short() != "releases") {
        press(&mut state, "j");
    }
    let effects = press(&mut state, "enew.pem<enter>");
    assert_eq!(effects, [Effect::ReadKeyFiles(vec![PathBuf::from("new.pem")])]);
    let key = PublicKey::new(trustdeck::tuf::KeyType::Ed25519, vec![7; 32]);
    let read = Outcome::KeyFiles(Ok(vec![key.clone()]));
    let role = DelegationName::parse("targets/releases").unwrap();
    let added = Change::AddDelegation { role, keys: vec![key], paths: vec![] };
    assert_eq!(staged(&tell(&mut state, effects[0].clone(), read)), [added]);
}

#[test]
fn a_key_is_purged_from_the_repositories_that_list_it() {
    let mut state = browsing();
    press(&mut state, "4");
    while state.lists.keys.selected() != Some(&id(OLD.0)) {
        press(&mut state, "j");
    }
    let effects = press(&mut state, "d<enter>");
    assert_eq!(staged(&effects), [Change::PurgeKeys { keys: vec![id(OLD.0)] }]);
}

#[test]
fn keys_behind_servers_are_one_row_for_each_role() {
    let mut state = browsing();
    let mut keys = screen::scene::keys();
    let server = keys.iter().find(|k| k.place.is_of_server()).unwrap().clone();
    keys.retain(|k| !k.place.is_of_server());
    for (n, name) in ["admin/demo", "admin/api", "admin/web"].into_iter().enumerate() {
        for (role, first, place) in [("timestamp", "e", KeyPlace::Server), ("snapshot", "f", KeyPlace::Away)] {
            let used_in = vec![(gun(name), screen::scene::role(role))];
            let (label, role) = (role.to_owned(), role.to_owned());
            keys.push(trustdeck::engine::KeyView {
                id: id(&format!("{first}{n}")),
                label,
                role,
                used_in,
                place,
                ..server.clone()
            });
        }
    }
    let own = keys.len() - 6;
    tell(&mut state, Effect::ListKeys, Outcome::Keys(Ok(keys)));
    assert_eq!(state.lists.keys.len(), own + 2);
    press(&mut state, "4G");
    assert!(shown(&state).contains("3 repositories"), "{}", shown(&state));
}

#[test]
fn key_files_that_cannot_be_used_are_named() {
    let mut state = browsing();
    let unusable = Problem { message: "private/abc.key: no PEM block".to_owned(), ..problem(Kind::Keystore) };
    tell(&mut state, Effect::CheckKeyFiles, Outcome::KeyProblems(vec![unusable]));
    press(&mut state, "4");
    assert!(shown(&state).contains("private/abc.key: no PEM block"), "{}", shown(&state));
    assert!(shown(&state).contains("1 file unusable"));
}

/// In review, with two keys to unlock.
fn asked_for_two_keys() -> State {
    let mut state = browsing();
    tell_stage(&mut state, stage(), mended());
    press(&mut state, "p");
    tell(&mut state, Effect::Plan, Outcome::Planned(Ok(std::sync::Arc::new(mended()))));
    press(&mut state, "P");
    assert!(shown(&state).contains("key 1 of 2"), "{}", shown(&state));
    state
}

fn unlock_first(state: &mut State) {
    let effects = press(state, "open sesame<enter>");
    assert_eq!(effects, [Effect::Unlock(id(ADMIN.0), Passphrase::from_text("open sesame"))]);
    tell(state, effects[0].clone(), Outcome::Unlocked(id(ADMIN.0), Ok(())));
}

#[test]
fn the_prompt_says_at_once_that_a_key_is_being_unlocked() {
    let mut state = asked_for_two_keys();
    press(&mut state, "open sesame<enter>");
    assert!(shown(&state).contains("unlocking the key"));
}

#[test]
fn the_first_passphrase_is_offered_once_for_the_other_keys() {
    let mut state = asked_for_two_keys();
    unlock_first(&mut state);
    assert!(shown(&state).contains("same as before"), "{}", shown(&state));
    let effects = press(&mut state, "<tab>");
    assert_eq!(effects, [Effect::UnlockAlso(vec![id(NEW.0)], Passphrase::from_text("open sesame"))]);
    let effects = tell(&mut state, effects[0].clone(), Outcome::AlsoUnlocked(vec![id(NEW.0)]));
    assert!(effects.iter().any(|e| matches!(e, Effect::Publish(_))), "{effects:?}");
    assert!(matches!(state.screen, Screen::Publish(_)));
}

#[test]
fn a_key_that_the_same_passphrase_does_not_open_is_asked_for() {
    let mut state = asked_for_two_keys();
    unlock_first(&mut state);
    let effects = press(&mut state, "<tab>");
    tell(&mut state, effects[0].clone(), Outcome::AlsoUnlocked(vec![]));
    let text = shown(&state);
    assert!(text.contains("key 2 of 2") && text.contains("another passphrase"), "{text}");
    assert!(!text.contains("same as before"), "offered once");
    let effects = press(&mut state, "other words<enter>");
    assert_eq!(effects, [Effect::Unlock(id(NEW.0), Passphrase::from_text("other words"))]);
}

#[test]
fn a_passphrase_is_never_drawn() {
    let mut state = asked_for_two_keys();
    press(&mut state, "open sesame");
    assert!(!shown(&state).contains("sesame") && matches!(state.dialogs.last(), Some(Dialog::Prompt(_))));
    assert!(!format!("{state:?}").contains("sesame"));
}

#[test]
fn equivalent_commands_name_the_accepted_plan_and_the_files_to_fill_in() {
    let lines = commands::lines(&plan());
    assert!(lines.iter().any(|l| l == "trustdeck publish admin/demo admin/api --yes --accept=4f2a-91c0"), "{lines:?}");
    let lines = commands::lines(&mended());
    assert!(lines.iter().any(|l| l.starts_with("trustdeck publish") && l.ends_with("--yes")), "{lines:?}");
    let key = format!("KEYFILE_{}", KeyId::parse(&digits(NEW.0)).unwrap().short());
    assert!(!lines.join(" ").contains(".pem") || lines.join(" ").contains(&key), "{lines:?}");
}

#[test]
fn a_tag_that_is_signed_again_keeps_all_that_its_target_says() {
    let mut views = repositories();
    let view = views.iter_mut().find(|v| v.gun == gun("admin/demo")).unwrap();
    let (sha512, custom) = ("ab".repeat(64), trustdeck::tuf::Custom::of(&serde_json::json!({"build": 7})).unwrap());
    let more = |tag: &TagView| TagView { sha512: Some(sha512.clone()), custom: Some(custom.clone()), ..tag.clone() };
    view.tags = view.tags.iter().map(more).collect();
    let mut state = state_of(views, (120, 40), Theme::default());
    press(&mut state, "/admin/demo<enter><esc>");
    state.here.offline = true;
    press(&mut state, "3");
    let changes = staged(&press(&mut state, "s"));
    let [Change::Sign { target, .. }] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((target.sha512.as_ref(), target.custom.as_ref()), (Some(&sha512), Some(&custom)));
}

#[test]
fn the_cursor_stays_on_the_worst_row_until_the_user_moves() {
    let views = repositories();
    let mut state = State::new(Theme::default(), (120, 40), screen::scene::now());
    let mut entries: Vec<_> = views.iter().map(screen::scene::entry).collect();
    entries.reverse();
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(entries)));
    press(&mut state, "?<esc>");
    for view in &views {
        let found = Outcome::Viewed(view.gun.clone(), Source::Server, Ok(std::sync::Arc::new(view.clone())));
        tell(&mut state, Effect::Refresh(view.gun.clone()), found);
        assert_eq!(state.lists.repositories.cursor(), 0);
    }
    let worst = state.repository().unwrap().health();
    assert!(state.known.repositories.iter().all(|r| r.health() >= worst));
    press(&mut state, "j");
    assert_eq!(state.lists.repositories.cursor(), 1);
}

#[test]
fn what_a_list_is_about_is_read_to_its_end_in_the_smallest_window() {
    let about =
        (0..14).map(|i| format!("line {i} of what is asked about, which is long enough for a wide box")).collect();
    let mut choose = Choose { title: "Which".to_owned(), subject: "it".to_owned(), about, ..Choose::default() };
    choose.replies = (0..3).map(|i| Reply::new(format!("n{i}."), "all", vec![])).collect();
    for size in [(60, 16), (80, 24)] {
        let mut state = browsing();
        state.size = size;
        state.dialogs.push(Dialog::Choose(choose.clone()));
        let mut seen = shown(&state);
        for _ in 0..20 {
            press(&mut state, "<ctrl-d>");
            seen += &shown(&state);
        }
        for i in 0..14 {
            assert!(seen.contains(&format!("line {i} of")), "{i}\n{seen}");
        }
        assert!(!shown(&state).contains("more lines"), "{}", shown(&state));
        press(&mut state, "<ctrl-u>");
        assert!(shown(&state).contains("more lines"), "{}", shown(&state));
    }
}

#[test]
fn the_table_of_a_publish_is_whole_in_small_windows() {
    let mut state = refused_publish(Admission::Login { registry: "registry.example.com".to_owned(), user: None });
    state.message = None;
    state.size = (80, 24);
    assert!(shown(&state).contains("failed") && shown(&state).contains("kept"), "{}", shown(&state));
    assert!(!shown(&state).contains("kept …"), "{}", shown(&state));
    state.size = (60, 16);
    assert!(shown(&state).contains("check "), "{}", shown(&state));
    state.size = (120, 40);
    assert!(shown(&state).contains("kept staged"), "{}", shown(&state));
}
