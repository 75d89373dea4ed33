//! Drawing of a wizard: the steps left and the one that is looked at right, or one above the other.

use ratatui::layout::Rect;

use super::parts::{self, StepLine};
use super::{options, track, words};
use crate::engine::wizard::StepState;
use crate::tui::kit::canvas::{Canvas, Runs, Spot, width};
use crate::tui::kit::frame::{Frame, rule};
use crate::tui::kit::layout::{Areas, Shape};
use crate::tui::kit::message::Said;
use crate::tui::state::State;
use crate::tui::state::actions::Wizard;
use crate::tui::state::binding::Action;
use crate::tui::state::guide::Guide;

/// Width of the list of steps.
const LEFT: u16 = 42;
/// Widest screen that is used: lines get no longer beyond.
const WIDEST: u16 = 140;

/// Draws it.
pub fn render(state: &State, guide: &Guide, canvas: &mut Canvas<'_>, (areas, said): (&Areas, &Said)) {
    let guide = &*options::previewed(state, guide);
    let body = Rect { width: areas.body.width.min(WIDEST), ..areas.body };
    let mut frame = heading(state, guide);
    if areas.message.is_none() {
        frame.footer = said.in_border(state.theme, body, &frame.position);
    }
    if areas.shape == Shape::Tabs {
        frame.summary = position(state, guide, "step ");
        let inner = frame.draw(canvas, body, true);
        let roomy = inner.height >= 16;
        let rows = if roomy { 2 } else { 1 };
        let top = inner.y + u16::from(roomy);
        track::horizontal(canvas, guide, Rect { y: top, height: rows, ..inner });
        let place = Rect { y: top + rows, height: inner.bottom().saturating_sub(top + rows), ..inner };
        let place =
            if roomy { Rect { y: place.y + 1, height: place.height.saturating_sub(1), ..place } } else { place };
        one_column(state, guide, canvas, place);
        return;
    }
    let left = Rect { width: LEFT, ..body };
    let right = Rect { x: body.x + LEFT, width: body.width - LEFT, ..body };
    let mut steps = Frame::titled("Steps");
    steps.summary = position(state, guide, "");
    let inner = steps.draw(canvas, left, false);
    track::vertical(state, canvas, guide, inner);

    let cells = usize::from(right.width.saturating_sub(6));
    let staged = parts::staged(state, guide, canvas, cells.min(76));
    let lower = u16::try_from(staged.len() + 4).unwrap_or(u16::MAX).min(right.height / 2);
    let upper = if staged.is_empty() { right } else { Rect { height: right.height - lower, ..right } };
    let inner = frame.draw(canvas, upper, true);
    let place = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    step(state, guide, canvas, place, true);
    if !staged.is_empty() {
        let mut frame = Frame::titled(if parts::is_all_staged(guide) { "Staged" } else { "Will be staged" });
        frame.summary = Runs::new().then("nothing is sent yet", canvas.theme.quiet());
        let inner = frame.draw(canvas, Rect { y: upper.bottom(), height: lower, ..right }, false);
        for (y, runs) in (inner.y + 1..inner.bottom()).zip(&staged) {
            canvas.runs(inner.x + 2, y, inner.right().saturating_sub(1), runs);
        }
    }
}

fn heading(state: &State, guide: &Guide) -> Frame {
    let theme = state.theme;
    let stand = guide.stand(guide.shown());
    let number = guide.shown() + 1;
    let mut frame = Frame::titled(match guide.step() {
        Some(_) => format!("{number}  {}", words::title(guide)),
        None => words::title(guide),
    });
    frame.subject = match guide.step() {
        Some(_) => words::stand(&stand).to_owned(),
        None => String::new(),
    };
    if matches!(stand, StepState::Blocked(_)) && guide.step().is_some() {
        frame.heading = Some(
            Runs::new()
                .then(frame.title.clone(), theme.title())
                .gap(2)
                .then(format!("{} waits", theme.glyphs.warn), theme.warn_word()),
        );
    }
    frame
}

fn position(state: &State, guide: &Guide, word: &str) -> Runs {
    let next = guide.next().map_or(guide.steps.len(), |next| next + 1);
    Runs::new().then(format!("{word}{next} of {}", guide.steps.len()), state.theme.quiet())
}

/// The step, and below it what is staged if there is room for both.
fn one_column(state: &State, guide: &Guide, canvas: &mut Canvas<'_>, place: Rect) {
    let cells = usize::from(place.width.saturating_sub(4));
    let lines = parts::lines(state, guide, cells, false).len();
    let staged = parts::staged(state, guide, canvas, cells);
    let left = usize::from(place.height).saturating_sub(lines + 1);
    if staged.is_empty() || left < 2 {
        step(state, guide, canvas, place, false);
        return;
    }
    let (staged, rows) = fitting(state, staged, left);
    let upper = Rect { height: place.height.saturating_sub(rows + 1), ..place };
    step(state, guide, canvas, upper, false);
    rule(canvas, place, upper.bottom());
    for (y, runs) in (upper.bottom() + 1..place.bottom()).zip(&staged) {
        canvas.runs(place.x + 2, y, place.right().saturating_sub(1), runs);
    }
}

/// As many lines as there is room for, and how many; where some are missing the last one says what shows them.
fn fitting(state: &State, mut lines: Vec<Runs>, room: usize) -> (Vec<Runs>, u16) {
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        lines.push(
            Runs::new()
                .gap(4)
                .then(state.key(Action::Wizard(Wizard::Why)), state.theme.key())
                .then(" shows all of it", state.theme.quiet()),
        );
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    (lines, rows)
}

/// The lines of a step, scrolled so that the cursor is seen.
fn step(state: &State, guide: &Guide, canvas: &mut Canvas<'_>, place: Rect, roomy: bool) {
    let theme = canvas.theme;
    let (x, end) = (place.x + 2, place.right().saturating_sub(1));
    let cells = usize::from(end.saturating_sub(x));
    let lines = parts::lines(state, guide, cells, roomy);
    let words =
        lines.iter().map(|l| if let StepLine::Option(_, o) = l { width(&o.word) } else { 0 }).max().unwrap_or(0);
    let words = words.min(u16::try_from(cells / 2).unwrap_or(20));
    let height = usize::from(place.height);
    let cursor = options::cursor(state, guide);
    let at = lines.iter().position(|l| matches!(l, StepLine::Option(i, _) if *i == cursor)).unwrap_or(0);
    let offset = (at + 2).saturating_sub(height);
    let hidden = lines.len().saturating_sub(offset + height);
    for (y, line) in (place.y..place.bottom()).zip(lines.iter().skip(offset)) {
        match line {
            StepLine::Blank => {}
            StepLine::Runs(runs) => {
                canvas.runs(x, y, end, runs);
            }
            StepLine::Option(i, option) => {
                let selected = *i == cursor;
                canvas.spot(place.x, y, place.right(), Spot::Line(*i));
                canvas.runs(x, y, end, &parts::option(state, option, words, selected));
                if selected {
                    canvas.select(place.x, y, place.right());
                }
            }
        }
    }
    if hidden > 0 && place.height > 0 {
        let more = Runs::new()
            .then(theme.glyphs.cut, theme.quiet())
            .gap(2)
            .then(state.key(Action::Wizard(Wizard::Why)), theme.key())
            .then(" more", theme.quiet());
        canvas.runs_right(x, place.bottom() - 1, end, &more);
    }
}
