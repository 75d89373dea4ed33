//! Everything that was said, bounded.

use std::collections::VecDeque;

use jiff::Timestamp as Time;

use super::State;
use crate::tui::kit::message::{Message, Tone};

/// Most entries that are kept on the screen; the file has more.
const MOST: usize = 500;

/// Everything that was said, oldest first.
#[derive(Debug, Default)]
pub struct SaidLog {
    entries: VecDeque<Entry>,
    /// How many of the last ones are not in the file yet.
    unwritten: usize,
    /// Where the file is, if there is one.
    pub file: String,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Time,
    pub tone: Tone,
    pub text: String,
    /// What to do, what it is about, the raw answer.
    pub detail: Vec<String>,
}

impl Entry {
    /// How it was meant, in a word.
    #[must_use]
    pub fn level(&self) -> &'static str {
        match self.tone {
            Tone::Done => "done",
            Tone::Note => "note",
            Tone::Warn => "warning",
            Tone::Fail => "error",
        }
    }
}

impl SaidLog {
    /// Adds what was said, unless it is what was said last.
    pub fn add(&mut self, at: Time, tone: Tone, verb: &str, object: &str, detail: Vec<String>) {
        let text = if object.is_empty() { verb.to_owned() } else { format!("{verb}: {object}") };
        let same = |last: &Entry| last.tone == tone && last.text == text && last.detail == detail;
        if self.entries.back().is_some_and(same) {
            return;
        }
        self.entries.push_back(Entry { at, tone, text, detail });
        self.unwritten += 1;
        if self.entries.len() > MOST {
            self.entries.pop_front();
        }
    }

    /// All that is kept, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev()
    }

    /// What is not in the file yet; from now on it counts as written.
    pub fn take_new(&mut self) -> impl Iterator<Item = &Entry> {
        let count = std::mem::take(&mut self.unwritten).min(self.entries.len());
        self.entries.iter().skip(self.entries.len() - count)
    }
}

impl State {
    /// Shows a message that is not kept.
    pub fn show(&mut self, tone: Tone, verb: impl Into<String>, object: impl Into<String>) {
        let (verb, object) = (verb.into(), object.into());
        let (remedy, back, quotes, kept) = (None, None, false, false);
        self.message = Some(Message { tone, verb, object, remedy, back, quotes, kept, since: self.now });
    }

    /// Says several things: the first is shown, with how many more there are.
    pub fn say_all(&mut self, tone: Tone, verb: &str, objects: &[String]) {
        for object in objects {
            self.log.add(self.now, tone, verb, object, vec![]);
        }
        match objects {
            [] => {}
            [only] => self.show(tone, verb, only),
            [first, more @ ..] => self.show(tone, verb, format!("{first}; {} more", more.len())),
        }
        if let Some(message) = self.message.as_mut().filter(|_| !objects.is_empty()) {
            message.kept = true;
        }
    }
}
