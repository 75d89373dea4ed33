//! Standard output and standard error: the only place of the commands that prints.
//!
//! Invariant: what holds text from outside is made printable where its line is put together; results go to standard
//! output, everything else to standard error, with `--json` as one line of JSON each; a result that could not be written
//! is a failure.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::{BufWriter, IsTerminal, Write};

use serde::Serialize;

use super::json;
use crate::engine::{Kind, Problem};
use crate::printable::printable;
use crate::tuf::Gun;

/// Repositories that are named where many failed for one cause.
const OTHERS: usize = 10;

/// How this run talks to its user.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Whether `--json` was given.
    pub json: bool,
    /// Whether somebody is there to answer questions.
    pub interactive: bool,
}

impl Console {
    /// Looks at the standard streams.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json, interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal() }
    }

    /// Writes a result.
    ///
    /// # Errors
    /// `Disk` if it was not taken: a full disk, a closed pipe.
    pub fn result(self, text: &str) -> Result<(), Problem> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| lost(&e))
    }

    /// Writes a result as JSON, indented as Docker does.
    ///
    /// # Errors
    /// As [`Console::result`].
    pub fn result_json(self, value: &impl Serialize) -> Result<(), Problem> {
        // Piece by piece: a list of many tags is megabytes.
        let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
        let written = json::write(value, &mut out).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
        written.map_err(|e| lost(&e))
    }

    /// Writes lines to standard error. Text from outside in them is printable already.
    pub fn note(self, text: &str) {
        match self.json {
            true => self.event(&serde_json::json!({ "remark": text.trim_end() })),
            false => write_line(text.trim_end()),
        }
    }

    /// Writes an empty line to standard error.
    pub fn blank(self) {
        // Nobody is left to tell.
        let _ = writeln!(std::io::stderr().lock());
    }

    /// Writes a sentence, which may hold text from outside, to standard error.
    pub fn say(self, text: &str) {
        // JSON has its own way to write what a terminal would obey.
        if self.json { self.note(text) } else { self.note(&printable(text)) }
    }

    /// Writes one line of JSON to standard error.
    pub fn event(self, value: &impl Serialize) {
        write_line(&json::line(value));
    }

    /// Writes an error: one line of JSON, or the sentence and what to do next.
    pub fn problem(self, problem: &Problem) {
        self.problem_with(problem, Some(&problem.hint));
    }

    fn problem_with(self, problem: &Problem, hint: Option<&str>) {
        if self.json {
            return self.event(problem);
        }
        let about = problem.repository.as_ref().map(|gun| format!("{gun}: ")).filter(|_| {
            let named = problem.repository.as_ref().is_some_and(|gun| problem.message.contains(gun.as_str()));
            !named
        });
        let mut text = format!("trustdeck: {}{}", about.unwrap_or_default(), printable(&problem.message));
        if let Some(hint) = hint.filter(|hint| !hint.is_empty()) {
            text.push_str(&format!("\n  {}", printable(hint)));
        }
        self.note(&text);
    }

    /// Writes errors; what failed for one and the same cause in several repositories is told once, with their names. In
    /// JSON each repository has its line. A hint of several in a row stands behind the last.
    pub fn problems(self, problems: &[Problem]) {
        if self.json {
            return problems.iter().for_each(|problem| self.problem(problem));
        }
        let mut by_cause = HashMap::new();
        for problem in problems {
            let named: &mut Vec<&str> = by_cause.entry(problem.cause()).or_default();
            named.extend(problem.repository.as_ref().map(Gun::as_str));
        }
        let mut told = HashSet::new();
        let first: Vec<&Problem> = problems.iter().filter(|problem| told.insert(problem.cause())).collect();
        for (problem, hint) in hinted(&first) {
            let Some(named) = by_cause.remove(&problem.cause()) else { continue };
            self.problem_with(problem, hint);
            let others: Vec<&str> = named.into_iter().skip(1).collect();
            if !others.is_empty() {
                let (shown, more) = others.split_at(others.len().min(OTHERS));
                let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
                self.say(&format!("  the same for {}{more}", shown.join(", ")));
            }
        }
    }

    /// Asks a question that `y` or `yes` answers.
    #[must_use]
    pub fn confirms(self, question: &str) -> bool {
        self.asks(&format!("{question} [y/N] ")) && matches!(read_answer().to_lowercase().as_str(), "y" | "yes")
    }

    /// Asks to type `expected`, for what cannot be taken back.
    #[must_use]
    pub fn typed(self, question: &str, expected: &str) -> bool {
        self.asks(&format!("{question}: ")) && read_answer() == expected
    }

    /// Puts a question before the user; with `--json` past standard error, which a program reads.
    fn asks(self, question: &str) -> bool {
        let put = |out: &mut dyn Write| out.write_all(question.as_bytes()).and_then(|()| out.flush()).is_ok();
        match self.json {
            true => OpenOptions::new().write(true).open("/dev/tty").is_ok_and(|mut terminal| put(&mut terminal)),
            false => put(&mut std::io::stderr().lock()),
        }
    }
}

/// Each with its hint; one that helps several in a row is told once, behind the last of them.
fn hinted<'a>(problems: &[&'a Problem]) -> Vec<(&'a Problem, Option<&'a str>)> {
    let hint = |(at, problem): (usize, &&'a Problem)| {
        let helps = |next: &&Problem| next.hint == problem.hint && next.repository == problem.repository;
        let hint = problems.get(at + 1).copied().filter(helps).is_none().then_some(problem.hint.as_str());
        (*problem, hint)
    };
    problems.iter().enumerate().map(hint).collect()
}

fn write_line(text: &str) {
    let mut err = std::io::stderr().lock();
    // Nobody is left to tell.
    let _ = writeln!(err, "{text}");
}

fn read_answer() -> String {
    let mut answer = String::new();
    // An unreadable answer is none.
    let _ = std::io::stdin().read_line(&mut answer);
    answer.trim().to_owned()
}

fn lost(error: &std::io::Error) -> Problem {
    Problem {
        kind: Kind::Disk,
        message: format!("the result could not be written to standard output: {error}"),
        hint: "free space, or read the output to its end, then run the command again".to_owned(),
        repository: None,
        role: None,
        tags: None,
        admission: None,
    }
}

/// An error about what was typed.
#[must_use]
pub(super) fn input(message: impl Into<String>, hint: impl Into<String>) -> Problem {
    Problem {
        kind: Kind::Input,
        message: message.into(),
        hint: hint.into(),
        repository: None,
        role: None,
        tags: None,
        admission: None,
    }
}

/// A task of this program ended in a way that it never should.
#[must_use]
pub(super) fn broken(what: &str) -> Problem {
    let message = format!("trustdeck has a fault: {what}");
    Problem { kind: Kind::Server, ..input(message, "please report this; nothing was changed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_of_several_in_a_row_stands_behind_the_last() {
        let problems = [("a", "ask"), ("b", "ask"), ("c", "renew"), ("d", "ask")].map(|(what, hint)| input(what, hint));
        let hints: Vec<Option<&str>> =
            hinted(&problems.iter().collect::<Vec<_>>()).into_iter().map(|(_, hint)| hint).collect();
        assert_eq!(hints, [None, Some("ask"), Some("renew"), Some("ask")]);
    }
}
