//! The whole frame: header, panes or screen, message, hints, dialogs. Changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{chart, dock, header, help, keys, needs, palette};
use crate::tui::dialogs::Dialog;
use crate::tui::kit::canvas::{Canvas, Runs, Spot, cut_path, width};
use crate::tui::kit::frame::Frame;
use crate::tui::kit::layout::{Areas, FLOOR, Shape};
use crate::tui::kit::message::{Message, MessageLine, Said, Tone};
use crate::tui::kit::pane::Pane;
use crate::tui::panes::{first, mend};
use crate::tui::screens::{blank, publish, publish_view, review, review_toggle, review_view};
use crate::tui::state::binding::{Action, Binding};
use crate::tui::state::guide::Footing;
use crate::tui::state::review::Review;
use crate::tui::state::{Before, Repository, Screen, State, actions, selected, words};
use crate::tui::{panes, wizard};

/// Draws everything.
pub fn render(state: &State, buffer: &mut Buffer) {
    let names = |text: &str| words::likeness(state, text).or_else(|| words::role_likeness(state, text));
    let mut canvas = Canvas::new(buffer, state.theme).knowing(&names);
    draw(state, &mut canvas);
    canvas.finish();
}

/// What stands at a cell, for the mouse: what is drawn is what can be clicked.
pub(super) fn spot_at(state: &State, x: u16, y: u16) -> Option<Spot> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    let mut canvas = Canvas::new(&mut buffer, state.theme);
    draw(state, &mut canvas);
    canvas.spot_at(x, y)
}

fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    if areas.shape == Shape::TooSmall {
        too_small(canvas);
        return;
    }
    let said = said(state);
    header::render(state, canvas);
    match &state.screen {
        Screen::Main => main(state, canvas, &areas, &said),
        Screen::Review(review) => review_view::render(state, review, canvas, (&areas, &said)),
        Screen::Publish(publishing) => publish_view::render(state, publishing, canvas, (&areas, &said)),
        Screen::Wizard => {
            if let Some(guide) = &state.guide {
                wizard::view::render(state, guide, canvas, (&areas, &said));
            }
        }
    }
    if let Some(y) = areas.message {
        let end = canvas.area().right();
        canvas.runs(1, y, end.saturating_sub(1), &said.runs(state.theme, end.saturating_sub(2)));
    }
    hints(state, canvas, areas.hints);
    if let Some(dialog) = state.dialogs.last() {
        canvas.dim();
        in_front(state, dialog, canvas);
    }
}

fn in_front(state: &State, dialog: &Dialog, canvas: &mut Canvas<'_>) {
    match dialog {
        Dialog::Help(open) => help::render(open, state, canvas),
        Dialog::Palette(open) => palette::render(open, state, canvas),
        Dialog::Needs(at) => needs::render(*at, state, canvas),
        Dialog::Expiry(at) => chart::render(*at, state, canvas),
        dialog => dialog.render(&state.around(), canvas),
    }
}

/// Draws the dialog on top alone, else the body of the screen: what is in front, for who reads it as lines.
pub(in crate::tui) fn front(state: &State, canvas: &mut Canvas<'_>) {
    let areas = state.areas();
    match (state.dialogs.last(), &state.screen) {
        (Some(dialog), _) => in_front(state, dialog, canvas),
        (None, Screen::Main) => main(state, canvas, &areas, &Said::Nothing),
        // What was said is told as it comes.
        (None, Screen::Review(review)) => review_view::render(state, review, canvas, (&areas, &own(state))),
        (None, Screen::Publish(publishing)) => {
            publish_view::render(state, publishing, canvas, (&areas, &Said::Nothing));
        }
        (None, Screen::Wizard) => {
            if let Some(guide) = &state.guide {
                wizard::view::render(state, guide, canvas, (&areas, &Said::Nothing));
            }
        }
    }
}

fn too_small(canvas: &mut Canvas<'_>) {
    let area = canvas.area();
    let text = format!(
        "Window too small: need {}x{}, have {}x{}. Enlarge it, or use trustdeck status.",
        FLOOR.0, FLOOR.1, area.width, area.height
    );
    for (y, line) in (0..area.height).zip(crate::tui::kit::canvas::wrap(&text, usize::from(area.width.max(1)))) {
        canvas.put(0, y, area.width, &line, canvas.theme.text());
    }
}

fn main(state: &State, canvas: &mut Canvas<'_>, areas: &Areas, said: &Said) {
    if state.is_blank() {
        let mut frame = Frame::titled("1 Repositories");
        if areas.message.is_none() {
            frame.footer = said.in_border(state.theme, areas.body, "");
        }
        let inner = frame.draw(canvas, areas.body, true);
        blank::render(state, canvas, inner);
        return;
    }
    for (pane, area) in &areas.panes {
        panes::render(state, canvas, *pane, *area, (areas.shape, said));
    }
    if let Some(docks) = areas.docks {
        dock::render(state, canvas, docks);
    }
}

/// The line for the user: what was said last, else what the screen says of itself.
fn said(state: &State) -> Said {
    let own = own(state);
    let spoken = |text: &str| state.spoken(&words::short_names(state, text));
    // What is done does not hide that the next step is blocked; why a key does nothing is an answer to it.
    let is_good = |m: &&Message| m.tone == Tone::Done;
    let blocked = matches!(&own, Said::Line(line) if line.tone == Tone::Fail);
    let message = state.message.as_ref().filter(|m| !(blocked && is_good(m)));
    match (state.before, message) {
        (Before::Prefix(prefix), _) => Said::Prefix(prefix_lines(state, prefix).0),
        (_, Some(m)) => Said::Line(MessageLine {
            tone: m.tone,
            verb: m.verb.clone(),
            object: if m.quotes { m.object.clone() } else { spoken(&m.object) },
            remedy: m.remedy.as_ref().map(|remedy| spoken(remedy)),
            back: m.back,
            whole: keys::key_of(state, Action::Messages).filter(|_| m.kept).map(|key| (key, "all of it")),
        }),
        (_, None) => own,
    }
}

/// What the screen says of itself.
fn own(state: &State) -> Said {
    let (tone, verb, object, remedy) = match &state.screen {
        Screen::Review(review) => review::verdict(state, review),
        Screen::Publish(publishing) => without_remedy(publish::verdict(publishing)),
        Screen::Wizard => match &state.guide {
            Some(guide) => without_remedy(wizard::verdict(state, guide)),
            None => return Said::Nothing,
        },
        Screen::Main => return Said::Nothing,
    };
    let (object, remedy) = (state.spoken(&object), remedy.map(|remedy| state.spoken(&remedy)));
    Said::Line(MessageLine { tone, verb: verb.to_owned(), object, remedy, back: None, whole: None })
}

fn without_remedy((tone, verb, object): (Tone, &'static str, String)) -> review::Verdict {
    (tone, verb, object, None)
}

/// The keys that may follow a prefix, but for those that do nothing now, in two lines: the second is that of the hints.
fn prefix_lines(state: &State, prefix: &str) -> (Runs, Runs) {
    /// Cells of a border that say where the cursor is.
    const POSITION: u16 = 20;
    let theme = state.theme;
    let areas = state.areas();
    let room = state.size.0.saturating_sub(if areas.message.is_some() { 2 } else { POSITION });
    let follows = |key: &&'static str| key.split_once(' ').filter(|(first, _)| *first == prefix);
    let all = keys::tables(state).into_iter().flatten();
    let all: Vec<_> = all.filter_map(|b| Some((b.keys.iter().find_map(follows)?.1, b))).collect();
    let is_any = all.iter().any(|(_, binding)| binding.blocked(state).is_none());
    let (mut first, mut second) = (Runs::new().then(prefix, theme.key()), Runs::new());
    for (key, binding) in all.into_iter().filter(|(_, binding)| !is_any || binding.blocked(state).is_none()) {
        let pair = Runs::new().gap(3).then(key, theme.key()).gap(1).then(binding.word, theme.quiet());
        let is_full = !second.is_empty() || first.width() + pair.width() > room;
        if is_full { &mut second } else { &mut first }.0.extend(pair.0);
    }
    (first, second)
}

/// What mends what the cursor is on.
fn mending(state: &State) -> Option<Action> {
    if matches!(state.screen, Screen::Main) { first::here(state) } else { None }
}

/// Cells of what undo would take back, which other hints may want.
const UNDO: usize = 26;

/// What undo would take back; where it has no room its repository stays.
fn undo_word(state: &State, cells: usize) -> String {
    let what = match (&state.screen, state.known.taken_off.last()) {
        (Screen::Wizard, _) => Some("what this staged".to_owned()),
        (Screen::Review(Review { just_left: Some(gun), .. }), _) => {
            Some(format!("leaving {} out", state.short_name(&state.name_of(gun))))
        }
        (Screen::Main, Some(guns)) => Some(match guns.as_slice() {
            [gun] => format!("hiding {}", state.short_name(&state.name_of(gun))),
            guns => format!("hiding {} repositories", guns.len()),
        }),
        _ => state.stage.undo.as_ref().map(|what| words::short_names(state, what)),
    };
    let what = what.map(|what| format!(" {}", cut_path(&what, cells, state.theme.glyphs.cut)));
    format!("undo{}", what.unwrap_or_default())
}

/// Keys that do something here, most used first. What sends stays, dim, while something must be mended first.
pub(super) fn hinted(state: &State) -> Vec<&'static Binding> {
    let mends = mending(state);
    let mut shown: Vec<&Binding> = Vec::new();
    for binding in keys::tables(state).into_iter().flatten().filter(|b| b.hint > 0 || mends == Some(b.action)) {
        let covered = shown.iter().any(|b| b.keys.first() == binding.keys.first());
        let blocked = binding.blocked(state).is_some();
        let publishes = binding.action == Action::ReviewScreen(actions::Review::Publish);
        if !covered && (!blocked || (publishes && !review::is_all_out(state))) {
            shown.push(binding);
        }
    }
    let place = |b: &Binding| match b.action {
        // Behind what enter does: whoever has staged something finds the way on at 80 columns.
        Action::Review if b.blocked(state).is_none() => STAGED_PLACE,
        // It can be done for a moment only.
        Action::Redo => STAGED_PLACE,
        _ => b.hint,
    };
    shown.sort_by_key(|b| (mends != Some(b.action), place(b)));
    shown
}

/// What a binding does here, in the word beside its key.
pub(super) fn word(state: &State, binding: &Binding) -> String {
    let role = || selected::role(state).filter(|_| state.focus == Pane::Roles);
    let renews = || role().is_some_and(|role| mend::of(state, role) == Some(mend::Mend::Renew));
    let question = || state.repository().and_then(Repository::question).as_ref().map(words::question);
    let is_begun = || state.guide.as_ref().is_some_and(|guide| guide.phase == Footing::Walking);
    let word = match binding.action {
        Action::Undo => return undo_word(state, UNDO),
        Action::Rotate if renews() => "renew",
        Action::ReviewScreen(actions::Review::Toggle) => match review_toggle::space_word(state) {
            "" => binding.word,
            here => here,
        },
        Action::Repositories(actions::Repositories::Answer) => question().unwrap_or(binding.word),
        // While repositories are chosen, nothing is kept.
        Action::Wizard(actions::Wizard::Leave) if !is_begun() => "leave",
        _ => binding.word,
    };
    word.to_owned()
}

/// Where the review stands among the hints once something is staged.
const STAGED_PLACE: u8 = 11;

fn hints(state: &State, canvas: &mut Canvas<'_>, y: u16) {
    let theme = canvas.theme;
    if state.filtering.is_some() {
        // All other keys are text.
        let keys = Runs::new().then("enter", theme.key()).then(" keep", theme.quiet()).gap(2);
        let keys = keys.then("esc", theme.key()).then(" clear", theme.quiet());
        canvas.runs(1, y, canvas.area().right(), &keys);
        return;
    }
    if let Before::Prefix(prefix) = state.before {
        let rest = prefix_lines(state, prefix).1;
        if !rest.is_empty() {
            canvas.runs(0, y, canvas.area().right(), &rest);
            return;
        }
    }
    let key = keys::key_of(state, Action::Help).unwrap_or_default();
    let help = Runs::new().then(key, theme.key()).then(" help", theme.quiet());
    let right = canvas.area().right().saturating_sub(1);
    let end = right.saturating_sub(help.width() + 3);
    let mut pairs: Vec<(&str, String, bool, Option<usize>)> = Vec::new();
    if matches!(&state.screen, Screen::Publish(p) if p.ended.is_none()) {
        pairs.push(("ctrl-c", "stop after the running ones".to_owned(), false, None));
    }
    let hinted = hinted(state);
    pairs.extend(
        hinted
            .iter()
            .enumerate()
            .map(|(i, b)| (b.keys.first().copied().unwrap_or(""), word(state, b), b.blocked(state).is_some(), Some(i))),
    );
    let mut left = end.saturating_sub(1);
    // What is too long makes room for a shorter one.
    pairs.retain(|(key, word, ..)| {
        let rest = left.checked_sub(width(key) + 1 + width(word));
        left = rest.map_or(left, |rest| rest.saturating_sub(2));
        rest.is_some()
    });
    let mut x = 1;
    for (key, word, blocked, place) in pairs {
        let is_undo = place.and_then(|place| hinted.get(place)).is_some_and(|b| b.action == Action::Undo);
        let word = if is_undo { undo_word(state, UNDO + usize::from(left)) } else { word };
        let key_style = if blocked { theme.quiet() } else { theme.key() };
        let runs = Runs::new().then(key, key_style).gap(1).then(word, theme.quiet());
        let after = canvas.runs(x, y, end, &runs);
        if let Some(place) = place {
            canvas.spot(x, y, after, Spot::Hint(place));
        }
        x = after + 2;
    }
    canvas.spot(right.saturating_sub(help.width()), y, right, Spot::Help);
    canvas.runs_right(x, y, right, &help);
}
