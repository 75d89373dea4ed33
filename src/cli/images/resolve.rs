//! `resolve`: the digest that a tag is trusted to be, for programs that verify nothing themselves.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::arguments::Resolve;
use crate::cli::ending::Ending;
use crate::engine::reference::familiar_name;
use crate::engine::tags::trusted::{Trusted, trusted_in};
use crate::engine::{EngineError, Kind, Problem, RepositoryView};

#[derive(Serialize)]
struct ResolvedRow {
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
        match row(context, image, &mut ending).await {
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

async fn row(context: &Context, image: &str, ending: &mut Ending) -> Result<ResolvedRow, Problem> {
    let target = context.target(image)?;
    let name = familiar_name(&target.gun);
    if let Some(digest) = target.digest {
        // Whoever names the digest has decided already.
        return Ok(ResolvedRow {
            image: image.to_owned(),
            reference: format!("{name}@{digest}"),
            digest,
            tag: None,
            signers: vec![],
        });
    }
    let tag = target.tag.unwrap_or_else(|| "latest".to_owned());
    let view = context.relied_on(&target.gun).await?;
    ending.stale |= context.report_freshness(&view);
    context.report_losses(&view);
    let trusted = trusted(&view, &tag)?;
    let reference = format!("{name}@{}", trusted.digest);
    Ok(ResolvedRow {
        image: image.to_owned(),
        reference,
        digest: trusted.digest,
        tag: Some(tag),
        signers: trusted.signers,
    })
}

/// Finds a tag.
pub(super) fn trusted(view: &RepositoryView, tag: &str) -> Result<Trusted, Problem> {
    trusted_in(view, tag).map_err(|why| {
        let error = EngineError::Untrusted { gun: view.gun.clone(), tag: tag.to_owned(), why };
        let problem = error.problem();
        let is_gone = problem.kind == Kind::Absent && view.vanished.iter().any(|gone| gone == tag);
        let since = if is_gone { "; it was there when this machine looked last" } else { "" };
        Problem { message: format!("{}: {}{since}", view.name, problem.message), ..problem }
    })
}
