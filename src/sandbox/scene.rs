//! The scene.

use super::SandboxError;
use super::held::HeldKeys;
use super::layout::Layout;
use super::store::Store;

/// The passphrase of every key in the scene.
pub const PASSPHRASE: &str = "sandbox-only";

/// The tour.
pub const TOUR: &[&str] = &[];

/// Fills it.
pub(super) fn fill(_: &Layout, _: &Store, _: &HeldKeys, _: jiff::Timestamp) -> Result<(), SandboxError> {
    Ok(())
}
