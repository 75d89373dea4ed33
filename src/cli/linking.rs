//! `plugin`: links this program into Docker's plugin directory, under the name that works there.
//!
//! Invariant: only links to trustdeck are ever replaced or removed.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::arguments::{Plugin, PluginPlace};
use super::console::input;
use super::docker_client::DockerClient;
use super::ending::Ending;
use super::table::Table;
use super::{Context, plugin};
use crate::engine::{EngineError, Problem};
use crate::printable::printable;

/// Where Docker looks for everybody's plugins; the first is made if none is there.
const SYSTEM: [&str; 4] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];

/// One place that the plugin may have.
#[derive(Serialize)]
struct LinkRow {
    file: PathBuf,
    state: &'static str,
    points_to: Option<PathBuf>,
    note: String,
}

/// What is at a place.
enum There {
    Nothing,
    /// A link to trustdeck, and whether to this very program.
    Ours(PathBuf, bool),
    Other,
}

/// Runs the command.
///
/// # Errors
/// If a link cannot be made, or something else is in its place.
pub(super) async fn run(context: &Context, command: &Plugin) -> Result<Ending, Problem> {
    match command {
        Plugin::Install(place) => install(context, place).await,
        Plugin::Remove(place) => remove(context, place),
        Plugin::Status => status(context).await,
    }
}

fn directory(context: &Context, place: &PluginPlace) -> PathBuf {
    if !place.system {
        return users(context);
    }
    let there = SYSTEM.iter().map(Path::new).find(|dir| dir.is_dir());
    there.unwrap_or(Path::new(SYSTEM.first().copied().unwrap_or_default())).to_owned()
}

fn users(context: &Context) -> PathBuf {
    context.engine.settings().docker_config.join("cli-plugins")
}

/// The name that works: Docker refuses a plugin with the name of a command that it has itself.
fn name(docker: Option<&DockerClient>) -> &'static str {
    if docker.is_some_and(DockerClient::knows_trust) { "trustdeck" } else { "trust" }
}

fn this_program() -> Result<PathBuf, Problem> {
    std::env::current_exe()
        .map_err(|error| input(format!("this program is not found: {error}"), "start it by its path"))
}

fn look(file: &Path, program: &Path) -> There {
    let Ok(points_to) = std::fs::read_link(file) else {
        return if file.symlink_metadata().is_ok() { There::Other } else { There::Nothing };
    };
    let same = file.canonicalize().ok() == program.canonicalize().ok();
    let ours = same || points_to.file_name().is_some_and(|name| name == "trustdeck");
    if ours { There::Ours(points_to, same) } else { There::Other }
}

async fn install(context: &Context, place: &PluginPlace) -> Result<Ending, Problem> {
    let docker = DockerClient::find(&context.engine).await;
    let (dir, program) = (directory(context, place), this_program()?);
    let name = name(docker.as_ref());
    let file = dir.join(plugin::file_name(name));
    match look(&file, &program) {
        There::Ours(_, true) => {}
        There::Other => {
            let message = format!("{} is something else than a link to trustdeck", file.display());
            return Err(input(message, "move it away, then run this again"));
        }
        There::Ours(_, false) | There::Nothing => link(&dir, &file, &program)?,
    }
    // The other name would be refused by this docker, or be a second way to the same.
    for other in plugin::NAMES.into_iter().filter(|other| *other != name) {
        let file = dir.join(plugin::file_name(other));
        if matches!(look(&file, &program), There::Ours(..)) {
            std::fs::remove_file(&file).map_err(|error| disk(&file, error))?;
        }
    }
    if context.console.json {
        context.console.result_json(&serde_json::json!({ "file": file, "command": format!("docker {name}") }))?;
        return Ok(Ending::done());
    }
    let shown = printable(&file.display().to_string());
    context.console.result(&format!("docker {name} is trustdeck now ({shown})\n"))?;
    match docker {
        Some(docker) if docker.knows_trust() => context.console.note(&format!(
            "docker {} has a docker trust of its own, so this one is called docker trustdeck; after an update to 29, \
             install it again",
            docker.version
        )),
        None => context.console.note("docker is not installed here; from version 29 on it finds the plugin"),
        Some(_) => {}
    }
    Ok(Ending::done())
}

/// Puts a link in its place at once, so that no half-made one is ever found.
fn link(dir: &Path, file: &Path, program: &Path) -> Result<(), Problem> {
    std::fs::create_dir_all(dir).map_err(|error| disk(dir, error))?;
    let aside = tempfile::Builder::new().prefix(".trustdeck").tempdir_in(dir).map_err(|error| disk(dir, error))?;
    let new = aside.path().join("link");
    std::os::unix::fs::symlink(program, &new).map_err(|error| disk(&new, error))?;
    std::fs::rename(&new, file).map_err(|error| disk(file, error))
}

fn disk(path: &Path, source: std::io::Error) -> Problem {
    EngineError::Disk { path: path.to_owned(), source }.problem()
}

fn remove(context: &Context, place: &PluginPlace) -> Result<Ending, Problem> {
    let (dir, program) = (directory(context, place), this_program()?);
    let mut removed = Vec::new();
    for name in plugin::NAMES {
        let file = dir.join(plugin::file_name(name));
        if matches!(look(&file, &program), There::Ours(..)) {
            std::fs::remove_file(&file).map_err(|error| disk(&file, error))?;
            removed.push(file);
        }
    }
    if context.console.json {
        context.console.result_json(&serde_json::json!({ "removed": removed }))?;
    } else if removed.is_empty() {
        context.console.result(&format!("no link to trustdeck in {}\n", printable(&dir.display().to_string())))?;
    } else {
        let lines = removed.iter().map(|file| format!("removed {}\n", printable(&file.display().to_string())));
        context.console.result(&lines.collect::<String>())?;
    }
    Ok(Ending::done())
}

async fn status(context: &Context) -> Result<Ending, Problem> {
    let (docker, program) = (DockerClient::find(&context.engine).await, this_program()?);
    let right = name(docker.as_ref());
    let dirs = std::iter::once(users(context)).chain(SYSTEM.iter().map(PathBuf::from));
    let places = dirs.flat_map(|dir| plugin::NAMES.map(|name| (name, dir.join(plugin::file_name(name)))));
    let rows: Vec<LinkRow> = places.filter_map(|(name, file)| row(name == right, file, &program)).collect();
    if context.console.json {
        let version = docker.as_ref().map(|docker| &docker.version);
        context.console.result_json(&serde_json::json!({ "docker": version, "name": right, "links": rows }))?;
        return Ok(Ending::done());
    }
    let mut text = match &docker {
        Some(docker) => format!("docker {}: the plugin's name is {}\n", docker.version, plugin::file_name(right)),
        None => "docker is not installed\n".to_owned(),
    };
    if rows.is_empty() {
        text.push_str("not installed: trustdeck plugin install\n");
    }
    let mut table = Table::default();
    for row in &rows {
        table.row([row.state, &printable(&row.file.display().to_string()), &printable(&row.note)]);
    }
    text.push_str(&table.text("", 2));
    context.console.result(&text)?;
    Ok(Ending::done())
}

fn row(has_right_name: bool, file: PathBuf, program: &Path) -> Option<LinkRow> {
    let (state, points_to, note) = match look(&file, program) {
        There::Nothing => return None,
        There::Other => ("other", None, "is something else than a link to trustdeck".to_owned()),
        There::Ours(to, _) if !file.exists() => {
            let note = format!("points to {}, which is not there: install it again", to.display());
            ("broken", Some(to), note)
        }
        There::Ours(to, _) if !has_right_name => {
            ("unused", Some(to), "has a name that this docker does not take: install it again".to_owned())
        }
        There::Ours(to, same) => {
            let note = if same { String::new() } else { format!("points to another trustdeck: {}", to.display()) };
            ("installed", Some(to), note)
        }
    };
    Some(LinkRow { file, state, points_to, note })
}
