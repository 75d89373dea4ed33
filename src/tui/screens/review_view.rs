//! Drawing of the review: one column, or changes left and their effect right.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::effect_box;
use crate::engine::RepositoryPlan;
use crate::engine::plan::{NeededKey, PlannedChange};
use crate::tui::kit::canvas::{Canvas, Runs, Spot, cut_name, width, wrap};
use crate::tui::kit::change_line::ChangeColumns;
use crate::tui::kit::format::count;
use crate::tui::kit::frame::{Frame, rule};
use crate::tui::kit::layout::{Areas, Shape};
use crate::tui::kit::mark;
use crate::tui::kit::message::Said;
use crate::tui::kit::theme::Theme;
use crate::tui::kit::widgets::{tag_effect, tag_line};
use crate::tui::state::review::{Review, ReviewRow};
use crate::tui::state::{State, words};

/// Most keys and repositories that are named below the changes.
const NAMED: usize = 6;
/// Cells of the changes beside their effect, and at most of that.
const LEAST: u16 = 46;
const MOST: u16 = 80;
const EFFECT: u16 = 100;
/// From so many cells on a change shows its key or digest beside the effect too.
const WITH_IDS: u16 = 58;

/// Draws the review.
pub fn render(state: &State, review: &Review, canvas: &mut Canvas<'_>, (areas, said): (&Areas, &Said)) {
    let (body, theme) = (areas.body, canvas.theme);
    let plans = state.plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    let repositories = count(plans.len(), "repository", "repositories");
    let mut frame = Frame::titled("Changes");
    frame.summary = Runs::new().then(repositories, canvas.theme.quiet());
    if areas.shape == Shape::Tabs {
        frame.title = "Review".to_owned();
        if areas.message.is_none() {
            frame.footer = said.in_border(state.theme, body, "");
        }
        let inner = frame.draw(canvas, body, true);
        let upper = Rect { height: inner.height.saturating_sub(2), ..inner };
        let is_whole = list(state, review, canvas, upper, false);
        rule(canvas, inner, upper.bottom());
        if !is_whole {
            let more = Runs::new().gap(1).then("enter", theme.key()).then(" read on ", theme.quiet());
            canvas.runs_right(inner.x + 1, upper.bottom(), inner.right() - 2, &more);
        }
        canvas.runs(inner.x + 1, upper.bottom() + 1, inner.right() - 1, &asked_line(state, review));
        return;
    }
    // Names need the room more than an effect that is read whole.
    let left = Rect { width: (body.width.saturating_sub(EFFECT)).clamp(LEAST, MOST), ..body };
    if left.width < WITH_IDS + 2 {
        frame.footer = under_cursor(canvas.theme, plans, review);
    }
    let inner = frame.draw(canvas, left, true);
    let below = asked(state, review);
    let rows = u16::try_from(below.len()).unwrap_or(0).min(inner.height / 2);
    let upper = Rect { height: inner.height - rows - 1, ..inner };
    list(state, review, canvas, upper, true);
    rule(canvas, inner, upper.bottom());
    for (y, line) in (upper.bottom() + 1..inner.bottom()).zip(&below) {
        canvas.runs(inner.x + 1, y, inner.right() - 1, line);
    }
    let right = Rect { x: left.width, width: (body.width - left.width).min(EFFECT), ..body };
    effect_box::render(state, review, canvas, right);
}

/// Key or digest of the change under the cursor, where its line has no room for it.
fn under_cursor(theme: Theme, plans: &[RepositoryPlan], review: &Review) -> Runs {
    let found = review.list.selected().and_then(|row| change_of(plans, review, row));
    match found {
        Some((change, _)) if !change.ids.is_empty() => {
            let ids = change.ids.join(", ");
            let cells = usize::from(LEAST).saturating_sub(8 + usize::from(width(&ids)));
            let thing = cut_name(&change.thing, cells, theme.glyphs.cut, (0, 0));
            Runs::new().then(thing, theme.quiet()).gap(2).then(ids, theme.text())
        }
        _ => Runs::new(),
    }
}

enum Line {
    Blank,
    Row(ReviewRow),
    Runs(Runs),
}

/// Says whether all lines of the repository under the cursor found room.
fn list(state: &State, review: &Review, canvas: &mut Canvas<'_>, inner: Rect, wide: bool) -> bool {
    let theme = canvas.theme;
    if review.list.is_empty() {
        let words = if state.plan.is_none() && !state.stage.changes.is_empty() {
            "computing the plan"
        } else {
            "nothing is staged"
        };
        canvas.put(inner.x + 1, inner.y + 1, inner.right() - 1, words, theme.quiet());
        return true;
    }
    let (lines, changes) = lines(state, review, canvas, usize::from(inner.width), wide);
    let has_ids = !wide || inner.width >= WITH_IDS;
    let room = inner.width.saturating_sub(8 + u16::from(wide));
    let columns = ChangeColumns::of(&changes, room, has_ids, !wide);
    let selected = review.list.selected();
    let at = lines.iter().position(|l| matches!(l, Line::Row(r) if Some(r) == selected)).unwrap_or(0);
    let height = usize::from(inner.height);
    // The lines below the cursor explain its repository: keep as many of them as fit.
    let below = lines.iter().skip(at + 1).position(|l| matches!(l, Line::Row(ReviewRow::Repository(_))));
    let block_end = below.map_or(lines.len(), |n| at + 1 + n);
    let offset = block_end.saturating_sub(height).min(at);
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(offset)) {
        match line {
            Line::Blank => {}
            Line::Runs(runs) => {
                canvas.runs(inner.x + 1, y, inner.right() - 1, runs);
            }
            Line::Row(row) => {
                if let Some((place, ..)) = review.list.window(usize::MAX).find(|(_, _, known)| *known == row) {
                    canvas.spot(inner.x, y, inner.right(), Spot::Line(place));
                }
                draw_row(state, review, canvas, (inner, y), row, (&columns, wide));
                if Some(row) == selected {
                    canvas.select(inner.x, y, inner.right());
                }
            }
        }
    }
    block_end <= offset + height
}

/// The lines, and the changes that some of them are about.
fn lines<'a>(
    state: &'a State,
    review: &'a Review,
    canvas: &Canvas<'_>,
    width: usize,
    wide: bool,
) -> (Vec<Line>, Vec<&'a PlannedChange>) {
    let (mut lines, mut changes) = (Vec::new(), Vec::new());
    let plans = state.plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    let mut rows = review.list.window(usize::MAX).map(|(_, _, row)| row).peekable();
    while let Some(head) = rows.next() {
        lines.extend([Line::Blank, Line::Row(head.clone())]);
        let ReviewRow::Repository(gun) = head else { continue };
        let plan = plans.iter().find(|p| p.gun == *gun);
        let own = plan.map_or(&[][..], std::slice::from_ref);
        while let Some(row) = rows.next_if(|row| !matches!(row, ReviewRow::Repository(_))) {
            lines.push(Line::Row(row.clone()));
            let Some((change, _)) = change_of(own, review, row) else { continue };
            changes.push(change);
            // Beside the effect there is no room for it in the line.
            let why = change.no_effect.as_ref().filter(|_| wide);
            let wrapped = why.map(|why| wrap(why, width.saturating_sub(9))).unwrap_or_default();
            lines.extend(wrapped.into_iter().map(|l| Line::Runs(Runs::new().gap(7).then(l, canvas.theme.warn_word()))));
        }
        let Some(plan) = plan else { continue };
        let tags = if wide { wide_tags(canvas, plan, width) } else { narrow_tags(canvas, plan) };
        lines.extend(tags.into_iter().map(Line::Runs));
        if !wide && super::review::selected(state).is_some_and(|p| p.gun == plan.gun) {
            lines.push(Line::Blank);
            lines.extend(explain(state, review, plan, width.saturating_sub(6)).into_iter().map(Line::Runs));
        }
    }
    (lines, changes)
}

fn narrow_tags(canvas: &Canvas<'_>, plan: &RepositoryPlan) -> Vec<Runs> {
    let theme = canvas.theme;
    let runs = Runs::new().gap(4);
    let mut runs = Runs(runs.0.into_iter().chain(tag_effect(canvas, plan, 22).0).collect());
    if !plan.tags.orphaned.is_empty() {
        runs = runs.gap(3).then(format!("{} {} orphaned", theme.glyphs.fail, plan.tags.orphaned.len()), theme.fail());
    }
    vec![runs]
}

fn wide_tags(canvas: &Canvas<'_>, plan: &RepositoryPlan, width: usize) -> Vec<Runs> {
    let theme = canvas.theme;
    let effect = tag_effect(canvas, plan, 0);
    let used = usize::from(effect.width()) + 1;
    let line = u16::try_from(width.saturating_sub(26)).unwrap_or(18);
    let mut runs = Runs::new().gap(1);
    runs.0.extend(effect.0);
    let mut runs = runs.gap(23usize.saturating_sub(used));
    runs.0.extend(tag_line(theme, plan, line).0);
    let mut all = vec![Runs::new(), runs];
    if !plan.tags.orphaned.is_empty() {
        let text = format!("{} {} orphaned", theme.glyphs.fail, plan.tags.orphaned.len());
        all.push(Runs::new().gap(23).then(text, theme.fail()));
    }
    all
}

/// Why, and the keys that help: what the effect box says where there is room for one.
fn explain(state: &State, review: &Review, plan: &RepositoryPlan, width: usize) -> Vec<Runs> {
    let mut lines = Vec::new();
    // The line of the tags has said it already.
    let is_said = !plan.tags.orphaned.is_empty() && plan.failed.is_none();
    for (text, style) in effect_box::sentences(state, plan, is_said, effect_box::NAMED) {
        lines.extend(wrap(&text, width.min(70)).into_iter().map(|l| Runs::new().gap(4).then(l, style)));
    }
    let keys = effect_box::keys(state, review, plan, width);
    if !keys.is_empty() {
        lines.push(Runs::new());
        let indented = keys.into_iter().map(|k| Runs(Runs::new().gap(4).0.into_iter().chain(k.0).collect()));
        lines.extend(indented);
    }
    lines
}

fn draw_row(
    state: &State,
    review: &Review,
    canvas: &mut Canvas<'_>,
    (inner, y): (Rect, u16),
    row: &ReviewRow,
    (columns, wide): (&ChangeColumns<'_>, bool),
) {
    let theme = canvas.theme;
    let (start, end) = (inner.x + 1, inner.right().saturating_sub(1));
    let plans = state.plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    match row {
        ReviewRow::Repository(gun) => {
            let Some(plan) = plans.iter().find(|p| p.gun == *gun) else {
                let name = state.name_of(gun);
                let words = "nothing is left of it";
                let x = head(canvas, (start, y, end), state.short_name(&name), words.len(), theme.quiet());
                canvas.put(x + 3, y, end, words, theme.quiet());
                return;
            };
            let style = if review.left_out.contains(gun) { theme.quiet() } else { theme.strong() };
            let blocked = format!("{} blocked", canvas.theme.glyphs.fail);
            let is_blocked = plan.is_blocked() && !review.left_out.contains(gun);
            let text = head_words(review, canvas, plan, wide);
            let beside = if is_blocked { blocked.chars().count() + 2 } else { 0 } + text.chars().count();
            let mut x = head(canvas, (start, y, end), state.short_name(&plan.name), beside, style);
            if is_blocked {
                x = canvas.put(x + 2, y, end, &blocked, canvas.theme.fail());
            }
            if wide {
                canvas.right(x + 2, y, end, &text, theme.quiet());
            } else {
                canvas.put(x + 3, y, end, &text, theme.quiet());
            }
        }
        row => {
            if let Some((change, kept)) = change_of(plans, review, row) {
                let start = start + u16::from(wide);
                let x = canvas.put(start, y, end, if kept { "[x] " } else { "[ ] " }, theme.quiet());
                if let Some((glyph, style)) = mark::sign(theme, change.mark) {
                    canvas.put(x, y, end, glyph, if kept { style } else { theme.quiet() });
                }
                columns.draw(canvas, (x + 2, y, end), change, kept);
            }
        }
    }
}

/// The change of a row, and whether it would be published.
fn change_of<'a>(
    plans: &'a [RepositoryPlan],
    review: &'a Review,
    row: &ReviewRow,
) -> Option<(&'a PlannedChange, bool)> {
    let is_kept = |plan: &RepositoryPlan| !review.left_out.contains(&plan.gun);
    let found = |is_meant: &dyn Fn(&RepositoryPlan, &PlannedChange) -> bool| {
        plans.iter().find_map(|plan| Some((plan.changes.iter().find(|c| is_meant(plan, c))?, is_kept(plan))))
    };
    match row {
        ReviewRow::Repository(_) => None,
        ReviewRow::Change(id) => found(&|_, change| change.entry == *id && !change.comes_along),
        ReviewRow::With(id) => found(&|plan, change| change.entry == *id && plan.is_needed(change)),
        ReviewRow::Dropped(id) => review.dropped.iter().find(|(_, c)| c.entry == *id).map(|(_, c)| (c, false)),
    }
}

fn head_words(review: &Review, canvas: &Canvas<'_>, plan: &RepositoryPlan, wide: bool) -> String {
    if review.left_out.contains(&plan.gun) {
        "left out".to_owned()
    } else if wide {
        count(plan.changes.iter().filter(|change| !change.comes_along).count(), "change", "changes")
    } else {
        effect_box::versions(canvas.theme, plan, 4)
    }
}

/// The same as [`asked`] in one line.
fn asked_line(state: &State, review: &Review) -> Runs {
    let theme = state.theme;
    let (keys, names) = needs(state, review);
    let labels: Vec<String> = keys.into_iter().map(|(label, role)| words::with_role(state, label, &role)).collect();
    let labels = if labels.is_empty() { "no passphrase".to_owned() } else { labels.join(", ") };
    let sends = count(names.len(), "repository", "repositories");
    let runs = Runs::new().then("asks for ", theme.quiet()).then(labels, theme.text());
    runs.gap(3).then("changes ", theme.quiet()).then(sends, theme.text())
}

/// Keys with their roles, and repositories.
fn needs(state: &State, review: &Review) -> (Vec<(String, String)>, Vec<String>) {
    let mut needed: Vec<(String, String)> = Vec::new();
    let mut names = Vec::new();
    for plan in super::review::included(state, review) {
        names.push(state.short_name(&plan.name).to_owned());
        for key in &plan.keys {
            let role = match key {
                NeededKey::Unlock { role, locked: true, .. } => role.clone(),
                NeededKey::Unlock { role, .. } => format!("{role}, open"),
                NeededKey::New { .. } => "new".to_owned(),
            };
            let name = match key {
                NeededKey::Unlock { id, label, .. } => words::key_name(state, id, label),
                NeededKey::New { .. } => words::needed_key(state, key),
            };
            let pair = (name, role);
            if !needed.contains(&pair) {
                needed.push(pair);
            }
        }
    }
    (needed, names)
}

/// The name of a repository, with room for what stands beside it, but for three blanks.
fn head(canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), name: &str, beside: usize, style: Style) -> u16 {
    /// Cells of a name that tell it from others.
    const LEAST: usize = 24;
    let cells = usize::from(end.saturating_sub(x)).saturating_sub(beside + 3).max(LEAST);
    let name = canvas.fitted(name, cells);
    canvas.put(x, y, end, &name, style)
}

/// Which passphrases will be asked for, and what is sent.
fn asked(state: &State, review: &Review) -> Vec<Runs> {
    let theme = state.theme;
    let (keys, names) = needs(state, review);
    let mut lines = vec![Runs::new().then("Asked for at publish", theme.quiet())];
    for (label, role) in keys.iter().take(NAMED) {
        lines.push(
            Runs::new().gap(1).then(format!("{label:<17}"), theme.text()).gap(1).then(role.clone(), theme.quiet()),
        );
    }
    if keys.len() > NAMED {
        lines.push(Runs::new().then(format!(" and {} more", keys.len() - NAMED), theme.quiet()));
    }
    if keys.is_empty() {
        lines.push(Runs::new().gap(1).then("no passphrase", theme.text()));
    }
    lines.push(Runs::new());
    lines.push(Runs::new().then("Sent as", theme.quiet()));
    let cells = names.iter().take(NAMED).map(|name| usize::from(width(name))).max().unwrap_or(0).clamp(15, 26);
    for (i, name) in names.iter().take(NAMED).enumerate() {
        let name = cut_name(name, cells, theme.glyphs.cut, words::likeness(state, name).unwrap_or_default());
        lines.push(
            Runs::new()
                .then(format!(" {} ", i + 1), theme.quiet())
                .then(format!("{name:<cells$} "), theme.text())
                .then("whole or not at all", theme.quiet()),
        );
    }
    if names.len() > NAMED {
        lines.push(Runs::new().then(format!(" and {} more", names.len() - NAMED), theme.quiet()));
    }
    lines
}
