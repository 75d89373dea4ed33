//! Four words for a key ID, to compare two IDs by ear.
//!
//! Each word stands for 10 bits of the ID, from its first digit on: 40 bits in all. That finds slips and mix-ups.
//! Somebody with much computing time can make another key with the same four words, so that whoever fears an
//! attacker compares all 64 digits.

use std::sync::LazyLock;

use crate::tuf::CanonicalKeyId;

/// 1024 words in alphabetical order, one in a line. Never changed: people write the words down.
const LIST: &str = include_str!("../../assets/words.txt");

/// By number: thousands of keys are listed at a time.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| LIST.lines().collect());

const BITS: u32 = 10;

/// The words of a key, such as `orbit-plaza-tulip-cedar`.
#[must_use]
pub fn words(id: &CanonicalKeyId) -> String {
    let start = id.as_str().get(..10).unwrap_or_default();
    // Ten hexadecimal digits always parse.
    let bits = u64::from_str_radix(start, 16).unwrap_or_default();
    let index = |place: u32| (bits >> (BITS * place)) & ((1 << BITS) - 1);
    let word = |place: u32| WORDS.get(usize::try_from(index(place)).unwrap_or_default()).copied().unwrap_or_default();
    [3, 2, 1, 0].map(word).join("-")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_has_1024_words_of_its_own() {
        let words: Vec<&str> = LIST.lines().collect();
        assert_eq!(words.len(), 1 << BITS);
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
        assert!(words.is_sorted());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase())));
    }

    /// People have written the words down: the list must stay as it is.
    #[test]
    fn words_never_change() {
        let of = |start: &str| words(&CanonicalKeyId::parse(&format!("{start:0<64}")).unwrap());
        assert_eq!(of("0"), "abbey-abbey-abbey-abbey");
        assert_eq!(of("ffffffffff"), "zucchini-zucchini-zucchini-zucchini");
        assert_eq!(of("9e1dd6e6c1"), "peach-leopard-kernel-raccoon");
    }
}
