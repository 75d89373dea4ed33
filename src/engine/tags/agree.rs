//! What is said of a manifest or a blob in several places, which must agree: the signature, the index or image that lists it,
//! the registry, and its own bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oci_spec::image::Descriptor;

use super::trusted::Trusted;
use crate::remote::RemoteError;
use crate::remote::registry::digest::digest_like;
use crate::remote::registry::{Digest, Manifest};

/// Named where what was signed contradicts itself.
pub(super) const SIGNATURE: &str = "the signature";

/// Compares the rest of what is signed with a manifest that has the signed digest.
///
/// # Errors
/// `Length`, `Altered`: the signature contradicts itself.
pub(crate) fn agrees(trusted: &Trusted, manifest: &Manifest) -> Result<(), RemoteError> {
    let what = format!("the signed length of {}:{}", trusted.name, trusted.tag);
    let (host, found) = (SIGNATURE.to_owned(), manifest.bytes.len() as u64);
    if found != trusted.size {
        return Err(RemoteError::Length { host, what, expected: trusted.size, found });
    }
    let Some(sha512) = trusted.sha512.as_ref().and_then(|hex| Digest::try_from(format!("sha512:{hex}")).ok()) else {
        return Ok(());
    };
    match digest_like(&sha512, &manifest.bytes) {
        Some(found) if found != sha512.as_ref() => {
            let what = format!("the signed SHA-512 of {}:{}", trusted.name, trusted.tag);
            Err(RemoteError::Altered { host, what, expected: sha512.to_string(), found })
        }
        _ => Ok(()),
    }
}

/// Refuses a manifest that the registry calls something else than its bytes say: clients choose by that how to read it.
pub(super) fn rightly_called(host: &str, manifest: Manifest) -> Result<Manifest, RemoteError> {
    if manifest.kind() == manifest.media_type {
        return Ok(manifest);
    }
    let stated = if manifest.media_type.is_empty() { "nothing" } else { &manifest.media_type };
    let why = format!("the registry calls it {stated}, its bytes say {}", manifest.kind());
    Err(RemoteError::Malformed { host: host.to_owned(), what: format!("manifest {}", manifest.digest), why })
}

/// Checks what a descriptor holds of the part itself: clients may take that instead of asking the registry.
pub(super) fn embedded(descriptor: &Descriptor) -> Result<(), RemoteError> {
    let Some(data) = descriptor.data() else { return Ok(()) };
    let (host, what) = (SIGNATURE.to_owned(), format!("the data beside {}", descriptor.digest()));
    let Ok(bytes) = BASE64_STANDARD.decode(data) else {
        return Err(RemoteError::Malformed { host, what, why: "it is not Base64".to_owned() });
    };
    let (expected, found) = (descriptor.size(), bytes.len() as u64);
    if expected != found {
        return Err(RemoteError::Length { host, what, expected, found });
    }
    let expected = descriptor.digest().to_string();
    match digest_like(descriptor.digest(), &bytes) {
        Some(found) if found != expected => Err(RemoteError::Altered { host, what, expected, found }),
        _ => Ok(()),
    }
}

/// Compares a manifest with what the index says of it beside its digest.
pub(super) fn fits(listed: &Descriptor, manifest: Manifest) -> Result<Manifest, RemoteError> {
    let (what, host) = (format!("manifest {}", listed.digest()), "the index".to_owned());
    let (expected, found) = (listed.size(), manifest.bytes.len() as u64);
    if expected != found {
        return Err(RemoteError::Length { host, what, expected, found });
    }
    let stated = listed.media_type().to_string();
    if stated != manifest.media_type {
        let why = format!("the index calls it {stated}, the registry {}", manifest.media_type);
        return Err(RemoteError::Malformed { host, what, why });
    }
    Ok(manifest)
}
