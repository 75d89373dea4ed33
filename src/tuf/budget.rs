//! How much a role file may hold, judged before it is read.
//!
//! A value that takes two bytes in a file can take a hundred in memory, so bytes alone bound nothing.

use super::fault::VerifyError;
use super::names::Role;

/// Most values in one file. A tag takes four or five, so that 300,000 of them fit. More would take longer than two
/// seconds and more memory than 300 MB, of which a server could make use that nobody trusts.
pub(super) const VALUES: usize = 1_500_000;

/// Most members beside the ones that Notary knows that are looked at in the unsigned part of a file.
pub(super) const UNSIGNED: usize = 1024;

/// Most keys that one file may list.
pub(super) const KEYS: usize = 10_000;

/// Most delegations that one file may list; looking one up costs time in proportion.
pub(super) const LISTED: usize = 4096;

/// Most paths of one delegation; each of its tags is compared with each.
pub(super) const PATHS: usize = 1024;

/// Longest name of a target, in bytes; a tag has at most 128. A name is kept, sorted and shown, each in its own copy.
pub(super) const NAME: usize = 65_536;

/// Most digests of one file or target. Notary knows two.
pub(super) const DIGESTS: usize = 16;

/// Most unknown members that are named; the rest is counted.
pub(super) const NAMED: usize = 64;

/// Refuses a file of more than [`VALUES`] values.
pub(super) fn check_values(role: &Role, bytes: &[u8]) -> Result<(), VerifyError> {
    // Those within texts are counted as well, which is far quicker than telling them apart.
    let values = bytes.iter().filter(|byte| matches!(byte, b',' | b'{' | b'[')).count();
    if values <= VALUES { Ok(()) } else { Err(limit(role, format!("more than {VALUES} values"))) }
}

/// The fault of a file that is over a limit.
pub(super) fn limit(role: &Role, what: String) -> VerifyError {
    VerifyError::Limit { role: role.clone(), what }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_very_many_values_is_refused_before_it_is_read() {
        let file = [b"[".as_slice(), "0,".repeat(VALUES).as_bytes(), b"0]"].concat();
        assert!(matches!(check_values(&Role::Targets, &file), Err(VerifyError::Limit { .. })));
        assert_eq!(check_values(&Role::Targets, &file[..VALUES]), Ok(()));
    }
}
