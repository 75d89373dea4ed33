//! What is known of repositories.

use std::collections::HashMap;

use super::repositories::Repositories;
use crate::tuf::Gun;
use crate::tui::messages::failure::Failure;

/// What is known of repositories.
#[derive(Debug, Default)]
pub struct Known {
    pub listing: Listing,
    pub repositories: Repositories,
    /// How many changes are staged for each.
    pub staged: HashMap<Gun, usize>,
    /// The registry that all of them share.
    pub registry: Option<String>,
}

/// Whether the list of repositories was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    #[default]
    Loading,
    Ready,
    Failed(Failure),
}

/// How the cursor came to the repository it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picked {
    /// Nobody chose one: the worst is shown.
    #[default]
    Worst,
    /// By moving, or by acting on the row under it.
    ByUser,
}

/// The order of the repositories: rows move only when that surprises nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Worst first.
    #[default]
    ByState,
    /// As it was on the screen when states changed, until the next key.
    AsShown,
}
