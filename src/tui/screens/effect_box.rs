//! What a repository's plan changes, role by role, and what it does to signed tags.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::RepositoryPlan;
use crate::engine::draft::applied::Mark;
use crate::engine::plan::unknown::UnknownFile;
use crate::engine::plan::{NeededKey, RoleDiff, Weight};
use crate::printable::printable;
use crate::tuf::Role;
use crate::tui::kit::canvas::{Canvas, Runs, wrap};
use crate::tui::kit::frame::Frame;
use crate::tui::kit::mark;
use crate::tui::kit::theme::Theme;
use crate::tui::kit::widgets::tag_line;
use crate::tui::state::binding::Action;
use crate::tui::state::review::Review;
use crate::tui::state::{State, actions, words};

/// Most tags that are named where there is little room.
pub(super) const NAMED: usize = 11;

/// Draws both boxes for the repository under the cursor.
pub fn render(state: &State, review: &Review, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let Some(plan) = super::review::selected(state) else {
        Frame::titled("What changes").draw(canvas, area, false);
        return;
    };
    let roles = role_lines(state, plan);
    let rows = u16::try_from(roles.len()).unwrap_or(u16::MAX).saturating_add(4);
    let upper = Rect { height: rows.max(8).min(area.height / 2), ..area };
    let mut frame = Frame { subject: "what changes".to_owned(), ..Frame::titled(state.short_name(&plan.name)) };
    frame.summary = Runs::new().then(versions(theme, plan, 1), theme.quiet());
    let inner = frame.draw(canvas, upper, false);
    let shown = usize::from(inner.height.saturating_sub(1));
    for (y, (left, right)) in (inner.y + 1..inner.bottom()).zip(roles.iter().take(shown)) {
        let end = inner.right() - 2;
        canvas.runs(inner.x + 1, y, end.saturating_sub(right.width() + 1), left);
        canvas.runs_right(inner.x + 1, y, end, right);
    }
    let lower = Rect { y: upper.bottom(), height: area.bottom() - upper.bottom(), ..area };
    let needed = effect_height(state, review, plan, area.width);
    let middle = if needed + 5 <= lower.height { Rect { height: needed, ..lower } } else { lower };
    effect(state, review, canvas, (middle, plan));
    let rest = Rect { y: middle.bottom(), height: lower.bottom() - middle.bottom(), ..lower };
    if rest.height > 2 {
        as_commands(state, canvas, rest);
    }
}

fn effect_height(state: &State, review: &Review, plan: &RepositoryPlan, width: u16) -> u16 {
    let room = usize::from(width.saturating_sub(6)).min(76);
    let text: usize =
        sentences(state, plan, is_titled(plan), NAMED).iter().map(|(text, _)| wrap(text, room).len()).sum();
    let bars = if plan.failed.is_none() { 3 } else { 0 };
    u16::try_from(text + bars + keys(state, review, plan, room).len() + 5).unwrap_or(u16::MAX)
}

/// The plan as commands, as far as there is room; `e` shows all of it.
fn as_commands(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let mut frame = Frame::titled("The same as commands");
    frame.summary = Runs::new()
        .then(state.key(Action::ReviewScreen(actions::Review::Commands)), theme.key())
        .then(" all", theme.quiet());
    let inner = frame.draw(canvas, area, false);
    let lines = state.plan.as_ref().map(|p| super::commands::lines(p)).unwrap_or_default();
    for (y, line) in (inner.y + 1..inner.bottom()).zip(lines) {
        canvas.put(inner.x + 2, y, inner.right() - 2, &line, theme.quiet());
    }
}

fn effect(state: &State, review: &Review, canvas: &mut Canvas<'_>, (area, plan): (Rect, &RepositoryPlan)) {
    let theme = canvas.theme;
    let heaviest = plan.warnings.first();
    let bad = heaviest.is_some_and(|w| w.weight <= Weight::Danger) || plan.failed.is_some();
    let title = match (&plan.failed, heaviest) {
        (Some(problem), _) => format!("{} {}", theme.glyphs.fail, words::failed(problem.kind)),
        (None, Some(warning)) if warning.weight <= Weight::Danger => {
            format!("{} {}", theme.glyphs.fail, warning.headline)
        }
        (None, Some(warning)) if warning.weight == Weight::Warning => warning.headline.clone(),
        _ => "Nothing gets worse".to_owned(),
    };
    let mut frame = Frame { colour: bad.then(|| theme.fail()), ..Frame::titled(title) };
    frame.summary = Runs::new().then("effect", theme.quiet());
    let inner = frame.draw(canvas, area, false);
    let (x, end) = (inner.x + 2, inner.right().saturating_sub(2));
    let bottom = inner.bottom();
    let mut y = inner.y + 1;
    if plan.failed.is_none() {
        bars(canvas, (x, y, end), plan);
        y += 3;
    }
    let width = usize::from(end.saturating_sub(x)).min(76);
    let keys = keys(state, review, plan, width);
    let reserved = u16::try_from(keys.len()).unwrap_or(0) + 1;
    let room = usize::from(bottom.saturating_sub(y + reserved));
    // What to do about a failure stands second, and is whole whatever else there is no room for.
    let keep = plan.failed.is_some().then_some(1);
    for (line, style) in fitting(sentences(state, plan, is_titled(plan), NAMED), width, room, keep) {
        canvas.put(x, y, end, &line, style);
        y += 1;
    }
    y += 1;
    for line in keys {
        if y < bottom {
            canvas.runs(x, y, end, &line);
            y += 1;
        }
    }
}

/// Lines of the sentences in `room`: the last are left out first, but never the one to keep.
fn fitting(sentences: Vec<(String, Style)>, width: usize, room: usize, keep: Option<usize>) -> Vec<(String, Style)> {
    let mut blocks: Vec<Vec<(String, Style)>> = sentences
        .iter()
        .map(|(text, style)| wrap(text, width).into_iter().map(|line| (line, *style)).collect())
        .collect();
    let mut over = blocks.iter().map(Vec::len).sum::<usize>().saturating_sub(room);
    for (_, block) in blocks.iter_mut().enumerate().rev().filter(|(i, _)| Some(*i) != keep) {
        let gone = over.min(block.len());
        block.truncate(block.len() - gone);
        over -= gone;
    }
    blocks.into_iter().flatten().take(room).collect()
}

fn bars(canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), plan: &RepositoryPlan) {
    let theme = canvas.theme;
    let tags = &plan.tags;
    let words = format!("{:>5} trusted", tags.before);
    let line = end.saturating_sub(x + 8 + 16);
    canvas.put(x, y, end, "before", theme.quiet());
    let style = if tags.before > 0 { theme.ok() } else { theme.quiet() };
    let sign = if tags.before > 0 { theme.glyphs.holds } else { theme.glyphs.track };
    canvas.repeat(x + 8, y, line, sign, style);
    canvas.right(x, y, end, &words, theme.text());
    canvas.put(x, y + 1, end, "after", theme.quiet());
    canvas.runs(x + 8, y + 1, end, &tag_line(theme, plan, line));
    let style = if tags.orphaned.is_empty() { theme.text() } else { theme.fail().patch(theme.strong()) };
    canvas.right(x, y + 1, end, &format!("{:>5} trusted", tags.after), style);
}

/// Whether the title of the box is the headline of the first warning.
fn is_titled(plan: &RepositoryPlan) -> bool {
    plan.failed.is_none() && plan.warnings.first().is_some_and(|w| w.weight <= Weight::Warning)
}

/// What is said about the plan, with at most so many tags by name. The first warning's headline may stand elsewhere already.
#[must_use]
pub fn sentences(state: &State, plan: &RepositoryPlan, is_titled: bool, most: usize) -> Vec<(String, Style)> {
    let (theme, mut lines) = (state.theme, Vec::new());
    if let Some(problem) = &plan.failed {
        lines.push((problem.message.clone(), theme.text()));
        lines.push((state.spoken(&problem.hint), theme.quiet()));
    }
    for (i, warning) in plan.warnings.iter().enumerate() {
        let text = if i == 0 && is_titled {
            words::warning(warning)
        } else {
            format!("{}. {}", warning.headline, words::warning(warning))
        };
        let style = if warning.weight == Weight::Note { theme.quiet() } else { theme.text() };
        lines.push((state.spoken(&text), style));
    }
    let unknown = plan.unknown.iter().flat_map(UnknownFile::lines);
    lines.extend(unknown.map(|line| (printable(&line), theme.text())));
    let tags = &plan.tags;
    let replaced = tags.replaced.iter().map(|tag| tag.text(theme.glyphs.becomes)).collect();
    for (word, names) in [
        ("orphaned", &tags.orphaned),
        ("another image", &replaced),
        ("signed", &tags.signed),
        ("revoked", &tags.revoked),
        ("repaired", &tags.repaired),
    ] {
        if !names.is_empty() {
            lines.push((format!("{word}: {}", some(names, most, theme.glyphs.cut)), theme.quiet()));
        }
    }
    if !tags.vouched.is_empty() {
        let text =
            format!("re-signing vouches for {}: {}", tags.vouched.len(), some(&tags.vouched, most, theme.glyphs.cut));
        lines.push((text, theme.quiet()));
    }
    lines
}

fn some(names: &[String], most: usize, mark: &str) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    match names.len().saturating_sub(most) {
        0 => shown.join("  "),
        more => format!("{}  {mark}  {more} more", shown.join("  ")),
    }
}

/// Keys that mend or accept; none where nothing may be changed.
#[must_use]
pub fn keys(state: &State, review: &Review, plan: &RepositoryPlan, width: usize) -> Vec<Runs> {
    let theme = state.theme;
    let mut lines = Vec::new();
    if state.closed_all().is_some() {
        return lines;
    }
    let [toggle, publish] = [actions::Review::Toggle, actions::Review::Publish].map(Action::ReviewScreen);
    let [toggle, publish] = [toggle, publish].map(|action| state.key(action));
    let key = |key: &str, word: &str, style: Style| {
        Runs::new().then(format!("{key:<6} "), theme.key()).then(format!("{word}  "), style)
    };
    if let Some((_, words)) = plan.warnings.iter().find_map(|w| w.fix.as_ref()) {
        let fix = key(state.key(Action::ReviewScreen(actions::Review::Fix)), "fix", theme.strong());
        lines.extend(noted(fix, words, theme.text(), width));
    }
    if review.left_out.contains(&plan.gun) {
        lines.extend(noted(key(toggle, "take it in again", theme.text()), "it is left out", theme.quiet(), width));
    } else if plan.is_blocked() {
        let out = key(toggle, "leave it out", theme.text());
        lines.extend(noted(out, "the rest can be published", theme.quiet(), width));
    } else if plan.is_dangerous() {
        let what = match (plan.deletes, plan.creates, plan.unknown.is_empty()) {
            (true, ..) => "the deletion",
            (_, true, _) => "making it anew",
            (_, _, false) if plan.unknown.iter().all(|file| !file.removed.is_empty()) => {
                "what only a removed key has signed"
            }
            (_, _, false) => "what nobody known has signed",
            _ => "the loss of these tags",
        };
        if review.accepted.contains(&plan.gun) {
            let accepted = Runs::new().then(format!("[x]    {what} is accepted   "), theme.text());
            let then = format!("{publish} asks you to type its name");
            lines.extend(noted(accepted, &then, theme.quiet(), width));
        } else {
            let is_here = super::review::is_on_name(review, plan);
            let then = match is_here {
                true => format!("{publish} then asks for its name"),
                false => "with the cursor on its name".to_owned(),
            };
            let accept = key(toggle, &format!("accept {what}"), theme.text());
            lines.extend(noted(accept, &then, theme.quiet(), width));
        }
    }
    lines
}

/// A key and what it does, with what is to be known of it: the first words beside, the rest below.
fn noted(key: Runs, note: &str, style: Style, width: usize) -> Vec<Runs> {
    let indent = usize::from(key.width());
    let mut lines = wrap(note, width.saturating_sub(indent)).into_iter();
    let first = key.then(lines.next().unwrap_or_default(), style);
    std::iter::once(first).chain(lines.map(|line| Runs::new().gap(indent).then(line, style))).collect()
}

/// Versions before and after: `targets v12 → v13   releases v31 → v32`.
#[must_use]
pub fn versions(theme: Theme, plan: &RepositoryPlan, most: usize) -> String {
    let changed = plan.roles.iter().filter(|r| r.version.0 != r.version.1);
    let texts = changed.take(most).map(|r| format!("{} {}", r.role.short(), version(theme, r)));
    texts.collect::<Vec<_>>().join("   ")
}

fn version(theme: Theme, role: &RoleDiff) -> String {
    match role.version {
        (Some(before), Some(after)) if before == after => format!("v{after}, unchanged"),
        (Some(before), Some(after)) => format!("v{before} {} v{after}", theme.glyphs.becomes),
        (None, Some(after)) => format!("v{after}, new"),
        (Some(before), None) => format!("v{before}, gone"),
        (None, None) => String::new(),
    }
}

pub(super) fn role_lines(state: &State, plan: &RepositoryPlan) -> Vec<(Runs, Runs)> {
    let theme = state.theme;
    let mut lines = Vec::new();
    for role in &plan.roles {
        let (glyph, style) = if role.loses_trust {
            (theme.glyphs.warn, theme.warn())
        } else {
            mark::sign(theme, role.mark).unwrap_or((" ", theme.text()))
        };
        let name = if role.mark == Mark::Removed { theme.remove_word() } else { theme.strong() };
        let left = Runs::new().then(glyph, style).gap(1).then(role.role.to_string(), name).gap(2);
        let about = about(state, plan, role);
        let tone = if role.loses_trust { theme.warn_word() } else { theme.quiet() };
        lines.push((left.then(about, tone), Runs::new().then(version(theme, role), theme.text())));
        for key in role.keys.iter().filter(|k| k.mark != Mark::Kept) {
            lines.push(key_line(theme, key.mark, &key.label, key.id.short()));
        }
        for (mark, path) in &role.paths {
            let path = if path.is_empty() { "all paths" } else { path };
            lines.push(key_line(theme, *mark, path, "path"));
        }
    }
    let (what, becomes) = match plan {
        _ if plan.deletes => ("nothing is signed", "the server forgets all of it"),
        _ if is_snapshot_sent(plan) => ("timestamp", "signed by the server"),
        _ => ("snapshot, timestamp", "signed by the server"),
    };
    let runs = Runs::new().gap(2).then(what, theme.quiet()).gap(2).then(becomes, theme.quiet());
    lines.push((runs, Runs::new()));
    lines
}

/// Whether the snapshot is sent with the rest: signed here, or a copy as it was.
fn is_snapshot_sent(plan: &RepositoryPlan) -> bool {
    let signs = |key: &NeededKey| matches!(key, NeededKey::Unlock { signs, .. } if signs.contains(&Role::Snapshot));
    plan.republishes || plan.keys.iter().any(signs) || plan.roles.iter().any(|role| role.role == Role::Snapshot)
}

fn about(state: &State, plan: &RepositoryPlan, role: &RoleDiff) -> String {
    if role.loses_trust {
        return format!("signed by {} alone", role.signed_by.join(", "));
    }
    if !role.signs_with.is_empty() {
        return format!("signed with {}", signers(state, plan, role).join(", "));
    }
    match role.threshold {
        (Some(before), Some(after)) if before != after => format!("needs {after} keys, needed {before}"),
        _ => role.why.join(", "),
    }
}

/// The keys that sign a role, by the names that all panes have for them.
fn signers(state: &State, plan: &RepositoryPlan, role: &RoleDiff) -> Vec<String> {
    let signs = plan.keys.iter().filter_map(|key| match key {
        NeededKey::Unlock { id, label, signs, .. } if signs.contains(&role.role) => {
            Some(words::key_name(state, id, label))
        }
        _ => None,
    });
    let signs: Vec<String> = signs.collect();
    if signs.len() == role.signs_with.len() { signs } else { role.signs_with.clone() }
}

fn key_line(theme: Theme, mark: Mark, label: &str, id: &str) -> (Runs, Runs) {
    let (glyph, style) = mark::sign(theme, mark).unwrap_or((" ", theme.text()));
    let word = if mark == Mark::Removed { theme.remove_word() } else { theme.text() };
    let left = Runs::new()
        .gap(4)
        .then(glyph, style)
        .gap(1)
        .then(format!("{label:<22}"), word)
        .then(id.to_owned(), theme.quiet());
    (left, Runs::new())
}
