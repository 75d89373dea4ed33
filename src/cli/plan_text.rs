//! A plan as text of 80 columns, for standard error, pipes and logs: no colour, no glyph beyond ASCII.

use super::table::{Table, wrapped};
use crate::engine::draft::applied::Mark;
use crate::engine::plan::{NeededKey, PlanWarning, RoleDiff, TagEffect, Weight};
use crate::engine::wording::counted;
use crate::engine::{Change, Plan, RepositoryPlan};
use crate::printable::{printable, printable_within};
use crate::tuf::Role;

const WIDTH: usize = 80;
const TAGS_SHOWN: usize = 20;

/// The whole plan.
#[must_use]
pub(super) fn plan_text(plan: &Plan) -> String {
    let changes: usize = plan.repositories.iter().map(|r| r.changes.len()).sum();
    let mut text = format!(
        "Plan {}: {} in {}\n",
        plan.id.0,
        counted(changes, "change", "changes"),
        counted(plan.repositories.len(), "repository", "repositories"),
    );
    for repository in &plan.repositories {
        text.push('\n');
        text.push_str(&repository_text(repository));
    }
    if !plan.elsewhere.is_empty() {
        let elsewhere = counted(plan.elsewhere.len(), "change is", "changes are");
        let what =
            format!("{elsewhere} staged for another server and not part of this; trustdeck changes move moves them");
        text.push_str(&wrapped(&what, "\n", WIDTH));
    }
    text
}

fn repository_text(plan: &RepositoryPlan) -> String {
    let mut text = format!("{}\n  server  {}\n", printable(&plan.name), printable(&plan.server));
    if let Some(problem) = &plan.failed {
        text.push_str(&wrapped(&format!("FAILED {}", problem.message), "  ", WIDTH));
        text.push_str(&wrapped(&problem.hint, "    ", WIDTH));
        return text;
    }
    match plan.data_of {
        Some(at) => text.push_str(&format!("  data of {}\n", at.strftime("%Y-%m-%d %H:%M:%S UTC"))),
        None if plan.creates => text.push_str("  creates the trust data of this repository\n"),
        None => text.push_str("  computed without data of the server\n"),
    }
    if plan.deletes {
        text.push_str("  deletes all trust data of this repository on the server\n");
    }
    text.push_str(&changes_text(plan));
    text.push_str(&roles_text(&plan.roles));
    text.push_str(&tags_text(&plan.tags));
    text.push_str(&keys_text(&plan.keys));
    for warning in &plan.warnings {
        text.push_str(&warning_text(plan, warning));
    }
    for file in &plan.unknown {
        text.push_str(&format!("  to compare in {}, file sha256:{}\n", file.role, file.sha256));
        for line in file.lines() {
            text.push_str(&format!("    {}\n", printable(&line)));
        }
    }
    text
}

fn changes_text(plan: &RepositoryPlan) -> String {
    let mut table = Table::default();
    for change in &plan.changes {
        let ids: Vec<&str> = change.ids.iter().map(String::as_str).collect();
        let note = change.no_effect.as_ref().map(|why| format!("(no effect: {why})")).unwrap_or_default();
        table.row([sign(change.mark), &change.thing, &ids.join(" "), &role_names(&change.roles), &note]);
    }
    format!("  changes\n{}", table.text("    ", 2))
}

fn roles_text(roles: &[RoleDiff]) -> String {
    if roles.is_empty() {
        return String::new();
    }
    let version = |v: Option<u64>| v.map_or_else(|| "-".to_owned(), |v| format!("v{v}"));
    let mut text = "  roles\n".to_owned();
    for role in roles {
        let (before, after) = role.version;
        let versions = match (before, after) {
            (None, None) => "never signed".to_owned(),
            (before, after) if before == after => version(after),
            (before, after) => format!("{} -> {}", version(before), version(after)),
        };
        text.push_str(&format!("    {} {:<24} {versions}\n", sign(role.mark), role.role.as_str()));
        text.push_str(&wrapped(&role.why.join("; "), "        ", WIDTH));
        for key in role.keys.iter().filter(|k| k.mark != Mark::Kept) {
            let label = printable_within(&key.label, 40);
            text.push_str(&format!("        key {} {}  {label}\n", sign(key.mark), key.id.short()));
        }
        for (mark, path) in role.paths.iter().filter(|(mark, _)| *mark != Mark::Kept) {
            text.push_str(&format!("        path {} \"{}\"\n", sign(*mark), printable(path)));
        }
        if let (Some(before), Some(after)) = role.threshold
            && before != after
        {
            text.push_str(&format!("        threshold {before} -> {after}\n"));
        }
        if !role.signs_with.is_empty() {
            text.push_str(&wrapped(&signers_line(role), "        ", WIDTH));
        }
        if role.loses_trust {
            text.push_str("        nobody trusts this file afterwards: its signers are all removed\n");
        }
    }
    text
}

fn signers_line(role: &RoleDiff) -> String {
    let before = if role.signed_by.is_empty() { "nobody".to_owned() } else { role.signed_by.join(", ") };
    format!("signed by {before} -> {}", role.signs_with.join(", "))
}

fn tags_text(tags: &TagEffect) -> String {
    let mut text = format!("  tags that can be pulled: {} -> {}", tags.before, tags.after);
    if !tags.orphaned.is_empty() {
        text.push_str(&format!(", {} ORPHANED", tags.orphaned.len()));
    }
    text.push('\n');
    let lists = [
        ("orphaned", &tags.orphaned),
        ("signed", &tags.signed),
        ("revoked", &tags.revoked),
        ("signed again unchanged", &tags.vouched),
        ("repaired", &tags.repaired),
    ];
    for (word, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let shown: Vec<String> = list.iter().take(TAGS_SHOWN).map(|t| printable_within(t, 120)).collect();
        let more = list.len().saturating_sub(TAGS_SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&wrapped(&format!("{word}: {}{rest}", shown.join(" ")), "    ", WIDTH));
    }
    text
}

fn keys_text(keys: &[NeededKey]) -> String {
    if keys.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for key in keys {
        match key {
            NeededKey::Unlock { id, label, role, signs, .. } => {
                table.row([
                    "unlock",
                    id.short(),
                    &format!("{label} ({role})"),
                    &format!("signs {}", role_names(signs)),
                ]);
            }
            NeededKey::New { role } => table.row(["new", "", &format!("{role} key"), "needs a new passphrase"]),
        }
    }
    format!("  keys\n{}", table.text("    ", 2))
}

fn warning_text(plan: &RepositoryPlan, warning: &PlanWarning) -> String {
    let word = match warning.weight {
        Weight::Block => "BLOCKED",
        Weight::Danger => "DANGER",
        Weight::Warning => "warning",
        Weight::Note => "note",
    };
    let mut text = wrapped(&format!("{word}: {}", warning.headline), "  ", WIDTH);
    text.push_str(&wrapped(&warning.detail, "    ", WIDTH));
    if let Some((changes, what)) = &warning.fix {
        text.push_str(&wrapped(&format!("to mend it: {what}"), "    ", WIDTH));
        for command in changes.iter().filter_map(|change| command_for(&plan.name, change)) {
            text.push_str(&format!("      {command}\n"));
        }
    }
    text
}

/// The command that stages a mending change.
fn command_for(name: &str, change: &Change) -> Option<String> {
    match change {
        Change::Witness { role } => Some(format!("trustdeck witness {} {role}", printable(name))),
        Change::Restore { role } => Some(format!("trustdeck restore {} {role}", printable(name))),
        _ => None,
    }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "+",
        Mark::Removed => "-",
        Mark::Resigned => "~",
        Mark::Kept => " ",
    }
}

fn role_names(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(Role::as_str).collect();
    names.join(", ")
}
