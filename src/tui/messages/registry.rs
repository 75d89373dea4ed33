//! What is asked of registries, and what they answer.

use super::failure::Failure;
use crate::engine::tags::ask::{Asking, News};
use crate::tuf::Gun;

/// Work at a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryWork {
    /// Ask for all tags of a repository, and what each of them is.
    Compare(Gun, Asking),
    /// Stop that.
    StopComparing(Gun),
}

/// What it tells on the way.
#[derive(Debug)]
pub enum RegistryNews {
    /// An answer to [`RegistryWork::Compare`].
    Heard(Gun, News),
}

/// What it came to.
#[derive(Debug)]
pub enum RegistryFound {
    /// All tags of a repository were asked about, as far as they were to be.
    Compared(Gun, Result<(), Failure>),
}
