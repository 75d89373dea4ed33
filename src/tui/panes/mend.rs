//! The key that mends what is wrong with a role: what is said of a row ends in it.

use super::detail::{Act, Detail, REMEDY};
use crate::engine::draft::applied::Mark;
use crate::engine::plan::PlannedChange;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{Finding, RoleView};
use crate::engine::{Change, RepositoryPlan};
use crate::tuf::Role;
use crate::tui::kit::format::{Age, age};
use crate::tui::kit::pane::Pane;
use crate::tui::state::actions::{Repositories, Roles};
use crate::tui::state::binding::Action;
use crate::tui::state::{State, spoken, words};

/// What mends a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// The same content, signed anew for as long as such a role lives.
    Renew,
    /// The same content, signed by a current key.
    SignAgain,
    /// The last good file, signed in the place of one that is hidden or nobody known has signed.
    Restore,
    /// The same where this machine has no good file.
    AskSigners,
    /// Nobody can sign it.
    AddKey,
    /// The server signs it.
    AskServer,
    /// What mends it is staged.
    Publish,
}

impl Mend {
    /// What does it, in the panes of repositories and roles.
    #[must_use]
    pub fn action(self, pane: Pane) -> Option<Action> {
        let is_list = pane == Pane::Repositories;
        Some(match self {
            Self::Renew if is_list => Action::Repositories(Repositories::Renew),
            Self::Renew => Action::Rotate,
            Self::SignAgain if is_list => Action::Repositories(Repositories::SignAgain),
            Self::SignAgain => Action::Roles(Roles::Witness),
            Self::Restore if is_list => Action::Repositories(Repositories::Restore),
            Self::Restore => Action::Roles(Roles::Restore),
            Self::AddKey if is_list => Action::Repositories(Repositories::AddSigner),
            Self::AddKey => Action::Roles(Roles::AddSigner),
            Self::AskServer => Action::Refresh,
            Self::Publish => Action::Review,
            Self::AskSigners => return None,
        })
    }
}

/// Why what mends a role cannot be staged.
pub const STAGED: &str = "it is staged already; the review shows it";

/// What mends this role, if it wants that and this may be changed.
#[must_use]
pub fn of(state: &State, role: &RoleView) -> Option<Mend> {
    // Where nothing may be changed, only asking mends anything.
    let asks = |mend: &Mend| matches!(mend, Mend::AskServer | Mend::AskSigners);
    let wanted = wanted(state, role).filter(|mend| asks(mend) || state.closed_here().is_none())?;
    let planned = state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun));
    let is_staged = planned.is_some_and(|plan| {
        let diff = plan.roles.iter().find(|diff| diff.role == role.role);
        // What goes is mended no more.
        if leaves(plan, &role.role) {
            return true;
        }
        let restores =
            |change: &PlannedChange| matches!(&change.change, Change::Restore { role: of } if *of == role.role);
        match wanted {
            Mend::AddKey => diff.is_some_and(|diff| diff.keys.iter().any(|key| key.mark == Mark::Added)),
            Mend::AskServer | Mend::AskSigners | Mend::Publish => false,
            Mend::Renew | Mend::SignAgain => diff.is_some_and(|diff| diff.mark == Mark::Resigned && !diff.loses_trust),
            // What nobody known has signed, signed again as it is, mends nothing.
            Mend::Restore => plan.changes.iter().any(restores),
        }
    });
    Some(if is_staged { Mend::Publish } else { wanted })
}

/// Whether a role goes with what is staged.
pub(super) fn leaves(plan: &RepositoryPlan, role: &Role) -> bool {
    plan.deletes || plan.roles.iter().any(|diff| diff.role == *role && diff.mark == Mark::Removed)
}

/// The same whatever may be changed here, and without the stage. A file that nobody known has signed is never offered for
/// signing.
#[must_use]
pub fn wanted(state: &State, role: &RoleView) -> Option<Mend> {
    let is_base = matches!(role.role, Role::Root | Role::Targets);
    let ends = role.expires.map(|at| age(state.now, &role.role, at));
    match &role.state {
        RoleState::Expired if role.server_held => Some(Mend::AskServer),
        RoleState::Expired if is_base => Some(Mend::Renew),
        RoleState::Expired => Some(Mend::SignAgain),
        RoleState::UnderThreshold { .. } if role.server_held => Some(Mend::AskServer),
        _ if role.keys.is_empty() && !role.server_held && !is_base => Some(Mend::AddKey),
        RoleState::UnderThreshold { .. } if role.vouched => Some(Mend::SignAgain),
        RoleState::UnderThreshold { .. } | RoleState::Hidden if role.role != Role::Root => {
            Some(if role.kept { Mend::Restore } else { Mend::AskSigners })
        }
        RoleState::Good if is_base && ends == Some(Age::Short) => Some(Mend::Renew),
        RoleState::Good if !role.server_held && ends == Some(Age::Short) => Some(Mend::SignAgain),
        _ => None,
    }
}

/// Why the last good file of a role cannot be what is wanted.
#[must_use]
pub fn no_restoring(role: &RoleView) -> Option<&'static str> {
    match &role.state {
        _ if role.server_held => Some(GOOD),
        RoleState::UnderThreshold { .. } if role.vouched => None,
        RoleState::UnderThreshold { .. } | RoleState::Hidden if role.kept => None,
        RoleState::UnderThreshold { .. } | RoleState::Hidden => {
            Some("this machine has no good file of it; its signers' machines may")
        }
        _ => Some(GOOD),
    }
}

const GOOD: &str = "the server has its good file; there is nothing to restore";

/// The line that leads to what is staged.
pub(super) fn publish(state: &State, what: String) -> Act {
    (state.key(Action::Review), "review and publish".to_owned(), what)
}

/// Says in a detail what mends a role: the key, or whom to ask where no key does.
pub fn tell(state: &State, detail: &mut Detail, (role, mend): (&RoleView, Mend), pane: Pane) {
    match line(state, (role, mend), pane) {
        Some(act) => detail.acts.push(act),
        None => detail.facts.push((REMEDY, no_copy(role))),
    }
}

/// What is said where only others can mend a role.
#[must_use]
pub fn no_copy(role: &RoleView) -> String {
    format!("ask its signers: this machine has no good file of {}", role.role.short())
}

/// The line that says so: key, act, and what it needs. `None` if no key does it.
#[must_use]
pub fn line(state: &State, (role, mend): (&RoleView, Mend), pane: Pane) -> Option<Act> {
    let name = role.role.short();
    let own = role.keys.iter().filter(|key| key.at_hand);
    let own: Vec<String> = own.map(|key| words::key_name(state, &key.canonical, &key.label)).collect();
    let with = match own.as_slice() {
        [] => "needs one of its keys, which are not on this machine".to_owned(),
        [key] => format!("with your key {key}"),
        keys => format!("with your keys {}", keys.join(", ")),
    };
    let (act, needs) = match mend {
        Mend::Renew => (format!("renew {name}"), with),
        Mend::SignAgain => (format!("sign {name} again"), with),
        Mend::Restore => {
            (format!("restore {name}"), "this machine's last good file, once its signers were asked".to_owned())
        }
        Mend::AddKey => ("add a signer".to_owned(), format!("nobody can sign {name}")),
        Mend::AskServer => ("ask the server again".to_owned(), format!("it signs {name} itself")),
        Mend::Publish => {
            let plan = state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun));
            let what = match plan.filter(|plan| leaves(plan, &role.role)) {
                Some(plan) if plan.deletes => "the deletion of the repository is staged".to_owned(),
                Some(_) => format!("the removal of {name} is staged"),
                None => format!("what mends {name} is staged"),
            };
            return Some(publish(state, what));
        }
        Mend::AskSigners => return None,
    };
    Some((state.key(mend.action(pane)?), act, needs))
}

/// The fact that names what else is wrong.
pub const ALSO: &str = "also";

/// The usual key in Roles that mends what was found, unless it is the worst, which is mended from the repository itself.
#[must_use]
pub fn elsewhere(state: &State, finding: &Finding) -> String {
    let role = finding.role.as_ref().filter(|role| of_repository(state).is_none_or(|(worst, _)| worst.role != **role));
    let shown = role.and_then(|role| state.view()?.roles.iter().find(|shown| shown.role == *role));
    let mend = shown.and_then(|role| of(state, role));
    let action = mend.and_then(|mend| mend.action(Pane::Roles));
    action.map(|action| format!(" ({} in Roles)", spoken::usual(action))).unwrap_or_default()
}

/// The worst role of the repository under the cursor that can be mended.
#[must_use]
pub fn of_repository(state: &State) -> Option<(&RoleView, Mend)> {
    let view = state.view()?;
    let roles = view.findings.iter().filter_map(|finding| finding.role.as_ref());
    let shown = roles.filter_map(|role| view.roles.iter().find(|shown| shown.role == *role));
    shown.filter_map(|role| Some((role, of(state, role)?))).next()
}
