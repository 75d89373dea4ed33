//! Whether a module may be loaded: it runs inside this program, with every key at hand.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::keys::token_error::TokenError;

const OTHERS_MAY_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Whether this program can use tokens at all.
pub const SUPPORTED: bool = cfg!(feature = "pkcs11");

/// Refuses a module that somebody else could have put there or changed: loading it runs it. Follows links, and gives
/// the file that would be loaded.
///
/// # Errors
/// [`TokenError::Module`]: no file, or one that anybody could have written.
pub fn check(path: &Path) -> Result<PathBuf, TokenError> {
    let refuse = |what: String| TokenError::Module { path: path.to_owned(), what };
    if !path.is_absolute() {
        return Err(refuse("expected an absolute path".to_owned()));
    }
    let real = path.canonicalize().map_err(|error| refuse(error.to_string()))?;
    let file = real.metadata().map_err(|error| refuse(error.to_string()))?;
    if !file.is_file() {
        return Err(refuse("expected a file, a PKCS#11 module".to_owned()));
    }
    if file.mode() & OTHERS_MAY_WRITE != 0 {
        return Err(refuse(format!("anybody may write {}, so it is not loaded", real.display())));
    }
    if !is_of_us_or_root(&file) {
        return Err(refuse(format!("{} belongs to another user, so it is not loaded", real.display())));
    }
    for folder in real.ancestors().skip(1) {
        let open = folder.metadata().is_ok_and(|m| m.mode() & OTHERS_MAY_WRITE != 0 && m.mode() & STICKY == 0);
        if open {
            return Err(refuse(format!("anybody may write to {}, so it is not loaded", folder.display())));
        }
    }
    Ok(real)
}

fn is_of_us_or_root(file: &Metadata) -> bool {
    file.uid() == 0 || file.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn says(path: &Path) -> String {
        check(path).unwrap_err().to_string()
    }

    #[test]
    fn only_files_that_nobody_else_could_write_are_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let (module, link) = (dir.path().join("module.so"), dir.path().join("link.so"));
        assert!(says(&module).contains("No such file"));
        fs::write(&module, b"").unwrap();
        symlink(&module, &link).unwrap();
        let real = module.canonicalize().unwrap();
        assert_eq!(check(&link), Ok(real));
        fs::set_permissions(&module, Permissions::from_mode(0o646)).unwrap();
        assert!(says(&link).contains("anybody may write"));
        fs::set_permissions(&module, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(says(&link).contains("anybody may write to"));
        assert!(says(dir.path()).contains("expected a file"));
        assert!(says(Path::new("module.so")).contains("absolute"));
    }
}
