//! The one function through which text from outside reaches a terminal.

use unicode_width::UnicodeWidthStr;

/// Makes outside text drawable: control characters, bidirectional and invisible ones, private-use, unassigned and
/// separators become visible escapes (`\u{202e}`). Source: reliability.md section 4.
#[must_use]
pub fn printable(text: &str) -> String {
    let _ = text;
    todo!()
}

/// [`printable`], cut to `cells` with `…`.
#[must_use]
pub fn printable_within(text: &str, cells: usize) -> String {
    let _ = (text, cells, "".width());
    todo!()
}
