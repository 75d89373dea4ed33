//! `pull`: by the trusted digest, then tagged, as the old client did and with its words.

use super::program::{ImageProgram, elsewhere};
use super::resolve::trusted;
use crate::cli::Context;
use crate::cli::arguments::{Pull, Puller};
use crate::cli::ending::Ending;
use crate::engine::Problem;
use crate::engine::reference::familiar_name;
use crate::tuf::Gun;

/// Runs the command.
///
/// # Errors
/// If neither program is installed.
pub(in crate::cli) async fn run(context: &Context, command: &Pull) -> Result<Ending, Problem> {
    let program = ImageProgram::choose(context, command.with)?;
    let (mut ending, mut pulled) = (Ending::done(), Vec::new());
    for (at, image) in command.images.iter().enumerate() {
        match one(context, program, image, (at + 1, command.images.len())).await {
            Ok((reference, stale)) => {
                ending.succeeded += 1;
                ending.stale |= stale;
                pulled.push(serde_json::json!({ "image": image, "reference": reference }));
            }
            Err(problem) => ending.problems.push(problem),
        }
    }
    if context.console.json {
        context.console.result_json(&pulled)?;
    }
    Ok(ending)
}

/// Pulls one image; gives its reference by digest, and whether that is from the cache for want of the server.
async fn one(
    context: &Context,
    program: ImageProgram,
    image: &str,
    (at, of): (usize, usize),
) -> Result<(String, bool), Problem> {
    let target = context.target(image)?;
    let name = familiar_name(&target.gun);
    if let Some(digest) = &target.digest {
        let digested = format!("{name}@{digest}");
        fetch(context, program, &target.gun, &digested).await?;
        return Ok((digested, false));
    }
    let tag = target.tag.unwrap_or_else(|| "latest".to_owned());
    let view = context.relied_on(&target.gun).await?;
    let stale = context.report_freshness(&view);
    context.report_losses(&view);
    let trusted = trusted(&view, &tag)?;
    let (tagged, digested) = (format!("{name}:{tag}"), format!("{name}@{}", trusted.digest));
    context.console.say(&format!("Pull ({at} of {of}): {tagged}@{}", trusted.digest));
    fetch(context, program, &target.gun, &digested).await?;
    context.console.say(&format!("Tagging {digested} as {tagged}"));
    program.run(context, &["tag", digested.as_str(), tagged.as_str()]).await?;
    if !context.console.json {
        context.console.result(&format!("{digested}\n"))?;
    }
    Ok((digested, stale))
}

/// Pulls by digest.
async fn fetch(context: &Context, program: ImageProgram, gun: &Gun, digested: &str) -> Result<(), Problem> {
    let pulled = program.run(context, &["pull", digested]).await;
    let digest = digested.split_once('@').map_or(digested, |(_, digest)| digest);
    let commands = |there: &str, plain: &str| match program.0 {
        Puller::Podman => format!("podman pull {plain}{there}@{digest}"),
        Puller::Docker => format!("docker pull {there}@{digest}"),
    };
    pulled.map(drop).map_err(|problem| elsewhere(context, gun, problem, commands))
}
