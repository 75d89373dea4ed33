//! PEM of public things, as Go reads and writes it. Headers are skipped.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

/// A PEM block; `der` is missing if its content is damaged.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Option<Vec<u8>>,
}

/// The first block of a file, after any text.
pub(super) fn first(bytes: &[u8]) -> Option<Block> {
    blocks(bytes).next()
}

/// All blocks of a file, in order.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().into_iter();
    std::iter::from_fn(move || {
        let label = lines.find_map(|line| fence(&line, "BEGIN"))?;
        let body: Vec<String> = lines.by_ref().take_while(|line| fence(line, "END").is_none()).collect();
        let content: String = body.iter().filter(|line| !line.contains(':')).map(String::as_str).collect();
        Some(Block { label, der: BASE64.decode(content).ok() })
    })
}

fn fence(line: &str, word: &str) -> Option<String> {
    let label = line.strip_prefix("-----")?.strip_prefix(word)?.strip_prefix(' ')?.strip_suffix("-----")?;
    Some(label.to_owned())
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
