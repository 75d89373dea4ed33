//! Small secrets on pages of their own, kept out of swap where the system allows it.

use zeroize::Zeroize;

const CAPACITY: usize = 8192;

/// Whole pages: unlocking one secret must not unlock another that happens to share its page.
#[repr(align(4096))]
struct Pages([u8; CAPACITY]);

/// Bytes that are wiped when dropped and locked in memory, best effort.
pub(super) struct LockedBytes {
    // Before `pages`: fields are dropped in this order, and what is freed cannot be unlocked.
    _guard: Option<region::LockGuard>,
    pages: Box<Pages>,
    length: usize,
}

impl LockedBytes {
    /// Copies `secret`; `None` if it is longer than any key.
    pub(super) fn new(secret: &[u8]) -> Option<Self> {
        if secret.len() > CAPACITY {
            return None;
        }
        let mut pages = Box::new(Pages([0; CAPACITY]));
        // Locked before the secret is there; a small RLIMIT_MEMLOCK is no reason to refuse to sign.
        let guard = region::lock(pages.0.as_ptr(), secret.len().max(1)).ok();
        pages.0.get_mut(..secret.len())?.copy_from_slice(secret);
        Some(Self { pages, length: secret.len(), _guard: guard })
    }

    /// The secret.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.pages.0.get(..self.length).unwrap_or_default()
    }
}

impl Drop for LockedBytes {
    fn drop(&mut self) {
        self.pages.0.zeroize();
    }
}
