//! Keys in, effects out: no terminal, no server, no waiting.

use crate::screen;

use std::path::PathBuf;
use std::sync::Arc;

use screen::plans::{plan, remove_ben, stage, tell_plan};
use screen::scene::{BEN, digits, entry, gun, id, repositories, repository, role, state_of, tell};
use screen::told::{browsing, failure, public_key, said, select, signer, staged};
use screen::{begin, draw, frame, press};
use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::view::TagState;
use trustdeck::engine::view::keys::KeyState;
use trustdeck::engine::{
    Admission, Change, Health, Kind, Passphrase, RepositoryView, RootKeyChoice, SignedTarget, Stage, StagedChange,
};
use trustdeck::tuf::{DelegationName, KeyId, TargetName};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::dialogs::label::Label;
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome, Source};
use trustdeck::tui::messages::failure::Ask;
use trustdeck::tui::messages::wizard_task::Task;
use trustdeck::tui::panes;
use trustdeck::tui::route::update::{start, update};
use trustdeck::tui::state::{Quit, State, Work, words};

#[test]
fn the_start_reads_everything_at_once() {
    let state = State::new(Theme::default(), (80, 24), screen::scene::now());
    let reads = [Effect::ListEntries, Effect::ReadStage, Effect::ListKeys, Effect::CheckKeyFiles];
    let then = [Task::Remind.effect(), Effect::Resolve];
    assert_eq!(start(&state), reads.into_iter().chain(then).collect::<Vec<_>>());
}

#[test]
fn every_listed_repository_is_opened_once() {
    let mut state = State::new(Theme::default(), (80, 24), screen::scene::now());
    let entries: Vec<_> = repositories().iter().take(2).map(entry).collect();
    let effects = tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(entries.clone())));
    assert_eq!(effects, [Effect::Open(gun("admin/legacy")), Effect::Open(gun("admin/demo"))]);
    assert_eq!(tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(entries))), []);
}

#[test]
fn the_cache_is_shown_before_the_server_answers_the_same_question() {
    let mut state = State::new(Theme::default(), (80, 24), screen::scene::now());
    let view = repository("admin/web", Health::Ok, 3, 1, ("targets", 900));
    let opened = tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(vec![entry(&view)])));
    let job = begin(&mut state, &opened)[0];
    let fresh = Arc::new(repository("admin/web", Health::Ok, 4, 1, ("targets", 900)));
    for (source, view, tags) in [(Source::Cache, Arc::new(view), 3), (Source::Server, fresh, 4)] {
        update(&mut state, Event::Done(job, Outcome::Viewed(gun("admin/web"), source, Ok(view))));
        assert_eq!(state.view().unwrap().tags.len(), tags);
    }
    assert_eq!(state.repository().unwrap().work(), Work::Idle);
}

#[test]
fn the_answer_to_a_cancelled_question_is_dropped() {
    let mut state = browsing();
    let effects = press(&mut state, "r");
    assert_eq!(effects, [Effect::Refresh(gun("admin/demo"))]);
    let job = begin(&mut state, &effects)[0];
    assert_eq!(press(&mut state, "<ctrl-c>"), [Effect::Cancel]);
    let late = Arc::new(repository("admin/demo", Health::Ok, 99, 1, ("targets", 900)));
    update(&mut state, Event::Done(job, Outcome::Viewed(gun("admin/demo"), Source::Server, Ok(late))));
    assert_eq!(state.view().unwrap().tags.len(), 10);
}

#[test]
fn rows_stay_in_place_until_the_next_key() {
    let mut state = browsing();
    let order = |s: &State| s.lists.repositories.window(99).map(|(_, _, g)| g.clone()).collect::<Vec<_>>();
    let before = order(&state);
    let worse = Arc::new(repository("team/cli", Health::Fail, 1, 1, ("targets", 900)));
    tell(&mut state, Effect::Refresh(gun("team/cli")), Outcome::Viewed(gun("team/cli"), Source::Server, Ok(worse)));
    assert_eq!(order(&state), before);
    press(&mut state, "j");
    assert_eq!(order(&state)[1], gun("team/cli"));
}

#[test]
fn removing_a_signer_stages_one_change() {
    let mut state = browsing();
    let effects = press(&mut state, "2Gkkk");
    assert_eq!(effects, []);
    assert_eq!(state.lists.roles.selected(), Some(&role("targets/ben")));
    let effects = press(&mut state, "d");
    let said = "remove signer ben from admin/demo".to_owned();
    assert_eq!(effects, [Effect::Stage { changes: vec![(gun("admin/demo"), remove_ben())], said }]);
}

#[test]
fn a_role_with_two_keys_asks_which_to_remove() {
    let mut state = browsing();
    press(&mut state, "2jjd");
    let effects = press(&mut state, "jjj<enter>");
    let change = Change::EditDelegation {
        role: DelegationName::releases(),
        remove_keys: vec![id(BEN.0)],
        remove_paths: vec![],
        clear_paths: false,
    };
    let Some(Effect::Stage { changes, .. }) = effects.first() else { panic!("{effects:?}") };
    // releases is no signer: its keys are removed from it alone.
    assert_eq!(state.dialogs.len(), 0);
    assert!(changes.contains(&(gun("admin/demo"), change)), "{changes:?}");
}

#[test]
fn base_roles_cannot_be_removed_and_say_why() {
    let mut state = browsing();
    assert_eq!(press(&mut state, "2d"), []);
    assert_eq!(said(&state), "remove only delegations can be changed; this is a base role");
}

#[test]
fn the_cursor_goes_to_a_signer_name_that_is_refused() {
    let mut state = browsing();
    select(&mut state, "team/new-service");
    press(&mut state, "sca rol<tab>");
    assert_eq!(press(&mut state, "certs/carol.pub<enter>"), []);
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!() };
    assert!(form.error.is_some());
    assert_eq!(form.fields[form.focus].label, Label::Name);
}

#[test]
fn the_first_signer_of_an_empty_repository_creates_it() {
    let mut state = browsing();
    select(&mut state, "team/new-service");
    press(&mut state, "scarol<tab>");
    let effects = press(&mut state, "certs/carol.pub<enter>");
    assert_eq!(effects, [Effect::ReadKeyFiles(vec![PathBuf::from("certs/carol.pub")])]);
    assert_eq!(press(&mut state, "p"), [], "a form that reads its files takes no letters");
    let key = public_key();
    let effects = tell(&mut state, effects[0].clone(), Outcome::KeyFiles(Ok(vec![key.clone()])));
    let new = gun("team/new-service");
    let changes = vec![
        (new.clone(), Change::Create { root_key: RootKeyChoice::Auto }),
        (new, Change::AddSigner { name: signer("carol"), keys: vec![key] }),
    ];
    assert_eq!(effects, [Effect::Stage { changes, said: "add signer carol to team/new-service".to_owned() }]);
}

#[test]
fn a_wrong_key_file_keeps_the_form_open() {
    let mut state = browsing();
    press(&mut state, "2acarol<tab>x.pub<enter>");
    let read = Effect::ReadKeyFiles(vec![PathBuf::from("x.pub")]);
    tell(&mut state, read, Outcome::KeyFiles(Err("x.pub: holds no key".to_owned())));
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("the form is gone") };
    assert_eq!((form.error.as_ref().unwrap().what.as_str(), form.text(Label::Name)), ("x.pub: holds no key", "carol"));
}

#[test]
fn a_reserved_signer_name_is_refused_in_the_form() {
    let mut state = browsing();
    assert_eq!(press(&mut state, "2areleases<tab>x.pub<enter>"), []);
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("the form is gone") };
    assert!(form.error.as_ref().unwrap().what.contains("reserved"));
}

#[test]
fn marked_tags_are_signed_again_together_offline() {
    let mut state = browsing();
    state.here.offline = true;
    press(&mut state, "3");
    let effects = press(&mut state, "<space><space>s");
    let again = |name: &str, digest: &str, length| Change::Sign {
        tag: TargetName::parse(name).unwrap(),
        target: SignedTarget { length, sha256: digits(digest), sha512: None, custom: None, from_registry: false },
        roles: vec![],
    };
    let changes = vec![
        (gun("admin/demo"), again("2.9.7", "5be2f804", 1397)),
        (gun("admin/demo"), again("2.9.8", "71d0e6ab", 1397)),
    ];
    assert_eq!(effects, [Effect::Stage { changes, said: "2 changes".to_owned() }]);
}

#[test]
fn a_tag_is_signed_by_digest_and_size_offline() {
    let mut state = browsing();
    state.here.offline = true;
    let sha = digits("0badcafe");
    press(&mut state, "3");
    let effects = press(&mut state, &format!("a4.0<tab>sha256:{sha}<tab>1234<tab>jeff<enter>"));
    let target = SignedTarget { length: 1234, sha256: sha, sha512: None, custom: None, from_registry: false };
    let change = Change::Sign { tag: TargetName::parse("4.0").unwrap(), target, roles: vec![role("targets/jeff")] };
    let said = "sign 4.0 into jeff in admin/demo".to_owned();
    assert_eq!(effects, [Effect::Stage { changes: vec![(gun("admin/demo"), change)], said }]);
}

#[test]
fn a_tag_is_not_signed_with_a_size_of_zero() {
    let mut state = browsing();
    press(&mut state, "3");
    let typed = format!("a4.0<tab>sha256:{}<tab>0<tab>jeff<enter>", digits("0badcafe"));
    assert_eq!(press(&mut state, &typed), []);
    assert!(!state.dialogs.is_empty(), "the form stays open");
}

#[test]
fn what_is_added_to_a_delegation_is_said_to_be_in_its_repository() {
    let (role, keys, paths) = (DelegationName::parse("targets/qa").unwrap(), vec![], vec![String::new()]);
    let added = words::change(&Change::AddDelegation { role, keys, paths }, "weak");
    assert_eq!(added, "add to delegation qa in weak");
}

#[test]
fn pasted_text_fills_a_field_and_presses_nothing() {
    let mut state = browsing();
    update(&mut state, Event::Paste("qDq\nP".to_owned()));
    assert!(state.quit.is_none() && state.dialogs.is_empty());
    press(&mut state, "a");
    update(&mut state, Event::Paste("alpine\n\u{1b}<enter>".to_owned()));
    assert_eq!(press(&mut state, "<enter>"), [Effect::AddRepository("alpine".to_owned())]);
}

#[test]
fn deleting_remote_data_needs_the_full_name() {
    let mut state = browsing();
    press(&mut state, "Dj<enter>");
    assert_eq!(press(&mut state, "demo<enter>"), []);
    press(&mut state, "<ctrl-u>");
    let effects = press(&mut state, "admin/demo<enter>");
    let said = "delete all trust data on the server of admin/demo".to_owned();
    assert_eq!(effects, [Effect::Stage { changes: vec![(gun("admin/demo"), Change::Delete)], said }]);
}

#[test]
fn first_contact_is_asked_once_with_the_whole_fingerprint() {
    let mut state = browsing();
    let root = KeyId::parse(&digits("5e20c11f")).unwrap();
    let asked = failure(Kind::Pin, Some(Ask::FirstContact { roots: vec![root.clone()], keys: vec![] }));
    let found = Outcome::Viewed(gun("admin/demo"), Source::Server, Err(asked));
    tell(&mut state, Effect::Refresh(gun("admin/demo")), found);
    press(&mut state, "i");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("5e20c11f 82b6b5e9"), "{shown}");
    assert_eq!(press(&mut state, "<enter>"), [Effect::AcceptRoot(gun("admin/demo"), vec![root])]);
}

#[test]
fn a_login_is_taken_for_this_session() {
    let mut state = browsing();
    let ask = Ask::Admission(Admission::Login { registry: "registry.example.com".to_owned(), user: None });
    let found = Outcome::Viewed(gun("admin/demo"), Source::Server, Err(failure(Kind::Auth, Some(ask))));
    tell(&mut state, Effect::Refresh(gun("admin/demo")), found);
    let effects = press(&mut state, "ijeff<tab>hunter2 is it<enter>");
    let password = Passphrase::from_text("hunter2 is it");
    let (host, user) = ("registry.example.com".to_owned(), "jeff".to_owned());
    assert_eq!(effects, [Effect::LogIn { gun: gun("admin/demo"), host, user: Some(user), secret: password }]);
}

#[test]
fn what_another_process_staged_appears() {
    let mut state = browsing();
    let effects = tell(&mut state, Effect::ReadStage, Outcome::Staged { said: None, result: Ok(stage()) });
    assert_eq!(effects, [Effect::Plan]);
    assert_eq!(state.lists.staged.len(), 6);
    let again = tell(&mut state, Effect::ReadStage, Outcome::Staged { said: None, result: Ok(stage()) });
    assert_eq!(again, [Effect::Plan], "no plan came yet");
    tell_plan(&mut state, plan());
    assert_eq!(tell(&mut state, Effect::ReadStage, Outcome::Staged { said: None, result: Ok(stage()) }), []);
}

#[test]
fn staged_changes_that_cannot_be_read_are_told_once_and_moved_aside_when_asked() {
    let mut state = browsing();
    let unread = || Outcome::Staged { said: None, result: Err(failure(Kind::Disk, Some(Ask::SetStageAside))) };
    tell(&mut state, Effect::ReadStage, unread());
    assert_eq!(state.dialogs.len(), 1);
    assert_eq!(press(&mut state, "<esc>"), []);
    tell(&mut state, Effect::ReadStage, unread());
    assert_eq!(state.dialogs.len(), 0, "every look finds the same");
    press(&mut state, "5");
    assert!(frame::signs(&draw(&state)).contains("x moves its file aside"));
    assert_eq!(press(&mut state, "x"), [Effect::SetStageAside]);
    tell(&mut state, Effect::SetStageAside, Outcome::Staged { said: None, result: Ok(Stage::default()) });
    assert_eq!(press(&mut state, "x"), [], "nothing is staged");
    let mut state = browsing();
    tell(&mut state, Effect::ReadStage, unread());
    assert_eq!(press(&mut state, "<down><enter>"), [Effect::SetStageAside]);
}

#[test]
fn a_thousand_answers_ask_for_one_plan_at_a_time() {
    let views: Vec<_> =
        (0..1000).map(|n| repository(&format!("team/app-{n:04}"), Health::Ok, 1, 1, ("targets", 900))).collect();
    let mut state = state_of(views.clone(), (120, 40), Theme::default());
    let change = |view: &RepositoryView| StagedChange { gun: view.gun.clone(), ..stage().changes.remove(0) };
    let changes = views.iter().map(change).collect();
    let result = Ok(Stage { changes, ..Stage::default() });
    let asked = tell(&mut state, Effect::ReadStage, Outcome::Staged { said: None, result });
    assert_eq!(asked, [Effect::Plan]);
    let first = begin(&mut state, &asked)[0];
    let answer = |state: &mut State, view: RepositoryView| {
        let effect = Effect::Refresh(view.gun.clone());
        tell(state, effect, Outcome::Viewed(view.gun.clone(), Source::Server, Ok(Arc::new(view))))
    };
    let asked: Vec<_> = views.into_iter().flat_map(|view| answer(&mut state, view)).collect();
    assert!(!asked.contains(&Effect::Plan));
    // Made from what the servers said before: the next one follows, once.
    let done = |job| Event::Done(job, Outcome::Planned(Ok(Arc::new(plan()))));
    let next = update(&mut state, done(first));
    assert_eq!((next.as_slice(), state.plan.is_some()), (&[Effect::Plan][..], false));
    let last = begin(&mut state, &next)[0];
    assert_eq!(update(&mut state, done(last)), []);
    assert_eq!(state.plan.as_deref(), Some(&plan()));
}

#[test]
fn rows_are_put_in_order_once_for_all_answers_before_a_frame() {
    let names: Vec<String> = (0..100).map(|n| format!("team/app-{n:02}")).collect();
    let views = names.iter().map(|name| repository(name, Health::Ok, 1, 1, ("targets", 900)));
    let mut state = state_of(views.collect(), (120, 40), Theme::default());
    let order = |s: &State| s.lists.repositories.rows().map(|(_, _, g)| g.clone()).collect::<Vec<_>>();
    let before = order(&state);
    for name in names.iter().rev().take(50) {
        let worse = Arc::new(repository(name, Health::Fail, 1, 1, ("targets", 900)));
        let job = state.jobs.begin(&Effect::Refresh(gun(name)));
        update(&mut state, Event::Done(job, Outcome::Viewed(gun(name), Source::Server, Ok(worse))));
        assert_eq!(order(&state), before, "an answer alone moves no row");
    }
    let now = state.now;
    update(&mut state, Event::Tick(now));
    assert_eq!(order(&state)[..50], before[50..]);
}

#[test]
fn undo_is_offered_only_when_there_is_something() {
    let mut state = staged();
    assert_eq!(press(&mut state, "u"), [Effect::Undo]);
    tell(&mut state, Effect::Undo, Outcome::Staged { said: None, result: Ok(Stage::default()) });
    assert_eq!(press(&mut state, "u"), []);
    assert!(said(&state).contains("a publish stays"));
}

#[test]
fn the_help_runs_what_it_lists() {
    let mut state = staged();
    assert_eq!(press(&mut state, "?undo<enter>"), [Effect::Undo]);
    assert!(state.dialogs.is_empty());
}

#[test]
fn the_filter_is_smart_and_esc_takes_it_back() {
    let mut state = browsing();
    press(&mut state, "/admin !web<enter>");
    assert_eq!(state.lists.repositories.len(), 4);
    press(&mut state, "<esc>");
    assert_eq!(state.lists.repositories.len(), 12);
}

#[test]
fn panes_are_reached_by_number_tab_and_enter() {
    let mut state = browsing();
    for (keys, pane) in
        [("3", Pane::Tags), ("<tab>", Pane::Keys), ("1<enter>", Pane::Roles), ("<esc>", Pane::Repositories)]
    {
        press(&mut state, keys);
        assert_eq!(state.focus, pane, "{keys}");
    }
}

#[test]
fn copying_asks_the_terminal_and_only_public_things() {
    let mut state = browsing();
    assert_eq!(press(&mut state, "yd"), []);
    press(&mut state, "3");
    let effects = press(&mut state, "yd");
    let text = format!("sha256:{}", digits("5be2f804"));
    assert_eq!(effects, [Effect::Copy { what: "the digest", text }]);
}

#[test]
fn leaving_and_interrupting_end_the_loop_without_losing_anything() {
    let mut state = browsing();
    press(&mut state, "<ctrl-c>");
    assert_eq!((state.quit.clone(), state.message.as_ref().map(|m| m.tone)), (None, Some(Tone::Note)));
    press(&mut state, "<ctrl-c>");
    assert_eq!(state.quit, Some(Quit::Leave));
    let mut state = state_of(vec![], (80, 24), Theme::default());
    press(&mut state, "s");
    assert_eq!(state.quit, Some(Quit::Sandbox));
}

#[test]
fn a_bad_name_is_said_before_what_is_still_missing() {
    let mut state = browsing();
    press(&mut state, "2aca rol<enter>");
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!() };
    let said = form.complaint().map(ToString::to_string).unwrap_or_default();
    assert!(said.contains("ca rol") && form.focus == 0, "{said} at {}", form.focus);
}

#[test]
fn a_role_whose_removal_is_staged_says_so_and_what_is_said_names_its_pane() {
    let mut state = staged();
    select(&mut state, "admin/api");
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/ben"));
    let frame = frame::signs(&draw(&state));
    assert!(frame.contains("its removal is staged"), "{frame}");
    assert_eq!(frame.matches(" 2 Roles ").count(), 2, "the pane, and what is said of its row: {frame}");
}

#[test]
fn the_address_of_the_server_is_whole_beside_the_marks_of_a_narrow_screen() {
    let mut views = repositories();
    views.iter_mut().for_each(|view| view.server = "https://trust.registry.example.com:4443".to_owned());
    let mut state = state_of(views, (80, 24), Theme::default());
    state.here.read_only.everything = true;
    let frame = frame::signs(&draw(&state));
    let head = frame.lines().next().unwrap();
    assert!(head.contains("trust.registry.example.com:4443") && head.contains("READ-ONLY"), "{head}");
}

#[test]
fn a_server_is_named_on_the_empty_screen_and_a_wrong_one_stays_in_its_form() {
    let mut state = state_of(vec![], (80, 24), Theme::default());
    press(&mut state, "nftp://trust.example.com<enter>");
    assert!(state.quit.is_none());
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(form)) if form.error.is_some()));
    let url = "https://trust.example.com:4443".to_owned();
    let asked = press(&mut state, "<ctrl-u>trust.example.com:4443/<enter>");
    assert_eq!(asked, [Effect::Greet(url.clone())]);
    // While it is asked, letters are no keys; where it does not answer the form stays.
    press(&mut state, "sq");
    assert_eq!(state.quit, None);
    let refused = Outcome::Greeted(url.clone(), Err(failure(Kind::Network, None)));
    tell(&mut state, Effect::Greet(url.clone()), refused);
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(form)) if form.error.is_some() && form.busy.is_none()));
    press(&mut state, "<enter>");
    tell(&mut state, Effect::Greet(url.clone()), Outcome::Greeted(url.clone(), Ok(())));
    assert_eq!(state.quit, Some(Quit::Server(url)));
    let mut state = state_of(vec![], (80, 24), Theme::default());
    state.here.server = Some("https://trust.example.com".to_owned());
    let frame = frame::signs(&draw(&state));
    assert!(frame.lines().next().unwrap().contains("trust.example.com"), "{frame}");
}

#[test]
fn the_help_of_the_empty_screen_lists_all_that_it_offers_in_whole_words() {
    let mut state = state_of(vec![], (80, 24), Theme::default());
    press(&mut state, "?");
    let frame = frame::signs(&draw(&state));
    for word in ["add a repository", "name a server", "set up trust data", "try the sandbox", "your keys"] {
        assert!(frame.lines().any(|line| line.contains(word)), "{word}: {frame}");
    }
}

#[test]
fn outside_text_is_drawn_as_escapes() {
    let mut view = repository("admin/web", Health::Ok, 0, 1, ("targets", 900));
    let evil = screen::scene::tag("evil\u{202e}\u{1b}[31m", "00000000", TagState::Trusted, &["jeff"]);
    view.tags = [evil].into_iter().collect();
    let mut state = state_of(vec![view], (120, 40), Theme::default());
    press(&mut state, "3");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("\\u{202e}") && !shown.contains('\u{202e}') && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn ten_thousand_tags_and_a_thousand_repositories_are_only_drawn_where_seen() {
    let mut views: Vec<_> =
        (0..1000).map(|n| repository(&format!("team/app-{n:04}"), Health::Ok, 1, 1, ("targets", 900))).collect();
    let big = &mut views[0];
    big.tags =
        (0..10_000).map(|n| screen::scene::tag(&format!("1.{n}"), "00000000", TagState::Trusted, &["jeff"])).collect();
    let mut state = state_of(views, (120, 40), Theme::default());
    press(&mut state, "3G");
    assert!(frame::signs(&draw(&state)).contains("10000 of 10000"));
    press(&mut state, "1G");
    assert!(frame::signs(&draw(&state)).contains("1000 of 1000"));
}

#[test]
fn where_no_role_can_be_changed_it_is_said_whether_it_is_staged_or_nothing_matches() {
    let mut state = staged();
    let mut with_carol = plan();
    let mut carol = with_carol.repositories[0].roles[2].clone();
    (carol.role, carol.mark) = (role("targets/carol"), Mark::Added);
    with_carol.repositories[0].roles.push(carol);
    tell_plan(&mut state, with_carol);
    press(&mut state, "2/carol<enter>");
    for key in ["t", "e", "d", "w", "S"] {
        assert_eq!(press(&mut state, key), [], "{key}");
        assert!(
            state.dialogs.is_empty() && said(&state).contains("it is not published yet"),
            "{key}: {}",
            said(&state)
        );
    }
    for key in ["e", "t", "w"] {
        press(&mut state, "<esc>2/nobody<enter>");
        press(&mut state, key);
        assert!(said(&state).contains("nothing matches"), "{key}: {}", said(&state));
    }
}

#[test]
fn below_the_repositories_there_is_something_to_read_whatever_has_the_focus() {
    let mut state = browsing();
    press(&mut state, "1");
    let below = |state: &State| frame::signs(&draw(state));
    assert!(below(&state).contains("From 16 Jan"), "{}", below(&state));
    // Nothing is staged, so there is nothing to say of it.
    press(&mut state, "5");
    assert!(below(&state).contains("From 16 Jan"), "{}", below(&state));
    press(&mut state, "2");
    assert!(!below(&state).contains("From 16 Jan"), "a role has something to say: {}", below(&state));
}

#[test]
fn a_role_that_ends_soon_says_when_as_its_repository_does() {
    let mut state = browsing();
    press(&mut state, "2/root<enter>");
    let told = panes::detail(Pane::Roles, &state).unwrap();
    assert_eq!(told.state.map(|(words, _)| words).as_deref(), Some("expires in 236 d"));
    assert!(told.acts.iter().any(|(key, ..)| *key == "t"), "{:?}", told.acts);
}

#[test]
fn the_header_keeps_whether_the_server_answers_and_says_it_in_a_word() {
    let mut state = staged();
    (state.size, state.keyring.locks_at) = ((60, 16), Some(state.now + jiff::SignedDuration::from_mins(4)));
    state.here.sandbox = Some("sandbox-only".to_owned());
    let header = |state: &State| frame::signs(&draw(state)).lines().next().unwrap_or_default().to_owned();
    assert!(header(&state).contains("online") && header(&state).contains("staged"), "{}", header(&state));
    select(&mut state, "team/archive");
    assert!(header(&state).contains("not asked"), "{}", header(&state));
    press(&mut state, "r");
    assert!(header(&state).contains(" asking"), "{}", header(&state));
}

#[test]
fn locked_keys_are_counted_in_the_header() {
    let state = browsing();
    let locked = state.keyring.keys.iter().filter(|k| k.state == KeyState::Locked).count();
    assert!(frame::signs(&draw(&state)).contains(&format!("{locked} keys locked")));
}

#[test]
fn every_size_draws_without_a_fault() {
    for width in (0..140).step_by(7).chain([59, 60, 109, 110, 159, 160, 400]) {
        for height in [0, 1, 15, 16, 20, 29, 30, 60] {
            let mut state = staged();
            update(&mut state, Event::Resize(width, height));
            for keys in ["", "?", "<esc>2a", "<esc>p", "Gk<space>P"] {
                press(&mut state, keys);
                draw(&state);
            }
        }
    }
}
