//! The self-signed certificate that wraps a root key for one repository.

use jiff::Timestamp as Time;

use super::{KeyError, PrivateKey};
use crate::tuf::{Gun, PublicKey};

/// Makes the root certificate that Notary's tools make (notary-v1.md section 3): CN is the GUN, ten years of 365 days.
///
/// # Errors
/// [`KeyError::Unsupported`] for keys that Notary cannot use as root.
pub fn root_certificate(key: &PrivateKey, gun: &Gun, now: Time) -> Result<PublicKey, KeyError> {
    let _ = (key, gun, now);
    todo!()
}
