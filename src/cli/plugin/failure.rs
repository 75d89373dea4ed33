//! How a command fails: Docker's sentence on standard error, and its exit code.

use std::path::Path;

use crate::engine::{EngineError, Problem};
use crate::printable::{printable, system_words};

/// What a command ends with that fails: Docker's sentence, which may hold text from outside, and its exit code.
pub(super) struct Failure {
    pub(super) text: String,
    pub(super) code: u8,
}

impl Failure {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// The same with words before it, as Docker wraps errors.
    pub(super) fn within(self, before: &str) -> Self {
        Self { text: format!("{before}: {}", self.text), ..self }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let hint = if problem.hint.is_empty() { String::new() } else { format!("\n  {}", problem.hint) };
        Self::new(format!("{}{hint}", problem.message))
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        error.problem().into()
    }
}

/// Text of several lines, each drawable.
pub(super) fn lines_printable(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Names of signers and keys, as Docker takes them.
pub(super) fn check_name(kind: &str, name: &str) -> Result<(), Failure> {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let starts = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if starts && name.bytes().all(is_inner) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{kind} name {name:?} must start with lowercase alphanumeric characters and can include \"-\" or \"_\" after the \
         first character"
    )))
}

/// A path as Docker's errors show it, and the operating system's word for what is wrong.
pub(super) fn io_words(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("{what} {}: {}", path.display(), system_words(error).to_lowercase())
}
