//! What opens a token.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
#[cfg(feature = "pkcs11")]
use std::sync::atomic::Ordering;

use crate::keys::passphrase::Passphrase;

/// A PIN, once refused never tried again.
#[derive(Clone)]
pub struct Pin(Arc<(Passphrase, AtomicBool)>);

impl Pin {
    /// One that nobody has tried yet.
    #[must_use]
    pub fn new(pin: Passphrase) -> Self {
        Self(Arc::new((pin, AtomicBool::new(false))))
    }

    /// What was typed.
    #[must_use]
    pub fn typed(&self) -> &Passphrase {
        &self.0.0
    }
}

#[cfg(feature = "pkcs11")]
impl Pin {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.0.0.bytes()).unwrap_or_default()
    }

    /// Whether it is the same text.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.text() == other.text()
    }

    pub(super) fn was_refused(&self) -> bool {
        self.0.1.load(Ordering::SeqCst)
    }

    pub(super) fn refuse(&self) {
        self.0.1.store(true, Ordering::SeqCst);
    }
}

/// What opens a token for writing.
#[derive(Clone)]
pub struct Pins {
    /// The user's PIN.
    pub user: Pin,
    /// A YubiKey's management key; the factory's if none is given.
    pub management: Option<Pin>,
}
