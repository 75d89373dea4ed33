//! What the name of a key file says in the layouts of notary 0.1 to 0.3.
//!
//! Root keys lay in `root_keys/ID_root.key`, others in `tuf_keys/GUN/ID_ROLE.key`. Source: notary-v1.md section 2.

use std::path::Path;

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
