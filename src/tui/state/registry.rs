//! What the screen knows of what a registry holds.

use jiff::Timestamp as Time;

use crate::engine::RepositoryView;
use crate::engine::tags::ask::News;
use crate::engine::tags::compare::{Differences, rows};
use crate::engine::tags::registered::Registered;
use crate::tui::messages::failure::Failure;

/// What is known of a repository's registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Compared {
    /// What it holds; `None` before it was asked.
    pub known: Option<Registered>,
    /// When it listed its tags.
    pub at: Option<Time>,
    pub work: Comparing,
    /// Why the last try gave nothing.
    pub failure: Option<Failure>,
    /// Where it differs from what is signed, as far as it is known; counted when something changes, not for a frame.
    pub differences: Differences,
}

/// Whether a registry is being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Comparing {
    #[default]
    Idle,
    /// It was asked for its tags.
    Listing,
    /// It answered about so many tags of so many.
    Asked { done: usize, of: usize },
    /// The user has stopped it; it begins again only if asked to.
    Stopped,
}

impl Compared {
    /// Begins anew; what is known stays until it is replaced.
    pub fn begin(&mut self) {
        (self.work, self.failure) = (Comparing::Listing, None);
    }

    /// Takes an answer.
    pub fn hear(&mut self, news: News, now: Time) {
        match news {
            News::Listed { registered, wanted } => {
                (self.known, self.at) = (Some(registered), Some(now));
                self.work = Comparing::Asked { done: 0, of: wanted };
            }
            News::Found(answers) => {
                if let Comparing::Asked { done, .. } = &mut self.work {
                    *done += answers.len();
                }
                let known = self.known.get_or_insert_default();
                answers.into_iter().for_each(|answer| known.learn(answer));
            }
        }
    }

    /// Whether nothing is being asked.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.work, Comparing::Idle | Comparing::Stopped)
    }

    /// The user stops it, if it runs; what is known stays.
    pub fn stop(&mut self) {
        if !self.is_idle() {
            self.work = Comparing::Stopped;
        }
    }

    /// Ends.
    pub fn end(&mut self, failure: Option<Failure>) {
        (self.work, self.failure) = (Comparing::Idle, failure);
    }

    /// Counts where the registry differs from what is signed.
    pub fn count(&mut self, view: Option<&RepositoryView>) {
        let rows = view.zip(self.known.as_ref()).map(|(view, known)| rows(view, Some(known)));
        self.differences = Differences::among(rows.iter().flatten());
    }
}
