//! PEM with headers, as Go reads and writes it.

use zeroize::Zeroizing;

/// One PEM block.
#[derive(Clone)]
pub struct Block {
    /// The label, such as `ENCRYPTED PRIVATE KEY`.
    pub label: String,
    /// Headers in file order.
    pub headers: Vec<(String, String)>,
    /// Decoded content.
    pub der: Zeroizing<Vec<u8>>,
}
