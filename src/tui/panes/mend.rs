//! The key that mends what is wrong with a role: what is said of a row ends in it.

use crate::engine::draft::applied::Mark;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{Finding, RoleView};
use crate::tuf::Role;
use crate::tui::kit::format::{Age, age};
use crate::tui::kit::pane::Pane;
use crate::tui::state::{State, words};

/// What mends a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// The same content, signed anew for as long as such a role lives.
    Renew,
    /// The same content, signed by a current key.
    SignAgain,
    /// The last good file, signed in the place of one that is hidden or nobody known has signed.
    Restore,
    /// Nobody can sign it.
    AddKey,
    /// The server signs it.
    AskServer,
    /// What mends it is staged.
    Publish,
}

impl Mend {
    /// The key that does it, in the panes of repositories and roles.
    #[must_use]
    pub fn key(self, pane: Pane) -> &'static str {
        match self {
            // There the letter adds a repository.
            Self::AddKey if pane == Pane::Repositories => "s",
            Self::Renew => "t",
            Self::SignAgain => "w",
            Self::Restore => "S",
            Self::AddKey => "a",
            Self::AskServer => "r",
            Self::Publish => "p",
        }
    }
}

/// Why what mends a role cannot be staged.
pub const STAGED: &str = "it is staged already; p reviews it";

/// What mends this role, if it wants that.
#[must_use]
pub fn of(state: &State, role: &RoleView) -> Option<Mend> {
    // Where nothing may be changed, only asking mends anything.
    let wanted = wanted(state, role).filter(|mend| *mend == Mend::AskServer || !state.is_read_only(true))?;
    let planned = state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun));
    let diff = planned.and_then(|plan| plan.roles.iter().find(|diff| diff.role == role.role));
    let is_staged = diff.is_some_and(|diff| match wanted {
        Mend::AddKey => diff.keys.iter().any(|key| key.mark == Mark::Added),
        Mend::AskServer | Mend::Publish => false,
        Mend::Renew | Mend::SignAgain | Mend::Restore => diff.mark == Mark::Resigned,
    });
    Some(if is_staged { Mend::Publish } else { wanted })
}

/// The same without the stage. A file that nobody known has signed is never offered for signing.
fn wanted(state: &State, role: &RoleView) -> Option<Mend> {
    let is_base = matches!(role.role, Role::Root | Role::Targets);
    let ends = role.expires.map(|at| age(state.now, &role.role, at));
    match &role.state {
        RoleState::Expired if role.server_held => Some(Mend::AskServer),
        RoleState::Expired if is_base => Some(Mend::Renew),
        RoleState::Expired => Some(Mend::SignAgain),
        RoleState::UnderThreshold { .. } if role.server_held => Some(Mend::AskServer),
        _ if role.keys.is_empty() && !role.server_held && !is_base => Some(Mend::AddKey),
        RoleState::UnderThreshold { .. } if role.vouched => Some(Mend::SignAgain),
        RoleState::UnderThreshold { .. } | RoleState::Hidden if role.role != Role::Root => Some(Mend::Restore),
        RoleState::Good if is_base && ends == Some(Age::Short) => Some(Mend::Renew),
        RoleState::Good if !role.server_held && ends == Some(Age::Short) => Some(Mend::SignAgain),
        _ => None,
    }
}

/// Why the last good file of a role cannot be what is wanted.
#[must_use]
pub fn no_restoring(role: &RoleView) -> Option<&'static str> {
    let is_wanted = !role.server_held && matches!(role.state, RoleState::UnderThreshold { .. } | RoleState::Hidden);
    (!is_wanted).then_some("the server has its good file; there is nothing to restore")
}

/// The line that says so: key, act, and what it needs.
#[must_use]
pub fn line(state: &State, role: &RoleView, mend: Mend, pane: Pane) -> (&'static str, String, String) {
    let name = role.role.short();
    let own = role.keys.iter().find(|key| key.at_hand);
    let with = match own {
        Some(key) => format!("with your key {}", words::key_name(state, &key.canonical, &key.label)),
        None => "needs one of its keys, which are not on this machine".to_owned(),
    };
    let key = mend.key(pane);
    match mend {
        Mend::Renew => (key, format!("renew {name}"), with),
        Mend::SignAgain => (key, format!("sign {name} again"), with),
        Mend::Restore => {
            let needs = "this machine's last good file, once its signers were asked".to_owned();
            (key, format!("restore {name}"), needs)
        }
        Mend::AddKey => (key, "add a signer".to_owned(), format!("nobody can sign {name}")),
        Mend::AskServer => (key, "ask the server again".to_owned(), format!("it signs {name} itself")),
        Mend::Publish => (key, "review and publish".to_owned(), format!("what mends {name} is staged")),
    }
}

/// The fact that names what else is wrong.
pub const ALSO: &str = "also";

/// The key in Roles that mends what was found, unless it is the worst, which is mended from the repository itself.
#[must_use]
pub fn elsewhere(state: &State, finding: &Finding) -> String {
    let role = finding.role.as_ref().filter(|role| of_repository(state).is_none_or(|(worst, _)| worst.role != **role));
    let shown = role.and_then(|role| state.view()?.roles.iter().find(|shown| shown.role == *role));
    let mend = shown.and_then(|role| of(state, role));
    mend.map(|mend| format!(" ({} in Roles)", mend.key(Pane::Roles))).unwrap_or_default()
}

/// The worst role of the repository under the cursor that can be mended.
#[must_use]
pub fn of_repository(state: &State) -> Option<(&RoleView, Mend)> {
    let view = state.view()?;
    let roles = view.findings.iter().filter_map(|finding| finding.role.as_ref());
    let shown = roles.filter_map(|role| view.roles.iter().find(|shown| shown.role == *role));
    shown.filter_map(|role| Some((role, of(state, role)?))).next()
}
