//! How publishes ended, as text and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Context;
use super::console::input;
use crate::engine::publish::merged::Merge;
use crate::engine::{Kind, Problem, PublishOutcome, Published, StagedChange};
use crate::printable::printable;
use crate::tuf::{Gun, Role};

pub(super) fn say_resolved(context: &Context, resolved: &[Published]) {
    for published in resolved {
        let how = match &published.outcome {
            PublishOutcome::Done | PublishOutcome::Unchanged => "had landed; it is done".to_owned(),
            PublishOutcome::Failed(problem) if matches!(problem.kind, Kind::OutcomeUnknown | Kind::Role) => {
                format!("may have landed or not: {}", problem.message)
            }
            PublishOutcome::Failed(problem) => format!("had not landed, and stays staged: {}", problem.message),
            PublishOutcome::Skipped => "was not sent, and stays staged".to_owned(),
        };
        context.console.say(&format!("{}: an interrupted publish {how}", published.gun));
    }
}

/// Takes those out of which nothing is staged any more, and says what became of it: another trustdeck that shares the
/// stage publishes what is staged by all.
pub(super) async fn published_by_others(
    context: &Context,
    guns: &mut Vec<Gun>,
    asked: &[StagedChange],
) -> Result<Vec<Published>, Problem> {
    let staged = context.engine.stage().staged()?.changes;
    let is_staged = |gun: &Gun| staged.iter().any(|change| change.gun == *gun);
    let (kept, gone): (Vec<Gun>, Vec<Gun>) = guns.drain(..).partition(is_staged);
    *guns = kept;
    let mut results = Vec::new();
    for gun in gone {
        let view = context.view(&gun).await;
        let changes: Vec<StagedChange> = asked.iter().filter(|change| change.gun == gun).cloned().collect();
        let outcome = match view {
            Ok(_) if context.engine.stage().are_done(&gun, &changes)? => PublishOutcome::Unchanged,
            Ok(_) => PublishOutcome::Failed(Problem {
                kind: Kind::Conflict,
                repository: Some(gun.clone()),
                ..input(
                    format!(
                        "what was staged for {gun} is staged no more: another trustdeck has published or dropped it"
                    ),
                    "look at it with trustdeck inspect, and stage it again if it is missing",
                )
            }),
            Err(problem) => PublishOutcome::Failed(problem),
        };
        results.push(Published::ended(gun, outcome));
    }
    Ok(results)
}

#[derive(Serialize)]
struct PublishedRow<'a> {
    repository: &'a Gun,
    outcome: &'static str,
    versions: BTreeMap<String, u64>,
    trusted: usize,
    checked: &'a str,
    new_keys: Vec<NewKeyRow>,
    notes: &'a [String],
    merged: Vec<MergeRow<'a>>,
    error: Option<&'a Problem>,
}

/// What somebody else has published since the plan was reviewed.
#[derive(Serialize)]
struct MergeRow<'a> {
    role: &'a Role,
    version_reviewed: Option<u64>,
    version: Option<u64>,
    by: &'a [String],
    changes: &'a [String],
}

impl<'a> MergeRow<'a> {
    fn of(merge: &'a Merge) -> Self {
        let (version_reviewed, version) = merge.versions;
        Self { role: &merge.role, version_reviewed, version, by: &merge.by, changes: &merge.what }
    }
}

#[derive(Serialize)]
struct NewKeyRow {
    role: String,
    file: String,
}

/// The result: one entry for each repository, also for those that never came to publishing.
pub(super) fn show_published(context: &Context, results: &[Published], failed: &[Problem]) -> Result<(), Problem> {
    if context.console.json {
        let mut rows: Vec<PublishedRow<'_>> = results.iter().map(published_row).collect();
        rows.extend(failed.iter().filter_map(failed_row));
        return context.console.result_json(&rows);
    }
    context.console.result(&results.iter().map(published_text).collect::<String>())
}

fn published_row(published: &Published) -> PublishedRow<'_> {
    let (outcome, error) = match &published.outcome {
        PublishOutcome::Done if !published.merged.is_empty() => ("merged", None),
        PublishOutcome::Done => ("done", None),
        PublishOutcome::Unchanged => ("unchanged", None),
        PublishOutcome::Failed(problem) if problem.kind == Kind::OutcomeUnknown => ("unknown", Some(problem)),
        PublishOutcome::Failed(problem) => ("failed", Some(problem)),
        PublishOutcome::Skipped => ("skipped", None),
    };
    let key = |(role, file): &(Role, std::path::PathBuf)| NewKeyRow {
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
        merged: published.merged.iter().map(MergeRow::of).collect(),
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
        merged: Vec::new(),
        error: Some(problem),
    })
}

fn versions(published: &Published) -> String {
    let versions: Vec<String> = published.versions.iter().map(|(r, v)| format!("{r} v{v}")).collect();
    versions.join(", ")
}

fn published_text(published: &Published) -> String {
    let gun = &published.gun;
    let mut text = match &published.outcome {
        PublishOutcome::Done if published.versions.is_empty() => format!("{gun}: deleted on the server\n"),
        PublishOutcome::Done => {
            let tags = if published.trusted == 1 { "tag" } else { "tags" };
            format!("{gun}: published {}; {} {tags} can be pulled\n", versions(published), published.trusted)
        }
        PublishOutcome::Unchanged => {
            format!("{gun}: nothing to publish, the server has all of it already\n")
        }
        PublishOutcome::Failed(problem) if problem.kind == Kind::OutcomeUnknown => {
            format!("{gun}: unknown whether it was published; looked up again at the next publish\n")
        }
        PublishOutcome::Failed(_) if !published.versions.is_empty() => {
            format!("{gun}: sent {}, and not read back; looked up again at the next publish\n", versions(published))
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
    // What failed is merged with nothing; its error says what others have published.
    let is_failed = matches!(published.outcome, PublishOutcome::Failed(_));
    for merge in published.merged.iter().filter(|_| !is_failed) {
        text.push_str(&format!("  merged: {}\n", printable(&merge.sentence())));
    }
    for note in &published.notes {
        text.push_str(&format!("  {}\n", printable(note)));
    }
    text
}
