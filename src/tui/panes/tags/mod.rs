//! Tags of the repository under the cursor: what is signed beside what the registry holds.

mod compare;
mod detail;
mod view;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::view::TagView;
use crate::engine::{Change, SignedTarget};
use crate::tuf::TargetName;
use crate::tui::dialogs::Dialog;
use crate::tui::forms::offers;
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::rows::TagRows;
use crate::tui::state::{Lists, State, actions, staging};

pub use compare::{follow, heard, take};
pub use detail::detail;
pub use view::{render, summary};

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["s"], Wanted::Tags(actions::Tags::Sign), "sign again", Group::Stage, 30).unless(none),
    bind(&["a"], Wanted::Tags(actions::Tags::Add), "sign a tag", Group::Stage, 25).unless(no_repository),
    bind(&["d"], Wanted::Tags(actions::Tags::Revoke), "revoke", Group::Stage, 35).unless(none),
    bind(&["="], Wanted::Tags(actions::Tags::Compare), "compare", Group::Look, 40).unless(no_registry),
];

fn no_repository(state: &State) -> Option<&'static str> {
    state.repository().is_none().then_some("there is no repository here")
}

fn none(state: &State) -> Option<&'static str> {
    state.lists.tags.is_empty().then_some("there is no tag here")
}

fn no_registry(state: &State) -> Option<&'static str> {
    if state.here.offline {
        return Some("the registry is not asked while offline");
    }
    state.view().is_none().then_some("there is no repository here that was read")
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Tags) -> Vec<Effect> {
    let Some(gun) = state.repository().map(|r| r.entry.gun.clone()) else { return vec![] };
    let meant: BTreeSet<Arc<str>> = state.lists.tags.meant().into_iter().collect();
    match action {
        actions::Tags::Add => {
            state.dialogs.push(Dialog::Form(offers::sign_tag(state, gun)));
            vec![]
        }
        actions::Tags::Sign => {
            let tags = state.view().map(|v| v.tags.iter().filter(|t| meant.contains(t.name.as_str())));
            let changes = tags.into_iter().flatten().filter_map(|t| Some((gun.clone(), sign_again(t)?))).collect();
            staging::add(state, changes)
        }
        actions::Tags::Revoke => {
            let revoke = |name: Arc<str>| Change::Revoke { tag: TargetName::received(name.to_string()), roles: vec![] };
            staging::add(state, meant.into_iter().map(|name| (gun.clone(), revoke(name))).collect())
        }
        actions::Tags::Compare => compare::toggle(state, &gun),
    }
}

fn sign_again(tag: &TagView) -> Option<Change> {
    let (sha512, custom) = (tag.sha512.clone(), tag.custom.clone());
    let target = SignedTarget { length: tag.length, sha256: tag.digest.clone(), sha512, custom };
    Some(Change::Sign { tag: TargetName::parse(&tag.name).ok()?, target, roles: vec![] })
}

/// Lists the tags of the repository under the cursor.
pub fn reindex(state: &mut State) {
    let index = state.lists.repositories.selected_index();
    let repository = index.and_then(|index| state.known.repositories.get(index));
    let plan = state.plan.clone();
    let Lists { tags, tag_rows, .. } = &mut state.lists;
    match repository.and_then(|repository| Some((repository.view.clone()?, &repository.registry))) {
        Some((view, _)) if tag_rows.is_of(&view, plan.as_ref()) && tag_rows.filter == tags.filter => return,
        Some((view, _)) if tag_rows.is_of(&view, plan.as_ref()) => tag_rows.filter = tags.filter.clone(),
        Some((view, registry)) => *tag_rows = TagRows::new(view, registry.known.as_ref(), plan, tags.filter.clone()),
        None => *tag_rows = TagRows::default(),
    }
    tags.set(tag_rows.shown());
}
