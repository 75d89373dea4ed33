//! What is said under a list: name, consequence, and the keys that help.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::kit::canvas::{Canvas, Runs, cut, width, wrap};
use crate::tui::kit::theme::Theme;

/// Longest line of running text.
pub const TEXT_WIDTH: usize = 76;

/// Key, act, and what it needs.
pub type Act = (&'static str, String, String);

/// What is said about one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    pub name: String,
    /// State or reason, beside the name.
    pub state: Option<(String, Style)>,
    pub sentences: Vec<String>,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    pub acts: Vec<Act>,
}

/// The fact that says what to do.
pub const REMEDY: &str = "do";

impl Detail {
    /// The same with other words in all that is said of the row.
    #[must_use]
    pub fn spoken(mut self, words: impl Fn(&str) -> String) -> Self {
        let texts = self.sentences.iter_mut().chain(self.facts.iter_mut().map(|(_, value)| value));
        for text in texts.chain(self.acts.iter_mut().map(|(_, _, needs)| needs)) {
            *text = words(text);
        }
        self
    }

    /// Rows that it needs to be read whole in lines of `width` cells.
    #[must_use]
    pub fn rows(&self, width: u16) -> u16 {
        u16::try_from(self.count(width) + usize::from(!self.acts.is_empty())).unwrap_or(u16::MAX)
    }

    /// Lines of it that find no room.
    #[must_use]
    pub fn hidden(&self, area: Rect) -> usize {
        self.count(area.width).saturating_sub(usize::from(area.height))
    }

    /// Lines of it without blank ones; they are as many in every theme.
    fn count(&self, width: u16) -> usize {
        self.parts(width, Theme::default()).iter().map(Vec::len).sum()
    }

    /// Draws it: where it has no room from its first line on, shortened, else what comes from another line on.
    pub fn render(&self, canvas: &mut Canvas<'_>, area: Rect, from: usize) {
        let is_short = from == 0 && self.hidden(area) > 0;
        let [head, text, acts] =
            if is_short { self.shortened(area, canvas.theme) } else { self.parts(area.width, canvas.theme) };
        let height = usize::from(area.height);
        let spare = height.saturating_sub(head.len() + text.len() + acts.len());
        let above_acts = usize::from(spare > 0 && !acts.is_empty());
        let below_head = usize::from(spare > above_acts && height >= 7 + acts.len());
        let blanks = |n: usize| std::iter::repeat_n(Runs::new(), n);
        let lines = head.into_iter().chain(blanks(below_head)).chain(text).chain(blanks(above_acts)).chain(acts);
        for (y, line) in (area.y..area.bottom()).zip(lines.skip(from)) {
            canvas.runs(area.x + 1, y, area.right().saturating_sub(1), &line);
        }
    }

    /// Head in a line, acts whole where that leaves the sentences whole, and what of the text has room between them.
    fn shortened(&self, area: Rect, theme: Theme) -> [Vec<Runs>; 3] {
        let below = usize::from(area.height).saturating_sub(1);
        let [_, _, mut acts] = self.parts(area.width, theme);
        let cells = usize::from(area.width.saturating_sub(2)).min(TEXT_WIDTH);
        let said: usize = self.sentences.iter().map(|sentence| wrap(sentence, cells).len()).sum();
        // The first fact is kept too.
        if acts.len() + said.max(1) + usize::from(!self.facts.is_empty()) > below {
            acts = self.acts.iter().map(|act| act_line(theme, act)).collect();
        }
        let room = below.saturating_sub(acts.len());
        let mut text = if room > 0 {
            self.lines(usize::from(area.width.saturating_sub(2)), room, theme.glyphs.cut)
        } else {
            vec![]
        };
        text.truncate(room);
        [vec![self.head(theme)], text, acts]
    }

    /// Head, text and acts, all whole: what is wider than a line goes on in the next one.
    fn parts(&self, width: u16, theme: Theme) -> [Vec<Runs>; 3] {
        let width = width.saturating_sub(2);
        let cells = usize::from(width);
        let broken = |text: &str, gap: usize, style: Style| -> Vec<Runs> {
            wrap(text, cells.saturating_sub(gap))
                .into_iter()
                .map(|line| Runs::new().gap(gap).then(line, style))
                .collect()
        };
        let mut head = vec![self.head(theme)];
        if head.iter().any(|line| line.width() > width) {
            head = broken(&self.name, 0, theme.strong());
            head.extend(self.state.iter().flat_map(|(text, style)| broken(text, 0, *style)));
        }
        let act = |act: &Act| {
            let line = act_line(theme, act);
            if line.width() <= width {
                return vec![line];
            }
            let (key, word, needs) = act;
            let mut lines = broken(&format!("{key} {word}"), 0, theme.text());
            if !needs.is_empty() {
                lines.extend(broken(needs, key.len() + 1, theme.quiet()));
            }
            lines
        };
        [head, self.lines(cells, usize::MAX, ""), self.acts.iter().flat_map(act).collect()]
    }

    fn head(&self, theme: Theme) -> Runs {
        let head = Runs::new().then(self.name.clone(), theme.strong());
        match &self.state {
            Some((text, style)) => head.gap(2).then(text.clone(), *style),
            None => head,
        }
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
        while over > 0 && shorten(&mut kept, (cells, mark), Cut::Facts) {
            over -= 1;
        }
        if over > 0 && !kept.is_empty() && lines.len() > 1 {
            // What happened gives way to what to do.
            let left = lines.len().saturating_sub(over).max(1);
            over -= lines.len() - left;
            lines.truncate(left);
            if let Some((text, _)) = lines.last_mut().and_then(|line| line.0.first_mut()) {
                *text = cut(&format!("{text} {mark}"), width, mark);
            }
        }
        while over > 0 && shorten(&mut kept, (cells, mark), Cut::Remedies) {
            over -= 1;
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

/// What may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// What happened.
    Facts,
    /// What to do, once nothing else is left.
    Remedies,
}

/// Takes a line away; says whether there was one to take.
fn shorten(facts: &mut Vec<Wrapped<'_>>, (cells, mark): (usize, &str), what: Cut) -> bool {
    let is_remedy = |fact: &Wrapped<'_>| fact.0.0 == REMEDY;
    let long = |remedies: bool| {
        let long = facts.iter().enumerate().filter(|(_, fact)| fact.1.len() > 1 && is_remedy(fact) == remedies);
        long.max_by_key(|(_, fact)| fact.1.len()).map(|(place, _)| place)
    };
    let whole = facts.iter().rposition(|fact| !is_remedy(fact)).filter(|place| *place > 0);
    let place = match (long(false), whole, long(true).filter(|_| what == Cut::Remedies)) {
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

fn act_line(theme: Theme, (key, act, needs): &Act) -> Runs {
    let runs = Runs::new().then(*key, theme.key()).gap(1).then(act.clone(), theme.text());
    runs.gap(3).then(needs.clone(), theme.quiet())
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
    fn nothing_is_left_out_or_cut_where_no_line_counts_as_hidden() {
        let act = ("w", "sign releases again".to_owned(), "with your key jeff, which is open".to_owned());
        let sentences = vec!["one two three four five six seven eight nine ten".to_owned()];
        let detail = Detail { name: "admin/demo".to_owned(), sentences, acts: vec![act], ..Detail::default() };
        for width in 14..70 {
            let area = Rect::new(0, 0, width, 0);
            let enough =
                (1..60).find(|height| detail.hidden(Rect { height: *height, ..area }) == 0).unwrap_or_default();
            let mut buffer = ratatui::buffer::Buffer::empty(Rect { height: enough, ..area });
            let mut canvas = Canvas::new(&mut buffer, Theme::default());
            detail.render(&mut canvas, Rect { height: enough, ..area }, 0);
            let text: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
            for word in ["ten", "again", "open"] {
                assert!(text.contains(word), "{word} at {width}: {text}");
            }
        }
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

    #[test]
    fn what_to_do_is_whole_before_what_happened() {
        let text = |lines: &[Runs]| -> Vec<String> {
            lines.iter().map(|l| l.0.iter().map(|(t, _)| t.as_str()).collect()).collect()
        };
        let detail = Detail {
            name: "admin/demo".to_owned(),
            sentences: vec!["releases was last signed by ben and by no key that stays. ".repeat(3)],
            facts: vec![("do", "ask jeff to sign it again on the machine that has his key, then refresh".to_owned())],
            ..Detail::default()
        };
        let lines = text(&detail.lines(40, 4, "…"));
        assert!(lines[0].ends_with('…') && lines[1..].concat().ends_with("refresh"), "{lines:?}");
    }

    #[test]
    fn in_a_narrow_place_the_note_behind_a_key_stays_whole() {
        let needs = "this machine's last good file, once its signers were asked about it".to_owned();
        let detail = Detail {
            name: "admin/demo".to_owned(),
            sentences: vec!["releases was last signed by ben.".to_owned()],
            facts: vec![("keys", "jeff, whose key is on this machine ".repeat(6))],
            acts: vec![("S", "restore targets/releases".to_owned(), needs)],
            ..Detail::default()
        };
        let area = Rect::new(0, 0, 58, 6);
        let mut buffer = ratatui::buffer::Buffer::empty(area);
        detail.render(&mut Canvas::new(&mut buffer, Theme::default()), area, 0);
        let text: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.contains("asked about it") && text.contains("S restore"), "{text}");
        // But not before what happened.
        let sentences = vec!["releases was last signed by ben and by no key that stays. ".repeat(3)];
        let detail = Detail { sentences, ..detail };
        let mut buffer = ratatui::buffer::Buffer::empty(area);
        detail.render(&mut Canvas::new(&mut buffer, Theme::default()), area, 0);
        let text: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.contains("S restore") && text.contains('…') && !text.contains("asked about it"), "{text}");
    }
}
