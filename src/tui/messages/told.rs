//! What was done, for the message line.

/// What was done: a verb in the past, and what it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub verb: &'static str,
    pub object: String,
}

impl Told {
    /// Tells that `verb` was done to `object`.
    #[must_use]
    pub fn new(verb: &'static str, object: impl Into<String>) -> Self {
        Self { verb, object: object.into() }
    }
}
