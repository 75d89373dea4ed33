//! Keys and what they do. The hint bar and the help are made from these tables.

pub use super::sort::{Sort, Sorts};
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
    /// All that needs a person.
    Needs,
    /// When what expires.
    Expiry,
    /// What the words mean.
    Concepts,
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
    /// Everything that was said.
    Messages,
    /// Whether the terminal tells of the mouse.
    Mouse,
    /// One pane fills the screen.
    Zoom,
    Sort(Sort),
    /// Where one was before.
    Return,
    /// All about what is under the cursor.
    Inspect,
    /// Scrolls what is said below the list.
    Scroll(Move),
    /// A filter that finds letters in their order.
    FilterLoosely,
    /// Prints what is meant here and leaves.
    Pick,
    Suspend,
    Redraw,
    SkipTourStep,
    EndTour,
    Sandbox,
    /// Which trust server holds for all repositories.
    NameServer,
    /// What the cursor is on where there is nothing yet.
    Chosen,
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
    Reference,
    Words,
    /// The full name of the repository.
    Repository,
    /// What is staged, as commands.
    Commands,
}

/// Where the keys of a table hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    Moves,
    /// Lists of the main screen.
    Lists,
    Pane(Pane),
    /// The main screen while there is nothing at all.
    Blank,
    Review,
    Publish,
    Wizard,
    Tour,
    Pick,
}

/// All tables, with keys of the user's own in place of the usual ones; none where there are no such keys.
#[derive(Clone, Debug, Default)]
pub struct Keymap(pub Vec<OwnTable>);

/// A table of keys, of which some may be the user's own.
#[derive(Clone, Copy, Debug)]
pub struct OwnTable {
    pub place: Place,
    pub usual: &'static [Binding],
    /// The same bindings in the same order.
    pub own: &'static [Binding],
}

impl Keymap {
    /// The table for a place, if it is another than usual.
    #[must_use]
    pub fn of(&self, place: Place) -> Option<&'static [Binding]> {
        self.0.iter().find(|table| table.place == place).map(|table| table.own)
    }

    /// The key for an action, wherever it holds, where any is the user's own; `:` finds one that has none.
    #[must_use]
    pub fn key(&self, action: Action) -> Option<&'static str> {
        let own = self.0.iter().flat_map(|table| table.own).find(|binding| binding.action == action)?;
        Some(own.keys.first().copied().unwrap_or(":"))
    }

    /// What the user has bound in these places, first in the nearest, in place of a usual key.
    #[must_use]
    pub fn instead_of(&self, key: &str, places: &[Place]) -> Option<&'static str> {
        let tables = places.iter().filter_map(|place| self.0.iter().find(|table| table.place == *place));
        let usual = tables.flat_map(|table| table.usual).find(|binding| binding.keys.contains(&key))?;
        self.key(usual.action).filter(|own| *own != key)
    }
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
    /// Why it does nothing now: that nothing may be changed, else its own reason.
    #[must_use]
    pub fn blocked(&self, state: &State) -> Option<&'static str> {
        let closed = self.action.writes().then(|| self.action.closed(state)).flatten();
        closed.or_else(|| (self.reason)(state))
    }

    /// Sets why it does nothing now.
    #[must_use]
    pub const fn unless(mut self, reason: fn(&State) -> Option<&'static str>) -> Self {
        self.reason = reason;
        self
    }
}

impl Action {
    /// Whether it leads to something being staged, made or published. The engine has the last word.
    fn writes(self) -> bool {
        use actions::{Keys, Publish, Repositories, Review, Roles, Tags, Wizard};
        match self {
            Self::Undo | Self::Redo | Self::Rotate | Self::Staged(_) => true,
            Self::Repositories(a) => {
                use Repositories::{AddSigner, Delete, Foreign, Renew, Restore, SignAgain};
                matches!(a, AddSigner | Delete | Foreign | Renew | Restore | SignAgain)
            }
            Self::Roles(a) => a != Roles::Open,
            Self::Tags(a) => matches!(a, Tags::Add | Tags::Sign | Tags::Revoke),
            Self::Keys(a) => !matches!(a, Keys::Show | Keys::LockAll | Keys::BackUp | Keys::Export),
            Self::ReviewScreen(a) => !matches!(a, Review::Commands | Review::Leave),
            Self::PublishScreen(a) => a == Publish::Retry,
            Self::Wizard(a) => matches!(a, Wizard::Menu | Wizard::Do | Wizard::Toggle | Wizard::All | Wizard::Skip),
            _ => false,
        }
    }

    /// Why what it would change must stay as it is.
    fn closed(self, state: &State) -> Option<&'static str> {
        match self {
            Self::Rotate if state.focus == Pane::Keys => state.closed_all(),
            Self::Repositories(_) | Self::Roles(_) | Self::Tags(_) | Self::Rotate => state.closed_here(),
            Self::Wizard(actions::Wizard::Menu) => state.closed_here(),
            Self::Wizard(_) => state.closed_to_wizard(),
            Self::Undo | Self::Redo => state.closed_to_retrace(self),
            _ => state.closed_all(),
        }
    }
}

fn never(_: &State) -> Option<&'static str> {
    None
}
