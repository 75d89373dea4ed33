//! Columns of text, as wide as their widest cell.

use unicode_width::UnicodeWidthStr;

use crate::printable::printable;

/// Rows of cells; the first row may be a header.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this header.
    #[must_use]
    pub(super) fn with_header(cells: &[&str]) -> Self {
        Self { rows: vec![cells.iter().map(|c| (*c).to_owned()).collect()] }
    }

    /// Adds a row; cells may hold text from outside.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|c| printable(c.as_ref())).collect());
    }

    /// Lines, each behind `indent`, cells `gap` blanks apart; the last cell of a row is not filled up.
    #[must_use]
    pub(super) fn text(&self, indent: &str, gap: usize) -> String {
        self.text_within(indent, gap, usize::MAX)
    }

    /// The same; what is wider than `most` moves the rest of its own line only.
    #[must_use]
    pub(super) fn text_within(&self, indent: &str, gap: usize, most: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let width = |column: usize| cells(column).map(|cell| cell.width()).filter(|width| *width <= most).max();
        let widths: Vec<usize> = (0..columns).map(|c| width(c).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = indent.to_owned();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + gap));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Breaks `text` at blanks into lines of at most `width` cells, all behind `indent`.
#[must_use]
pub(super) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let room = width.saturating_sub(indent.width()).max(20);
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split_whitespace() {
        match lines.last_mut().filter(|line| line.width() + 1 + word.width() <= room) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Table, wrapped};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::with_header(&["A", "LONG"]);
        table.row(["wide cell", "x"]);
        assert_eq!(table.text("  ", 3), "  A           LONG\n  wide cell   x\n");
        assert_eq!(table.text_within("  ", 3, 8), "  A   LONG\n  wide cell   x\n");
    }

    #[test]
    fn text_is_broken_at_blanks() {
        assert_eq!(wrapped("one two three four five", "  ", 22), "  one two three four\n  five\n");
    }
}
