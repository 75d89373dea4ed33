//! What is staged, gathered by repository.

use crate::engine::draft::change::StagedChange;
use crate::tuf::Gun;

/// A repository, its server, and the changes that are staged for it there.
pub(in crate::engine) type Staged<'a> = (&'a Gun, &'a str, &'a [StagedChange]);
