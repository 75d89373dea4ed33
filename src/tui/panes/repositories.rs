//! Repositories, worst first.

use std::collections::{HashMap, HashSet};

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::empty;
use super::life::{expiry, life_bar};
use super::lost;
use super::mend::{self, Mend};
use super::row::{self, Row, cell, number, state_cell};
use crate::engine::draft::applied::Mark;
use crate::engine::tags::compare::Differences;
use crate::engine::view::Health;
use crate::engine::{Change, RepositoryPlan};
use crate::tuf::Gun;
use crate::tui::dialogs::Dialog;
use crate::tui::forms::offers;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::layout::Inside;
use crate::tui::kit::pane::Pane;
use crate::tui::kit::spinner;
use crate::tui::kit::table::{self, Column, Slot, left, rest, right};
use crate::tui::kit::theme::Theme;
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, Sort, bind};
use crate::tui::state::{Listing, Order, Repository, State, Work, actions, selected, staging};
use crate::tui::wizard;

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Repositories(actions::Repositories::Open), "open", Group::Move, 10).unless(none),
    bind(&["t"], Wanted::Repositories(actions::Repositories::Renew), "renew", Group::Stage, 6).unless(no_renewal),
    bind(&["w"], Wanted::Repositories(actions::Repositories::SignAgain), "sign again", Group::Stage, 6)
        .unless(no_signing),
    bind(&["S"], Wanted::Repositories(actions::Repositories::Restore), "restore", Group::Stage, 7).unless(no_restoring),
    bind(&["a"], Wanted::Repositories(actions::Repositories::Add), "add", Group::Stage, 30),
    bind(&["s"], Wanted::Repositories(actions::Repositories::AddSigner), "add signer", Group::Stage, 40)
        .unless(no_signer),
    bind(&["f"], Wanted::Repositories(actions::Repositories::Foreign), "notary staged", Group::Stage, 50)
        .unless(no_foreign),
    bind(&["i"], Wanted::Repositories(actions::Repositories::Answer), "what it asks", Group::Stage, 5)
        .unless(no_question),
    bind(&["d"], Wanted::Repositories(actions::Repositories::Remove), "hide", Group::Stage, 60).unless(not_hidden),
    bind(&["D"], Wanted::Repositories(actions::Repositories::Delete), "delete data", Group::Danger, 0).unless(none),
];

fn none(state: &State) -> Option<&'static str> {
    state.repository().is_none().then_some("there is no repository here")
}

fn no_signer(state: &State) -> Option<&'static str> {
    let mut meant = state.lists.repositories.all_meant().filter_map(|gun| state.find(gun));
    selected::no_repository(state).or_else(|| meant.find_map(|repository| lost::comes_first(state, repository)))
}

/// Nothing of it was read here: it is listed for what is staged alone.
fn not_hidden(state: &State) -> Option<&'static str> {
    let mut meant = state.lists.repositories.all_meant().filter_map(|gun| state.find(gun));
    let is_kept = meant.any(|repository| repository.entry.only_staged);
    none(state)
        .or_else(|| is_kept.then_some("it is listed for the changes that are staged for it; d in Staged drops them"))
}

fn no_renewal(state: &State) -> Option<&'static str> {
    unless(state, Mend::Renew, "t in Roles renews and rotates any; no root or targets file here wants that")
}

fn no_signing(state: &State) -> Option<&'static str> {
    unless(state, Mend::SignAgain, "w in Roles signs any again; no role here wants that")
}

/// Why the worst role is not mended so.
fn unless(state: &State, mend: Mend, why: &'static str) -> Option<&'static str> {
    match mend::of_repository(state) {
        Some((_, wanted)) if wanted == mend => None,
        Some((_, Mend::Publish)) => Some(mend::STAGED),
        _ => Some(why),
    }
}

fn no_restoring(state: &State) -> Option<&'static str> {
    let is_lost = state.view().is_some_and(|view| view.lost);
    let wanted = is_lost || matches!(mend::of_repository(state), Some((_, Mend::Restore)));
    let nothing = (!wanted).then_some("the server has lost nothing of it, and no role wants its last good file");
    nothing.or_else(|| lost::no_restoring(state))
}

fn no_question(state: &State) -> Option<&'static str> {
    let asks = state.repository().and_then(Repository::question);
    asks.is_none().then_some("its server wants no login, and its root is known")
}

fn no_foreign(state: &State) -> Option<&'static str> {
    let staged = state.view().is_some_and(|v| v.foreign_changes > 0);
    (!staged).then_some("notary has staged nothing here")
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Repositories) -> Vec<Effect> {
    let Some(gun) = state.lists.repositories.selected().cloned() else {
        if action == actions::Repositories::Add {
            state.dialogs.push(Dialog::Form(offers::add_repository()));
        }
        return vec![];
    };
    match action {
        actions::Repositories::Open => {
            state.focus = Pane::Roles;
            let broken = state.view().and_then(|view| view.findings.iter().find_map(|f| f.role.clone()));
            if let Some(role) = broken {
                state.lists.roles.select(&role);
            }
        }
        actions::Repositories::Renew | actions::Repositories::SignAgain => {
            let Some((role, mend)) = mend::of_repository(state).map(|(role, mend)| (role.role.clone(), mend)) else {
                return vec![];
            };
            if mend == Mend::Renew {
                state.focus = Pane::Roles;
                state.lists.roles.select(&role);
                return wizard::from_role(state);
            }
            return staging::once(state, vec![(gun, Change::Witness { role })]);
        }
        actions::Repositories::Restore => {
            let change = match mend::of_repository(state) {
                Some((role, Mend::Restore)) => Change::Restore { role: role.role.clone() },
                _ => Change::Republish,
            };
            return staging::once(state, vec![(gun, change)]);
        }
        actions::Repositories::Add => state.dialogs.push(Dialog::Form(offers::add_repository())),
        actions::Repositories::AddSigner => {
            let form = offers::add_signer(state, state.lists.repositories.meant());
            state.dialogs.push(Dialog::Form(form));
        }
        actions::Repositories::Remove => return remove_from_list(state),
        actions::Repositories::Delete => state.dialogs.push(offers::delete(state, &gun)),
        actions::Repositories::Answer => {
            if let Some(dialog) = offers::answer(state, &gun) {
                state.dialogs.push(dialog);
            }
        }
        actions::Repositories::Foreign => return vec![Effect::ReadForeign(gun)],
    }
    vec![]
}

fn remove_from_list(state: &mut State) -> Vec<Effect> {
    let meant = state.lists.repositories.meant();
    state.known.taken_off.push(meant.clone());
    meant.into_iter().map(Effect::RemoveEntry).collect()
}

/// Puts rows in order: worst first, then by name.
pub fn reindex(state: &mut State) {
    let list = &state.lists.repositories;
    let passes = |r: &Repository| list.filter.passes(&format!("{} {}", r.health().word(), r.entry.name));
    let shown = state.known.repositories.iter().enumerate().filter(|(_, r)| list.filter.is_empty() || passes(r));
    let order = if state.lists.order == Order::AsShown {
        // Keep the order that is on the screen until the next key.
        let place: HashMap<&Gun, usize> = list.rows().map(|(place, _, gun)| (gun, place)).collect();
        in_order(shown, |r| place.get(&r.entry.gun).copied().unwrap_or(usize::MAX))
    } else {
        in_order(shown, |r| (sort_key(state.sort.repositories, r), r.entry.name.as_str()))
    };
    state.lists.repositories.set(order);
}

/// Asks once for what each row is put in order by.
fn in_order<'a, K: Ord>(
    rows: impl Iterator<Item = (usize, &'a Repository)>,
    by: impl Fn(&'a Repository) -> K,
) -> Vec<(usize, Gun)> {
    let mut keyed: Vec<(K, usize, &Repository)> = rows.map(|(index, r)| (by(r), index, r)).collect();
    keyed.sort_by(|(a, i, _), (b, j, _)| (a, i).cmp(&(b, j)));
    keyed.into_iter().map(|(_, index, r)| (index, r.entry.gun.clone())).collect()
}

/// What comes before the name: state, when it expires, how many tags are missing to the most that there can be.
type SortKey = (Option<Health>, Option<jiff::Timestamp>, usize);

fn sort_key(by: Sort, repository: &Repository) -> SortKey {
    let view = repository.view.as_deref();
    match by {
        Sort::State => (Some(repository.health()), None, 0),
        Sort::Name => (None, None, 0),
        Sort::Expiry => {
            let first = view.and_then(|view| view.roles.iter().filter_map(|role| role.expires).min());
            (None, Some(first.unwrap_or(jiff::Timestamp::MAX)), 0)
        }
        Sort::Tags => (None, None, usize::MAX - view.map_or(0, |view| view.tags.len())),
    }
}

const STATE: usize = 0;
const NAME: usize = 1;
const TAGS: usize = 2;
const SIGNERS: usize = 3;
const FIRST: usize = 4;
const EXPIRES: usize = 5;
const STAGED: usize = 6;
const LIFE: usize = 7;
const DIFFERS: usize = 8;

const COLUMNS: [Column; 8] = [
    left("State", 8, 9),
    rest("Repository", 16),
    right("Tags", 5, 9),
    right("Signers", 7, 2),
    left("", 9, 3),
    right("", 7, 9),
    right("Staged", 6, 1),
    left("", 5, 0),
];

/// The columns, with one more as soon as a registry is known to differ from what is signed.
fn columns(state: &State) -> Vec<Column> {
    let mut columns = COLUMNS.to_vec();
    if state.known.repositories.iter().any(|r| r.registry.differences != Differences::default()) {
        columns.push(left("Differs", 9, 2));
        columns.iter_mut().skip(SIGNERS).take(1).for_each(|signers| signers.keep = 1);
    }
    columns
}

/// Draws heads and visible rows.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect, inside: Inside, focused: bool) {
    let theme = canvas.theme;
    let columns = columns(state);
    let slots = table::heads(canvas, &columns, inner, inside.head);
    match (slots.get(FIRST).copied().flatten(), slots.get(EXPIRES).copied().flatten()) {
        (Some(first), _) => {
            canvas.put(first.start, inside.head, inner.right(), "Expires first", theme.quiet());
        }
        (None, Some(value)) => canvas.right(value.start, inside.head, value.end, "Expires", theme.quiet()),
        _ => {}
    }
    let list = &state.lists.repositories;
    if list.is_empty() {
        let words = match &state.known.listing {
            Listing::Loading => "reading the trust directory",
            Listing::Ready => "no repository yet   a add one",
            Listing::Failed(_) => "the trust directory cannot be read   r try again",
        };
        empty::line(canvas, inner, inside.head + 1, list.filter.text(), &Runs::new().then(words, theme.quiet()));
    }
    let plans = plans_of(state, list.window(usize::from(inside.rows)).map(|(_, _, gun)| gun));
    let staged = |_: usize, gun: &Gun| plans.get(gun).and_then(|plan| staged_mark(plan));
    row::each(canvas, list, (inner, inside, focused), staged, |canvas, row, index, gun| {
        let Some(repository) = state.known.repositories.get(index) else { return };
        draw(state, canvas, &slots, row, repository, state.known.staged.get(gun).copied().unwrap_or(0));
    });
}

fn draw(
    state: &State,
    canvas: &mut Canvas<'_>,
    slots: &[Option<Slot>],
    row: Row,
    repository: &Repository,
    staged: usize,
) {
    let (theme, y) = (canvas.theme, row.y);
    let slot = |i: usize| slots.get(i).copied().flatten();
    let health = repository.health();
    let old = health == Health::Cached || health == Health::Loading;
    let value = if old { theme.quiet() } else { theme.text() };
    let (glyph, word) = health_sign(state, repository);
    state_cell(canvas, slot(STATE), y, glyph, word);
    if let Some(slot) = slot(NAME) {
        let name = state.fitted(repository, usize::from(slot.end - slot.start));
        let style = if old && !row.cursor { theme.quiet() } else { row.name_style(theme) };
        canvas.put(slot.start, y, slot.end, &name, style);
    }
    let missing = theme.glyphs.missing;
    let view = repository.view.as_deref().filter(|v| !v.roles.is_empty());
    let number_of = |n: Option<usize>| n.map_or_else(|| missing.to_owned(), |n| n.to_string());
    let dash = if view.is_some() { value } else { theme.quiet() };
    number(canvas, slot(TAGS), y, &number_of(view.map(|v| v.trusted() + v.orphaned())), dash);
    number(canvas, slot(SIGNERS), y, &number_of(view.map(crate::engine::RepositoryView::signers)), dash);
    differs(canvas, (slot(DIFFERS), slot(TAGS)), y, repository.registry.differences);
    let soonest = view.and_then(crate::engine::RepositoryView::soonest_expiry);
    match soonest {
        Some((role, at)) => {
            let (text, style) = expiry(state, role, at, value);
            cell(canvas, slot(FIRST), y, role.short(), theme.quiet());
            number(canvas, slot(EXPIRES), y, &text, style);
            life_bar(state, canvas, slot(LIFE), y, role, at);
        }
        None => number(canvas, slot(EXPIRES), y, missing, theme.quiet()),
    }
    let (text, style) = match staged {
        0 => (missing.to_owned(), theme.quiet()),
        n => (n.to_string(), theme.add()),
    };
    number(canvas, slot(STAGED), y, &text, style);
}

/// How many tags drifted and how many are unsigned; without room for that, a sign before the number of tags.
fn differs(canvas: &mut Canvas<'_>, (own, tags): (Option<Slot>, Option<Slot>), y: u16, found: Differences) {
    let theme = canvas.theme;
    let drifted = found.drifted + found.gone + found.tampered;
    let Some(slot) = own else {
        if let (Some(slot), true) = (tags, drifted > 0) {
            canvas.put(slot.start, y, slot.end, theme.glyphs.drift, theme.warn());
        }
        return;
    };
    let mut x = slot.start;
    if drifted > 0 {
        x = canvas.put(x, y, slot.end, &format!("{}{drifted}", theme.glyphs.drift), theme.warn_word()) + 1;
    }
    if found.unsigned > 0 {
        canvas.put(x, y, slot.end, &format!("{}{}", theme.glyphs.none, found.unsigned), theme.quiet());
    }
}

type Sign = ((&'static str, Style), (&'static str, Style));

fn health_sign(state: &State, repository: &Repository) -> Sign {
    let theme = state.theme;
    if let Work::Asking(since) = repository.work()
        && let Some(glyph) = spinner::turned(state.theme, state.now, since)
    {
        return ((glyph, theme.accent()), ("asks", theme.quiet()));
    }
    let health = repository.health();
    (
        health_glyph(theme, health),
        (if health == Health::Loading { "" } else { health.word() }, word_style(theme, health)),
    )
}

pub(super) fn word_style(theme: Theme, health: Health) -> Style {
    match health {
        Health::Fail => theme.fail(),
        Health::Warn => theme.warn_word(),
        Health::New => theme.add(),
        Health::Ok | Health::Cached | Health::Loading => theme.quiet(),
    }
}

/// Glyph and colour of a state.
#[must_use]
pub fn health_glyph(theme: Theme, health: Health) -> (&'static str, Style) {
    match health {
        Health::Fail => (theme.glyphs.fail, theme.fail()),
        Health::Warn => (theme.glyphs.warn, theme.warn()),
        Health::Cached => (theme.glyphs.cached, theme.quiet()),
        Health::Ok => (theme.glyphs.ok, theme.ok()),
        Health::New => (theme.glyphs.new, theme.add()),
        Health::Loading => (theme.glyphs.none, theme.quiet()),
    }
}

/// What is planned for these repositories: one look through a plan that may have thousands.
fn plans_of<'a>(state: &'a State, guns: impl Iterator<Item = &'a Gun>) -> HashMap<&'a Gun, &'a RepositoryPlan> {
    let shown: HashSet<&Gun> = guns.filter(|gun| state.known.staged.contains_key(gun)).collect();
    let plans = state.plan.iter().filter(|_| !shown.is_empty()).flat_map(|plan| &plan.repositories);
    plans.filter(|plan| shown.contains(&plan.gun)).map(|plan| (&plan.gun, plan)).collect()
}

/// What the stage does to a repository.
fn staged_mark(plan: &RepositoryPlan) -> Option<Mark> {
    let mut marks = plan.changes.iter().map(|c| c.mark);
    let first = marks.next()?;
    Some(if plan.creates {
        Mark::Added
    } else if marks.all(|m| m == first) {
        first
    } else {
        Mark::Resigned
    })
}

/// Top right of the border.
pub fn summary(state: &State) -> Runs {
    let n = state.known.repositories.len();
    let quiet = state.theme.quiet();
    let by = match state.sort.repositories {
        Sort::State => "worst first",
        Sort::Name => "by name",
        Sort::Expiry => "by expiry",
        Sort::Tags => "by tags",
    };
    match (n, state.size.0 >= 110) {
        (0, _) => Runs::new(),
        (_, true) => Runs::new().then(format!("{n}, {by}"), quiet),
        (_, false) => Runs::new().then(by, quiet),
    }
}
