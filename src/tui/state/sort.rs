//! What lists are sorted by.

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Worst first.
    #[default]
    State,
    Name,
    /// What expires first.
    Expiry,
    /// Most tags first.
    Tags,
}

/// What each list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorts {
    pub repositories: Sort,
    /// By name or by state.
    pub tags: Sort,
    /// By name, or with those first that are here.
    pub keys: Sort,
}

impl Default for Sorts {
    fn default() -> Self {
        Self { repositories: Sort::State, tags: Sort::Name, keys: Sort::State }
    }
}
