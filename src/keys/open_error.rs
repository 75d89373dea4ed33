//! Why a PEM block did not give a key.

use super::pem::PemError;

/// Why a block did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is encrypted and no passphrase was given.
    #[error("is encrypted and needs a passphrase")]
    Locked,
    /// The passphrase does not open it.
    #[error("does not open with this passphrase")]
    WrongPassphrase,
    /// It is a key in a form that another program converts; says how.
    #[error("{0}")]
    Convertible(String),
    /// It is no private key that trustdeck can use.
    #[error("{0}")]
    Format(String),
}

impl From<PemError> for OpenError {
    fn from(error: PemError) -> Self {
        Self::Format(error.to_string())
    }
}
