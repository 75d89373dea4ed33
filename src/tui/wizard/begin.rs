//! Which wizards can be begun: from a role, from a key, or from anywhere.

use std::collections::BTreeSet;

use super::menu;
use crate::engine::wizard::{Holder, Wizard};
use crate::engine::{Health, KeyView};
use crate::tuf::{CanonicalKeyId, Gun, Role, SignerName};
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::answer::Opens;
use crate::tui::dialogs::menu::{Menu, Offer};
use crate::tui::kit::list::{List, RowName};
use crate::tui::messages::effect::Effect;
use crate::tui::state::{Repository, State, selected};

const FOR_ONE: &str = "it works on one, not on the marked ones: esc clears the marks";

/// Whether the row under the cursor is what is meant, and nothing else is marked.
fn is_for_one<K: RowName>(list: &List<K>) -> bool {
    list.marks.iter().all(|marked| Some(marked) == list.selected())
}

/// Why `t` does nothing on the role under the cursor.
#[must_use]
pub fn no_role(state: &State) -> Option<&'static str> {
    if !is_for_one(&state.lists.roles) {
        return Some(FOR_ONE);
    }
    match selected::role(state).map(|r| &r.role) {
        None => selected::no_role(state),
        Some(Role::Delegation(name)) if !name.is_releases() && signer_of(&Role::from(name.clone())).is_none() => {
            Some("only a signer's key is rotated; add and remove the keys of this role with e")
        }
        Some(_) => None,
    }
}

/// Why `t` does nothing on the key under the cursor.
#[must_use]
pub fn no_key(state: &State) -> Option<&'static str> {
    if !is_for_one(&state.lists.keys) {
        return Some(FOR_ONE);
    }
    let Some(key) = selected::key(state) else { return Some("the list is empty") };
    let is_closed = key.used_in.iter().any(|(gun, _)| state.closed(gun).is_some());
    let none = if is_closed { "read-only: nothing is staged where it is listed" } else { "no role lists this key" };
    of_key(state, key).is_empty().then_some(none)
}

/// `t` on a role.
pub fn from_role(state: &mut State) -> Vec<Effect> {
    let Some(role) = selected::role(state).map(|r| r.role.clone()) else { return vec![] };
    let offers = match &role {
        Role::Delegation(name) if name.is_releases() => signers(state).iter().map(|s| of_signer(state, s)).collect(),
        role => of_role(state, role),
    };
    choose(state, role.to_string(), offers)
}

/// `t` on a key.
pub fn from_key(state: &mut State) -> Vec<Effect> {
    let Some(key) = selected::key(state).cloned() else { return vec![] };
    let offers = of_key(state, &key);
    choose(state, key.called(), offers)
}

/// One is opened at once, several are asked about.
fn choose(state: &mut State, subject: String, mut offers: Vec<Offer>) -> Vec<Effect> {
    if offers.len() == 1
        && let Some(offer) = offers.pop()
    {
        return menu::open(offer.opens, state);
    }
    let menu = Menu { title: "Rotate or renew".to_owned(), subject, offers, cursor: 0 };
    state.dialogs.push(Dialog::Wizards(menu));
    vec![]
}

/// What can be begun in the repository under the cursor, and the first set-up of any.
pub(super) fn all(state: &State) -> Vec<Offer> {
    let mut offers: Vec<Offer> = signers(state).iter().map(|signer| of_signer(state, signer)).collect();
    let known = state.view().is_some_and(|view| !view.roles.is_empty());
    if known {
        for role in [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp] {
            offers.extend(of_role(state, &role));
        }
    }
    if state.repository().is_some_and(|r| r.health() == Health::New) {
        let new = having(state, |r| r.health() == Health::New);
        offers.insert(0, offer(state, Wizard::FirstSetup, "first trust data, first signer", new));
    }
    // What mends something stands first.
    let is_ill = |role: &Role| state.view().is_some_and(|v| v.findings.iter().any(|f| f.role.as_ref() == Some(role)));
    offers.sort_by_key(|offer| match &offer.opens {
        Opens::New { wizard: Wizard::RenewRoot, .. } => !is_ill(&Role::Root),
        Opens::New { wizard: Wizard::RenewTargets { role }, .. } => !is_ill(role),
        _ => true,
    });
    let other =
        |word: &str, note: &str, opens| Offer { word: word.to_owned(), note: note.to_owned(), waits: None, opens };
    let title = if state.known.repositories.is_empty() { "set up a repository" } else { "set up another repository" };
    offers.push(other(title, "asks for its name", Opens::SetUp));
    offers.push(other("take over a key", "from a colleague's file", Opens::TakeOver));
    offers
}

fn offer(state: &State, wizard: Wizard, note: &str, candidates: Vec<Gun>) -> Offer {
    let chosen = chosen(state, &candidates);
    Offer { word: wizard.title(), note: note.to_owned(), waits: None, opens: Opens::New { wizard, candidates, chosen } }
}

/// Marked ones, else the one under the cursor.
fn chosen(state: &State, candidates: &[Gun]) -> Vec<Gun> {
    let marked: Vec<Gun> = state.lists.repositories.marked().into_iter().filter(|g| candidates.contains(g)).collect();
    let here = state.repository().map(|r| r.entry.gun.clone()).filter(|gun| candidates.contains(gun));
    if marked.is_empty() { here.into_iter().collect() } else { marked }
}

fn having(state: &State, test: impl Fn(&Repository) -> bool) -> Vec<Gun> {
    let is_open = |r: &&Repository| state.closed(&r.entry.gun).is_none();
    let mut found: Vec<&Repository> = state.known.repositories.iter().filter(|r| test(r)).filter(is_open).collect();
    let here = state.repository().map(|r| &r.entry.gun);
    // The one under the cursor stands first.
    found.sort_by_key(|r| (Some(&r.entry.gun) != here, r.entry.name.clone()));
    found.into_iter().map(|r| r.entry.gun.clone()).collect()
}

fn lists(repository: &Repository, role: &Role) -> bool {
    repository.view.as_ref().is_some_and(|view| view.roles.iter().any(|r| r.role == *role))
}

fn signer_of(role: &Role) -> Option<SignerName> {
    let name = role.delegation().filter(|name| name.depth() == 1 && !name.is_releases())?;
    SignerName::parse(name.short()).ok()
}

/// Signers of the repository under the cursor.
fn signers(state: &State) -> Vec<SignerName> {
    state.view().into_iter().flat_map(|view| &view.roles).filter_map(|r| signer_of(&r.role)).collect()
}

fn of_signer(state: &State, signer: &SignerName) -> Offer {
    let role = Role::from(signer.role());
    let candidates = having(state, |r| lists(r, &role));
    let note = match candidates.len() {
        0 | 1 => "in 1 repository".to_owned(),
        n => format!("signs in {n} repositories"),
    };
    offer(state, Wizard::DelegationKey { signer: signer.clone() }, &note, candidates)
}

fn of_role(state: &State, role: &Role) -> Vec<Offer> {
    if let Some(signer) = signer_of(role) {
        return vec![of_signer(state, &signer)];
    }
    let all = || having(state, |r| lists(r, role));
    match role {
        Role::Root => {
            let renew = offer(state, Wizard::RenewRoot, "same key, new expiry", sharing_root(state));
            let mut rotate = offer(state, Wizard::Root, "signed by old and new", sharing_root(state));
            if let Opens::New { candidates, chosen, .. } = &mut rotate.opens
                && chosen.len() == 1
            {
                // The key is one for all of them, so all of them change.
                chosen.clone_from(candidates);
            }
            vec![renew, rotate]
        }
        Role::Targets => vec![
            offer(state, Wizard::RenewTargets { role: Role::Targets }, "same key, new expiry", all()),
            offer(state, Wizard::Targets, "the signers stay", all()),
        ],
        Role::Snapshot => vec![
            offer(state, Wizard::Snapshot { holder: Holder::Server }, "any signer can publish", all()),
            offer(state, Wizard::Snapshot { holder: Holder::Here }, "its holders publish", all()),
        ],
        Role::Timestamp => vec![offer(state, Wizard::Timestamp, "the server makes it", all())],
        Role::Delegation(_) => vec![],
    }
}

/// Repositories with a root key in common with the one under the cursor.
fn sharing_root(state: &State) -> Vec<Gun> {
    fn keys(repository: &Repository) -> BTreeSet<&CanonicalKeyId> {
        let roles = repository.view.iter().flat_map(|view| &view.roles);
        roles.filter(|r| r.role == Role::Root).flat_map(|r| &r.keys).map(|k| &k.canonical).collect()
    }
    let here = state.repository().map(keys).unwrap_or_default();
    having(state, |r| !keys(r).is_disjoint(&here))
}

fn of_key(state: &State, key: &KeyView) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    // Releases follow the signer's own role.
    let roles: BTreeSet<&Role> =
        key.used_in.iter().map(|(_, role)| role).filter(|role| **role != Role::releases()).collect();
    for role in roles {
        let uses = key.used_in.iter().filter(|(gun, r)| r == role && state.closed(gun).is_none());
        let mut using: Vec<Gun> = uses.map(|(gun, _)| gun.clone()).collect();
        using.sort();
        using.dedup();
        if using.is_empty() {
            continue;
        }
        for mut entry in of_role(state, role) {
            if let Opens::New { candidates, chosen, .. } = &mut entry.opens {
                if signer_of(role).is_none() {
                    candidates.clone_from(&using);
                }
                let marked: Vec<Gun> = chosen.iter().filter(|gun| using.contains(gun)).cloned().collect();
                let any_marked = !state.lists.repositories.marks.is_empty() && !marked.is_empty();
                *chosen = if any_marked { marked } else { using.clone() };
            }
            offers.push(entry);
        }
    }
    offers
}
