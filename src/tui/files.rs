//! Key files that the user names: reading them, and completing their paths.

use std::path::{Path, PathBuf};

use crate::engine::files;
use crate::tuf::PublicKey;

/// Longest file of a public key, in bytes; a chain of certificates is far shorter.
const LONGEST: u64 = 1 << 20;
/// Most names that a completion lists.
const MOST: usize = 200;

/// Reads public keys, one from each file.
///
/// # Errors
/// The first file that holds none, and why.
pub(super) fn public_keys(paths: &[PathBuf], now: jiff::Timestamp) -> Result<Vec<PublicKey>, String> {
    let read = |path: &PathBuf| {
        let path = expanded(path);
        let bytes = bytes(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        PublicKey::from_file(&bytes, now).map_err(|e| format!("{}: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = files::read_kept(path, LONGEST).map_err(|e| e.to_string())?;
    bytes.ok_or_else(|| "there is no such file".to_owned())
}

/// A path as the shell would read it: `~` is the home directory.
pub(super) fn expanded(path: &Path) -> PathBuf {
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    match path.strip_prefix("~") {
        Ok(rest) => home().map_or_else(|| path.to_path_buf(), |home| home.join(rest)),
        Err(_) => path.to_path_buf(),
    }
}

/// Ways to complete a path, as the user writes it; directories end with `/`.
pub(super) fn complete(typed: &str) -> Vec<String> {
    let (parent, start) = typed.rsplit_once('/').map_or(("", typed), |(parent, start)| (parent, start));
    let shown = if typed.contains('/') { format!("{parent}/") } else { String::new() };
    let dir = match shown.as_str() {
        "" => PathBuf::from("."),
        shown => expanded(Path::new(shown)),
    };
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
        let names: Vec<String> = complete(&typed).iter().map(|p| p.rsplit_once("/je").unwrap().1.to_owned()).collect();
        assert_eq!(names, ["ff.crt", "ff.pub", "ffs/"]);
    }
}
