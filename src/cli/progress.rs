//! How far a publish is, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Context;
use crate::engine::{Progress, Step};
use crate::tuf::Gun;

/// What a program reads of the progress.
#[derive(Serialize)]
struct ProgressRow<'a> {
    repository: &'a Gun,
    progress: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// Says how far a publish is, on standard error.
pub(super) fn say_progress(context: &Context, names: &BTreeMap<Gun, String>, progress: &Progress) {
    let (gun, step, (done, total), note) = match progress {
        Progress::Step { gun, step, note } => {
            let counts = if let Step::Sign { done, total } = step { (Some(*done), Some(*total)) } else { (None, None) };
            (gun, step_word(step), counts, note.as_deref())
        }
        Progress::Touch { gun, token } => (gun, "touch", (None, None), Some(token.as_str())),
        Progress::Finished(_) => return,
    };
    if context.console.json {
        return context.console.event(&ProgressRow { repository: gun, progress: step, done, total, note });
    }
    let name = names.get(gun).map_or(gun.as_str(), String::as_str);
    let counts = done.zip(total).map(|(done, total)| format!(" {done} of {total}")).unwrap_or_default();
    context.console.say(&match (progress, note) {
        (Progress::Touch { token, .. }, _) => format!("{name}: touch token {token} now"),
        (_, Some(note)) => format!("{name}: {step}{counts} ({note})"),
        (_, None) => format!("{name}: {step}{counts}"),
    });
}

fn step_word(step: &Step) -> &'static str {
    match step {
        Step::Fetch => "fetch",
        Step::Plan => "plan",
        Step::Sign { .. } => "sign",
        Step::Upload => "upload",
        Step::Check => "check",
    }
}
