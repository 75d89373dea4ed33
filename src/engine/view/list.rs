//! The list of repositories.

use crate::engine::error::Problem;
use crate::tuf::Gun;

/// A repository that is listed, before anything was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub gun: Gun,
    /// The name as Docker's users write it (`alpine` for `docker.io/library/alpine`).
    pub name: String,
    /// Base URL of its trust server, or why there is none.
    pub server: Result<String, Problem>,
    /// Whether it was added by name (else it was found in the trust directory).
    pub added: bool,
}
