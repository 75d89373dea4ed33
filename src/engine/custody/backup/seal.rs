//! The `age` file format with a passphrase, by its own crate.

use std::io::{Read, Write};

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use zeroize::Zeroizing;

use crate::engine::custody::load::MAX_SET;
use crate::keys::{NewPassphrase, Passphrase};

/// Binary logarithm of scrypt's cost: what `age` itself takes, 256 MiB and about a second.
const WORK: u8 = 18;
/// The most that a file may ask for: 1 GiB.
const MOST_WORK: u8 = 20;

/// Why a file did not open.
pub(super) enum UnsealError {
    WrongPassphrase,
    /// What is wrong with it, and what to do.
    Unusable(String, &'static str),
}

fn secret(passphrase: &Passphrase) -> SecretString {
    SecretString::from(String::from_utf8_lossy(passphrase.bytes()).into_owned())
}

/// Encrypts `content`.
pub(super) fn seal(content: &[u8], passphrase: &NewPassphrase) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the backup could not be encrypted: {error}");
    let mut recipient = scrypt::Recipient::new(secret(passphrase));
    recipient.set_work_factor(WORK);
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(|error| failed(&error))?;
    let mut out = Vec::with_capacity(content.len() + 1024);
    let mut writer = encryptor.wrap_output(&mut out).map_err(|error| failed(&error))?;
    writer.write_all(content).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    Ok(out)
}

/// Decrypts a file.
pub(super) fn unseal(file: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
    let decryptor = Decryptor::new_buffered(file).map_err(explain)?;
    if !decryptor.is_scrypt() {
        let hint = "decrypt it with: age -d -i IDENTITY FILE, and restore what comes out";
        return Err(UnsealError::Unusable("is encrypted to a key and not with a passphrase".to_owned(), hint));
    }
    let mut identity = scrypt::Identity::new(secret(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(explain)?;
    // Never grows, so that no copy of a secret is left behind: content is shorter than its file.
    let mut content = Zeroizing::new(Vec::with_capacity(file.len()));
    let read = reader.take(MAX_SET).read_to_end(&mut content);
    read.map_err(|_| UnsealError::Unusable("is damaged or cut short".to_owned(), "use another copy of the backup"))?;
    Ok(content)
}

fn explain(error: DecryptError) -> UnsealError {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
            UnsealError::WrongPassphrase
        }
        DecryptError::ExcessiveWork { required, .. } => UnsealError::Unusable(
            format!("asks for 2^{required} rounds of scrypt, more than the 2^{MOST_WORK} that are allowed"),
            "decrypt it with: age -d FILE, if you trust its origin",
        ),
        DecryptError::UnknownFormat => {
            UnsealError::Unusable("is of a newer age format".to_owned(), "decrypt it with the newest age")
        }
        _ => UnsealError::Unusable("is damaged or was changed".to_owned(), "use another copy of the backup"),
    }
}
