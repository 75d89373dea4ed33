//! Which keys hold now. The hint bar and the help are made from these tables.

use std::collections::HashSet;

use crate::tui::kit::layout::{self, Shape};
use crate::tui::kit::list::Move;
use crate::tui::kit::message::Tone;
use crate::tui::kit::pane::Pane;
use crate::tui::panes;
use crate::tui::screens::{blank, publish, review};
use crate::tui::state::binding::{Action, Binding, Copied, Group, Place, Sort, bind};
use crate::tui::state::{State, actions, selected};
use crate::tui::wizard;

/// The tables that hold now, most special first.
pub(super) fn tables(state: &State) -> Vec<&'static [Binding]> {
    state.places().into_iter().map(|place| table(state, place)).collect()
}

/// The keys that hold in a place.
pub(super) fn table(state: &State, place: Place) -> &'static [Binding] {
    state.keymap.of(place).unwrap_or_else(|| usual(place))
}

/// The same without keys of the user's own.
pub(super) fn usual(place: Place) -> &'static [Binding] {
    match place {
        Place::Everywhere => EVERYWHERE,
        Place::Moves => MOVES,
        Place::Lists => LISTS,
        Place::Pane(pane) => panes::bindings(pane),
        Place::Blank => blank::BINDINGS,
        Place::Review => review::BINDINGS,
        Place::Publish => publish::BINDINGS,
        Place::Wizard => wizard::BINDINGS,
        Place::Tour => TOUR,
        Place::Pick => PICK,
    }
}

/// The bindings that a key leads to now: not those whose keys all mean something nearer.
pub(super) fn reached(state: &State) -> Vec<&'static Binding> {
    let (mut taken, mut reached) = (HashSet::new(), Vec::new());
    for binding in tables(state).into_iter().flatten() {
        let new = binding.keys.iter().filter(|key| taken.insert(**key)).count();
        if new > 0 {
            reached.push(binding);
        }
    }
    reached
}

/// The key for an action, where it holds now.
pub(super) fn key_of(state: &State, action: Action) -> Option<&'static str> {
    tables(state).into_iter().flatten().find(|binding| binding.action == action)?.keys.first().copied()
}

/// The same, where it can be done now.
pub(super) fn possible(state: &State, action: Action) -> Option<&'static str> {
    let binding = tables(state).into_iter().flatten().find(|binding| binding.action == action)?;
    binding.keys.first().copied().filter(|_| binding.blocked(state).is_none())
}

/// Looks up a key, or the second key of a sequence.
#[must_use]
pub(super) fn lookup(state: &State, prefix: Option<&str>, name: &str) -> KeyMeaning {
    let full = prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix} {name}"));
    for binding in tables(state).into_iter().flatten() {
        for key in binding.keys {
            if **key == *full {
                return KeyMeaning::Binding(binding);
            }
            if let Some((first, _)) = key.split_once(' ')
                && first == full
            {
                return KeyMeaning::Prefix(first);
            }
        }
    }
    KeyMeaning::Nothing
}

/// Says once of each key that it is not bound, and where to look; not among the messages, which tell what happened.
pub(super) fn unbound(state: &mut State, prefix: Option<&str>, name: &str) {
    let full = prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix} {name}"));
    let is_way_out = prefix.is_some() && matches!(name, "esc" | "backspace");
    if !name.is_empty() && !is_way_out && state.unbound.insert(full.clone()) {
        state.show(Tone::Note, full, "not bound here; ? keys; : find");
    }
}

/// What a key finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyMeaning {
    /// A binding.
    Binding(&'static Binding),
    /// The first key of a sequence.
    Prefix(&'static str),
    /// Nothing.
    Nothing,
}

const MOVES: &[Binding] = &[
    bind(&["j", "down"], Action::Move(Move::Down), "next line", Group::Move, 0),
    bind(&["k", "up"], Action::Move(Move::Up), "line before", Group::Move, 0),
    bind(&["g g", "home"], Action::Move(Move::Top), "top", Group::Move, 0),
    bind(&["G", "end"], Action::Move(Move::Bottom), "bottom", Group::Move, 0),
    bind(&["ctrl-d", "pagedown"], Action::Move(Move::HalfDown), "half page down", Group::Move, 0),
    bind(&["ctrl-u", "pageup"], Action::Move(Move::HalfUp), "half page up", Group::Move, 0),
];

const EVERYWHERE: &[Binding] = &[
    bind(&["?", "f1"], Action::Help, "help", Group::Look, 0),
    bind(&[":", "ctrl-p"], Action::Palette, "palette", Group::Find, 0),
    bind(&["@"], Action::Messages, "messages", Group::Look, 0),
    bind(&[], Action::Mouse, "mouse on, off", Group::Look, 0),
    bind(&["ctrl-l"], Action::Redraw, "draw anew", Group::Look, 0),
    bind(&["ctrl-z"], Action::Suspend, "suspend", Group::Leave, 0),
    bind(&["q"], Action::Quit, "quit", Group::Leave, 0),
];

const LISTS: &[Binding] = &[
    bind(&["tab", "l", "right"], Action::NextPane, "next pane", Group::Move, 0),
    bind(&["shift-tab", "h", "left"], Action::PreviousPane, "pane before", Group::Move, 0),
    bind(&["1", "g r"], Action::Focus(Pane::Repositories), "repositories", Group::Move, 0),
    bind(&["2", "g o"], Action::Focus(Pane::Roles), "roles", Group::Move, 0),
    bind(&["3", "g t"], Action::Focus(Pane::Tags), "tags", Group::Move, 0),
    bind(&["4", "g k"], Action::Focus(Pane::Keys), "keys", Group::Move, 0),
    bind(&["5", "g s"], Action::Focus(Pane::Staged), "staged", Group::Move, 0),
    bind(&["esc", "backspace"], Action::Back, "back, clear", Group::Move, 0),
    bind(&["/"], Action::Filter, "find", Group::Find, 90),
    bind(&["space"], Action::Mark, "mark", Group::Mark, 20).unless(no_row),
    bind(&["v"], Action::Range, "range", Group::Mark, 0).unless(no_row),
    bind(&["A"], Action::MarkAll, "all", Group::Mark, 0).unless(no_row),
    bind(&["u"], Action::Undo, "undo", Group::Stage, 80).unless(nothing_to_undo),
    bind(&["U"], Action::Redo, "redo", Group::Stage, 81).unless(nothing_to_redo),
    bind(&["W"], Action::Wizard(actions::Wizard::Menu), "wizards", Group::Stage, 85),
    bind(&["p"], Action::Review, "review", Group::Publish, 70).unless(nothing_staged),
    bind(&["N"], Action::Needs, "needs you", Group::Look, 87),
    bind(&["E"], Action::Expiry, "what expires", Group::Look, 88),
    bind(&["K"], Action::Concepts, "what it means", Group::Look, 89),
    bind(&["r"], Action::Refresh, "refresh", Group::Look, 95),
    bind(&["R"], Action::RefreshAll, "refresh all", Group::Look, 0),
    bind(&["-"], Action::Return, "way back", Group::Move, 0).unless(nowhere_before),
    bind(&["~"], Action::FilterLoosely, "loosely", Group::Find, 0),
    bind(&[", s"], Action::Sort(Sort::State), "by state", Group::Find, 0).unless(not_sorted),
    bind(&[", n"], Action::Sort(Sort::Name), "by name", Group::Find, 0).unless(not_sorted),
    bind(&[", e"], Action::Sort(Sort::Expiry), "by expiry", Group::Find, 0).unless(no_repositories),
    bind(&[", t"], Action::Sort(Sort::Tags), "by tags", Group::Find, 0).unless(no_repositories),
    bind(&["+", "_"], Action::Zoom, "zoom", Group::Look, 0).unless(one_pane),
    bind(&["I"], Action::Inspect, "all details", Group::Look, 0).unless(no_row),
    bind(&["]"], Action::Scroll(Move::Down), "read on", Group::Look, 0).unless(all_is_read),
    bind(&["["], Action::Scroll(Move::Up), "read back", Group::Look, 0).unless(all_is_read),
    bind(&["y n"], Action::Copy(Copied::Name), "name", Group::Copy, 0).unless(no_row),
    bind(&["y i"], Action::Copy(Copied::Id), "key ID", Group::Copy, 0).unless(no_id),
    bind(&["y w"], Action::Copy(Copied::Words), "words", Group::Copy, 0).unless(no_words),
    bind(&["y g"], Action::Copy(Copied::Repository), "full name", Group::Copy, 0).unless(no_repository),
    bind(&["y c"], Action::Copy(Copied::Commands), "as commands", Group::Copy, 0).unless(no_plan),
    bind(&["y d"], Action::Copy(Copied::Digest), "digest", Group::Copy, 0).unless(no_digest),
    bind(&["y r"], Action::Copy(Copied::Reference), "reference", Group::Copy, 0).unless(no_digest),
];

const PICK: &[Binding] = &[bind(&["enter"], Action::Pick, "choose", Group::Leave, 1).unless(no_choice)];

fn no_choice(state: &State) -> Option<&'static str> {
    (state.rows() == 0).then_some("there is nothing to choose here")
}

const TOUR: &[Binding] = &[
    bind(&[">"], Action::SkipTourStep, "skip tour step", Group::Look, 0).unless(no_tour),
    bind(&["T"], Action::EndTour, "end tour", Group::Look, 0).unless(no_tour),
];

fn nothing_staged(state: &State) -> Option<&'static str> {
    state.stage.changes.is_empty().then_some("nothing is staged")
}

fn no_plan(state: &State) -> Option<&'static str> {
    let nothing = nothing_staged(state).map(|_| "nothing is staged, so no commands would do the same");
    nothing.or_else(|| state.plan.is_none().then_some("the plan is being computed"))
}

fn nothing_to_undo(state: &State) -> Option<&'static str> {
    let nothing = state.stage.undo.is_none() && state.known.taken_off.is_empty();
    nothing.then_some("nothing to undo; a publish stays")
}

fn nothing_to_redo(state: &State) -> Option<&'static str> {
    state.stage.redo.is_none().then_some("nothing to redo")
}

fn no_row(state: &State) -> Option<&'static str> {
    (state.rows() == 0).then_some("the list is empty")
}

fn all_is_read(state: &State) -> Option<&'static str> {
    match panes::unread(state, state.focus) {
        _ if state.rows() == 0 => Some("the list is empty"),
        None => Some("there is no room below the list; I shows all of the row"),
        Some(0) => Some("all that is said of the row is on the screen"),
        Some(_) => None,
    }
}

fn no_repository(state: &State) -> Option<&'static str> {
    state.repository().is_none().then_some("there is no repository here")
}

fn one_pane(state: &State) -> Option<&'static str> {
    (layout::areas(state.size, state.focus, false).shape == Shape::Tabs).then_some("one pane is shown already")
}

fn nowhere_before(state: &State) -> Option<&'static str> {
    state.trail.is_none().then_some("you were nowhere else yet")
}

fn not_sorted(state: &State) -> Option<&'static str> {
    match state.focus {
        Pane::Roles => Some("roles keep the order of who lists whom"),
        Pane::Staged => Some("changes keep the order in which they were staged"),
        Pane::Repositories | Pane::Tags | Pane::Keys => None,
    }
}

fn no_repositories(state: &State) -> Option<&'static str> {
    (state.focus != Pane::Repositories).then_some("only repositories are sorted by that")
}

fn no_digest(state: &State) -> Option<&'static str> {
    (state.focus != Pane::Tags || state.rows() == 0).then_some("only tags have a digest")
}

fn no_id(state: &State) -> Option<&'static str> {
    match state.focus {
        Pane::Keys if state.rows() > 0 => None,
        Pane::Roles if state.rows() > 0 => {
            selected::role(state).is_none_or(|role| role.keys.is_empty()).then_some("this role lists no key")
        }
        _ => Some("only keys have an ID"),
    }
}

fn no_words(state: &State) -> Option<&'static str> {
    (state.focus != Pane::Keys || state.rows() == 0).then_some("only keys have words")
}

fn no_tour(state: &State) -> Option<&'static str> {
    state.tour.is_none().then_some("no tour is running")
}
