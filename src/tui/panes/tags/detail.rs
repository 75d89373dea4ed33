//! What is said about the tag under the cursor.

use crate::engine::tags::compare::TagStanding;
use crate::engine::view::TagView;
use crate::tuf::Role;
use crate::tui::kit::pane::Pane;
use crate::tui::panes::detail::Detail;
use crate::tui::panes::mend;
use crate::tui::state::rows::TagRow;
use crate::tui::state::{State, selected, words};

/// Its state, what a pull gets and why, and digests.
pub fn detail(state: &State) -> Option<Detail> {
    let row = selected::tag_row(state)?;
    let signed = state.lists.tag_rows.signed(row);
    let mut detail = Detail { name: row.row.name.to_string(), ..Detail::default() };
    detail.state = Some((row.word().to_owned(), super::view::style(state.theme, row)));
    detail.sentences.push(pull(row, signed));
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
    detail.acts = acts(state, row, signed);
    let size = signed.map(|tag| tag.length).or_else(|| row.row.registry.as_ref().map(|found| found.size));
    detail.facts.extend(size.map(|size| ("size", format!("{size} bytes"))));
    Some(detail)
}

/// The same digest with another length.
pub(super) fn other_length((signed, found): (u64, u64)) -> String {
    format!("the same digest, but {found} bytes and not {signed}: every pull that checks it fails")
}

/// The keys that mend it.
fn acts(state: &State, row: &TagRow, signed: Option<&TagView>) -> Vec<(&'static str, String, String)> {
    let act = |key, act: &str, needs: &str| (key, act.to_owned(), needs.to_owned());
    match row.row.standing {
        _ if row.mark.is_some() => vec![],
        TagStanding::Tampered => vec![
            act("V", "verify again", "once the image was pushed again"),
            act("d", "revoke", "if nobody can push it again"),
        ],
        TagStanding::Orphan | TagStanding::Expired => {
            let mended = state.view().zip(signed).and_then(|(view, tag)| {
                let broken =
                    view.roles.iter().filter(|role| role.role.delegation().is_none() || tag.roles.contains(&role.role));
                broken.filter_map(|role| Some(mend::line(state, role, mend::of(state, role)?, Pane::Roles))).next()
            });
            let in_roles = |(key, what, needs)| ("2", format!("Roles, then {key}: {what}"), needs);
            vec![mended.map_or_else(|| act("d", "revoke", "its role can be mended by nobody here"), in_roles)]
        }
        _ => vec![],
    }
}

/// What a pull with content trust gets now, and why.
pub(super) fn pull(row: &TagRow, signed: Option<&TagView>) -> String {
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
        TagStanding::Orphan => {
            "Pulls with content trust refuse it: no current key has signed the role that lists it.".to_owned()
        }
        TagStanding::Expired => "Pulls with content trust refuse it: a role that lists it has expired.".to_owned(),
        TagStanding::Tampered => {
            "The registry's bytes are not what was signed: a pull with a check of digests fails. It stays so until it is \
             verified again."
                .to_owned()
        }
        TagStanding::Unsigned => "Nobody has signed it: pulls with content trust refuse it.".to_owned(),
    }
}
