//! The steps as a track: a list where there is room beside the step, one line above it otherwise.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::words;
use crate::engine::wizard::{StepState, Wizard};
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::frame::rule;
use crate::tui::kit::theme::Theme;
use crate::tui::state::State;
use crate::tui::state::binding::Action;
use crate::tui::state::guide::{Footing, Guide};

/// Sign and style of a step.
fn sign(theme: Theme, stand: &StepState) -> (&'static str, Style) {
    match stand {
        StepState::Done => (theme.glyphs.ok, theme.ok()),
        StepState::Now => (theme.glyphs.now, theme.accent()),
        StepState::Later => (theme.glyphs.to_come, theme.quiet()),
        StepState::Blocked(_) => (theme.glyphs.warn, theme.warn()),
    }
}

/// One line of signs, and below it their words.
pub(super) fn horizontal(canvas: &mut Canvas<'_>, guide: &Guide, area: Rect) {
    let theme = canvas.theme;
    let steps = u16::try_from(guide.steps.len()).unwrap_or(1).max(1);
    let (x, end) = (area.x + 2, area.right().saturating_sub(1));
    let cell = (end.saturating_sub(x) / steps).clamp(4, 12);
    for (i, step) in guide.steps.iter().enumerate() {
        let stand = guide.stand(i);
        let (glyph, style) = sign(theme, &stand);
        let at = x + cell * u16::try_from(i).unwrap_or(0);
        canvas.put(at, area.y, end, glyph, style);
        if i + 1 < guide.steps.len() {
            let done = stand == StepState::Done;
            let line = if done { theme.glyphs.track } else { theme.glyphs.lost };
            canvas.repeat(at + 2, area.y, cell.saturating_sub(3), line, if done { theme.ok() } else { theme.quiet() });
        }
        if area.height > 1 {
            let shown = i == guide.shown();
            let style = match stand {
                _ if shown => theme.title(),
                StepState::Now | StepState::Blocked(_) => theme.text(),
                _ => theme.quiet(),
            };
            canvas.put(at, area.y + 1, (at + cell).saturating_sub(1).min(end), words::short(step.kind), style);
        }
    }
}

/// A line for each step, with what it came to, and below them what is at risk.
pub(super) fn vertical(state: &State, canvas: &mut Canvas<'_>, guide: &Guide, inner: Rect) {
    let theme = canvas.theme;
    let below = safety(state, guide);
    let reserved = u16::try_from(below.len() + 2).unwrap_or(0);
    let steps = u16::try_from(guide.steps.len()).unwrap_or(1).max(1);
    let room = inner.height.saturating_sub(reserved);
    let each = (room / steps).clamp(1, 3);
    let (x, end) = (inner.x + 2, inner.right().saturating_sub(2));
    for (i, step) in guide.steps.iter().enumerate() {
        let y = inner.y + u16::from(each > 1) + each * u16::try_from(i).unwrap_or(0);
        if y >= inner.bottom() {
            return;
        }
        let stand = guide.stand(i);
        let (glyph, style) = sign(theme, &stand);
        let shown = i == guide.shown();
        let name = match stand {
            _ if shown => theme.title(),
            StepState::Later => theme.quiet(),
            _ => theme.text(),
        };
        if shown {
            canvas.put(inner.x, y, end, theme.glyphs.cursor, theme.accent());
        }
        canvas.put(x, y, end, glyph, style);
        let number = format!("{:>2}", i + 1);
        canvas.put(x + 2, y, end, &number, if shown { name } else { theme.quiet() });
        let word = words::stand(&stand);
        let word_style = if matches!(stand, StepState::Now | StepState::Blocked(_)) { style } else { theme.quiet() };
        canvas.right(x, y, end, word, word_style);
        let title = words::listed(step);
        canvas.put(x + 6, y, end.saturating_sub(7), title, name);
        if each > 1 {
            let last = i + 1 == guide.steps.len();
            let line = if stand == StepState::Done { theme.ok() } else { theme.quiet() };
            for y in y + 1..y + each {
                if !last {
                    canvas.put(x, y, end, theme.glyphs.trunk, line);
                }
            }
            canvas.put(x + 6, y + 1, end, &words::note(state, guide, step), theme.quiet());
        }
    }
    let top = inner.bottom().saturating_sub(reserved);
    rule(canvas, inner, top);
    for (y, (label, runs)) in (top + 2..).zip(below) {
        canvas.put(x, y, end, label, theme.quiet());
        canvas.runs_right(x, y, end, &runs);
    }
}

/// What can break, from where nothing is taken back, and how to take it back until then.
fn safety(state: &State, guide: &Guide) -> Vec<(&'static str, Runs)> {
    let theme = state.theme;
    let mut lines = vec![("tags that could break", risk(state, guide))];
    let sent = guide.steps.iter().position(|s| s.kind == crate::engine::wizard::StepKind::Publish);
    if let (Some(place), Footing::Walking) = (sent, &guide.phase) {
        if guide.steps.get(place).is_some_and(|s| s.state == StepState::Done) {
            let back = match guide.choice().wizard {
                Wizard::FirstSetup => "delete it on the server",
                Wizard::RenewRoot | Wizard::RenewTargets { .. } => "only newer files count",
                _ => "rotate again",
            };
            lines.push(("to go back", Runs::new().then(back, theme.text())));
        } else {
            lines.push(("nothing is sent before", Runs::new().then(format!("step {}", place + 1), theme.text())));
            lines.push(("undo until then", Runs::new().then(state.key(Action::Undo), theme.key())));
        }
    }
    lines
}

/// How many tags could break by what is staged.
#[must_use]
pub(super) fn risk(state: &State, guide: &Guide) -> Runs {
    let theme = state.theme;
    match guide.tags_at_risk() {
        0 => Runs::new().then("0", theme.ok()),
        n => Runs::new().then(format!("{} {n}", theme.glyphs.fail), theme.fail().patch(theme.strong())),
    }
}
