//! The whole frame: header, panes or screen, message, hints, dialogs. Changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{dock, header, help, keys, palette};
use crate::tui::dialogs::Dialog;
use crate::tui::kit::canvas::{Canvas, Runs, Spot};
use crate::tui::kit::frame::Frame;
use crate::tui::kit::layout::{Areas, FLOOR, Shape};
use crate::tui::kit::message::Said;
use crate::tui::screens::{blank, publish, publish_view, review, review_view};
use crate::tui::state::binding::{Action, Binding};
use crate::tui::state::{Before, Screen, State, actions};
use crate::tui::{panes, wizard};

/// Draws everything.
pub fn render(state: &State, buffer: &mut Buffer) {
    let mut canvas = Canvas::new(buffer, state.theme);
    draw(state, &mut canvas);
    canvas.finish();
}

/// What stands at a cell, for the mouse: what is drawn is what can be clicked.
pub(super) fn spot_at(state: &State, x: u16, y: u16) -> Option<Spot> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    let mut canvas = Canvas::new(&mut buffer, state.theme);
    draw(state, &mut canvas);
    canvas.spot_at(x, y)
}

fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    if areas.shape == Shape::TooSmall {
        too_small(canvas);
        return;
    }
    let said = said(state);
    header::render(state, canvas);
    match &state.screen {
        Screen::Main => main(state, canvas, &areas, &said),
        Screen::Review(review) => review_view::render(state, review, canvas, (&areas, &said)),
        Screen::Publish(publishing) => publish_view::render(state, publishing, canvas, (&areas, &said)),
        Screen::Wizard => {
            if let Some(guide) = &state.guide {
                wizard::view::render(state, guide, canvas, (&areas, &said));
            }
        }
    }
    if let Some(y) = areas.message {
        let end = canvas.area().right();
        canvas.runs(1, y, end.saturating_sub(1), &said.runs(state.theme, end.saturating_sub(2)));
    }
    hints(state, canvas, areas.hints);
    if let Some(dialog) = state.dialogs.last() {
        canvas.dim();
        match dialog {
            Dialog::Help(open) => help::render(open, state, canvas),
            Dialog::Palette(open) => palette::render(open, state, canvas),
            dialog => dialog.render(&state.around(), canvas),
        }
    }
}

fn too_small(canvas: &mut Canvas<'_>) {
    let area = canvas.area();
    let text = format!(
        "Window too small: need {}x{}, have {}x{}. Enlarge it, or use trustdeck status.",
        FLOOR.0, FLOOR.1, area.width, area.height
    );
    for (y, line) in (0..area.height).zip(crate::tui::kit::canvas::wrap(&text, usize::from(area.width.max(1)))) {
        canvas.put(0, y, area.width, &line, canvas.theme.text());
    }
}

fn main(state: &State, canvas: &mut Canvas<'_>, areas: &Areas, said: &Said) {
    if state.is_blank() {
        let mut frame = Frame::titled("1 Repositories");
        if areas.message.is_none() {
            frame.footer = said.in_border(state.theme, areas.body, "");
        }
        let inner = frame.draw(canvas, areas.body, true);
        blank::render(state, canvas, inner);
        return;
    }
    for (pane, area) in &areas.panes {
        panes::render(state, canvas, *pane, *area, (areas.shape, said));
    }
    if let Some((upper, lower)) = areas.docks {
        dock::details(state, canvas, upper);
        dock::findings(state, canvas, lower);
    }
}

/// The line for the user: what was said last, else what the screen says of itself.
fn said(state: &State) -> Said {
    let own = match &state.screen {
        Screen::Review(review) => Some(review::verdict(state, review)),
        Screen::Publish(publishing) => Some(publish::verdict(publishing)),
        Screen::Wizard => state.guide.as_ref().map(|guide| wizard::verdict(state, guide)),
        Screen::Main => None,
    };
    match (state.before, &state.message, own) {
        (Before::Prefix(prefix), _, _) => Said::Prefix(prefix_runs(state, prefix)),
        (_, Some(m), _) => Said::Line(m.tone, m.verb.clone(), m.object.clone(), m.back),
        (_, None, Some((tone, verb, object))) => Said::Line(tone, verb.to_owned(), object, None),
        (_, None, None) => Said::Nothing,
    }
}

fn prefix_runs(state: &State, prefix: &str) -> Runs {
    let theme = state.theme;
    let mut runs = Runs::new().then(prefix, theme.key());
    for binding in keys::tables(state).into_iter().flatten() {
        for key in binding.keys {
            if let Some((first, second)) = key.split_once(' ')
                && first == prefix
            {
                runs = runs.gap(3).then(second, theme.key()).gap(1).then(binding.word, theme.quiet());
            }
        }
    }
    runs
}

/// Whether a key shows the way that staged work goes, also while it cannot be pressed.
fn leads_on(action: Action) -> bool {
    matches!(action, Action::Review | Action::ReviewScreen(actions::Review::Publish))
}

/// Keys that do something here, most used first; blocked ones that are worth knowing stay, dim.
pub(super) fn hinted(state: &State) -> Vec<&'static Binding> {
    let mut shown: Vec<&Binding> = Vec::new();
    for binding in keys::tables(state).into_iter().flatten().filter(|b| b.hint > 0) {
        let covered = shown.iter().any(|b| b.keys.first() == binding.keys.first());
        let blocked = binding.blocked(state).is_some();
        if !covered && (!blocked || leads_on(binding.action)) {
            shown.push(binding);
        }
    }
    shown.sort_by_key(|b| b.hint);
    shown
}

fn hints(state: &State, canvas: &mut Canvas<'_>, y: u16) {
    let theme = canvas.theme;
    let key = keys::key_of(state, Action::Help).unwrap_or_default();
    let help = Runs::new().then(key, theme.key()).then(" help", theme.quiet());
    let right = canvas.area().right().saturating_sub(1);
    let end = right.saturating_sub(help.width() + 3);
    let mut x = 1;
    let mut pairs: Vec<(&str, &str, bool, Option<usize>)> = Vec::new();
    if matches!(&state.screen, Screen::Publish(p) if p.ended.is_none()) {
        pairs.push(("ctrl-c", "stop after the running ones", false, None));
    }
    let shown = hinted(state).into_iter().enumerate();
    let pair = |(i, b): (usize, &Binding)| {
        (b.keys.first().copied().unwrap_or(""), b.word, b.blocked(state).is_some(), Some(i))
    };
    pairs.extend(shown.map(pair));
    for (key, word, blocked, place) in pairs {
        let key_style = if blocked { theme.quiet() } else { theme.key() };
        let runs = Runs::new().then(key, key_style).gap(1).then(word, theme.quiet());
        if x + runs.width() > end {
            break;
        }
        let after = canvas.runs(x, y, end, &runs);
        if let Some(place) = place {
            canvas.spot(x, y, after, Spot::Hint(place));
        }
        x = after + 2;
    }
    canvas.spot(right.saturating_sub(help.width()), y, right, Spot::Help);
    canvas.runs_right(x, y, right, &help);
}
