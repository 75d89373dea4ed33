//! `resolve`: the digest that a tag is trusted to be, for programs that verify nothing themselves.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::arguments::Resolve;
use crate::cli::ending::Ending;
use crate::engine::reference::familiar_name;
use crate::engine::{EngineError, Problem};

#[derive(Serialize)]
struct Row {
    image: String,
    reference: String,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    signers: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Only if the result cannot be written.
pub(in crate::cli) async fn run(context: &Context, command: &Resolve) -> Result<Ending, Problem> {
    let mut ending = Ending::done();
    let mut rows = Vec::new();
    for image in &command.images {
        match row(context, image).await {
            Ok(row) => rows.push(row),
            Err(problem) => ending.problems.push(problem),
        }
    }
    ending.succeeded = rows.len();
    if context.console.json {
        context.console.result_json(&rows)?;
    } else {
        let lines: String = rows.iter().map(|row| format!("{}\n", row.reference)).collect();
        context.console.result(&lines)?;
    }
    Ok(ending)
}

async fn row(context: &Context, image: &str) -> Result<Row, Problem> {
    let target = context.target(image)?;
    let name = familiar_name(&target.gun);
    if let Some(digest) = target.digest {
        // Whoever names the digest has decided already.
        return Ok(Row {
            image: image.to_owned(),
            reference: format!("{name}@{digest}"),
            digest,
            tag: None,
            signers: vec![],
        });
    }
    let tag = target.tag.unwrap_or_else(|| "latest".to_owned());
    let trusted = context.engine.tags().trusted(&target.gun, &tag).await.map_err(|error| about(&name, error))?;
    let reference = format!("{name}@{}", trusted.digest);
    Ok(Row { image: image.to_owned(), reference, digest: trusted.digest, tag: Some(tag), signers: trusted.signers })
}

/// Names the image in an error about its tag.
pub(super) fn about(name: &str, error: EngineError) -> Problem {
    let is_of_tag = matches!(error, EngineError::Untrusted { .. });
    let mut problem = error.problem();
    if is_of_tag {
        problem.message = format!("{name}: {}", problem.message);
    }
    problem
}
