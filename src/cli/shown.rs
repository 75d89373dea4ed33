//! What was shown of a repository before somebody agreed to it: nothing else is signed for that.

use super::Context;
use super::console::input;
use crate::engine::{Kind, Problem, RepositoryView};
use crate::tuf::{Gun, Role};

/// The files of a repository as they were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    gun: Gun,
    /// SHA-256 of the files of root, targets and the delegations, which hold all keys and tags.
    files: Vec<(Role, Option<String>)>,
}

impl Shown {
    pub(super) fn of(view: &RepositoryView) -> Self {
        let signed = view.roles.iter().filter(|role| !matches!(role.role, Role::Snapshot | Role::Timestamp));
        let mut files: Vec<_> = signed.map(|role| (role.role.clone(), role.sha256.clone())).collect();
        files.sort();
        Self { gun: view.gun.clone(), files }
    }

    pub(super) fn gun(&self) -> &Gun {
        &self.gun
    }
}

/// Refuses to sign what is not what was shown: a server can answer each time something else.
///
/// # Errors
/// `Policy`, or as the engine's.
pub(super) async fn require_shown(context: &Context, shown: &[Shown]) -> Result<(), Problem> {
    for shown in shown {
        let now = context.engine.views().cached(shown.gun()).await?;
        if Shown::of(&now) != *shown {
            let message = format!(
                "nothing was signed: the server shows something else of {} now than was shown before",
                shown.gun
            );
            let hint = "somebody has published meanwhile, or the server shows each time something else: run it again, \
                        and compare what is shown with the sender";
            let problem = Problem { kind: Kind::Policy, ..input(message, hint) };
            return Err(Problem { repository: Some(shown.gun.clone()), ..problem });
        }
    }
    Ok(())
}
