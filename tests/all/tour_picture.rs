//! The moving picture that opens the README: a signer is removed, the loss is seen, mended and published.

use crate::screen::plans::{mended, plan, remove_ben, stage, tell_plan, tell_stage};
use crate::screen::scene::{gun, repositories, state_of};
use crate::screen::told::select;
use crate::screen::{draw, press};
use crate::screens::check;
use crate::svg;

use ratatui::buffer::Buffer;
use trustdeck::engine::publish::outcome::{Progress, PublishOutcome, Published, Step};
use trustdeck::engine::{Plan, Stage};
use trustdeck::tuf::Role;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::event::Event;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

/// Wide enough for two columns.
const SIZE: (u16, u16) = (112, 32);

/// Only what is about one repository.
fn only(mut plan: Plan) -> Plan {
    plan.repositories.retain(|p| p.gun == gun("admin/api"));
    plan
}

fn staged() -> Stage {
    let mut stage = stage();
    stage.changes.retain(|change| change.change == remove_ben());
    stage
}

fn publish(state: &mut State) {
    press(state, "correct horse<enter>");
    state.gate = None;
    state.dialogs.clear();
    let approval = trustdeck::engine::publish::job::Approval {
        plan: only(mended()).id,
        repositories: vec![gun("admin/api")],
        accepted: Default::default(),
    };
    state.keyring.keys.iter_mut().for_each(|key| key.state = trustdeck::engine::view::keys::KeyState::Open);
    let mut plan = only(mended());
    plan.repositories[0].keys.clear();
    tell_plan(state, plan);
    trustdeck::tui::questions::begin(state, approval);
    for step in [Step::Fetch, Step::Plan, Step::Sign { done: 2, total: 3 }] {
        update(state, Event::News(Progress::Step { gun: gun("admin/api"), step, note: None }));
    }
}

fn published(state: &mut State) {
    for step in [Step::Sign { done: 3, total: 3 }, Step::Upload, Step::Check] {
        update(state, Event::News(Progress::Step { gun: gun("admin/api"), step, note: None }));
    }
    let done = Published {
        gun: gun("admin/api"),
        outcome: PublishOutcome::Done,
        overtaken: None,
        versions: vec![(Role::Targets, 13), (Role::releases(), 58)],
        trusted: 22,
        checked: "read back as a client with an empty cache".to_owned(),
        new_keys: vec![],
        notes: vec![],
        merged: vec![],
    };
    update(state, Event::News(Progress::Finished(done)));
}

#[test]
fn the_moving_picture_is_as_stored() {
    let mut frames: Vec<(Buffer, u32)> = Vec::new();
    let mut state = state_of(repositories(), SIZE, Theme::default());
    frames.push((draw(&state), 3));
    select(&mut state, "admin/api");
    press(&mut state, "<enter>jjjj");
    frames.push((draw(&state), 3));
    tell_stage(&mut state, staged(), only(plan()));
    frames.push((draw(&state), 4));
    press(&mut state, "p");
    tell_plan(&mut state, only(plan()));
    state.message = None;
    frames.push((draw(&state), 5));
    tell_plan(&mut state, only(mended()));
    frames.push((draw(&state), 4));
    press(&mut state, "Pcorrect horse");
    frames.push((draw(&state), 3));
    publish(&mut state);
    frames.push((draw(&state), 2));
    published(&mut state);
    frames.push((draw(&state), 4));
    check("screenshots/tour.svg", &svg::animated(&frames, 3, "trustdeck", &svg::DARK));
}
