//! Completions and manual pages, made of the same command line that reads arguments.
//!
//! What stands for a value in help says what it is completed from: `REPO`, `REPO:TAG`, `ROLE`, `SIGNER`, `KEYID`, `THEME`
//! and others; files and fixed words are known to the library. Invariant: nothing is asked of a server, and what cannot be
//! read completes nothing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use clap::CommandFactory;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{CompleteEnv, Shells};

use super::arguments::{Completions, Man};
use super::console::broken;
use super::ending::Ending;
use super::settings::settings;
use super::{Arguments, Console, Globals};
use crate::engine::reference::{familiar_name, parse_repository, parse_tagged};
use crate::engine::wording::shell_word;
use crate::engine::{Engine, EngineError, FirstContact, Problem, RepositoryView};
use crate::printable::printable;
use crate::tuf::Gun;
use crate::tui::ThemeChoice;

/// The variable in which a shell asks for completions.
const VARIABLE: &str = "TRUSTDECK_COMPLETE";
const PROGRAM: &str = "trustdeck";

/// Repositories whose roles are looked at; whoever has more waits no longer for it.
const MOST: usize = 50;

/// Bash splits words at colons, which stand in every name of an image. They are put together again where no blank is
/// between, and of what is offered only that behind the last colon is given: the rest is on the line already.
const BASH: &str = r#"
_trustdeck_with_colons() {
    local rest=$COMP_LINE line words=() cword=0 cur='' i n at
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        line=${rest#"${rest%%[![:space:]]*}"}
        n=${#words[@]}
        if [[ $i != 0 && $line == "$rest" && (${COMP_WORDS[i]} == :* || ${COMP_WORDS[i - 1]} == *:) ]]; then
            n=$((n - 1))
        fi
        if ((i == COMP_CWORD)); then
            cword=$n
            at=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
            cur=${words[n]-}${COMP_WORDS[i]:0:$((at > 0 ? at : 0))}
        fi
        words[n]+=${COMP_WORDS[i]}
        rest=${line#"${COMP_WORDS[i]}"}
    done
    local COMP_WORDS=("${words[@]}") COMP_CWORD=$cword
    _clap_complete_trustdeck "$1" "$cur" "$3"
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
    fi
}
complete -o nospace -o bashdefault -F _trustdeck_with_colons trustdeck
"#;

/// Answers a shell that asks for completions. Does not come back then.
pub fn complete() {
    CompleteEnv::with_factory(completing).var(VARIABLE).bin(PROGRAM).complete();
}

/// The command line, with what completes its values.
fn completing() -> clap::Command {
    with_completers(Arguments::command())
}

fn with_completers(command: clap::Command) -> clap::Command {
    command.mut_args(with_completer).mut_subcommands(with_completers)
}

fn with_completer(argument: clap::Arg) -> clap::Arg {
    let name = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    match name.as_deref() {
        Some("REPO") => argument.add(ArgValueCompleter::new(repositories)),
        Some("REPO:TAG") => argument.add(ArgValueCompleter::new(tagged)),
        Some("REPO[:TAG]" | "IMAGE") => argument.add(ArgValueCompleter::new(repositories_and_tags)),
        Some("ROLE") if argument.get_possible_values().is_empty() => argument.add(ArgValueCompleter::new(roles)),
        Some("KEYID") => argument.add(ArgValueCompleter::new(keys)),
        Some("FILE|KEYID") => argument.add(ArgValueCompleter::new(files_and_keys)),
        Some("SIGNER") => argument.add(ArgValueCompleter::new(signers)),
        Some("SIGNER[=FILE|KEYID]") => argument.add(ArgValueCompleter::new(signers_with_keys)),
        Some("ROTATION") => argument.add(ArgValueCompleter::new(rotations)),
        Some("CHANGE") => argument.add(ArgValueCompleter::new(changes)),
        Some("THEME") => argument.add(ArgValueCompleter::new(themes)),
        _ => argument,
    }
}

/// `completions`.
///
/// # Errors
/// If the script cannot be written.
pub(super) fn completions(console: Console, command: &Completions) -> Result<Ending, Problem> {
    let shells = Shells::builtins();
    let shell = shells.completer(command.shell.name()).ok_or_else(|| broken("a shell without completions"))?;
    let mut script = Vec::new();
    let written = shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script);
    written.map_err(|error| broken(&error.to_string()))?;
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell.is("bash") {
        script.push_str(BASH);
    }
    console.result(&script)?;
    Ok(Ending::done())
}

/// `man`.
///
/// # Errors
/// `Disk`.
pub(super) fn man(console: Console, command: &Man) -> Result<Ending, Problem> {
    let dir: &Path = &command.dir;
    let disk = |source| EngineError::Disk { path: dir.to_owned(), source }.problem();
    std::fs::create_dir_all(dir).map_err(disk)?;
    clap_mangen::generate_to(Arguments::command(), dir).map_err(disk)?;
    if !console.json {
        console.note(&format!("manual pages are in {}", printable(&dir.display().to_string())));
    }
    Ok(Ending::done())
}

/// An engine that reads what this machine has.
fn engine() -> Option<Engine> {
    let globals = Globals { offline: true, ..Globals::default() };
    Engine::open(settings(&globals, FirstContact::Trust).ok()?, Arc::new(jiff::Timestamp::now)).ok()
}

fn guns(engine: &Engine) -> Vec<Gun> {
    engine.views().entries().unwrap_or_default().into_iter().map(|entry| entry.gun).collect()
}

/// What the cache has of repositories.
fn views(engine: &Engine, guns: impl IntoIterator<Item = Gun>) -> Vec<RepositoryView> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let read = |gun: Gun| runtime.block_on(engine.views().cached(&gun)).ok();
    guns.into_iter().filter_map(read).collect()
}

/// Candidates that begin with what was typed. Names that a shell or a terminal could misread are left out: shells put
/// them on the line as they are, and who signs a target chooses its name.
fn beginning(current: &OsStr, names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let fits = |name: &String| name.starts_with(&*current) && shell_word(name) == *name;
    let names: BTreeSet<String> = names.into_iter().filter(fits).collect();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn names(suffix: &str) -> Vec<String> {
    let guns = engine().map(|engine| guns(&engine)).unwrap_or_default();
    guns.iter().map(|gun| format!("{}{suffix}", familiar_name(gun))).collect()
}

fn repositories(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, names(""))
}

/// `repo:tag`, of the repository that was typed up to the colon.
fn tags(current: &OsStr) -> Option<Vec<String>> {
    let typed = current.to_str()?;
    let (name, _) = typed.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    let gun = parse_repository(name, false).ok()?.gun;
    let view = views(&engine()?, [gun]).pop()?;
    let images = view.tags.iter().map(|tag| format!("{name}:{}", tag.name));
    // Other targets are named with --target.
    Some(images.filter(|image| parse_tagged(image, false).is_ok()).collect())
}

fn tagged(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, tags(current).unwrap_or_else(|| names(":")))
}

fn repositories_and_tags(current: &OsStr) -> Vec<CompletionCandidate> {
    let both = || [names(""), names(":")].concat();
    beginning(current, tags(current).unwrap_or_else(both))
}

/// Names of images that begin with what was typed.
pub(super) fn images(current: &OsStr) -> Vec<String> {
    let candidates = repositories_and_tags(current).into_iter();
    candidates.map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect()
}

fn roles(current: &OsStr) -> Vec<CompletionCandidate> {
    let views = engine().map(|engine| views(&engine, guns(&engine).into_iter().take(MOST))).unwrap_or_default();
    beginning(current, views.iter().flat_map(|view| &view.roles).map(|role| role.role.to_string()))
}

fn keys(current: &OsStr) -> Vec<CompletionCandidate> {
    let keys = engine().and_then(|engine| engine.views().keys().ok()).unwrap_or_default();
    let current = current.to_string_lossy();
    let fitting = keys.iter().filter(|key| key.id.as_str().starts_with(&*current));
    let candidate = |key: &crate::engine::KeyView| {
        let told = format!("{} ({})", printable(&key.label), printable(&key.role));
        // As many digits as were typed already, at least those that lists show.
        let shown = key.id.as_str().get(..current.len().max(key.id.short().len())).unwrap_or(key.id.as_str());
        CompletionCandidate::new(shown).help(Some(told.into()))
    };
    fitting.map(candidate).collect()
}

fn files_and_keys(current: &OsStr) -> Vec<CompletionCandidate> {
    keys(current).into_iter().chain(PathCompleter::file().complete(current)).collect()
}

fn signer_names() -> Vec<String> {
    let views = engine().map(|engine| views(&engine, guns(&engine).into_iter().take(MOST))).unwrap_or_default();
    let roles = views.iter().flat_map(|view| &view.roles).filter(|role| role.depth == 2 && !role.role.is_released());
    roles.filter_map(|role| Some(role.role.delegation()?.short().to_owned())).collect()
}

fn signers(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, signer_names())
}

/// Of a name that nobody has yet, the key behind it.
fn signers_with_keys(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some((name, key)) = current.to_str().and_then(|typed| typed.split_once('=')) else { return signers(current) };
    let found = files_and_keys(OsStr::new(key)).into_iter();
    found.map(|candidate| candidate.add_prefix(format!("{name}="))).collect()
}

fn rotations(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(engine) = engine() else { return Vec::new() };
    let begun = engine.wizards().list().unwrap_or_default();
    beginning(current, begun.iter().filter_map(|choice| engine.wizards().wizard_id(choice).ok()))
}

fn changes(current: &OsStr) -> Vec<CompletionCandidate> {
    let stage = engine().and_then(|engine| engine.stage().staged().ok());
    beginning(current, stage.iter().flat_map(|stage| &stage.changes).map(|change| change.id.0.to_string()))
}

fn themes(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, ThemeChoice::NAMES.map(str::to_owned))
}
