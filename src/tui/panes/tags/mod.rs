//! Tags of the repository under the cursor: what is signed beside what the registry holds.

mod compare;
mod detail;
mod page;
mod signing;
mod verifying;
mod view;

use std::sync::Arc;

use crate::engine::tags::compare::TagStanding;
use crate::engine::{Change, natural};
use crate::tuf::{Gun, TargetName};
use crate::tui::dialogs::{Dialog, Form};
use crate::tui::forms::offers;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::registry::{RegistryFound, RegistryNews};
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::rows::{TagRow, TagRows};
use crate::tui::state::{Lists, State, actions, selected, staging};

use detail::{no_signing, unset};

pub use compare::follow;
pub use detail::{detail, mending};
pub use view::{render, summary};

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Tags(actions::Tags::Show), "all about it", Group::Look, 45).unless(none),
    bind(&["s"], Wanted::Tags(actions::Tags::Sign), "sign", Group::Stage, 30).unless(not_signable),
    bind(&["a"], Wanted::Tags(actions::Tags::Add), "sign a tag", Group::Stage, 25).unless(no_signing),
    bind(&["d"], Wanted::Tags(actions::Tags::Revoke), "revoke", Group::Stage, 35).unless(not_signed),
    bind(&["="], Wanted::Tags(actions::Tags::Compare), "compare", Group::Look, 40).unless(no_registry),
    bind(&["V"], Wanted::Tags(actions::Tags::Verify), "verify", Group::Look, 42).unless(nothing_to_verify),
];

fn none(state: &State) -> Option<&'static str> {
    state.lists.tags.is_empty().then_some("there is no tag here")
}

/// The tags that are meant, in natural order.
fn meant(state: &State) -> Vec<Arc<str>> {
    let mut meant = state.lists.tags.meant();
    meant.sort_by(|a, b| natural(a, b));
    meant
}

/// Where nobody may sign yet.
fn not_signable(state: &State) -> Option<&'static str> {
    none(state).or_else(|| no_signing(state)).or_else(|| unset(state))
}

fn not_signed(state: &State) -> Option<&'static str> {
    let is_bare = |tag: &TagRow| tag.row.signed.is_none() && tag.staged.is_none();
    let unsigned = |name: &Arc<str>| state.lists.tag_rows.of_tag(name).all(is_bare);
    let why =
        || state.lists.tags.all_meant().all(unsigned).then_some("nobody has signed it, so there is nothing to revoke");
    none(state).or_else(why)
}

fn no_registry(state: &State) -> Option<&'static str> {
    if state.here.offline {
        return Some("the registry is not asked while offline");
    }
    state.view().is_none().then_some("there is no repository here that was read")
}

fn nothing_to_verify(state: &State) -> Option<&'static str> {
    if state.here.offline {
        return Some("the registry is not asked while offline");
    }
    let nothing = state.view().is_none_or(|view| view.tags.is_empty());
    let unsigned = |name: &Arc<str>| state.lists.tag_rows.of_tag(name).all(|tag| tag.row.signed.is_none());
    if !nothing && !state.lists.tags.is_empty() && state.lists.tags.all_meant().all(unsigned) {
        return Some("nobody has signed it, so there is nothing to verify");
    }
    let hidden = state.lists.tags.is_empty().then_some("the filter hides every tag; esc clears it");
    if nothing { Some("nothing is signed here") } else { hidden.filter(|_| state.focus == Pane::Tags) }
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Tags) -> Vec<Effect> {
    let Some(gun) = state.repository().map(|r| r.entry.gun.clone()) else { return vec![] };
    let meant = meant(state);
    match action {
        actions::Tags::Add => {
            let form = add(state, gun);
            state.dialogs.push(Dialog::Form(form));
            vec![]
        }
        actions::Tags::Sign => signing::sign(state, &gun, &meant),
        actions::Tags::Revoke => {
            let revoke = |name: Arc<str>| Change::Revoke { tag: TargetName::received(name.to_string()), roles: vec![] };
            staging::once(state, meant.into_iter().map(|name| (gun.clone(), revoke(name))).collect())
        }
        actions::Tags::Compare => compare::toggle(state, &gun),
        actions::Tags::Verify => {
            verifying::ask(state, &gun, &meant);
            vec![]
        }
        actions::Tags::Show => page::open(state, &gun),
    }
}

/// The form for the marked tags, or for one whose name is filled in if nobody has signed it.
fn add(state: &State, gun: Gun) -> Form {
    if !state.lists.tags.marks.is_empty() {
        let tags = meant(state).iter().filter_map(|name| TargetName::parse(name).ok()).collect();
        return offers::sign_marked(state, gun, tags);
    }
    let unsigned = selected::tag_row(state).filter(|tag| tag.row.standing == TagStanding::Unsigned);
    let name = unsigned.map(|tag| tag.row.name.to_string()).unwrap_or_default();
    offers::sign_tag(state, gun, &name)
}

/// The digest of the tag under the cursor: the signed one, else the registry's.
#[must_use]
pub fn digest(state: &State) -> Option<String> {
    page::digest(state, selected::tag_row(state)?)
}

/// The tag under the cursor as `NAME@sha256:…`.
#[must_use]
pub fn reference(state: &State) -> Option<String> {
    Some(format!("{}@{}", state.repository()?.entry.name, digest(state)?))
}

/// Takes what a registry tells on the way.
pub fn heard(state: &mut State, news: RegistryNews) -> Vec<Effect> {
    match news {
        RegistryNews::Heard(gun, news) => compare::heard(state, &gun, news),
        news => {
            let gun = state.verifying.as_ref().map(|verifying| verifying.gun.clone());
            if let (RegistryNews::Checked(tag, part), Some(gun)) = (&news, gun) {
                compare::checked(state, &gun, tag, part);
            }
            verifying::heard(state, news);
        }
    }
    vec![]
}

/// Takes what work at a registry came to.
pub fn take(state: &mut State, found: RegistryFound) -> Vec<Effect> {
    match found {
        RegistryFound::Compared(gun, result) => compare::ended(state, &gun, result),
        RegistryFound::Seen(gun, answers, result) => compare::seen(state, &gun, answers, result),
        RegistryFound::LookedUp(asked, found) => return signing::looked_up(state, &asked, found),
        RegistryFound::Verified(result) => return verifying::ended(state, result),
        RegistryFound::Platforms { gun, tag, answer, found } => {
            compare::learn(state, &gun, answer);
            page::platforms(state, &gun, &tag, found);
        }
    }
    vec![]
}

/// Lists the tags of the repository under the cursor.
pub fn reindex(state: &mut State) {
    let index = state.lists.repositories.selected_index();
    let repository = index.and_then(|index| state.known.repositories.get(index));
    let plan = state.plan.clone();
    let sort = state.sort.tags;
    let Lists { tags, tag_rows, .. } = &mut state.lists;
    match repository.and_then(|repository| Some((repository.view.clone()?, &repository.registry))) {
        Some((view, _))
            if tag_rows.is_of(&view, plan.as_ref()) && tag_rows.filter == tags.filter && tag_rows.sort == sort =>
        {
            return;
        }
        Some((view, _)) if tag_rows.is_of(&view, plan.as_ref()) => {
            tag_rows.filter = tags.filter.clone();
            tag_rows.sort = sort;
        }
        Some((view, registry)) => *tag_rows = TagRows::new(view, registry, plan, (tags.filter.clone(), sort)),
        None => *tag_rows = TagRows::default(),
    }
    tags.set(tag_rows.shown());
}
