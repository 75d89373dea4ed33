//! JSON as Docker prints it: four spaces, and nothing in it that a terminal would obey.

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::printable::printable;

/// `value` over several lines.
#[must_use]
pub(super) fn indented(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
    // Plain values with text keys always serialize.
    let _ = value.serialize(&mut serializer);
    escaped(&String::from_utf8_lossy(&bytes))
}

/// `value` on one line.
#[must_use]
pub(super) fn line(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string(value).unwrap_or_default())
}

/// Escapes what a terminal would obey or hide, and `<`, `>` and `&` as Go does. Such characters stand only inside
/// strings, so that the parsed value stays the same.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || c.is_ascii_graphic() && !matches!(c, '<' | '>' | '&') || c == ' ' || is_drawable(c) {
            text.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

fn is_drawable(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    !c.is_ascii() && printable(text) == text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{indented, line};

    #[test]
    fn hidden_characters_are_escaped_and_parse_to_the_same_value() {
        let text = "a\u{202e}b\u{7f}\u{1b}[1m<é>&\u{e000}\u{1f512}\"";
        let written = line(&text);
        assert!(written.contains("\\u202e") && written.contains("\\u007f") && written.contains("\\u003c"), "{written}");
        assert!(written.contains('é') && written.is_ascii() == text.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn lists_are_indented_by_four_spaces() {
        assert_eq!(indented(&vec![vec![1]]), "[\n    [\n        1\n    ]\n]");
        assert_eq!(indented(&Vec::<u8>::new()), "[]");
    }
}
