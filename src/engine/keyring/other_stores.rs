//! Trust directories of this user that are not the one in use: a variable or a setting moves it, and the keys stay behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::engine::disk::read;
use crate::engine::settings::Settings;
use crate::keys::pem::{Head, MAX_FILE};
use crate::tuf::CanonicalKeyId;

/// Deepest folder below `private` that is looked into; notary before 0.4 put keys below the names of repositories.
const DEPTH: usize = 8;
/// Most files and folders that are looked at in one trust directory.
const MOST: usize = 5000;

/// Where keys are looked for, and which other trust directory holds one of these; `None` where that says nothing new.
#[must_use]
pub(in crate::engine) fn where_looked(settings: &Settings, wanted: &[CanonicalKeyId]) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let used = &settings.trust_dir;
    let own = stored(used);
    if let Some(id) = wanted.iter().find(|id| own.contains(id.as_str())) {
        let place = used.join("private");
        return Some(format!(
            "the file of key {} in {} cannot be used: trustdeck key list says why",
            id.short(),
            place.display()
        ));
    }
    let found = others(settings).into_iter().find(|other| {
        let held = stored(other);
        wanted.iter().any(|id| held.contains(id.as_str()))
    });
    match found {
        Some(other) => Some(named(settings, &other, "one that fits")),
        None => usual(settings).is_some_and(|usual| usual != *used).then(|| looked(settings)),
    }
}

/// The same for a key whose ID is among those that `fits` takes.
#[must_use]
pub(in crate::engine) fn where_one_fits(settings: &Settings, fits: impl Fn(&CanonicalKeyId) -> bool) -> Option<String> {
    let parsed = |id: String| CanonicalKeyId::parse(&id).is_ok_and(|id| fits(&id));
    let found = others(settings).into_iter().find(|other| stored(other).into_iter().any(parsed))?;
    Some(named(settings, &found, "one that fits"))
}

/// The same for a root key.
#[must_use]
pub(in crate::engine) fn where_a_root_key_is(settings: &Settings) -> Option<String> {
    let is_root = |path: &PathBuf| {
        let file = read::read_kept(path, MAX_FILE as u64).ok().flatten().map(Zeroizing::new);
        file.and_then(|file| Head::read(&file).ok()).is_some_and(|head| head.header("role") == Some("root"))
    };
    let found = others(settings).into_iter().find(|other| files(other).iter().any(is_root))?;
    Some(named(settings, &found, "a root key"))
}

fn looked(settings: &Settings) -> String {
    format!("keys are looked for in {} ({})", settings.trust_dir.join("private").display(), settings.trust_dir_why)
}

fn named(settings: &Settings, other: &Path, what: &str) -> String {
    let (looked, other) = (looked(settings), other.display());
    format!("{looked}; {other} holds {what}: name that with --trust-dir {other}")
}

/// Other trust directories with keys, and how many each holds.
pub(in crate::engine) fn with_keys(settings: &Settings) -> Vec<(PathBuf, usize)> {
    let counted = others(settings).into_iter().map(|other| (stored(&other).len(), other));
    counted.filter(|(count, _)| *count > 0).map(|(count, other)| (other, count)).collect()
}

fn usual(settings: &Settings) -> Option<PathBuf> {
    settings.typed_paths.home.as_ref().map(|home| home.join(".docker/trust"))
}

fn others(settings: &Settings) -> Vec<PathBuf> {
    let notarys = settings.typed_paths.home.as_ref().map(|home| home.join(".notary"));
    let mut found: Vec<PathBuf> = Vec::new();
    for place in [usual(settings), Some(settings.docker_config.join("trust")), notarys].into_iter().flatten() {
        let is_same = |other: &Path| other == place || other.canonicalize().ok() == place.canonicalize().ok();
        if place.is_dir() && !is_same(&settings.trust_dir) && !found.iter().any(|other| is_same(other)) {
            found.push(place);
        }
    }
    found
}

/// The IDs that key files of a trust directory are named for; nothing is read of what they hold.
fn stored(trust_dir: &Path) -> BTreeSet<String> {
    let stems = files(trust_dir).into_iter().filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    // Keys of notary before 0.4 have their role behind the ID.
    stems.filter_map(|stem| stem.get(..64).filter(|id| CanonicalKeyId::parse(id).is_ok()).map(str::to_owned)).collect()
}

/// The key files of a trust directory.
fn files(trust_dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut seen) = (Vec::new(), 0);
    let mut folders = vec![(trust_dir.join("private"), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST {
                return found;
            }
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < DEPTH {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "key") {
                found.push(path);
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::settings::TypedPaths;

    #[test]
    fn a_root_key_that_lies_in_the_usual_place_is_named_where_another_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = Settings::below(dir.path());
        settings.typed_paths = TypedPaths::below(dir.path());
        let usual = dir.path().join(".docker/trust");
        fs::create_dir_all(usual.join("private")).unwrap();
        let write = |digit: &str, role: &str| {
            let block = format!(
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: {role}\n\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"
            );
            fs::write(usual.join("private").join(digit.repeat(64) + ".key"), block).unwrap();
        };
        write("1", "alice");
        assert_eq!(where_a_root_key_is(&settings), None);
        write("2", "root");
        let named = where_a_root_key_is(&settings).unwrap();
        assert!(named.contains(&format!("{} holds a root key", usual.display())), "{named}");
        settings.trust_dir = usual;
        assert_eq!(where_a_root_key_is(&settings), None);
    }
}
