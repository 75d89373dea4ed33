//! What people type where a role or a manifest is meant: alike on the screen and in commands.

use super::draft::change::{LONGEST, SignedTarget};
use super::error::{EngineError, refuse};
use crate::remote::Endpoint;
use crate::tuf::{DelegationName, NameError, Role};

/// Reads a delegation, with or without `targets/` before it.
///
/// # Errors
/// [`NameError::Delegation`] with what was typed, also for the bare name of a base role.
pub fn delegation(typed: &str) -> Result<DelegationName, NameError> {
    let refused = || NameError::Delegation(typed.to_owned());
    match role(typed).map_err(|_| refused())? {
        Role::Delegation(name) => Ok(name),
        _ => Err(refused()),
    }
}

/// Reads a role: `root`, `targets`, `snapshot`, `timestamp`, or a delegation with or without `targets/` before it.
///
/// # Errors
/// [`NameError::Role`] with what was typed.
pub fn role(typed: &str) -> Result<Role, NameError> {
    Role::parse(typed)
        .or_else(|_| Role::parse(&format!("targets/{typed}")))
        .map_err(|_| NameError::Role(typed.to_owned()))
}

/// Reads the address of a trust server, with or without `https://` before it; gives it without slashes at its end.
///
/// # Errors
/// `Remote(Setting)`: no address, or one that is not encrypted where that is not allowed.
pub fn server(typed: &str, insecure_http: bool) -> Result<String, EngineError> {
    let url = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let endpoint = Endpoint::parse(&url, insecure_http);
    let endpoint = endpoint.map_err(|source| EngineError::Remote { gun: None, source })?;
    Ok(endpoint.base().to_owned())
}

/// Reads what a tag stands for: a digest with or without `sha256:` before it, in any case, and the size of the manifest
/// in bytes.
///
/// # Errors
/// `Input`: no 64 hexadecimal digits, or no bytes.
pub fn manifest(digest: &str, size: &str) -> Result<SignedTarget, EngineError> {
    let target = unsized_manifest(digest)?;
    match size.parse().ok().filter(|length| (1..=LONGEST).contains(length)) {
        Some(length) => Ok(SignedTarget { length, ..target }),
        None => Err(refuse("the size must be a number of bytes", "write digits only; no manifest is empty")),
    }
}

/// Reads a digest as [`manifest`] does, where the registry says what size it has: the length is 0.
///
/// # Errors
/// `Input`: no 64 hexadecimal digits.
pub fn unsized_manifest(digest: &str) -> Result<SignedTarget, EngineError> {
    let sha256 = digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase();
    let target = SignedTarget { length: 0, sha256, sha512: None, custom: None, from_registry: false };
    if target.target().is_none() {
        let hint = "docker buildx imagetools inspect, or the registry's Docker-Content-Digest header, shows it";
        return Err(refuse("the digest must be sha256: and 64 hexadecimal digits", hint));
    }
    Ok(target)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn roles_may_be_typed_short() {
        for (typed, read) in [
            ("releases", "targets/releases"),
            ("targets/releases", "targets/releases"),
            ("targets/targets", "targets/targets"),
            ("qa/nightly", "targets/qa/nightly"),
            ("root", "root"),
            ("targets", "targets"),
        ] {
            assert_eq!(role(typed).unwrap().as_str(), read);
            assert_eq!(delegation(typed).is_ok(), read.contains('/'), "{typed}");
        }
        for typed in ["", "Jeff", "targets/", "a//b", "../a"] {
            assert_eq!(role(typed), Err(NameError::Role(typed.to_owned())));
            assert_eq!(delegation(typed), Err(NameError::Delegation(typed.to_owned())));
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_told_short_and_without_a_login() {
        let long = "a".repeat(9_000);
        for typed in [
            "u:s3cr3t@notary example.com",
            "https://u:s3cr3t@[::1",
            "https://u:s3/cr3t@notary.test",
            "ftp://u:s3cr3t@notary.test",
            "https://u:s3cr3t@notary.test:4443",
            &format!("https://notary.test:{long}"),
            &format!("https://{long}.test"),
            &format!("https://notary.test/{long}?{long}"),
            &format!("https://notary.test/{}/v2", "a/".repeat(9_000)),
            &format!("{long}://notary.test"),
        ] {
            let told = server(typed, false).unwrap_err().to_string();
            assert!(!told.contains("cr3t") && told.len() < 800, "{typed}: {told}");
        }
        assert_eq!(server("notary.test:4443/", false).unwrap(), "https://notary.test:4443");
    }

    #[test]
    fn a_digest_may_be_bare_or_in_capitals_and_a_size_is_never_zero() {
        let digest = "3f".repeat(32);
        for typed in [&digest, &format!("sha256:{digest}"), &digest.to_uppercase()] {
            assert_eq!(manifest(typed, "7").unwrap().sha256, digest);
            assert!(["", "0", "-1", "1 kB", "1.5"].iter().all(|size| manifest(typed, size).is_err()));
        }
        for typed in ["", "sha256:", "sha512:3f", &digest[1..], &format!("{digest}3f"), &"zz".repeat(32)] {
            assert!(manifest(typed, "7").is_err(), "{typed}");
        }
    }
}
