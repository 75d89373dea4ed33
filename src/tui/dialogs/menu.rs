//! The list of wizards.

use crossterm::event::KeyEvent;

use super::answer::{Answer, Opens};
use super::window::{Lines, Notes, Window, keys};
use crate::engine::wizard::Choice;
use crate::tui::kit::canvas::{Canvas, Runs, Spot, width};
use crate::tui::kit::list::stepped;
use crate::tui::messages::input;
use crate::tui::messages::wizard_task::Task;

/// Lines that a key scrolls.
const PAGE: usize = 8;
/// Cells of the menu, but for notes that need more.
const USUAL: u16 = 76;
/// Widest menu.
const WIDEST: u16 = 108;

/// The open list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    pub title: String,
    pub subject: String,
    pub offers: Vec<Offer>,
    pub cursor: usize,
}

/// A wizard that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub word: String,
    pub note: String,
    /// What it waits for, if it was begun.
    pub waits: Option<Waits>,
    pub opens: Opens,
}

/// What a wizard waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    /// This is next.
    Next(String),
    /// Somebody should come back for this by now.
    Due(String),
    /// Nobody can tell how far it is, for this reason; it can be given up.
    Unread(String),
}

impl Menu {
    pub(super) fn key(mut self, key: &KeyEvent) -> (Option<Self>, Answer) {
        let last = self.offers.len().saturating_sub(1);
        match input::key_name(key).as_str() {
            "enter" if self.cursor < self.offers.len() => {
                let offer = self.offers.swap_remove(self.cursor);
                return (None, Answer::Opens(offer.opens));
            }
            "X" => {
                if let Some(choice) = self.unread() {
                    return (None, Answer::Work(vec![Task::Abandon(choice.clone(), vec![]).effect()]));
                }
                if let Some(choice) = self.begun() {
                    return (None, Answer::Opens(Opens::GiveUp(Box::new(choice.clone()))));
                }
            }
            "esc" | "q" | "W" => return (None, Answer::Nothing),
            key => self.cursor = stepped(key, self.cursor, last, PAGE).unwrap_or(self.cursor),
        }
        (Some(self), Answer::Nothing)
    }

    /// The one under the cursor, if it was begun.
    fn begun(&self) -> Option<&Choice> {
        match &self.offers.get(self.cursor)?.opens {
            Opens::Begun(choice) => Some(choice),
            _ => None,
        }
    }

    /// The same, if it cannot be opened: nothing can be asked about what it staged.
    fn unread(&self) -> Option<&Choice> {
        let is_unread = matches!(self.offers.get(self.cursor)?.waits, Some(Waits::Unread(_)));
        self.begun().filter(|_| is_unread)
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let pressed: &[(&str, &str)] = match (self.begun(), self.unread()) {
            (_, Some(_)) => &[("j k", "choose"), ("X", "give it up"), ("esc", "back")],
            (Some(_), None) => &[("j k", "choose"), ("enter", "go on"), ("X", "give it up"), ("esc", "back")],
            (None, None) => &[("j k", "choose"), ("enter", "open"), ("esc", "back")],
        };
        let window = Window {
            title: self.title.clone(),
            subject: self.subject.clone(),
            keys: keys(canvas, pressed),
            colour: None,
        };
        // Below the list: what the one under the cursor waits for.
        let waiting = if self.offers.iter().any(|e| e.waits.is_some()) { 2 } else { 0 };
        let words = self.offers.iter().map(|e| width(&e.word)).max().unwrap_or(0).min(44);
        // Border, margins, the cursor's blank and what stands between word and note.
        let longest = self.offers.iter().map(|e| width(&e.note)).max().unwrap_or(0).saturating_add(words + 6 + 5);
        let wanted = longest.clamp(USUAL, WIDEST);
        let inner = usize::from(wanted.min(canvas.area().width.saturating_sub(4))).saturating_sub(6);
        let note = Notes::of(self.offers.iter().map(|offer| (words, offer.note.as_str())), inner);
        let below = waiting + note.rows();
        let room = usize::from(canvas.area().height.saturating_sub(8 + below)).max(1);
        let rows = self.offers.len().min(room);
        let place = window.open(canvas, wanted, u16::try_from(rows).unwrap_or(8) + below);
        let offset = (self.cursor + 1).saturating_sub(rows);
        let bottom = place.bottom.saturating_sub(below);
        for (y, (i, offer)) in (place.y..bottom).zip(self.offers.iter().enumerate().skip(offset).take(rows)) {
            let style = if i == self.cursor { theme.strong() } else { theme.text() };
            let at = place.x + 2 + words;
            canvas.put(place.x + 2, y, at, &offer.word, style);
            if matches!(offer.waits, Some(Waits::Due(_) | Waits::Unread(_))) {
                canvas.put(at + 1, y, place.end, theme.glyphs.warn, theme.warn());
            }
            if note.are_beside(words, place.width()) {
                canvas.put(at + 3, y, place.end, &offer.note, theme.quiet());
            }
            canvas.spot(place.x, y, place.end, Spot::Line(i));
            if i == self.cursor {
                canvas.select(place.x, y, place.end);
            }
        }
        let hidden = self.offers.len() - (offset + rows).min(self.offers.len());
        if hidden > 0 {
            let more = Runs::new().then(format!(" {hidden} more below "), theme.quiet());
            canvas.runs_right(place.x, bottom.saturating_sub(1), place.end, &more);
        }
        let mut told = Lines { y: bottom, ..place };
        if let Some(offer) = self.offers.get(self.cursor) {
            note.render(canvas, &mut told, (words, &offer.note));
        }
        let waits = self.offers.get(self.cursor).and_then(|offer| offer.waits.as_ref());
        let runs = match waits {
            Some(Waits::Next(next)) => Runs::new().then(next.clone(), theme.text()),
            Some(Waits::Due(what)) => {
                Runs::new().then(theme.glyphs.warn, theme.warn()).gap(1).then(format!("due: {what}"), theme.text())
            }
            Some(Waits::Unread(why)) => Runs::new().then(why.clone(), theme.warn()),
            None => Runs::new(),
        };
        canvas.runs(place.x + 2, told.y, place.end, &runs);
    }
}
