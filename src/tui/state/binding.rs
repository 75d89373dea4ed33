//! Keys and what they do. The hint bar and the help are made from these tables.

use super::{State, actions};
use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Move(Move),
    Focus(Pane),
    NextPane,
    PreviousPane,
    Back,
    Help,
    /// Everything by name.
    Palette,
    Filter,
    Mark,
    Range,
    MarkAll,
    Undo,
    Redo,
    Review,
    Refresh,
    RefreshAll,
    Copy(Copied),
    Quit,
    Suspend,
    Redraw,
    SkipTourStep,
    EndTour,
    Sandbox,
    Repositories(actions::Repositories),
    Roles(actions::Roles),
    Tags(actions::Tags),
    Keys(actions::Keys),
    Staged(actions::Staged),
    ReviewScreen(actions::Review),
    PublishScreen(actions::Publish),
    /// Rotates or renews what is under the cursor, guided.
    Rotate,
    Wizard(actions::Wizard),
}

/// What `y` copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    Name,
    Id,
    Digest,
    Words,
}

/// Where the help lists a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Move,
    Find,
    Leave,
    Stage,
    Publish,
    Keys,
    Danger,
    Mark,
    Copy,
    Look,
}

impl Group {
    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Find => "Find",
            Self::Stage => "Stage",
            Self::Publish => "Publish",
            Self::Keys => "Keys",
            Self::Danger => "Danger",
            Self::Mark => "Mark",
            Self::Copy => "Copy",
            Self::Look => "Look",
            Self::Leave => "Leave",
        }
    }
}

/// A key, its action and its word.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Names of keys; a blank separates the keys of a sequence. The first is shown.
    pub keys: &'static [&'static str],
    /// What it does.
    pub action: Action,
    /// The word beside it.
    pub word: &'static str,
    /// Where the help lists it.
    pub group: Group,
    /// Place in the hint bar; 0 is nowhere.
    pub hint: u8,
    /// Why it does nothing now.
    pub reason: fn(&State) -> Option<&'static str>,
}

/// Makes a binding that is always possible.
#[must_use]
pub const fn bind(
    keys: &'static [&'static str],
    action: Action,
    word: &'static str,
    group: Group,
    hint: u8,
) -> Binding {
    Binding { keys, action, word, group, hint, reason: never }
}

impl Binding {
    /// Sets why it does nothing now.
    #[must_use]
    pub const fn unless(mut self, reason: fn(&State) -> Option<&'static str>) -> Self {
        self.reason = reason;
        self
    }
}

fn never(_: &State) -> Option<&'static str> {
    None
}
