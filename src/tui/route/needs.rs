//! All that needs a person, worst first: a dock where there is room, a list to go through everywhere.

use std::collections::HashMap;

use crossterm::event::KeyEvent;

use super::places;
use crate::engine::wording::some;
use crate::engine::{Health, Problem};
use crate::tuf::{Gun, Role};
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::window::{Window, keys};
use crate::tui::kit::canvas::{Canvas, Runs, Spot, wrap};
use crate::tui::kit::list::stepped;
use crate::tui::messages::input;
use crate::tui::panes::repositories::health_glyph;
use crate::tui::state::{Repository, State, words};

const WIDTH: u16 = 84;
/// Lines that a key scrolls.
const PAGE: usize = 8;
/// Fewest lines below the list that say more of the one under the cursor, and fewest of the list.
const BELOW: u16 = 4;
const LEAST: u16 = 3;
/// Cells of a name.
const NAME: u16 = 24;

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) level: Health,
    pub(super) name: String,
    pub(super) headline: String,
    gun: Gun,
    role: Option<Role>,
    detail: String,
}

/// All of them, worst first.
pub(super) fn all(state: &State) -> Vec<Need> {
    let mut all = Vec::new();
    let failures = state.known.repositories.iter().filter_map(|r| Some((r, &r.failure.as_ref()?.problem)));
    let mut causes: HashMap<_, Vec<&Repository>> = HashMap::new();
    failures.for_each(|(repository, problem)| causes.entry(problem.cause()).or_default().push(repository));
    for repository in state.known.repositories.iter() {
        let (gun, name) = (repository.entry.gun.clone(), repository.entry.name.clone());
        let problem = repository.failure.as_ref().map(|failure| &failure.problem);
        // What several failed for is told with the first of them.
        if let Some((problem, same)) = problem.and_then(|problem| Some((problem, causes.remove(&problem.cause())?))) {
            let (headline, others) = shared(state, problem, &same);
            all.push(Need {
                level: repository.health(),
                name: name.clone(),
                headline,
                gun: gun.clone(),
                role: None,
                detail: words::short_names(
                    state,
                    &format!("{}: {}{others}", problem.message, state.spoken(&problem.hint)),
                ),
            });
        }
        let tampered = repository.registry.differences.tampered;
        if tampered > 0 {
            let (headline, detail) = words::tampered(tampered);
            let detail = state.spoken(&detail);
            let (name, gun) = (name.clone(), gun.clone());
            all.push(Need { level: Health::Fail, name, headline, gun, role: None, detail });
        }
        let findings = repository.view.iter().flat_map(|view| &view.findings);
        all.extend(findings.filter(|finding| finding.level < Health::Cached).map(|finding| Need {
            level: finding.level,
            name: name.clone(),
            headline: finding.headline.clone(),
            gun: gun.clone(),
            role: finding.role.clone(),
            detail: state.spoken(&finding.detail),
        }));
    }
    all.sort_by(|a, b| (a.level, &a.name).cmp(&(b.level, &b.name)));
    all
}

/// The word for a failure, with how many repositories have it for one and the same cause, and which.
fn shared(state: &State, problem: &Problem, same: &[&Repository]) -> (String, String) {
    let word = words::failed(problem.kind);
    if let [_] = same {
        return (word.to_owned(), String::new());
    }
    let names: Vec<String> = same.iter().map(|r| state.short_name(&r.entry.name).to_owned()).collect();
    (format!("{word}, in {} repositories", names.len()), format!(". In {}", some(&names)))
}

/// Takes a key: enter goes where the one under the cursor is mended.
pub(super) fn key(at: usize, state: &mut State, key: &KeyEvent) {
    let all = all(state);
    let last = all.len().saturating_sub(1);
    let at = match input::key_name(key).as_str() {
        "enter" => {
            go(state, at);
            return;
        }
        "esc" | "q" | "N" => return,
        key => stepped(key, at, last, PAGE).unwrap_or(at),
    };
    state.dialogs.push(Dialog::Needs(at));
}

/// Goes where one of them is mended.
pub(super) fn go(state: &mut State, at: usize) {
    if let Some(need) = all(state).get(at) {
        places::finding(state, &need.gun, need.role.as_ref());
    }
}

/// Draws the list and what is to be known of the one under the cursor.
pub(super) fn render(at: usize, state: &State, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let all = all(state);
    let window = Window {
        title: "Needs you".to_owned(),
        subject: format!("{}, worst first", all.len()),
        keys: keys(canvas, &[("enter", "go there"), ("j k", "choose"), ("esc", "close")]),
        colour: None,
    };
    let count = u16::try_from(all.len()).unwrap_or(u16::MAX).max(1);
    let room = canvas.area().height.saturating_sub(6 + 1);
    // What is said of any of them is whole where it can be; the window stays as large for all.
    let cells = usize::from(WIDTH.min(canvas.area().width.saturating_sub(4)).saturating_sub(6));
    let longest = all.iter().map(|need| wrap(&need.detail, cells).len()).max().unwrap_or_default();
    let longest = u16::try_from(longest).unwrap_or(u16::MAX);
    let below = longest.max(BELOW).min(room.saturating_sub(count.min(LEAST)));
    let height = count.min(room.saturating_sub(below).max(1)) + 1 + below;
    let place = window.open(canvas, WIDTH, height);
    // Lines that what is said of this one does not need show more of the list.
    let own = all.get(at).map_or(0, |need| wrap(&need.detail, cells).len());
    let own = u16::try_from(own).unwrap_or(u16::MAX).clamp(1, below);
    let rows = count.min(height.saturating_sub(1 + own)).max(1);
    if all.is_empty() {
        canvas.put(place.x, place.y, place.end, "nothing: every repository is as it should be", theme.quiet());
        return;
    }
    let shown = usize::from(rows);
    let offset = (at + 1).saturating_sub(shown);
    for (y, (i, need)) in (place.y..place.y + rows).zip(all.iter().enumerate().skip(offset)) {
        line(state, canvas, (place.x, y, place.end), (need, 1));
        canvas.spot(place.x, y, place.end, Spot::Line(i));
        if i == at {
            canvas.select(place.x.saturating_sub(1), y, place.end);
        }
    }
    let hidden = all.len().saturating_sub(offset + shown);
    if hidden > 0 {
        let more = format!("{hidden} more below");
        canvas.right(place.x, place.y + rows, place.end, &more, theme.quiet());
    }
    let detail = all.get(at).map(|need| wrap(&need.detail, place.width())).unwrap_or_default();
    for (y, line) in (place.y + rows + 1..place.bottom).zip(detail) {
        canvas.put(place.x, y, place.end, &line, theme.text());
    }
}

/// Cells of the name and of what it needs, in a line of `width`.
fn cells(width: u16) -> (u16, u16) {
    let name = NAME.min(width.saturating_sub(2) / 3);
    (name, width.saturating_sub(name + 4))
}

/// Lines that all take where none is cut, in lines of `width`.
pub(super) fn height(all: &[Need], width: u16) -> u16 {
    let lines: usize = all.iter().map(|need| wrap(&need.headline, usize::from(cells(width).1)).len()).sum();
    u16::try_from(lines).unwrap_or(u16::MAX - 3)
}

/// A need in at most `rows` lines. Says how many it took.
pub(super) fn line(
    state: &State,
    canvas: &mut Canvas<'_>,
    (x, y, end): (u16, u16, u16),
    (need, rows): (&Need, u16),
) -> u16 {
    let (cells, room) = cells(end.saturating_sub(x));
    let (glyph, style) = health_glyph(canvas.theme, need.level);
    let x = canvas.put(x, y, end, glyph, style) + 1;
    let fitted = |repository| state.fitted(repository, usize::from(cells));
    let name = state.find(&need.gun).map(fitted).unwrap_or_default();
    canvas.runs(x, y, x + cells, &Runs::new().then(name, canvas.theme.text()));
    let parts = wrap(&need.headline, usize::from(room.max(1)));
    if rows <= 1 || parts.len() <= 1 {
        canvas.put(x + cells + 2, y, end, &need.headline, canvas.theme.quiet());
        return 1;
    }
    let mut used = 0;
    for (part, y) in parts.iter().take(usize::from(rows)).zip(y..) {
        canvas.put(x + cells + 2, y, end, part, canvas.theme.quiet());
        used += 1;
    }
    used
}
