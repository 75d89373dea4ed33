//! What is staged, gathered by repository.

use crate::engine::draft::change::StagedChange;
use crate::engine::plan::facts::Known;
use crate::engine::trust::session::Base;
use crate::tuf::Gun;

/// A repository, its server, and the changes that are staged for it there.
pub(in crate::engine) type Staged<'a> = (&'a Gun, &'a str, &'a [StagedChange]);

/// What is known about a repository, as a plan takes it.
pub(in crate::engine) fn known(base: &Base) -> Known<'_> {
    match (&base.set, &base.lost) {
        (Some(set), _) => Known::Files(set),
        (None, Some(lost)) => Known::Lost(lost.copy.as_deref()),
        (None, None) => Known::Absent,
    }
}
