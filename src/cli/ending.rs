//! How a command ended, and the exit code that says so. Source: docs/reliability.md section 6.

use std::process::ExitCode;

use crate::engine::{Kind, Problem};

/// What `drift` ends with where it found any.
const DRIFT: u8 = 10;

/// What failed, of how many repositories.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Failures, already printed or about to be.
    pub problems: Vec<Problem>,
    /// How many repositories did not fail.
    pub succeeded: usize,
    /// Whether old data was shown because the server could not be asked.
    pub stale: bool,
    /// Whether a registry holds something else than what is signed.
    pub drifted: bool,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

impl Ending {
    /// Everything worked.
    #[must_use]
    pub fn done() -> Self {
        Self::default()
    }

    /// One failure, nothing else.
    #[must_use]
    pub fn failed(problem: Problem) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }

    /// The exit code: of the class if all failures share it, else the one for "some repositories failed".
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        if self.interrupted {
            return 130;
        }
        let codes: Vec<u8> = self.problems.iter().map(|p| p.kind.exit_code()).collect();
        match codes.split_first() {
            None if self.drifted => DRIFT,
            None if self.stale => Kind::Stale.exit_code(),
            None => 0,
            // What the cache does not hold the server may have.
            Some(_) if self.stale && self.problems.iter().all(|p| p.kind == Kind::Absent) => 9,
            Some((first, rest)) if self.succeeded == 0 && rest.iter().all(|c| c == first) => *first,
            Some(_) => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ending;
    use crate::cli::console::input;
    use crate::engine::Kind;

    #[test]
    fn exit_codes_tell_one_class_from_some_failed() {
        let mut policy = input("", "");
        policy.kind = Kind::Policy;
        let with = |problems: Vec<_>, succeeded| Ending { problems, succeeded, ..Ending::default() }.code();
        assert_eq!(with(vec![], 3), 0);
        assert_eq!(with(vec![policy.clone()], 0), 7);
        assert_eq!(with(vec![policy.clone(), policy.clone()], 0), 7);
        assert_eq!(with(vec![policy.clone()], 1), 9);
        assert_eq!(with(vec![policy, input("", "")], 0), 9);
        assert_eq!(Ending { stale: true, ..Ending::default() }.code(), 5);
        let absent = crate::engine::Problem { kind: Kind::Absent, ..input("", "") };
        assert_eq!(Ending { problems: vec![absent.clone()], ..Ending::default() }.code(), 1);
        assert_eq!(Ending { problems: vec![absent], stale: true, ..Ending::default() }.code(), 9);
        assert_eq!(Ending { drifted: true, stale: true, ..Ending::default() }.code(), 10);
        assert_eq!(Ending { interrupted: true, ..Ending::default() }.code(), 130);
    }
}
