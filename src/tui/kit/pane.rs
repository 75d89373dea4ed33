//! The five panes, by name.

/// A pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    Repositories,
    Roles,
    Tags,
    Keys,
    Staged,
}

impl Pane {
    /// All panes, by number.
    pub const ALL: [Self; 5] = [Self::Repositories, Self::Roles, Self::Tags, Self::Keys, Self::Staged];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Repositories => "Repositories",
            Self::Roles => "Roles",
            Self::Tags => "Tags",
            Self::Keys => "Keys",
            Self::Staged => "Staged",
        }
    }

    /// The key that focuses it.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The pane `steps` further.
    #[must_use]
    pub fn step(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}
