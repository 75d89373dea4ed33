//! A passphrase in memory.

use zeroize::Zeroizing;

/// A passphrase: wiped when dropped, never printed, never growing by reallocation.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Longest passphrase taken, in bytes.
    pub const CAPACITY: usize = 1024;

    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(Self::CAPACITY)))
    }

    /// Copies `text`, cut to [`Self::CAPACITY`] bytes.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut passphrase = Self::new();
        text.chars().for_each(|c| passphrase.push(c));
        passphrase
    }

    /// Appends a character, unless it would no longer fit.
    pub fn push(&mut self, c: char) {
        if self.0.len() + c.len_utf8() <= Self::CAPACITY {
            self.0.push(c);
        }
    }

    /// Removes the last character.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Number of characters.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, trimmed as Notary's client trims what is typed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.trim().as_bytes()
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
        *self.0 == *other.0
    }
}

impl Eq for Passphrase {}
