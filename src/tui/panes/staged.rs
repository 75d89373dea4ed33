//! Staged changes by repository, with the signed tags before and after.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::detail::{Detail, REMEDY};
use super::empty;
use super::row;
use crate::engine::plan::{PlannedChange, Weight};
use crate::engine::{EntryId, RepositoryPlan, StagedChange};
use crate::tuf::Gun;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::change_line::ChangeColumns;
use crate::tui::kit::layout::Inside;
use crate::tui::kit::table::MARGIN;
use crate::tui::kit::{format, mark, widgets};
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::rows::StagedRow;
use crate::tui::state::{State, actions, staging, words};

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Review, "review", Group::Publish, 10).unless(nothing),
    bind(&["d"], Wanted::Staged(actions::Staged::Drop), "drop", Group::Stage, 30).unless(nothing),
    bind(&["x"], Wanted::Staged(actions::Staged::DropAll), "drop all", Group::Stage, 40).unless(nothing_at_all),
    bind(&["m"], Wanted::Staged(actions::Staged::MoveHere), "move to this server", Group::Stage, 50)
        .unless(nothing_elsewhere),
];

fn nothing_elsewhere(state: &State) -> Option<&'static str> {
    elsewhere(state).is_none().then_some("these changes are for the server that is used")
}

/// The repository under the cursor, if changes of it are staged for another address than it has now.
fn elsewhere(state: &State) -> Option<Gun> {
    let gun = match state.lists.staged.selected()? {
        StagedRow::Repository(gun) => gun.clone(),
        StagedRow::Change(id) => state.stage.changes.iter().find(|change| change.id == *id)?.gun.clone(),
    };
    let away = &state.plan.as_ref()?.elsewhere;
    state.stage.changes.iter().any(|change| change.gun == gun && away.contains(&change.id)).then_some(gun)
}

fn nothing_at_all(state: &State) -> Option<&'static str> {
    nothing(state).filter(|_| state.unread_stage.is_none())
}

fn nothing(state: &State) -> Option<&'static str> {
    state.stage.changes.is_empty().then_some("nothing is staged")
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Staged) -> Vec<Effect> {
    match action {
        actions::Staged::Drop => {
            let mut entries: Vec<EntryId> =
                state.lists.staged.meant().iter().flat_map(|row| entries(state, row)).collect();
            entries.sort_unstable();
            entries.dedup();
            let said = format::count(entries.len(), "change", "changes");
            if entries.is_empty() { vec![] } else { vec![Effect::Drop { entries, said }] }
        }
        actions::Staged::DropAll => staging::drop_all(state),
        actions::Staged::MoveHere => elsewhere(state).map(Effect::MoveChanges).into_iter().collect(),
    }
}

fn entries(state: &State, row: &StagedRow) -> Vec<EntryId> {
    match row {
        StagedRow::Change(id) => vec![*id],
        StagedRow::Repository(gun) => state.stage.changes.iter().filter(|c| c.gun == *gun).map(|c| c.id).collect(),
    }
}

/// Lists staged changes by repository, in order of the first change of each.
pub fn reindex(state: &mut State) {
    let filter = &state.lists.staged.filter;
    let passes =
        |c: &StagedChange| filter.is_empty() || filter.passes(&words::change(&c.change, &state.name_of(&c.gun)));
    let mut places: HashMap<&Gun, usize> = HashMap::new();
    let mut groups: Vec<(&Gun, Vec<(usize, StagedRow)>)> = Vec::new();
    for (index, change) in state.stage.changes.iter().enumerate() {
        let place = *places.entry(&change.gun).or_insert(groups.len());
        if place == groups.len() {
            groups.push((&change.gun, Vec::new()));
        }
        if let Some((_, rows)) = groups.get_mut(place).filter(|_| passes(change)) {
            rows.push((index, StagedRow::Change(change.id)));
        }
    }
    let head = |gun: &Gun| (0, StagedRow::Repository(gun.clone()));
    let shown = groups.into_iter().filter(|(_, rows)| !rows.is_empty());
    let rows = shown.flat_map(|(gun, rows)| [head(gun)].into_iter().chain(rows)).collect();
    state.lists.staged.set(rows);
}

/// Draws the visible rows; there are no column heads.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect, inside: Inside, focused: bool) {
    let theme = canvas.theme;
    let list = &state.lists.staged;
    if list.is_empty() {
        let words = match &state.unread_stage {
            None => "nothing staged; what you change is collected here",
            Some(_) => "what is staged cannot be read; x moves its file aside",
        };
        let words = Runs::new().then(words, theme.quiet());
        empty::line(canvas, inner, inside.head + 1, list.filter.text(), &words);
    }
    let shown = planned(state, usize::from(inside.rows));
    let columns = ChangeColumns::of(&shown, inner.width.saturating_sub(MARGIN + 3), true, true);
    let mut y = inside.head + 1;
    for (place, index, key) in list.window(usize::from(inside.rows)) {
        let is_head = matches!(key, StagedRow::Repository(_));
        if is_head && place > 0 && spaced(state, inside) {
            y += 1;
        }
        let row = row::Row { inner, y, cursor: place == list.cursor(), focused };
        match key {
            StagedRow::Repository(gun) => head(state, canvas, row, gun),
            StagedRow::Change(entry) => {
                row.gutter(canvas, list.marks.contains(key), None);
                let planned = state.plan.as_ref().and_then(|p| find(p.repositories.as_slice(), *entry));
                match (planned, state.stage.changes.get(index)) {
                    (Some(change), _) => change_row(canvas, row, change, &columns),
                    (None, Some(staged)) => unplanned(state, canvas, row, staged),
                    (None, None) => {}
                }
            }
        }
        row.finish(canvas);
        y += 1;
    }
}

/// Whether all rows fit with a blank line between the repositories.
fn spaced(state: &State, inside: Inside) -> bool {
    let list = &state.lists.staged;
    let heads = list.window(usize::MAX).filter(|(_, _, key)| matches!(key, StagedRow::Repository(_))).count();
    list.offset == 0 && list.len() + heads <= usize::from(inside.rows) + 1
}

fn find(plans: &[RepositoryPlan], entry: EntryId) -> Option<&PlannedChange> {
    plans.iter().find_map(|plan| plan.change(entry))
}

fn head(state: &State, canvas: &mut Canvas<'_>, row: row::Row, gun: &Gun) {
    let (theme, y) = (canvas.theme, row.y);
    let (start, end) = (row.inner.x + 1, row.inner.right().saturating_sub(1));
    let changes = state.known.staged.get(gun).copied().unwrap_or(0);
    let Some(plan) = state.plan_of(gun) else {
        let x = canvas.put(start, y, end, state.short_name(&state.name_of(gun)), theme.strong());
        canvas.put(x + 3, y, end, &format::count(changes, "change", "changes"), theme.quiet());
        return;
    };
    let (lost, cells) = (plan.tags.orphaned.len(), row.inner.width);
    // What is lost needs the room of the bar.
    let roomy = if lost > 0 { 76 } else { 56 };
    let bar = if cells >= roomy { 10 } else { 0 };
    let mut effect = widgets::tag_effect(canvas, plan, bar);
    if lost > 0 && cells >= 56 {
        effect = effect.gap(3).then(format!("{} {lost} orphaned", theme.glyphs.fail), theme.fail());
    }
    let room = end.saturating_sub(effect.width() + 2);
    let x = canvas.put(start, y, room, state.short_name(&plan.name), theme.strong());
    canvas.put(x + 3, y, room, &format::count(changes, "change", "changes"), theme.quiet());
    canvas.runs_right(start, y, end, &effect);
}

/// The changes of the visible rows that a plan knows.
fn planned(state: &State, rows: usize) -> Vec<&PlannedChange> {
    let plans = state.plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    let shown = state.lists.staged.window(rows);
    shown.filter_map(|(_, _, key)| if let StagedRow::Change(id) = key { find(plans, *id) } else { None }).collect()
}

fn change_row(canvas: &mut Canvas<'_>, row: row::Row, change: &PlannedChange, columns: &ChangeColumns<'_>) {
    let (theme, y) = (canvas.theme, row.y);
    let (start, end) = (row.inner.x + MARGIN, row.inner.right().saturating_sub(1));
    if let Some((glyph, colour)) = mark::sign(theme, change.mark) {
        canvas.put(start, y, end, glyph, colour);
    }
    columns.draw(canvas, (start + 2, y, end), change, true);
}

/// A change that no plan knows: staged for another server, or not planned yet.
fn unplanned(state: &State, canvas: &mut Canvas<'_>, row: row::Row, staged: &crate::engine::StagedChange) {
    let theme = canvas.theme;
    let (start, end) = (row.inner.x + MARGIN, row.inner.right().saturating_sub(1));
    let elsewhere = state.plan.as_ref().is_some_and(|p| p.elsewhere.contains(&staged.id));
    let x = canvas.put(start + 2, row.y, end, &staged.change.describe(), theme.quiet());
    if elsewhere {
        canvas.put(
            x + 2,
            row.y,
            end,
            &format!("for {}, not published here", format::host(&staged.server)),
            theme.warn_word(),
        );
    }
}

/// Top right of the border.
pub fn summary(state: &State) -> Runs {
    let theme = state.theme;
    if state.stage.changes.is_empty() {
        return Runs::new();
    }
    Runs::new().then(state.key(Wanted::Review), theme.key()).then(" review", theme.quiet())
}

/// What is said about the row under the cursor: the heaviest warning of its repository.
pub fn detail(state: &State) -> Option<Detail> {
    let theme = state.theme;
    let gun = match state.lists.staged.selected()? {
        StagedRow::Repository(gun) => gun.clone(),
        StagedRow::Change(id) => state.stage.changes.iter().find(|c| c.id == *id)?.gun.clone(),
    };
    let plan = state.plan_of(&gun)?;
    let mut detail = Detail { name: state.short_name(&plan.name).to_owned(), ..Detail::default() };
    if let Some(problem) = &plan.failed {
        detail.state = Some((words::failed(problem.kind).to_owned(), theme.fail()));
        detail.facts = vec![("what", problem.message.clone()), ("do", problem.hint.clone())];
        return Some(detail);
    }
    match plan.warnings.first() {
        Some(warning) => {
            let style = match warning.weight {
                Weight::Block | Weight::Danger => theme.fail(),
                Weight::Warning => theme.warn_word(),
                Weight::Note => theme.quiet(),
            };
            detail.state = Some((warning.headline.clone(), style));
            detail.sentences.push(warning.detail.clone());
            detail.facts.extend(words::remedy(warning).map(|remedy| (REMEDY, remedy)));
            if let Some((_, fix)) = warning.fix.as_ref().filter(|_| state.closed_all().is_none()) {
                let there = state.key(Wanted::ReviewScreen(actions::Review::Fix));
                detail.acts.push((state.key(Wanted::Review), "review".to_owned(), format!("{there} there: {fix}")));
            }
        }
        None => detail.state = Some(("nothing gets worse".to_owned(), theme.quiet())),
    }
    let keys: Vec<String> = plan.keys.iter().map(|key| words::needed_key(state, key)).collect();
    if !keys.is_empty() {
        detail.facts.push(("asks for", keys.join(", ")));
    }
    Some(detail)
}
