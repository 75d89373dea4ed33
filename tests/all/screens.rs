//! The main screens as text, with a letter for the style of each cell, and as pictures for the README.
//!
//! They must equal the stored files; `UPDATE_SCREENSHOTS=1` writes them anew.

use crate::screen;
use crate::svg;

use std::path::Path;

use screen::plans::{mended, plan, stage, tell_plan, tell_stage};
use screen::scene::{gun, now, repositories, state_of};
use screen::{draw, frame, press};
use trustdeck::engine::{Admission, Kind, Problem, Progress, PublishOutcome, Published, Step};
use trustdeck::tuf::{Gun, Role};
use trustdeck::tui::kit::theme::{Palette, Theme};
use trustdeck::tui::messages::event::Event;
use trustdeck::tui::messages::failure::{Ask, Failure};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;
use trustdeck::tui::state::tour::Tour;

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

pub(crate) fn check(path: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    if stored != found {
        let differing = stored.lines().zip(found.lines()).find(|(a, b)| a != b);
        panic!("{} differs, first at {differing:#?}; UPDATE_SCREENSHOTS=1 writes it anew", path.display());
    }
}

fn check_screen(name: &str, state: &State) {
    let (width, height) = state.size;
    check(&format!("tests/screens/{name}-{width}x{height}.txt"), &frame::golden(&draw(state)));
}

fn check_picture(name: &str, title: &str, state: &State) {
    let palette = if state.theme.palette == Palette::Light { &svg::LIGHT } else { &svg::DARK };
    check(&format!("screenshots/{name}.svg"), &svg::svg(&draw(state), title, palette));
}

pub(crate) fn browsing(size: (u16, u16), theme: Theme) -> State {
    let mut state = state_of(repositories(), size, theme);
    tell_stage(&mut state, stage(), plan());
    press(&mut state, "j");
    state
}

fn reviewing(size: (u16, u16)) -> State {
    let mut state = browsing(size, Theme::default());
    press(&mut state, "pG<up>");
    state.message = None;
    state
}

fn short(state: &State) -> String {
    format!("{}x{}", state.size.0, state.size.1)
}

/// Compares it in all sizes with what is stored; in those of `pictures` also as a picture with this title.
fn looks(name: &str, title: &str, pictures: &[(u16, u16)], state: impl Fn((u16, u16)) -> State) {
    for size in SIZES {
        let state = state(size);
        check_screen(name, &state);
        if pictures.contains(&size) {
            check_picture(&format!("{name}-{}", short(&state)), title, &state);
        }
    }
}

/// The same where nothing is drawn for the README.
fn looks_as_stored(name: &str, state: impl Fn((u16, u16)) -> State) {
    looks(name, "", &[], state);
}

/// The repository of the scene that differs from its registry.
fn on_demo(size: (u16, u16)) -> State {
    let mut state = browsing(size, Theme::default());
    press(&mut state, "/admin/demo<enter><esc>");
    state.message = None;
    state
}

/// Its tags in both worlds.
fn comparing(size: (u16, u16)) -> State {
    let mut state = on_demo(size);
    let effects = press(&mut state, "3");
    screen::registry::compare(&mut state, &effects, &gun("admin/demo"), &screen::registry::DEMO);
    state
}

#[test]
fn the_main_screen_looks_as_stored() {
    looks("main", "trustdeck", &[(80, 24), (120, 40), (200, 60)], |size| browsing(size, Theme::default()));
}

#[test]
fn every_pane_looks_as_stored_when_it_is_alone() {
    for (keys, name) in [("2jj", "roles"), ("3jj", "tags"), ("4jj", "keys"), ("5j", "staged")] {
        for size in [(60, 16), (80, 24)] {
            let mut state = browsing(size, Theme::default());
            state.message = None;
            press(&mut state, keys);
            check_screen(name, &state);
        }
    }
}

#[test]
fn both_worlds_of_tags_look_as_stored() {
    looks("both-worlds", "trustdeck", &[(120, 40)], |size| {
        let mut state = comparing(size);
        update(&mut state, Event::Tick(jiff::Timestamp::from_second(now().as_second() + 180).unwrap()));
        press(&mut state, "Gkk");
        state
    });
}

#[test]
fn a_drifted_tag_that_is_to_be_signed_looks_as_stored() {
    looks("drift", "trustdeck", &[(80, 24)], |size| {
        let mut state = on_demo(size);
        crate::tags::signing::drifted(&mut state);
        state
    });
}

#[test]
fn a_failed_deep_verify_looks_as_stored() {
    looks("verify", "trustdeck", &[(80, 24)], |size| {
        let mut state = on_demo(size);
        crate::tags::verifying::failed(&mut state);
        state
    });
}

#[test]
fn the_page_of_a_tag_looks_as_stored() {
    looks_as_stored("tag", |size| {
        let mut state = comparing(size);
        press(&mut state, "/latest<enter><enter>");
        state
    });
}

#[test]
fn other_themes_draw_the_same_cells() {
    let base = Theme::default();
    let mono = Theme { palette: Palette::Mono, ..base };
    let light = Theme { palette: Palette::Light, ..base };
    for (name, theme) in [("no-color", mono), ("light", light), ("ascii", Theme::ascii(Palette::Mono))] {
        let state = browsing((120, 40), theme);
        check_screen(&format!("main-{name}"), &state);
        check_picture(&format!("main-120x40-{name}"), "trustdeck", &state);
    }
    check_screen("main-ascii", &browsing((80, 24), Theme::ascii(Palette::Mono)));
}

#[test]
fn the_review_looks_as_stored() {
    looks("review", "trustdeck review", &[(80, 24), (120, 40)], reviewing);
}

#[test]
fn accepting_a_loss_asks_for_the_name() {
    looks("confirm", "trustdeck review", &[(120, 40)], |size| {
        let mut state = reviewing(size);
        press(&mut state, "<space>Pap");
        state
    });
}

#[test]
fn the_passphrase_prompt_looks_as_stored() {
    looks("passphrase", "trustdeck review", &[(120, 40)], |size| {
        let mut state = reviewing(size);
        tell_plan(&mut state, mended());
        press(&mut state, "Pcorrect horse");
        state
    });
}

fn done(name: &str, role: Role, version: u64, trusted: usize) -> Published {
    Published {
        gun: gun(name),
        outcome: PublishOutcome::Done,
        overtaken: None,
        versions: vec![(role, version)],
        trusted,
        checked: format!("a client with an empty cache trusts {trusted} of {trusted} tags"),
        new_keys: vec![],
        notes: vec![],
        merged: vec![],
    }
}

pub(crate) fn publishing(size: (u16, u16), theme: Theme) -> State {
    let mut state = state_of(repositories(), size, theme);
    let names = ["admin/demo", "admin/web", "admin/worker", "team/cli", "team/proxy"];
    let mut plan = plan();
    plan.repositories.truncate(1);
    let template = plan.repositories[0].clone();
    plan.repositories = names
        .iter()
        .map(|name| {
            let mut repository = template.clone();
            (repository.gun, repository.name, repository.keys) = (gun(name), (*name).to_owned(), vec![]);
            repository
        })
        .collect();
    tell_stage(&mut state, stage(), plan);
    press(&mut state, "pP");
    let step = |name: &str, step: Step, note: Option<&str>| {
        Event::News(Progress::Step { gun: gun(name), step, note: note.map(str::to_owned) })
    };
    let sign = |done| Step::Sign { done, total: 3 };
    let later =
        |tenths: i64| Event::Tick(jiff::Timestamp::from_millisecond(now().as_millisecond() + tenths * 100).unwrap());
    for (name, seconds, published) in [
        ("admin/demo", 11, done("admin/demo", Role::releases(), 33, 9)),
        ("admin/web", 20, done("admin/web", Role::releases(), 9, 7)),
    ] {
        for at in [Step::Fetch, Step::Plan, sign(1), sign(3), Step::Upload, Step::Check] {
            let note = (name == "admin/web" && at == Step::Plan).then_some("merged");
            update(&mut state, step(name, at, note));
        }
        update(&mut state, later(seconds));
        update(&mut state, Event::News(Progress::Finished(published)));
    }
    for at in [Step::Fetch, Step::Plan, sign(3), Step::Upload] {
        update(&mut state, step("admin/worker", at, (at == Step::Upload).then_some("403")));
    }
    let problem = Problem {
        kind: Kind::Forbidden,
        message: "the trust server let this login read, but refused the write (403)".to_owned(),
        hint: "log in as a user with push rights, or ask the owner of admin/worker".to_owned(),
        repository: Some(gun("admin/worker")),
        role: None,
        tags: None,
        admission: Some(Box::new(Admission::Login { registry: "registry.example.com".to_owned(), user: None })),
    };
    let failed = Published { outcome: PublishOutcome::Failed(problem), ..done("admin/worker", Role::Targets, 1, 0) };
    update(&mut state, Event::News(Progress::Finished(Published { versions: vec![], ..failed })));
    for at in [Step::Fetch, Step::Plan, sign(2)] {
        update(&mut state, step("team/cli", at, None));
    }
    update(&mut state, later(140));
    state
}

#[test]
fn a_running_publish_looks_as_stored() {
    looks("publish", "trustdeck publish", &[(120, 40)], |size| publishing(size, Theme::default()));
}

#[test]
fn help_looks_as_stored() {
    looks("help", "trustdeck help", &[(80, 24)], |size| {
        let mut state = browsing(size, Theme::default());
        press(&mut state, "?");
        state
    });
}

#[test]
fn a_first_start_looks_as_stored() {
    looks("empty", "trustdeck", &[(80, 24)], |size| {
        let mut state = state_of(vec![], size, Theme::default());
        state.keyring.keys.clear();
        state
    });
}

#[test]
fn the_sandbox_looks_as_stored() {
    looks("sandbox", "trustdeck sandbox", &[(80, 24)], |size| {
        let mut state = state_of(repositories(), size, Theme::default());
        let tour = Tour::first_signer(&gun("admin/web"), "admin/web", "ben", "keys/ben.pub", "sandbox-only");
        state.tour = Some(tour);
        let guns: Vec<_> = state.known.repositories.iter().map(|r| r.entry.gun.clone()).collect();
        for gun in guns {
            state.find_mut(&gun).unwrap().entry.server = Ok("https://localhost:41873".to_owned());
        }
        press(&mut state, "jjjj");
        state
    });
}

#[test]
fn the_second_chapter_of_the_tour_looks_as_stored() {
    looks_as_stored("sandbox-tags", |size| {
        let mut state = state_of(repositories(), size, Theme::default());
        let (demo, web) = (gun("admin/demo"), gun("admin/web"));
        let tour = Tour::first_signer(&demo, "admin/demo", "ben", "keys/ben.pub", "sandbox-only");
        state.tour = Some(tour.then_tags(&demo, &web));
        press(&mut state, ">>/admin/demo<enter><esc>");
        let effects = press(&mut state, "3");
        screen::registry::compare(&mut state, &effects, &demo, &screen::registry::DEMO);
        state
    });
}

#[test]
fn a_refused_repository_says_what_where_and_what_to_do() {
    looks("error", "trustdeck", &[(80, 24)], |size| {
        let mut state = state_of(repositories(), size, Theme::default());
        let problem = Problem {
            kind: Kind::Mix,
            message: "targets is not the file that snapshot names: wrong hash".to_owned(),
            hint: "fetch again; if it stays, tell the server's owner; there is no way to accept it".to_owned(),
            repository: Some(gun("team/proxy")),
            role: Some(Role::Targets),
            tags: None,
            admission: None,
        };
        refuse(&mut state, &gun("team/proxy"), problem);
        press(&mut state, "/proxy<enter>");
        state
    });
}

fn refuse(state: &mut State, gun: &Gun, problem: Problem) {
    use trustdeck::tui::messages::effect::Effect;
    use trustdeck::tui::messages::event::{Outcome, Source};
    let failure = Failure::plain(problem);
    screen::scene::tell(
        state,
        Effect::Refresh(gun.clone()),
        Outcome::Viewed(gun.clone(), Source::Server, Err(failure)),
    );
}

#[test]
fn forms_look_as_stored() {
    for (keys, name) in
        [("2a", "add-signer"), ("a", "add-repository"), ("3a", "sign-tag"), ("2jje", "edit-role"), ("D", "delete")]
    {
        let mut state = browsing((80, 24), Theme::default());
        press(&mut state, keys);
        check_screen(name, &state);
    }
}

#[test]
fn a_small_window_says_how_large_it_must_be() {
    for size in [(59, 16), (60, 15), (20, 5), (1, 1), (0, 0)] {
        check_screen("small", &browsing(size, Theme::default()));
    }
}

#[test]
fn questions_about_keys_look_as_stored() {
    let rows = [
        ("n", "key-new"),
        ("a", "key-load"),
        ("jjb", "key-backup"),
        ("jjc", "key-passphrase"),
        ("jj<enter>", "key-detail"),
        ("jjx", "key-export"),
    ];
    for (keys, name) in rows {
        for size in [(60, 16), (80, 24), (120, 40)] {
            let mut state = browsing(size, Theme::default());
            state.message = None;
            press(&mut state, "4");
            press(&mut state, keys);
            check_screen(name, &state);
        }
    }
}

#[test]
fn a_tested_backup_looks_as_stored() {
    use screen::scene::{ADMIN, BOARD, NEW, id, tell};
    use trustdeck::engine::custody::backup::Backup;
    use trustdeck::tui::messages::effect::Effect;
    use trustdeck::tui::messages::event::Outcome;
    use trustdeck::tui::messages::keywork::{KeyFound, KeyWork, Look};
    for size in [(60, 16), (80, 24), (120, 40)] {
        let mut state = browsing(size, Theme::default());
        state.message = None;
        press(&mut state, "4b<down><down><down>harbor plaza tulip<down>harbor plaza tulip");
        let place = press(&mut state, "<enter>").remove(0);
        let look = tell(&mut state, place, Outcome::Key(KeyFound::Place(Ok(())))).remove(0);
        let Effect::Key(KeyWork::Try { keys, typed: None }) = &look else { panic!("{look:?}") };
        let opened = |(at, key): &(usize, trustdeck::tui::messages::keywork::Closed)| {
            let trustdeck::tui::messages::keywork::Closed::Stored(id, _) = key else { panic!("{key:?}") };
            (*at, Look::Open { id: id.clone(), with: None, known: true })
        };
        let looks = keys.iter().map(opened).collect();
        let write = tell(&mut state, look.clone(), Outcome::Key(KeyFound::Tried(looks, None))).remove(0);
        check_screen("key-writing", &state);
        let file = std::path::PathBuf::from("/media/stick/trustdeck-keys-2026-11-22.age");
        let manifest = std::path::PathBuf::from("/media/stick/trustdeck-keys-2026-11-22.age.manifest.json");
        let (tested, untested) = (vec![id(BOARD.0), id(ADMIN.0)], vec![id(NEW.0)]);
        let backup = Backup { file, manifest, tested, untested };
        tell(&mut state, write, Outcome::Key(KeyFound::BackedUp(Ok(backup))));
        check_screen("key-backed-up", &state);
        if size == (80, 24) {
            check_picture("keys-80x24", "trustdeck", &state);
        }
    }
}

#[test]
fn questions_about_tokens_look_as_stored() {
    use screen::scene::{BOARD, id, tell};
    use screen::tokens::{first_on_board, plug_in, token};
    use trustdeck::engine::custody::remove::Removal;
    use trustdeck::tui::messages::effect::Effect;
    use trustdeck::tui::messages::event::{Event, Outcome};
    use trustdeck::tui::messages::keywork::{KeyFound, KeyWork};
    use trustdeck::tui::route::update::update;
    for size in [(60, 16), (80, 24), (120, 40)] {
        let on_keys = || {
            let mut state = browsing(size, Theme::default());
            state.message = None;
            plug_in(&mut state, vec![token("YubiKey PIV", "12345678"), token("board", "77a1")]);
            press(&mut state, "4");
            state
        };
        let mut state = on_keys();
        press(&mut state, "nroot<down><space><down><down>");
        check_screen("token-new", &state);
        let asked = press(&mut state, "123456<enter>").remove(0);
        let job = state.jobs.begin(&asked);
        update(&mut state, Event::Touch(job));
        check_screen("token-touch", &state);
        let refused = screen::told::failure(trustdeck::engine::Kind::Passphrase, Some(Ask::ManagementKey));
        tell(&mut state, asked, Outcome::Key(KeyFound::AtToken(Err(refused))));
        check_screen("token-management", &state);

        let mut state = on_keys();
        press(&mut state, "m");
        check_screen("token-no-backup", &state);
        press(&mut state, "j<enter>");
        check_screen("token-import", &state);

        let mut state = on_keys();
        tell(&mut state, Effect::ListKeys, Outcome::Keys(Ok(first_on_board())));
        let key = first_on_board().remove(0);
        let only_local = key.used_in.clone();
        let removal = Removal { key, only_local, in_file: false, also_on: vec![] };
        let ask = Effect::Key(KeyWork::AskRemoval(id(BOARD.0)));
        tell(&mut state, ask, Outcome::Key(KeyFound::Removal(Ok(Box::new((removal, false))))));
        check_screen("token-delete", &state);
        press(&mut state, "no backup of 5e20c11f<enter>");
        check_screen("token-pin", &state);
    }
}
