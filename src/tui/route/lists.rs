//! The lists of the panes: cursor, marks, filters.

use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::kit::field::TextField;
use crate::tui::kit::filter::Filter;
use crate::tui::kit::layout::{self, Areas};
use crate::tui::kit::list::{Cleared, List, Move, RowName};
use crate::tui::kit::message::Tone;
use crate::tui::kit::pane::Pane;
use crate::tui::panes::{self, repositories, staged};
use crate::tui::screens::{blank, publish};
use crate::tui::state::binding::Sort;
use crate::tui::state::{Order, Picked, Screen, State};
use crate::tui::wizard;

fn visible_rows(state: &State, pane: Pane) -> usize {
    rows_in(&state.areas(), pane)
}

fn rows_in(areas: &Areas, pane: Pane) -> usize {
    let area = areas.panes.iter().find(|(p, _)| *p == pane);
    area.map_or(1, |(_, area)| usize::from(layout::inside(areas.shape, pane, *area).rows))
}

pub(super) fn go(state: &mut State, to: Move) {
    let height = visible_rows(state, state.focus);
    let is_blank = state.is_blank();
    match &mut state.screen {
        Screen::Review(review) => {
            review.at = None;
            return review.list.go(to, 20);
        }
        Screen::Publish(publishing) => return publish::go(publishing, to),
        Screen::Wizard => return wizard::go(state, to),
        Screen::Main if is_blank => {
            let last = blank::CHOICES.len() - 1;
            state.lists.blank = match to {
                Move::Up => state.lists.blank.saturating_sub(1),
                Move::Down => (state.lists.blank + 1).min(last),
                Move::Top | Move::HalfUp => 0,
                Move::Bottom | Move::HalfDown => last,
            };
            return;
        }
        Screen::Main => {}
    }
    go_in(state, state.focus, to, height);
}

/// Moves the cursor of a pane by so many rows, whatever has the focus.
pub(super) fn scroll(state: &mut State, pane: Pane, to: Move, rows: usize) {
    let height = visible_rows(state, pane);
    (0..rows).for_each(|_| go_in(state, pane, to, height));
}

/// Puts the cursor of a pane on the row at a line of the terminal. Says whether there is one.
pub(super) fn point(state: &mut State, pane: Pane, y: u16) -> bool {
    let areas = state.areas();
    let Some((_, area)) = areas.panes.iter().find(|(of, _)| *of == pane) else { return false };
    let inside = layout::inside(areas.shape, pane, *area);
    let row = y.checked_sub(inside.head + 1).filter(|row| *row < inside.rows);
    let Some(row) = row.map(usize::from) else { return false };
    let lists = &mut state.lists;
    let found = match pane {
        Pane::Repositories => lists.repositories.point(row),
        Pane::Roles => lists.roles.point(row),
        Pane::Tags => lists.tags.point(row),
        Pane::Keys => lists.keys.point(row),
        Pane::Staged => lists.staged.point(row),
    };
    if found && pane == Pane::Repositories {
        panes::reindex_shown(state);
    }
    found
}

/// Puts the list with the focus in another order.
pub(super) fn sort(state: &mut State, by: Sort) {
    match state.focus {
        Pane::Tags => state.sort.tags = by,
        Pane::Keys => state.sort.keys = by,
        _ => state.sort.repositories = by,
    }
    state.lists.order = Order::ByState;
    panes::reindex(state);
}

/// Whether a line of the terminal is in what is said below the list of a pane.
pub(super) fn is_below(state: &State, pane: Pane, y: u16) -> bool {
    panes::telling(state, pane).is_some_and(|(inside, _)| inside.rule.is_some_and(|rule| y > rule))
}

/// Puts the cursor of a pane on a place. Says whether there is a row.
pub(super) fn put(state: &mut State, pane: Pane, place: usize) -> bool {
    let lists = &mut state.lists;
    let found = match pane {
        Pane::Repositories => lists.repositories.put(place),
        Pane::Roles => lists.roles.put(place),
        Pane::Tags => lists.tags.put(place),
        Pane::Keys => lists.keys.put(place),
        Pane::Staged => lists.staged.put(place),
    };
    if found && pane == Pane::Repositories {
        state.lists.picked = Picked::ByUser;
        panes::reindex_shown(state);
    }
    found
}

fn go_in(state: &mut State, pane: Pane, to: Move, height: usize) {
    match pane {
        Pane::Repositories => {
            state.lists.repositories.go(to, height);
            panes::reindex_shown(state);
        }
        Pane::Roles => state.lists.roles.go(to, height),
        Pane::Tags => state.lists.tags.go(to, height),
        Pane::Keys => state.lists.keys.go(to, height),
        Pane::Staged => state.lists.staged.go(to, height),
    }
}

/// Scrolls every list so that its cursor is visible.
pub(super) fn settle(state: &mut State) {
    let areas = layout::areas(state.size, state.focus, state.tour.is_some());
    let rows = Pane::ALL.map(|pane| rows_in(&areas, pane));
    let [repositories, roles, tags, keys, staged] = rows;
    state.lists.repositories.settle(repositories);
    state.lists.roles.settle(roles);
    state.lists.tags.settle(tags);
    state.lists.keys.settle(keys);
    state.lists.staged.settle(staged);
}

pub(super) fn back(state: &mut State) {
    if state.message.as_ref().is_some_and(|m| m.tone == Tone::Fail) {
        state.message = None;
        return;
    }
    let cleared = match state.focus {
        Pane::Repositories => state.lists.repositories.clear(),
        Pane::Roles => state.lists.roles.clear(),
        Pane::Tags => state.lists.tags.clear(),
        Pane::Keys => state.lists.keys.clear(),
        Pane::Staged => state.lists.staged.clear(),
    };
    match cleared {
        Cleared::Filter => panes::reindex(state),
        Cleared::Marks => {}
        Cleared::Nothing => match state.focus {
            Pane::Tags => state.focus = Pane::Roles,
            _ => state.focus = Pane::Repositories,
        },
    }
}

#[derive(Clone, Copy)]
pub(super) enum Marking {
    Toggle,
    Range,
    All,
}

pub(super) fn with_list(state: &mut State, marking: Marking) {
    fn mark<K: RowName>(list: &mut List<K>, marking: Marking) {
        match marking {
            Marking::Toggle => list.toggle_mark(),
            Marking::Range => list.toggle_range(),
            Marking::All => list.toggle_all(),
        }
    }
    match state.focus {
        Pane::Repositories => {
            mark(&mut state.lists.repositories, marking);
            panes::reindex_shown(state);
        }
        Pane::Roles => mark(&mut state.lists.roles, marking),
        Pane::Tags => mark(&mut state.lists.tags, marking),
        Pane::Keys => mark(&mut state.lists.keys, marking),
        Pane::Staged => mark(&mut state.lists.staged, marking),
    }
}

pub(super) fn filter_key(state: &mut State, mut typed: TextField, pressed: &KeyEvent) {
    match pressed.code {
        KeyCode::Enter => return,
        KeyCode::Esc => return set_filter(state, ""),
        KeyCode::Down => go(state, Move::Down),
        KeyCode::Up => go(state, Move::Up),
        _ if typed.key(pressed) => set_filter(state, typed.text()),
        _ => {}
    }
    state.filtering = Some(typed);
}

pub(super) fn set_filter(state: &mut State, text: &str) {
    let filter = match state.focus {
        Pane::Repositories => &mut state.lists.repositories.filter,
        Pane::Roles => &mut state.lists.roles.filter,
        Pane::Tags => &mut state.lists.tags.filter,
        Pane::Keys => &mut state.lists.keys.filter,
        Pane::Staged => &mut state.lists.staged.filter,
    };
    *filter = Filter::new(text);
    match state.focus {
        Pane::Repositories => {
            repositories::reindex(state);
            panes::reindex_shown(state);
        }
        Pane::Roles | Pane::Tags => panes::reindex_shown(state),
        Pane::Keys => panes::keys::reindex(state),
        Pane::Staged => staged::reindex(state),
    }
}
