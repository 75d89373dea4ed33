//! Where a key on a token is.

use std::fmt;

/// What names a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenName {
    /// Its label, which its owner chose.
    pub label: String,
    /// Its serial number, which its maker chose.
    pub serial: String,
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.label.is_empty() { &self.serial } else { &self.label })
    }
}

/// Where a key is on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlace {
    /// The token.
    pub token: TokenName,
    /// CKA_ID of the key.
    pub slot: Vec<u8>,
    /// What people call that slot.
    pub slot_name: String,
}
