//! Trust directories of this user that are not the one in use: a variable or a setting moves it, and the keys stay behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::settings::Settings;
use crate::tuf::CanonicalKeyId;

/// Deepest folder below `private` that is looked into; notary before 0.4 put keys below the names of repositories.
const DEPTH: usize = 8;
/// Most files and folders that are looked at in one trust directory.
const MOST: usize = 5000;

/// Where keys are looked for, and which other trust directory holds one of these; `None` where that says nothing new.
#[must_use]
pub(in crate::engine) fn where_looked(settings: &Settings, wanted: &[CanonicalKeyId]) -> Option<String> {
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
    let looked = format!("keys are looked for in {} ({})", used.join("private").display(), settings.trust_dir_why);
    match found {
        Some(other) => {
            let other = other.display();
            Some(format!("{looked}; {other} holds one that fits: name that with --trust-dir {other}"))
        }
        None => usual(settings).is_some_and(|usual| usual != *used).then_some(looked),
    }
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
    let (mut ids, mut seen) = (BTreeSet::new(), 0);
    let mut folders = vec![(trust_dir.join("private"), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST {
                return ids;
            }
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < DEPTH {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "key") {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                // Keys of notary before 0.4 have their role behind the ID.
                ids.extend(stem.get(..64).filter(|id| CanonicalKeyId::parse(id).is_ok()).map(str::to_owned));
            }
        }
    }
    ids
}
