//! The mouse: a press selects, a second one opens, the wheel scrolls what is under it.

use crossterm::event::KeyCode;
use ratatui::layout::Position;

use super::{chart, lists, needs, render};
use crate::tui::dialogs::Dialog;
use crate::tui::kit::canvas::Spot;
use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::event::{Mouse, MouseAct};
use crate::tui::panes;
use crate::tui::state::binding::Binding;
use crate::tui::state::{Picked, Screen, State};

/// Longest time between the two presses of one, in milliseconds.
const TWICE: i64 = 400;
/// Rows that the wheel scrolls.
const ROWS: usize = 3;

/// What is to be done then.
pub(super) enum Next {
    Nothing,
    /// As if this key was pressed.
    Press(KeyCode),
    Run(&'static Binding),
    Help,
}

/// Takes what was done with it.
pub(super) fn take(state: &mut State, mouse: Mouse) -> Next {
    match mouse.act {
        MouseAct::WheelUp => wheel(state, mouse, Move::Up, KeyCode::Up),
        MouseAct::WheelDown => wheel(state, mouse, Move::Down, KeyCode::Down),
        MouseAct::Press => press(state, mouse),
    }
}

fn wheel(state: &mut State, mouse: Mouse, to: Move, code: KeyCode) -> Next {
    match (state.dialogs.last(), &state.screen) {
        // Its arrows would leave what is typed.
        (Some(Dialog::Form(_) | Dialog::Prompt(_) | Dialog::Confirm(_)), _) => Next::Nothing,
        (Some(_), _) => Next::Press(code),
        (None, Screen::Main) => {
            if let Some(pane) = pane_at(state, mouse).filter(|_| !state.is_blank()) {
                state.lists.picked = Picked::ByUser;
                match lists::is_below(state, pane, mouse.row) {
                    true => panes::scroll(state, pane, to),
                    false => lists::scroll(state, pane, to, ROWS),
                }
            }
            Next::Nothing
        }
        (None, _) => {
            (0..ROWS).for_each(|_| lists::go(state, to));
            Next::Nothing
        }
    }
}

fn pane_at(state: &State, mouse: Mouse) -> Option<Pane> {
    let at = Position::new(mouse.column, mouse.row);
    state.areas().panes.into_iter().find(|(_, area)| area.contains(at)).map(|(pane, _)| pane)
}

fn press(state: &mut State, mouse: Mouse) -> Next {
    let before = state.clicked.replace((state.now, mouse.column, mouse.row));
    let soon = |at: jiff::Timestamp| state.now.as_millisecond().saturating_sub(at.as_millisecond()) <= TWICE;
    let twice = before.is_some_and(|(at, _, y)| y == mouse.row && soon(at));
    let pressed = match render::spot_at(state, mouse.column, mouse.row) {
        Some(Spot::Help) => return Next::Help,
        Some(Spot::Hint(place)) => {
            let binding = render::hinted(state).get(place).copied();
            return binding.map_or(Next::Nothing, Next::Run);
        }
        Some(Spot::Tab(pane)) => {
            state.focus = pane;
            return Next::Nothing;
        }
        Some(Spot::Key(code)) => return Next::Press(code),
        Some(Spot::Need(place)) => {
            needs::go(state, place);
            return Next::Nothing;
        }
        Some(Spot::Line(place)) => line(state, place),
        Some(Spot::Row(_)) | None
            if state.dialogs.is_empty() && matches!(state.screen, Screen::Main) && !state.is_blank() =>
        {
            row(state, mouse)
        }
        Some(Spot::Row(_)) | None => false,
    };
    if pressed && twice {
        // A third press is the first one again.
        state.clicked = None;
        return Next::Press(KeyCode::Enter);
    }
    Next::Nothing
}

/// Puts the cursor on a row of a pane. Says whether there is one.
fn row(state: &mut State, mouse: Mouse) -> bool {
    let Some(pane) = pane_at(state, mouse) else { return false };
    state.focus = pane;
    state.filtering = None;
    state.lists.picked = Picked::ByUser;
    lists::point(state, pane, mouse.row)
}

/// Puts the cursor on a line of what is on top. Says whether it has one.
pub(super) fn line(state: &mut State, place: usize) -> bool {
    let lines = match state.dialogs.last() {
        Some(Dialog::Palette(open)) => open.hits.len(),
        Some(Dialog::Choose(open)) => open.replies.len(),
        Some(Dialog::Wizards(open)) => open.offers.len(),
        Some(Dialog::Needs(_)) => needs::all(state).len(),
        Some(Dialog::Expiry(_)) => chart::count(state),
        _ => usize::MAX,
    };
    if place >= lines {
        return false;
    }
    match state.dialogs.last_mut() {
        Some(Dialog::Palette(open)) => open.cursor = place,
        Some(Dialog::Help(open)) => open.cursor = place,
        Some(Dialog::Choose(open)) => open.cursor = place,
        Some(Dialog::Wizards(open)) => open.cursor = place,
        Some(Dialog::Needs(at) | Dialog::Expiry(at)) => *at = place,
        Some(_) => return false,
        None => match (&mut state.screen, &mut state.guide) {
            (Screen::Review(review), _) => return review.list.put(place),
            (Screen::Wizard, Some(guide)) => guide.cursor = Some(place),
            _ => return false,
        },
    }
    true
}
