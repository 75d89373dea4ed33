//! What the words mean, a page each, in the order in which people ask: keys, roles, signatures, pulls, pins.

use crate::engine::KeyView;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::RoleView;
use crate::engine::view::keys::KeyPlace;
use crate::tui::dialogs::{Choose, Dialog, Page, Reply};
use crate::tui::kit::pane::Pane;
use crate::tui::state::{State, selected, words};

/// The five kinds of keys: role, who holds it, what it signs, and what its loss means.
const CLASSES: [(&str, &str, &str, &str); 5] = [
    (
        "root",
        "the owner, offline or on a token",
        "which keys the other roles have",
        "keys can be changed no more; once the root expires the repository must be made anew. The most precious one.",
    ),
    (
        "targets",
        "the owner; one for each repository",
        "who may sign tags, and tags of its own",
        "no signer can be added or removed until the root key puts another one in its place.",
    ),
    (
        "delegation",
        "each signer: a person or a build machine",
        "the tags of its role, and releases",
        "that signer cannot sign; the others can. The owner puts a new key in its place (t in Roles).",
    ),
    (
        "snapshot",
        "the server, seldom the owner",
        "the list of all current files, so that none can be left out",
        "nobody can publish until the root key names another one.",
    ),
    (
        "timestamp",
        "the server",
        "that all this is still the newest, every 14 days",
        "pulls fail within two weeks; the server makes a new one.",
    ),
];

/// The pages; the cursor is on the one that explains the row under the cursor.
pub fn menu(state: &State) -> Dialog {
    let page = |word: &str, note: &str, lines: Vec<String>| {
        let page = Page { title: word.to_owned(), lines, offset: 0 };
        Reply::leads_to(word, note, Dialog::Page(page))
    };
    let replies = vec![
        page("The five kinds of keys", "who holds them, what their loss means", keys(state)),
        page("Roles and delegations", "who may sign what, and how many must", roles()),
        page("One signature for all tags", "why removing a key can break them", signature(state)),
        page("What a pull checks", "and why it refuses", pull()),
        page("First contact and pins", "how this machine knows the owner", pins()),
    ];
    let worst = || state.view().and_then(|view| view.roles.iter().find_map(explains));
    let cursor = match state.focus {
        Pane::Keys => 0,
        Pane::Roles => selected::role(state).and_then(explains).unwrap_or(1),
        Pane::Tags => 2,
        Pane::Staged => 3,
        Pane::Repositories => worst().unwrap_or(4),
    };
    Dialog::Choose(Choose { title: "What it means".to_owned(), replies, cursor, ..Choose::default() })
}

/// The page that explains why a role counts no more.
fn explains(role: &RoleView) -> Option<usize> {
    match role.state {
        RoleState::UnderThreshold { .. } => Some(2),
        RoleState::Expired | RoleState::Hidden | RoleState::Missing | RoleState::Unreachable => Some(3),
        _ => None,
    }
}

fn keys(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for (role, holder, signs, loss) in CLASSES {
        lines.push(format!("{role} key"));
        lines.push(format!("held by {holder}; signs {signs}."));
        lines.push(state.spoken(&format!("If it is lost: {loss}")));
        lines.push(here(state, role));
        lines.push(String::new());
    }
    lines.push(state.spoken("b in Keys makes a backup and proves that it opens."));
    lines
}

/// Which keys of this kind this machine has.
fn here(state: &State, role: &str) -> String {
    let is_base = |role: &str| CLASSES.iter().any(|(base, ..)| *base == role);
    let is_of = |key: &&KeyView| key.role == role || (role == "delegation" && !is_base(&key.role));
    let is_here = |key: &&KeyView| matches!(key.place, KeyPlace::File(_) | KeyPlace::Token(_));
    let names: Vec<String> =
        state.keyring.keys.iter().filter(is_of).filter(is_here).map(|key| words::key_label(state, key)).collect();
    match names.as_slice() {
        [] => "Here: none.".to_owned(),
        names => format!("Here: {}.", names.join(", ")),
    }
}

fn paragraphs(texts: &[&str]) -> Vec<String> {
    texts.iter().flat_map(|text| [(*text).to_owned(), String::new()]).collect()
}

fn roles() -> Vec<String> {
    paragraphs(&[
        "A role is a list of keys, a number of them that must sign (the threshold), and a file that they sign.",
        "root names the keys of the base roles. targets names the delegations: targets/releases, which docker reads, and \
         a role for each signer, such as targets/jeff.",
        "A signer's key is in both: in releases, so that docker pulls what it signs, and in the signer's own role, so \
         that one can see who signed what. notary can make other roles too, with paths that limit which tags they list.",
        "Threshold: docker makes roles that need one key. A role that needs two is signed by two people, one after the \
         other; until then its file does not count.",
        "In Roles: a adds a signer, m makes another role, e edits one, d removes it, t rotates its keys.",
    ])
}

fn signature(state: &State) -> Vec<String> {
    let lost = format!(
        "That is why the stage shows tags before and after: 9 {} 0 says that the key that goes was the last to sign. \
         Signing again (w) with a key that stays, in the same publish, leaves no gap.",
        state.theme.glyphs.becomes
    );
    paragraphs(&[
        "All tags of a role stand in one file, and that file carries the signature of whoever published last.",
        "So one key vouches for all of them: remove it, and the whole file counts no more, whoever signed the single \
         tags at first. Every pull is refused until a key that stays signs the file again.",
        &lost,
        "Who signs again vouches for every tag in the file: the review lists them.",
    ])
}

fn pull() -> Vec<String> {
    paragraphs(&[
        "A pull with content trust asks the trust server for the newest files and checks, in this order:",
        "1. root: signed by the root key that this machine knows, and not expired.",
        "2. timestamp: signed by the server within the last 14 days, so that nobody shows yesterday's list.",
        "3. snapshot: names the version of every file, so that none is left out or swapped.",
        "4. targets, then releases: signed by current keys, as many as needed, and not expired.",
        "5. the tag: its digest there is what is pulled from the registry, whatever the registry says the tag is.",
        "If one of them fails, nothing is pulled. Docker 29 and newer ignore DOCKER_CONTENT_TRUST: there V in \
         Tags is what checks.",
    ])
}

fn pins() -> Vec<String> {
    paragraphs(&[
        "The first time a machine meets a repository it cannot know whose root key is the right one: it takes what the \
         server shows, and remembers it. That is the pin.",
        "From then on only a root that the known root key has signed is taken; anything else looks like an attack, and \
         is refused.",
        "So compare once, by another way than this server: the four words beside each key are made for the telephone.",
        "A repository that was deleted and made anew looks the same as an attack. If its owner confirms the new words, \
         D forgets the old root here, and the next read asks again.",
    ])
}
