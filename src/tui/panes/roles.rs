//! Roles of the repository under the cursor, as a tree.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::life::{expiry, life_bar};
use super::row::{self, Row, cell, number};
use super::{empty, lost, mend};
use crate::engine::Change;
use crate::engine::draft::applied::Mark;
use crate::engine::plan::RoleDiff;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::RoleView;
use crate::tuf::{Gun, Role};
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::label::Label;
use crate::tui::forms::offers;
use crate::tui::kit::canvas::{Canvas, Runs, width};
use crate::tui::kit::layout::Inside;
use crate::tui::kit::pane::Pane;
use crate::tui::kit::table::{self, Column, Slot, left, rest, right};
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::{State, actions, selected, staging, words};
use crate::tui::wizard;

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Roles(actions::Roles::Open), "tags", Group::Move, 10),
    bind(&["a"], Wanted::Roles(actions::Roles::AddSigner), "add signer", Group::Stage, 30).unless(no_signer),
    bind(&["m"], Wanted::Roles(actions::Roles::AddDelegation), "make role", Group::Stage, 40).unless(no_trust_data),
    bind(&["e"], Wanted::Roles(actions::Roles::Edit), "edit", Group::Stage, 45).unless(no_delegation),
    bind(&["d"], Wanted::Roles(actions::Roles::Remove), "remove", Group::Stage, 35).unless(no_delegation),
    bind(&["t"], Wanted::Rotate, "rotate", Group::Stage, 33).unless(wizard::no_role),
    bind(&["w"], Wanted::Roles(actions::Roles::Witness), "sign again", Group::Stage, 50).unless(not_ours_to_sign),
    bind(&["S"], Wanted::Roles(actions::Roles::Restore), "restore", Group::Stage, 32).unless(no_restoring),
];

fn no_signer(state: &State) -> Option<&'static str> {
    empty::no_repository(state).or_else(|| lost::comes_first_here(state))
}

fn no_trust_data(state: &State) -> Option<&'static str> {
    let is_there = state.view().is_some_and(|view| !view.roles.is_empty());
    let none = (!is_there).then(|| empty::no_roles(state));
    empty::unanswered(state).or(none)
}

fn no_delegation(state: &State) -> Option<&'static str> {
    let roles = meant(state);
    match roles.iter().all(|r| r.delegation().is_some()) {
        _ if roles.is_empty() => selected::no_role(state),
        true => unpublished(state, &roles),
        false => Some("only delegations can be changed; this is a base role"),
    }
}

fn not_ours_to_sign(state: &State) -> Option<&'static str> {
    let roles = meant(state);
    match roles.as_slice() {
        [] => selected::no_role(state),
        roles if roles.iter().any(|r| matches!(r, Role::Snapshot | Role::Timestamp)) => {
            Some("the server signs snapshot and timestamp")
        }
        roles => unpublished(state, roles).or_else(|| leaving(state, roles)),
    }
}

fn no_restoring(state: &State) -> Option<&'static str> {
    let Some(view) = state.view() else { return Some("the list is empty") };
    let meant = meant(state);
    if meant.is_empty() {
        return if lost::is_lost(state) { lost::no_restoring(state) } else { selected::no_role(state) };
    }
    let refusal = view.roles.iter().filter(|role| meant.contains(&role.role)).find_map(mend::no_restoring);
    refusal.or_else(|| unpublished(state, &meant))
}

/// Why nothing can be done about roles of which one is only staged.
fn unpublished(state: &State, roles: &[Role]) -> Option<&'static str> {
    let there = state.view().map_or(&[][..], |view| view.roles.as_slice());
    let is_there = |role: &Role| there.iter().any(|shown| shown.role == *role);
    (!roles.iter().all(is_there)).then_some(selected::UNPUBLISHED)
}

/// Why a role is not signed whose removal is staged.
fn leaving(state: &State, roles: &[Role]) -> Option<&'static str> {
    let plan = state.plan_of(state.lists.shown.as_ref()?)?;
    let is_leaving = roles.iter().any(|role| mend::leaves(plan, role));
    is_leaving.then_some("its removal is staged; d in Staged takes that back")
}

fn meant(state: &State) -> Vec<Role> {
    state.lists.roles.meant()
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Roles) -> Vec<Effect> {
    let Some(gun) = state.repository().map(|r| r.entry.gun.clone()) else { return vec![] };
    match action {
        actions::Roles::Open => state.focus = Pane::Tags,
        actions::Roles::AddSigner => {
            let mut form = offers::add_signer(state, vec![gun]);
            let keyless = selected::role(state).filter(|role| mend::of(state, role) == Some(mend::Mend::AddKey));
            if let Some(role) = keyless {
                form.fill(Label::Name, role.role.short());
            }
            state.dialogs.push(Dialog::Form(form));
        }
        actions::Roles::AddDelegation => state.dialogs.push(Dialog::Form(offers::add_delegation(state, gun))),
        actions::Roles::Edit => {
            if let Some(form) = selected::role(state).and_then(|role| offers::edit_delegation(state, &gun, role)) {
                state.dialogs.push(Dialog::Form(form));
            }
        }
        actions::Roles::Remove => return remove(state, &gun),
        actions::Roles::Witness => {
            let changes = meant(state).into_iter().map(|role| (gun.clone(), Change::Witness { role })).collect();
            return staging::once(state, changes);
        }
        actions::Roles::Restore if lost::is_lost(state) => {
            return staging::once(state, vec![(gun, Change::Republish)]);
        }
        actions::Roles::Restore => {
            let changes = meant(state).into_iter().map(|role| (gun.clone(), Change::Restore { role })).collect();
            return staging::once(state, changes);
        }
    }
    vec![]
}

/// One role with several keys asks what to remove; everything else is staged at once and can be undone.
fn remove(state: &mut State, gun: &Gun) -> Vec<Effect> {
    let roles = meant(state);
    if let ([_], Some(role)) = (roles.as_slice(), selected::role(state))
        && role.keys.len() > 1
    {
        let dialog = offers::remove_role(state, gun, role);
        state.dialogs.push(dialog);
        return vec![];
    }
    let changes = roles.iter().filter_map(|role| Some((gun.clone(), words::removal(role.delegation()?)))).collect();
    staging::once(state, changes)
}

/// Lists the roles of the repository under the cursor, in tree order.
pub fn reindex(state: &mut State) {
    let filter = &state.lists.roles.filter;
    let order = state.view().map(|view| {
        let rows = view.roles.iter().enumerate().filter(|(_, r)| filter.passes(&row_text(r)));
        let mut rows: Vec<(usize, Role)> = rows.map(|(i, r)| (i, r.role.clone())).collect();
        for (i, role) in staged(state).iter().enumerate().filter(|(_, role)| filter.passes(role.as_str())) {
            rows.insert(place(&rows, role), (view.roles.len() + i, role.clone()));
        }
        rows
    });
    state.lists.roles.set(order.unwrap_or_default());
}

/// Roles that are staged and not there yet; their rows are counted on behind those of the view.
fn staged(state: &State) -> Vec<Role> {
    let (Some(view), Some(gun)) = (state.view(), state.lists.shown.as_ref()) else { return vec![] };
    let is_new = |role: &Role| !view.lost && !view.roles.iter().any(|there| there.role == *role);
    let planned = state.plan_of(gun).into_iter().flat_map(|plan| &plan.roles);
    let added = planned.filter(|diff| diff.mark == Mark::Added && is_new(&diff.role));
    added.map(|diff| diff.role.clone()).collect()
}

/// Behind everything that the parent of a role has already.
fn place(rows: &[(usize, Role)], role: &Role) -> usize {
    let parent = role.delegation().map(crate::tuf::DelegationName::parent);
    let below = |row: &Role| {
        parent.as_ref().is_some_and(|parent| {
            row == parent || row.delegation().is_some_and(|name| name.as_str().starts_with(&format!("{parent}/")))
        })
    };
    rows.iter().rposition(|(_, row)| below(row)).map_or(rows.len(), |at| at + 1)
}

fn row_text(role: &RoleView) -> String {
    let signers: Vec<&str> = role.last_signed_by.iter().map(|s| s.label.as_str()).collect();
    format!("{} {}", role.role, signers.join(" "))
}

const COLUMNS: [Column; 6] = [
    rest("Role", 15),
    left("Keys", 6, 3),
    Column { flexible: true, ..left("Last signed by", 15, 9) },
    right("Version", 7, 2),
    right("Expires", 7, 9),
    left("", 5, 1),
];

/// What is below this makes room for names.
const KEYS: u8 = 3;

/// The columns; names that find no room in theirs take that of bar and version.
fn columns(state: &State, inner: Rect) -> [Column; 6] {
    let list = &state.lists.roles;
    let roles = state.view().map_or(&[][..], |view| view.roles.as_slice());
    let cells = |(_, index, role): (usize, usize, &Role)| {
        let depth = roles.get(index).map_or_else(|| staged_depth(role), |shown| shown.depth);
        width(role.short()) + u16::try_from(depth * 2).unwrap_or(0)
    };
    let needed = list.window(usize::MAX).map(cells).max().unwrap_or(0);
    let [names, others @ ..] = &COLUMNS;
    let usual = table::fit(&COLUMNS, inner).first().copied().flatten().map_or(0, |slot| slot.end - slot.start);
    let mut columns = COLUMNS;
    if let ([first, ..], true) = (&mut columns, needed > usual) {
        let most = table::beside(others.iter().filter(|column| column.keep >= KEYS), inner);
        *first = Column { width: needed.min(most).max(usual), flexible: false, ..*names };
    }
    columns
}

/// Draws heads and visible rows.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect, inside: Inside, focused: bool) {
    let theme = canvas.theme;
    let slots = table::heads(canvas, &columns(state, inner), inner, inside.head);
    let list = &state.lists.roles;
    let Some(view) = state.view().filter(|_| !list.is_empty()) else {
        let loading = state.repository().is_some_and(|r| r.view.is_none() && r.failure.is_none());
        let words = if loading || state.repository().is_none() {
            Runs::new().then(theme.glyphs.missing, theme.quiet())
        } else if let Some(why) = empty::unread(state) {
            why
        } else if let Some(runs) = empty::lost(state, Pane::Roles) {
            runs
        } else if state.closed_here().is_some() {
            Runs::new().then("no trust data yet", theme.quiet())
        } else {
            Runs::new()
                .then("no trust data yet   ", theme.quiet())
                .then(state.key(Wanted::Roles(actions::Roles::AddSigner)), theme.key())
                .then(" add the first signer", theme.quiet())
        };
        empty::line(canvas, inner, inside.head + 1, list.filter.text(), &words);
        return;
    };
    let staged = |_: usize, role: &Role| staged_mark(state, role);
    row::each(canvas, list, (inner, inside, focused), staged, |canvas, row, index, role| match view.roles.get(index) {
        Some(shown) => draw(state, canvas, &slots, row, (&view.roles, index, shown)),
        None => draw_staged(canvas, &slots, row, role),
    });
}

fn draw(
    state: &State,
    canvas: &mut Canvas<'_>,
    slots: &[Option<Slot>],
    row: Row,
    (roles, index, role): (&[RoleView], usize, &RoleView),
) {
    let (theme, y) = (canvas.theme, row.y);
    let slot = |i: usize| slots.get(i).copied().flatten();
    let by_server = role.server_held;
    let value = if by_server { theme.quiet() } else { theme.text() };
    if let Some(slot) = slot(0) {
        let x = canvas.put(slot.start, y, slot.end, &branches(canvas, roles, index), theme.quiet());
        // Where it is read the whole name says what the tree shows.
        let name = if theme.is_read() { role.role.as_str() } else { role.role.short() };
        canvas.put(x, y, slot.end, name, row.name_style(theme));
    }
    let missing = theme.glyphs.missing;
    let (keys, is_staged) = if by_server { (missing.to_owned(), false) } else { keys(state, role) };
    cell(canvas, slot(1), y, &keys, if is_staged { theme.add() } else { theme.quiet() });
    let (text, style) = signed_by(state, role);
    cell(canvas, slot(2), y, &text, if by_server { theme.quiet() } else { style });
    let version = role.version.map_or_else(|| missing.to_owned(), |v| format!("v{v}"));
    number(canvas, slot(3), y, &version, theme.quiet());
    match role.expires {
        Some(at) => {
            let (text, style) = expiry(state, &role.role, at, value);
            number(canvas, slot(4), y, &text, style);
            life_bar(state, canvas, slot(5), y, &role.role, at);
        }
        None => number(canvas, slot(4), y, missing, theme.quiet()),
    }
}

/// How far into the tree a role comes that the next publish makes, with the sign before it.
fn staged_depth(role: &Role) -> usize {
    role.delegation().map_or(1, |name| name.depth() + 1)
}

/// A role that the next publish makes.
fn draw_staged(canvas: &mut Canvas<'_>, slots: &[Option<Slot>], row: Row, role: &Role) {
    let (theme, y) = (canvas.theme, row.y);
    let slot = |i: usize| slots.get(i).copied().flatten();
    let trunks = format!("{} ", theme.glyphs.trunk).repeat(staged_depth(role) - 1);
    let branches = format!("{trunks}{} ", theme.glyphs.add);
    if let Some(slot) = slot(0) {
        let x = canvas.put(slot.start, y, slot.end, &branches, theme.add());
        canvas.put(x, y, slot.end, role.short(), row.name_style(theme));
    }
    cell(canvas, slot(2), y, "staged", theme.add());
}

/// Who signed the file last; with a sign if that is nobody of the role.
fn signed_by(state: &State, role: &RoleView) -> (String, Style) {
    let theme = state.theme;
    if role.server_held {
        return (role.holder().to_owned(), theme.quiet());
    }
    let current: Vec<String> =
        role.last_signed_by.iter().filter(|s| s.current).map(|s| words::signer(state, role, s)).collect();
    match &role.state {
        RoleState::Good | RoleState::Expired if !current.is_empty() => (current.join(", "), theme.text()),
        RoleState::UnderThreshold { .. } => {
            let removed = role.last_signed_by.first().map_or("nobody", |s| s.label.as_str());
            (format!("{} {removed}", theme.glyphs.fail), theme.fail())
        }
        RoleState::Unreachable => ("not read".to_owned(), theme.quiet()),
        _ => (words::role_state(role).to_owned(), theme.quiet()),
    }
}

/// The lines of the tree before a role's name.
fn branches(canvas: &Canvas<'_>, roles: &[RoleView], index: usize) -> String {
    let glyphs = canvas.theme.glyphs;
    let Some(depth) = roles.get(index).map(|r| r.depth).filter(|d| *d > 0) else { return String::new() };
    let goes_on = |level: usize| {
        let below = roles.iter().skip(index + 1).map(|r| r.depth);
        below.take_while(|d| *d >= level).any(|d| d == level)
    };
    let trunks: String =
        (1..depth).map(|level| if goes_on(level) { format!("{} ", glyphs.trunk) } else { "  ".to_owned() }).collect();
    format!("{trunks}{} ", if goes_on(depth) { glyphs.branch } else { glyphs.last_branch })
}

/// What the stage does to a role.
pub(super) fn planned<'a>(state: &'a State, role: &Role) -> Option<&'a RoleDiff> {
    let plan = state.plan_of(state.lists.shown.as_ref()?)?;
    plan.roles.iter().find(|r| r.role == *role)
}

/// Its sign. A role whose file stays as it is gets the sign of a change too if its keys or paths change.
fn staged_mark(state: &State, role: &Role) -> Option<Mark> {
    let diff = planned(state, role)?;
    let others = |mark: Mark| mark != Mark::Kept;
    let is_listed_anew =
        diff.keys.iter().any(|key| others(key.mark)) || diff.paths.iter().any(|(mark, _)| others(*mark));
    Some(if diff.mark == Mark::Kept && is_listed_anew { Mark::Resigned } else { diff.mark })
}

/// How many of its keys must sign, and how many there are once what is staged is published.
fn keys(state: &State, role: &RoleView) -> (String, bool) {
    let is_kept = |diff: &&RoleDiff| diff.mark != Mark::Removed && diff.keys.iter().any(|key| key.mark != Mark::Kept);
    let diff = planned(state, &role.role).filter(is_kept);
    let (mut threshold, mut keys) = (role.threshold, role.keys.len());
    if let Some(diff) = diff {
        let marked = |mark| diff.keys.iter().filter(|key| key.mark == mark).count();
        threshold = diff.threshold.1.unwrap_or(threshold);
        keys = (keys + marked(Mark::Added)).saturating_sub(marked(Mark::Removed));
    }
    (format!("{threshold} of {keys}"), diff.is_some())
}
