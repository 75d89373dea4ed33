//! The encryption of old key files: `DEK-Info`, with a key made by one round of MD5.
//!
//! Read only: notary before 0.4 wrote it, and its successors keep such files as they are.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use des::{Des, TdesEde3};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::open_error::OpenError;
use super::passphrase::Passphrase;

/// Decrypts content with a salt, an IV and a passphrase; `None` if the padding is wrong.
type Decrypt = fn(&[u8], &[u8], &[u8], &Passphrase) -> Option<Zeroizing<Vec<u8>>>;

/// Decrypts the content of a block; `info` is its `DEK-Info` header, `CIPHER,IV in hexadecimal`.
pub(super) fn decrypt(info: &str, content: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let format = |what: &str| OpenError::Format(what.to_owned());
    let (cipher, iv) = info.split_once(',').ok_or_else(|| format("has a DEK-Info header without an IV"))?;
    let iv = hex::decode(iv.trim()).map_err(|_| format("has a DEK-Info header whose IV is not hexadecimal"))?;
    let run: Decrypt = match cipher.trim() {
        "AES-128-CBC" => run::<Aes128>,
        "AES-192-CBC" => run::<Aes192>,
        "AES-256-CBC" => run::<Aes256>,
        "DES-EDE3-CBC" => run::<TdesEde3>,
        "DES-CBC" => run::<Des>,
        _ => return Err(format("is encrypted with a cipher that Notary does not know")),
    };
    let block = if cipher.trim().starts_with("AES") { 16 } else { 8 };
    let salt = iv.get(..8).filter(|_| iv.len() == block);
    let salt = salt.ok_or_else(|| format("has a DEK-Info header whose IV has the wrong length"))?;
    if content.is_empty() || !content.len().is_multiple_of(block) {
        return Err(OpenError::Format(format!("is damaged: the encrypted key is not a multiple of {block} bytes")));
    }
    run(content, salt, &iv, passphrase).ok_or(OpenError::WrongPassphrase)
}

fn run<C: BlockCipherDecrypt + KeyInit>(
    content: &[u8],
    salt: &[u8],
    iv: &[u8],
    passphrase: &Passphrase,
) -> Option<Zeroizing<Vec<u8>>> {
    let key = derive(C::key_size(), salt, passphrase);
    let mut buffer = Zeroizing::new(content.to_vec());
    let cipher = cbc::Decryptor::<C>::new_from_slices(&key, iv).ok()?;
    let length = cipher.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn derive(length: usize, salt: &[u8], passphrase: &Passphrase) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut last = Zeroizing::new([0_u8; 16]);
    while key.len() < length {
        let mut hash = Md5::new();
        if !key.is_empty() {
            hash.update(last.as_slice());
        }
        hash.update(passphrase.bytes());
        hash.update(salt);
        last.copy_from_slice(&hash.finalize());
        key.extend_from_slice(&*last);
    }
    key.truncate(length);
    key
}
