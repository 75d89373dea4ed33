//! Whether registries hold what is to be signed by its digest.

use std::collections::BTreeMap;

use super::Context;
use super::keyfiles::ListedTag;
use super::wanted::about;
use crate::engine::reference::familiar_name;
use crate::engine::tags::candidate::{Candidate, WantedTag};
use crate::engine::wording::counted;
use crate::engine::{EngineError, Kind, Problem};
use crate::tuf::{Gun, TargetName};

/// Asks the registries about each tag; one that cannot be asked is named, once.
///
/// # Errors
/// For each that the registry does not have, or has with another size; then nothing of the list may be used.
pub(super) async fn held(context: &Context, listed: Vec<ListedTag>) -> Result<Vec<ListedTag>, Vec<Problem>> {
    let wanted = |tag: ListedTag| (tag.gun, WantedTag { tag: tag.tag, target: Some(tag.target) });
    let found = context.engine.tags().candidates_each(listed.into_iter().map(wanted).collect()).await;
    let (mut held, mut problems) = (Vec::new(), Vec::new());
    let (mut unasked, mut others) = (BTreeMap::<String, usize>::new(), Vec::new());
    for ((gun, wanted), found) in found {
        match found {
            Ok(Candidate { tag, target, instead, unchecked }) => {
                if let Some(problem) = unchecked {
                    *unasked.entry(problem.message).or_default() += 1;
                }
                others.extend(instead.map(|digest| format!("{}:{tag} (sha256:{digest})", familiar_name(&gun))));
                held.push(ListedTag { gun, tag, target });
            }
            Err(error) => problems.push(lacking(error, &gun, &wanted.tag)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    for (why, count) in unasked {
        let tags = counted(count, "tag", "tags");
        context.console.say(&format!("whether the registry has what is signed ({tags}) is not known: {why}"));
    }
    match others.as_slice() {
        [] => {}
        [one] => context.console.say(&format!("the registry holds another image under {one} now")),
        [first, more @ ..] => {
            let tags = counted(more.len(), "more tag", "more tags");
            context.console.say(&format!("the registry holds other images under {first} and {tags} now"));
        }
    }
    Ok(held)
}

/// Why a tag cannot be signed so, and the way on for those who push later.
fn lacking(error: EngineError, gun: &Gun, tag: &TargetName) -> Problem {
    let problem = about(error, gun);
    let message = format!("{}:{tag}: {}", familiar_name(gun), problem.message);
    let hint = match problem.kind {
        Kind::Absent => "push it first, or sign what is not there yet with --unpushed".to_owned(),
        Kind::Input => "give the digest and size that belong together; without both they are the registry's".to_owned(),
        _ => problem.hint,
    };
    Problem { message, hint, ..problem }
}
