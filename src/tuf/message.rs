//! What signatures are over. Many may have to be verified over one big file, which is hashed once for all of them.

use std::cell::{Cell, OnceCell};

use sha2::{Digest, Sha256};

/// From this size on a message is hashed once; smaller ones are verified by what verifies them quickest.
const BIG: usize = 1 << 20;

/// Most bytes that are hashed for signatures of the kinds that hash the message themselves: eight of the biggest file.
const HASHED: usize = 512 << 20;

/// The bytes that signatures are over.
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    sha256: OnceCell<[u8; 32]>,
    left: Cell<usize>,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, sha256: OnceCell::new(), left: Cell::new(HASHED) }
    }

    pub(super) fn is_big(&self) -> bool {
        self.bytes.len() >= BIG
    }

    /// Its SHA-256, computed once.
    pub(super) fn sha256(&self) -> &[u8; 32] {
        self.sha256.get_or_init(|| Sha256::digest(self.bytes).into())
    }

    /// The bytes, to be hashed once more; `None` once that was done too often.
    pub(super) fn to_hash(&self) -> Option<&'a [u8]> {
        self.left.set(self.left.get().checked_sub(self.bytes.len())?);
        Some(self.bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_big_message_is_not_hashed_for_every_signature() {
        let bytes = vec![0; 64 << 20];
        let message = Message::new(&bytes);
        let times = (0..64).filter(|_| message.to_hash().is_some()).count();
        assert_eq!(times, 8);
        assert!(message.is_big());
    }
}
