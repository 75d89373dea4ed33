//! What is said about the role under the cursor.

use super::detail::Detail;
use super::mend;
use super::roles::planned;
use crate::engine::Notice;
use crate::engine::draft::applied::Mark;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::RoleView;
use crate::tuf::Role;
use crate::tui::kit::format::{self, Age, age};
use crate::tui::kit::pane::Pane;
use crate::tui::state::binding::Action;
use crate::tui::state::{State, selected, words};

/// Its state, what follows from it, and the key that helps.
pub(super) fn detail(state: &State) -> Option<Detail> {
    let theme = state.theme;
    let Some(role) = selected::role(state) else {
        let staged = state.lists.roles.selected()?;
        let sentences = vec!["The next publish makes it; d in Staged takes it back.".to_owned()];
        let words = Some(("staged".to_owned(), theme.add()));
        let acts = vec![mend::publish(state, String::new())];
        return Some(Detail { name: staged.to_string(), state: words, sentences, acts, ..Detail::default() });
    };
    let mut detail = Detail { name: role.role.to_string(), ..Detail::default() };
    let ends = role.expires.filter(|at| age(state.now, &role.role, *at) == Age::Short);
    let is_removed = planned(state, &role.role).is_some_and(|diff| diff.mark == Mark::Removed);
    detail.state = Some(match (&role.state, ends) {
        _ if is_removed => {
            (format!("its removal is staged; {} takes that back", state.key(Action::Undo)), theme.remove_word())
        }
        (RoleState::Good, Some(at)) => (format!("expires in {}", format::expiry(state.now, at)), theme.warn_word()),
        (RoleState::Good, None) => (words::role_state(role).to_owned(), theme.quiet()),
        _ => (words::role_state(role).to_owned(), theme.fail()),
    });
    if let Some(sentence) = consequence(role) {
        detail.sentences.push(sentence);
    }
    if role.role.holds_targets() && role.role != Role::Targets {
        let all = role.paths.iter().any(String::is_empty);
        detail.facts.push(("paths", if all { "all".to_owned() } else { role.paths.join(", ") }));
    }
    let notices = state.view().into_iter().flat_map(|view| &view.notices);
    let leap = notices.filter(|notice| matches!(notice, Notice::Leap(leapt, _) if *leapt == role.role));
    detail.facts.extend(leap.map(|leap| ("leapt", leap.to_string())));
    let keys: Vec<String> = role.keys.iter().map(|key| words::role_key(state, key)).collect();
    if !keys.is_empty() {
        detail.facts.push(("keys", keys.join("; ")));
    }
    if !role.unknown_members.is_empty() {
        detail.facts.push(("lost", format!("signing again loses {}", role.unknown_members.join(", "))));
    }
    if let Some(mend) = mend::of(state, role) {
        mend::tell(state, &mut detail, (role, mend), Pane::Roles);
    }
    Some(detail)
}

fn consequence(role: &RoleView) -> Option<String> {
    let name = role.role.short();
    match &role.state {
        RoleState::Hidden => Some(format!(
            "This machine has seen a file of {name}, and the server leaves it out: this may be an attack."
        )),
        RoleState::UnderThreshold { .. } if role.former => Some(format!(
            "Only a removed key has signed what the server has of {name}, and not as this machine verified it: this may be \
             an attack. Do not sign it unseen; compare its tags with their signers."
        )),
        RoleState::UnderThreshold { .. } if !role.vouched && !role.met => Some(format!(
            "This machine does not know which keys {name} had before: it cannot tell a removed signer from a stranger. Do \
             not sign it unseen; compare its tags with their signers."
        )),
        RoleState::UnderThreshold { .. } if !role.vouched => Some(format!(
            "Nobody known has signed what the server has of {name}: this may be an attack. Do not sign it unseen; compare \
             its tags with their signers."
        )),
        RoleState::UnderThreshold { signed } => Some(format!(
            "{signed} of {} needed current keys signed {name}; its {} refused until one of its keys signs it again.",
            role.threshold,
            format::count(role.tags, "tag is", "tags are")
        )),
        RoleState::OverLimit { limit } => Some(format!("{name} is not read: {limit}.")),
        RoleState::Expired => Some(format!("Clients refuse {name} until it is signed again.")),
        _ if role.accepted_elsewhere => {
            Some("docker and notary accept this file, because they count one key in two wrappings twice.".to_owned())
        }
        _ if role.keys.is_empty() && !role.server_held => Some(format!("Nobody can sign {name}: it has no keys.")),
        _ => None,
    }
}
