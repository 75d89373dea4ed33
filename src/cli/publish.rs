//! `publish`: plan, agree, unlock, send, and say for every repository how it ended.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::mpsc;

use super::arguments::{Agreement, Publish};
use super::console::input;
use super::ending::Ending;
use super::plan_json::plan_rows;
use super::plan_text::plan_text;
use super::{Context, unlock};
use crate::engine::publish::job::Approval;
use crate::engine::{EngineError, Kind, Plan, Problem, Progress, PublishOutcome, Published, RepositoryPlan, Step};
use crate::printable::printable;
use crate::tuf::Gun;

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
    if guns.is_empty() {
        return nothing_staged(context, ending);
    }
    if command.dry_run {
        ending.problems = refresh(context, &mut guns).await;
        let plan = context.engine.stage().plan(Some(&guns))?;
        show_result(context, &plan)?;
        ending.problems.extend(plan.repositories.iter().filter_map(obstacle));
        ending.succeeded = guns.len();
        return Ok(ending);
    }
    require_agreement(context, &command.agreement)?;
    let failed = refresh(context, &mut guns).await;
    staged(context, ending, (guns, failed), &command.agreement).await
}

/// Publishes what is staged for repositories that were just asked for, all but those that could not be read; `ending`
/// holds what has failed before.
///
/// # Errors
/// As [`run`].
pub(super) async fn staged(
    context: &Context,
    mut ending: Ending,
    (guns, mut failed): (Vec<Gun>, Vec<Problem>),
    agreement: &Agreement,
) -> Result<Ending, Problem> {
    let plan = context.engine.stage().plan(Some(&guns))?;
    failed.extend(plan.repositories.iter().filter_map(obstacle));
    let ready: Vec<&RepositoryPlan> = plan.repositories.iter().filter(|r| !r.is_blocked()).collect();
    if ready.is_empty() {
        context.console.note(&plan_text(&plan));
        show_published(context, &[], &failed)?;
        return Ok(Ending { problems: [ending.problems, failed].concat(), succeeded: 0, ..ending });
    }
    context.console.note(&plan_text(&plan));
    agree(context, &plan, &ready, agreement)?;
    unlock::unlock(context, &plan).await?;
    let approval = Approval {
        plan: plan.id.clone(),
        repositories: ready.iter().map(|r| r.gun.clone()).collect(),
        accepted: ready.iter().filter(|r| r.is_dangerous()).map(|r| r.gun.clone()).collect(),
    };
    let names = ready.iter().map(|r| (r.gun.clone(), r.name.clone())).collect();
    let results = send(context, approval, names).await?;
    show_published(context, &results, &failed)?;
    ending.problems.extend(failed);
    ending.succeeded = results.iter().filter(|r| r.outcome == PublishOutcome::Done).count();
    ending.interrupted = results.iter().any(|r| r.outcome == PublishOutcome::Skipped);
    ending.problems.extend(results.into_iter().filter_map(|r| match r.outcome {
        PublishOutcome::Failed(problem) => Some(Problem { repository: Some(r.gun), ..problem }),
        PublishOutcome::Done | PublishOutcome::Skipped => None,
    }));
    Ok(ending)
}

/// Refuses to publish unattended without `--yes`.
///
/// # Errors
/// `Input`.
pub(super) fn require_agreement(context: &Context, agreement: &Agreement) -> Result<(), Problem> {
    if agreement.yes || context.console.interactive {
        return Ok(());
    }
    Err(input("there is no terminal to review the plan on", "look at it with --dry-run, then publish with --yes"))
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

fn nothing_staged(context: &Context, ending: Ending) -> Result<Ending, Problem> {
    if context.console.json {
        context.console.result_json(&serde_json::json!([]))?;
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
fn obstacle(plan: &RepositoryPlan) -> Option<Problem> {
    if let Some(problem) = &plan.failed {
        return Some(Problem { repository: Some(plan.gun.clone()), ..problem.clone() });
    }
    let block = plan.warnings.iter().find(|w| w.weight == crate::engine::plan::Weight::Block)?;
    let mend = block.fix.as_ref().map(|(_, what)| what.clone());
    Some(Problem {
        kind: Kind::Policy,
        message: format!("{}: {}", block.headline, block.detail),
        hint: mend.unwrap_or_else(|| "change what is staged; trustdeck status shows it".to_owned()),
        repository: Some(plan.gun.clone()),
        role: None,
    })
}

/// Gets the user's agreement to the plan, and on top to what cannot be mended afterwards.
fn agree(context: &Context, plan: &Plan, ready: &[&RepositoryPlan], agreement: &Agreement) -> Result<(), Problem> {
    let dangerous: Vec<&&RepositoryPlan> = ready.iter().filter(|r| r.is_dangerous()).collect();
    match agreement.accept.as_deref() {
        Some(id) if !id.is_empty() && id != plan.id.0 => {
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

/// Publishes, while progress is written to standard error.
async fn send(context: &Context, approval: Approval, names: BTreeMap<Gun, String>) -> Result<Vec<Published>, Problem> {
    let (sender, mut news) = mpsc::channel(64);
    context.busy.cancel();
    let publishing = context.engine.publisher().publish(approval, sender, context.stop.clone());
    tokio::pin!(publishing);
    let mut told_stop = false;
    loop {
        tokio::select! {
            results = &mut publishing => return Ok(results?),
            Some(progress) = news.recv() => say_progress(context, &names, &progress),
            () = context.stop.cancelled(), if !told_stop => {
                told_stop = true;
                context.console.note("stopping: no new repository is started, running ones finish");
            }
        }
    }
}

fn say_progress(context: &Context, names: &BTreeMap<Gun, String>, progress: &Progress) {
    let name = |gun| names.get(gun).map_or_else(|| gun.to_string(), Clone::clone);
    let (gun, step, note) = match progress {
        Progress::Step { gun, step, note } => (gun, step, note),
        Progress::Touch { gun, token } => {
            return context.console.say(&format!("{}: touch token {} now", name(gun), printable(token)));
        }
        Progress::Finished(_) => return,
    };
    let step = match step {
        Step::Fetch => "fetch".to_owned(),
        Step::Plan => "plan".to_owned(),
        Step::Sign { done, total } => format!("sign {done} of {total}"),
        Step::Upload => "upload".to_owned(),
        Step::Check => "check".to_owned(),
    };
    let note = note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    context.console.say(&format!("{}: {step}{note}", name(gun)));
}

pub(super) fn say_resolved(context: &Context, resolved: &[Published]) {
    for published in resolved {
        let how = match &published.outcome {
            PublishOutcome::Done => "had landed; it is done".to_owned(),
            PublishOutcome::Failed(problem) => format!("had not landed, and stays staged: {}", problem.message),
            PublishOutcome::Skipped => "had not begun, and stays staged".to_owned(),
        };
        context.console.say(&format!("{}: an interrupted publish {how}", published.gun));
    }
}

#[derive(Serialize)]
struct PublishedRow<'a> {
    repository: &'a Gun,
    outcome: &'static str,
    versions: BTreeMap<String, u64>,
    trusted: usize,
    checked: &'a str,
    new_keys: Vec<NewKey>,
    notes: &'a [String],
    error: Option<&'a Problem>,
}

#[derive(Serialize)]
struct NewKey {
    role: String,
    file: String,
}

/// The result: one entry for each repository, also for those that never came to publishing.
fn show_published(context: &Context, results: &[Published], failed: &[Problem]) -> Result<(), Problem> {
    if context.console.json {
        let mut rows: Vec<PublishedRow<'_>> = results.iter().map(published_row).collect();
        rows.extend(failed.iter().filter_map(failed_row));
        return context.console.result_json(&rows);
    }
    context.console.result(&results.iter().map(published_text).collect::<String>())
}

fn published_row(published: &Published) -> PublishedRow<'_> {
    let (outcome, error) = match &published.outcome {
        PublishOutcome::Done => ("done", None),
        PublishOutcome::Failed(problem) => ("failed", Some(problem)),
        PublishOutcome::Skipped => ("skipped", None),
    };
    let key = |(role, file): &(crate::tuf::Role, std::path::PathBuf)| NewKey {
        role: role.to_string(),
        file: file.display().to_string(),
    };
    PublishedRow {
        repository: &published.gun,
        outcome,
        versions: published.versions.iter().map(|(role, version)| (role.to_string(), *version)).collect(),
        trusted: published.trusted,
        checked: &published.checked,
        new_keys: published.new_keys.iter().map(key).collect(),
        notes: &published.notes,
        error,
    }
}

fn failed_row(problem: &Problem) -> Option<PublishedRow<'_>> {
    Some(PublishedRow {
        repository: problem.repository.as_ref()?,
        outcome: "failed",
        versions: BTreeMap::new(),
        trusted: 0,
        checked: "",
        new_keys: Vec::new(),
        notes: &[],
        error: Some(problem),
    })
}

fn published_text(published: &Published) -> String {
    let gun = &published.gun;
    let mut text = match &published.outcome {
        PublishOutcome::Done if published.versions.is_empty() => format!("{gun}: deleted on the server\n"),
        PublishOutcome::Done => {
            let versions: Vec<String> = published.versions.iter().map(|(r, v)| format!("{r} v{v}")).collect();
            let tags = if published.trusted == 1 { "tag" } else { "tags" };
            format!("{gun}: published {}; {} {tags} can be pulled\n", versions.join(", "), published.trusted)
        }
        PublishOutcome::Failed(_) => format!("{gun}: not published, everything stays staged\n"),
        PublishOutcome::Skipped => format!("{gun}: not begun, everything stays staged\n"),
    };
    if !published.checked.is_empty() {
        text.push_str(&format!("  checked: {}\n", printable(&published.checked)));
    }
    for (role, file) in &published.new_keys {
        text.push_str(&format!("  new {role} key: {}\n", printable(&file.display().to_string())));
    }
    for note in &published.notes {
        text.push_str(&format!("  {}\n", printable(note)));
    }
    text
}

fn show_result(context: &Context, plan: &Plan) -> Result<(), Problem> {
    if context.console.json {
        return context.console.result_json(&plan_rows(plan));
    }
    context.console.result(&plan_text(plan))
}
