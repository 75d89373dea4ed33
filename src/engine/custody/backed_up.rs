//! What may be removed without a tested backup, and what not.

/// What the user knows when a key is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removing {
    /// Refuse without a tested backup.
    BackedUp,
    /// Remove it in any case.
    Forced,
}
