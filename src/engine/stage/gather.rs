//! What is staged, gathered by repository.

use crate::engine::draft::change::StagedChange;
use crate::engine::plan::facts::KnownFiles;
use crate::engine::trust::session::Base;
use crate::tuf::Gun;

/// A repository, its server, and the changes that are staged for it there.
pub(in crate::engine) type RepositoryStage<'a> = (&'a Gun, &'a str, &'a [StagedChange]);

/// What is known about a repository, as a plan takes it.
pub(in crate::engine) fn known(base: &Base) -> KnownFiles<'_> {
    match (&base.set, &base.lost) {
        (Some(set), _) => KnownFiles::Files(set),
        (None, Some(lost)) => KnownFiles::Lost(lost.copy.as_deref()),
        (None, None) => KnownFiles::Absent,
    }
}
