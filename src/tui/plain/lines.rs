//! What is in front, as lines: the same that the screen draws, without its boxes, with numbers where a cursor can be.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::dialogs::Dialog;
use crate::tui::kit::canvas::Canvas;
use crate::tui::route::{render, typed};
use crate::tui::state::{Screen, State};

/// The rows of what is in front, each whole, and which of them a cursor can be on.
fn rows(state: &State) -> (Vec<String>, BTreeMap<u16, usize>) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    let mut canvas = Canvas::new(&mut buffer, state.theme);
    render::front(state, &mut canvas);
    let (numbers, whole) = (canvas.lines().collect(), canvas.whole().to_vec());
    let row = |y: u16| {
        let (mut row, mut x) = (String::new(), 0);
        while x < state.size.0 {
            let mut here = whole.iter().filter(|text| text.y == y && text.from == x);
            let begins = here.clone().find(|text| text.to > x);
            // What found no cell at all stands between others.
            here.by_ref().filter(|text| text.to == x).for_each(|text| row.push_str(&text.text));
            match begins {
                Some(text) => row.push_str(&text.text),
                None => row.push_str(buffer.cell((x, y)).map_or(" ", |cell| cell.symbol())),
            }
            x = begins.map_or(x + 1, |text| text.to);
        }
        row
    };
    ((0..state.size.1).map(row).collect(), numbers)
}

/// Whether something in front is chosen by a number.
pub(super) fn has_numbers(state: &State) -> bool {
    !rows(state).1.is_empty()
}

/// The list or the question in front.
pub(super) fn front(state: &State) -> Vec<String> {
    if let Some(Dialog::Help(_)) = state.dialogs.last() {
        // Its columns are for the eye.
        return [vec!["Help".to_owned()], typed::actions(state)].concat();
    }
    let (rows, numbers) = rows(state);
    let mut lines: Vec<String> = Vec::new();
    if state.dialogs.is_empty() && matches!(state.screen, Screen::Main) {
        lines.push(heading(state));
    }
    for (y, row) in (0..).zip(rows) {
        let is_tabs = row.contains("1 Repositories") && row.contains("5 Staged");
        // What a dialog's last line lists are keys of the screen; here it is asked instead.
        let is_footer = !state.dialogs.is_empty() && is_edge(row.trim()) && !lines.is_empty();
        if let Some(text) = text_of(&row).filter(|text| !is_tabs && !is_footer && !is_asked(state, text)) {
            lines.push(match numbers.get(&y) {
                Some(place) => numbered(&text, place + 1),
                None => text,
            });
        }
    }
    lines
}

fn heading(state: &State) -> String {
    let about = state.repository().map(|repository| format!(", at {}", repository.entry.name));
    let count = state.rows();
    format!("{}, {count}{}", state.focus.name(), about.unwrap_or_default())
}

/// The cursor's mark stays before the number.
fn numbered(text: &str, number: usize) -> String {
    match text.strip_prefix('>') {
        Some(rest) => format!("> {number}. {}", rest.trim_start()),
        None => format!("  {number}. {text}"),
    }
}

/// The words of a row without the lines of its box; `None` if there are none.
fn text_of(row: &str) -> Option<String> {
    let row = row.trim();
    let is_edge = is_edge(row);
    let inner = if is_edge { row.trim_matches('+').to_owned() } else { row.trim_matches('|').to_owned() };
    let inner = if is_edge { inner.replace("==", "  ").replace("--", "  ") } else { inner };
    // Inside, a single line before a word is what is taken away.
    let drawn: &[char] = if is_edge { &[' ', '=', '-', '|'] } else { &[' ', '=', '|'] };
    let words: Vec<&str> = inner.split("  ").map(|part| part.trim_matches(drawn)).collect();
    let words: Vec<&str> = words.into_iter().filter(|part| !part.is_empty()).collect();
    let text = words.join("  ");
    text.chars().any(char::is_alphanumeric).then_some(text)
}

/// Whether a line is of the form in front and said below: a field, its hint, what was wrong.
fn is_asked(state: &State, text: &str) -> bool {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { return false };
    let labels = form.fields.iter().map(|field| field.label.text()).filter(|label| !label.is_empty());
    let error = text.strip_prefix("! ").unwrap_or(text);
    labels.into_iter().any(|label| text == label || text.strip_prefix(label).is_some_and(|rest| rest.starts_with("  ")))
        || form.fields.iter().any(|field| field.hint.contains(text))
        || form.complaint().is_some_and(|said| said.what.contains(error) || said.remedy.contains(error))
}

fn is_edge(row: &str) -> bool {
    row.starts_with('+') && row.ends_with('+')
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn boxes_and_rules_leave_their_words_alone() {
        assert_eq!(
            text_of("+= 4  Choose  now ======== step 4 of 8 =+"),
            Some("4  Choose  now  step 4 of 8".to_owned())
        );
        assert_eq!(text_of("|>  ok   team/web      12  |"), Some(">  ok  team/web  12".to_owned()));
        assert_eq!(text_of("| - ben  1091060d  |"), Some("- ben  1091060d".to_owned()));
        assert_eq!(text_of("| ------- |"), None);
        assert_eq!(text_of("   "), None);
    }
}
