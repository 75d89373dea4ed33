//! Lines of `docker push`, which name what was pushed. Source: docs/notary-v1.md section 14.5.

use crate::engine::draft::change::SignedTarget;
use crate::remote::registry::is_tag;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushLine {
    /// `The push refers to repository [NAME]`: what follows is about it.
    Repository(String),
    /// `TAG: digest: sha256:HEX size: BYTES`.
    Pushed {
        /// Tag.
        tag: String,
        /// What it is.
        target: SignedTarget,
    },
}

/// Reads a line, if it says what was pushed; other lines show progress.
#[must_use]
pub fn read(line: &str) -> Option<PushLine> {
    let line = line.trim();
    if let Some(name) = line.strip_prefix("The push refers to repository [") {
        return Some(PushLine::Repository(name.strip_suffix(']')?.to_owned()));
    }
    let (tag, rest) = line.split_once(": digest: sha256:")?;
    let (sha256, size) = rest.split_once(" size: ")?;
    let target = SignedTarget {
        length: size.trim().parse().ok()?,
        sha256: sha256.to_owned(),
        sha512: None,
        custom: None,
        from_registry: false,
    };
    let fits = is_tag(tag) && target.length > 0 && target.target().is_some();
    fits.then(|| PushLine::Pushed { tag: tag.to_owned(), target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_docker_push_are_told_from_its_progress() {
        let digits = "a".repeat(64);
        let pushed = format!("9.0: digest: sha256:{digits} size: 424");
        let target =
            SignedTarget { length: 424, sha256: digits.clone(), sha512: None, custom: None, from_registry: false };
        assert_eq!(read(&pushed), Some(PushLine::Pushed { tag: "9.0".to_owned(), target }));
        let named = "The push refers to repository [docker.io/acme/web]\r";
        assert_eq!(read(named), Some(PushLine::Repository("docker.io/acme/web".to_owned())));
        for other in ["5f70bf18a086: Pushed", "5f70bf18a086: Preparing ", "", "9.0: digest: sha256:abc size: 4"] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(read(&format!("9.0: digest: sha256:{digits} size: 0")), None);
        assert_eq!(read(&format!("../x: digest: sha256:{digits} size: 4")), None);
    }
}
