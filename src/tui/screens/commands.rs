//! The plan as commands, to paste into a runbook.

use crate::engine::{Change, NewKeys, Plan, RepositoryPlan};
use crate::tuf::{CanonicalKeyId, PublicKey};

/// One command for each change, then the publish.
#[must_use]
pub fn lines(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for repository in &plan.repositories {
        lines.extend(repository.changes.iter().filter_map(|c| command(&c.change, &repository.name)));
    }
    let names: Vec<&str> = plan.repositories.iter().map(|p| p.name.as_str()).collect();
    let accept = match plan.repositories.iter().any(RepositoryPlan::is_dangerous) {
        true => format!(" --accept={}", plan.id.0),
        false => String::new(),
    };
    lines.push(format!("trustdeck publish {} --yes{accept}", names.join(" ")));
    if lines.iter().any(|line| line.contains(FILE_OF)) {
        lines.push(format!("# {FILE_OF}ID: the path of that key's public half, a PEM file"));
    }
    lines
}

/// Stands for a path that the plan does not know, since it holds keys and no files.
const FILE_OF: &str = "KEYFILE_";

fn file_of(key: &PublicKey) -> String {
    format!("{FILE_OF}{}", key.canonical_id().short())
}

fn command(change: &Change, name: &str) -> Option<String> {
    let tail = match change {
        // Adding the first signer creates the repository.
        Change::Create { .. } => return None,
        Change::AddSigner { name: signer, keys } => {
            let files = keys.iter().map(|k| format!(" --key {}", file_of(k)));
            format!("signer add{} {signer} {name}", files.collect::<String>())
        }
        Change::RemoveSigner { name: signer } => format!("signer remove {signer} {name}"),
        Change::RemoveSignerKey { name: signer, key } => {
            format!(
                "delegation remove {name} targets/{signer} {key} && trustdeck delegation remove {name} targets/releases {key}"
            )
        }
        Change::AddDelegation { role, keys, paths } => {
            let files: String = keys.iter().map(|k| format!(" {}", file_of(k))).collect();
            format!("delegation add {name} {role}{files}{}", path_option(paths))
        }
        Change::EditDelegation { role, remove_keys, remove_paths, clear_paths } => {
            let all = if *clear_paths { " --all-paths".to_owned() } else { path_option(remove_paths) };
            format!("delegation remove {name} {role}{}{all}", ids(remove_keys))
        }
        Change::RemoveDelegation { role } => format!("delegation remove {name} {role}"),
        Change::PurgeKeys { keys } => format!("delegation purge {name}{}", ids(keys)),
        Change::Sign { tag, target, roles } => {
            format!(
                "sign {name}:{tag} --digest sha256:{} --size {}{}",
                target.sha256,
                target.length,
                role_options(roles)
            )
        }
        Change::Revoke { tag, roles } => format!("revoke {name}:{tag}{}", role_options(roles)),
        Change::Witness { role } => format!("witness {name} {role}"),
        Change::Restore { role } => format!("restore {name} {role}"),
        Change::Republish => format!("restore {name}"),
        Change::RotateKeys { role, keys: NewKeys::Server, .. } => format!("rotate {role} {name} --server-managed"),
        Change::RotateKeys { role, keys: NewKeys::Here(keys), legacy } => {
            let keys = keys.iter().map(|k| format!(" --key {}", k.canonical_id().short()));
            let legacy = if legacy.is_empty() { "" } else { " --legacy=-1" };
            format!("rotate {role} {name}{}{legacy}", keys.collect::<String>())
        }
        Change::Delete => format!("delete {name} --remote"),
    };
    Some(format!("trustdeck {tail}"))
}

fn role_options(roles: &[crate::tuf::Role]) -> String {
    roles.iter().map(|r| format!(" --role {r}")).collect()
}

fn ids(keys: &[CanonicalKeyId]) -> String {
    keys.iter().map(|k| format!(" {k}")).collect()
}

fn path_option(paths: &[String]) -> String {
    match paths {
        [] => String::new(),
        paths if paths.iter().any(String::is_empty) => " --all-paths".to_owned(),
        paths => format!(" --paths {}", paths.join(",")),
    }
}
