//! What a file without a PEM block is instead, and how it is converted.

use x509_cert::der::{Decode, Header, Reader, SliceReader, Tag};

use super::certificate::Certificate;
use super::wrapped::decoded;

/// What a file is that holds no PEM block, and how to make one of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Text as Windows writes it.
    #[error("is UTF-16 text; convert it with: iconv -f UTF-16 -t UTF-8 FILE >key.pem")]
    Utf16,
    /// The same with four bytes for each letter.
    #[error("is UTF-32 text; convert it with: iconv -f UTF-32 -t UTF-8 FILE >key.pem")]
    Utf32,
    /// A key with its certificate.
    #[error("is PKCS#12, not PEM; take the key out with: openssl pkcs12 -in FILE -nocerts -out key.pem")]
    Pkcs12,
    /// A certificate.
    #[error(
        "is a certificate in DER, not PEM; convert it with: openssl x509 -inform DER -in FILE -out certificate.pem"
    )]
    Certificate,
    /// A key, or something else in DER.
    #[error("is in DER, not PEM; convert it with: openssl pkey -inform DER -in FILE -out key.pem")]
    Der,
    /// What is in PEM between its first and its last line, or PKCS#12 in the same way.
    #[error("is DER or PKCS#12 in base64, not PEM; decode it, and give what comes out of: base64 -d FILE >decoded.der")]
    Base64,
    /// Files in an archive, perhaps.
    #[error("is compressed; an archive of key files is restored with: trustdeck key restore FILE")]
    Compressed,
    /// A backup of trustdeck's.
    #[error("is an encrypted backup; restore it with: trustdeck key restore FILE")]
    Backup,
    /// The same as text.
    #[error("is an armoured age file; if it is a backup, restore what comes out of: age -d FILE")]
    ArmouredAge,
    /// What opens files of `age`.
    #[error("is an identity of age, which opens files and signs nothing")]
    AgeIdentity,
    /// A key in JSON.
    #[error("is a JSON Web Key (JWK); write the key as PEM with the program that made it")]
    Jwk,
    /// A private key of PuTTY.
    #[error(
        "is a key of PuTTY; if it is an ECDSA or RSA key, convert it with: puttygen FILE -O private-openssh -o key.pem"
    )]
    Putty,
    /// A public key of OpenSSH.
    #[error(
        "is a public key of OpenSSH; if it is an ECDSA or RSA key, convert it with: ssh-keygen -e -m PKCS8 -f FILE >key.pub"
    )]
    SshPublic,
    /// Anything of GnuPG.
    #[error("is of GnuPG, whose keys do not sign here; make another key with: trustdeck key generate")]
    Pgp,
    /// Nothing.
    #[error("is empty")]
    Empty,
}

/// How a line of OpenSSH's begins.
const SSH: [&[u8]; 4] = [b"ssh-rsa ", b"ssh-ed25519 ", b"ecdsa-sha2-", b"sk-"];

impl Foreign {
    /// Judges a PEM block of another kind by its label.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        match label {
            "AGE ENCRYPTED FILE" => Some(Self::ArmouredAge),
            label if label.starts_with("PGP ") => Some(Self::Pgp),
            _ => None,
        }
    }

    /// Judges a file by its first bytes.
    #[must_use]
    pub fn of(file: &[u8]) -> Option<Self> {
        let utf16 = |file: &[u8]| {
            let marks: [&[u8]; 4] = [&[0xff, 0xfe], &[0xfe, 0xff], &[b'-', 0, b'-', 0], &[0, b'-', 0, b'-']];
            marks.iter().any(|mark| file.starts_with(mark))
        };
        match file {
            _ if file.starts_with(&[0xff, 0xfe, 0, 0]) || file.starts_with(&[0, 0, 0xfe, 0xff]) => Some(Self::Utf32),
            _ if file.starts_with(&[0x1f, 0x8b]) => Some(Self::Compressed),
            _ if utf16(file) => Some(Self::Utf16),
            _ if file.starts_with(b"age-encryption.org/") => Some(Self::Backup),
            _ if file.trim_ascii().is_empty() => Some(Self::Empty),
            _ if file.starts_with(b"PuTTY-User-Key-File-") => Some(Self::Putty),
            _ if SSH.iter().any(|kind| file.starts_with(kind)) => Some(Self::SshPublic),
            _ if file.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"AGE-SECRET-KEY-")) => {
                Some(Self::AgeIdentity)
            }
            _ if file.trim_ascii().starts_with(b"{") && file.windows(5).any(|part| part == b"\"kty\"") => {
                Some(Self::Jwk)
            }
            _ if is_pkcs12(file) => Some(Self::Pkcs12),
            _ if Certificate::parse(file).is_ok() => Some(Self::Certificate),
            _ if content(file).is_some() => Some(Self::Der),
            _ => decoded(file).filter(|inner| is_pkcs12(inner) || content(inner).is_some()).map(|_| Self::Base64),
        }
    }

    /// What it is to somebody who looks for certificates in it.
    #[must_use]
    pub fn without_certificate(self) -> String {
        match self {
            Self::Pkcs12 => {
                "is PKCS#12, not PEM; take the certificates out with: openssl pkcs12 -in FILE -nokeys -out ca.pem"
                    .to_owned()
            }
            other => other.to_string(),
        }
    }
}

/// The content of a file that is one DER sequence, as far as its length tells.
fn content(file: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(file).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    let length = usize::try_from(header.length()).ok()?;
    (header.tag() == Tag::Sequence && usize::try_from(reader.remaining_len()).ok()? == length)
        .then(|| file.get(file.len() - length..))?
}

/// Version 3, and content of a kind that PKCS#7 names.
fn is_pkcs12(file: &[u8]) -> bool {
    const VERSION: &[u8] = &[2, 1, 3, 0x30];
    const PKCS7: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
    // Written by some tools without a length, which is no DER.
    let content = content(file).or_else(|| file.strip_prefix(&[0x30, 0x80]));
    content.is_some_and(|content| {
        let start = content.get(..24).unwrap_or(content);
        content.starts_with(VERSION) && start.windows(PKCS7.len()).any(|window| window == PKCS7)
    })
}
