//! Where the PEM blocks of a file are, and what a file without one is instead.
//!
//! Invariant: takes time in proportion to the file, copies nothing of it, and takes nothing for a label that could be a
//! part of a key.

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// Longest label; the longest in use has half of that.
const LABEL: usize = 64;

/// A PEM block where it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// The label: capital letters, digits and blanks, 64 at most.
    pub label: &'a str,
    /// What is between the marks.
    pub body: &'a [u8],
    /// Whether its end is there.
    pub closed: bool,
}

/// All blocks of a file, in order, wherever in a line they begin. One that has no end of its own ends where the next
/// mark is.
pub fn spans(file: &[u8]) -> impl Iterator<Item = Span<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = loop {
            let mark = next_mark(file, at)?;
            at = mark.to;
            if mark.begins {
                break mark;
            }
        };
        let end = next_mark(file, at);
        let closed = end.as_ref().is_some_and(|end| !end.begins && end.label == begin.label);
        let to = end.as_ref().map_or(file.len(), |end| end.from);
        let body = file.get(begin.to..to).unwrap_or_default();
        at = end.map_or(file.len(), |end| if end.begins { end.from } else { end.to });
        Some(Span { label: begin.label, body, closed })
    })
}

struct Mark<'a> {
    begins: bool,
    label: &'a str,
    from: usize,
    to: usize,
}

fn next_mark(file: &[u8], from: usize) -> Option<Mark<'_>> {
    let mut at = from;
    loop {
        at += file.get(at..)?.iter().position(|byte| *byte == b'-')?;
        if let Some(mark) = mark_at(file, at) {
            return Some(mark);
        }
        at += 1;
    }
}

fn mark_at(file: &[u8], from: usize) -> Option<Mark<'_>> {
    let rest = file.get(from..)?;
    let (begins, after) = match rest.strip_prefix(BEGIN) {
        Some(after) => (true, after),
        None => (false, rest.strip_prefix(END)?),
    };
    let allowed = |byte: &&u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ');
    let length = after.iter().take(LABEL + 1).take_while(allowed).count();
    let (label, after) = after.split_at_checked(length).filter(|(label, _)| (1..=LABEL).contains(&label.len()))?;
    let after = after.strip_prefix(DASHES)?;
    Some(Mark { begins, label: std::str::from_utf8(label).ok()?, from, to: file.len() - after.len() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn labels(file: &str) -> Vec<(&str, bool)> {
        spans(file.as_bytes()).map(|span| (span.label, span.closed)).collect()
    }

    #[test]
    fn blocks_begin_anywhere_and_end_at_their_own_mark() {
        assert_eq!(labels("key: \"-----BEGIN A-----x-----END A-----\""), [("A", true)]);
        assert_eq!(
            labels("-----BEGIN A-----\n-----BEGIN B-----\n-----END B-----\n-----END A-----"),
            [("A", false), ("B", true)]
        );
        assert_eq!(labels("-----BEGIN A-----\nx\n-----END B-----\n-----BEGIN C-----"), [("A", false), ("C", false)]);
    }

    #[test]
    fn what_could_be_a_part_of_a_key_is_no_label() {
        let long = "A".repeat(65);
        for label in ["MHcCAQEEIK+x", "a", "", &long, "A B/", "PRIVATE KEY----- MHc"] {
            let file = format!("-----BEGIN {label}-----\nx\n-----END {label}-----");
            assert!(spans(file.as_bytes()).all(|span| span.label == "PRIVATE KEY"), "{label}");
        }
    }

    /// Each byte is looked at for one block only: the bodies of all blocks are no more than the file.
    #[test]
    fn a_file_of_nothing_but_beginnings_is_walked_once() {
        let file = "-----BEGIN A PRIVATE KEY-----\n".repeat(50_000);
        let bodies: usize = spans(file.as_bytes()).map(|span| span.body.len()).sum();
        assert!(bodies < file.len());
    }
}
