//! Drawing on the frame. Every text passes here, so outside text is made printable in one place.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::Theme;
use super::whole::Whole;
use crate::printable::printable;

pub use super::spot::Spot;

/// Styled pieces of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs(pub Vec<(String, Style)>);

impl Runs {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a piece.
    #[must_use]
    pub fn then(mut self, text: impl Into<String>, style: Style) -> Self {
        self.0.push((text.into(), style));
        self
    }

    /// Appends blanks.
    #[must_use]
    pub fn gap(self, cells: usize) -> Self {
        self.then(" ".repeat(cells), Style::new())
    }

    /// Width, in cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.0.iter().map(|(text, _)| width(text)).sum()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How wide `text` is once printable.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(safe(text).width()).unwrap_or(u16::MAX)
}

/// Our own signs and plain ASCII need no second look; everything else is outside text.
fn is_ours(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || ('\u{2500}'..='\u{25ff}').contains(&c) || "✓✗→−·–…•›█".contains(c)
}

fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_ours) { Cow::Borrowed(text) } else { Cow::Owned(printable(text)) }
}

/// Cuts at the end with the theme's mark; without one it stays whole.
#[must_use]
pub fn cut(text: &str, cells: usize, mark: &str) -> String {
    let text = safe(text);
    if mark.is_empty() || text.width() <= cells {
        return text.into_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > cells {
            break;
        }
        kept.push(c);
        used += wide;
    }
    if cells > 0 {
        kept.push_str(mark);
    }
    kept
}

/// Cuts a name with a path in the middle, so that its last segment stays: `registry…/team/app`.
#[must_use]
pub fn cut_path(text: &str, cells: usize, mark: &str) -> String {
    let text = safe(text);
    if mark.is_empty() || text.width() <= cells || cells < 8 {
        return cut(&text, cells, mark);
    }
    let chars: Vec<char> = text.chars().collect();
    let tail_from = chars.iter().rposition(|c| *c == '/').unwrap_or(0);
    let tail_len = (chars.len() - tail_from).min(cells * 2 / 3);
    let head: String = chars.iter().take(cells - 1 - tail_len).collect();
    let tail: String = chars.iter().skip(chars.len() - tail_len).collect();
    format!("{head}{mark}{tail}")
}

/// Cuts a name so that what tells it from its neighbours stays. `shared` is how many characters it begins and ends with
/// as they do.
#[must_use]
pub fn cut_name(text: &str, cells: usize, mark: &str, shared: (usize, usize)) -> String {
    let text = safe(text);
    let chars: Vec<char> = text.chars().collect();
    let before = shared.0.min(chars.len());
    let after = shared.1.min(chars.len() - before);
    let own = chars.len() - before - after;
    let is_plain = text.width() == chars.len();
    if mark.is_empty() || text.width() <= cells || !is_plain || own + 2 > cells || cells < 8 {
        return cut_path(&text, cells, mark);
    }
    let part = |from: usize, to: usize| chars.iter().skip(from).take(to.saturating_sub(from)).collect::<String>();
    let (head, tail) = (before + own, own + after);
    if tail < cells {
        format!("{}{mark}{}", part(0, cells - 1 - tail), part(before, chars.len()))
    } else if head < cells {
        format!("{}{mark}{}", part(0, head), part(chars.len() - (cells - 1 - head), chars.len()))
    } else {
        let lead = (cells - 2 - own).min(before);
        format!("{mark}{}{mark}", part(before - lead, head))
    }
}

/// How many characters each name begins and ends with as the names like it do: those beside it in order that share more
/// than half of what its nearest neighbour does.
#[must_use]
pub fn shared(names: &[&str]) -> Vec<(usize, usize)> {
    /// How far a name is compared, for a list of thousands.
    const NEAR: usize = 64;
    let mut order: Vec<(&str, usize)> = names.iter().enumerate().map(|(i, name)| (*name, i)).collect();
    order.sort_unstable();
    let begin = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let end = |a: &str, b: &str| a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).count();
    let mut found = vec![(0, 0); names.len()];
    for (place, (own, index)) in order.iter().enumerate() {
        let before = order.iter().take(place).rev().take(NEAR);
        let after = order.iter().skip(place + 1).take(NEAR);
        let others = || before.clone().chain(after.clone()).map(|(name, _)| *name).filter(|name| name != own);
        let most = others().map(|other| begin(own, other)).max().unwrap_or(0);
        let alike = || others().filter(|other| begin(own, other) * 2 >= most);
        let first = alike().map(|other| begin(own, other)).min().unwrap_or(0);
        let last = alike().map(|other| end(own, other)).min().unwrap_or(0);
        if let Some(found) = found.get_mut(*index) {
            *found = (first, last);
        }
    }
    found
}

/// Breaks text into lines of at most `cells`, at blanks.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let text = safe(text);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        while let Some(line) = lines.last_mut() {
            let used = line.width();
            let gap = usize::from(used > 0);
            if used + gap + word.width() <= cells {
                if gap > 0 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if used == 0 {
                let head = fitting(&word, cells);
                word = word.split_off(head.len());
                *line = head;
                if word.is_empty() {
                    break;
                }
            }
            lines.push(String::new());
        }
    }
    lines
}

/// The beginning of a word that takes at most `cells`, but one character at least.
fn fitting(word: &str, cells: usize) -> String {
    let mut used = 0;
    let mut end = word.len();
    for (i, letter) in word.char_indices() {
        used += letter.width().unwrap_or(0);
        if used > cells && i > 0 {
            end = i;
            break;
        }
    }
    word.get(..end).unwrap_or(word).to_owned()
}

/// A part of the frame, and how things look.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    /// Looks.
    pub theme: Theme,
    spots: Vec<(Rect, Spot)>,
    whole: Vec<Whole>,
    names: Option<&'a Names<'a>>,
}

/// How many characters a text begins and ends with as those most like it do, if it is the name of something.
pub type Names<'a> = dyn Fn(&str) -> Option<(usize, usize)> + 'a;

impl<'a> Canvas<'a> {
    /// Draws on `buffer`.
    pub fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        Self { buffer, theme, spots: Vec::new(), whole: Vec::new(), names: None }
    }

    /// Where names find no room, what tells them from others stays.
    #[must_use]
    pub fn knowing(self, names: &'a Names<'a>) -> Self {
        Self { names: Some(names), ..self }
    }

    /// A name in at most `cells`: what tells it from others stays, or its beginning and its last segment.
    #[must_use]
    pub fn fitted(&self, name: &str, cells: usize) -> String {
        self.told_apart(name, cells).unwrap_or_else(|| cut_path(name, cells, self.theme.glyphs.cut))
    }

    /// Whether it is a name that is too long, as short as it has to be.
    fn told_apart(&self, text: &str, cells: usize) -> Option<String> {
        if text.len() <= cells {
            return None;
        }
        let shared = self.names.and_then(|names| names(text))?;
        Some(cut_name(text, cells, self.theme.glyphs.cut, shared))
    }

    /// Names what stands in a row from `x` to `end`.
    pub fn spot(&mut self, x: u16, y: u16, end: u16, spot: Spot) {
        self.spots.push((Rect::new(x, y, end.saturating_sub(x), 1), spot));
    }

    /// What stands at a cell.
    #[must_use]
    pub fn spot_at(&self, x: u16, y: u16) -> Option<Spot> {
        let at = Position::new(x, y);
        self.spots.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, spot)| *spot)
    }

    /// Rows of the frame that a cursor can be on, with its place there.
    pub fn lines(&self) -> impl Iterator<Item = (u16, usize)> {
        self.spots.iter().filter_map(|(area, spot)| match spot {
            Spot::Line(place) | Spot::Row(place) => Some((area.y, *place)),
            _ => None,
        })
    }

    /// Texts that found no room, where the theme cuts none.
    #[must_use]
    pub fn whole(&self) -> &[Whole] {
        &self.whole
    }

    /// Gives the frame the theme's ground, if it has one.
    pub fn finish(&mut self) {
        let Some(ground) = self.theme.ground() else { return };
        for cell in &mut self.buffer.content {
            let dim = cell.modifier.contains(Modifier::DIM);
            cell.modifier.remove(Modifier::DIM);
            if cell.fg == Color::Reset {
                cell.fg = if dim { ground.dim } else { ground.text };
            }
            if cell.bg == Color::Reset {
                cell.bg = ground.page;
            }
        }
    }

    /// The whole frame.
    #[must_use]
    pub fn area(&self) -> Rect {
        self.buffer.area
    }

    /// Draws `text` from `x`, cut at `end` (exclusive). Returns the cell behind it.
    pub fn put(&mut self, x: u16, y: u16, end: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        let end = end.min(area.right());
        if y < area.top() || y >= area.bottom() {
            return x;
        }
        let is_read = self.theme.is_read();
        if x >= end {
            let is_words = text.contains(char::is_alphanumeric) || text.trim().is_empty();
            if is_read && is_words {
                self.whole.push(Whole::new(y, (x, x), safe(text)));
            }
            return x;
        }
        let cells = usize::from(end - x);
        let text = self.told_apart(text, cells).unwrap_or_else(|| cut(text, cells, self.theme.glyphs.cut));
        let (after, _) = self.buffer.set_stringn(x, y, &text, cells, style);
        if is_read && text.width() > cells {
            self.whole.push(Whole::new(y, (x, after), text));
        }
        after
    }

    /// Draws `text` so that it ends before `end`.
    pub fn right(&mut self, start: u16, y: u16, end: u16, text: &str, style: Style) {
        let x = end.saturating_sub(width(text)).max(start);
        self.put(x, y, end, text, style);
    }

    /// Draws a line of pieces. Returns the cell behind it.
    pub fn runs(&mut self, x: u16, y: u16, end: u16, runs: &Runs) -> u16 {
        runs.0.iter().fold(x, |x, (text, style)| self.put(x, y, end, text, *style))
    }

    /// Draws a line of pieces so that it ends before `end`.
    pub fn runs_right(&mut self, start: u16, y: u16, end: u16, runs: &Runs) {
        let x = end.saturating_sub(runs.width()).max(start);
        self.runs(x, y, end, runs);
    }

    /// Repeats a sign.
    pub fn repeat(&mut self, x: u16, y: u16, cells: u16, sign: &str, style: Style) {
        for x in x..x.saturating_add(cells).min(self.buffer.area.right()) {
            self.put(x, y, x + 1, sign, style);
        }
    }

    /// Blanks a rectangle.
    pub fn clear(&mut self, area: Rect) {
        for position in area.intersection(self.buffer.area).positions() {
            self.buffer[position].reset();
        }
    }

    /// Makes everything drawn so far dim, without colours: what lies behind a dialog.
    pub fn dim(&mut self) {
        // What lies behind cannot be clicked.
        self.spots.clear();
        let area = self.buffer.area;
        self.buffer.set_style(area, Style::reset().add_modifier(Modifier::DIM));
    }

    /// Gives a row the look of the one under the cursor.
    pub fn select(&mut self, x: u16, y: u16, end: u16) {
        let style = self.theme.selected().remove_modifier(Modifier::DIM);
        let area = Rect::new(x, y, end.saturating_sub(x), 1).intersection(self.buffer.area);
        self.buffer.set_style(area, style);
        self.put(x, y, end, self.theme.glyphs.cursor, self.theme.cursor_bar());
    }

    /// Tags, a share of work or of a life: `full` solid cells of `cells`, the rest as track.
    pub fn gauge(&mut self, x: u16, y: u16, cells: u16, full: u16, styles: (Style, Style)) {
        let full = full.min(cells);
        self.repeat(x, y, full, self.theme.glyphs.holds, styles.0);
        self.repeat(x + full, y, cells - full, self.theme.glyphs.track, styles.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(cut("release-board", 8, "…"), "release…");
        assert_eq!(cut("abc", 3, "…"), "abc");
        assert_eq!(cut_path("registry.example.com/team/app", 18, "…"), "registry.exam…/app");
    }

    #[test]
    fn names_that_differ_in_the_middle_stay_different() {
        let names: Vec<String> =
            (0..30).map(|n| format!("organisation/platform/service-{n:02}-production/application")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).chain(["a/short"]).collect();
        for cells in [16, 24, 40] {
            let cut = names.iter().zip(shared(&names)).map(|(name, shared)| cut_name(name, cells, "…", shared));
            let cut: Vec<String> = cut.collect();
            assert!(cut.iter().all(|name| name.width() <= cells), "{cut:?}");
            let different: std::collections::BTreeSet<&String> = cut.iter().collect();
            assert_eq!(different.len(), names.len(), "{cut:?}");
        }
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_inside_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
    }
}
