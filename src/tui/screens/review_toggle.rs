//! What space does in the review, and what undo takes back of it.

use super::review::{review, selected};
use crate::engine::plan::PlannedChange;
use crate::tui::kit::format::count;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::state::review::ReviewRow;
use crate::tui::state::{Screen, State, staging, words};

/// What space does on the row under the cursor.
#[must_use]
pub fn space_word(state: &State) -> &'static str {
    let Some(review) = review(state) else { return "" };
    let plan = selected(state);
    match review.list.selected() {
        _ if plan.is_some_and(|plan| review.left_out.contains(&plan.gun)) => "take all in",
        Some(ReviewRow::Change(_)) => "drop the change",
        Some(ReviewRow::With(_)) => "drop what needs it",
        Some(ReviewRow::Dropped(_)) => "keep the change",
        Some(ReviewRow::Repository(gun)) if review.accepted.contains(gun) => "no longer accept",
        Some(ReviewRow::Repository(_)) if plan.is_some_and(|p| p.is_dangerous() && !p.is_blocked()) => "accept",
        Some(ReviewRow::Repository(_)) | None => "leave all out",
    }
}

/// Drops or keeps, leaves out or takes in, accepts or no longer.
pub(super) fn toggle(state: &mut State) -> Vec<Effect> {
    let plan = state.plan.clone();
    // What was left out comes back whole, from whichever of its rows.
    let gun = selected(state).map(|plan| plan.gun.clone());
    let Screen::Review(review) = &mut state.screen else { return vec![] };
    review.just_left = None;
    if gun.is_some_and(|gun| review.left_out.remove(&gun)) {
        return vec![];
    }
    let plans = plan.as_ref().map_or(&[][..], |p| p.repositories.as_slice());
    match review.list.selected().cloned() {
        Some(ReviewRow::Repository(gun)) => {
            let dangerous = plans.iter().any(|p| p.gun == gun && p.is_dangerous() && !p.is_blocked());
            if !dangerous {
                review.just_left = Some(gun.clone());
                review.left_out.insert(gun);
            } else if !review.accepted.remove(&gun) {
                review.accepted.insert(gun);
            }
            vec![]
        }
        Some(ReviewRow::Change(id) | ReviewRow::With(id)) => {
            let found = plans.iter().find_map(|p| Some((p, p.change(id)?)));
            let Some((plan, change)) = found else { return vec![] };
            review.at = Some((plan.gun.clone(), change.change.clone()));
            // Without its creation nothing else can be staged for a repository.
            let is_all = change.change.is_creation() && plan.is_needed(change) && !change.comes_along;
            let gone = plan.changes.iter().filter(|c| !c.comes_along && (is_all || c.entry == id));
            let gone: Vec<&PlannedChange> = gone.collect();
            review.dropped.extend(gone.iter().map(|change| (plan.gun.clone(), (*change).clone())));
            let said = match gone.as_slice() {
                [one] => words::change(&one.change, &plan.name),
                more => count(more.len(), "change", "changes"),
            };
            vec![Effect::Drop { entries: gone.iter().map(|change| change.entry).collect(), said }]
        }
        Some(ReviewRow::Dropped(id)) => {
            let Some(place) = review.dropped.iter().position(|(_, c)| c.entry == id) else { return vec![] };
            let (gun, change) = review.dropped.remove(place);
            review.at = Some((gun.clone(), change.change.clone()));
            // Its creation comes before all else of a repository.
            let created = review.dropped.iter().position(|(of, c)| *of == gun && c.change.is_creation());
            let created = created.map(|place| review.dropped.remove(place));
            let kept = created.into_iter().chain([(gun, change)]).map(|(gun, change)| (gun, change.change));
            let kept = kept.collect();
            staging::add(state, kept)
        }
        None => vec![],
    }
}

/// Takes in again what was left out a moment ago, else takes back what was staged last.
pub fn undo(state: &mut State) -> Vec<Effect> {
    let Screen::Review(review) = &mut state.screen else { return vec![Effect::Undo] };
    let Some(gun) = review.just_left.take() else { return vec![Effect::Undo] };
    review.left_out.remove(&gun);
    review.list.select(&ReviewRow::Repository(gun.clone()));
    let name = state.name_of(&gun);
    state.show(Tone::Done, "taken in again", state.short_name(&name).to_owned());
    vec![]
}
