//! The top line: where we are, and what needs a person; below it the tour.

use super::tour::sentence;
use crate::engine::view::keys::KeyState;
use crate::engine::{Health, PlanId};
use crate::tui::kit::canvas::{Canvas, Runs, cut};
use crate::tui::kit::format::{clock, count, host, seconds_until};
use crate::tui::kit::theme::Theme;
use crate::tui::screens::review;
use crate::tui::state::binding::Action;
use crate::tui::state::guide::Guide;
use crate::tui::state::publishing::Publishing;
use crate::tui::state::{Screen, State, Work};
use crate::tui::wizard;

/// How much is said of keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// How many are locked, how many are open and for how long.
    Whole,
    /// How many are open.
    Open,
    Unsaid,
}

/// Draws header and tour.
pub(super) fn render(state: &State, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let end = canvas.area().right().saturating_sub(1);
    let mut left = Runs::new().then("trustdeck", theme.strong()).gap(2);
    if state.tour.is_some() || state.here.sandbox.is_some() {
        left = left.then(" SANDBOX ", theme.chip()).gap(2);
    }
    let closed = if matches!(state.screen, Screen::Wizard) { state.closed_to_wizard() } else { state.closed_here() };
    if closed.is_some() && state.here.pick.is_none() {
        left = left.then(" READ-ONLY ", theme.chip()).gap(2);
    }
    let beside = |room: u16| left.width() + place(state, room).width() + 3;
    let mut right = right_side(state, Keys::Whole);
    if beside(u16::MAX) + right.width() > end {
        // Where one is counts for more; the keys have a pane of their own.
        right = right_side(state, Keys::Open);
    }
    if beside(u16::MAX) + right.width() > end {
        right = right_side(state, Keys::Unsaid);
    }
    // The address of the server is whole before the name of the program is.
    if beside(u16::MAX) + right.width() > end {
        left.0.drain(..2);
    }
    let room = end.saturating_sub(right.width() + 2);
    left.0.extend(place(state, room.saturating_sub(left.width() + 1)).0);
    canvas.runs(1, 0, room, &left);
    canvas.runs_right(1, 0, end, &right);
    if state.tour.is_some() {
        tour(state, canvas);
    }
}

/// Where one is, in at most `room` cells if that can be.
fn place(state: &State, room: u16) -> Runs {
    let theme = state.theme;
    let (task, plan) = match &state.screen {
        Screen::Main => return server(state, room),
        Screen::Review(_) => ("review", state.plan.as_ref().map(|p| p.id.short().to_owned())),
        Screen::Publish(publishing) => ("publish", Some(PlanId(publishing.plan.clone()).short().to_owned())),
        Screen::Wizard => return state.guide.as_ref().map(|guide| task(state, guide)).unwrap_or_default(),
    };
    let mut runs = Runs::new().then(task, theme.quiet()).gap(2);
    if let Some(plan) = plan {
        runs = runs.then(format!("plan {plan}"), theme.text());
    }
    if let Screen::Review(_) = state.screen {
        let oldest = state.plan.iter().flat_map(|p| &p.repositories).filter_map(|p| p.data_of).min();
        if let (Some(at), true) = (oldest, state.size.0 >= 90) {
            runs = runs.gap(2).then(format!("data of {}", clock(at)), theme.quiet());
        }
    }
    runs
}

fn task(state: &State, guide: &Guide) -> Runs {
    let theme = state.theme;
    let (verb, object) = wizard::brief(&guide.choice().wizard);
    let runs = Runs::new().then(verb, theme.quiet()).gap(1).then(object, theme.strong()).gap(2);
    let names = match guide.guns().as_slice() {
        [gun] => state.short_name(&state.name_of(gun)).to_owned(),
        guns => crate::tui::kit::format::count(guns.len(), "repository", "repositories"),
    };
    runs.then(format!("in {names}"), theme.quiet())
}

/// The server, and whether it answers: that is never cut.
fn server(state: &State, room: u16) -> Runs {
    let theme = state.theme;
    let Some(repository) = state.repository() else {
        let named = state.here.server.as_deref().map_or("no server yet", host);
        return Runs::new().then(cut(named, usize::from(room), theme.glyphs.cut), theme.quiet());
    };
    let where_ = match &repository.entry.server {
        Ok(url) => host(url).to_owned(),
        Err(_) => "no server".to_owned(),
    };
    let answers = match state.is_online() {
        Some(true) => Runs::new().then(theme.glyphs.now, theme.ok()).then(" online", theme.quiet()),
        Some(false) => Runs::new().then(theme.glyphs.to_come, theme.warn()).then(" offline", theme.warn_word()),
        None => {
            let word = if repository.work() == Work::Idle { " not asked" } else { " asking" };
            Runs::new().then(theme.glyphs.to_come, theme.quiet()).then(word, theme.quiet())
        }
    };
    let cells = usize::from(room.saturating_sub(answers.width() + 2));
    let mut runs = Runs::new().then(cut(&where_, cells, theme.glyphs.cut), theme.text()).gap(2);
    runs.0.extend(answers.0);
    runs
}

/// What needs a person, and what is staged; of keys what there is room for.
fn right_side(state: &State, keys: Keys) -> Runs {
    let theme = state.theme;
    let mut parts: Vec<Runs> = Vec::new();
    match &state.screen {
        Screen::Main => {
            let (mut fail, mut warn) = (0, 0);
            for repository in state.known.repositories.iter() {
                match repository.health() {
                    Health::Fail => fail += 1,
                    Health::Warn => warn += 1,
                    _ => {}
                }
            }
            for (n, glyph, style) in [(fail, theme.glyphs.fail, theme.fail()), (warn, theme.glyphs.warn, theme.warn())]
            {
                if n > 0 {
                    parts.push(Runs::new().then(glyph, style).then(format!(" {n}"), theme.text()));
                }
            }
            parts.extend(wizard::waiting(state));
        }
        Screen::Review(review) => {
            let (blocks, accepted) = review::counts(state, review);
            if blocks > 0 {
                let style = theme.fail().patch(theme.strong());
                parts.push(Runs::new().then(format!("{} {blocks} blocked", theme.glyphs.fail), style));
            }
            if accepted > 0 {
                parts.push(
                    Runs::new()
                        .then(theme.glyphs.warn, theme.warn())
                        .then(format!(" {accepted} accepted"), theme.text()),
                );
            }
        }
        Screen::Publish(publishing) => parts.extend(progress(state, theme, publishing)),
        Screen::Wizard => {}
    }
    // Seen wherever a wizard leads, so that nobody has to go back for it.
    parts.extend(state.guide.as_ref().map(|guide| wizard::risk(state, guide)));
    if !matches!(state.screen, Screen::Publish(_)) {
        let locked = state.keyring.keys.iter().filter(|k| k.state == KeyState::Locked).count();
        let full = state.guide.is_some() || (matches!(state.screen, Screen::Main) && wizard::is_any_due(state));
        let crowded = full && state.size.0 < 110;
        if locked > 0 && keys == Keys::Whole && !crowded {
            let words = format!("{} locked", count(locked, "key", "keys"));
            parts.push(Runs::new().then(words, theme.quiet()));
        }
        // In a wizard its name and the tags at risk need the room.
        let is_said = keys == Keys::Whole || (keys == Keys::Open && state.guide.is_none());
        parts.extend(open_keys(state, keys).filter(|_| is_said));
        let staged = state.stage.changes.len();
        let style = if staged == 0 { theme.quiet() } else { theme.staged() };
        parts.push(Runs::new().then(format!("{staged} staged"), style));
    }
    if state.size.0 >= 160 {
        parts.push(Runs::new().then(format!("{} UTC", clock(state.now)), theme.quiet()));
    }
    let mut runs = Runs::new();
    for part in parts {
        if !runs.is_empty() {
            runs = runs.gap(3);
        }
        runs.0.extend(part.0);
    }
    runs
}

/// How many keys are open, and for how long where there is room: `2 keys open, locks in 4 min`.
fn open_keys(state: &State, keys: Keys) -> Option<Runs> {
    let open = state.keyring.keys.iter().filter(|k| k.state == KeyState::Open).count();
    let left = seconds_until(state.now, state.keyring.locks_at?).max(0);
    if open == 0 {
        return None;
    }
    // In minutes: a number that changes each second draws the eye, and nobody acts on it.
    let left_words = if left < 60 { "under 1 min".to_owned() } else { format!("{} min", left / 60) };
    let words = format!("{} open", count(open, "key", "keys"));
    let words = match (keys == Keys::Whole, state.size.0 < 110) {
        (false, _) => words,
        (true, true) => format!("{words}, {left_words}"),
        (true, false) => format!("{words}, locks in {left_words}"),
    };
    let style = if left < 60 { state.theme.warn_word() } else { state.theme.ok() };
    Some(Runs::new().then(words, style))
}

fn progress(state: &State, theme: Theme, publishing: &Publishing) -> Vec<Runs> {
    let (done, failed) = publishing.counts();
    let mut parts = vec![Runs::new().then(theme.glyphs.ok, theme.ok()).then(format!(" {done}"), theme.text())];
    if failed > 0 {
        parts.push(Runs::new().then(theme.glyphs.fail, theme.fail()).then(format!(" {failed}"), theme.text()));
    }
    let seconds = seconds_until(publishing.began, publishing.ended.unwrap_or(state.now)).max(0);
    parts.push(Runs::new().then(format!("{:02}:{:02}", seconds / 60, seconds % 60), theme.quiet()));
    parts
}

fn tour(state: &State, canvas: &mut Canvas<'_>) {
    let Some(tour) = &state.tour else { return };
    let theme = canvas.theme;
    let end = canvas.area().right().saturating_sub(1);
    let total = u16::try_from(tour.steps.len()).unwrap_or(1);
    let at = u16::try_from(tour.at).unwrap_or(0);
    let label = match tour.step() {
        Some(_) => format!("tour {} of {total}", at + 1),
        None => "tour done".to_owned(),
    };
    let line = 36u16.min(end.saturating_sub(40));
    canvas.gauge(1, 1, line, line * (at + 1).min(total) / total.max(1), (theme.tour(), theme.quiet()));
    canvas.put(line + 3, 1, end, &label, theme.tour());
    let skip = Runs::new().then(">", theme.key()).then(" skip", theme.quiet()).gap(3);
    let keys = if tour.step().is_some() { skip } else { Runs::new() };
    let keys = keys.then(state.key(Action::EndTour), theme.key()).then(" end tour", theme.quiet());
    canvas.runs_right(line + 16, 1, end, &keys);
    canvas.key_spots((end.saturating_sub(keys.width()), 1), &keys);
    let Some(step) = tour.step() else {
        let broken = state.known.repositories.iter().filter(|r| r.health() == Health::Fail).count();
        let scenes = count(broken, "repository is", "repositories are");
        let runs = match broken {
            0 => Runs::new().then("Done. Explore freely: nothing here can break.", theme.text()),
            _ => Runs::new()
                .then(format!("Done. {scenes} worth mending: "), theme.text())
                .then(state.key(Action::Needs), theme.key())
                .then(" says why.", theme.text()),
        };
        canvas.runs(1, 2, end, &runs);
        return;
    };
    let sentence = sentence(state, tour, step);
    let mut line = Runs::new().then(step.title, theme.strong()).gap(2).then(sentence.clone(), theme.text());
    if line.width() >= end {
        line = Runs::new().then(sentence, theme.text());
    }
    canvas.runs(1, 2, end, &line);
}
