//! The docks of wide screens: everything about what is selected, and all that needs a person.

use ratatui::layout::Rect;

use super::{chart, needs};
use crate::engine::view::Finding;
use crate::tui::kit::canvas::{Canvas, Runs, Spot, wrap};
use crate::tui::kit::frame::Frame;
use crate::tui::kit::pane::Pane;
use crate::tui::panes::{self, mend};
use crate::tui::state::binding::Action;
use crate::tui::state::{State, selected, words};

/// Fewest rows of what needs a person, with its border.
const LEAST: u16 = 6;

/// Both docks: details get rows that what needs a person does not use, as far as they need them.
pub(super) fn render(state: &State, canvas: &mut Canvas<'_>, (upper, lower): (Rect, Rect)) {
    let needed = rows(&text(state, upper.width)) + 3;
    let used = (needs::height(&needs::all(state), lower.width.saturating_sub(4)) + 3).max(LEAST);
    let lent = needed.saturating_sub(upper.height).min(lower.height.saturating_sub(used));
    details(state, canvas, Rect { height: upper.height + lent, ..upper });
    findings(state, canvas, Rect { y: lower.y + lent, height: lower.height - lent, ..lower });
}

fn rows<T>(lines: &[T]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX - 3)
}

/// The lines of the details in a dock of this width.
fn text(state: &State, width: u16) -> Vec<Line> {
    let room = usize::from(width.saturating_sub(4 + LABEL)).max(10);
    let wrapped = lines(state).into_iter().flat_map(|(label, text)| {
        let parts = wrap(&text, room).into_iter().enumerate();
        parts.map(move |(i, part)| (if i == 0 { label } else { "" }, part)).collect::<Vec<_>>()
    });
    wrapped.collect()
}

/// Details of what the focused pane has selected.
fn details(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let mut frame = Frame::titled("Details");
    frame.subject = match state.focus {
        Pane::Repositories | Pane::Staged => "repository",
        Pane::Roles => "role",
        Pane::Tags => "tag",
        Pane::Keys => "key",
    }
    .to_owned();
    let theme = canvas.theme;
    let lines = text(state, area.width);
    if lines.len() + 3 > usize::from(area.height) {
        frame.footer = Runs::new().then(state.key(Action::Inspect), theme.key()).then(" all of it", theme.quiet());
    }
    let inner = frame.draw(canvas, area, false);
    canvas.key_spots(Frame::foot(area), &frame.footer);
    let (x, end) = (inner.x + 1, inner.right().saturating_sub(1));
    for (y, (label, line)) in (inner.y + 1..inner.bottom()).zip(lines) {
        canvas.put(x, y, x + LABEL - 1, label, theme.quiet());
        canvas.put(x + LABEL, y, end, &line, theme.text());
    }
}

/// Cells of a label and the blank behind it.
const LABEL: u16 = 9;

/// Label and text of each line.
pub(super) type Line = (&'static str, String);

/// All about what the focused pane has selected.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let mut lines = match state.focus {
        Pane::Repositories | Pane::Staged => repository(state),
        pane => fact_lines(state, pane),
    };
    if matches!(state.focus, Pane::Roles) {
        lines.extend(role_keys(state));
    }
    if let (Pane::Keys, Some(key)) = (state.focus, selected::key(state)) {
        let rest = panes::keys::used_in(state, key).into_iter().skip(panes::keys::NAMED);
        lines.extend(rest.map(|used| ("also in", used)));
    }
    let acts = panes::detail(state.focus, state).into_iter().flat_map(|detail| detail.acts);
    let acts = acts.map(|(key, act, needs)| (key, if needs.is_empty() { act } else { format!("{act}: {needs}") }));
    lines.extend(acts);
    lines
}

fn repository(state: &State) -> Vec<Line> {
    let Some(repository) = state.repository() else { return vec![] };
    let mut lines = vec![("name", repository.entry.name.clone()), ("gun", repository.entry.gun.to_string())];
    match &repository.entry.server {
        Ok(url) => lines.push(("server", url.clone())),
        Err(problem) => lines.push(("server", problem.message.clone())),
    }
    if let Some(view) = &repository.view {
        for role in view.roles.iter().filter(|r| r.role.delegation().is_some_and(|d| !d.is_releases())) {
            let keys: Vec<String> = role.keys.iter().map(|key| words::role_key(state, key)).collect();
            let keys = if keys.is_empty() { "no keys".to_owned() } else { keys.join("; ") };
            lines.push(("signs", format!("{}: {keys}", role.role.short())));
        }
        if !view.findings.is_empty() {
            lines.push(("", String::new()));
        }
        let sentence =
            |f: &Finding| ("", state.spoken(&format!("{}. {}{}", f.headline, f.detail, mend::elsewhere(state, f))));
        lines.extend(view.findings.iter().map(sentence));
    }
    let facts = panes::detail(Pane::Repositories, state).into_iter().flat_map(|detail| detail.facts);
    lines.extend(facts.filter(|(label, _)| *label != mend::ALSO));
    lines
}

fn fact_lines(state: &State, pane: Pane) -> Vec<Line> {
    let Some(detail) = panes::detail(pane, state) else { return vec![] };
    let mut lines = vec![("name", detail.name)];
    if let Some((word, _)) = detail.state {
        lines.push(("state", word));
    }
    lines.extend(detail.facts);
    lines.push(("", String::new()));
    lines.extend(detail.sentences.into_iter().map(|s| ("", s)));
    lines
}

fn role_keys(state: &State) -> Vec<Line> {
    let Some(role) = selected::role(state) else { return vec![] };
    role.keys
        .iter()
        .map(|k| {
            ("key", format!("{} {}", words::key_name(state, &k.canonical, &k.label), words::grouped(k.id.as_str())))
        })
        .collect()
}

/// All findings of all repositories, worst first.
fn findings(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let all = needs::all(state);
    let (area, below) = if area.width >= 50 && area.height >= 18 {
        let upper = (needs::height(&all, area.width.saturating_sub(4)) + 3).clamp(6, area.height / 2);
        let below = Rect { y: area.y + upper, height: area.height - upper, ..area };
        (Rect { height: upper, ..area }, Some(below))
    } else {
        (area, None)
    };
    let mut frame = Frame::titled("Needs you");
    frame.summary = Runs::new().then(all.len().to_string(), theme.quiet());
    frame.footer = Runs::new().then(state.key(Action::Needs), theme.key()).then(" go through them", theme.quiet());
    let inner = frame.draw(canvas, area, false);
    canvas.key_spots(Frame::foot(area), &frame.footer);
    let end = inner.right().saturating_sub(1);
    if all.is_empty() {
        canvas.put(inner.x + 1, inner.y + 1, end, "nothing", theme.quiet());
    }
    // Rows that are free go to what would be cut.
    let mut free = inner.height.saturating_sub(1 + rows(&all));
    let mut y = inner.y + 1;
    for (place, need) in all.iter().enumerate() {
        if y < inner.bottom() {
            let used = needs::line(state, canvas, (inner.x + 1, y, end), (need, 1 + free));
            (y..y + used).for_each(|y| canvas.spot(inner.x, y, inner.right(), Spot::Need(place)));
            free = free.saturating_sub(used - 1);
            y += used;
        }
    }
    if let Some(area) = below {
        let mut frame = Frame::titled("Expires");
        frame.summary = Runs::new().then("soonest first", theme.quiet());
        frame.footer = Runs::new().then(state.key(Action::Expiry), theme.key()).then(" all of it", theme.quiet());
        let inner = frame.draw(canvas, area, false);
        canvas.key_spots(Frame::foot(area), &frame.footer);
        chart::lines(state, canvas, Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }, 0);
    }
}
