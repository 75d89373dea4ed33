//! How hard a passphrase is to guess, in a few words.
//!
//! Notary's key files are cheap to guess: whoever has a file tries millions of passphrases in a second. What counts is
//! that nobody has used the passphrase before, and its length.

use std::ops::Deref;

use super::passphrase::Passphrase;

const COMMON: &str = include_str!("../../assets/common-passphrases.txt");

/// Fewest characters of a new passphrase, as Notary has it.
pub const SHORTEST: usize = 8;

/// What can be said about a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Fewer than [`SHORTEST`] characters: refused for new keys.
    TooShort,
    /// Everybody tries it first: a well-known one, a repetition or a row of the keyboard.
    Common,
    /// Long enough for Notary; somebody who gets the file can guess it.
    Weak,
    /// Guessing takes long.
    Fair,
    /// As good as a generated one.
    Strong,
}

impl Strength {
    /// Judges a passphrase by its length, its variety and a short list of common ones.
    #[must_use]
    pub fn of(passphrase: &Passphrase) -> Self {
        let text = std::str::from_utf8(passphrase.bytes()).unwrap_or_default();
        let (length, distinct) = (text.chars().count(), distinct(text));
        match length {
            _ if length < SHORTEST => Self::TooShort,
            _ if is_common(text) || distinct <= 4 || is_row(text) => Self::Common,
            _ if length < 12 => Self::Weak,
            _ if length < 20 || distinct < 8 => Self::Fair,
            _ => Self::Strong,
        }
    }

    /// The remark, for under the field or on standard error; `None` if there is nothing to say against it.
    #[must_use]
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Self::TooShort => Some("a new passphrase needs at least 8 characters"),
            Self::Common => Some("this passphrase is among the first that are tried; take several random words"),
            Self::Weak => Some("this passphrase is short: whoever gets the key file can guess it; take 12 or more"),
            Self::Fair | Self::Strong => None,
        }
    }
}

/// A passphrase that keys and backups can be kept under: it was found long enough when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPassphrase(Passphrase);

/// A new passphrase has fewer than [`SHORTEST`] characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the new passphrase is too short")]
pub struct TooShort;

impl NewPassphrase {
    /// Takes a passphrase that a person or a script chose; there is no other way to make one.
    ///
    /// # Errors
    /// [`TooShort`].
    pub fn new(chosen: Passphrase) -> Result<Self, TooShort> {
        if Strength::of(&chosen) == Strength::TooShort { Err(TooShort) } else { Ok(Self(chosen)) }
    }
}

impl Deref for NewPassphrase {
    type Target = Passphrase;

    fn deref(&self) -> &Passphrase {
        &self.0
    }
}

fn distinct(text: &str) -> usize {
    // Without a copy that would have to be wiped; passphrases are short.
    text.char_indices().filter(|(at, c)| !text.get(..*at).unwrap_or_default().contains(*c)).count()
}

/// Whether it is a common one, in any case, with digits and signs around it that people add to satisfy a rule.
fn is_common(text: &str) -> bool {
    let added = |c: char| c.is_ascii_digit() || c.is_ascii_punctuation() || c.is_whitespace();
    let core = text.trim_matches(added);
    let is =
        |common: &str| common.eq_ignore_ascii_case(text) || (!core.is_empty() && common.eq_ignore_ascii_case(core));
    COMMON.lines().any(is)
}

/// Whether each character follows the one before, as in `12345678` or `hgfedcba`.
fn is_row(text: &str) -> bool {
    let mut steps =
        text.chars().zip(text.chars().skip(1)).map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)));
    let Some(first) = steps.next() else { return true };
    // 9 is followed by 0 on the keyboard.
    first.abs() <= 1 && steps.all(|step| step == first || step.abs() == 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_are_judged_by_length_variety_and_fame() {
        let rows = [
            ("", Strength::TooShort),
            ("rootpas", Strength::TooShort),
            ("       x       ", Strength::TooShort),
            ("password", Strength::Common),
            ("Passphrase2024!", Strength::Common),
            ("Docker123", Strength::Common),
            ("aaaaaaaaaaaa", Strength::Common),
            ("abababababab", Strength::Common),
            ("12345678", Strength::Common),
            ("1234567890", Strength::Common),
            ("hgfedcba", Strength::Common),
            ("repopass1", Strength::Weak),
            ("k9#Lq2!x", Strength::Weak),
            ("blue-harbor-six", Strength::Fair),
            ("abcdefabcdefabcdefabcdef", Strength::Fair),
            ("orbit plaza tulip cedar", Strength::Strong),
        ];
        for (text, expected) in rows {
            let passphrase = Passphrase::from_text(text);
            assert_eq!(Strength::of(&passphrase), expected, "{text}");
            assert_eq!(NewPassphrase::new(passphrase).is_err(), expected == Strength::TooShort, "{text}");
        }
    }
}
