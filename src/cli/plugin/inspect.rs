//! `docker trust inspect`.

use super::docker::Docker;
use super::failure::Failure;
use super::options::Given;
use crate::cli::arguments::Inspect;
use crate::cli::inspect;
use crate::engine::{Kind, Problem};

/// Runs the command.
pub(super) async fn run(docker: &Docker, given: &Given) -> Result<(), Failure> {
    if !given.is_set("pretty") {
        return look(docker, &given.words, false).await;
    }
    // For people Docker stops at the first that it cannot show.
    for (at, reference) in given.words.iter().enumerate() {
        if at > 0 {
            docker.say("\n\n")?;
        }
        look(docker, std::slice::from_ref(reference), true).await?;
    }
    Ok(())
}

async fn look(docker: &Docker, references: &[String], pretty: bool) -> Result<(), Failure> {
    let readable: Vec<String> = references.iter().filter(|typed| docker.reference(typed).is_ok()).cloned().collect();
    let problems = match pretty && readable.is_empty() {
        true => Vec::new(),
        false => {
            let ending =
                inspect::run(&docker.context, &Inspect { references: readable, target: Vec::new(), pretty }).await?;
            ending.problems
        }
    };
    // Docker shows what it can, and succeeds.
    let (troubles, failed): (Vec<Problem>, Vec<Problem>) = problems.into_iter().partition(|p| p.kind == Kind::Role);
    for trouble in &troubles {
        docker.context.console.say(&format!("{trouble}"));
        docker.context.console.say(&format!("  {}", trouble.hint));
    }
    let lines: Vec<String> = references.iter().filter_map(|typed| complaint(docker, typed, &failed)).collect();
    if lines.is_empty() { Ok(()) } else { Err(Failure::new(lines.join("\n"))) }
}

/// Docker's sentence about a reference that could not be shown; below it why, which Docker never said.
fn complaint(docker: &Docker, typed: &str, failed: &[Problem]) -> Option<String> {
    let reference = match docker.reference(typed) {
        Ok(reference) => reference,
        Err(failure) => return Some(failure.text),
    };
    let problem = failed.iter().find(|problem| problem.repository.as_ref() == Some(&reference.gun))?;
    let why = match problem.kind {
        Kind::Absent => String::new(),
        _ => format!("\n  {}", problem.message),
    };
    Some(format!("no signatures or cannot access {typed}{why}"))
}
