//! Key files that the user names: reading them, and completing their paths.

use std::path::{Path, PathBuf};

use crate::engine::custody::file::public_key;
use crate::engine::settings::TypedPaths;
use crate::tuf::PublicKey;

/// Most names that a completion lists.
const MOST: usize = 200;

/// Reads public keys, one from each file.
///
/// # Errors
/// The first file that holds none, and why.
pub(in crate::tui) fn public_keys(
    paths: &[PathBuf],
    typed: &TypedPaths,
    now: jiff::Timestamp,
) -> Result<Vec<PublicKey>, String> {
    let read = |path: &PathBuf| public_key(&typed.expanded(path), now).map_err(|error| error.to_string());
    paths.iter().map(read).collect()
}

/// Ways to complete a path, as the user writes it; directories end with `/`.
pub(super) fn complete(typed: &str, paths: &TypedPaths) -> Vec<String> {
    let (parent, start) = typed.rsplit_once('/').map_or(("", typed), |(parent, start)| (parent, start));
    let shown = if typed.contains('/') { format!("{parent}/") } else { String::new() };
    let dir = paths.expanded(Path::new(if shown.is_empty() { "." } else { &shown }));
    let Ok(entries) = std::fs::read_dir(dir) else { return vec![] };
    let mut found: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !start.starts_with('.');
            if hidden || !name.starts_with(start) {
                return None;
            }
            let slash = if entry.path().is_dir() { "/" } else { "" };
            Some(format!("{shown}{name}{slash}"))
        })
        .take(MOST)
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn completion_lists_names_below_the_directory_typed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["jeff.pub", "jeff.crt", "ben.pub", ".hidden"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("jeffs")).unwrap();
        let typed = format!("{}/je", dir.path().display());
        let names: Vec<String> = complete(&typed, &TypedPaths::default())
            .iter()
            .map(|p| p.rsplit_once("/je").unwrap().1.to_owned())
            .collect();
        assert_eq!(names, ["ff.crt", "ff.pub", "ffs/"]);
    }

    #[test]
    fn typed_paths_can_be_kept_below_one_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("jeff.pub"), "").unwrap();
        let below = TypedPaths::below(dir.path());
        assert_eq!(complete("je", &below), ["jeff.pub"]);
        assert_eq!(complete("~/je", &below), ["~/jeff.pub"]);
        for typed in ["jeff.pub", "~/jeff.pub", "./jeff.pub"] {
            assert!(below.expanded(Path::new(typed)).is_file(), "{typed}");
        }
        let of_user = TypedPaths { home: Some("/home/jeff".into()), here: None };
        assert_eq!(of_user.expanded(Path::new("~/a")), Path::new("/home/jeff/a"));
        assert_eq!(of_user.expanded(Path::new("a")), Path::new("a"));
    }
}
