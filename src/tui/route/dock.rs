//! The docks of wide screens: everything about what is selected, and all that needs a person.

use ratatui::layout::Rect;

use crate::engine::Health;
use crate::engine::view::Finding;
use crate::tui::kit::canvas::{Canvas, Runs, cut_path, wrap};
use crate::tui::kit::frame::Frame;
use crate::tui::kit::pane::Pane;
use crate::tui::panes;
use crate::tui::panes::repositories::health_glyph;
use crate::tui::state::{State, selected, words};

/// Details of what the focused pane has selected.
pub(super) fn details(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let mut frame = Frame::titled("Details");
    frame.subject = match state.focus {
        Pane::Repositories | Pane::Staged => "repository",
        Pane::Roles => "role",
        Pane::Tags => "tag",
        Pane::Keys => "key",
    }
    .to_owned();
    let inner = frame.draw(canvas, area, false);
    let lines = lines(state);
    let (x, end) = (inner.x + 1, inner.right().saturating_sub(1));
    let theme = canvas.theme;
    let mut y = inner.y + 1;
    for (label, text) in lines {
        let room = usize::from(end.saturating_sub(x + 9)).max(10);
        for (i, line) in wrap(&text, room).into_iter().enumerate() {
            if y < inner.bottom() {
                canvas.put(x, y, x + 8, if i == 0 { label } else { "" }, theme.quiet());
                canvas.put(x + 9, y, end, &line, theme.text());
                y += 1;
            }
        }
    }
}

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
            let keys: Vec<String> = role.keys.iter().map(words::role_key).collect();
            let keys = if keys.is_empty() { "no keys".to_owned() } else { keys.join("; ") };
            lines.push(("signs", format!("{}: {keys}", role.role.short())));
        }
        let sentences = view.findings.iter().map(|f| ("", format!("{}. {}", f.headline, f.detail)));
        if !view.findings.is_empty() {
            lines.push(("", String::new()));
        }
        lines.extend(sentences);
    }
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
    role.keys.iter().map(|k| ("key", format!("{} {}", k.label, words::grouped(k.id.as_str())))).collect()
}

/// All findings of all repositories, worst first.
pub(super) fn findings(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let mut all: Vec<(Health, &str, &Finding)> = Vec::new();
    for repository in &state.known.repositories {
        let findings = repository.view.iter().flat_map(|v| &v.findings);
        all.extend(findings.filter(|f| f.level < Health::Cached).map(|f| (f.level, repository.entry.name.as_str(), f)));
    }
    all.sort_by_key(|(level, name, _)| (*level, *name));
    let mut frame = Frame::titled("Needs you");
    frame.summary = Runs::new().then(all.len().to_string(), theme.quiet());
    let inner = frame.draw(canvas, area, false);
    let end = inner.right().saturating_sub(1);
    if all.is_empty() {
        canvas.put(inner.x + 1, inner.y + 1, end, "nothing", theme.quiet());
    }
    for (y, (level, name, finding)) in (inner.y + 1..inner.bottom()).zip(all) {
        let (glyph, style) = health_glyph(theme, level);
        let x = canvas.put(inner.x + 1, y, end, glyph, style) + 1;
        let name = cut_path(state.short_name(name), 22, theme.glyphs.cut);
        canvas.put(x, y, x + 22, &name, theme.text());
        canvas.put(x + 24, y, end, &finding.headline, theme.quiet());
    }
}
