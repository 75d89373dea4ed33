//! What is said under a list: name, consequence, and the keys that help.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::kit::canvas::{Canvas, Runs, cut, width, wrap};

/// Longest line of running text.
pub const TEXT_WIDTH: usize = 76;

/// What is said about one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    pub name: String,
    /// State or reason, beside the name.
    pub state: Option<(String, Style)>,
    pub sentences: Vec<String>,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Key, act, and what it needs.
    pub acts: Vec<(&'static str, String, String)>,
}

/// The fact that says what to do.
pub const REMEDY: &str = "do";

impl Detail {
    /// Rows that it needs to be read whole in lines of `width` cells.
    #[must_use]
    pub fn rows(&self, width: u16) -> u16 {
        let text = self.lines(usize::from(width.saturating_sub(2)), usize::MAX, "").len();
        u16::try_from(1 + text + self.acts.len() + usize::from(!self.acts.is_empty())).unwrap_or(u16::MAX)
    }

    /// Lines of it that find no room.
    #[must_use]
    pub fn hidden(&self, area: Rect) -> usize {
        usize::from(self.rows(area.width).saturating_sub(area.height))
    }

    /// Draws it: where it has no room from its first line on, shortened, else what comes from another line on.
    pub fn render(&self, canvas: &mut Canvas<'_>, area: Rect, from: usize) {
        if from > 0 {
            return self.render_from(canvas, area, from);
        }
        let theme = canvas.theme;
        let (x, end) = (area.x + 1, area.right().saturating_sub(1));
        let mut y = area.y;
        canvas.runs(x, y, end, &self.head(canvas));
        y += 1;
        let acts = u16::try_from(self.acts.len()).unwrap_or(0);
        let roomy = area.height >= 7 + acts;
        if roomy {
            y += 1;
        }
        let bottom = area.bottom();
        let reserved = if roomy && acts > 0 { acts + 1 } else { acts };
        let text_bottom = if bottom.saturating_sub(y) > reserved { bottom - reserved } else { bottom };
        let room = usize::from(text_bottom.saturating_sub(y));
        for line in self.lines(usize::from(end.saturating_sub(x)), room, theme.glyphs.cut).into_iter().take(room) {
            canvas.runs(x, y, end, &line);
            y += 1;
        }
        if y + acts < bottom {
            y += 1;
        }
        for act in self.act_lines(canvas) {
            if y < bottom {
                canvas.runs(x, y, end, &act);
                y += 1;
            }
        }
    }

    fn render_from(&self, canvas: &mut Canvas<'_>, area: Rect, from: usize) {
        let (x, end) = (area.x + 1, area.right().saturating_sub(1));
        let mut lines = vec![self.head(canvas)];
        lines.extend(self.lines(usize::from(end.saturating_sub(x)), usize::MAX, ""));
        if !self.acts.is_empty() {
            lines.push(Runs::new());
            lines.extend(self.act_lines(canvas));
        }
        for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(from)) {
            canvas.runs(x, y, end, line);
        }
    }

    fn head(&self, canvas: &Canvas<'_>) -> Runs {
        let head = Runs::new().then(self.name.clone(), canvas.theme.strong());
        match &self.state {
            Some((text, style)) => head.gap(2).then(text.clone(), *style),
            None => head,
        }
    }

    fn act_lines(&self, canvas: &Canvas<'_>) -> Vec<Runs> {
        let theme = canvas.theme;
        let line = |(key, act, needs): &(&'static str, String, String)| {
            let runs = Runs::new().then(*key, theme.key()).gap(1).then(act.clone(), theme.text());
            runs.gap(3).then(needs.clone(), theme.quiet())
        };
        self.acts.iter().map(line).collect()
    }

    /// Sentences and facts. Where they need more than `room`, long facts are cut rather than the last ones lost, and
    /// what to do after all that says what happened.
    fn lines(&self, width: usize, room: usize, mark: &str) -> Vec<Runs> {
        let width = width.min(TEXT_WIDTH);
        let plain = |line: String| Runs::new().then(line, Style::new());
        let mut lines: Vec<Runs> = self.sentences.iter().flat_map(|s| wrap(s, width)).map(plain).collect();
        let label_width = self.facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0) + 2;
        let cells = width.saturating_sub(label_width).max(8);
        let facts: Vec<Vec<String>> = self.facts.iter().map(|(_, value)| wrap(value, cells)).collect();
        let mut over = (lines.len() + facts.iter().map(Vec::len).sum::<usize>()).saturating_sub(room);
        let mut kept: Vec<Wrapped<'_>> = self.facts.iter().zip(facts).collect();
        // Long facts first, then whole ones from the last on; what to do only when nothing else is left.
        while over > 0 && shorten(&mut kept, cells, mark) {
            over -= 1;
        }
        if over > 0 && !kept.is_empty() && lines.len() > 1 {
            // What happened gives way to what to do.
            lines.truncate(lines.len().saturating_sub(over).max(1));
            if let Some((text, _)) = lines.last_mut().and_then(|line| line.0.first_mut()) {
                *text = cut(&format!("{text} {mark}"), width, mark);
            }
        }
        for ((label, _), wrapped) in kept {
            for (i, text) in wrapped.into_iter().enumerate() {
                let label = if i == 0 { label } else { "" };
                let quiet = Style::new().add_modifier(ratatui::style::Modifier::DIM);
                lines.push(Runs::new().then(format!("{label:label_width$}"), quiet).then(text, Style::new()));
            }
        }
        lines
    }
}

type Wrapped<'a> = (&'a (&'static str, String), Vec<String>);

/// Takes a line away; says whether there was one to take.
fn shorten(facts: &mut Vec<Wrapped<'_>>, cells: usize, mark: &str) -> bool {
    let is_remedy = |fact: &Wrapped<'_>| fact.0.0 == REMEDY;
    let long = |remedies: bool| {
        let long = facts.iter().enumerate().filter(|(_, fact)| fact.1.len() > 1 && is_remedy(fact) == remedies);
        long.max_by_key(|(_, fact)| fact.1.len()).map(|(place, _)| place)
    };
    let whole = facts.iter().rposition(|fact| !is_remedy(fact)).filter(|place| *place > 0);
    let place = match (long(false), whole, long(true)) {
        (Some(place), ..) | (None, None, Some(place)) => place,
        (None, Some(place), _) => {
            facts.remove(place);
            return true;
        }
        (None, None, None) => return false,
    };
    if let Some((_, lines)) = facts.get_mut(place) {
        lines.pop();
        if let Some(last) = lines.last_mut() {
            let fits = usize::from(width(last)) < cells;
            *last = if fits { format!("{last}{mark}") } else { cut(last, cells - 1, mark) };
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_seen_where_what_happened_alone_would_fill_the_place() {
        let detail = Detail {
            name: "admin/demo".to_owned(),
            sentences: vec!["releases was last signed by ben and by no key that stays. ".repeat(3)],
            facts: vec![("do", "sign it again: w in Roles".to_owned()), ("asks for", "jeff".to_owned())],
            ..Detail::default()
        };
        let lines = detail.lines(60, 2, "…");
        let text: Vec<String> = lines.iter().map(|l| l.0.iter().map(|(t, _)| t.as_str()).collect()).collect();
        assert_eq!(text.len(), 2, "{text:?}");
        assert!(text[0].ends_with('…') && text[1].ends_with("w in Roles"), "{text:?}");
    }

    #[test]
    fn in_a_narrow_place_what_to_do_stays_whole() {
        let facts = vec![
            ("what", "the server answered with a certificate that nobody on this machine knows ".repeat(4)),
            ("do", "put the certificate of its authority into the folder that the server has in docker".to_owned()),
            ("also", "one more".to_owned()),
        ];
        let detail = Detail { name: "admin/demo".to_owned(), facts, ..Detail::default() };
        let lines = detail.lines(60, 3, "…");
        let text: Vec<String> = lines.iter().map(|l| l.0.iter().map(|(t, _)| t.as_str()).collect()).collect();
        assert!(
            text.concat().contains("certificate of its authority") && text.concat().contains("has in docker"),
            "{text:?}"
        );
    }
}
