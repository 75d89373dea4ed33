//! PINs that a token has refused, which are never tried there again.

use std::collections::BTreeSet;
use std::sync::Mutex;

/// Serial numbers of tokens that have refused the PIN of the sources.
#[derive(Default)]
pub(in crate::engine) struct RefusedPins(Mutex<BTreeSet<String>>);

impl RefusedPins {
    pub(super) fn holds(&self, serial: &str) -> bool {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains(serial)
    }

    pub(super) fn add(&self, serial: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(serial.to_owned());
    }
}
