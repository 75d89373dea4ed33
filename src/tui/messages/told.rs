//! What was done, for the message line.

/// What was done: a verb in the past, and what it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub verb: &'static str,
    pub object: String,
}

impl Told {
    /// That a repository was hidden: undo brings it back.
    pub const OFF_THE_LIST: &'static str = "off the list";

    /// Tells that `verb` was done to `object`.
    #[must_use]
    pub fn new(verb: &'static str, object: impl Into<String>) -> Self {
        Self { verb, object: object.into() }
    }
}
