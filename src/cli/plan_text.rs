//! A plan as text of 80 columns, for standard error, pipes and logs: no colour, no glyph beyond ASCII.

use super::table::{Table, wrapped};
use crate::engine::draft::applied::Mark;
use crate::engine::plan::{NeededKey, PlanWarning, RoleDiff, Weight};
use crate::engine::reference::in_command;
use crate::engine::wording::counted;
use crate::engine::{Change, Plan, RepositoryPlan};
use crate::printable::{printable, printable_within};
use crate::tuf::{Gun, Role};

const WIDTH: usize = 80;

/// How much of long lists is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The first of each, and how many more there are.
    Cut,
    /// All.
    Full,
}

impl Extent {
    /// The first of a list of lines, and a line that counts the rest.
    fn lines<T>(self, list: &[T], most: usize, line: impl Fn(&T) -> String) -> String {
        let (shown, more) = self.cut(list, most);
        let mut text: String = shown.iter().map(line).collect();
        if more > 0 {
            text.push_str(&format!("    and {more} more; --full shows all\n"));
        }
        text
    }

    /// The first of a list, and the number of the others.
    fn cut<T>(self, list: &[T], most: usize) -> (&[T], usize) {
        let shown = if self == Self::Full { list.len() } else { list.len().min(most) };
        (list.get(..shown).unwrap_or(list), list.len() - shown)
    }

    /// The first words of a list, and how many more there are.
    fn words(self, list: &[String], between: &str) -> String {
        let (shown, more) = self.cut(list, WORDS);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{rest}", shown.join(between))
    }
}

/// Words of a list that are shown of it.
const WORDS: usize = 20;
/// Lines of a list that are shown of it.
const LINES: usize = 40;
/// Repositories that are shown.
const REPOSITORIES: usize = 50;

/// The plan.
#[must_use]
pub(super) fn plan_text(plan: &Plan, extent: Extent) -> String {
    let changes: usize = plan.repositories.iter().map(|r| r.changes.len()).sum();
    let mut text = format!(
        "Plan {}: {} in {}\n",
        plan.id.0,
        counted(changes, "change", "changes"),
        counted(plan.repositories.len(), "repository", "repositories"),
    );
    let one = |repository: &&RepositoryPlan| format!("\n{}", repository_text(repository, extent));
    // Where some are left out, what hinders or needs an acceptance is not among them.
    let is_long = plan.repositories.len() > REPOSITORIES;
    let is_heavy = |r: &&RepositoryPlan| is_long && (r.is_blocked() || r.is_dangerous());
    let (heavy, others): (Vec<_>, Vec<_>) = plan.repositories.iter().partition(is_heavy);
    text.extend(heavy.iter().map(one));
    text.push_str(&extent.lines(&others, REPOSITORIES, one));
    if !plan.elsewhere.is_empty() {
        let elsewhere = counted(plan.elsewhere.len(), "change is", "changes are");
        let what =
            format!("{elsewhere} staged for another server and not part of this; trustdeck changes move moves them");
        text.push_str(&format!("\n{}", wrapped(&what, "", WIDTH)));
    }
    text
}

fn repository_text(plan: &RepositoryPlan, extent: Extent) -> String {
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
    text.push_str(&changes_text(plan, extent));
    text.push_str(&roles_text(&plan.roles, extent));
    text.push_str(&tags_text(plan, extent));
    text.push_str(&keys_text(&plan.keys));
    let (heavy, others): (Vec<_>, Vec<_>) = plan.warnings.iter().partition(|warning| warning.weight <= Weight::Danger);
    text.extend(heavy.into_iter().map(|warning| warning_text(plan, warning)));
    text.push_str(&extent.lines(&others, LINES, |warning| warning_text(plan, warning)));
    for file in &plan.unknown {
        text.push_str(&format!("  to compare in {}, file sha256:{}\n", file.role, file.sha256));
        text.push_str(&extent.lines(&file.lines(), 10 * LINES, |line| format!("    {}\n", printable(line))));
    }
    text
}

fn changes_text(plan: &RepositoryPlan, extent: Extent) -> String {
    let mut table = Table::default();
    let (shown, more) = extent.cut(&plan.changes, LINES);
    for change in shown {
        let ids: Vec<&str> = change.ids.iter().map(String::as_str).collect();
        let note = change.no_effect.as_ref().map(|why| format!("(no effect: {why})")).unwrap_or_default();
        table.row([sign(change.mark), &change.thing, &ids.join(" "), &role_names(&change.roles), &note]);
    }
    let rest = if more > 0 { format!("    and {more} more; --full shows all\n") } else { String::new() };
    format!("  changes\n{}{rest}", table.text_within("    ", 2, WIDTH))
}

fn roles_text(roles: &[RoleDiff], extent: Extent) -> String {
    if roles.is_empty() {
        return String::new();
    }
    format!("  roles\n{}", extent.lines(roles, LINES, |role| role_text(role, extent)))
}

fn role_text(role: &RoleDiff, extent: Extent) -> String {
    let version = |v: Option<u64>| v.map_or_else(|| "-".to_owned(), |v| format!("v{v}"));
    let (before, after) = role.version;
    let versions = match (before, after) {
        (None, None) => "never signed".to_owned(),
        (before, after) if before == after => version(after),
        (before, after) => format!("{} -> {}", version(before), version(after)),
    };
    let mut text = format!("    {} {:<24} {versions}\n", sign(role.mark), role.role.as_str());
    text.push_str(&wrapped(&extent.words(&role.why, "; "), "        ", WIDTH));
    let keys: Vec<_> = role.keys.iter().filter(|key| key.mark != Mark::Kept).collect();
    text.push_str(&extent.lines(&keys, LINES, |key| {
        let label = printable_within(&key.label, 40);
        format!("        key {} {}  {label}\n", sign(key.mark), key.id.short())
    }));
    let paths: Vec<_> = role.paths.iter().filter(|(mark, _)| *mark != Mark::Kept).collect();
    text.push_str(
        &extent.lines(&paths, LINES, |(mark, path)| format!("        path {} \"{}\"\n", sign(*mark), printable(path))),
    );
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
    text
}

fn signers_line(role: &RoleDiff) -> String {
    let before = if role.signed_by.is_empty() { "nobody".to_owned() } else { role.signed_by.join(", ") };
    format!("signed by {before} -> {}", role.signs_with.join(", "))
}

fn tags_text(plan: &RepositoryPlan, extent: Extent) -> String {
    let tags = &plan.tags;
    let mut text = format!("  tags that can be pulled: {} -> {}", tags.before, tags.after);
    if !tags.orphaned.is_empty() {
        text.push_str(&format!(", {} ORPHANED", tags.orphaned.len()));
    }
    text.push('\n');
    let replaced = tags.replaced.iter().map(|tag| tag.text("->")).collect();
    let again = if plan.unknown.is_empty() { "signed again unchanged" } else { "signed again as the server has them" };
    let lists = [
        ("orphaned", &tags.orphaned),
        ("signed", &tags.signed),
        ("another image", &replaced),
        ("revoked", &tags.revoked),
        (again, &tags.vouched),
        ("repaired", &tags.repaired),
    ];
    for (word, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let tags: Vec<String> = list.iter().map(|tag| printable_within(tag, 120)).collect();
        text.push_str(&wrapped(&format!("{word}: {}", extent.words(&tags, " ")), "    ", WIDTH));
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
                // A key that was made elsewhere may say no role.
                let name = if role.is_empty() { label.clone() } else { format!("{label} ({role})") };
                table.row(["unlock", id.short(), &name, &format!("signs {}", role_names(signs))]);
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
    if let Some(remedy) = warning.remedy_alone() {
        let line = format!("{}: {}", remedy.words(), remedy.command(&plan.gun));
        text.push_str(&wrapped(&line, "    ", WIDTH));
    }
    if let Some((changes, what)) = &warning.fix {
        text.push_str(&wrapped(&format!("to mend it: {what}"), "    ", WIDTH));
        for command in changes.iter().filter_map(|change| command_for(&plan.gun, change)) {
            text.push_str(&format!("      {command}\n"));
        }
    }
    text
}

/// The command that stages a mending change.
fn command_for(gun: &Gun, change: &Change) -> Option<String> {
    match change {
        Change::Witness { role } => Some(format!("trustdeck witness {} {role}", printable(&in_command(gun)))),
        Change::Restore { role } => Some(format!("trustdeck restore {} {role}", printable(&in_command(gun)))),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tuf::CanonicalKeyId;

    #[test]
    fn a_key_that_says_no_role_is_called_by_its_label_alone() {
        let id = CanonicalKeyId::parse(&"ab".repeat(32)).unwrap();
        let key = |role: &str| NeededKey::Unlock {
            id: id.clone(),
            label: "jeff".to_owned(),
            role: role.to_owned(),
            locked: true,
            signs: vec![Role::Targets],
        };
        assert!(keys_text(&[key("")]).contains("  jeff  signs targets"));
        assert!(keys_text(&[key("delegation")]).contains("  jeff (delegation)  signs targets"));
    }
}
