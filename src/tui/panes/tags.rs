//! Signed tags of the repository under the cursor, worst first.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::detail::Detail;
use super::row::{Row, cell, number, state_cell};
use super::{empty, landing};
use crate::engine::draft::applied::Mark;
use crate::engine::view::{TagState, TagView};
use crate::engine::{Change, RepositoryPlan, SignedTarget};
use crate::tuf::TargetName;
use crate::tui::dialogs::Dialog;
use crate::tui::forms::offers;
use crate::tui::kit::canvas::{Canvas, Runs, cut};
use crate::tui::kit::layout::Inside;
use crate::tui::kit::table::{self, Column, Slot, left, rest, right};
use crate::tui::kit::theme::Theme;
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::rows::{self, TagRows};
use crate::tui::state::{Lists, State, actions, selected, staging, words};

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["s"], Wanted::Tags(actions::Tags::Sign), "sign again", Group::Stage, 30).unless(none),
    bind(&["a"], Wanted::Tags(actions::Tags::Add), "sign a tag", Group::Stage, 25).unless(no_repository),
    bind(&["d"], Wanted::Tags(actions::Tags::Revoke), "revoke", Group::Stage, 35).unless(none),
];

fn no_repository(state: &State) -> Option<&'static str> {
    state.repository().is_none().then_some("there is no repository here")
}

fn none(state: &State) -> Option<&'static str> {
    state.lists.tags.is_empty().then_some("there is no signed tag here")
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Tags) -> Vec<Effect> {
    let Some(gun) = state.repository().map(|r| r.entry.gun.clone()) else { return vec![] };
    let meant: BTreeSet<Arc<str>> = state.lists.tags.meant().into_iter().collect();
    match action {
        actions::Tags::Add => {
            state.dialogs.push(Dialog::Form(offers::sign_tag(state, gun)));
            vec![]
        }
        actions::Tags::Sign => {
            let tags = state.view().map(|v| v.tags.iter().filter(|t| meant.contains(t.name.as_str())));
            let changes = tags.into_iter().flatten().filter_map(|t| Some((gun.clone(), sign_again(t)?))).collect();
            staging::add(state, changes)
        }
        actions::Tags::Revoke => {
            let revoke = |name: Arc<str>| Change::Revoke { tag: TargetName::received(name.to_string()), roles: vec![] };
            staging::add(state, meant.into_iter().map(|name| (gun.clone(), revoke(name))).collect())
        }
    }
}

fn sign_again(tag: &TagView) -> Option<Change> {
    let (sha512, custom) = (tag.sha512.clone(), tag.custom.clone());
    let target = SignedTarget { length: tag.length, sha256: tag.digest.clone(), sha512, custom };
    Some(Change::Sign { tag: TargetName::parse(&tag.name).ok()?, target, roles: vec![] })
}

/// Lists the tags of the repository under the cursor.
pub fn reindex(state: &mut State) {
    let view = state.repository().and_then(|repository| repository.view.clone());
    let Lists { tags, tag_rows, .. } = &mut state.lists;
    match view {
        Some(view) if tag_rows.is_of(&view) && tag_rows.filter == tags.filter => return,
        Some(view) if tag_rows.is_of(&view) => tag_rows.filter = tags.filter.clone(),
        Some(view) => *tag_rows = TagRows::new(view, tags.filter.clone()),
        None => *tag_rows = TagRows::default(),
    }
    tags.set(tag_rows.shown());
}

const COLUMNS: [Column; 5] = [
    left("State", 8, 9),
    rest("Tag", 16),
    left("Signed", 8, 9),
    right("Size", 8, 1),
    Column { flexible: true, ..left("Signers", 14, 2) },
];

/// Draws heads and visible rows.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect, inside: Inside, focused: bool) {
    let theme = canvas.theme;
    let slots = table::fit(&COLUMNS, inner);
    table::heads(canvas, &COLUMNS, &slots, inside.head);
    let list = &state.lists.tags;
    let Some(view) = state.view().filter(|_| !list.is_empty()) else {
        let loading = state.repository().is_none_or(|r| r.view.is_none());
        let words = if let Some(why) = empty::unread(state) {
            why
        } else if loading {
            Runs::new().then(theme.glyphs.missing, theme.quiet())
        } else {
            Runs::new()
                .then("no signed tags yet   ", theme.quiet())
                .then("a", theme.key())
                .then(" sign one", theme.quiet())
        };
        empty::line(canvas, inner, inside.head + 1, list.filter.text(), &words);
        return;
    };
    let plan = state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun));
    for (y, (place, index, name)) in (inside.head + 1..).zip(list.window(usize::from(inside.rows))) {
        let Some(tag) = view.tags.get(index) else { continue };
        let row = Row { inner, y, cursor: place == list.cursor(), focused };
        row.gutter(canvas, list.marks.contains(name), plan.and_then(|p| staged_mark(p, name)));
        draw(canvas, &slots, row, tag);
        row.finish(canvas);
    }
}

fn draw(canvas: &mut Canvas<'_>, slots: &[Option<Slot>], row: Row, tag: &TagView) {
    let (theme, y) = (canvas.theme, row.y);
    let slot = |i: usize| slots.get(i).copied().flatten();
    state_cell(canvas, slot(0), y, glyph(theme, tag.state), (rows::tag_state(tag.state), word_style(theme, tag.state)));
    if let Some(slot) = slot(1) {
        let badge = tag.look_alike || !tag.name.is_ascii();
        let end = if badge { slot.end.saturating_sub(2) } else { slot.end };
        let name = cut(&tag.name, usize::from(end.saturating_sub(slot.start)), theme.glyphs.cut);
        let x = canvas.put(slot.start, y, end, &name, row.name_style(theme));
        if badge {
            canvas.put(x + 1, y, slot.end, theme.glyphs.warn, theme.warn());
        }
    }
    let digest: String = tag.digest.chars().take(8).collect();
    cell(canvas, slot(2), y, if digest.is_empty() { theme.glyphs.missing } else { &digest }, theme.text());
    number(canvas, slot(3), y, &tag.length.to_string(), theme.quiet());
    cell(canvas, slot(4), y, &signers(tag, theme), theme.text());
}

fn signers(tag: &TagView, theme: Theme) -> String {
    if tag.signers.is_empty() { theme.glyphs.missing.to_owned() } else { tag.signers.join(" ") }
}

fn glyph(theme: Theme, state: TagState) -> (&'static str, Style) {
    match state {
        TagState::Orphaned => (theme.glyphs.fail, theme.fail()),
        TagState::Held => (theme.glyphs.held, theme.add()),
        TagState::Trusted => (theme.glyphs.ok, theme.ok()),
    }
}

fn word_style(theme: Theme, state: TagState) -> Style {
    match state {
        TagState::Orphaned => theme.fail(),
        TagState::Held => theme.add(),
        TagState::Trusted => theme.quiet(),
    }
}

fn staged_mark(plan: &RepositoryPlan, tag: &str) -> Option<Mark> {
    let has = |names: &[String]| names.iter().any(|n| n == tag);
    if has(&plan.tags.signed) {
        Some(Mark::Added)
    } else if has(&plan.tags.revoked) || has(&plan.tags.orphaned) {
        Some(Mark::Removed)
    } else {
        let signs = |c: &Change| matches!(c, Change::Sign { tag: t, .. } if t.as_str() == tag);
        plan.changes.iter().any(|c| signs(&c.change)).then_some(Mark::Resigned)
    }
}

/// Top right of the border.
pub fn summary(state: &State) -> Runs {
    let Some(view) = state.view().filter(|v| !v.roles.is_empty()) else { return Runs::new() };
    let theme = state.theme;
    let held = view.tags.iter().filter(|t| t.state == TagState::Held).count();
    if let Some(effect) = landing::effect(state) {
        return effect;
    }
    let mut runs = Runs::new().then(format!("{} trusted", view.trusted()), theme.quiet());
    if view.orphaned() > 0 {
        runs = runs.gap(3).then(format!("{} orphaned", view.orphaned()), theme.fail());
    }
    if held > 0 {
        runs = runs.gap(3).then(format!("{held} held"), theme.quiet());
    }
    runs
}

/// What is said about the tag under the cursor.
pub fn detail(state: &State) -> Option<Detail> {
    let tag = selected::tag(state)?;
    let theme = state.theme;
    let mut detail = Detail { name: tag.name.clone(), ..Detail::default() };
    detail.state = Some((rows::tag_state(tag.state).to_owned(), word_style(theme, tag.state)));
    let roles: Vec<&str> = tag.roles.iter().map(crate::tuf::Role::short).collect();
    detail.sentences.push(match tag.state {
        TagState::Trusted => format!("Pulls with content trust get this image; it is listed by {}.", roles.join(", ")),
        TagState::Held => format!("Signed by {}, but not in releases: nobody pulls it.", roles.join(", ")),
        TagState::Orphaned => {
            "Pulls with content trust refuse it: no current key has signed the role that lists it.".to_owned()
        }
    });
    if tag.look_alike || !tag.name.is_ascii() {
        detail.sentences.push("The name is not plain ASCII or looks like another tag: compare digests.".to_owned());
    }
    detail.facts.push(("sha256", words::grouped(&tag.digest)));
    detail.facts.push(("size", format!("{} bytes", tag.length)));
    Some(detail)
}
