//! What a person should know about a repository: what it means for pulls and signing, and who can mend it.

use jiff::{SignedDuration, Timestamp as Time};

use super::{Finding, Health, RoleView, TagState, TagView};
use crate::engine::trust::tree::RoleState;
use crate::engine::wording::{count, some, span};
use crate::tuf::Role;

/// A file that expires within this time is named.
const NEAR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// `docker` and `notary` insist on signing a root again that expires within six months.
const ROOT_WALL: SignedDuration = SignedDuration::from_hours(183 * 24);

/// Findings about roles and tags, worst first.
pub(in crate::engine) fn findings(
    roles: &[RoleView],
    tags: &[TagView],
    ignored: &[(Role, String)],
    now: Time,
) -> Vec<Finding> {
    let mut found: Vec<Finding> = roles.iter().flat_map(|role| about_role(role, tags, now)).collect();
    found.extend(about_paths(ignored));
    found.extend(about_look_alikes(tags));
    found.sort_by_key(|finding| finding.level);
    found
}

fn about_role(role: &RoleView, tags: &[TagView], now: Time) -> Vec<Finding> {
    let mut found: Vec<Finding> = match &role.state {
        RoleState::Expired => vec![expired(role, tags, now)],
        RoleState::UnderThreshold { signed } => vec![under_threshold(role, *signed, tags)],
        RoleState::Hidden => vec![hidden(role)],
        RoleState::Good => expires_soon(role, now).into_iter().chain(alone(role)).collect(),
        // The session knows why a file is missing.
        RoleState::NeverSigned | RoleState::OverLimit { .. } | RoleState::Unreachable | RoleState::Missing => {
            Vec::new()
        }
    };
    found.extend(too_few_keys(role));
    found.extend(unknown_members(role));
    found.extend(accepted_elsewhere(role));
    found.extend(last_versions(role));
    found
}

fn expired(role: &RoleView, tags: &[TagView], now: Time) -> Finding {
    let name = role.role.short();
    let ago = role.expires.map(|at| span(now.duration_since(at))).unwrap_or_default();
    let affected = tags.iter().filter(|tag| tag.state == TagState::Orphaned && tag.roles.contains(&role.role)).count();
    let (level, effect) = match &role.role {
        Role::Delegation(delegation) if !delegation.is_releases() => {
            (Health::Warn, format!("What {name} signed does not count any more."))
        }
        Role::Delegation(_) => (Health::Fail, format!("{} cannot be pulled.", count(affected, "signed tag"))),
        _ => (Health::Fail, "Nobody can pull signed tags.".to_owned()),
    };
    let who = match &role.role {
        Role::Timestamp => {
            "The server renews it every 14 days: ask its operator, and check this machine's clock.".to_owned()
        }
        _ => who_can_sign(role),
    };
    finding(level, format!("{name} expired {ago} ago"), format!("{effect} {who}"), role)
}

fn under_threshold(role: &RoleView, signed: usize, tags: &[TagView]) -> Finding {
    let name = role.role.short();
    let version = role.version.unwrap_or_default();
    if let Some(why) = role.unvouched() {
        return unvouched(role, tags, why);
    }
    let headline = format!("{name} is signed by {signed} of {}", count(role.threshold as usize, "needed key"));
    let signers: Vec<String> = role.last_signed_by.iter().map(|by| by.label.clone()).collect();
    let removed = role.last_signed_by.iter().any(|by| !by.current);
    let alone = if signers.len() == 1 { ", and alone" } else { "" };
    let last = match (signers.is_empty(), removed) {
        (true, _) => format!("{name} v{version} carries no signature."),
        (false, true) => {
            format!("{} signed {name} v{version} last{alone}, with a key that is removed now.", some(&signers))
        }
        (false, false) => format!("{} signed {name} v{version} last{alone}.", some(&signers)),
    };
    let lost = tags.iter().filter(|tag| tag.state == TagState::Orphaned && tag.roles.contains(&role.role)).count();
    let (level, effect) = if role.role.is_released() {
        (Health::Fail, format!("{} cannot be pulled until it is signed again.", count(lost, "tag")))
    } else {
        (Health::Warn, "What it lists does not count until it is signed again.".to_owned())
    };
    finding(level, headline, format!("{last} {effect} {}", who_can_sign(role)), role)
}

/// A file that nobody known has signed. Nothing here may invite to sign it.
fn unvouched(role: &RoleView, tags: &[TagView], why: &str) -> Finding {
    let name = role.role.short();
    let lost = tags.iter().filter(|tag| tag.state == TagState::Orphaned && tag.roles.contains(&role.role)).count();
    let (level, effect) = match role.role.is_released() {
        true => (Health::Fail, format!("The {} that it lists cannot be pulled.", count(lost, "tag"))),
        false => (Health::Warn, "What it lists does not count.".to_owned()),
    };
    let restored = if role.met { ", or restore the last good file" } else { "" };
    let detail = format!(
        "{name} v{} {why}. {effect} Do not sign it again unseen: compare its tags with their signers{restored}.",
        role.version.unwrap_or_default()
    );
    finding(level, format!("{name} carries no valid signature"), detail, role)
}

fn hidden(role: &RoleView) -> Finding {
    let name = role.role.short();
    let detail = format!(
        "This machine has seen a file of {name}, targets still lists it, but the new snapshot leaves it out. Its \
         signatures do not count. Whoever holds the snapshot key can hide a role like that: ask the server's operator. \
         The last good file of this machine can be signed again."
    );
    finding(Health::Fail, format!("{name} is hidden by the server"), detail, role)
}

fn expires_soon(role: &RoleView, now: Time) -> Option<Finding> {
    let left = role.expires?.duration_since(now);
    let name = role.role.short();
    let headline = format!("{name} expires in {}", span(left));
    match role.role {
        Role::Timestamp => None,
        Role::Root if left < ROOT_WALL => {
            let detail =
                "Less than six months before root expires, docker and notary refuse every publish by somebody \
                          who does not hold the root key. Pulls work until it expires."
                    .to_owned();
            Some(finding(Health::Warn, headline, format!("{detail} {}", who_can_sign(role)), role))
        }
        _ if left < NEAR => {
            let detail = format!("After that, what it lists is refused. {}", who_can_sign(role));
            Some(finding(Health::Warn, headline, detail, role))
        }
        _ => None,
    }
}

/// A signature of one key carries everything: removing that key would orphan it all.
fn alone(role: &RoleView) -> Option<Finding> {
    let releases = role.role.delegation().is_some_and(|name| name.is_releases());
    let current: Vec<&str> = role.last_signed_by.iter().filter(|by| by.current).map(|by| by.label.as_str()).collect();
    match current.as_slice() {
        [signer] if releases && role.tags > 0 => {
            let version = role.version.unwrap_or_default();
            let tags = count(role.tags, "tag");
            let detail = format!(
                "{tags} hang on this one signature, whoever signed them first: if that key is removed, somebody else \
                 must sign releases again in the same publish."
            );
            Some(finding(Health::Ok, format!("{signer} signed releases v{version} last, and alone"), detail, role))
        }
        _ => None,
    }
}

fn too_few_keys(role: &RoleView) -> Option<Finding> {
    let name = role.role.short();
    let has = role.keys.len();
    if has >= role.threshold as usize || matches!(role.state, RoleState::OverLimit { .. } | RoleState::Unreachable) {
        return None;
    }
    let headline = match has {
        0 => format!("{name} has no keys"),
        _ => format!("{name} needs {} keys, but has {has}", role.threshold),
    };
    let detail = "Nothing that it lists can count. Add a key, or remove the role.".to_owned();
    Some(finding(Health::Warn, headline, detail, role))
}

fn unknown_members(role: &RoleView) -> Option<Finding> {
    let name = role.role.short();
    let members = &role.unknown_members;
    (!members.is_empty()).then(|| {
        let detail = format!("{} would be lost when the file is signed again.", some(members));
        finding(Health::Warn, format!("{name} holds more than Notary knows"), detail, role)
    })
}

fn accepted_elsewhere(role: &RoleView) -> Option<Finding> {
    let name = role.role.short();
    role.accepted_elsewhere.then(|| {
        let detail =
            "They count key IDs, and one key in two wrappings has two of them. trustdeck counts distinct keys."
                .to_owned();
        finding(Health::Warn, format!("docker and notary accept {name} although one key signed twice"), detail, role)
    })
}

fn last_versions(role: &RoleView) -> Option<Finding> {
    let headline = role.near_its_last_version()?;
    let detail = "After the last one nothing can be published in it. Ask its signers whether that was them: with a stolen \
                  key somebody can use up the versions of a role. A delegation can go on under another name.";
    Some(finding(Health::Warn, headline, detail.to_owned(), role))
}

fn about_paths(ignored: &[(Role, String)]) -> Option<Finding> {
    let (first, _) = ignored.first()?;
    let tags: Vec<String> = ignored.iter().map(|(_, tag)| tag.clone()).collect();
    Some(Finding {
        level: Health::Warn,
        headline: format!("{} outside the paths of the role", count(ignored.len(), "tag")),
        detail: format!(
            "{} lists {}, which it may not sign. They are left out here; `docker trust inspect` shows them as signed.",
            first.short(),
            some(&tags)
        ),
        role: Some(first.clone()),
    })
}

fn about_look_alikes(tags: &[TagView]) -> Option<Finding> {
    let alike: Vec<String> = tags.iter().filter(|tag| tag.look_alike).map(|tag| tag.name.to_string()).collect();
    (!alike.is_empty()).then(|| Finding {
        level: Health::Warn,
        headline: format!("{} look like others", count(alike.len(), "tag")),
        detail: format!("{} cannot be told apart by eye. Compare the digests.", some(&alike)),
        role: None,
    })
}

fn who_can_sign(role: &RoleView) -> String {
    let labels = |at_hand: bool| -> Vec<String> {
        role.keys.iter().filter(|key| key.at_hand == at_hand).map(|key| key.label.clone()).collect()
    };
    let (mine, theirs) = (labels(true), labels(false));
    let name = role.role.short();
    // A key that nobody named is called like its role, which says nothing here.
    let is_named = |labels: &[String]| labels.iter().any(|label| label != name);
    let named = |labels: &[String]| if is_named(labels) { format!(" ({})", some(labels)) } else { String::new() };
    let renews =
        matches!(role.role, Role::Root | Role::Targets) && !matches!(role.state, RoleState::UnderThreshold { .. });
    match (mine.is_empty(), theirs.is_empty()) {
        (false, _) if renews => format!("You hold a key of it{}: renew {name}.", named(&mine)),
        (false, _) => format!("You hold a key of it{}: sign {name} again.", named(&mine)),
        (true, false) if role.server_held && role.role == Role::Snapshot => {
            format!(
                "Its key is not on this machine: ask the server's operator, or who set the repository up, to sign {name} again."
            )
        }
        (true, false) if role.server_held => {
            format!("The server holds its key: ask its operator to sign {name} again.")
        }
        (true, false) if renews => format!("Whoever holds the key {} can renew it.", some(&theirs)),
        (true, false) => format!("Whoever holds the key {} can sign it again.", some(&theirs)),
        (true, true) => "It has no keys: add one first.".to_owned(),
    }
}

fn finding(level: Health, headline: String, detail: String, role: &RoleView) -> Finding {
    Finding { level, headline, detail, role: Some(role.role.clone()) }
}
