//! A line for the user.

use jiff::Timestamp as Time;

/// A line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub tone: Tone,
    pub verb: String,
    pub object: String,
    /// Key and word that take it back.
    pub back: Option<(&'static str, &'static str)>,
    /// When it was shown; errors stay.
    pub since: Time,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Done,
    Note,
    Warn,
    Fail,
}
