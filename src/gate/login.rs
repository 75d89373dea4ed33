//! Who is let in: one user with HTTP Basic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::GateError;
use crate::engine::Passphrase;

/// The one user of a gate with logins.
#[derive(Clone, Debug)]
pub struct GateLogin {
    user: String,
    password: Passphrase,
}

impl GateLogin {
    /// Reads `user:password`.
    ///
    /// # Errors
    /// [`GateError::Login`] without a colon, a name or a password.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        match text.split_once(':') {
            Some((user, password)) if !user.is_empty() && !password.is_empty() => {
                Ok(Self { user: user.to_owned(), password: Passphrase::from_text(password) })
            }
            _ => Err(GateError::Login),
        }
    }

    /// Whether this header is the user's.
    pub(super) fn admits(&self, authorization: Option<&str>) -> bool {
        let Some((scheme, given)) = authorization.and_then(|header| header.split_once(' ')) else { return false };
        let Ok(given) = STANDARD.decode(given.trim()) else { return false };
        let expected = zeroize::Zeroizing::new([self.user.as_bytes(), b":", self.password.bytes()].concat());
        // Digests are compared, so that the time taken says nothing about the password.
        scheme.eq_ignore_ascii_case("basic") && Sha256::digest(given) == Sha256::digest(&*expected)
    }
}
