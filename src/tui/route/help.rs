//! Help, made from the key tables: filter it, run what it lists.

use crossterm::event::{KeyCode, KeyEvent};

use super::keys;
use crate::tui::dialogs::window::{Window, keys};
use crate::tui::dialogs::{Dialog, Help};
use crate::tui::kit::canvas::{self, Canvas, Runs, Spot as Click, wrap};
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
/// Lines below the keys that say why one does nothing.
const BELOW: u16 = 2;

fn listed(help: &Help, state: &State) -> Vec<&'static Binding> {
    let filter = Filter::new(help.typed.text());
    let mut listed: Vec<&Binding> = Vec::new();
    for binding in keys::reached(state) {
        let text = format!("{} {} {}", binding.keys.join(" "), binding.word, binding.group.title());
        if !is_mirror(state, binding.action) && filter.passes(&text) {
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
        KeyCode::PageDown => help.cursor = Pages::of(&listed, state.size).beside(help.cursor, 1).unwrap_or(last),
        KeyCode::PageUp => help.cursor = Pages::of(&listed, state.size).beside(help.cursor, -1).unwrap_or(0),
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

/// How the keys lie in columns, and the columns on pages.
struct Pages {
    spots: Vec<Spot>,
    columns: u16,
    /// Cells of a column.
    cells: u16,
    rows: u16,
}

impl Pages {
    fn of(listed: &[&Binding], (width, height): (u16, u16)) -> Self {
        let blocks = blocks(listed);
        let rows_total: usize = blocks.iter().map(|(_, b)| b.len() + 2).sum();
        let most = usize::from(height.saturating_sub(8));
        let longest = listed.iter().map(|binding| canvas::width(shown_word(binding))).max().unwrap_or(0);
        let columns = |cells: u16| (width.min(92).saturating_sub(8) / cells).clamp(1, 3);
        // Words are cut only where whole ones would take another page.
        let whole = (KEYS + longest + 2).max(COLUMN);
        let is_roomy = rows_total / usize::from(columns(whole)) + 3 <= most;
        let columns = columns(if is_roomy { whole } else { COLUMN });
        let cells = whole.min(width.min(92).saturating_sub(11) / columns);
        let rows = (rows_total / usize::from(columns) + 3).max(8).min(most);
        let rows = u16::try_from(rows).unwrap_or(20);
        // What the window has for them: see `Window::open`.
        let height = (rows + BELOW + 4).min(height.saturating_sub(2)).saturating_sub(3 + BELOW);
        Self { spots: flow(&blocks, height), columns, cells, rows }
    }

    fn count(&self) -> u16 {
        self.spots.iter().map(|spot| spot.column / self.columns + 1).max().unwrap_or(1)
    }

    /// The page that a line is on, from 0.
    fn page_of(&self, index: usize) -> u16 {
        self.spots.iter().find(|spot| spot.index == Some(index)).map_or(0, |spot| spot.column / self.columns)
    }

    /// The first line of the page so many pages from that of a line.
    fn beside(&self, index: usize, pages: i16) -> Option<usize> {
        let wanted = self.page_of(index).checked_add_signed(pages)?;
        self.spots.iter().filter(|spot| spot.column / self.columns == wanted).find_map(|spot| spot.index)
    }
}

/// Draws it.
pub(super) fn render(help: &Help, state: &State, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let listed = listed(help, state);
    let pages = Pages::of(&listed, (canvas.area().width, canvas.area().height));
    let (count, page) = (pages.count(), pages.page_of(help.cursor));
    let typed =
        if help.typed.text().is_empty() { "type to filter".to_owned() } else { format!("/{}", help.typed.text()) };
    let place = if count > 1 { format!("   page {} of {count}", page + 1) } else { String::new() };
    let turn: &[(&str, &str)] = if count > 1 { &[("PgDn", "page")] } else { &[] };
    let window = Window {
        title: "Help".to_owned(),
        subject: format!("{}   {typed}{place}", help.subject),
        keys: keys(canvas, &[&[("enter", "run")], turn, &[("up down", "choose"), ("esc", "close")]].concat()),
        colour: None,
    };
    let Pages { columns, cells, .. } = pages;
    let place = window.open(canvas, columns * cells + 7, pages.rows + BELOW);
    let first = page * columns;
    for spot in pages.spots.iter().filter(|spot| (first..first + columns).contains(&spot.column)) {
        let (x, y) = (place.x + (spot.column - first) * cells, place.y + spot.row);
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
    let note = wrap(&note, place.width());
    let lines = u16::try_from(note.len()).unwrap_or(BELOW).min(BELOW);
    for (y, line) in (place.bottom.saturating_sub(lines)..place.bottom).zip(note) {
        canvas.put(place.x, y, place.end, &line, theme.quiet());
    }
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
