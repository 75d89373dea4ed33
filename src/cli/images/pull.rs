//! `pull`: by the trusted digest, then tagged, as the old client did and with its words.

use super::program::ImageProgram;
use super::resolve::trusted;
use crate::cli::Context;
use crate::cli::arguments::Pull;
use crate::cli::ending::Ending;
use crate::engine::Problem;
use crate::engine::reference::familiar_name;

/// Runs the command.
///
/// # Errors
/// If neither program is installed.
pub(in crate::cli) async fn run(context: &Context, command: &Pull) -> Result<Ending, Problem> {
    let program = ImageProgram::choose(context, command.with)?;
    let mut ending = Ending::done();
    for (at, image) in command.images.iter().enumerate() {
        match one(context, program, image, (at + 1, command.images.len())).await {
            Ok(()) => ending.succeeded += 1,
            Err(problem) => ending.problems.push(problem),
        }
    }
    Ok(ending)
}

async fn one(context: &Context, program: ImageProgram, image: &str, (at, of): (usize, usize)) -> Result<(), Problem> {
    let target = context.target(image)?;
    let name = familiar_name(&target.gun);
    if let Some(digest) = &target.digest {
        program.run(context, &["pull", &format!("{name}@{digest}")]).await?;
        return Ok(());
    }
    let tag = target.tag.unwrap_or_else(|| "latest".to_owned());
    let trusted = trusted(&context.relied_on(&target.gun).await?, &tag)?;
    let (tagged, digested) = (format!("{name}:{tag}"), format!("{name}@{}", trusted.digest));
    context.console.say(&format!("Pull ({at} of {of}): {tagged}@{}", trusted.digest));
    program.run(context, &["pull", digested.as_str()]).await?;
    context.console.say(&format!("Tagging {digested} as {tagged}"));
    program.run(context, &["tag", digested.as_str(), tagged.as_str()]).await?;
    context.console.result(&format!("{digested}\n"))
}
