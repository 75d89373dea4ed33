//! A key file as a listing shows it.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use crate::printable::printable;
use crate::tuf::CanonicalKeyId;

/// A key file, judged by its name and headers; nothing is decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// From the file name.
    pub id: CanonicalKeyId,
    /// `role` header; empty if missing.
    pub role: String,
    /// `gun` header.
    pub gun: Option<String>,
    /// Where.
    pub path: PathBuf,
    /// Whether a passphrase is needed.
    pub encrypted: bool,
    /// How others may read it.
    pub exposure: Option<Exposure>,
}

/// How a key file lies open to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It belongs to another user.
    Owner(u32),
    /// Its mode lets others read or change it.
    Mode(u32),
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(owner) => write!(f, "belongs to user {owner}"),
            Self::Mode(mode) => write!(f, "can be read or changed by others (mode {mode:04o}, expected 0600)"),
        }
    }
}

impl Exposure {
    /// What to do about it.
    #[must_use]
    pub fn mend(self, file: &Path) -> String {
        let shown = printable(&file.display().to_string());
        match self {
            Self::Owner(_) => format!("chown it to yourself: {shown}"),
            Self::Mode(_) if is_mounted(file) => {
                format!("{shown} is mounted read-only: mount it with mode 0400 (Kubernetes: defaultMode: 0400)")
            }
            Self::Mode(_) => format!("mend it with: chmod 600 {shown}"),
        }
    }
}

/// Whether a file's mode is given where it is mounted, as a container's secrets are.
fn is_mounted(file: &Path) -> bool {
    let read_only = rustix::fs::statvfs(file).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY));
    // Kubernetes links a secret's files by way of a directory of this name.
    read_only || file.canonicalize().is_ok_and(|real| real.iter().any(|name| name.as_bytes().starts_with(b"..")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::Exposure;

    #[test]
    fn the_mode_of_a_mounted_secret_is_mended_where_it_is_mounted() {
        let dir = tempfile::tempdir().unwrap();
        let (real, file) = (dir.path().join("..2026_11_28"), dir.path().join("a.key"));
        std::fs::create_dir(&real).unwrap();
        std::fs::write(real.join("a.key"), "").unwrap();
        symlink("..2026_11_28", dir.path().join("..data")).unwrap();
        symlink("..data/a.key", &file).unwrap();
        let mend = Exposure::Mode(0o644).mend(&file);
        assert!(mend.contains("defaultMode: 0400") && !mend.contains("chmod"), "{mend}");
        let mend = Exposure::Mode(0o644).mend(dir.path());
        assert!(mend.contains("chmod 600"), "{mend}");
    }
}
