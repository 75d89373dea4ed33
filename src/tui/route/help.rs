//! Help, made from the key tables: filter it, run what it lists.

use crossterm::event::{KeyCode, KeyEvent};

use super::keys;
use crate::tui::dialogs::window::{Window, keys};
use crate::tui::dialogs::{Dialog, Help};
use crate::tui::kit::canvas::{Canvas, Runs, Spot as Click, width};
use crate::tui::kit::field::TextField;
use crate::tui::kit::filter::Filter;
use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::input;
use crate::tui::state::State;
use crate::tui::state::binding::{Action, Binding, Group};

/// Cells of a key and its word, at least.
const COLUMN: u16 = 23;
/// Those of them that the key takes.
const KEYS: u16 = 10;
/// Lines that a key scrolls.
const PAGE: usize = 8;

fn listed(help: &Help, state: &State) -> Vec<&'static Binding> {
    let filter = Filter::new(help.typed.text());
    let mut listed: Vec<&Binding> = Vec::new();
    for binding in keys::tables(state).into_iter().flatten() {
        let text = format!("{} {} {}", binding.keys.join(" "), binding.word, binding.group.title());
        let hidden = listed.iter().any(|b| b.keys.first() == binding.keys.first());
        let mirrored = is_mirror(state, binding.action);
        if !hidden && !mirrored && !binding.keys.is_empty() && filter.passes(&text) {
            listed.push(binding);
        }
    }
    listed.sort_by_key(|b| b.group);
    listed
}

/// Takes a key in the help: the line that was chosen, else it stays open.
pub(super) fn key(mut help: Help, state: &mut State, key: &KeyEvent) -> Option<&'static Binding> {
    let listed = listed(&help, state);
    let last = listed.len().saturating_sub(1);
    match key.code {
        KeyCode::Esc if help.typed.text().is_empty() => return None,
        KeyCode::Esc => help.typed = TextField::default(),
        KeyCode::Char('?') | KeyCode::F(1) => return None,
        KeyCode::Down | KeyCode::Tab => help.cursor = (help.cursor + 1).min(last),
        KeyCode::Up | KeyCode::BackTab => help.cursor = help.cursor.saturating_sub(1),
        KeyCode::Enter => {
            if let Some(binding) = listed.get(help.cursor) {
                return Some(binding);
            }
        }
        KeyCode::PageDown => help.cursor = (help.cursor + PAGE).min(last),
        KeyCode::PageUp => help.cursor = help.cursor.saturating_sub(PAGE),
        KeyCode::End => help.cursor = last,
        KeyCode::Home => help.cursor = 0,
        // A letter filters, but nothing is called by this one alone.
        KeyCode::Char('G') if help.typed.text().is_empty() => help.cursor = last,
        _ if input::key_name(key) == "ctrl-n" => help.cursor = (help.cursor + 1).min(last),
        _ if help.typed.key(key) => help.cursor = 0,
        _ => {}
    }
    state.dialogs.push(Dialog::Help(help));
    None
}

/// Draws it.
pub(super) fn render(help: &Help, state: &State, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let listed = listed(help, state);
    let screen = canvas.area();
    let blocks = blocks(&listed);
    let rows_total: usize = blocks.iter().map(|(_, b)| b.len() + 2).sum();
    let most = usize::from(screen.height.saturating_sub(8));
    let longest = listed.iter().map(|binding| width(shown_word(binding))).max().unwrap_or(0);
    let columns = |cells: u16| (screen.width.min(92).saturating_sub(8) / cells).clamp(1, 3);
    // Words are cut only where whole ones would take another page.
    let whole = (KEYS + longest + 2).max(COLUMN);
    let is_roomy = rows_total / usize::from(columns(whole)) + 3 <= most;
    let columns = columns(if is_roomy { whole } else { COLUMN });
    let cells = whole.min(screen.width.min(92).saturating_sub(11) / columns);
    let rows = (rows_total / usize::from(columns) + 3).max(8).min(most);
    let typed =
        if help.typed.text().is_empty() { "type to filter".to_owned() } else { format!("/{}", help.typed.text()) };
    let window = Window {
        title: "Help".to_owned(),
        subject: format!("{}   {typed}", help.subject),
        keys: keys(canvas, &[("enter", "run"), ("up down", "choose"), ("esc", "close")]),
        colour: None,
    };
    let place = window.open(canvas, columns * cells + 7, u16::try_from(rows).unwrap_or(20) + 2);
    let bottom = place.bottom.saturating_sub(2);
    let height = bottom.saturating_sub(place.y);
    let mut spots = flow(&blocks, height);
    let shown = spots.iter().find(|s| s.index == Some(help.cursor)).map_or(0, |s| s.column / columns * columns);
    let pages = spots.iter().map(|s| s.column / columns + 1).max().unwrap_or(1);
    spots.retain(|s| (shown..shown + columns).contains(&s.column));
    for spot in spots {
        let (x, y) = (place.x + (spot.column - shown) * cells, place.y + spot.row);
        let end = (x + cells).min(place.end);
        match (spot.index.and_then(|i| listed.get(i)), spot.group) {
            (Some(binding), _) => {
                line(state, canvas, (x, y, end), binding);
                if let Some(index) = spot.index {
                    canvas.spot(x, y, end, Click::Line(index));
                }
                if spot.index == Some(help.cursor) {
                    canvas.select(x.saturating_sub(1), y, end.saturating_sub(2));
                }
            }
            (None, Some(group)) => {
                canvas.put(x, y, end, group.title(), theme.strong());
            }
            (None, None) => {}
        }
    }
    let reason = listed.get(help.cursor).and_then(|b| b.blocked(state));
    let note =
        reason.map_or_else(|| "dim: not possible now, choose it to read why".to_owned(), |r| format!("not now: {r}"));
    let page = shown / columns + 1;
    let more = if pages > 1 { format!("page {page} of {pages}, PgDn PgUp") } else { String::new() };
    let end = place.end.saturating_sub(width(&more) + 2);
    canvas.put(place.x, place.bottom.saturating_sub(1), end, &note, theme.quiet());
    canvas.right(end, place.bottom.saturating_sub(1), place.end, &more, theme.text());
}

struct Spot {
    column: u16,
    row: u16,
    index: Option<usize>,
    group: Option<Group>,
}

fn blocks(listed: &[&Binding]) -> Vec<(Group, Vec<usize>)> {
    let mut blocks: Vec<(Group, Vec<usize>)> = Vec::new();
    for (i, binding) in listed.iter().enumerate() {
        match blocks.last_mut() {
            Some((group, rows)) if *group == binding.group => rows.push(i),
            _ => blocks.push((binding.group, vec![i])),
        }
    }
    blocks
}

/// Fills columns from the top; a group is broken only if it is longer than a column.
fn flow(blocks: &[(Group, Vec<usize>)], height: u16) -> Vec<Spot> {
    let mut spots = Vec::new();
    let (mut column, mut row) = (0u16, 0u16);
    for (group, rows) in blocks {
        let needed = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(1);
        if row > 0 && row.saturating_add(needed) > height {
            (column, row) = (column + 1, 0);
        }
        spots.push(Spot { column, row, index: None, group: Some(*group) });
        row += 1;
        for index in rows {
            if row >= height {
                (column, row) = (column + 1, 0);
            }
            spots.push(Spot { column, row, index: Some(*index), group: None });
            row += 1;
        }
        row += 1;
    }
    spots
}

fn line(state: &State, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), binding: &Binding) {
    let theme = canvas.theme;
    let blocked = binding.blocked(state).is_some();
    let keys = shown_keys(binding);
    let (key, word) = if blocked { (theme.quiet(), theme.quiet()) } else { (theme.key(), theme.text()) };
    canvas.put(x, y, x + KEYS - 1, &keys, key);
    canvas.runs(x + KEYS, y, end, &Runs::new().then(shown_word(binding), word));
}

/// Whether its line is that of another one.
fn is_mirror(state: &State, action: Action) -> bool {
    use Action::{Focus, Move as Moves, PreviousPane};
    matches!(action, Moves(Move::Up | Move::Bottom | Move::HalfUp) | PreviousPane | Action::Scroll(Move::Up))
        || (matches!(action, Focus(Pane::Roles | Pane::Tags | Pane::Keys | Pane::Staged)) && !state.is_blank())
}

/// The keys of a line; movements are shown with their mirror image.
fn shown_keys(binding: &Binding) -> String {
    match (binding.action, binding.keys) {
        (Action::Move(Move::Down), ["j", ..]) => "j k".to_owned(),
        (Action::Move(Move::Top), ["g g", ..]) => "gg G".to_owned(),
        (Action::Move(Move::HalfDown), ["ctrl-d", ..]) => "ctrl-d u".to_owned(),
        (Action::Scroll(_), ["]"]) => "] [".to_owned(),
        (Action::NextPane, ["tab", ..]) => "tab h l".to_owned(),
        (Action::Focus(Pane::Repositories), ["1", ..]) => "1-5 or g".to_owned(),
        (_, [first, second, ..]) if first.len() + second.len() < 9 => format!("{first} {second}"),
        (_, keys) => keys.first().copied().unwrap_or_default().to_owned(),
    }
}

fn shown_word(binding: &Binding) -> &'static str {
    match binding.action {
        Action::Move(Move::Down) => "line",
        Action::Move(Move::Top) => "top, bottom",
        Action::Move(Move::HalfDown) => "half a page",
        Action::NextPane | Action::Focus(Pane::Repositories) => "pane",
        _ => binding.word,
    }
}
