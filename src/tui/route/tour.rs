//! When a step of the tour is done.

use std::sync::Arc;

use crate::engine::{Change, PublishOutcome, StagedChange};
use crate::tuf::Gun;
use crate::tui::dialogs::label::Label;
use crate::tui::dialogs::{Dialog, Purpose};
use crate::tui::kit::list::{List, RowName};
use crate::tui::kit::pane::Pane;
use crate::tui::state::tour::{Goal, Tour, TourStep};
use crate::tui::state::{Screen, State};

/// Goes on while the step that is shown is done.
pub(super) fn advance(state: &mut State) {
    while let Some(step) = state.tour.as_ref().and_then(Tour::step) {
        if !is_done(state, &step.done) {
            return;
        }
        if let Some(tour) = &mut state.tour {
            tour.at += 1;
        }
    }
}

fn is_done(state: &State, done: &Goal) -> bool {
    match done {
        Goal::Shows(pane, gun) => state.focus == *pane && state.lists.shown.as_ref() == Some(gun),
        Goal::SignerStaged(gun) => {
            state.stage.changes.iter().any(|s| s.gun == *gun && matches!(s.change, Change::AddSigner { .. }))
        }
        Goal::Compared(gun) => {
            let compared = state.repository().is_some_and(|repository| repository.registry.is_compared());
            let here = state.focus == Pane::Tags && state.lists.shown.as_ref() == Some(gun);
            here && matches!(state.screen, Screen::Main) && compared
        }
        Goal::TagStaged(gun, wanted) => {
            let signs = |s: &StagedChange| matches!(&s.change, Change::Sign { tag, .. } if tag.as_str() == *wanted);
            state.stage.changes.iter().any(|s| s.gun == *gun && signs(s))
        }
        Goal::Verified(gun, _) => state.verifying.as_ref().is_some_and(|v| v.gun == *gun && v.ended),
        Goal::Reviewing => matches!(state.screen, Screen::Review(_)),
        Goal::Published(gun) => match &state.screen {
            Screen::Publish(p) => p
                .tracks
                .iter()
                .any(|t| t.gun == *gun && t.ended.as_ref().is_some_and(|(_, p)| p.outcome == PublishOutcome::Done)),
            _ => false,
        },
    }
}

/// What to press now, and nothing else: never a key that is not bound where the user is.
#[must_use]
pub(super) fn sentence(state: &State, tour: &Tour, step: &TourStep) -> String {
    let done = &step.done;
    match state.dialogs.last() {
        Some(dialog) => in_dialog(tour, dialog, done),
        None if state.filtering.is_some() => "Press enter: what you type finds rows.".to_owned(),
        None => state.spoken(&on_screen(state, tour, done).unwrap_or_else(|| step.sentence.clone())),
    }
}

fn in_dialog(tour: &Tour, dialog: &Dialog, done: &Goal) -> String {
    match (dialog, done) {
        (Dialog::Form(form), Goal::SignerStaged(_)) if matches!(form.purpose, Purpose::AddSigner { .. }) => {
            let (name, file) = &tour.signer;
            let is_own = form.text(Label::Name) != name || form.paths() != [file];
            if is_own { "Press enter: it is staged.".to_owned() } else { format!("Press enter: {name} is filled in.") }
        }
        (Dialog::Form(form), Goal::TagStaged(..))
            if matches!(form.purpose, Purpose::SignTag { .. } | Purpose::SignMarked { .. }) =>
        {
            "Press enter: it is staged.".to_owned()
        }
        (Dialog::Choose(_), Goal::TagStaged(..)) => "Compare the two digests, then press enter.".to_owned(),
        (Dialog::Choose(_), Goal::Verified(..)) => "Press enter: the registry is asked.".to_owned(),
        (Dialog::Prompt(_), Goal::Published(_)) => format!("Type {}, then press enter.", tour.passphrase),
        (Dialog::Confirm(_), Goal::Published(_)) => "Type the name that is asked for, then press enter.".to_owned(),
        _ => "Press esc: this window is no part of the tour.".to_owned(),
    }
}

/// The way to where the step's own keys hold; `None` there.
fn on_screen(state: &State, tour: &Tour, done: &Goal) -> Option<String> {
    match (&state.screen, done) {
        (Screen::Review(_), Goal::Published(_)) if !state.stage.changes.is_empty() => return None,
        (Screen::Publish(publishing), _) if publishing.ended.is_none() => {
            return Some("Wait a moment: it is signed, sent and read back.".to_owned());
        }
        (Screen::Main, _) => {}
        _ => return Some("Press esc: back to the panes.".to_owned()),
    }
    if done.goes_on() && state.stage.changes.is_empty() {
        return Some(stage_again(tour));
    }
    match done {
        Goal::Shows(_, gun) => to_repository(state, gun),
        Goal::SignerStaged(gun) => to_pane(state, gun, Pane::Roles),
        Goal::Compared(gun) => to_repository(state, gun)
            .or_else(|| (state.focus == Pane::Tags).then(|| "Wait a moment: the registry is asked.".to_owned())),
        Goal::TagStaged(gun, tag) | Goal::Verified(gun, tag) => {
            to_pane(state, gun, Pane::Tags).or_else(|| to_tag(state, tag))
        }
        Goal::Reviewing => None,
        Goal::Published(_) => Some("Press p: the review, before anything is sent.".to_owned()),
    }
}

/// Nothing is left of what the step goes on with: it was taken back.
fn stage_again(tour: &Tour) -> String {
    let before = tour.steps.iter().take(tour.at).rev().find(|step| !step.done.goes_on());
    match before.map(|step| &step.done) {
        Some(Goal::TagStaged(..)) => "Nothing is staged: sign a tag with s in Tags, or skip.".to_owned(),
        _ => "Nothing is staged: add a signer with a in Roles, or skip.".to_owned(),
    }
}

/// The way to a repository's row; `None` there, and in the panes that show what is in it.
fn to_repository(state: &State, gun: &Gun) -> Option<String> {
    let rows = &state.lists.repositories;
    if state.lists.shown.as_ref() == Some(gun) && rows.selected() == Some(gun) {
        return None;
    }
    if state.focus != Pane::Repositories {
        return Some("Press 1: to the list of repositories.".to_owned());
    }
    let name = state.name_of(gun);
    let name = state.short_name(&name);
    let hidden = || match (rows.filter.is_empty(), state.known.taken_off.iter().flatten().any(|off| off == gun)) {
        (false, _) => format!("Press esc: a filter hides {name}."),
        (true, true) => "Press u: its repository comes back to the list.".to_owned(),
        (true, false) => format!("Press a and add {name} again."),
    };
    Some(to_row(rows, gun, name).unwrap_or_else(hidden))
}

fn to_pane(state: &State, gun: &Gun, pane: Pane) -> Option<String> {
    let change = || format!("Press {}: to its {}.", pane.number(), pane.name().to_lowercase());
    let change = || (state.focus != pane).then(change);
    to_repository(state, gun).or_else(change)
}

fn to_tag(state: &State, tag: &str) -> Option<String> {
    let rows = &state.lists.tags;
    if rows.selected().is_some_and(|row| **row == *tag) {
        return None;
    }
    let hidden = || match rows.filter.is_empty() {
        true => format!("{tag} is not listed: press = to ask the registry."),
        false => format!("Press esc: a filter hides {tag}."),
    };
    Some(to_row(rows, &Arc::from(tag), tag).unwrap_or_else(hidden))
}

/// The way to a row that is listed.
fn to_row<K: RowName>(rows: &List<K>, row: &K, name: &str) -> Option<String> {
    let (place, ..) = rows.rows().find(|(_, _, key)| *key == row)?;
    Some(format!("Go to {name} with {}.", if place < rows.cursor() { "k" } else { "j" }))
}
