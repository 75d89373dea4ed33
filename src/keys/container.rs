//! What a PEM block of a private key holds: PKCS#8 in Notary's forms, SEC1, PKCS#1, and their encryptions.
//!
//! Invariant: nothing that a file says makes this code panic, allocate without bound or compute for minutes.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::{self, pbes2};
use zeroize::Zeroizing;

use super::legacy;
use super::open_error::OpenError;
use super::passphrase::Passphrase;
use super::pem::{Block, ENCRYPTED, ROUNDS, is_encrypted};
use super::secret::{Secret, Unusable};

/// Most rounds read: some seconds. Without a limit a hostile file hangs whoever opens it.
pub const MAX_ROUNDS: u32 = 10_000_000;

/// No maintained crate decrypts it, and OpenSSL converts it.
const PBES1: &str = "is encrypted with PBES1, which is broken; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc \
                     -in FILE -out key.pem";

const OPENSSH: &str = "holds a key in OpenSSH's form; if it is an ECDSA or RSA key, convert a copy of it with: ssh-keygen -p -m \
                       PKCS8 -f FILE";

const WRITTEN_OUT: &str = "writes its elliptic curve out instead of naming it; convert it with: openssl ec -in FILE -param_enc \
                           named_curve -out key.pem";

/// Most memory that a file encrypted with scrypt may ask for, in bytes. OpenSSL asks for 16 MiB.
const MAX_SCRYPT_MEMORY: u64 = 64 << 20;

fn format(what: &str) -> OpenError {
    OpenError::Format(what.to_owned())
}

fn convertible(what: &str) -> OpenError {
    OpenError::Convertible(what.to_owned())
}

/// Decodes a block, decrypting it if need be.
pub(super) fn open(block: &Block, passphrase: Option<&Passphrase>) -> Result<Secret, OpenError> {
    if block.label == "OPENSSH PRIVATE KEY" {
        return Err(convertible(OPENSSH));
    }
    if !is_encrypted(&block.label, block.header("Proc-Type")) {
        return plain(&block.label, &block.der).map_err(unencrypted);
    }
    let passphrase = passphrase.ok_or(OpenError::Locked)?;
    if block.label == ENCRYPTED {
        let plain = decrypt_pbes2(&block.der, passphrase)?;
        Secret::from_pkcs8(&plain).map_err(decrypted)
    } else {
        let info = block.header("DEK-Info").ok_or_else(|| format("is encrypted, but has no DEK-Info header"))?;
        let key = legacy::decrypt(info, &block.der, passphrase)?;
        plain(&block.label, &key).map_err(decrypted)
    }
}

fn plain(label: &str, der: &[u8]) -> Result<Secret, Unusable> {
    match label {
        "PRIVATE KEY" => Secret::from_pkcs8(der),
        "EC PRIVATE KEY" => Secret::from_sec1(der, None),
        "RSA PRIVATE KEY" => Secret::rsa(der),
        "ED25519 PRIVATE KEY" => Secret::from_notary_ed25519(der),
        "PUBLIC KEY" | "CERTIFICATE" => Err(Unusable::Content("a public key, expected a private one")),
        "DSA PRIVATE KEY" => Err(Unusable::Algorithm("a DSA key")),
        _ => Err(Unusable::Content("a PEM block of an unknown kind, expected a private key")),
    }
}

fn unencrypted(error: Unusable) -> OpenError {
    match error {
        Unusable::Structure => format("is damaged: the PEM block does not hold the key that its label says"),
        other => usable(other),
    }
}

fn decrypted(error: Unusable) -> OpenError {
    match error {
        // One wrong passphrase in 256 leaves a valid padding by chance, and then bytes without structure.
        Unusable::Structure => OpenError::WrongPassphrase,
        other => usable(other),
    }
}

fn usable(error: Unusable) -> OpenError {
    match error {
        Unusable::Structure => format("is damaged"),
        Unusable::WrittenOut => convertible(WRITTEN_OUT),
        Unusable::Content(what) => OpenError::Format(format!("holds {what}")),
        Unusable::Algorithm(what) => OpenError::Format(format!("holds {what}, which cannot sign for Notary")),
    }
}

fn decrypt_pbes2(der: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| {
        let unknown = "is damaged, or encrypted in a way that trustdeck does not know";
        if names_pkcs12(der) { convertible(PBES1) } else { format(unknown) }
    })?;
    let parameters = info.encryption_algorithm.pbes2();
    check_parameters(parameters.ok_or_else(|| convertible(PBES1))?)?;
    let ciphertext = info.encrypted_data.as_bytes();
    let block = cbc_block(&info).filter(|block| ciphertext.is_empty() || !ciphertext.len().is_multiple_of(*block));
    if let Some(block) = block {
        return Err(OpenError::Format(format!("is damaged: the encrypted key is not a multiple of {block} bytes")));
    }
    match info.encryption_algorithm.decrypt(passphrase.bytes(), ciphertext) {
        Ok(plain) => Ok(Zeroizing::new(plain)),
        Err(pkcs5::Error::DecryptFailed) => Err(OpenError::WrongPassphrase),
        Err(_) => Err(format("is encrypted in a way that trustdeck does not know")),
    }
}

/// Whether the algorithm is one of those that PKCS#12 added to PBES1.
fn names_pkcs12(der: &[u8]) -> bool {
    const PREFIX: &[u8] = &[0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];
    let start = der.get(..32).unwrap_or(der);
    start.windows(PREFIX.len()).any(|window| window == PREFIX)
}

/// Bytes of a block, if blocks are chained.
fn cbc_block(info: &EncryptedPrivateKeyInfoRef<'_>) -> Option<usize> {
    use pbes2::EncryptionScheme::{Aes128Cbc, Aes192Cbc, Aes256Cbc, DesEde3Cbc};
    match info.encryption_algorithm.pbes2()?.encryption {
        Aes128Cbc { .. } | Aes192Cbc { .. } | Aes256Cbc { .. } => Some(16),
        DesEde3Cbc { .. } => Some(8),
        _ => None,
    }
}

/// What opening a key costs, in rounds of PBKDF2; one that asks for no derivation costs nothing.
#[must_use]
pub fn rounds(block: &Block) -> u64 {
    let info = EncryptedPrivateKeyInfoRef::from_der(&block.der).ok();
    let parameters = info.as_ref().and_then(|info| info.encryption_algorithm.pbes2());
    match parameters.map(|parameters| &parameters.kdf) {
        Some(pbes2::Kdf::Pbkdf2(kdf)) => u64::from(kdf.iteration_count),
        // 64 MiB of scrypt take as long as a million.
        Some(pbes2::Kdf::Scrypt(kdf)) => kdf.cost_parameter.saturating_mul(2 * u64::from(kdf.block_size)),
        _ => 0,
    }
}

fn check_parameters(parameters: &pbes2::Parameters) -> Result<(), OpenError> {
    match &parameters.kdf {
        pbes2::Kdf::Pbkdf2(kdf) if kdf.iteration_count == 0 => {
            Err(format("is damaged: it asks for no rounds of PBKDF2"))
        }
        pbes2::Kdf::Pbkdf2(kdf) if kdf.iteration_count > MAX_ROUNDS => Err(OpenError::Format(format!(
            "asks for {} rounds of PBKDF2, more than the {MAX_ROUNDS} that are allowed",
            kdf.iteration_count
        ))),
        pbes2::Kdf::Pbkdf2(_) => Ok(()),
        pbes2::Kdf::Scrypt(kdf) => {
            let memory = kdf.cost_parameter.saturating_mul(128 * u64::from(kdf.block_size));
            let modest = memory <= MAX_SCRYPT_MEMORY && kdf.parallelization <= 16;
            if modest { Ok(()) } else { Err(format("asks for more memory for scrypt than any tool does")) }
        }
        _ => Err(format("is encrypted in a way that trustdeck does not know")),
    }
}

/// Encrypts a key as Notary does and can read: PBES2 with PBKDF2-HMAC-SHA1, 2048 rounds, AES-256-CBC. Its reader
/// ignores any other PRF that a file names and then calls the right passphrase wrong.
pub(super) fn seal(secret: &Secret, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (mut salt, mut iv) = ([0; 8], [0; 16]);
    getrandom::fill(&mut salt).map_err(|_| SealError)?;
    getrandom::fill(&mut iv).map_err(|_| SealError)?;
    seal_with(secret, passphrase, salt, iv)
}

pub(super) fn seal_with(
    secret: &Secret,
    passphrase: &Passphrase,
    salt: [u8; 8],
    iv: [u8; 16],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let parameters = pbes2::Parameters {
        kdf: pbes2::Kdf::Pbkdf2(pbes2::Pbkdf2Params {
            salt: pbes2::Salt::new(salt).map_err(|_| SealError)?,
            iteration_count: ROUNDS,
            key_length: None,
            prf: pbes2::Pbkdf2Prf::HmacWithSha1,
        }),
        encryption: pbes2::EncryptionScheme::Aes256Cbc { iv },
    };
    let ciphertext = parameters.encrypt(passphrase.bytes(), &secret.to_pkcs8()).map_err(|_| SealError)?;
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: pkcs5::EncryptionScheme::Pbes2(parameters),
        encrypted_data: OctetStringRef::new(&ciphertext).map_err(|_| SealError)?,
    };
    info.to_der().map(Zeroizing::new).map_err(|_| SealError)
}

/// Encrypting failed: the system gave no random numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct SealError;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// Sealing a key again with the salt and IV of the real tools' file gives that file.
    #[test]
    fn notarys_own_files_come_out_byte_for_byte() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/trust/private");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let block = Block::read(&std::fs::read(&path).unwrap()).unwrap();
            let passphrase = if block.header("role") == Some("root") { "rootpass1" } else { "repopass1" };
            let passphrase = Passphrase::from_text(passphrase);
            let info = EncryptedPrivateKeyInfoRef::from_der(&block.der).unwrap();
            let parameters = info.encryption_algorithm.pbes2().unwrap();
            let salt = parameters.kdf.pbkdf2().unwrap().salt.as_ref().try_into().unwrap();
            let pbes2::EncryptionScheme::Aes256Cbc { iv } = parameters.encryption else { panic!("{}", path.display()) };
            let secret = open(&block, Some(&passphrase)).unwrap();
            let sealed = seal_with(&secret, &passphrase, salt, iv).unwrap();
            assert!(*sealed == *block.der, "{}", path.display());
            seen += 1;
        }
        assert_eq!(seen, 11);
    }
}
