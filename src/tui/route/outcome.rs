//! What the engine found is written to the state here, whole.

use std::sync::Arc;

use super::{forms, keys, unlocking};
use crate::engine::trust::notice::trusted_for;
use crate::engine::{
    Admission, ListedRepository, Notice, Plan, PublishOutcome, Published, Remark, RepositoryView, Stage,
};
use crate::tuf::Gun;
use crate::tui::dialogs::Dialog;
use crate::tui::forms::{learn, offers};
use crate::tui::kit::format::count;
use crate::tui::kit::message::Tone;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::event::{JobId, Outcome, Source};
use crate::tui::messages::failure::Failure;
use crate::tui::messages::told::Told;
use crate::tui::messages::wizard_task::Task;
use crate::tui::screens::review;
use crate::tui::state::binding::Action;
use crate::tui::state::{Listing, Order, Picked, Repository, Screen, State, asking, staging, words};
use crate::tui::{panes, wizard};

/// Takes the outcome of a job.
pub fn take(state: &mut State, job: JobId, outcome: Outcome) -> Vec<Effect> {
    wizard::notice(state, &outcome);
    match outcome {
        Outcome::Wizard(result) => return wizard::take(state, job, result),
        Outcome::Entries(Ok(entries)) => return listed(state, entries),
        Outcome::Entries(Err(failure)) => {
            state.complain(&failure);
            state.known.listing = Listing::Failed(Box::new(failure));
        }
        Outcome::Viewed(gun, source, result) => return viewed(state, &gun, source, result),
        Outcome::Staged { said, result: Ok(stage) } => {
            state.unread_stage = None;
            if said.is_some() {
                forms::of_stage(state);
            }
            return staged(state, said, stage);
        }
        Outcome::Staged { result: Err(failure), .. } => match forms::of_stage(state) {
            Some(form) => state.dialogs.push(Dialog::Form(form.failed(&state.told(&failure)))),
            None => offers::unread_stage(state, &failure),
        },
        Outcome::WrongSources(named) => state.keyring.wrong_sources.extend(named),
        Outcome::Planned(result) => return planned(state, result),
        Outcome::Keys(Ok(keys)) => panes::keys::take(state, keys),
        Outcome::Tokens(tokens) => learn::tokens(state, tokens),
        Outcome::KeyProblems(problems) => state.keyring.problems = problems,
        Outcome::Keys(Err(failure)) => state.complain(&failure),
        Outcome::Key(found) => return panes::keys::worked(state, found),
        Outcome::Registry(found) => return panes::tags::take(state, found),
        Outcome::Locks(left) => return unlocking::locks(state, left),
        Outcome::AlsoUnlocked(opened) => return unlocking::also(state, &opened),
        Outcome::Unlocked(id, result) => return unlocking::one(state, &id, result),
        Outcome::Published(result) => return published(state, result),
        Outcome::Resolved(all) => return resolved(state, &all),
        outcome @ (Outcome::Foreign(..) | Outcome::ForeignAdopted(..) | Outcome::ForeignDropped(..)) => {
            return foreign(state, outcome);
        }
        Outcome::Greeted(url, result) => forms::greeted(state, url, result),
        Outcome::KeyFiles(result) => return forms::key_files(state, result),
        Outcome::Completed(candidates) => {
            if let Some(Dialog::Form(form)) = state.dialogs.last_mut() {
                form.completed(candidates);
            }
        }
        Outcome::Acted(gun, result) => return acted(state, gun, result),
    }
    vec![]
}

/// Takes what was found or done about changes that notary staged.
fn foreign(state: &mut State, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Foreign(gun, Ok(Some(changes))) => {
            let dialog = offers::foreign(state, &gun, &changes);
            state.dialogs.push(dialog);
        }
        Outcome::Foreign(gun, Ok(None)) => {
            let name = state.name_of(&gun);
            state.say(Tone::Note, "notary", format!("has nothing staged for {name} any more"));
        }
        Outcome::ForeignAdopted(gun, Ok(stage)) => {
            let name = state.name_of(&gun);
            let said = Told::new("adopted", format!("what notary staged in {}", state.short_name(&name)));
            let effects = staged(state, Some(said), stage);
            return effects.into_iter().chain(asking::once(state, &gun, Effect::Refresh)).collect();
        }
        Outcome::ForeignDropped(gun, Ok(path)) => {
            state.say(Tone::Done, "moved aside", path.display().to_string());
            return asking::once(state, &gun, Effect::Refresh).into_iter().collect();
        }
        Outcome::Foreign(_, Err(failure))
        | Outcome::ForeignAdopted(_, Err(failure))
        | Outcome::ForeignDropped(_, Err(failure)) => state.complain(&failure),
        _ => {}
    }
    vec![]
}

fn listed(state: &mut State, entries: Vec<ListedRepository>) -> Vec<Effect> {
    let fresh = state.known.repositories.list(entries.into_iter().filter(|entry| !entry.hidden).collect());
    state.known.are_listed(&fresh);
    state.learn_registry();
    state.known.listing = Listing::Ready;
    state.lists.order = Order::ByState;
    panes::reindex(state);
    stay_on_top(state);
    panes::reindex_shown(state);
    if let Some(wanted) =
        state.here.wanted.take_if(|wanted| state.known.repositories.iter().any(|r| r.entry.gun == *wanted))
    {
        state.lists.repositories.select(&wanted);
        state.lists.picked = state.lists.picked.max(Picked::AtStart);
        panes::reindex_shown(state);
    }
    // Those of the command line arrive one by one too, before the user did anything.
    let begins_at =
        state.here.pick.as_ref().and_then(|pick| pick.of.clone()).filter(|_| state.lists.picked == Picked::Worst);
    if let Some(gun) = begins_at.filter(|gun| state.find(gun).is_some()) {
        state.lists.picked = Picked::AtStart;
        state.lists.repositories.select(&gun);
        panes::reindex_shown(state);
    }
    fresh.into_iter().filter_map(|gun| asking::once(state, &gun, Effect::Open)).collect()
}

fn viewed(state: &mut State, gun: &Gun, source: Source, result: Result<Arc<RepositoryView>, Failure>) -> Vec<Effect> {
    if source == Source::Server {
        state.known.repositories.answered(gun);
    }
    let Some(repository) = state.find_mut(gun) else { return vec![] };
    let was_login = source == Source::Server && std::mem::take(&mut repository.is_logging_in);
    let (mut notice, mut failed) = (None, None);
    match (result, source) {
        (Ok(view), _) => {
            notice = view.notices.first().cloned();
            repository.registry.count(Some(&view));
            repository.view = Some(view);
            repository.failure = None;
        }
        // An empty cache is no failure: the server is asked next.
        (Err(_), Source::Cache) => {}
        (Err(failure), Source::Server) => {
            failed = Some(failure.clone());
            repository.failure = Some(failure);
        }
    }
    let refused = repository.refusal().filter(|_| was_login).cloned();
    if let Some(failure) = failed.filter(|failure| !is_told(state, gun, failure)) {
        state.record(&failure);
    }
    if let Some(problem) = refused {
        state.complain(&Failure::plain(problem));
    }
    if let Some(notice) =
        notice.filter(|_| source == Source::Server && state.tour.is_none() && state.here.sandbox.is_none())
    {
        state.lists.notice = Some(notice);
    }
    state.lists.behind = true;
    let mut effects = Vec::new();
    if source == Source::Server && state.known.staged.contains_key(gun) {
        effects.extend(asking::plan(state));
    }
    if source == Source::Server && !state.known.repositories.is_asking() {
        // What the servers say decides what wizards wait for.
        effects.extend([Effect::ListKeys, Task::Remind.effect()]);
    }
    effects
}

/// Whether another repository failed for the same cause, such as a helper that is broken.
fn is_told(state: &State, gun: &Gun, failure: &Failure) -> bool {
    let others = state.known.repositories.iter().filter(|r| r.entry.gun != *gun);
    others.filter_map(|r| r.failure.as_ref()).any(|other| other.problem.cause() == failure.problem.cause())
}

/// Puts rows in order if answers came since that was done.
pub(super) fn catch_up(state: &mut State) {
    if !std::mem::take(&mut state.lists.behind) {
        return;
    }
    // Rows stay where they are until the next key, except before the first one.
    let moved = state.lists.picked == Picked::ByUser || state.known.repositories.is_asking();
    state.lists.order = if moved { Order::AsShown } else { Order::ByState };
    panes::repositories::reindex(state);
    stay_on_top(state);
    panes::reindex_shown(state);
    if let Some(notice) = state.lists.notice.take() {
        say_notice(state, &notice);
    }
}

/// The worst repository is shown first until the user chooses another.
fn stay_on_top(state: &mut State) {
    if state.lists.picked == Picked::Worst {
        state.lists.repositories.go(crate::tui::kit::list::Move::Top, 1);
    }
}

/// Several first contacts are one message.
fn say_notice(state: &mut State, notice: &Notice) {
    let is_first = |notice: &Notice| matches!(notice, Notice::FirstContact { .. });
    let is_new = |r: &&Repository| r.view.as_ref().is_some_and(|v| v.notices.iter().any(is_first));
    let met = if is_first(notice) { state.known.repositories.iter().filter(is_new).count() } else { 0 };
    let words = match notice {
        Notice::FirstContact { is_kept, .. } if met > 1 => {
            format!("{met} repositories are new to this machine; their root keys are {}", trusted_for(*is_kept))
        }
        _ => notice.to_string(),
    };
    state.say(Tone::Note, "note", words);
}

fn staged(state: &mut State, said: Option<Told>, stage: Stage) -> Vec<Effect> {
    let (changed, instead) = (stage != state.stage, words::instead(&stage, &state.stage));
    if changed {
        staging::forget_shown(state);
    }
    state.stage = stage;
    state.known.staged.clear();
    for change in &state.stage.changes {
        *state.known.staged.entry(change.gun.clone()).or_default() += 1;
    }
    panes::staged::reindex(state);
    if let Some(said) = said {
        state.say(Tone::Done, said.verb, said.object + instead);
        let back = keys::possible(state, Action::Undo).map(|key| (key, "undo"));
        state.message.iter_mut().for_each(|message| message.back = back);
    }
    if state.stage.changes.is_empty() {
        state.plan = None;
        panes::reindex_shown(state);
        if matches!(state.screen, Screen::Review(_)) {
            review::reindex(state);
        }
        return vec![];
    }
    let is_wanted = changed || state.plan.is_none();
    let plan = is_wanted.then(|| asking::plan(state)).flatten();
    plan.into_iter().chain(asking::list(state).filter(|_| changed)).collect()
}

/// Shows a plan, unless what it is made from has changed since it was begun: then the next one is.
fn planned(state: &mut State, result: Result<Arc<Plan>, Failure>) -> Vec<Effect> {
    if state.jobs.take_next_plan() && !state.stage.changes.is_empty() {
        return vec![Effect::Plan];
    }
    match result {
        Ok(plan) => show_plan(state, plan),
        Err(failure) => {
            state.plan = None;
            panes::reindex_shown(state);
            state.complain(&failure);
        }
    }
    vec![]
}

fn show_plan(state: &mut State, plan: Arc<Plan>) {
    let gone = state.gate.as_ref().is_some_and(|gate| gate.approval.plan != plan.id);
    if gone {
        // What was approved is no longer what would happen.
        state.gate = None;
        state.dialogs.retain(|d| !matches!(d, Dialog::Prompt(_) | Dialog::Confirm(_)));
        state.say(Tone::Warn, "the plan changed", "look at it again before you publish");
    }
    let (lost, review) = (orphaned(&plan), state.key(Action::Review));
    let is_more = lost > state.plan.as_deref().map_or(0, orphaned);
    // What was staged a moment ago, and can be undone, is what does it.
    if let Some(message) =
        state.message.as_mut().filter(|said| is_more && said.tone == Tone::Done && said.back.is_some())
    {
        message.tone = Tone::Warn;
        message.object = format!("{} orphaned, {review} shows it: {}", count(lost, "tag", "tags"), message.object);
    }
    state.plan = Some(plan);
    panes::reindex_shown(state);
    if matches!(state.screen, Screen::Review(_)) {
        review::reindex(state);
    }
}

/// Tags that a plan orphans.
fn orphaned(plan: &Plan) -> usize {
    plan.repositories.iter().map(|repository| repository.tags.orphaned.len()).sum()
}

fn published(state: &mut State, result: Result<Vec<Published>, Failure>) -> Vec<Effect> {
    record_publish(state, &result);
    let now = state.now;
    let guns: Vec<Gun> = result.as_ref().map(|all| all.iter().map(|p| p.gun.clone()).collect()).unwrap_or_default();
    if let Screen::Publish(publishing) = &mut state.screen {
        publishing.end(now, result);
        // What was said before and while it ran is over.
        state.message.take_if(|message| message.tone != Tone::Fail);
    }
    let mut effects = vec![Effect::ReadStage, Effect::ListKeys];
    // A wizard that is open shows its last steps itself.
    effects.extend(state.guide.is_none().then(|| Task::Close(guns.clone()).effect()));
    effects.extend(guns.iter().filter_map(|gun| asking::once(state, gun, Effect::Refresh)));
    effects
}

/// Keeps what became of a publish among what was said.
fn record_publish(state: &mut State, result: &Result<Vec<Published>, Failure>) {
    match result {
        Err(failure) => state.record(failure),
        Ok(all) => {
            for published in all {
                match &published.outcome {
                    PublishOutcome::Failed(problem) => {
                        state.record(&Failure::plain(problem.clone()));
                    }
                    PublishOutcome::Done => {
                        // What the sandbox showed with it is over.
                        state.here.notes.remove(published.gun.as_str());
                        let (name, checked) = (state.name_of(&published.gun), published.checked.clone());
                        state.log.add(state.now, Tone::Done, "published", &name, vec![checked]);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Says how interrupted publishes ended.
fn resolved(state: &mut State, all: &[Published]) -> Vec<Effect> {
    if all.is_empty() {
        return vec![];
    }
    let landed = all.iter().filter(|p| p.outcome == PublishOutcome::Done).count();
    let words = format!("{landed} of {} had landed; the others stay staged", all.len());
    state.say(Tone::Warn, "an earlier publish was interrupted", words);
    vec![Effect::ReadStage]
}

fn acted(state: &mut State, gun: Option<Gun>, result: Result<Told, Failure>) -> Vec<Effect> {
    let said = match result {
        Ok(said) => said,
        Err(failure) => {
            state.complain(&failure);
            state.here.wanted.take_if(|_| gun.is_none());
            return vec![];
        }
    };
    let asked = gun.as_ref().and_then(|gun| asked(state, gun));
    let is_login = matches!(asked, Some(Admission::Login { .. }));
    // Whether a login is good is known once the server has answered.
    let is_hidden = said.verb == Told::OFF_THE_LIST;
    state.say(if is_login { Tone::Note } else { Tone::Done }, said.verb, said.object);
    let Some(gun) = gun else {
        let undo = state.key(Action::Undo);
        state.message.iter_mut().for_each(|message| message.back = is_hidden.then_some((undo, "undo")));
        return vec![Effect::ListEntries];
    };
    let Some(repository) = state.find_mut(&gun) else { return vec![Effect::ListEntries] };
    repository.is_logging_in = is_login;
    repository.failure = None;
    repository.registry.failure = None;
    let mut again = vec![gun.clone()];
    if let Some(given) = asked {
        // What others wait for too answers them all.
        let waits = |r: &&Repository| r.entry.gun != gun && r.admission().is_some_and(|asked| asked.is_for(&given));
        again.extend(state.known.repositories.iter().filter(waits).map(|r| r.entry.gun.clone()));
    }
    state.focus = if state.focus == Pane::Staged { Pane::Repositories } else { state.focus };
    // What was refused is reviewed before it is sent by somebody else.
    let refused = matches!(state.screen, Screen::Publish(_)).then(|| review::open(state));
    let asked: Vec<Effect> = again.iter().filter_map(|gun| asking::once(state, gun, Effect::Refresh)).collect();
    refused.into_iter().flatten().chain(asked).chain([Effect::ListEntries]).collect()
}

/// What was asked about a repository before the answer came: by a refused publish, else by itself.
fn asked(state: &State, gun: &Gun) -> Option<Admission> {
    let refused = if let Screen::Publish(publishing) = &state.screen { publishing.question() } else { None };
    match refused {
        Some((of, admission)) if of == gun => Some(admission.clone()),
        _ => state.find(gun)?.admission().cloned(),
    }
}

/// Says what was found out about this machine.
pub(super) fn learned(state: &mut State, words: String) -> Vec<Effect> {
    state.say(Tone::Warn, "this machine", words);
    vec![]
}

/// Tells what happens on the way to servers.
pub(super) fn remark(state: &mut State, remark: &Remark) -> Vec<Effect> {
    state.say(Tone::Warn, "on the way", remark.to_string());
    vec![]
}
