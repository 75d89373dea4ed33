//! What is said against what was filled in or typed.

use std::fmt;

use crate::engine::Problem;
use crate::tui::kit::canvas::{cut, wrap};

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub what: String,
    /// Empty where the first says it already.
    pub remedy: String,
}

impl From<String> for Complaint {
    fn from(what: String) -> Self {
        Self { what, remedy: String::new() }
    }
}

impl From<&Problem> for Complaint {
    fn from(problem: &Problem) -> Self {
        Self { what: problem.message.clone(), remedy: problem.hint.clone() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

impl Complaint {
    /// Its lines of so many cells, with `mark` where what is wrong makes room for what to do.
    pub(super) fn lines(&self, cells: usize, room: usize, mark: &str) -> Vec<String> {
        let remedy = if self.remedy.is_empty() { vec![] } else { wrap(&self.remedy, cells) };
        let mut lines = wrap(&self.what, cells);
        let left = room.saturating_sub(remedy.len()).max(1);
        if let Some(next) = lines.get(left).cloned() {
            lines.truncate(left);
            lines.last_mut().into_iter().for_each(|last| *last = cut(&format!("{last} {next}"), cells, mark));
        }
        lines.extend(remedy);
        lines
    }

    /// How many they are where there is room for all.
    pub(super) fn rows(&self, cells: usize) -> usize {
        self.lines(cells, usize::MAX, "").len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_whole_before_what_is_wrong() {
        let (what, remedy) = ("one two three four five".to_owned(), "do this at once".to_owned());
        let complaint = Complaint { what, remedy };
        assert_eq!(complaint.lines(9, 9, "…"), ["one two", "three", "four five", "do this", "at once"]);
        assert_eq!(complaint.rows(9), 5);
        assert_eq!(complaint.lines(9, 4, "…"), ["one two", "three fo…", "do this", "at once"]);
        assert_eq!(complaint.lines(9, 2, "…"), ["one two …", "do this", "at once"]);
        assert_eq!(Complaint::from("wrong".to_owned()).to_string(), "wrong");
    }
}
