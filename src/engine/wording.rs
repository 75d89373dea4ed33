//! Words in sentences, and natural order of names: `1.2` before `1.10`, as `docker trust inspect` prints tags.

use std::cmp::Ordering;

use jiff::SignedDuration;

/// Compares two names: runs of digits by their value (fewer leading zeros first), all else by bytes, digits before
/// other characters.
#[must_use]
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some((&x, rest_a)), Some((&y, rest_b))) = (a.split_first(), b.split_first()) else {
            return a.len().cmp(&b.len());
        };
        let order = match (x.is_ascii_digit(), y.is_ascii_digit()) {
            (true, true) => {
                let (number_a, number_b) = (Number::take(&mut a), Number::take(&mut b));
                number_a.cmp(&number_b)
            }
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                (a, b) = (rest_a, rest_b);
                x.cmp(&y)
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A run of digits; the order of the fields is the order of comparing.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a> {
    length: usize,
    digits: &'a [u8],
    zeros: usize,
}

impl<'a> Number<'a> {
    fn take(text: &mut &'a [u8]) -> Self {
        let all = text.iter().take_while(|b| b.is_ascii_digit()).count();
        let (run, rest) = text.split_at(all);
        let zeros = run.iter().take_while(|b| **b == b'0').count();
        let (_, digits) = run.split_at(zeros);
        *text = rest;
        Self { length: digits.len(), digits, zeros }
    }
}

/// A length of time in one unit, such as `142 d`.
pub(in crate::engine) fn span(length: SignedDuration) -> String {
    let hours = length.as_hours();
    match hours {
        17_520.. => format!("{}.{} y", hours / 8_760, hours % 8_760 * 10 / 8_760),
        48.. => format!("{} d", hours / 24),
        2.. => format!("{hours} h"),
        _ => format!("{} min", length.as_mins()),
    }
}

/// How far a clock may be off before it is named.
pub(in crate::engine) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// How far this machine's clock is from the server's, in words; `None` if they agree or nothing is known.
pub(in crate::engine) fn clock_words(skew: Option<SignedDuration>) -> Option<String> {
    let skew = skew.filter(|skew| skew.abs() > CLOCK_TOLERANCE)?;
    let side = if skew.is_negative() { "ahead of" } else { "behind" };
    Some(format!("this machine's clock is {} {side} the server's", span(skew.abs())))
}

/// Names in a sentence, the rest as a number.
pub fn some(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [a, b, c] => format!("{a}, {b} and {c}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} others", rest.len()),
    }
}

/// `1 tag`, `2 tags`.
#[must_use]
pub fn count(number: usize, thing: &str) -> String {
    counted(number, thing, &format!("{thing}s"))
}

/// The same for words that take more than an s: `1 repository`, `2 repositories`.
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `text` as one word of a POSIX shell, quoted only if it must be.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._:@-".contains(&b));
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// `text` in the quotes of a POSIX shell.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{natural, quoted, shell_word};

    #[test]
    fn words_of_a_shell_are_quoted_only_if_they_must_be() {
        assert_eq!(shell_word("/tmp/docs.and_more-1"), "/tmp/docs.and_more-1");
        assert_eq!(shell_word("localhost:5000/team/app:1.0"), "localhost:5000/team/app:1.0");
        assert_eq!(shell_word("/tmp/two words"), "'/tmp/two words'");
        assert_eq!(quoted("/tmp/it's $HOME"), r"'/tmp/it'\''s $HOME'");
    }

    #[test]
    fn tags_are_in_the_order_that_people_expect() {
        let mut tags = ["v10", "1.10", "v2", "latest", "1.2", "1.02", "1.0", "", "v2-rc1", "1.2.1"];
        tags.sort_by(|a, b| natural(a, b));
        assert_eq!(tags, ["", "1.0", "1.2", "1.2.1", "1.02", "1.10", "latest", "v2", "v2-rc1", "v10"]);
    }
}
