//! A list's cursor, marks, range and filter. The order is computed when data changes, never for a frame.

use std::collections::HashSet;
use std::hash::Hash;

use foldhash::fast::RandomState;

use super::filter::Filter;

/// What can name a row.
pub trait RowName: Clone + Ord + Hash {}

impl<K: Clone + Ord + Hash> RowName for K {}

/// Names of rows. A hash that is quickly made: one key may mark a hundred thousand.
pub type Marks<K> = HashSet<K, RandomState>;

/// Which rows are shown and which of them is meant. `K` names a row, whatever its place.
#[derive(Clone, Debug)]
pub struct List<K> {
    order: Vec<(usize, K)>,
    cursor: usize,
    /// First visible row.
    pub offset: usize,
    /// Marked rows, in no order; [`List::marked`] has one.
    pub marks: Marks<K>,
    anchor: Option<K>,
    /// How far what is said of a row was scrolled, and of which row.
    told: Option<(K, usize)>,
    /// What is shown at all.
    pub filter: Filter,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            cursor: 0,
            offset: 0,
            marks: Marks::default(),
            anchor: None,
            told: None,
            filter: Filter::default(),
        }
    }
}

/// A movement of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Up,
    Down,
    Top,
    Bottom,
    HalfUp,
    HalfDown,
}

/// Where a key, by its name, moves a cursor or the top of a text, which can stand at 0 to `last`; `None` for any other key.
#[must_use]
pub fn moved(key: &str, at: usize, last: usize, page: usize) -> Option<usize> {
    Some(match key {
        "j" | "down" => (at + 1).min(last),
        "k" | "up" => at.saturating_sub(1),
        "g" | "home" => 0,
        "G" | "end" => last,
        "ctrl-d" | "pagedown" => (at + page).min(last),
        "ctrl-u" | "pageup" => at.saturating_sub(page),
        _ => return None,
    })
}

/// The same where tab goes through what can be chosen.
#[must_use]
pub fn stepped(key: &str, at: usize, last: usize, page: usize) -> Option<usize> {
    let key = match key {
        "tab" => "down",
        "shift-tab" => "up",
        key => key,
    };
    moved(key, at, last, page)
}

impl<K: RowName> List<K> {
    /// Replaces the rows; the cursor follows its row, marks of rows that are gone are dropped.
    pub fn set(&mut self, order: Vec<(usize, K)>) {
        let selected = self.selected().cloned();
        let place = selected.and_then(|key| order.iter().position(|(_, k)| *k == key));
        self.cursor = place.unwrap_or(self.cursor).min(order.len().saturating_sub(1));
        self.order = order;
        if !self.marks.is_empty() && self.filter.is_empty() {
            let present: Marks<&K> = self.order.iter().map(|(_, k)| k).collect();
            self.marks.retain(|k| present.contains(k));
        }
    }

    /// Number of rows shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether no row is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Place of the cursor among the rows shown.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The row under the cursor.
    #[must_use]
    pub fn selected(&self) -> Option<&K> {
        self.order.get(self.cursor).map(|(_, k)| k)
    }

    /// How far what is said of the row under the cursor was scrolled.
    #[must_use]
    pub fn scrolled(&self) -> usize {
        self.told.as_ref().filter(|(row, _)| Some(row) == self.selected()).map_or(0, |(_, from)| *from)
    }

    /// Scrolls it to a line.
    pub fn scroll_to(&mut self, from: usize) {
        self.told = self.selected().cloned().map(|row| (row, from));
    }

    /// Index of the row under the cursor in the data that the order was made from.
    #[must_use]
    pub fn selected_index(&self) -> Option<usize> {
        self.order.get(self.cursor).map(|(i, _)| *i)
    }

    /// Visible rows: place, index in the data, name.
    pub fn window(&self, height: usize) -> impl Iterator<Item = (usize, usize, &K)> {
        self.rows().skip(self.offset).take(height)
    }

    /// All rows, also those above and below what is visible.
    pub fn rows(&self) -> impl Iterator<Item = (usize, usize, &K)> {
        self.order.iter().enumerate().map(|(place, (index, key))| (place, *index, key))
    }

    /// Puts the cursor on a row.
    pub fn select(&mut self, key: &K) {
        if let Some(place) = self.order.iter().position(|(_, k)| k == key) {
            self.cursor = place;
        }
    }

    /// Puts the cursor on a visible row, counted from the first one. Says whether there is one.
    pub fn point(&mut self, row: usize) -> bool {
        self.put(self.offset + row)
    }

    /// Puts the cursor on a place, if there is a row.
    pub fn put(&mut self, place: usize) -> bool {
        let is_there = place < self.order.len();
        if is_there {
            self.cursor = place;
        }
        is_there
    }

    /// Moves the cursor; `height` is how many rows are visible.
    pub fn go(&mut self, to: Move, height: usize) {
        let last = self.order.len().saturating_sub(1);
        let half = (height / 2).max(1);
        self.cursor = match to {
            Move::Up => self.cursor.saturating_sub(1),
            Move::Down => self.cursor + 1,
            Move::Top => 0,
            Move::Bottom => last,
            Move::HalfUp => self.cursor.saturating_sub(half),
            Move::HalfDown => self.cursor + half,
        }
        .min(last);
        self.extend_range();
    }

    /// Scrolls so that the cursor is visible, with a row of context where there is one.
    pub fn settle(&mut self, height: usize) {
        let height = height.max(1);
        let margin = usize::from(height > 4);
        let lowest = self.cursor.saturating_sub(margin);
        let highest = (self.cursor + 1 + margin).saturating_sub(height);
        self.offset = self.offset.clamp(highest.min(lowest), lowest).min(self.order.len().saturating_sub(height));
    }

    /// Marks the row under the cursor or takes its mark away, and goes on to the next.
    pub fn toggle_mark(&mut self) {
        let Some(key) = self.selected().cloned() else { return };
        if !self.marks.remove(&key) {
            self.marks.insert(key);
        }
        self.anchor = None;
        self.cursor = (self.cursor + 1).min(self.order.len().saturating_sub(1));
    }

    /// Begins a range at the cursor, or ends it.
    pub fn toggle_range(&mut self) {
        self.anchor = match self.anchor {
            Some(_) => None,
            None => self.selected().cloned(),
        };
        self.extend_range();
    }

    /// Marks all rows shown, or none if all are.
    pub fn toggle_all(&mut self) {
        self.anchor = None;
        let are_all = self.order.iter().all(|(_, k)| self.marks.contains(k));
        // Marks of rows that the filter hides are given up either way.
        let hides = are_all && !self.filter.is_empty() && {
            let shown: Marks<&K> = self.order.iter().map(|(_, k)| k).collect();
            shown.len() < self.marks.len()
        };
        self.marks = match are_all && !hides {
            true => Marks::default(),
            false => self.order.iter().map(|(_, k)| k.clone()).collect(),
        };
    }

    /// Takes back, in this order: range, marks, filter. Says whether there was anything.
    pub fn clear(&mut self) -> Cleared {
        if !self.filter.is_empty() || !self.filter.text().is_empty() {
            self.filter = Filter::default();
            return Cleared::Filter;
        }
        if self.anchor.take().is_some() | !std::mem::take(&mut self.marks).is_empty() {
            return Cleared::Marks;
        }
        Cleared::Nothing
    }

    /// The marked rows, by their names.
    #[must_use]
    pub fn marked(&self) -> Vec<K> {
        let mut marked: Vec<K> = self.marks.iter().cloned().collect();
        marked.sort_unstable();
        marked
    }

    /// The marked rows in no order, else the one under the cursor: for questions that are asked at each frame.
    pub fn all_meant(&self) -> impl Iterator<Item = &K> {
        let selected = if self.marks.is_empty() { self.selected() } else { None };
        self.marks.iter().chain(selected)
    }

    /// The marked rows, else the one under the cursor.
    #[must_use]
    pub fn meant(&self) -> Vec<K> {
        if self.marks.is_empty() { self.selected().cloned().into_iter().collect() } else { self.marked() }
    }

    fn extend_range(&mut self) {
        let Some(anchor) = &self.anchor else { return };
        let Some(from) = self.order.iter().position(|(_, k)| k == anchor) else { return };
        let (low, high) = (from.min(self.cursor), from.max(self.cursor));
        self.marks = self.order.iter().skip(low).take(high - low + 1).map(|(_, k)| k.clone()).collect();
    }
}

/// What [`List::clear`] took back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    Filter,
    Marks,
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&'static str]) -> List<&'static str> {
        let mut list = List::default();
        list.set(names.iter().copied().enumerate().collect());
        list
    }

    #[test]
    fn cursor_follows_its_row_when_the_order_changes() {
        let mut rows = list(&["a", "b", "c"]);
        rows.go(Move::Bottom, 10);
        rows.set(vec![(2, "c"), (0, "a"), (1, "b")]);
        assert_eq!((rows.cursor(), rows.selected()), (0, Some(&"c")));
    }

    #[test]
    fn scrolling_keeps_the_cursor_visible() {
        let names: Vec<String> = (0..1000).map(|n| format!("{n:04}")).collect();
        let mut rows = List::default();
        rows.set(names.into_iter().enumerate().collect());
        for to in [Move::Bottom, Move::Up, Move::HalfUp, Move::Top, Move::Down] {
            rows.go(to, 10);
            rows.settle(10);
            assert!((rows.offset..rows.offset + 10).contains(&rows.cursor()), "{to:?}");
        }
    }

    #[test]
    fn a_range_marks_all_between_its_ends() {
        let mut rows = list(&["a", "b", "c", "d"]);
        rows.toggle_range();
        rows.go(Move::Down, 4);
        rows.go(Move::Down, 4);
        assert_eq!(rows.meant(), ["a", "b", "c"]);
    }
}
