//! JSON as Docker prints it: four spaces, and nothing in it that a terminal would obey.

pub(super) use crate::printable::{json_line as line, write_json as write};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::line;
    use crate::printable::json_escaped as indented;

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
