//! The key that mends what is wrong with a role: what is said of a row ends in it.

use crate::engine::trust::tree::RoleState;
use crate::engine::view::RoleView;
use crate::tuf::Role;
use crate::tui::kit::format::{Age, age};
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
}

impl Mend {
    /// The key that does it, in the panes of repositories and roles.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Renew => "t",
            Self::SignAgain => "w",
            Self::Restore => "S",
            Self::AddKey => "a",
            Self::AskServer => "r",
        }
    }
}

/// What mends this role, if it wants that. A file that nobody known has signed is never offered for signing.
#[must_use]
pub fn of(state: &State, role: &RoleView) -> Option<Mend> {
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
pub fn line(state: &State, role: &RoleView, mend: Mend) -> (&'static str, String, String) {
    let name = role.role.short();
    let own = role.keys.iter().find(|key| key.at_hand);
    let with = match own {
        Some(key) => format!("with your key {}", words::key_name(state, &key.canonical, &key.label)),
        None => "needs one of its keys, which are not on this machine".to_owned(),
    };
    match mend {
        Mend::Renew => (mend.key(), format!("renew {name}"), with),
        Mend::SignAgain => (mend.key(), format!("sign {name} again"), with),
        Mend::Restore => {
            let needs = "this machine's last good file, once its signers were asked".to_owned();
            (mend.key(), format!("restore {name}"), needs)
        }
        Mend::AddKey => (mend.key(), "add a signer".to_owned(), format!("nobody can sign {name}")),
        Mend::AskServer => (mend.key(), "ask the server again".to_owned(), format!("it signs {name} itself")),
    }
}

/// The worst role of the repository under the cursor that can be mended.
#[must_use]
pub fn of_repository(state: &State) -> Option<(&RoleView, Mend)> {
    let view = state.view()?;
    let roles = view.findings.iter().filter_map(|finding| finding.role.as_ref());
    let shown = roles.filter_map(|role| view.roles.iter().find(|shown| shown.role == *role));
    shown.filter_map(|role| Some((role, of(state, role)?))).next()
}
