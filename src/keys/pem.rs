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
use crate::tuf::armour::{Span, spans};
use crate::tuf::foreign::Foreign;
use crate::tuf::wrapped::{clean, unwrap, without_blanks};

/// Largest key file read, in bytes. The largest real one (RSA with 8192 bits) has less than 8 KiB.
pub const MAX_FILE: usize = 64 * 1024;

/// Most blocks that are read of one file.
pub const MAX_BLOCKS: usize = 8_000;

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

/// Why bytes hold no PEM block. Never quotes a line of them, which may be the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No `-----BEGIN …-----`.
    #[error("holds no PEM block")]
    NoBlock,
    /// A file of another kind.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// More than [`MAX_FILE`] bytes.
    #[error("is larger than {} KiB, which no key is", MAX_FILE / 1024)]
    TooLarge,
    /// More than [`MAX_BLOCKS`] blocks; those before were read.
    #[error("is followed by more blocks than the {MAX_BLOCKS} that are read of one file")]
    TooManyBlocks,
    /// A header that is not text.
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
    /// Headers and content are one line: nothing tells where one ends.
    #[error(
        "has a PEM block {0} that lost its line breaks, and with them the end of its headers; write it with line breaks"
    )]
    LostLines(String),
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
    /// blocks not. `EC PARAMETERS` are skipped. A file that is none but known gives its name as an error.
    pub fn read_each(file: &[u8]) -> impl Iterator<Item = Result<Self, PemError>> {
        let unwrapped = unwrap(file);
        let file = unwrapped.as_ref().map_or(file, |inner| inner.as_slice());
        let keys = spans(file).filter(|span| span.label != "EC PARAMETERS");
        let mut blocks: Vec<_> = keys.take(MAX_BLOCKS + 1).map(Self::read_span).collect();
        if blocks.len() > MAX_BLOCKS {
            blocks.truncate(MAX_BLOCKS);
            blocks.push(Err(PemError::TooManyBlocks));
        }
        if blocks.is_empty() {
            blocks.extend(Foreign::of(file).map(|foreign| Err(foreign.into())));
        }
        blocks.into_iter()
    }

    fn read_span(span: Span<'_>) -> Result<Self, PemError> {
        Foreign::of_label(span.label).map_or(Ok(()), |foreign| Err(PemError::from(foreign)))?;
        let label = || span.label.to_owned();
        if span.body.len() > MAX_FILE {
            return Err(if span.closed { PemError::TooLarge } else { PemError::NoEnd(label()) });
        }
        let (headers, content) = read_body(span.body).map_err(|fault| fault.of(span.label))?;
        if !span.closed {
            return Err(PemError::NoEnd(label()));
        }
        let mut der = Zeroizing::new(Vec::with_capacity(content.len()));
        BASE64.decode_vec(&*content, &mut der).map_err(|_| PemError::NotBase64(label()))?;
        // A line of content with a colon in it is read as a header, and what is left is no key.
        if der.is_empty() && !headers.is_empty() {
            return Err(PemError::LostLines(label()));
        }
        Ok(Self { label: label(), headers, der })
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

    /// The value of a header that is shown to people, such as `role` and `gun`.
    #[must_use]
    pub fn name(&self, header: &str) -> Option<&str> {
        self.header(header).filter(|value| is_name(value))
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
        let span =
            spans(start).next().ok_or_else(|| Foreign::of(start).map_or(PemError::NoBlock, PemError::Foreign))?;
        let (headers, _) = read_body(span.body).map_err(|fault| fault.of(span.label))?;
        Ok(Self { label: span.label.to_owned(), headers })
    }

    /// The value of a header that is shown to people, such as `role` and `gun`.
    #[must_use]
    pub fn name(&self, header: &str) -> Option<&str> {
        self.header(header).filter(|value| is_name(value))
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

/// Whether a header's value can be shown: a file that lost a line break may have a line of the key there.
fn is_name(value: &str) -> bool {
    // A line of base64 has 64 characters, and hardly ever no capital letter.
    let encoded = |part: &str| part.len() > 24 && part.bytes().any(|b| b.is_ascii_uppercase());
    value.len() <= 512 && !value.contains(char::is_whitespace) && !value.split(['.', ':', '-']).any(encoded)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    // As in Go, where headers are a map, the last one of a name counts.
    let found = headers.iter().rfind(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Headers in file order, and the base64 text without blanks.
type Body = (Vec<(String, String)>, Zeroizing<Vec<u8>>);

enum BodyFault {
    NotText,
    TooManyHeaders,
    LostLines,
}

impl BodyFault {
    fn of(self, label: &str) -> PemError {
        match self {
            Self::NotText => PemError::NotText,
            Self::TooManyHeaders => PemError::TooManyHeaders,
            Self::LostLines => PemError::LostLines(label.to_owned()),
        }
    }
}

/// Splits a body as Go does, or, if that gives nothing, as people and their tools may have written it. The content
/// may be cut off.
fn read_body(body: &[u8]) -> Result<Body, BodyFault> {
    let first_line = body.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    let has_lines = first_line.is_none_or(|at| body.get(at) == Some(&b'\n'));
    let strict = split_lines(body);
    match strict {
        Ok((headers, content)) if has_lines && is_plausible(&headers, &content) => Ok((headers, content)),
        Err(fault) if has_lines => Err(fault),
        // A block without content is odd, and no reason to call its lines lost.
        strict => split_words(&clean(body)).or_else(|fault| if has_lines { strict } else { Err(fault) }),
    }
}

fn is_plausible(headers: &[(String, String)], content: &[u8]) -> bool {
    let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    content.iter().all(in_alphabet) && (headers.is_empty() || !content.is_empty())
}

/// Lines with a colon are headers up to the first without.
fn split_lines(body: &[u8]) -> Result<Body, BodyFault> {
    let (mut headers, mut rest) = (Vec::new(), body.trim_ascii_start());
    loop {
        let (line, next) = split_line(rest);
        let Some(colon) = line.iter().position(|b| *b == b':') else { break };
        let (name, value) = line.split_at(colon);
        add_header(&mut headers, name, value.get(1..).unwrap_or_default())?;
        rest = next;
    }
    Ok((headers, without_blanks(rest)))
}

fn add_header(headers: &mut Vec<(String, String)>, name: &[u8], value: &[u8]) -> Result<(), BodyFault> {
    if headers.len() == MAX_HEADERS {
        return Err(BodyFault::TooManyHeaders);
    }
    headers.push((text(name)?, text(value)?));
    Ok(())
}

/// Words with a colon at their end are headers up to the first without. Where there is but one line, a value is one
/// word, and there must be a word after it.
fn split_words(body: &[u8]) -> Result<Body, BodyFault> {
    let (mut headers, mut rest) = (Vec::new(), body.trim_ascii());
    let one_line = !rest.contains(&b'\n');
    loop {
        let (word, after) = rest.split_at(rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()));
        let Some(name) = word.strip_suffix(b":") else { break };
        let after = after.trim_ascii_start();
        let is_end = |byte: &u8| if one_line { byte.is_ascii_whitespace() } else { *byte == b'\n' };
        let (value, next) = after.split_at(after.iter().position(is_end).unwrap_or(after.len()));
        if value.ends_with(b":") || next.is_empty() {
            return Err(BodyFault::LostLines);
        }
        add_header(&mut headers, name, value)?;
        rest = next.trim_ascii_start();
    }
    if rest.contains(&b':') {
        return Err(BodyFault::LostLines);
    }
    Ok((headers, without_blanks(rest)))
}

fn text(bytes: &[u8]) -> Result<String, BodyFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| BodyFault::NotText)?;
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
