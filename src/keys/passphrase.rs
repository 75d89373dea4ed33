//! A passphrase in memory.

use super::locked::LockedBytes;

/// A passphrase: wiped when dropped, never printed, never growing by reallocation.
pub struct Passphrase {
    /// UTF-8, unless it is taken literally.
    text: LockedBytes,
    ends: Ends,
}

/// What blanks at both ends mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nothing, as where Notary's client reads what is typed.
    Trimmed,
    /// Themselves, as where it reads a variable.
    Literal,
}

impl Passphrase {
    /// Longest passphrase taken, in bytes.
    pub const CAPACITY: usize = 1024;

    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { text: LockedBytes::with_room(Self::CAPACITY), ends: Ends::Trimmed }
    }

    /// Copies `text`, cut to [`Self::CAPACITY`] bytes.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut passphrase = Self::new();
        text.chars().for_each(|c| passphrase.push(c));
        passphrase
    }

    /// Copies a variable's value as Notary's client does: blanks at its ends count, and it need not be text. Cut to
    /// [`Self::CAPACITY`] bytes.
    #[must_use]
    pub fn verbatim(value: &[u8]) -> Self {
        let mut passphrase = Self { ends: Ends::Literal, ..Self::new() };
        passphrase.text.append(value.get(..Self::CAPACITY).unwrap_or(value));
        passphrase
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.text.as_slice()).unwrap_or_default()
    }

    /// Appends a character, unless it would no longer fit.
    pub fn push(&mut self, c: char) {
        if self.text.as_slice().len() + c.len_utf8() <= Self::CAPACITY {
            self.text.append(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// Removes the last character.
    pub fn pop(&mut self) {
        if let Some((at, _)) = self.as_str().char_indices().next_back() {
            self.text.truncate(at);
        }
    }

    /// Number of characters.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.as_str().chars().count()
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.as_slice().is_empty()
    }

    /// The bytes that open a key.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self.ends {
            Ends::Trimmed => self.as_str().trim().as_bytes(),
            Ends::Literal => self.text.as_slice(),
        }
    }
}

impl Clone for Passphrase {
    fn clone(&self) -> Self {
        let mut copy = Self { ends: self.ends, ..Self::new() };
        copy.text.append(self.text.as_slice());
        copy
    }
}

impl Default for Passphrase {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(hidden)")
    }
}

impl PartialEq for Passphrase {
    fn eq(&self, other: &Self) -> bool {
        self.text.as_slice() == other.text.as_slice()
    }
}

impl Eq for Passphrase {}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_never_printed() {
        assert_eq!(format!("{:?}", Passphrase::from_text("secret")), "Passphrase(hidden)");
    }

    #[test]
    fn blanks_at_the_ends_count_only_in_variables() {
        assert_eq!(Passphrase::from_text(" a b\r\n").bytes(), b"a b");
        assert_eq!(Passphrase::verbatim(b" a b\n").bytes(), b" a b\n");
    }

    proptest! {
        #[test]
        fn it_behaves_as_a_bounded_string(keys in prop::collection::vec(prop::option::weighted(0.8, any::<char>()), 0..600)) {
            let (mut passphrase, mut model) = (Passphrase::new(), String::new());
            for key in keys {
                match key {
                    Some(c) if model.len() + c.len_utf8() <= Passphrase::CAPACITY => {
                        passphrase.push(c);
                        model.push(c);
                    }
                    Some(c) => passphrase.push(c),
                    None => {
                        passphrase.pop();
                        model.pop();
                    }
                }
            }
            prop_assert_eq!(passphrase.as_str(), &model);
            prop_assert_eq!(passphrase.chars(), model.chars().count());
            prop_assert_eq!(passphrase.bytes(), model.trim().as_bytes());
            prop_assert!(passphrase.clone() == passphrase);
        }
    }
}
