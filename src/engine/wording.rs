//! Natural order of names: `1.2` before `1.10`, as `docker trust inspect` prints tags.

use std::cmp::Ordering;

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

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn tags_are_in_the_order_that_people_expect() {
        let mut tags = ["v10", "1.10", "v2", "latest", "1.2", "1.02", "1.0", "", "v2-rc1", "1.2.1"];
        tags.sort_by(|a, b| natural(a, b));
        assert_eq!(tags, ["", "1.0", "1.2", "1.2.1", "1.02", "1.10", "latest", "v2", "v2-rc1", "v10"]);
    }
}
