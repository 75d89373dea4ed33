//! The list of wizards: begun ones first, then what can be begun here.

use crossterm::event::KeyEvent;

use super::{act, begin, due, forms};
use crate::engine::wizard::{Begun, Choice, Wizard};
use crate::tuf::Gun;
use crate::tui::dialogs::window::{Window, keys};
use crate::tui::dialogs::{Dialog, Form, Next};
use crate::tui::kit::canvas::{Canvas, Runs, cut, width};
use crate::tui::messages::effect::Effect;
use crate::tui::messages::input;
use crate::tui::messages::wizard_task::Task;
use crate::tui::state::State;

/// Widest menu.
const WIDEST: u16 = 76;

/// The open list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    pub title: String,
    pub subject: String,
    pub entries: Vec<Entry>,
    pub cursor: usize,
}

/// A wizard that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
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

/// What an entry opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opens {
    /// One that was begun.
    Begun(Choice),
    /// A new one, unless it was begun.
    New { wizard: Wizard, candidates: Vec<Gun>, chosen: Vec<Gun> },
    /// The first set-up of a repository that is not listed yet.
    SetUp,
    /// A colleague's half of a rotation.
    TakeOver,
}

impl Opens {
    /// The effects, and the form that comes first if something must be asked.
    pub(super) fn open(self, state: &mut State) -> Vec<Effect> {
        let task = match self {
            Self::Begun(choice) => Task::Resume(choice),
            Self::New { wizard, candidates, chosen } => Task::Open { wizard, candidates, chosen },
            Self::SetUp => return ask(state, forms::set_up),
            Self::TakeOver => return ask(state, forms::take_over),
        };
        if state.jobs.is_writing_choice() {
            act::wait_for_choice(state);
            return vec![];
        }
        state.guide = None;
        vec![task.effect()]
    }
}

fn ask(state: &mut State, form: fn(&State) -> Form) -> Vec<Effect> {
    let form = form(state);
    state.dialogs.push(Dialog::Form(form));
    vec![]
}

impl Menu {
    /// All wizards, those that were begun first.
    #[must_use]
    pub fn all(state: &State, begun: &[Begun]) -> Self {
        let resume = |begun: &Begun| Entry {
            word: format!("go on: {}", begun.choice.wizard.title()),
            note: due::begun_where(state, begun),
            waits: Some(match (&begun.unread, begun.due(state.now)) {
                (Some(problem), _) => Waits::Unread(format!("cannot be read: {}", problem.message)),
                (None, Some(what)) => Waits::Due(what.to_owned()),
                (None, None) => Waits::Next(due::waits_for(begun)),
            }),
            opens: Opens::Begun(begun.choice.clone()),
        };
        let mut entries: Vec<Entry> = begun.iter().rev().map(resume).collect();
        // What is due stands first.
        entries.sort_by_key(|entry| !matches!(entry.waits, Some(Waits::Due(_))));
        entries.extend(begin::all(state));
        let subject = state.repository().map(|r| state.short_name(&r.entry.name).to_owned()).unwrap_or_default();
        Self { title: "Wizards".to_owned(), subject, entries, cursor: 0 }
    }

    pub(in crate::tui) fn key(mut self, state: &mut State, key: &KeyEvent) -> Next {
        let last = self.entries.len().saturating_sub(1);
        match input::key_name(key).as_str() {
            "j" | "down" | "tab" => self.cursor = (self.cursor + 1).min(last),
            "k" | "up" | "shift-tab" => self.cursor = self.cursor.saturating_sub(1),
            "enter" if self.cursor < self.entries.len() => {
                let entry = self.entries.swap_remove(self.cursor);
                return Next::Close(entry.opens.open(state));
            }
            "X" => {
                if let Some(choice) = self.unread() {
                    return Next::Close(vec![Task::Forget(choice.clone()).effect()]);
                }
            }
            "esc" | "q" | "W" => return Next::Close(vec![]),
            _ => {}
        }
        Next::Stay(Dialog::Wizards(self), vec![])
    }

    /// The one under the cursor, if it cannot be opened: another one is given up where it is open.
    fn unread(&self) -> Option<&Choice> {
        match self.entries.get(self.cursor)? {
            Entry { waits: Some(Waits::Unread(_)), opens: Opens::Begun(choice), .. } => Some(choice),
            _ => None,
        }
    }

    pub(in crate::tui) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let pressed: &[(&str, &str)] = match self.unread() {
            Some(_) => &[("j k", "choose"), ("X", "give it up"), ("esc", "back")],
            None => &[("j k", "choose"), ("enter", "open"), ("esc", "back")],
        };
        let window = Window {
            title: self.title.clone(),
            subject: self.subject.clone(),
            keys: keys(canvas, pressed),
            colour: None,
        };
        // Below the list: what the one under the cursor waits for.
        let below = if self.entries.iter().any(|e| e.waits.is_some()) { 2 } else { 0 };
        let room = usize::from(canvas.area().height.saturating_sub(8 + below)).max(1);
        let rows = self.entries.len().min(room);
        let words = self.entries.iter().map(|e| width(&e.word)).max().unwrap_or(0).min(44);
        let place = window.open(canvas, WIDEST, u16::try_from(rows).unwrap_or(8) + below);
        let offset = (self.cursor + 1).saturating_sub(rows);
        let bottom = place.bottom.saturating_sub(below);
        for (y, (i, entry)) in (place.y..bottom).zip(self.entries.iter().enumerate().skip(offset).take(rows)) {
            let style = if i == self.cursor { theme.strong() } else { theme.text() };
            let word = cut(&entry.word, usize::from(words), theme.glyphs.cut);
            canvas.runs(place.x + 2, y, place.end, &Runs::new().then(word, style));
            let at = place.x + 2 + words;
            if matches!(entry.waits, Some(Waits::Due(_) | Waits::Unread(_))) {
                canvas.put(at + 1, y, place.end, theme.glyphs.warn, theme.warn());
            }
            canvas.put(at + 3, y, place.end, &entry.note, theme.quiet());
            if i == self.cursor {
                canvas.select(place.x, y, place.end);
            }
        }
        let waits = self.entries.get(self.cursor).and_then(|entry| entry.waits.as_ref());
        let runs = match waits {
            Some(Waits::Next(next)) => Runs::new().then(next.clone(), theme.text()),
            Some(Waits::Due(what)) => {
                Runs::new().then(theme.glyphs.warn, theme.warn()).gap(1).then(format!("due: {what}"), theme.text())
            }
            Some(Waits::Unread(why)) => Runs::new().then(why.clone(), theme.warn()),
            None => Runs::new(),
        };
        canvas.runs(place.x + 2, bottom, place.end, &runs);
    }
}
