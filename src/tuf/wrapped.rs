//! Files inside base64, and text that quotes and escapes were put into: what becomes of PEM on its way through secret
//! stores, CI systems and JSON. A private key may be inside.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use zeroize::Zeroizing;

const UNPADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, NO_PAD);

/// The first characters of a mark, encoded once and twice, as a secret is that was encoded already; a file that has text
/// before its first block is not unwrapped.
pub(crate) const STARTS: [&[u8]; 2] = [b"LS0tLS1CRUdJTi", b"TFMwdExTMUNSVWRKVG"];

/// The file inside base64, as secret stores and CI systems keep files.
pub(crate) fn unwrap(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file).trim_ascii_start();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    if !STARTS.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    let inner = decoded(text)?;
    Some(unwrap(&inner).unwrap_or(inner))
}

/// What is in base64 as a whole.
pub(super) fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut content = without_blanks(&clean(text));
    content.retain(|byte| *byte != b'=');
    let mut inner = Zeroizing::new(Vec::with_capacity(content.len()));
    UNPADDED.decode_vec(&*content, &mut inner).ok()?;
    Some(inner)
}

/// A body without quotes and with the line breaks that are written out as `\n`.
pub(crate) fn clean(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut rest = body;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'\\', [b'n' | b'r', after @ ..]) => {
                out.push(b'\n');
                rest = after;
            }
            (b'"' | b'\'', _) => {}
            _ => out.push(*first),
        }
    }
    out
}

pub(crate) fn without_blanks(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(text.len()));
    content.extend(text.iter().filter(|b| !b.is_ascii_whitespace()));
    content
}
