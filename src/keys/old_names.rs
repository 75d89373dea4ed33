//! What the name of a key file says in the layouts of notary 0.1 to 0.3.
//!
//! Root keys lay in `root_keys/ID_root.key`, others in `tuf_keys/GUN/ID_ROLE.key`. Source: notary-v1.md section 2.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tuf::{CanonicalKeyId, Gun};

/// What a path says about the key in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathFacts {
    /// Its ID.
    pub id: Option<CanonicalKeyId>,
    /// Its role.
    pub role: Option<String>,
    /// Its repository.
    pub gun: Option<String>,
}

/// Reads the name of a file, and the directories above it as far as they are of an old layout.
#[must_use]
pub fn named(path: &Path) -> PathFacts {
    let text = path.to_string_lossy();
    let (above, file) = text.rsplit_once('/').unwrap_or(("", &text));
    let stem = file.strip_suffix(".key").unwrap_or(file);
    let (id, role) = stem.split_once('_').map_or((stem, None), |(id, role)| (id, Some(role)));
    let Ok(id) = CanonicalKeyId::parse(id) else { return PathFacts::default() };
    let gun = above.rsplit_once("tuf_keys/").map(|(_, gun)| gun).filter(|gun| Gun::parse(gun).is_ok());
    let root = || above.ends_with("root_keys").then_some("root");
    let role = role.or_else(root).filter(|role| !role.is_empty() && role.len() <= 64);
    PathFacts { id: Some(id), role: role.map(str::to_owned), gun: gun.map(str::to_owned) }
}

/// Deepest folder that is looked into.
const DEPTH: usize = 8;
/// Most files and folders that are looked at.
const MOST: usize = 5000;

/// The first key file below a directory of an old layout that is none of the keys that `holds` knows.
pub(super) fn first_other(directory: &Path, holds: impl Fn(&CanonicalKeyId) -> bool) -> Option<PathBuf> {
    let (mut found, mut seen) = (Vec::new(), 0);
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten().take(MOST.saturating_sub(seen)) {
            seen += 1;
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.extend((depth < DEPTH).then(|| (path, depth + 1)));
            } else if path.extension().is_some_and(|end| end == "key") && !named(&path).id.is_some_and(|id| holds(&id))
            {
                found.push(path);
            }
        }
    }
    found.into_iter().min()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn old_names_say_key_role_and_repository() {
        let id = "ab".repeat(32);
        let say = |path: String| {
            let PathFacts { id, role, gun } = named(Path::new(&path));
            (id.is_some(), role.unwrap_or_default(), gun.unwrap_or_default())
        };
        let of = |role: &str, gun: &str| (true, role.to_owned(), gun.to_owned());
        assert_eq!(say(format!("private/root_keys/{id}_root.key")), of("root", ""));
        assert_eq!(
            say(format!("/home/a/.docker/trust/private/tuf_keys/r.test:5000/a/b/{id}_targets.key")),
            of("targets", "r.test:5000/a/b")
        );
        assert_eq!(say(format!("private/tuf_keys/r.test/a/{id}.key")), of("", "r.test/a"));
        assert_eq!(say(format!("{id}.key")), of("", ""));
        assert_eq!(say("root_keys/mine_root.key".to_owned()), (false, String::new(), String::new()));
    }
}
