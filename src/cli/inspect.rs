//! `inspect`: the same fields, order and layout as `docker trust inspect`. Source: docs/notary-v1.md section 14.4.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::Context;
use super::ending::Ending;
use crate::cli::arguments::Inspect;
use crate::cli::tagging::stands_for_tag;
use crate::engine::error::Untrusted;
use crate::engine::reference::RepositoryRef;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{RoleView, TagState, TagView};
use crate::engine::{Problem, RepositoryView, natural};
use crate::printable::printable;
use crate::tuf::Role;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected<'a> {
    name: &'a str,
    /// Names of targets that were asked for.
    #[serde(skip)]
    targets: &'a [String],
    signed_tags: Vec<InspectedTag<'a>>,
    signers: Vec<HolderRow<'a>>,
    administrative_keys: Vec<HolderRow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedTag<'a> {
    signed_tag: &'a str,
    digest: &'a str,
    signers: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct HolderRow<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<HolderKey<'a>>,
}

#[derive(Serialize)]
struct HolderKey<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
}

/// Runs the command.
///
/// # Errors
/// Only for what concerns all references.
pub(super) async fn run(context: &Context, command: &Inspect) -> Result<Ending, Problem> {
    let mut ending = Ending::done();
    let mut inspected = Vec::new();
    let mut targets = Vec::new();
    for typed in &command.references {
        match context.target(typed) {
            Ok(target) if !command.target.is_empty() && (target.tag.is_some() || target.digest.is_some()) => {
                ending.problems.push(stands_for_tag(&target));
            }
            Ok(target) => targets.push((typed, target)),
            Err(problem) => ending.problems.push(problem),
        }
    }
    let guns: Vec<_> = targets.iter().map(|(_, target)| target.gun.clone()).collect();
    let views = context.inspections(&guns).await;
    let administrator = ["Repo Admin".to_owned()];
    let troubles = |view: &RepositoryView| {
        let asking = targets.iter().map(|(_, target)| target).filter(|target| target.gun == view.gun);
        view.troubles_for(|tag| asking.clone().any(|target| is_asked(target, &command.target, tag)))
    };
    for (typed, target) in &targets {
        match views.get(&target.gun).map(|view| readable(context, view)) {
            Some(Ok(view)) => {
                ending.succeeded += usize::from(!troubles(view).iter().any(|trouble| trouble.released));
                inspected.push(inspect(typed.trim(), (target, &command.target), view, &administrator));
            }
            Some(Err(problem)) => ending.problems.push(problem),
            None => {}
        }
    }
    // Data before complaints: a script that stops at the first error line has the data already.
    let shown = if command.pretty {
        context.console.result(&pretty(&inspected))
    } else {
        context.console.result_json(&inspected)
    };
    shown?;
    // As for a tag that is not there, docker and so we end well.
    for one in &inspected {
        let missing = |name: &&String| one.signed_tags.iter().all(|row| !is_called(row.signed_tag, name));
        for name in one.targets.iter().filter(missing) {
            context.console.say(&format!("{name} is not signed in {}", one.name));
        }
        for row in one.signed_tags.iter().filter(|row| row.digest.is_empty()) {
            let why = Untrusted::NoDigest;
            context.console.say(&format!("{} in {} {why}", row.signed_tag, one.name));
        }
    }
    for view in views.values().filter_map(|view| view.as_ref().ok()) {
        ending.stale |= context.report_freshness(view);
        ending.problems.extend(context.report_these(troubles(view)));
    }
    Ok(ending)
}

fn readable<'v>(context: &Context, view: &'v Result<RepositoryView, Problem>) -> Result<&'v RepositoryView, Problem> {
    let view = view.as_ref().map_err(Problem::clone)?;
    context.has_trust_data(view)?;
    Ok(view)
}

fn inspect<'a>(
    typed: &'a str,
    (target, names): (&RepositoryRef, &'a [String]),
    view: &'a RepositoryView,
    administrator: &'a [String],
) -> Inspected<'a> {
    let rows = view.tags.iter().filter(|tag| tag.state == TagState::Trusted);
    let wanted = rows.filter(|tag| is_asked(target, names, &tag.name));
    let row = |tag: &'a TagView| InspectedTag {
        signed_tag: &tag.name,
        // Whatever else stands in its place is none.
        digest: if tag.has_digest() { &tag.digest } else { "" },
        signers: if tag.signers.is_empty() { administrator } else { &tag.signers },
    };
    let mut signers: Vec<HolderRow<'_>> = view.roles.iter().filter_map(signer).collect();
    signers.sort_by(|a, b| b.name.cmp(a.name));
    let administrators = [(Role::Root, "Root"), (Role::Targets, "Repository")];
    let administrator = |(role, name): (Role, &'a str)| {
        let role = view.roles.iter().find(|r| r.role == role)?;
        let keys = role.keys.iter().map(|k| HolderKey { id: k.id.as_str() }).collect();
        Some(HolderRow { name, keys })
    };
    Inspected {
        name: typed,
        targets: names,
        signed_tags: wanted.map(row).collect(),
        signers,
        administrative_keys: administrators.into_iter().filter_map(administrator).collect(),
    }
}

/// Whether somebody who names a repository, a tag or targets asks for this tag.
fn is_asked(target: &RepositoryRef, names: &[String], tag: &str) -> bool {
    let is_tag = target.tag.as_ref().is_none_or(|wanted| *wanted == *tag);
    is_tag && (names.is_empty() || names.iter().any(|name| is_called(tag, name)))
}

/// A target is named as it is, or as it is shown.
fn is_called(target: &str, name: &str) -> bool {
    name == target || name == printable(target)
}

/// A delegation other than `targets/releases`, with the IDs of its bare keys.
fn signer(role: &RoleView) -> Option<HolderRow<'_>> {
    // Docker knows nothing of roles below one whose file it does not trust.
    if role.role.is_released() || matches!(role.state, RoleState::OverLimit { .. } | RoleState::Unreachable) {
        return None;
    }
    let name = role.role.delegation()?.as_str().trim_start_matches("targets/");
    Some(HolderRow { name, keys: role.keys.iter().map(|k| HolderKey { id: k.canonical.as_str() }).collect() })
}

fn pretty(inspected: &[Inspected<'_>]) -> String {
    let blocks: Vec<String> = inspected.iter().map(block).collect();
    blocks.join("\n\n")
}

fn block(inspected: &Inspected<'_>) -> String {
    let name = printable(inspected.name);
    let mut text = String::new();
    let what = match inspected.targets {
        [] => name.clone(),
        targets => format!("{} in {name}", printable(&targets.join(", "))),
    };
    if inspected.signed_tags.is_empty() {
        text.push_str(&format!("\nNo signatures for {what}\n\n"));
    } else {
        let signers = |row: &InspectedTag<'_>| match row.signers {
            [one] if one == "Repo Admin" => "(Repo Admin)".to_owned(),
            several => {
                let mut sorted: Vec<&str> = several.iter().map(String::as_str).collect();
                sorted.sort_unstable();
                sorted.join(", ")
            }
        };
        let mut rows = vec![["SIGNED TAG".to_owned(), "DIGEST".to_owned(), "SIGNERS".to_owned()]];
        let digest = |r: &InspectedTag<'_>| if r.digest.is_empty() { "(none)" } else { r.digest }.to_owned();
        rows.extend(inspected.signed_tags.iter().map(|r| [r.signed_tag.to_owned(), digest(r), signers(r)]));
        text.push_str(&format!("\nSignatures for {what}\n\n{}", columns(&rows)));
    }
    if !inspected.signers.is_empty() {
        let mut signers: Vec<&HolderRow<'_>> = inspected.signers.iter().collect();
        signers.sort_by(|a, b| natural(a.name, b.name));
        let mut rows = vec![["SIGNER".to_owned(), "KEYS".to_owned()]];
        rows.extend(signers.iter().map(|s| [s.name.to_owned(), ids(s, 12)]));
        text.push_str(&format!("\nList of signers and their keys for {name}\n\n{}", columns(&rows)));
    }
    text.push_str(&format!("\nAdministrative keys for {name}\n\n"));
    for (title, holder) in [("Repository Key", "Repository"), ("Root Key", "Root")] {
        if let Some(holder) = inspected.administrative_keys.iter().find(|h| h.name == holder) {
            text.push_str(&format!("  {title}:\t{}\n", ids(holder, usize::MAX)));
        }
    }
    text
}

fn ids(holder: &HolderRow<'_>, length: usize) -> String {
    let mut ids: Vec<String> = holder.keys.iter().map(|k| k.id.chars().take(length).collect()).collect();
    ids.sort();
    ids.join(", ")
}

/// Columns as Go's tab writer sets them for Docker: at least 10 cells wide, 3 blanks apart.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let drawn: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| printable(c)).collect()).collect();
    let width =
        |column: usize| drawn.iter().filter_map(|r| r.get(column)).map(|c| c.width() + 3).max().unwrap_or(0).max(10);
    let mut text = String::new();
    for row in &drawn {
        for (column, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if column + 1 < N {
                text.push_str(&" ".repeat(width(column) - cell.width()));
            }
        }
        text.push('\n');
    }
    text
}
