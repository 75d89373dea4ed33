//! PEM of public things, as Go reads and writes it. Headers are skipped.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

use super::armour::spans;
use super::wrapped::unwrap;

/// A PEM block; `der` is missing if its content is damaged.
pub(crate) struct PublicBlock {
    pub(crate) label: String,
    pub(crate) der: Option<Vec<u8>>,
}

/// The blocks of a file that people wrote, after any text and whatever became of their line breaks; also of one that is
/// base64 as a whole.
pub(crate) fn each(file: &[u8]) -> impl Iterator<Item = PublicBlock> {
    let unwrapped = unwrap(file);
    let file = unwrapped.as_ref().map_or(file, |inner| inner.as_slice());
    let blocks = spans(file).filter(|span| span.label != "EC PARAMETERS").map(|span| {
        let der = decode(span.body).filter(|_| span.closed);
        PublicBlock { label: span.label.to_owned(), der }
    });
    blocks.collect::<Vec<_>>().into_iter()
}

/// The first of them.
pub(super) fn first(file: &[u8]) -> Option<PublicBlock> {
    each(file).next()
}

/// The content of a block without its headers, perhaps in quotes, indented, or with line breaks written out as `\n`.
fn decode(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let text =
        if text.contains('\\') { Cow::from(text.replace("\\n", "\n").replace("\\r", "\n")) } else { text.into() };
    let lines = text.lines().filter(|line| !line.contains(':'));
    let content: String =
        lines.flat_map(str::chars).filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    BASE64.decode(content).ok()
}

/// All blocks of the text in metadata, in order.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = PublicBlock> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().into_iter();
    std::iter::from_fn(move || {
        let label = lines.find_map(|line| fence(&line, "BEGIN"))?;
        let body: Vec<String> = lines.by_ref().take_while(|line| fence(line, "END").is_none()).collect();
        let content: String = body.iter().filter(|line| !line.contains(':')).map(String::as_str).collect();
        Some(PublicBlock { label, der: BASE64.decode(content).ok() })
    })
}

fn fence(line: &str, word: &str) -> Option<String> {
    let label = line.strip_prefix("-----")?.strip_prefix(word)?.strip_prefix(' ')?.strip_suffix("-----")?;
    // What is not of this form may be anything, a key that lost its line breaks included.
    let allowed = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ');
    (label.len() <= 64 && label.bytes().all(allowed)).then(|| label.to_owned())
}

/// A certificate in Go's own encoding, the only one that root keys may have: 64 columns, LF, no headers.
pub(super) fn certificate(der: &[u8]) -> String {
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for (n, c) in BASE64.encode(der).chars().enumerate() {
        if n > 0 && n % 64 == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}
