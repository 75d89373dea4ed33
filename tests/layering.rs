//! Modules use only what the table in `src/lib.rs` allows them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each module may use, as the table says.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let source = std::fs::read_to_string("src/lib.rs").unwrap();
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = source.lines().filter_map(|l| l.strip_prefix("//! | ")).filter(|l| l.contains('`'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').collect();
        Some((quoted(cells.first()?).into_iter().next()?, quoted(cells.get(2)?).into_iter().collect()))
    };
    rows.filter_map(row).collect()
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Modules that follow `crate::` in the code of a file, without its tests and comments.
fn used(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(|l| l.split("//").next().unwrap_or_default());
    let text: String = lines.collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        let names: Vec<&str> = match after.strip_prefix('{') {
            // `use crate::{a::b, c}`: the first word of each top-level part.
            Some(group) => top_level_parts(group),
            None => vec![after],
        };
        let word = |n: &str| n.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        used.extend(names.into_iter().map(word).filter(|w| !w.is_empty()));
    }
    used
}

fn top_level_parts(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    parts
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    assert!(table.len() >= 7, "the table in src/lib.rs can be read: {table:?}");
    let mut paths = Vec::new();
    files(Path::new("src"), &mut paths);
    let mut offences = Vec::new();
    for path in paths {
        let module = path.strip_prefix("src").unwrap().components().next().unwrap();
        let module = Path::new(module.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let allowed = table.get(&module).unwrap_or_else(|| panic!("{module} is not in the table of src/lib.rs"));
        let source = std::fs::read_to_string(&path).unwrap();
        for other in used(&source).into_iter().filter(|o| table.contains_key(o) && *o != module) {
            if !allowed.contains(&other) {
                offences.push(format!("{}: {module} may not use {other}", path.display()));
            }
        }
    }
    assert_eq!(offences, Vec::<String>::new());
}

#[test]
fn groups_and_nested_paths_are_seen() {
    let seen = used("use crate::{tuf::{Gun, Role}, keys};\nlet x = crate::engine::f(); // crate::tui\n");
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["engine", "keys", "tuf"]);
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let mut paths = Vec::new();
    files(Path::new("src"), &mut paths);
    let long = paths.into_iter().filter(|p| std::fs::read_to_string(p).unwrap().lines().count() > 400);
    assert_eq!(long.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}
