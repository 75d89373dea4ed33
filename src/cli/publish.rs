//! `publish`: plan, agree, unlock, send, and say for every repository how it ended.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{Agreement, Publish, Publishing};
use super::console::input;
use super::ending::Ending;
use super::plan_json::plan_rows;
use super::plan_text::plan_text;
use super::published::{published_by_others, say_resolved, show_published};
use super::sending::send;
use super::shown::{Shown, take_changed};
use super::{Context, preview, staged, unlock};
use crate::engine::publish::job::Approval;
use crate::engine::reference::in_command;
use crate::engine::{
    Change, EngineError, Kind, Overtaken, Plan, Problem, PublishOutcome, Published, RepositoryPlan, StagedChange,
};
use crate::printable::printable;
use crate::tuf::{Gun, Role};

/// Runs the command.
///
/// # Errors
/// For what concerns all repositories; nothing was sent then.
pub(super) async fn run(context: &Context, command: &Publish) -> Result<Ending, Problem> {
    let named: Vec<Gun> = command.repositories.iter().map(|r| context.repository(r)).collect::<Result<_, _>>()?;
    let mut ending = Ending::done();
    if !command.dry_run {
        say_resolved(context, &context.engine.publisher().resolve_interrupted().await?);
    }
    let mut guns = staged_repositories(context)?;
    guns.retain(|gun| named.is_empty() || named.contains(gun));
    refuse_elsewhere(context, &named, &mut guns)?;
    if guns.is_empty() {
        return nothing_staged(context, ending, &named);
    }
    if command.dry_run {
        ending.problems = refresh(context, &mut guns).await;
        return preview::preview(context, ending, &context.engine.stage().plan(Some(&guns))?, &command.agreement);
    }
    require_yes(context, &command.agreement, "look at it with --dry-run, then publish with --yes")?;
    let failed = refresh(context, &mut guns).await;
    let asked = context.engine.stage().staged()?.changes;
    staged(context, ending, (guns, failed), &Asked { changes: asked, shown: Vec::new() }, &command.agreement)
        .await
        .ending
}

/// What a publish was asked for.
pub(super) struct Asked {
    /// What was staged then.
    pub(super) changes: Vec<StagedChange>,
    /// What was shown of repositories before: nothing else may be signed.
    pub(super) shown: Vec<Shown>,
}

/// How a publish ended.
pub(super) struct Sent {
    pub(super) ending: Result<Ending, Problem>,
    /// The repositories that have an outcome; nothing was sent for the others.
    pub(super) tried: BTreeSet<Gun>,
}

/// How often a plan is reviewed anew because somebody published meanwhile: where it stays the same, by a person, and with
/// `--yes`, where each of many that run at once makes the plans of all others anew. The same plan was tried several times
/// each time, and a server that always says so ends it.
const REVIEWS_OF_THE_SAME: usize = 2;
const REVIEWS: usize = 5;
const REVIEWS_UNATTENDED: usize = 20;

/// Publishes what is staged for repositories that were just asked for, all but those that could not be read; `ending`
/// holds what has failed before.
pub(super) async fn staged(
    context: &Context,
    ending: Ending,
    (guns, failed): (Vec<Gun>, Vec<Problem>),
    asked: &Asked,
    agreement: &Agreement,
) -> Sent {
    let mut results = Vec::new();
    let failed = rounds(context, (guns, failed), asked, agreement, &mut results).await;
    let tried = results.iter().map(|result: &Published| result.gun.clone()).collect();
    let ending = match failed {
        Err(problem) if results.is_empty() => Err(problem),
        // Of what was sent before it failed, the outcome is told as well.
        Err(problem) => ended(context, ending, results, vec![problem]),
        Ok(failed) => ended(context, ending, results, failed),
    };
    Sent { ending, tried }
}

/// Publishes until nobody gets in between any more. Returns what could not be sent.
async fn rounds(
    context: &Context,
    (mut guns, mut failed): (Vec<Gun>, Vec<Problem>),
    asked: &Asked,
    agreement: &Agreement,
    results: &mut Vec<Published>,
) -> Result<Vec<Problem>, Problem> {
    let mut overtaken = BTreeMap::<Gun, Vec<Published>>::new();
    let reviews = if agreement.yes { REVIEWS_UNATTENDED } else { REVIEWS };
    for review in 1..=reviews {
        results.extend(published_by_others(context, &mut guns, &asked.changes).await?);
        let shown: Vec<Shown> = asked.shown.iter().filter(|shown| guns.contains(shown.gun())).cloned().collect();
        let mut round = reviewed(context, (guns, shown), &mut failed, agreement).await?;
        // One plan was accepted, and no other.
        let names_one = agreement.accept.as_ref().is_some_and(|id| !id.is_empty());
        if !names_one && review < reviews {
            let same_again = review < REVIEWS_OF_THE_SAME;
            guns = take_overtaken(&mut round, same_again, &mut overtaken);
        } else {
            guns = Vec::new();
        }
        results.extend(round);
        if guns.is_empty() {
            break;
        }
        context.console.note("somebody has published meanwhile: reviewed again");
        failed.extend(refresh(context, &mut guns).await);
    }
    let is_done = |r: &&mut Published| matches!(r.outcome, PublishOutcome::Done | PublishOutcome::Unchanged);
    for result in results.iter_mut().filter(is_done) {
        let (mut merged, mut notes) = (Vec::new(), Vec::new());
        for earlier in overtaken.remove(&result.gun).unwrap_or_default() {
            match earlier.outcome {
                PublishOutcome::Failed(problem) if earlier.merged.is_empty() => {
                    notes.push(format!("merged: {}", problem.message));
                }
                _ => merged.extend(earlier.merged),
            }
        }
        result.notes.extend(notes);
        merged.append(&mut result.merged);
        result.merged = merged;
    }
    Ok(failed)
}

/// Shows outcomes, and sums them up.
fn ended(
    context: &Context,
    mut ending: Ending,
    results: Vec<Published>,
    failed: Vec<Problem>,
) -> Result<Ending, Problem> {
    show_published(context, &results, &failed).map_err(|problem| {
        match results.iter().any(|r| r.outcome == PublishOutcome::Done) {
            true => Problem { hint: "it is published all the same; trustdeck inspect shows it".to_owned(), ..problem },
            false => problem,
        }
    })?;
    if results.iter().any(|result| !result.new_keys.is_empty()) {
        context.console.note("nobody else has the new keys: back them up with trustdeck key backup --out FILE");
    }
    let guns: Vec<Gun> = results.iter().map(|result| result.gun.clone()).collect();
    context.engine.wizards().close_set_ups(&guns)?;
    ending.problems.extend(failed);
    let is_done = |r: &&Published| matches!(r.outcome, PublishOutcome::Done | PublishOutcome::Unchanged);
    ending.succeeded = results.iter().filter(is_done).count();
    ending.interrupted = results.iter().any(|r| r.outcome == PublishOutcome::Skipped);
    ending.problems.extend(results.into_iter().filter_map(|r| match r.outcome {
        PublishOutcome::Failed(problem) => Some(Problem { repository: Some(r.gun), ..problem }),
        PublishOutcome::Done | PublishOutcome::Unchanged | PublishOutcome::Skipped => None,
    }));
    Ok(ending)
}

/// Takes those out before which somebody else has published, and remembers them.
fn take_overtaken(
    results: &mut Vec<Published>,
    same_again: bool,
    overtaken: &mut BTreeMap<Gun, Vec<Published>>,
) -> Vec<Gun> {
    let is_again = |result: &Published| {
        let how = result.overtaken.filter(|how| same_again || *how == Overtaken::Plan);
        how.is_some() && matches!(result.outcome, PublishOutcome::Failed(_))
    };
    let (again, kept): (Vec<Published>, Vec<Published>) = results.drain(..).partition(is_again);
    *results = kept;
    let guns = again.iter().map(|result| result.gun.clone()).collect();
    again.into_iter().for_each(|result| overtaken.entry(result.gun.clone()).or_default().push(result));
    guns
}

/// Shows the plan, gets the agreement and the keys, and publishes what nothing hinders.
async fn reviewed(
    context: &Context,
    (mut guns, mut shown): (Vec<Gun>, Vec<Shown>),
    failed: &mut Vec<Problem>,
    agreement: &Agreement,
) -> Result<Vec<Published>, Problem> {
    // The plan is of the files that were shown, and what is signed is what it says.
    let plan = loop {
        if guns.is_empty() {
            return Ok(Vec::new());
        }
        let plan = context.engine.stage().plan(Some(&guns))?;
        let changed = take_changed(context, &mut shown).await;
        if changed.is_empty() {
            break plan;
        }
        guns.retain(|gun| changed.iter().all(|problem| problem.repository.as_ref() != Some(gun)));
        failed.extend(changed);
    };
    failed.extend(plan.repositories.iter().filter_map(obstacle));
    match context.console.json {
        true => context.console.event(&serde_json::json!({ "plan": plan.id.0, "repositories": plan_rows(&plan) })),
        false => context.console.note(&plan_text(&plan, preview::extent(agreement))),
    }
    let ready: Vec<&RepositoryPlan> = plan.repositories.iter().filter(|r| !r.is_blocked()).collect();
    if ready.is_empty() {
        return Ok(Vec::new());
    }
    agree(context, &plan, &ready, agreement)?;
    unlock::unlock(context, &plan).await?;
    let approval = Approval {
        plan: plan.id.clone(),
        repositories: ready.iter().map(|r| r.gun.clone()).collect(),
        accepted: ready.iter().filter(|r| r.is_dangerous()).map(|r| r.gun.clone()).collect(),
    };
    let names = ready.iter().map(|r| (r.gun.clone(), r.name.clone())).collect();
    send(context, approval, names).await
}

/// Refuses to publish unattended without `--yes`.
///
/// # Errors
/// `Input`.
pub(super) fn require_agreement(context: &Context, publishing: &Publishing) -> Result<(), Problem> {
    if !publishing.publish || publishing.dry_run {
        return Ok(());
    }
    require_yes(context, &publishing.agreement, "look at it with --dry-run, then publish with --yes")
}

/// The same with another hint, for what is published in any case.
///
/// # Errors
/// `Input`.
pub(super) fn require_yes(context: &Context, agreement: &Agreement, hint: &str) -> Result<(), Problem> {
    if agreement.yes || context.console.interactive {
        return Ok(());
    }
    Err(input("there is no terminal to review the plan on", hint))
}

fn staged_repositories(context: &Context) -> Result<Vec<Gun>, Problem> {
    let mut guns: Vec<Gun> = Vec::new();
    for change in context.engine.stage().staged()?.changes {
        if !guns.contains(&change.gun) {
            guns.push(change.gun);
        }
    }
    Ok(guns)
}

/// Refuses to publish repositories by name whose changes are all for another server; without names they are left out.
fn refuse_elsewhere(context: &Context, named: &[Gun], guns: &mut Vec<Gun>) -> Result<(), Problem> {
    let stage = context.engine.stage().staged()?;
    let elsewhere: Vec<(Gun, Problem)> = guns
        .iter()
        .filter(|gun| !staged::is_here(context, &stage, gun))
        .filter_map(|gun| Some((gun.clone(), staged::elsewhere(context, &stage, gun)?)))
        .collect();
    for (gun, problem) in &elsewhere {
        if named.contains(gun) || elsewhere.len() == guns.len() {
            return Err(problem.clone());
        }
        context.console.problem(problem);
    }
    guns.retain(|gun| !elsewhere.iter().any(|(other, _)| other == gun));
    Ok(())
}

fn nothing_staged(context: &Context, ending: Ending, named: &[Gun]) -> Result<Ending, Problem> {
    if context.console.json {
        let unchanged = |gun| Published { outcome: PublishOutcome::Unchanged, ..Published::skipped(gun) };
        show_published(context, &named.iter().map(unchanged).collect::<Vec<_>>(), &[])?;
    } else {
        context.console.result("nothing is staged\n")?;
    }
    Ok(ending)
}

/// Asks the servers, so that the plan is about what they hold now; takes out what cannot be read.
async fn refresh(context: &Context, guns: &mut Vec<Gun>) -> Vec<Problem> {
    let views = context.views(guns).await;
    let mut problems = Vec::new();
    for (gun, view) in views {
        // An expired repository can be renewed; the plan knows what it needs.
        if let Err(problem) = view
            && problem.kind != Kind::Freeze
        {
            guns.retain(|kept| *kept != gun);
            problems.push(problem);
        }
    }
    problems
}

/// Why a repository cannot be published as planned.
pub(super) fn obstacle(plan: &RepositoryPlan) -> Option<Problem> {
    if let Some(problem) = &plan.failed {
        return Some(Problem { repository: Some(plan.gun.clone()), ..problem.clone() });
    }
    let block = plan.warnings.iter().find(|w| w.weight == crate::engine::plan::Weight::Block)?;
    let remedy = || block.remedy_alone().map(|remedy| format!("{}: {}", remedy.words(), remedy.command(&plan.gun)));
    let fix = |(changes, what): &(Vec<Change>, String)| match changes.as_slice() {
        [Change::Witness { role: role @ (Role::Root | Role::Targets) }] => {
            format!("{what}: trustdeck renew {role} {}", in_command(&plan.gun))
        }
        _ => what.clone(),
    };
    let mend = block.fix.as_ref().map(fix).or_else(remedy);
    Some(Problem {
        kind: Kind::Policy,
        message: format!("{}: {}", block.headline, block.detail),
        hint: mend.unwrap_or_else(|| "change what was asked for; trustdeck status shows what is staged".to_owned()),
        repository: Some(plan.gun.clone()),
        role: None,
        tags: None,
        admission: None,
    })
}

/// Gets the user's agreement to the plan, and on top to what cannot be mended afterwards.
fn agree(context: &Context, plan: &Plan, ready: &[&RepositoryPlan], agreement: &Agreement) -> Result<(), Problem> {
    let dangerous: Vec<&&RepositoryPlan> = ready.iter().filter(|r| r.is_dangerous()).collect();
    match agreement.accept.as_deref() {
        Some(id) if !id.is_empty() && !plan.id.is(id) => {
            return Err(policy(
                format!("plan {} was accepted, but the plan is now {}", printable(id), plan.id.0),
                "review the new plan with --dry-run",
            ));
        }
        Some(_) => {}
        None if dangerous.is_empty() => {}
        None if agreement.yes || !context.console.interactive => {
            let what = |r: &&&RepositoryPlan| {
                let danger = r.warnings.iter().find(|w| w.weight == crate::engine::plan::Weight::Danger);
                format!("{}: {}", r.name, danger.map(|w| w.headline.clone()).unwrap_or_default())
            };
            let dangers: Vec<String> = dangerous.iter().map(what).collect();
            return Err(policy(
                format!("nothing was sent: {}", dangers.join("; ")),
                &format!("mend the plan, or accept exactly this one with --accept={}", plan.id.0),
            ));
        }
        None => {
            for repository in &dangerous {
                let expected = if repository.deletes { repository.name.as_str() } else { short_name(&repository.name) };
                if !context.console.typed(&format!("type {} to accept this", printable(expected)), expected) {
                    return Err(EngineError::Cancelled.problem());
                }
            }
        }
    }
    if agreement.yes || context.console.confirms(&format!("publish plan {}?", plan.id.0)) {
        return Ok(());
    }
    Err(EngineError::Cancelled.problem())
}

fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn policy(message: String, hint: &str) -> Problem {
    Problem { kind: Kind::Policy, ..input(message, hint) }
}
