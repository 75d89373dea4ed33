//! What a command wants changed, and how what is typed for it is read.

use super::shown::Shown;
use crate::engine::{Change, EngineError, Problem, RootKeyChoice, typed};
use crate::tuf::{Gun, NameError, PublicKey, Role};

/// Changes that a command wants, repository by repository, in the order they were named.
pub(super) struct Wanted {
    pub(super) changes: Vec<(Gun, Vec<Change>)>,
    /// Repositories that could not even be read from the command line.
    pub(super) problems: Vec<Problem>,
    /// The root key for repositories that must be created; `None` if the command creates none.
    pub(super) creates: Option<RootKeyChoice>,
    /// Keys that a dry run did not make, with their role; a real run would have them at hand by then.
    pub(super) pretended: Vec<(PublicKey, String)>,
    /// What was shown of repositories before: nothing else may be signed.
    pub(super) shown: Vec<Shown>,
}

impl Wanted {
    /// Changes that create nothing.
    pub(super) fn of(changes: Vec<(Gun, Vec<Change>)>) -> Self {
        Self { changes, problems: Vec::new(), creates: None, pretended: Vec::new(), shown: Vec::new() }
    }
}

/// Roles by their names, short or whole.
pub(super) fn roles(typed: &[String]) -> Result<Vec<Role>, Problem> {
    typed.iter().map(|role| typed::role(role).map_err(named)).collect()
}

/// The problem that a name is.
pub(super) fn named(error: NameError) -> Problem {
    EngineError::from(error).problem()
}

/// The problem that an error is for one repository.
pub(super) fn about(error: EngineError, gun: &Gun) -> Problem {
    let mut problem = error.problem();
    problem.repository.get_or_insert_with(|| gun.clone());
    problem
}
