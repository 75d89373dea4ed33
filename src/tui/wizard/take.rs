//! What the engine found about wizards is written to the state here.

use super::menu;
use super::{act, due, forms};
use crate::engine::Kind;
use crate::engine::wizard::{Choice, Facts, StepKind};
use crate::tui::dialogs::{Dialog, Form, Purpose};
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::event::{JobId, Outcome, Source};
use crate::tui::messages::failure::Failure;
use crate::tui::messages::wizard_task::{Learned, Task};
use crate::tui::state::binding::Action;
use crate::tui::state::guide::{Footing, Guide};
use crate::tui::state::{Screen, State, asking};

/// Notes that the facts of an open wizard are older than this outcome.
pub fn notice(state: &mut State, outcome: &Outcome) {
    let Some(guide) = &mut state.guide else { return };
    let newer = match outcome {
        Outcome::Viewed(gun, Source::Server, _) => guide.facts.repositories.iter().any(|r| r.gun == *gun),
        Outcome::Staged { result: Ok(stage), .. } => *stage != state.stage,
        Outcome::Keys(Ok(_)) | Outcome::Published(_) => true,
        _ => false,
    };
    guide.stale |= newer;
}

/// Takes an answer. It closes the form that asked for it, and no other.
pub fn take(state: &mut State, job: JobId, result: Result<Learned, Failure>) -> Vec<Effect> {
    let form = waiting(state, job);
    let answer = match result {
        Ok(answer) => answer,
        Err(failure) => return refused(state, job, form, &failure),
    };
    if let (Some((_, form)), Some(guide)) = (form, &mut state.guide) {
        guide.passphrase = forms::typed(&form);
    }
    match answer {
        Learned::Begun(begun) => {
            let menu = menu::all(state, &begun);
            state.begun = begun;
            state.dialogs.push(Dialog::Wizards(menu));
            vec![]
        }
        Learned::Reminded(begun) => {
            due::take(state, begun);
            vec![]
        }
        Learned::ToChoose(facts, chosen) => {
            let chosen = chosen.into_iter().filter(|gun| facts.choice.repositories.contains(gun)).collect();
            open(state, Guide::new(*facts, Footing::Choosing(chosen)))
        }
        Learned::Opened(facts) => {
            let began = state.guide.is_some();
            let guide = Guide::new(*facts, Footing::Walking);
            if began {
                // The servers were asked a moment ago.
                state.guide = Some(guide);
                return vec![];
            }
            open(state, guide)
        }
        Learned::ToGiveUp(facts) => {
            state.guide = Some(Guide { stale: true, ..Guide::new(*facts, Footing::Walking) });
            state.screen = Screen::Wizard;
            act::give_up(state)
        }
        Learned::Kept(choice) => kept(state, job, *choice),
        Learned::Seen(facts) => {
            learn(state, job, *facts);
            vec![]
        }
        Learned::Did(facts, verb, object) => {
            if let Some(guide) = state.guide.as_mut().filter(|guide| guide.is_about(&facts.choice)) {
                guide.learn(*facts);
            }
            state.say(Tone::Done, verb, object);
            vec![Effect::ListKeys]
        }
        Learned::Forgotten(title) => {
            let effects = close(state);
            state.say(Tone::Done, "closed", title);
            effects
        }
        Learned::GivenUp(title) => {
            let effects = close(state);
            state.say(Tone::Done, "given up", format!("{title}; W begins it again"));
            let undo = state.key(Action::Undo);
            let is_unlisted = !state.known.taken_off.is_empty();
            state.message.iter_mut().for_each(|said| said.back = is_unlisted.then_some((undo, "undo")));
            effects.into_iter().chain([Effect::ListEntries]).collect()
        }
    }
}

/// Leaves the wizard that is over.
fn close(state: &mut State) -> Vec<Effect> {
    let listed = act::stand_on_set_up(state);
    state.guide = None;
    if matches!(state.screen, Screen::Wizard) {
        state.screen = Screen::Main;
    }
    listed.into_iter().chain([Task::Remind.effect()]).collect()
}

/// Takes the form that waits for this job out of the dialogs, and where it was.
fn waiting(state: &mut State, job: JobId) -> Option<(usize, Form)> {
    let waits = |dialog: &Dialog| matches!(dialog, Dialog::Form(f) if f.busy.is_some() && matches!(f.purpose, Purpose::Wizard(_)));
    let at = state.jobs.is_of_form(job).then(|| state.dialogs.iter().rposition(waits)).flatten()?;
    match state.dialogs.remove(at) {
        Dialog::Form(form) => Some((at, form)),
        _ => None,
    }
}

/// Takes a choice that is on disk now, whoever asked for it, and goes on from it.
fn kept(state: &mut State, job: JobId, choice: Choice) -> Vec<Effect> {
    let Some(guide) = &mut state.guide else {
        state.say(Tone::Note, "kept", format!("{}; W goes on or gives up", choice.wizard.title()));
        return vec![];
    };
    if !guide.is_about(&choice) {
        return vec![];
    }
    let own = state.jobs.is_keep(job);
    let saving = guide.saving.take_if(|saving| own && saving.choice == choice);
    guide.learn(Facts { choice: choice.clone(), ..guide.facts.clone() });
    let mut effects = vec![Task::Look(choice).effect()];
    if saving.is_some_and(|saving| saving.then_stage) {
        effects.extend(act::fill(state));
    }
    effects
}

/// Opens a wizard, and asks the servers about what it depends on.
fn open(state: &mut State, guide: Guide) -> Vec<Effect> {
    let listed: Vec<_> = guide.facts.repositories.iter().map(|r| r.gun.clone()).collect();
    let walking = guide.phase == Footing::Walking;
    state.guide = Some(guide);
    state.screen = Screen::Wizard;
    state.message = None;
    let mut effects = vec![Effect::ListKeys];
    if state.guide.as_ref().is_some_and(|guide| guide.choice().wizard.takes_tokens()) {
        effects.push(Effect::LookForTokens);
    }
    if listed.iter().any(|gun| state.find(gun).is_none()) {
        effects.push(Effect::ListEntries);
    }
    if walking {
        effects.extend(listed.iter().filter_map(|gun| asking::once(state, gun, Effect::Refresh)));
    }
    effects
}

/// Facts about another choice than the one that is open are nobody's answer, nor are those that a later look has overtaken.
fn learn(state: &mut State, job: JobId, facts: Facts) {
    if let Some(guide) = &mut state.guide
        && *guide.choice() == facts.choice
        && guide.seen.is_none_or(|seen| seen < job)
    {
        guide.seen = Some(job);
        let before = guide.steps.clone();
        guide.learn(facts);
        let is_same = std::mem::take(&mut guide.asked) && guide.steps == before;
        let waits = guide.open_step().is_some_and(|step| step.kind == StepKind::Wait);
        let found = if waits { "not signed yet" } else { "nothing has changed" };
        let guns = guide.guns();
        let is_told = |gun| state.find(gun).is_some_and(|repository| repository.failure.is_none());
        if is_same && guns.iter().all(is_told) {
            state.say(Tone::Note, "asked now", found);
        }
    }
}

fn refused(state: &mut State, job: JobId, form: Option<(usize, Form)>, failure: &Failure) -> Vec<Effect> {
    if let Some(guide) = state.guide.as_mut().filter(|_| state.jobs.is_keep(job)) {
        guide.saving = None;
    }
    if let Some((at, form)) = form {
        state.dialogs.insert(at.min(state.dialogs.len()), Dialog::Form(form.failed(&state.told(failure))));
        return vec![];
    }
    if failure.problem.kind == Kind::Cancelled {
        // The token may have been touched all the same.
        return vec![Effect::ListKeys];
    }
    state.complain(failure);
    vec![]
}
