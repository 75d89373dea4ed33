//! What was shown of a repository before somebody agreed to it: nothing else is signed for that.

use super::Context;
use super::console::input;
use super::wanted::about;
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

/// Takes out what is not any more what was shown: a server can answer each time something else. Says why each of them is not
/// signed.
pub(super) async fn take_changed(context: &Context, shown: &mut Vec<Shown>) -> Vec<Problem> {
    let mut changed = Vec::new();
    for of in std::mem::take(shown) {
        match context.engine.views().cached(of.gun()).await {
            Ok(now) if Shown::of(&now) == of => shown.push(of),
            Ok(_) => {
                let message =
                    format!("{} was not signed: the server shows something else of it now than before", of.gun);
                let hint = "somebody has published meanwhile, or the server shows each time something else: run it again, \
                            and compare what is shown with the sender";
                let problem = Problem { kind: Kind::Policy, ..input(message, hint) };
                changed.push(Problem { repository: Some(of.gun), ..problem });
            }
            Err(error) => changed.push(about(error, of.gun())),
        }
    }
    changed
}
