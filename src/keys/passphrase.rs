//! A passphrase in memory.

use zeroize::Zeroizing;

/// A passphrase: wiped when dropped, never printed, never growing by reallocation.
pub struct Passphrase {
    text: Zeroizing<String>,
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
        Self { text: Zeroizing::new(String::with_capacity(Self::CAPACITY)), ends: Ends::Trimmed }
    }

    /// Copies `text`, cut to [`Self::CAPACITY`] bytes.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut passphrase = Self::new();
        text.chars().for_each(|c| passphrase.push(c));
        passphrase
    }

    /// Copies `text` with blanks at its ends, which Notary's client keeps in variables.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        Self { ends: Ends::Literal, ..Self::from_text(text) }
    }

    /// Appends a character, unless it would no longer fit.
    pub fn push(&mut self, c: char) {
        if self.text.len() + c.len_utf8() <= Self::CAPACITY {
            self.text.push(c);
        }
    }

    /// Removes the last character.
    pub fn pop(&mut self) {
        self.text.pop();
    }

    /// Number of characters.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.text.chars().count()
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The bytes that open a key.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self.ends {
            Ends::Trimmed => self.text.trim().as_bytes(),
            Ends::Literal => self.text.as_bytes(),
        }
    }
}

impl Clone for Passphrase {
    fn clone(&self) -> Self {
        // With the whole capacity, as in every other one: a copy must not grow by reallocation either.
        let mut copy = Self { ends: self.ends, ..Self::new() };
        copy.text.push_str(&self.text);
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
        *self.text == *other.text
    }
}

impl Eq for Passphrase {}
