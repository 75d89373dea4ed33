//! The open palette; what it finds is known to the route.

use std::sync::Arc;

use crate::engine::RepositoryView;
use crate::tuf::{CanonicalKeyId, Gun, Role};
use crate::tui::kit::field::TextField;

/// The open palette.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandPalette {
    pub typed: TextField,
    pub cursor: usize,
    /// What was found, best first.
    pub hits: Vec<Hit>,
    /// What fewer letters fitted to, the fewest first.
    pub narrowed: Vec<Narrowed>,
}

/// The tags that words fit to: what more letters fit to is among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowed {
    pub words: String,
    pub of: Arc<RepositoryView>,
    /// Places in its tags.
    pub tags: Vec<u32>,
}

/// Something to do, or somewhere to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// An action, by its name.
    Action(String),
    Repository(Gun),
    /// A role of the repository that is shown.
    Role(Role),
    /// A tag of it.
    Tag(Arc<str>),
    Key(CanonicalKeyId),
    /// A wizard that can be begun here, by its title.
    Wizard(String),
}

impl CommandPalette {
    /// The one under the cursor.
    #[must_use]
    pub fn chosen(&self) -> Option<&Hit> {
        self.hits.get(self.cursor)
    }
}
