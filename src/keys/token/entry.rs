//! A key to be put on a token.

/// A key to be put on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Common name of its certificate.
    pub role: String,
    /// Repository of a targets or snapshot key.
    pub gun: Option<String>,
    /// Token, by label or serial number; `None` if there is only one.
    pub token: Option<String>,
    /// When it begins to be valid.
    pub now: jiff::Timestamp,
}
