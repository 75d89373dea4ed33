//! Which keys hold now. The hint bar and the help are made from these tables.

use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;
use crate::tui::panes;
use crate::tui::panes::repositories;
use crate::tui::screens::{publish, review};
use crate::tui::state::binding::{Action, Binding, Copied, Group, bind};
use crate::tui::state::{Screen, State, actions};
use crate::tui::wizard;

/// The tables that hold now, most special first.
pub(super) fn tables(state: &State) -> Vec<&'static [Binding]> {
    let mut tables: Vec<&'static [Binding]> = match &state.screen {
        Screen::Review(_) => vec![review::BINDINGS, MOVES],
        Screen::Publish(_) => vec![publish::BINDINGS, MOVES],
        Screen::Wizard => vec![wizard::BINDINGS, MOVES],
        Screen::Main if state.is_blank() => vec![repositories::BLANK_BINDINGS, MOVES],
        Screen::Main => vec![panes::bindings(state.focus), MOVES, LISTS],
    };
    if state.here.pick.is_some() && matches!(state.screen, Screen::Main) {
        tables.insert(0, PICK);
    }
    if state.tour.is_some() {
        tables.push(TOUR);
    }
    tables.push(EVERYWHERE);
    tables
}

/// Looks up a key, or the second key of a sequence.
#[must_use]
pub(super) fn lookup(state: &State, prefix: Option<&str>, name: &str) -> Found {
    let full = prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix} {name}"));
    for binding in tables(state).into_iter().flatten() {
        for key in binding.keys {
            if **key == *full {
                return Found::Binding(binding);
            }
            if let Some((first, _)) = key.split_once(' ')
                && first == full
            {
                return Found::Prefix(first);
            }
        }
    }
    Found::Nothing
}

/// What a key finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// A binding.
    Binding(&'static Binding),
    /// The first key of a sequence.
    Prefix(&'static str),
    /// Nothing.
    Nothing,
}

pub(super) const MOVES: &[Binding] = &[
    bind(&["j", "down"], Action::Move(Move::Down), "next line", Group::Move, 0),
    bind(&["k", "up"], Action::Move(Move::Up), "line before", Group::Move, 0),
    bind(&["g g", "home"], Action::Move(Move::Top), "top", Group::Move, 0),
    bind(&["G", "end"], Action::Move(Move::Bottom), "bottom", Group::Move, 0),
    bind(&["ctrl-d", "pagedown"], Action::Move(Move::HalfDown), "half page down", Group::Move, 0),
    bind(&["ctrl-u", "pageup"], Action::Move(Move::HalfUp), "half page up", Group::Move, 0),
];

pub(super) const EVERYWHERE: &[Binding] = &[
    bind(&["?", "f1"], Action::Help, "help", Group::Look, 0),
    bind(&[":", "ctrl-p"], Action::Palette, "find anything", Group::Find, 0),
    bind(&["@"], Action::Messages, "messages", Group::Look, 0),
    bind(&["ctrl-l"], Action::Redraw, "draw anew", Group::Look, 0),
    bind(&["ctrl-z"], Action::Suspend, "suspend", Group::Leave, 0),
    bind(&["q"], Action::Quit, "quit", Group::Leave, 0),
];

pub(super) const LISTS: &[Binding] = &[
    bind(&["tab", "l", "right"], Action::NextPane, "next pane", Group::Move, 0),
    bind(&["shift-tab", "h", "left"], Action::PreviousPane, "pane before", Group::Move, 0),
    bind(&["1"], Action::Focus(Pane::Repositories), "repositories", Group::Move, 0),
    bind(&["2"], Action::Focus(Pane::Roles), "roles", Group::Move, 0),
    bind(&["3"], Action::Focus(Pane::Tags), "tags", Group::Move, 0),
    bind(&["4"], Action::Focus(Pane::Keys), "keys", Group::Move, 0),
    bind(&["5"], Action::Focus(Pane::Staged), "staged", Group::Move, 0),
    bind(&["esc", "backspace"], Action::Back, "back, clear", Group::Move, 0),
    bind(&["/"], Action::Filter, "find", Group::Find, 90),
    bind(&["space"], Action::Mark, "mark", Group::Mark, 20).unless(no_row),
    bind(&["v"], Action::Range, "range", Group::Mark, 0).unless(no_row),
    bind(&["A"], Action::MarkAll, "all", Group::Mark, 0).unless(no_row),
    bind(&["u"], Action::Undo, "undo", Group::Stage, 80).unless(nothing_to_undo),
    bind(&["U"], Action::Redo, "redo", Group::Stage, 0).unless(nothing_to_redo),
    bind(&["W"], Action::Wizard(actions::Wizard::Menu), "wizards", Group::Stage, 85),
    bind(&["p"], Action::Review, "review", Group::Publish, 70).unless(nothing_staged),
    bind(&["r"], Action::Refresh, "refresh", Group::Look, 95),
    bind(&["R"], Action::RefreshAll, "refresh all", Group::Look, 0),
    bind(&["y n"], Action::Copy(Copied::Name), "name", Group::Copy, 0).unless(no_row),
    bind(&["y i"], Action::Copy(Copied::Id), "key ID", Group::Copy, 0).unless(no_id),
    bind(&["y w"], Action::Copy(Copied::Words), "words", Group::Copy, 0).unless(no_words),
    bind(&["y d"], Action::Copy(Copied::Digest), "digest", Group::Copy, 0).unless(no_digest),
];

const PICK: &[Binding] = &[bind(&["enter"], Action::Pick, "choose", Group::Leave, 1).unless(no_choice)];

fn no_choice(state: &State) -> Option<&'static str> {
    (state.rows() == 0).then_some("there is nothing to choose here")
}

pub(super) const TOUR: &[Binding] = &[
    bind(&[">"], Action::SkipTourStep, "skip tour step", Group::Look, 0).unless(no_tour),
    bind(&["X"], Action::EndTour, "end tour", Group::Look, 0).unless(no_tour),
];

fn nothing_staged(state: &State) -> Option<&'static str> {
    state.stage.changes.is_empty().then_some("nothing is staged")
}

fn nothing_to_undo(state: &State) -> Option<&'static str> {
    state.stage.undo.is_none().then_some("no staging to undo; what was published cannot be undone")
}

fn nothing_to_redo(state: &State) -> Option<&'static str> {
    state.stage.redo.is_none().then_some("nothing to redo")
}

fn no_row(state: &State) -> Option<&'static str> {
    (state.rows() == 0).then_some("the list is empty")
}

fn no_digest(state: &State) -> Option<&'static str> {
    (state.focus != Pane::Tags || state.rows() == 0).then_some("only tags have a digest")
}

fn no_id(state: &State) -> Option<&'static str> {
    (!matches!(state.focus, Pane::Keys | Pane::Roles) || state.rows() == 0).then_some("only keys have an ID")
}

fn no_words(state: &State) -> Option<&'static str> {
    (state.focus != Pane::Keys || state.rows() == 0).then_some("only keys have words")
}

fn no_tour(state: &State) -> Option<&'static str> {
    state.tour.is_none().then_some("no tour is running")
}
