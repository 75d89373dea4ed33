//! What is in front, as lines: the same that the screen draws, without its boxes, with numbers where a cursor can be.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::dialogs::Dialog;
use crate::tui::kit::canvas::Canvas;
use crate::tui::route::render;
use crate::tui::state::{Screen, State};

/// The list or the question in front.
pub(super) fn front(state: &State) -> Vec<String> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    let mut canvas = Canvas::new(&mut buffer, state.theme);
    render::front(state, &mut canvas);
    let numbers: BTreeMap<u16, usize> = canvas.lines().collect();
    let mut lines: Vec<String> = Vec::new();
    if state.dialogs.is_empty() && matches!(state.screen, Screen::Main) {
        lines.push(heading(state));
    }
    for y in 0..state.size.1 {
        let row: String = (0..state.size.0).map(|x| buffer.cell((x, y)).map_or(" ", |cell| cell.symbol())).collect();
        let is_tabs = row.contains("1 Repositories") && row.contains("5 Staged");
        // What a dialog's last line lists are keys of the screen; here it is asked instead.
        let is_footer = !state.dialogs.is_empty() && is_edge(row.trim()) && !lines.is_empty();
        if let Some(text) = text_of(&row).filter(|text| !is_tabs && !is_footer && !is_field(state, text)) {
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
    let words: Vec<String> = words.into_iter().map(without_gauges).filter(|part| !part.is_empty()).collect();
    let text = words.join("  ");
    text.chars().any(char::is_alphanumeric).then_some(text)
}

/// Whether a line is a field of the form in front, which is asked for below.
fn is_field(state: &State, text: &str) -> bool {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { return false };
    let labels = form.fields.iter().map(|field| field.label.text()).filter(|label| !label.is_empty());
    labels.into_iter().any(|label| text == label || text.strip_prefix(label).is_some_and(|rest| rest.starts_with("  ")))
}

fn is_edge(row: &str) -> bool {
    row.starts_with('+') && row.ends_with('+')
}

/// Leaves out what only draws a line.
fn without_gauges(part: &str) -> String {
    let draws = |word: &&str| word.len() > 2 && word.chars().all(|c| matches!(c, '-' | '=' | '.'));
    part.split(' ').filter(|word| !draws(word)).collect::<Vec<_>>().join(" ")
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
        assert_eq!(text_of("| . ----- x web  ==... |"), Some(". x web".to_owned()));
        assert_eq!(text_of("| - ben  1091060d  |"), Some("- ben  1091060d".to_owned()));
        assert_eq!(text_of("| ------- |"), None);
        assert_eq!(text_of("   "), None);
    }
}
