//! What is said about the tag under the cursor.

use crate::engine::tags::compare::TagStanding;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{Health, RoleView, TagView};
use crate::tuf::{Gun, Role};
use crate::tui::kit::pane::Pane;
use crate::tui::panes::detail::{Act, Detail};
use crate::tui::panes::mend::{self, Mend};
use crate::tui::panes::{empty, lost};
use crate::tui::state::actions::{Tags, Wizard};
use crate::tui::state::binding::Action;
use crate::tui::state::rows::TagRow;
use crate::tui::state::{State, selected, words};

/// Its state, what a pull gets and why, and digests.
pub fn detail(state: &State) -> Option<Detail> {
    let row = selected::tag_row(state)?;
    let signed = state.lists.tag_rows.signed(row);
    let mut detail = Detail { name: row.row.name.to_string(), ..Detail::default() };
    detail.state = Some((row.word().to_owned(), super::view::style(state.theme, row)));
    detail.sentences.push(pull(state, row, signed));
    if signed.is_some_and(|tag| tag.look_alike) || !row.row.name.is_ascii() {
        detail.sentences.push("The name is not plain ASCII or looks like another tag: compare digests.".to_owned());
    }
    if let Some(tag) = signed {
        detail.facts.push(("sha256", words::grouped(&tag.digest)));
    }
    if let Some(lengths) = state.lists.tag_rows.other_length(row) {
        detail.facts.push(("registry", other_length(lengths)));
    } else if let Some(found) = row.row.registry.as_ref().filter(|_| !state.lists.tag_rows.is_same(row)) {
        detail.facts.push(("registry", words::grouped(found.digest.digest())));
    }
    if let Some(digest) = row.staged.as_deref().filter(|digest| signed.is_none_or(|tag| tag.digest != *digest)) {
        detail.facts.push(("staged", words::grouped(digest)));
    }
    let act = |(action, what, needs): Way| -> Act { (state.key(action), what, needs) };
    detail.acts = ways(state, row, signed).into_iter().map(act).collect();
    detail.acts.extend(lost::line(state, Pane::Tags));
    let size = signed.map(|tag| tag.length).or_else(|| row.row.registry.as_ref().map(|found| found.size));
    detail.facts.extend(size.map(|size| ("size", format!("{size} bytes"))));
    Some(detail)
}

/// The same digest with another length.
pub(super) fn other_length((signed, found): (u64, u64)) -> String {
    format!("the same digest, but {found} bytes and not {signed}: every pull that checks it fails")
}

/// What mends it, in which words, and what that needs.
type Way = (Action, String, String);

/// What mends it.
fn ways(state: &State, row: &TagRow, signed: Option<&TagView>) -> Vec<Way> {
    if row.mark.is_some() || state.closed_here().is_some() {
        return vec![];
    }
    let act = |action, act: &str, needs: &str| (Action::Tags(action), act.to_owned(), needs.to_owned());
    if matches!(row.row.standing, TagStanding::Held | TagStanding::Unsigned) {
        if unset(state).is_some() {
            let needs = "before that nobody can sign here".to_owned();
            return vec![(Action::Wizard(Wizard::Menu), "set up trust data".to_owned(), needs)];
        }
        if no_signing(state).is_some() {
            return vec![];
        }
    }
    match row.row.standing {
        TagStanding::Tampered => vec![
            act(Tags::Verify, "verify again", "once the image was pushed again"),
            act(Tags::Revoke, "revoke", "if nobody can push it again"),
        ],
        TagStanding::Orphan | TagStanding::Expired => {
            let broken = signed.and_then(|tag| broken(state, tag));
            let mended = broken.and_then(|role| mend::line(state, (role, mend::of(state, role)?), Pane::Roles));
            vec![match (mended, broken) {
                (Some((key, what, needs)), _) => {
                    (Action::Focus(Pane::Roles), format!("Roles, then {key}: {what}"), needs)
                }
                (None, Some(role)) if mend::wanted(state, role) == Some(Mend::AskSigners) => {
                    act(Tags::Revoke, "revoke", &format!("or {}", mend::no_copy(role)))
                }
                (None, _) => act(Tags::Revoke, "revoke", "its role can be mended by nobody here"),
            }]
        }
        TagStanding::Drift => vec![
            act(Tags::Sign, "sign what the registry holds", "if the new image is the right one"),
            act(Tags::Revoke, "revoke", "if nobody is to pull the signed one"),
        ],
        TagStanding::Gone => vec![act(Tags::Revoke, "revoke", "unless the image is pushed again")],
        TagStanding::Held => vec![act(Tags::Sign, "sign it for releases", &whoever(state))],
        TagStanding::Unsigned => vec![act(Tags::Sign, "sign what the registry holds", "")],
        TagStanding::Ok | TagStanding::Signed => vec![],
    }
}

/// Who can sign into releases.
fn whoever(state: &State) -> String {
    let releases = state.view().and_then(|view| view.roles.iter().find(|role| role.role == Role::releases()));
    match releases.map(|role| role.keys.iter().find(|key| key.at_hand)) {
        None => "once there is a role releases".to_owned(),
        Some(Some(key)) => format!("with your key {}", words::key_name(state, &key.canonical, &key.label)),
        Some(None) => "needs a key of releases, which is not on this machine".to_owned(),
    }
}

/// The role whose file keeps pulls from a tag, the first that a pull meets: base roles, then releases, then others.
fn broken<'a>(state: &'a State, tag: &TagView) -> Option<&'a RoleView> {
    let is_wrong = |role: &&RoleView| role.state != RoleState::Good;
    let lists = |role: &RoleView| role.role.delegation().is_none() || tag.roles.contains(&role.role);
    let wrong = state.view()?.roles.iter().filter(is_wrong).filter(|role| lists(role));
    wrong.min_by_key(|role| (role.role.delegation().is_some(), role.role != Role::releases()))
}

/// Why nothing can be signed here before something else is done.
pub(super) fn no_signing(state: &State) -> Option<&'static str> {
    empty::no_repository(state).or_else(|| lost::comes_first_here(state))
}

/// Where there is no trust data yet, and none is staged.
pub(super) fn unset(state: &State) -> Option<&'static str> {
    let creates = |gun: &Gun| state.stage.changes.iter().any(|c| c.gun == *gun && c.change.is_creation());
    let bare = state.repository().filter(|r| r.view.as_ref().is_some_and(|view| view.health == Health::New));
    bare.is_some_and(|r| !creates(&r.entry.gun)).then_some("it has no trust data yet; W sets it up")
}

/// What comes first among the hints for the tag under the cursor.
pub fn mending(state: &State) -> Option<Action> {
    let row = selected::tag_row(state)?;
    ways(state, row, state.lists.tag_rows.signed(row)).first().map(|(action, ..)| *action)
}

/// What a pull with content trust gets now, and why.
pub(super) fn pull(state: &State, row: &TagRow, signed: Option<&TagView>) -> String {
    let roles = signed.map(|tag| tag.roles.iter().map(Role::short).collect::<Vec<_>>().join(", ")).unwrap_or_default();
    match row.row.standing {
        _ if row.is_only_staged() => "It will be signed by the next publish; nobody has signed it yet.".to_owned(),
        TagStanding::Ok => format!("Every pull gets this image; it is listed by {roles}."),
        TagStanding::Signed => format!("Pulls with content trust get this image; it is listed by {roles}."),
        TagStanding::Drift => {
            "Another image was pushed under this tag since it was signed: pulls with content trust get the signed one, \
             all others the new one."
                .to_owned()
        }
        TagStanding::Gone => {
            "The registry has no such tag any more: pulls by tag fail; with content trust only if its manifest is gone too."
                .to_owned()
        }
        TagStanding::Held => format!("Signed by {roles}, but not in releases: pulls with content trust refuse it."),
        TagStanding::Orphan | TagStanding::Expired => {
            let why = |role: &RoleView| match &role.state {
                RoleState::Expired => format!("{} has expired", role.role.short()),
                RoleState::UnderThreshold { .. } => format!("no current key has signed {}", role.role.short()),
                _ => format!("the file of {} cannot be used", role.role.short()),
            };
            let why = signed.and_then(|tag| broken(state, tag)).map(why);
            let why = why.unwrap_or_else(|| "no current key has signed a role that lists it".to_owned());
            format!("Pulls with content trust refuse it: {why}.")
        }
        TagStanding::Tampered => {
            "The registry's bytes are not what was signed: a pull with a check of digests fails. It stays so until it is \
             verified again."
                .to_owned()
        }
        TagStanding::Unsigned if lost::is_lost(state) => {
            "The server has lost its trust data, so nothing here tells who signed it: pulls with content trust refuse it."
                .to_owned()
        }
        TagStanding::Unsigned => "Nobody has signed it: pulls with content trust refuse it.".to_owned(),
    }
}
