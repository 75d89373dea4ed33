//! Text to read and scroll, such as the same as commands.

use crossterm::event::KeyEvent;

use super::answer::Answer;
use super::window::{Window, keys};
use crate::printable::printable;
use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};
use crate::tui::kit::list::moved;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::input;

/// Text to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub lines: Vec<String>,
    pub offset: usize,
}

/// Widest page.
const WIDTH: u16 = 78;
/// Cells beside the text: the screen's edges, and the box's.
const BESIDE: (u16, u16) = (4, 6);
/// Rows above and below the text: the screen's edges, and the box's.
const ABOVE: u16 = 6;

/// Breaks a line that is too long: its columns stay, and what follows stands below the last of them.
fn indented(line: &str, cells: usize) -> Vec<String> {
    if usize::from(width(line)) <= cells {
        return vec![line.to_owned()];
    }
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let begins = |at: usize| !line.get(at..).is_some_and(|rest| rest.starts_with(' '));
    let columns = line.match_indices("  ").map(|(at, two)| at + two.len()).filter(|at| begins(*at));
    let (head, rest) = line.split_at(columns.take_while(|at| at * 2 <= cells).last().unwrap_or(blanks));
    let below = usize::from(width(head));
    let parts = wrap(rest, cells.saturating_sub(below)).into_iter().enumerate();
    parts.map(|(i, part)| if i == 0 { format!("{head}{part}") } else { " ".repeat(below) + &part }).collect()
}

impl Page {
    /// The title of what was said.
    pub(in crate::tui) const MESSAGES: &'static str = "Messages, newest first";

    /// Commands; in the sandbox with what points a shell at it first, since they would act on the user's own else.
    pub(in crate::tui) fn commands(shell: Option<&str>, mut lines: Vec<String>) -> Self {
        if let Some(shell) = shell {
            let head = ["# first, so that they act on the sandbox and on nothing of yours:", shell];
            lines.splice(0..0, head.map(ToOwned::to_owned));
        }
        Self { title: "The same as commands".to_owned(), lines, offset: 0 }
    }

    fn text(&self, width: u16) -> Vec<String> {
        let cells = WIDTH.min(width.saturating_sub(BESIDE.0)).saturating_sub(BESIDE.1);
        self.lines.iter().flat_map(|line| indented(line, usize::from(cells))).collect()
    }

    /// The last line that can stand at the top.
    fn last(&self, (width, height): (u16, u16)) -> usize {
        self.text(width).len().saturating_sub(usize::from(height.saturating_sub(ABOVE)))
    }

    pub(super) fn key(mut self, size: (u16, u16), key: &KeyEvent) -> (Option<Self>, Answer) {
        let last = self.last(size);
        let page = usize::from(size.1 / 2);
        self.offset = self.offset.min(last);
        match input::key_name(key).as_str() {
            "y" => {
                let lines: Vec<String> = self.lines.iter().map(|line| printable(line)).collect();
                let copy = Effect::Copy { what: "text", text: lines.join("\n") };
                return (Some(self), Answer::Work(vec![copy]));
            }
            "@" if self.title != Self::MESSAGES => return (Some(self), Answer::InLines(*key)),
            "esc" | "q" | "enter" | "I" | "@" => return (None, Answer::Nothing),
            key => self.offset = moved(key, self.offset, last, page).unwrap_or(self.offset),
        }
        (Some(self), Answer::Nothing)
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let size = (canvas.area().width, canvas.area().height);
        let text = self.text(size.0);
        let last = self.last(size);
        let more = match last.saturating_sub(self.offset) {
            0 => "scroll".to_owned(),
            below => format!("scroll, {below} more below"),
        };
        let scroll: &[(&str, &str)] = if last > 0 { &[("j k", &more)] } else { &[] };
        let window = Window {
            title: self.title.clone(),
            subject: String::new(),
            keys: keys(canvas, &[scroll, &[("y", "copy"), ("esc", "close")]].concat()),
            colour: None,
        };
        let mut lines = window.open(canvas, WIDTH, u16::try_from(text.len()).unwrap_or(u16::MAX - ABOVE));
        for line in text.into_iter().skip(self.offset.min(last)) {
            lines.runs(canvas, &Runs::new().then(line, theme.text()));
        }
    }
}
