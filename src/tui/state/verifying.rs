//! Images that are being verified.

use crate::engine::tags::verify::CheckedPart;
use crate::tuf::Gun;
use crate::tui::messages::failure::Failure;

/// Images that are being verified, and what was found so far.
#[derive(Debug)]
pub struct Verifying {
    pub gun: Gun,
    pub images: Vec<Image>,
    /// Bytes of blobs that were read.
    pub read: u64,
    pub ended: bool,
}

/// One of them.
#[derive(Debug)]
pub struct Image {
    pub tag: String,
    pub parts: Vec<CheckedPart>,
    /// Whether it was checked to the end, or why it could not be.
    pub ended: Option<Result<(), Failure>>,
    /// What the registry holds under the tag instead.
    pub drifted_to: Option<String>,
}

impl Image {
    /// An image that nothing was found of yet.
    #[must_use]
    pub fn new(tag: String) -> Self {
        Self { tag, parts: Vec::new(), ended: None, drifted_to: None }
    }

    /// The first part that is wrong or could not be looked at.
    #[must_use]
    pub fn wrong(&self) -> Option<&CheckedPart> {
        self.parts.iter().find(|checked| checked.fails())
    }

    /// Whether a part was read and is not what is signed.
    #[must_use]
    pub fn refuted(&self) -> bool {
        self.parts.iter().any(CheckedPart::is_refuted)
    }

    /// Whether it is what was signed, down to what was asked for.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self.ended, Some(Ok(()))) && self.wrong().is_none()
    }
}
