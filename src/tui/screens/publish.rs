//! A publish that runs: one track of steps for each repository.

use jiff::Timestamp as Time;

use crate::engine::plan::NeededKey;
use crate::engine::publish::job::Approval;
use crate::engine::{Progress, PublishOutcome, Published, Step};
use crate::printable::printable;
use crate::tuf::Gun;
use crate::tui::kit::format::count;
use crate::tui::kit::list::Move;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::{Screen, State};

/// The words of the five steps.
pub const STEPS: [&str; 5] = ["fetch", "plan", "sign", "upload", "check"];

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

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    CopyReport,
    Retry,
    Leave,
}

/// Keys of this screen.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter", "esc", "q"], Wanted::PublishScreen(Action::Leave), "back", Group::Leave, 10).unless(running),
    bind(&["y"], Wanted::PublishScreen(Action::CopyReport), "copy result", Group::Copy, 20).unless(running),
    bind(&["r"], Wanted::PublishScreen(Action::Retry), "review what failed", Group::Publish, 30).unless(nothing_failed),
];

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

fn publishing(state: &State) -> Option<&Publishing> {
    if let Screen::Publish(publishing) = &state.screen { Some(publishing) } else { None }
}

fn running(state: &State) -> Option<&'static str> {
    publishing(state)
        .is_some_and(|p| p.ended.is_none())
        .then_some("the publish still runs; ctrl-c begins no further repository")
}

fn nothing_failed(state: &State) -> Option<&'static str> {
    let failed = publishing(state).is_some_and(|p| p.ended.is_some() && (p.failure.is_some() || p.counts().1 > 0));
    (!failed).then_some("nothing failed")
}

impl Publishing {
    /// A publish that begins now.
    #[must_use]
    pub fn new(state: &State, approval: &Approval) -> Self {
        let track = |gun: &Gun| Track {
            gun: gun.clone(),
            name: state.short_name(&state.name_of(gun)).to_owned(),
            step: None,
            notes: Default::default(),
            began: None,
            ended: None,
            touch: None,
            wrong_sources: wrong_sources(state, gun),
        };
        let tracks: Vec<Track> = approval.repositories.iter().map(track).collect();
        let line = |track: &Track, words: &String| (state.now, track.name.clone(), words.clone());
        let log = tracks.iter().flat_map(|track| track.wrong_sources.iter().map(|words| line(track, words))).collect();
        Self {
            plan: approval.plan.0.clone(),
            tracks,
            cursor: 0,
            began: state.now,
            ended: None,
            stopping: false,
            failure: None,
            log,
        }
    }

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
        let done = outcomes().filter(|o| **o == PublishOutcome::Done).count();
        let failed = outcomes().filter(|o| matches!(o, PublishOutcome::Failed(_))).count();
        (done, failed)
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

fn wrong_sources(state: &State, gun: &Gun) -> Vec<String> {
    let keys = state.plan_of(gun).map_or(&[][..], |plan| plan.keys.as_slice());
    let id = |key: &NeededKey| if let NeededKey::Unlock { id, .. } = key { Some(id.clone()) } else { None };
    keys.iter().filter_map(id).filter_map(|id| state.wrong_sources.get(&id)).map(|words| printable(words)).collect()
}

/// How a repository ended, in words.
#[must_use]
pub fn result(track: &Track) -> String {
    let Some((_, published)) = &track.ended else { return "waiting".to_owned() };
    match &published.outcome {
        PublishOutcome::Done => {
            let versions: Vec<String> = published.versions.iter().map(|(r, v)| format!("{} v{v}", r.short())).collect();
            format!("done  {}  {}", versions.join(", "), published.checked)
        }
        PublishOutcome::Failed(problem) => format!("failed, kept staged  {}; {}", problem.message, problem.hint),
        PublishOutcome::Skipped => "not begun, kept staged".to_owned(),
    }
}

/// Does what the user wants.
pub fn update(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::CopyReport => {
            let text = publishing(state).map(Publishing::report).unwrap_or_default();
            vec![Effect::Copy { what: "the result", text }]
        }
        Action::Retry => super::review::open(state),
        Action::Leave => {
            state.screen = super::super::wizard::home(state);
            vec![]
        }
    }
}

/// Moves the cursor over the tracks.
pub fn go(publishing: &mut Publishing, to: Move) {
    let last = publishing.tracks.len().saturating_sub(1);
    publishing.cursor = match to {
        Move::Up | Move::HalfUp => publishing.cursor.saturating_sub(1),
        Move::Down | Move::HalfDown => publishing.cursor + 1,
        Move::Top => 0,
        Move::Bottom => last,
    }
    .min(last);
}

/// What the message line says.
#[must_use]
pub fn verdict(publishing: &Publishing) -> (Tone, &'static str, String) {
    let (done, failed) = publishing.counts();
    let all = publishing.tracks.len();
    match (publishing.ended, &publishing.failure) {
        (_, Some(_)) => (Tone::Fail, "nothing was sent", "everything stays staged".to_owned()),
        (None, _) if publishing.stopping => {
            (Tone::Warn, "stopping", "running repositories finish, no other is begun".to_owned())
        }
        (None, _) => (Tone::Note, "publishing", format!("{} of {all}", done + failed)),
        (Some(_), _) if failed > 0 => (Tone::Fail, "failed", format!("{} of {all}; what failed stays staged", failed)),
        (Some(_), _) if done < all => (Tone::Warn, "stopped", format!("{done} of {all} done; the others stay staged")),
        (Some(_), _) => (Tone::Done, "published", count(done, "repository, read back", "repositories, read back")),
    }
}
