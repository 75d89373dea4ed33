//! What the screen knows of what a registry holds.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;

use crate::engine::RepositoryView;
use crate::engine::tags::ask::News;
use crate::engine::tags::compare::{self, Differences, TagPair, TagStanding};
use crate::engine::tags::registered::{KnownTag, Registered};
use crate::engine::tags::verify::CheckedPart;
use crate::engine::view::TagView;
use crate::tui::messages::failure::Failure;

/// What is known of a repository's registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Compared {
    /// What it holds; `None` before it was asked.
    pub known: Option<Registered>,
    /// When it listed its tags, for what is known: of a comparison that is stopped, that of the one before.
    pub at: Option<Time>,
    /// When it listed them anew, while not all is asked again.
    anew: Option<Time>,
    pub work: Comparing,
    /// Whether it was asked what tags are, and not for their names alone.
    pub answered: bool,
    /// Whether it is being asked what tags on the screen are.
    pub looking: bool,
    /// Why the last try gave nothing.
    pub failure: Option<Failure>,
    /// Where it differs from what is signed, as far as it is known; counted when something changes, not for a frame.
    pub differences: Differences,
    /// Signed tags of which the registry was not asked what it holds, counted with them.
    unasked: usize,
    /// The digest of a part that was not what is signed, for the signed digest that it is part of: until that part is
    /// read again and is good.
    tampered: BTreeMap<String, String>,
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
        (self.work, self.failure, self.anew) = (Comparing::Listing, None, None);
    }

    /// Takes an answer.
    pub fn hear(&mut self, news: News, now: Time) {
        match news {
            News::Listed { mut registered, wanted } => {
                // What is asked again replaces it; where that is stopped, the last answer is still one.
                self.known.take().into_iter().for_each(|before| registered.remember(before));
                (self.known, self.anew, self.answered) = (Some(registered), Some(now), false);
                self.at = self.at.or(self.anew);
                self.work = Comparing::Asked { done: 0, of: wanted };
            }
            News::Found(answers) => {
                if let Comparing::Asked { done, .. } = &mut self.work {
                    *done += answers.len();
                }
                self.answered = true;
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

    /// Whether it is known of every signed tag what the registry holds under it.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.known.is_some() && self.unasked == 0
    }

    /// Of how many signed tags the registry was not asked, after the user has stopped that: what differs may be more.
    #[must_use]
    pub fn not_asked(&self) -> usize {
        if self.work == Comparing::Stopped && self.known.is_some() { self.unasked } else { 0 }
    }

    /// The user stops it, if it runs; what is known stays.
    pub fn stop(&mut self) {
        if !self.is_idle() || self.looking {
            (self.work, self.looking) = (Comparing::Stopped, false);
        }
    }

    /// Ends.
    pub fn end(&mut self, failure: Option<Failure>) {
        let anew = self.anew.take().filter(|_| failure.is_none() && self.work != Comparing::Stopped);
        self.at = anew.or(self.at);
        (self.work, self.failure) = (Comparing::Idle, failure);
    }

    /// Counts where the registry differs from what is signed.
    pub fn count(&mut self, view: Option<&RepositoryView>) {
        let is_asked = self.known.is_some() || !self.tampered.is_empty();
        let rows = view.filter(|_| is_asked).map(|view| self.rows(view));
        self.differences = Differences::among(rows.iter().flatten());
        self.unasked = rows.iter().flatten().filter(|row| row.standing == TagStanding::Signed).count();
    }

    /// What is signed beside what the registry holds.
    #[must_use]
    pub fn rows(&self, view: &RepositoryView) -> Vec<TagPair> {
        let mut rows = compare::rows(view, self.known.as_ref());
        for row in &mut rows {
            if let Some(tag) = row.signed.and_then(|place| view.tags.get(place)) {
                row.standing = self.verified(tag, row.standing);
            }
        }
        rows
    }

    /// How a signed tag stands, with what the registry answered.
    #[must_use]
    pub fn standing(&self, view: &RepositoryView, tag: &TagView, known: KnownTag<'_>) -> TagStanding {
        self.verified(tag, compare::standing(view, tag, Some(known)))
    }

    fn verified(&self, tag: &TagView, found: TagStanding) -> TagStanding {
        let is_pulled = matches!(found, TagStanding::Ok | TagStanding::Signed | TagStanding::Drift | TagStanding::Gone);
        if is_pulled && self.tampered.contains_key(&tag.digest) { TagStanding::Tampered } else { found }
    }

    /// Takes what was found of a part of what is signed. `true` if it changes how a tag stands.
    pub fn check(&mut self, signed: &str, part: &CheckedPart) -> bool {
        if part.is_refuted() {
            return self.tampered.insert(signed.to_owned(), part.digest.clone()).is_none();
        }
        let mended = part.is_good() && self.tampered.get(signed) == Some(&part.digest);
        mended && self.tampered.remove(signed).is_some()
    }
}
