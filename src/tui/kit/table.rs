//! Columns with fixed places: widths come from the schema and the pane, never from the content.

use ratatui::layout::Rect;

use super::canvas::Canvas;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub head: &'static str,
    /// Least width, in cells.
    pub width: u16,
    pub right: bool,
    /// Takes what is left.
    pub flexible: bool,
    /// Columns with a low number are left out first; 9 never.
    pub keep: u8,
}

/// A column that is aligned to the left.
#[must_use]
pub const fn left(head: &'static str, width: u16, keep: u8) -> Column {
    Column { head, width, right: false, flexible: false, keep }
}

/// A column that is aligned to the right.
#[must_use]
pub const fn right(head: &'static str, width: u16, keep: u8) -> Column {
    Column { head, width, right: true, flexible: false, keep }
}

/// The column that takes the rest.
#[must_use]
pub const fn rest(head: &'static str, width: u16) -> Column {
    Column { head, width, right: false, flexible: true, keep: 9 }
}

/// Where a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub start: u16,
    /// Exclusive.
    pub end: u16,
}

/// Cells before the first column: cursor bar, gutter, blank.
pub const MARGIN: u16 = 3;
const GAP: u16 = 2;

/// Places columns in a pane's inside; `None` for those that do not fit.
#[must_use]
pub fn fit(columns: &[Column], inside: Rect) -> Vec<Option<Slot>> {
    let room = inside.width.saturating_sub(MARGIN + 1);
    let mut kept: Vec<bool> = columns.iter().map(|_| true).collect();
    let needed = |kept: &[bool]| {
        let shown = columns.iter().zip(kept).filter(|(_, k)| **k);
        shown.map(|(c, _)| c.width + GAP).sum::<u16>().saturating_sub(GAP)
    };
    while needed(&kept) > room {
        let weakest = columns.iter().enumerate().filter(|(i, c)| c.keep < 9 && kept.get(*i) == Some(&true));
        let Some((index, _)) = weakest.min_by_key(|(_, c)| c.keep) else { break };
        if let Some(flag) = kept.get_mut(index) {
            *flag = false;
        }
    }
    let spare = room.saturating_sub(needed(&kept));
    let flexible = columns.iter().zip(&kept).filter(|(c, k)| c.flexible && **k).count().max(1);
    let (each, mut extra) = (spare / flexible as u16, spare % flexible as u16);
    let mut x = inside.x + MARGIN;
    let place = |(column, kept): (&Column, &bool)| {
        if !kept {
            return None;
        }
        let mut width = column.width;
        if column.flexible {
            width += each + std::mem::take(&mut extra);
        }
        let slot = Slot { start: x, end: (x + width).min(inside.right().saturating_sub(1)) };
        x += width + GAP;
        Some(slot)
    };
    columns.iter().zip(&kept).map(place).collect()
}

/// Cells that these leave of a pane's inside for one more.
pub fn beside<'a>(others: impl Iterator<Item = &'a Column>, inside: Rect) -> u16 {
    others.fold(inside.width.saturating_sub(MARGIN + 1), |room, other| room.saturating_sub(other.width + GAP))
}

/// Lays out the columns and draws their heads.
pub fn heads(canvas: &mut Canvas<'_>, columns: &[Column], inner: Rect, y: u16) -> Vec<Option<Slot>> {
    let (quiet, slots) = (canvas.theme.quiet(), fit(columns, inner));
    for (column, slot) in columns.iter().zip(&slots) {
        let Some(slot) = slot else { continue };
        if column.right {
            canvas.right(slot.start, y, slot.end, column.head, quiet);
        } else {
            canvas.put(slot.start, y, slot.end, column.head, quiet);
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [left("State", 8, 9), rest("Name", 10), right("Tags", 5, 1)];

    #[test]
    fn the_flexible_column_takes_the_rest_and_weak_ones_go_first() {
        let wide = fit(&COLUMNS, Rect::new(1, 0, 46, 5));
        assert_eq!(wide[1], Some(Slot { start: 14, end: 39 }));
        assert_eq!(wide[2], Some(Slot { start: 41, end: 46 }));
        let narrow = fit(&COLUMNS, Rect::new(1, 0, 26, 5));
        assert_eq!((narrow[1].is_some(), narrow[2]), (true, None));
    }
}
