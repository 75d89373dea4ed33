//! A publish that runs: one track of steps for each repository.

use jiff::Timestamp as Time;

use crate::engine::{Admission, Problem, Progress, PublishOutcome, Published, Step};
use crate::printable::printable;
use crate::tuf::Gun;
use crate::tui::messages::failure::Failure;

/// How far the publish is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publishing {
    pub plan: String,
    pub tracks: Vec<Track>,
    pub cursor: usize,
    pub began: Time,
    pub ended: Option<Time>,
    /// No further repository is begun.
    pub stopping: bool,
    /// Why nothing was sent at all.
    pub failure: Option<Failure>,
    /// What happened: when, where, what.
    pub log: Vec<(Time, String, String)>,
}

impl Publishing {
    /// Takes news.
    pub fn news(&mut self, now: Time, news: Progress) {
        match news {
            Progress::Step { gun, step, note } => {
                let Some(track) = self.tracks.iter_mut().find(|t| t.gun == gun) else { return };
                track.began.get_or_insert(now);
                track.touch = None;
                track.step = Some(step);
                let note = match step {
                    Step::Sign { done, total } => Some(format!("{done} of {total}")),
                    _ => note,
                };
                let words = note.as_deref().map_or(String::new(), |note| format!(": {note}"));
                let line = format!("{}{words}", STEPS.get(index(step)).copied().unwrap_or_default());
                if let (Some(slot), Some(note)) = (track.notes.get_mut(index(step)), note) {
                    *slot = Some(note);
                }
                let name = track.name.clone();
                self.log.push((now, name, line));
            }
            Progress::Touch { gun, token } => {
                let Some(track) = self.tracks.iter_mut().find(|t| t.gun == gun) else { return };
                self.log.push((now, track.name.clone(), format!("touch token {token} now")));
                track.touch = Some(token);
            }
            Progress::Finished(published) => self.finish(now, published),
        }
    }

    fn finish(&mut self, now: Time, published: Published) {
        let Some(place) = self.tracks.iter().position(|t| t.gun == published.gun) else { return };
        let first_failure = matches!(published.outcome, PublishOutcome::Failed(_)) && self.counts().1 == 0;
        if first_failure {
            self.cursor = place;
        }
        if let Some(track) = self.tracks.get_mut(place)
            && track.ended.is_none()
        {
            track.ended = Some((now, published));
            self.log.push((now, track.name.clone(), result(track)));
        }
    }

    /// Why a repository failed, or why nothing was sent at all.
    #[must_use]
    pub fn problem_of<'a>(&'a self, track: Option<&'a Track>) -> Option<&'a Problem> {
        if let Some(failure) = &self.failure {
            return Some(&failure.problem);
        }
        match &track?.ended.as_ref()?.1.outcome {
            PublishOutcome::Failed(problem) => Some(problem),
            PublishOutcome::Done | PublishOutcome::Unchanged | PublishOutcome::Skipped => None,
        }
    }

    /// What would make the server let in the repository under the cursor, once the publish has ended.
    #[must_use]
    pub fn question(&self) -> Option<(&Gun, &Admission)> {
        let track = self.tracks.get(self.cursor).filter(|_| self.ended.is_some())?;
        Some((&track.gun, self.problem_of(Some(track))?.admission.as_deref()?))
    }

    /// Takes the end.
    pub fn end(&mut self, now: Time, result: Result<Vec<Published>, Failure>) {
        self.ended = Some(now);
        match result {
            Ok(all) => all.into_iter().for_each(|p| self.finish(now, p)),
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// How many are done and how many failed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let outcomes = || self.tracks.iter().filter_map(|t| t.ended.as_ref().map(|(_, p)| &p.outcome));
        let is_done = |o: &&PublishOutcome| matches!(o, PublishOutcome::Done | PublishOutcome::Unchanged);
        let done = outcomes().filter(is_done).count();
        let failed = outcomes().filter(|o| matches!(o, PublishOutcome::Failed(_))).count();
        (done, failed)
    }

    /// Whether nothing had to be sent at all.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let unchanged = |t: &Track| matches!(&t.ended, Some((_, p)) if p.outcome == PublishOutcome::Unchanged);
        !self.tracks.is_empty() && self.tracks.iter().all(unchanged)
    }

    /// Per cent of all steps; never goes back.
    #[must_use]
    pub fn per_cent(&self) -> usize {
        let of = |t: &Track| match (&t.ended, t.step) {
            (Some(_), _) => 5,
            (None, Some(step)) => index(step),
            (None, None) => 0,
        };
        let all = self.tracks.len() * 5;
        (self.tracks.iter().map(of).sum::<usize>() * 100).checked_div(all).unwrap_or(100)
    }

    /// The result as text.
    #[must_use]
    pub fn report(&self) -> String {
        let mut lines = vec![format!("plan {}", self.plan)];
        if let Some(failure) = &self.failure {
            lines.push(format!("nothing was sent: {} ({})", failure.problem.message, failure.problem.hint));
        }
        for track in &self.tracks {
            lines.push(format!("{}  {}", track.name, result(track)));
            if let Some((_, published)) = &track.ended {
                let paths =
                    published.new_keys.iter().map(|(role, path)| format!("  new {role} key: {}", path.display()));
                lines.extend(paths);
                lines.extend(published.notes.iter().map(|note| format!("  {note}")));
            }
            lines.extend(track.wrong_sources.iter().map(|words| format!("  {words}")));
        }
        lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
    }
}

/// A repository's track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    pub gun: Gun,
    pub name: String,
    pub step: Option<Step>,
    /// What a step has to say, by step.
    pub notes: [Option<String>; 5],
    pub began: Option<Time>,
    pub ended: Option<(Time, Published)>,
    /// A token that waits for a touch.
    pub touch: Option<String>,
    /// Names what is set for one of its keys and is wrong, although something else opened the key.
    pub wrong_sources: Vec<String>,
}

/// The words of the five steps.
pub const STEPS: [&str; 5] = ["fetch", "plan", "sign", "upload", "check"];

/// Place of a step among the five.
#[must_use]
pub fn index(step: Step) -> usize {
    match step {
        Step::Fetch => 0,
        Step::Plan => 1,
        Step::Sign { .. } => 2,
        Step::Upload => 3,
        Step::Check => 4,
    }
}

/// How a repository ended, in words.
#[must_use]
pub fn result(track: &Track) -> String {
    let Some((_, published)) = &track.ended else { return "waiting".to_owned() };
    match &published.outcome {
        PublishOutcome::Done => {
            let versions: Vec<String> = published.versions.iter().map(|(r, v)| format!("{} v{v}", r.short())).collect();
            let merged = published.merged.iter().map(|merge| format!("  merged: {}", merge.sentence()));
            format!("done  {}  {}{}", versions.join(", "), published.checked, merged.collect::<String>())
        }
        PublishOutcome::Unchanged => "unchanged: the server has all of it already".to_owned(),
        PublishOutcome::Failed(problem) => format!("failed, kept staged  {}; {}", problem.message, problem.hint),
        PublishOutcome::Skipped => "not begun, kept staged".to_owned(),
    }
}
