//! Small secrets on pages of their own, kept out of swap where the system allows it.

use zeroize::Zeroize;

/// Most bytes of a secret: an RSA key with 8192 bits has 4700.
const CAPACITY: usize = 8192;

/// Whole pages: unlocking one secret must not unlock another that happens to share its page.
#[repr(align(4096))]
struct Pages([u8; CAPACITY]);

/// Bytes that never move, are wiped when dropped, and are locked in memory, best effort.
pub(super) struct LockedBytes {
    // Before `pages`: fields are dropped in this order, and what is freed cannot be unlocked.
    _guard: Option<region::LockGuard>,
    pages: Box<Pages>,
    length: usize,
}

impl LockedBytes {
    /// Copies `secret`; `None` if it is longer than any key.
    pub(super) fn new(secret: &[u8]) -> Option<Self> {
        let mut locked = Self::with_room(secret.len());
        locked.append(secret).then_some(locked)
    }

    /// Nothing yet, with the first `room` bytes locked.
    pub(super) fn with_room(room: usize) -> Self {
        let pages = Box::new(Pages([0; CAPACITY]));
        // Locked before a secret is there; a small RLIMIT_MEMLOCK is no reason to refuse to sign.
        let guard = region::lock(pages.0.as_ptr(), room.clamp(1, CAPACITY)).ok();
        Self { _guard: guard, pages, length: 0 }
    }

    /// Appends `bytes`, unless they do not fit.
    pub(super) fn append(&mut self, bytes: &[u8]) -> bool {
        let end = self.length + bytes.len();
        let Some(place) = self.pages.0.get_mut(self.length..end) else { return false };
        place.copy_from_slice(bytes);
        self.length = end;
        true
    }

    /// Wipes all but the first `length` bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        if let Some(rest) = self.pages.0.get_mut(length..self.length) {
            rest.zeroize();
            self.length = length;
        }
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
