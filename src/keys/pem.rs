//! PEM with headers, as Go reads and writes it.
//!
//! Strict readers refuse the `role:` and `gun:` headers that every key of Notary's has, and some writers refuse a
//! colon in their values, which is every repository on a host with a port.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Decode;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use super::secret::Secret;

/// Largest key file read, in bytes. The largest real one (RSA with 8192 bits) has less than 8 KiB.
pub const MAX_FILE: usize = 64 * 1024;

/// The label of the blocks that Notary writes.
pub(super) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Notary's rounds of PBKDF2. More would protect better and its clients read the number from the file, but the two
/// programs that share the key store are then slow for every signature.
pub(super) const ROUNDS: u32 = 2048;

/// Most headers read.
const MAX_HEADERS: usize = 16;

const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new());

/// One PEM block.
#[derive(Clone)]
pub struct Block {
    /// The label, such as `ENCRYPTED PRIVATE KEY`.
    pub label: String,
    /// Headers in file order.
    pub headers: Vec<(String, String)>,
    /// Decoded content.
    pub der: Zeroizing<Vec<u8>>,
}

/// Label and headers of a block, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The label.
    pub label: String,
    /// Headers in file order.
    pub headers: Vec<(String, String)>,
}

/// Why bytes hold no PEM block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No line `-----BEGIN …-----`.
    #[error("holds no PEM block")]
    NoBlock,
    /// More than [`MAX_FILE`] bytes.
    #[error("is larger than {} KiB, which no key is", MAX_FILE / 1024)]
    TooLarge,
    /// A label or header that is not text.
    #[error("has a PEM header that is not text")]
    NotText,
    /// More headers than any tool writes.
    #[error("has more than {MAX_HEADERS} PEM headers")]
    TooManyHeaders,
    /// The block does not end, or ends with another label.
    #[error("has no line -----END {0}-----")]
    NoEnd(String),
    /// The content is not base64.
    #[error("has a PEM block {0} whose content is not base64")]
    NotBase64(String),
}

impl Block {
    /// Reads the first block of a file. Text before and after it is skipped, and so is the `EC PARAMETERS` block that
    /// OpenSSL writes before a key.
    ///
    /// # Errors
    /// Says what is damaged, never with the content.
    pub fn read(file: &[u8]) -> Result<Self, PemError> {
        if file.len() > MAX_FILE {
            return Err(PemError::TooLarge);
        }
        Self::read_each(file).next().unwrap_or(Err(PemError::NoBlock))
    }

    /// Reads all blocks of a file, in order; a damaged one does not hide those after it. The file may be large, its
    /// blocks not. `EC PARAMETERS` are skipped.
    pub fn read_each(file: &[u8]) -> impl Iterator<Item = Result<Self, PemError>> {
        let mut rest = file;
        std::iter::from_fn(move || {
            loop {
                let start = find_begin(rest)?;
                let (block, after) = match Self::read_one(start) {
                    Ok((block, after)) => (Ok(block), after),
                    Err(error) => (Err(error), split_line(start).1),
                };
                rest = after;
                if !block.as_ref().is_ok_and(|block: &Self| block.label == "EC PARAMETERS") {
                    return Some(block);
                }
            }
        })
    }

    /// Reads the block at the start of `bytes`, and gives what follows it.
    fn read_one(bytes: &[u8]) -> Result<(Self, &[u8]), PemError> {
        let (head, body) = read_head(bytes)?;
        let end = format!("-----END {}-----", head.label);
        let at = find_line(body, end.as_bytes()).ok_or_else(|| PemError::NoEnd(head.label.clone()))?;
        let (content, rest) = body.split_at(at);
        if content.len() > MAX_FILE {
            return Err(PemError::TooLarge);
        }
        let mut text = Zeroizing::new(Vec::with_capacity(content.len()));
        text.extend(content.iter().filter(|b| !b.is_ascii_whitespace()));
        let mut der = Zeroizing::new(Vec::with_capacity(text.len()));
        match BASE64.decode_vec(&*text, &mut der) {
            Ok(()) => {
                let block = Self { label: head.label, headers: head.headers, der };
                Ok((block, rest.get(end.len()..).unwrap_or_default()))
            }
            Err(_) => Err(PemError::NotBase64(head.label)),
        }
    }

    /// Whether a passphrase is needed to open it.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        is_encrypted(&self.label, self.header("Proc-Type"))
    }

    /// Whether trying a passphrase takes no longer than for Notary's own files.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        is_quick(self)
    }

    /// Whether Notary's tools read it from the key store as it is.
    #[must_use]
    pub fn is_readable_by_notary(&self) -> bool {
        is_notarys(self)
    }

    /// The value of a header, if it is there and not empty.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Writes the block as Go does: `Proc-Type` first and the other headers by name, a blank line after them, lines of
    /// 64 characters that end with LF.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort_by_key(|(name, _)| (name != "Proc-Type", name));
        let length = self.der.len() * 3 / 2 + 128 + headers.iter().map(|(n, v)| n.len() + v.len() + 3).sum::<usize>();
        let mut out = Zeroizing::new(String::with_capacity(length));
        let mut line = |parts: &[&str]| {
            parts.iter().for_each(|part| out.push_str(part));
            out.push('\n');
        };
        line(&["-----BEGIN ", &self.label, "-----"]);
        headers.iter().for_each(|(name, value)| line(&[name, ": ", value]));
        if !headers.is_empty() {
            line(&[]);
        }
        for bytes in self.der.chunks(48) {
            let text = Zeroizing::new(BASE64.encode(bytes));
            line(&[&text]);
        }
        line(&["-----END ", &self.label, "-----"]);
        out
    }
}

impl Head {
    /// Reads the label and the headers of the first block. `start` may be cut off within the content.
    ///
    /// # Errors
    /// As [`Block::read`], except for the content.
    pub fn read(start: &[u8]) -> Result<Self, PemError> {
        read_head(start).map(|(head, _)| head)
    }

    /// The value of a header, if it is there and not empty.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// Whether a block needs a passphrase, judged by its label and headers.
pub(super) fn is_encrypted(label: &str, proc_type: Option<&str>) -> bool {
    label == ENCRYPTED || proc_type.is_some_and(|value| value.contains("ENCRYPTED"))
}

/// Whether deriving a key from a passphrase takes no longer than in Notary's own files.
fn is_quick(block: &Block) -> bool {
    let Ok(info) = EncryptedPrivateKeyInfoRef::from_der(&block.der) else { return block.label != ENCRYPTED };
    let kdf = info.encryption_algorithm.pbes2().map(|parameters| &parameters.kdf);
    kdf.and_then(pbes2::Kdf::pbkdf2).is_some_and(|kdf| kdf.iteration_count <= ROUNDS)
}

/// Whether Notary's tools read a block from the key store: they know one encryption of PKCS#8 only, and a PRF that is
/// named makes them call the right passphrase wrong.
fn is_notarys(block: &Block) -> bool {
    match block.label.as_str() {
        ENCRYPTED => EncryptedPrivateKeyInfoRef::from_der(&block.der).is_ok_and(|info| {
            let parameters = info.encryption_algorithm.pbes2();
            parameters.is_some_and(|parameters| {
                let sha1 = |kdf: &pbes2::Pbkdf2Params| matches!(kdf.prf, pbes2::Pbkdf2Prf::HmacWithSha1);
                parameters.kdf.pbkdf2().is_some_and(sha1)
                    && matches!(parameters.encryption, pbes2::EncryptionScheme::Aes256Cbc { .. })
            })
        }),
        "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "ED25519 PRIVATE KEY" => true,
        "PRIVATE KEY" => Secret::from_pkcs8(&block.der).is_ok_and(|secret| !matches!(secret, Secret::Ed25519(_))),
        _ => false,
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    // As in Go, where headers are a map, the last one of a name counts.
    let found = headers.iter().rfind(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Splits the head of the first block from what follows.
fn read_head(bytes: &[u8]) -> Result<(Head, &[u8]), PemError> {
    let (line, mut rest) = split_line(find_begin(bytes).ok_or(PemError::NoBlock)?);
    let label = text(begin_label(line).unwrap_or_default())?;
    let mut headers = Vec::new();
    loop {
        let (line, next) = split_line(rest);
        let Some(colon) = line.iter().position(|b| *b == b':') else { break };
        if headers.len() == MAX_HEADERS {
            return Err(PemError::TooManyHeaders);
        }
        let (name, value) = line.split_at(colon);
        headers.push((text(name)?, text(value.get(1..).unwrap_or_default())?));
        rest = next;
    }
    Ok((Head { label, headers }, rest))
}

/// `bytes` from the next line `-----BEGIN …-----` on.
fn find_begin(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, next) = split_line(rest);
        if begin_label(line).is_some() {
            return Some(rest);
        }
        rest = next;
    }
    None
}

fn begin_label(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")
}

fn text(bytes: &[u8]) -> Result<String, PemError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PemError::NotText)?;
    Ok(text.trim().to_owned())
}

/// The first line without its end and trailing blanks, and what follows it.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match bytes.iter().position(|b| *b == b'\n') {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default()),
        None => (bytes, Default::default()),
    };
    (line.trim_ascii_end(), rest)
}

/// Where a line that begins with `wanted` begins.
fn find_line(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        if rest.starts_with(wanted) {
            return Some(at);
        }
        at += rest.iter().position(|b| *b == b'\n')? + 1;
    }
}
