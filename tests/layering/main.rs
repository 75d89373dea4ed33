//! Rooms use only what the tables in the docs of `src/lib.rs` and of the folders allow, and nothing goes in a circle.
//!
//! A table has the form `//! | room | what it is | may use |` and stands in the module docs of a folder's own file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrows;
mod made_up;
mod papers;
mod rules;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrows::Code;
use rules::Arrow;

/// Folders that must have a table; the root is "".
const TABLES: &[&str] = &["", "engine", "tui"];

fn files(dir: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_source = |path: &PathBuf| path.extension().is_some_and(|e| e == "rs");
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).filter(is_source).collect()
}

fn sources() -> BTreeMap<String, String> {
    let name = |path: &Path| path.strip_prefix("src").unwrap().to_str().unwrap().to_owned();
    files(Path::new("src")).iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// All that is wrong with a package, given as its files below `src`.
fn faults(sources: &BTreeMap<String, String>, required: &[&str]) -> Vec<String> {
    let code = Code::new(sources.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let own = |folder: &str| match folder {
        "" => sources.get("lib.rs"),
        _ => sources.get(&format!("{folder}/mod.rs")).or_else(|| sources.get(&format!("{folder}.rs"))),
    };
    let mut faults = Vec::new();
    let mut tables = BTreeMap::new();
    for folder in code.folders() {
        let name = folder.join("/");
        let table = own(&name).map(|text| rules::table(text)).unwrap_or_default();
        if !table.is_empty() {
            let wrong = rules::faults_of_table(&table, &code.rooms(&folder));
            faults.extend(wrong.into_iter().map(|fault| format!("{name}: {fault}")));
            tables.insert(name, table);
        } else if required.contains(&name.as_str()) {
            faults.push(format!("{name}: its table cannot be read"));
        }
    }
    let arrows = rules::arrows(&code);
    let upward = rules::upward(&arrows, &tables);
    faults.extend(upward.iter().map(|(folder, from, to)| format!("{folder}: {from} may not use {to}")));
    for folder in code.folders().iter().map(|f| f.join("/")) {
        let wrong = rules::wrong_circles(&code, &arrows, &folder);
        faults.extend(wrong.iter().map(|circle| described(&folder, circle, &arrows)));
    }
    faults
}

/// A circle with the arrows inside it.
fn described(folder: &str, circle: &BTreeSet<String>, arrows: &BTreeSet<Arrow>) -> String {
    let is_in = |(f, from, to): &&Arrow| f == folder && circle.contains(from) && circle.contains(to);
    let inside: Vec<String> = arrows.iter().filter(is_in).map(|(_, from, to)| format!("{from} -> {to}")).collect();
    format!("{folder}: a circle of {circle:?}: {}", inside.join(", "))
}

#[test]
fn rooms_use_only_what_the_tables_allow_and_nothing_goes_in_a_circle() {
    let faults = faults(&sources(), TABLES);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let sources = sources();
    let long = sources.iter().filter(|(_, text)| text.lines().count() > 400);
    assert_eq!(long.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<&String>::new());
}
