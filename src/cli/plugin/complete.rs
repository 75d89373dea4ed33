//! What Docker's completion asks a plugin: `__complete NAME WORDS... CURRENT`.
//!
//! Invariant: nothing is run. Source: cobra's protocol; a line for each candidate, then a colon and what a shell may add.

use std::ffi::OsStr;

use super::command::{COMMANDS, PluginCommand, Run};
use crate::cli::shell::images;

/// The two questions: with descriptions of candidates, and without.
const QUESTIONS: [&str; 2] = ["__complete", "__completeNoDesc"];

/// A shell adds no names of files.
const NO_FILES: &str = ":4\n";
/// It may.
const FILES: &str = ":0\n";

/// What is answered, if these arguments ask for completions.
pub(super) fn answer(arguments: &[String]) -> Option<String> {
    let (question, words) = arguments.split_first()?;
    if !question.starts_with("__") {
        return None;
    }
    let asked = QUESTIONS.contains(&question.as_str());
    let words = words.get(1..).filter(|_| asked).unwrap_or_default();
    let Some((current, before)) = words.split_last() else { return Some(NO_FILES.to_owned()) };
    let command = PluginCommand::find(before)?;
    let files = ["--key", "--dir"];
    if before.last().is_some_and(|option| files.contains(&option.as_str())) || command.run == Run::Load {
        return Some(FILES.to_owned());
    }
    let candidates = candidates(command, current);
    let fitting = candidates.into_iter().filter(|candidate| candidate.starts_with(current.as_str()));
    Some(fitting.map(|candidate| format!("{candidate}\n")).chain([NO_FILES.to_owned()]).collect())
}

fn candidates(command: &PluginCommand, current: &str) -> Vec<String> {
    if current.starts_with('-') {
        return command.known.iter().map(|option| format!("--{}", option.long)).collect();
    }
    match command.run {
        Run::Group => {
            let below = COMMANDS.iter().filter(|below| below.path.len() == command.path.len() + 1);
            let below = below.filter(|below| below.path.starts_with(command.path));
            below.filter_map(|below| below.path.last()).map(ToString::to_string).collect()
        }
        Run::Generate => Vec::new(),
        _ => images(OsStr::new(current)),
    }
}
