//! Lines of standard input, whether that is a terminal or not.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

use zeroize::Zeroizing;

use crate::engine::Passphrase;

/// A line of standard input; `None` at its end.
///
/// # Errors
/// If it cannot be read.
pub(super) fn line() -> std::io::Result<Option<String>> {
    let input = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let bytes = read_line(&input)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// Byte by byte: what follows the line is for the next question, or for nobody.
pub(super) fn read_line(mut input: &File) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(4 * Passphrase::CAPACITY));
    let mut byte = Zeroizing::new([0_u8; 1]);
    while line.len() < line.capacity() {
        if input.read(byte.as_mut_slice())? == 0 {
            return Ok(if line.is_empty() { None } else { Some(line) });
        }
        if byte.as_slice() == b"\n" {
            break;
        }
        line.extend_from_slice(byte.as_slice());
    }
    Ok(Some(line))
}
