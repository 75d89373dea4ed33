//! Review: the one gate before anything is sent.

use super::{commands, review_toggle};
use crate::engine::plan::{PlannedChange, Remedy, Weight};
use crate::engine::publish::job::Approval;
use crate::engine::{Change, EntryId, RepositoryPlan};
use crate::tuf::Gun;
use crate::tui::dialogs::{Dialog, Page};
use crate::tui::kit::format::count;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::questions;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::review::{Review, ReviewRow};
use crate::tui::state::{Screen, State, actions, staging};

/// Keys of the review.
pub const BINDINGS: &[Binding] = &[
    bind(&["space"], Wanted::ReviewScreen(actions::Review::Toggle), "leave out, take in", Group::Stage, 10)
        .unless(no_row),
    bind(&["f"], Wanted::ReviewScreen(actions::Review::Fix), "fix", Group::Stage, 20).unless(no_fix),
    bind(&["enter", "]", "I"], Wanted::Inspect, "read all", Group::Look, 35).unless(no_row),
    bind(&["e"], Wanted::ReviewScreen(actions::Review::Commands), "commands", Group::Look, 40).unless(no_row),
    bind(&["x"], Wanted::ReviewScreen(actions::Review::DropAll), "drop all", Group::Stage, 50).unless(no_row),
    bind(&["P"], Wanted::ReviewScreen(actions::Review::Publish), "publish", Group::Publish, 30).unless(blocked),
    bind(&["u"], Wanted::Undo, "undo", Group::Stage, 45).unless(nothing_to_undo),
    bind(&["U"], Wanted::Redo, "redo", Group::Stage, 61).unless(nothing_to_redo),
    bind(&["r"], Wanted::Refresh, "ask the server", Group::Look, 0),
    bind(&["esc", "q", "p"], Wanted::ReviewScreen(actions::Review::Leave), "back", Group::Leave, 60),
];

pub(super) fn review(state: &State) -> Option<&Review> {
    if let Screen::Review(review) = &state.screen { Some(review) } else { None }
}

fn no_row(state: &State) -> Option<&'static str> {
    review(state).is_none_or(|r| r.list.is_empty()).then_some("nothing is staged")
}

fn nothing_to_undo(state: &State) -> Option<&'static str> {
    let is_left = review(state).is_some_and(|review| review.just_left.is_some());
    (state.stage.undo.is_none() && !is_left).then_some("nothing to undo; a publish stays")
}

fn nothing_to_redo(state: &State) -> Option<&'static str> {
    state.stage.redo.is_none().then_some("nothing to redo")
}

fn no_fix(state: &State) -> Option<&'static str> {
    match selected(state) {
        _ if fixable(state).is_some() => None,
        Some(plan) if plan.is_blocked() => Some("no key mends it here; space leaves it out, esc goes back"),
        Some(plan) if plan.is_dangerous() => Some(reason(plan)),
        _ => Some("there is nothing to fix here"),
    }
}

/// The plan of the repository under the cursor.
#[must_use]
pub fn selected(state: &State) -> Option<&RepositoryPlan> {
    let review = review(state)?;
    let plans = &state.plan.as_ref()?.repositories;
    match review.list.selected()? {
        ReviewRow::Repository(gun) => plans.iter().find(|p| p.gun == *gun),
        ReviewRow::Change(id) | ReviewRow::With(id) => plans.iter().find(|p| p.change(*id).is_some()),
        ReviewRow::Dropped(id) => {
            let (gun, _) = review.dropped.iter().find(|(_, c)| c.entry == *id)?;
            plans.iter().find(|p| p.gun == *gun)
        }
    }
}

fn fix_of(plan: &RepositoryPlan) -> Option<&(Vec<Change>, String)> {
    plan.warnings.iter().find_map(|w| w.fix.as_ref())
}

/// The repository under the cursor if it can be mended, else the first that can.
fn fixable(state: &State) -> Option<&RepositoryPlan> {
    let plans = state.plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    let is_in = |plan: &&RepositoryPlan| review(state).is_none_or(|review| !review.left_out.contains(&plan.gun));
    let can = |plan: &&RepositoryPlan| fix_of(plan).is_some();
    selected(state).filter(can).or_else(|| plans.iter().filter(is_in).find(can))
}

/// Whether the cursor is on the name of a repository, where space is about all of it.
#[must_use]
pub fn is_on_name(review: &Review, plan: &RepositoryPlan) -> bool {
    review.list.selected() == Some(&ReviewRow::Repository(plan.gun.clone()))
}

/// Repositories that `P` would publish.
pub fn included<'a>(state: &'a State, review: &'a Review) -> impl Iterator<Item = &'a RepositoryPlan> {
    let plans = state.plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    plans.iter().filter(|p| !review.left_out.contains(&p.gun))
}

/// Why `P` does nothing now.
#[must_use]
pub fn blocked(state: &State) -> Option<&'static str> {
    let review = review(state)?;
    if is_all_out(state) {
        let is_none = review.list.is_empty();
        return Some(if is_none { "nothing is staged" } else { "nothing is left; space takes a row in" });
    }
    if state.plan.is_none() {
        return Some("the plan is being computed");
    }
    stopping(state, review).map(reason)
}

/// Whether all was dropped or left out, so that there is nothing to publish whatever is mended.
#[must_use]
pub fn is_all_out(state: &State) -> bool {
    let all_left_out = |review: &Review| state.plan.is_some() && included(state, review).next().is_none();
    review(state).is_some_and(|review| state.stage.changes.is_empty() || all_left_out(review))
}

/// The first repository that stops the publish.
fn stopping<'a>(state: &'a State, review: &'a Review) -> Option<&'a RepositoryPlan> {
    included(state, review).find(|plan| is_open(review, plan))
}

/// Whether it is blocked, or has a danger that nobody accepted.
fn is_open(review: &Review, plan: &RepositoryPlan) -> bool {
    plan.is_blocked() || (plan.is_dangerous() && !review.accepted.contains(&plan.gun))
}

/// What helps against what stops it.
fn reason(plan: &RepositoryPlan) -> &'static str {
    let mut dangers = plan.warnings.iter().filter(|w| w.weight == Weight::Danger);
    let remedy = dangers.find_map(|w| w.remedy.as_ref());
    match (plan.is_blocked(), fix_of(plan).is_some()) {
        (true, true) => "f mends it; space leaves it out",
        (true, false) => "mend it, or space leaves it out",
        (false, _) if plan.deletes => "space accepts the deletion",
        (false, true) => "f mends it; space accepts the loss",
        (false, false) => match remedy {
            Some(Remedy::AddKey(_)) => "a in Roles, or space accepts it",
            Some(Remedy::SignAgain(_)) => "w in Roles, or space accepts it",
            Some(Remedy::LoadKey { .. }) => "a in Keys loads a key that stays; space accepts it",
            _ => "space accepts it",
        },
    }
}

/// The same, with the keys that must be loaded, and where the cursor must be for it.
fn helping(state: &State, review: &Review, plan: &RepositoryPlan) -> String {
    let [fix, toggle] = [actions::Review::Fix, actions::Review::Toggle].map(|act| state.key(Wanted::ReviewScreen(act)));
    let words = helping_with(review, plan).replacen("space ", &format!("{toggle} "), 1);
    state.spoken(&words.replacen("f mends", &format!("{fix} mends"), 1))
}

/// The same with the usual keys.
fn helping_with(review: &Review, plan: &RepositoryPlan) -> String {
    let absent = plan.warnings.iter().find_map(|w| match &w.remedy {
        Some(Remedy::LoadKey { keys, .. }) if w.weight == Weight::Danger && !plan.is_blocked() => Some(keys),
        _ => None,
    });
    let words = absent
        .map_or_else(|| reason(plan).to_owned(), |keys| format!("load {keys}, or keep the old one; space accepts it"));
    if is_on_name(review, plan) {
        return words;
    }
    // In the narrowest border the key and its place are all that has room.
    match words.strip_suffix("or space accepts it") {
        Some(others) => format!("{others}or space on its name"),
        None => words.replace("space ", "space on its name "),
    }
}

/// Moves to what stops the publish, and says what it is. Says whether anything does.
pub fn point_out(state: &mut State) -> bool {
    let Some((gun, words)) = review(state).and_then(|review| {
        let plan = stopping(state, review)?;
        let here = selected(state).is_some_and(|selected| selected.gun == plan.gun);
        Some(((!here).then(|| plan.gun.clone()), stopped(state, review, plan)))
    }) else {
        return false;
    };
    if let (Some(gun), Screen::Review(review)) = (gun, &mut state.screen) {
        review.list.select(&ReviewRow::Repository(gun));
    }
    state.say(Tone::Note, "not published", words);
    true
}

fn stopped(state: &State, review: &Review, plan: &RepositoryPlan) -> String {
    format!("{}: {}", state.short_name(&plan.name), helping(state, review, plan))
}

/// How many blocks and accepted dangers there are.
#[must_use]
pub fn counts(state: &State, review: &Review) -> (usize, usize) {
    let plans: Vec<&RepositoryPlan> = included(state, review).collect();
    let blocks = plans.iter().filter(|plan| is_open(review, plan)).count();
    let accepted = plans.iter().filter(|p| p.is_dangerous() && review.accepted.contains(&p.gun)).count();
    (blocks, accepted)
}

/// Opens the review.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.screen = Screen::Review(Review::default());
    reindex(state);
    vec![Effect::Plan]
}

/// Lists repositories and changes as the plan has them.
pub fn reindex(state: &mut State) {
    let plan = state.plan.clone();
    let Screen::Review(review) = &mut state.screen else { return };
    let plans = plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    let staged = |id: EntryId| plans.iter().any(|p| p.change(id).is_some());
    review.dropped.retain(|(_, c)| !staged(c.entry));
    review.accepted.retain(|gun| plans.iter().any(|p| p.gun == *gun && p.is_dangerous()));
    let planned = plans.iter().flat_map(|p| p.changes.iter().map(|c| (&p.gun, c)));
    for (gun, change) in planned {
        let seen = (gun.clone(), change.change.clone());
        if !review.places.contains(&seen) {
            review.places.push(seen);
        }
    }
    let (rows, at) = rows(review, plans);
    review.list.set(rows);
    if let Some(row) = at {
        review.list.select(&row);
    }
    // What stops the publish is where one begins; it may be far down.
    let stops = plans.iter().find(|p| p.is_blocked() && !review.left_out.contains(&p.gun));
    if let Some(plan) = stops.filter(|_| review.list.cursor() == 0) {
        review.list.select(&ReviewRow::Repository(plan.gun.clone()));
    }
}

type Numbered = (usize, ReviewRow);

/// Rows in the order in which their changes were first seen, and the one that was dropped or kept last.
fn rows(review: &Review, plans: &[RepositoryPlan]) -> (Vec<Numbered>, Option<ReviewRow>) {
    let mut guns: Vec<&Gun> = Vec::new();
    for gun in review.places.iter().map(|(gun, _)| gun).chain(plans.iter().map(|p| &p.gun)) {
        if !guns.contains(&gun) {
            guns.push(gun);
        }
    }
    let (mut rows, mut at) = (Vec::new(), None);
    for gun in guns {
        let plan = plans.iter().find(|p| p.gun == *gun);
        let kept = plan
            .into_iter()
            .flat_map(|p| &p.changes)
            .map(|c| (&c.change, plan.map_or(ReviewRow::Change(c.entry), |plan| row(plan, c))));
        let dropped = review.dropped.iter().filter(|(of, _)| of == gun);
        let dropped = dropped.map(|(_, c)| (&c.change, ReviewRow::Dropped(c.entry)));
        let mut own: Vec<(&Change, ReviewRow)> = kept.chain(dropped).collect();
        own.sort_by_key(|(change, _)| review.places.iter().position(|(of, c)| of == gun && c == *change));
        if own.is_empty() && plan.is_none() {
            continue;
        }
        rows.push((0, ReviewRow::Repository(gun.clone())));
        for (change, row) in own {
            if review.at.as_ref().is_some_and(|(of, last)| of == gun && last == change) {
                at = Some(row.clone());
            }
            rows.push((0, row));
        }
    }
    (rows, at)
}

fn row(plan: &RepositoryPlan, change: &PlannedChange) -> ReviewRow {
    if plan.is_needed(change) { ReviewRow::With(change.entry) } else { ReviewRow::Change(change.entry) }
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Review) -> Vec<Effect> {
    match action {
        actions::Review::Toggle => review_toggle::toggle(state),
        actions::Review::Fix => fix(state),
        actions::Review::Commands => {
            let lines = state.plan.as_ref().map(|p| commands::lines(p)).unwrap_or_default();
            state.dialogs.push(Dialog::Page(Page::commands(state.here.shell.as_deref(), lines)));
            vec![]
        }
        actions::Review::DropAll => {
            state.screen = state.home();
            staging::drop_all(state)
        }
        actions::Review::Publish => publish(state),
        actions::Review::Leave => {
            state.screen = state.home();
            vec![]
        }
    }
}

/// Stages what mends it.
pub fn fix(state: &State) -> Vec<Effect> {
    let Some((plan, (changes, words))) = fixable(state).and_then(|p| Some((p, fix_of(p)?))) else { return vec![] };
    let changes = changes.iter().map(|c| (plan.gun.clone(), c.clone())).collect();
    vec![Effect::Stage { changes, said: words.clone() }]
}

fn publish(state: &mut State) -> Vec<Effect> {
    let (Some(plan), Some(review)) = (state.plan.as_ref(), review(state)) else { return vec![] };
    let repositories: Vec<Gun> = included(state, review).map(|p| p.gun.clone()).collect();
    let accepted = review.accepted.iter().filter(|gun| repositories.contains(gun)).cloned().collect();
    let approval = Approval { plan: plan.id.clone(), repositories, accepted };
    questions::begin(state, approval)
}

/// How it is meant, a word, what it is about, and what helps.
pub type Verdict = (Tone, &'static str, String, Option<String>);

/// What the message line says while the review is open.
#[must_use]
pub fn verdict(state: &State, review: &Review) -> Verdict {
    if state.closed_all().is_some() {
        return (Tone::Note, "read-only", "nothing is published from here".to_owned(), None);
    }
    if let Some(why) = blocked(state) {
        return match stopping(state, review) {
            Some(plan) => {
                let name = state.short_name(&plan.name).to_owned();
                (Tone::Fail, "blocked", name, Some(helping(state, review, plan)))
            }
            None => (Tone::Fail, "blocked", why.to_owned(), None),
        };
    }
    let warnings = included(state, review).flat_map(|p| &p.warnings).filter(|w| w.weight == Weight::Warning).count();
    let (_, accepted) = counts(state, review);
    match (accepted, warnings) {
        (0, 0) => (Tone::Done, "ready", "nothing gets worse".to_owned(), None),
        (0, n) => (Tone::Warn, "ready", count(n, "warning to read", "warnings to read"), None),
        (n, _) => {
            let accepted = format!("{} accepted; P asks you to type the name", count(n, "loss", "losses"));
            (Tone::Warn, "ready", accepted, None)
        }
    }
}
