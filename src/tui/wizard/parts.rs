//! The step that is looked at, line by line: what, what can be done, why, with which key, what can go wrong.

use super::options::{self, Opt, Tick};
use super::{asking, picture, words};
use crate::engine::draft::applied::Mark;
use crate::engine::plan::PlannedChange;
use crate::engine::wizard::{StepKind, StepState, StepView, Way, Wizard, changes};
use crate::engine::{Change, RepositoryPlan};
use crate::tuf::{Gun, Role};
use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};
use crate::tui::kit::mark;
use crate::tui::kit::widgets::tag_effect;
use crate::tui::state::State;
use crate::tui::state::guide::{Footing, Guide};

/// Longest line of running text.
const TEXT: usize = 76;
/// Lines of an account that stand above what can be done.
const LONG: usize = 10;
/// Cells of a label.
const LABEL: usize = 7;

/// A line.
pub(super) enum StepLine {
    Blank,
    Runs(Runs),
    /// The cursor can stand here.
    Option(usize, Opt),
}

/// All lines of the step; `roomy` where pictures have a place.
#[must_use]
pub(super) fn lines(state: &State, guide: &Guide, cells: usize, roomy: bool) -> Vec<StepLine> {
    let theme = state.theme;
    let room = cells.min(TEXT);
    let mut lines = Vec::new();
    let Some(step) = guide.step() else { return end(state, guide, room) };
    if let StepState::Blocked(why) = guide.stand(guide.shown()) {
        for (i, line) in wrap(&words::said(state, &why), room.saturating_sub(2)).into_iter().enumerate() {
            let sign = if i == 0 { theme.glyphs.warn } else { " " };
            lines.push(StepLine::Runs(Runs::new().then(sign, theme.warn()).gap(1).then(line, theme.text())));
        }
        lines.push(StepLine::Blank);
    }
    let mut what = what(state, guide, step, room);
    let options = options::of(state, guide);
    // What can be done is in sight: a long account begins above it and goes on below.
    let rest = if options.is_empty() { Vec::new() } else { what.split_off(what.len().min(LONG)) };
    if !what.is_empty() {
        lines.extend(what.into_iter().map(StepLine::Runs));
        lines.push(StepLine::Blank);
    }
    if !options.is_empty() {
        if guide.phase != Footing::Walking {
            let head = match asking(state, guide) {
                Some((done, all)) => format!("asking the servers: {done} of {all}"),
                None => "in which repositories?".to_owned(),
            };
            lines.push(StepLine::Runs(Runs::new().then(head, theme.quiet())));
        }
        lines.extend(options.into_iter().enumerate().map(|(i, option)| StepLine::Option(i, option)));
        lines.push(StepLine::Blank);
    }
    if !rest.is_empty() {
        lines.extend(rest.into_iter().map(StepLine::Runs));
        lines.push(StepLine::Blank);
    }
    if roomy && step.kind == StepKind::Stage && step.state != StepState::Done {
        let picture = picture::lines(state, guide);
        if !picture.is_empty() {
            lines.extend(picture.into_iter().map(StepLine::Runs));
            lines.push(StepLine::Blank);
        }
    }
    for (label, text) in words::labelled(state, guide, step) {
        lines.extend(labelled(state, label, &text, room));
    }
    lines
}

fn labelled(state: &State, label: &str, text: &str, room: usize) -> Vec<StepLine> {
    let theme = state.theme;
    let wrapped = wrap(text, room.saturating_sub(LABEL));
    let line = |(i, line): (usize, String)| {
        let head = if i == 0 { label } else { "" };
        StepLine::Runs(Runs::new().then(format!("{head:<LABEL$}"), theme.quiet()).then(line, theme.text()))
    };
    wrapped.into_iter().enumerate().map(line).collect()
}

/// What the step is about: keys, or what the engine has to say.
fn what(state: &State, guide: &Guide, step: &StepView, room: usize) -> Vec<Runs> {
    let theme = state.theme;
    let mut lines = Vec::new();
    let about_keys = matches!(step.kind, StepKind::Key | StepKind::Stage | StepKind::Wait | StepKind::Remove);
    if about_keys && guide.choice().wizard.needs_key() {
        let (old, new) = (words::old_keys(guide), words::new_keys(guide));
        let line = |label: &'static str, ids: &[crate::tuf::CanonicalKeyId], none: &str| {
            let runs = Runs::new().then(format!("{label:<LABEL$}"), theme.quiet());
            let names: Vec<String> = ids.iter().map(|id| state.keyring.called_with_id(id)).collect();
            if names.is_empty() { runs.then(none, theme.quiet()) } else { runs.then(names.join(", "), theme.strong()) }
        };
        if !old.is_empty() {
            lines.push(line("old", &old, ""));
        }
        let mut runs = line("new", &new, "not chosen yet");
        let colleagues = guide.choice().way == Way::Colleague && guide.choice().wizard.role().delegation().is_some();
        if colleagues && new.iter().any(|id| !guide.facts.at_hand.contains(id)) {
            runs = runs.gap(2).then("with your colleague", theme.quiet());
        }
        lines.push(runs);
    }
    let is_later = guide.stand(guide.shown()) == StepState::Later;
    if let Some(next) = guide.next().and_then(|next| guide.steps.get(next)).filter(|_| is_later) {
        let text = format!("Not yet: {} comes first.", words::listed(next));
        lines.extend(wrap(&text, room).into_iter().map(|line| Runs::new().then(line, theme.quiet())));
    }
    if step.kind == StepKind::HandOver && !is_later {
        let carry = words::carrying(state, guide).into_iter();
        lines.extend(carry.map(|(text, style)| Runs::new().then(text, if style { theme.key() } else { theme.text() })));
    }
    // What would be staged is drawn with its signs elsewhere, and repositories are options while they are chosen.
    let told = matches!(step.kind, StepKind::Stage | StepKind::Key)
        || (step.kind == StepKind::Choose && guide.phase != Footing::Walking);
    let blocked = guide.stand(guide.shown());
    for text in words::detail(guide, step).iter().filter(|_| !told) {
        if blocked != StepState::Blocked(text.clone()) {
            lines.extend(
                wrap(&words::said(state, text), room).into_iter().map(|line| Runs::new().then(line, theme.text())),
            );
        }
    }
    lines
}

/// Behind the last step.
fn end(state: &State, guide: &Guide, room: usize) -> Vec<StepLine> {
    let theme = state.theme;
    let mut lines = vec![
        StepLine::Runs(
            Runs::new().then(theme.glyphs.ok, theme.ok()).gap(1).then(guide.choice().wizard.title(), theme.strong()),
        ),
        StepLine::Blank,
    ];
    for repository in &guide.facts.repositories {
        let tags = words::tags(state, repository, words::PULLED);
        let name = state.short_name(&state.name_of(&repository.gun)).to_owned();
        lines.push(StepLine::Runs(Runs::new().then(name, theme.text()).gap(3).then(tags, theme.quiet())));
    }
    lines.push(StepLine::Blank);
    let options = options::of(state, guide).into_iter().enumerate();
    lines.extend(options.map(|(i, option)| StepLine::Option(i, option)));
    lines.push(StepLine::Blank);
    let words = match guide.choice().wizard {
        Wizard::Snapshot { .. } => "Whoever signs needs the snapshot key from now on: export it, and hand it over.",
        _ => "Machines and people that sign with the old key cannot publish any more: tell them.",
    };
    if guide.choice().wizard.needs_key() && !words::old_keys(guide).is_empty() {
        lines.extend(labelled(state, "next", words, room));
    }
    lines
}

/// An option's line.
#[must_use]
pub(super) fn option(state: &State, option: &Opt, words: u16, selected: bool) -> Runs {
    let theme = state.theme;
    let tick = match option.tick {
        Tick::Radio(true) => format!("({}) ", theme.glyphs.chosen),
        Tick::Radio(false) => "( ) ".to_owned(),
        Tick::Check(true) => "[x] ".to_owned(),
        Tick::Check(false) => "[ ] ".to_owned(),
        Tick::Act => String::new(),
    };
    let style = if selected { theme.strong() } else { theme.text() };
    let gap = usize::from(words.saturating_sub(width(&option.word))) + 3;
    Runs::new()
        .then(tick, theme.text())
        .then(option.word.clone(), style)
        .gap(gap)
        .then(option.note.clone(), theme.quiet())
}

/// What the stage holds or will hold for it, repository by repository; nothing where that is not the subject.
#[must_use]
pub(super) fn staged(state: &State, guide: &Guide, canvas: &Canvas<'_>, cells: usize) -> Vec<Runs> {
    let subject =
        guide.step().is_some_and(|s| matches!(s.kind, StepKind::Stage | StepKind::Publish | StepKind::Remove));
    if !subject || guide.phase != Footing::Walking {
        return vec![];
    }
    let adds = guide.step().is_some_and(|s| matches!(s.kind, StepKind::Stage | StepKind::Remove));
    let mut lines = Vec::new();
    let wanted = changes(&guide.facts);
    for repository in &guide.facts.repositories {
        let plan = state.plan_of(&repository.gun).filter(|_| !repository.staged.is_empty());
        let own = wanted.iter().filter(|(gun, _)| *gun == repository.gun).map(|(_, c)| c);
        let fresh: Vec<&Change> = own.filter(|c| plan.is_none() || !repository.staged.contains(c)).collect();
        let fresh = if adds || plan.is_none() { fresh } else { vec![] };
        if plan.is_none() && fresh.is_empty() {
            continue;
        }
        lines.push(head(state, canvas, repository, plan, cells));
        // What this step adds comes first, for the rest may find no room.
        let mixed = plan.is_some() && !fresh.is_empty();
        lines.extend(fresh.into_iter().map(|c| change(state, c)));
        let there = plan.into_iter().flat_map(|plan| &plan.changes).map(|c| planned(state, c));
        lines.extend(
            there.map(|line| if mixed { line.gap(2).then("staged already", state.theme.quiet()) } else { line }),
        );
        lines.push(Runs::new());
    }
    lines.pop();
    lines
}

/// Whether all that is drawn of the stage is in it.
#[must_use]
pub(super) fn is_all_staged(guide: &Guide) -> bool {
    let there = guide.facts.repositories.iter().any(|r| !r.staged.is_empty());
    let is_staged = |(gun, change): &(Gun, Change)| {
        guide.facts.repositories.iter().any(|r| r.gun == *gun && r.staged.contains(change))
    };
    let adds = guide.step().is_some_and(|s| matches!(s.kind, StepKind::Stage | StepKind::Remove));
    there && (!adds || changes(&guide.facts).iter().all(is_staged))
}

fn head(
    state: &State,
    canvas: &Canvas<'_>,
    repository: &crate::engine::wizard::RepositoryFacts,
    plan: Option<&RepositoryPlan>,
    cells: usize,
) -> Runs {
    let theme = state.theme;
    let name = state.short_name(&state.name_of(&repository.gun)).to_owned();
    let runs = Runs::new().then(name, theme.strong());
    let right = match plan {
        Some(plan) => tag_effect(canvas, plan, 10),
        None => Runs::new().then(words::tags(state, repository, words::TAGS), theme.quiet()),
    };
    let gap = cells.saturating_sub(usize::from(runs.width() + right.width())).max(2);
    let mut runs = runs.gap(gap);
    runs.0.extend(right.0);
    runs
}

fn planned(state: &State, change: &PlannedChange) -> Runs {
    let theme = state.theme;
    let roles: Vec<&str> = change.roles.iter().map(Role::short).collect();
    let id = change.ids.first().map(String::as_str).unwrap_or_default();
    let (glyph, style) = mark::sign(theme, change.mark).unwrap_or((" ", theme.text()));
    Runs::new()
        .gap(2)
        .then(glyph, style)
        .gap(1)
        .then(format!("{:<20}", change.thing), theme.text())
        .gap(1)
        .then(format!("{id:<10}"), theme.quiet())
        .then(roles.join(", "), theme.quiet())
}

fn change(state: &State, change: &Change) -> Runs {
    let theme = state.theme;
    let mark = match change {
        Change::Create { .. } | Change::AddSigner { .. } | Change::AddDelegation { .. } => Mark::Added,
        Change::RemoveSignerKey { .. } | Change::EditDelegation { .. } => Mark::Removed,
        _ => Mark::Resigned,
    };
    let (glyph, style) = mark::sign(theme, mark).unwrap_or((" ", theme.text()));
    let text = match change {
        Change::AddSigner { name, keys } => {
            let ids: Vec<String> = keys.iter().map(|k| state.keyring.called_with_id(k.canonical_id())).collect();
            format!("add {} to {name}, releases", ids.join(", "))
        }
        Change::RemoveSignerKey { name, key } => {
            format!("remove {} from {name}, releases", state.keyring.called_with_id(key))
        }
        other => other.describe(),
    };
    Runs::new().gap(2).then(glyph, style).gap(1).then(text, theme.text())
}
