//! The filter of a list: words joined by "and", `!` for "not", `~` for letters in their order, smart case.

/// What was typed after `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    negated: bool,
    /// Its letters in their order are enough.
    loose: bool,
    exact_case: bool,
}

impl Filter {
    /// Reads the words.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let words = text.split_whitespace().filter_map(|word| {
            let (negated, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
            let (loose, word) = word.strip_prefix('~').map_or((false, word), |rest| (true, rest));
            let exact_case = word.chars().any(char::is_uppercase);
            (!word.is_empty()).then(|| Word { text: word.to_owned(), negated, loose, exact_case })
        });
        Self { words: words.collect(), text: text.to_owned() }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether everything passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a row with this text is shown.
    #[must_use]
    pub fn passes(&self, row: &str) -> bool {
        self.words.is_empty() || self.finds(&Searched::new(row.to_owned()))
    }

    /// Whether a row of a long list is shown.
    #[must_use]
    pub fn finds(&self, row: &Searched) -> bool {
        self.words.iter().all(|w| {
            let text = if w.exact_case { &row.text } else { row.lower.as_ref().unwrap_or(&row.text) };
            let found = if w.loose { holds_letters(text, &w.text) } else { text.contains(&w.text) };
            found != w.negated
        })
    }
}

/// Whether the letters stand in the text in this order, whatever is between them.
fn holds_letters(text: &str, letters: &str) -> bool {
    let mut rest = text.chars();
    letters.chars().all(|letter| rest.any(|c| c == letter))
}

/// The text that a row is found by. Lists of thousands make it once, not for every letter that is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    text: String,
    /// Where it differs.
    lower: Option<String>,
}

impl Searched {
    /// Folds it.
    #[must_use]
    pub fn new(text: String) -> Self {
        let lower = text.to_lowercase();
        Self { lower: (lower != text).then_some(lower), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_by_and_and_a_leading_mark_negates() {
        let filter = Filter::new("admin !web");
        assert!(filter.passes("warn admin/demo"));
        assert!(!filter.passes("ok admin/web"));
        assert!(!filter.passes("ok team/demo"));
    }

    #[test]
    fn a_wave_finds_letters_in_their_order() {
        assert!(Filter::new("~adm/dm").passes("warn admin/demo"));
        assert!(!Filter::new("~dma").passes("admin"));
        assert!(!Filter::new("!~amn").passes("admin"));
    }

    #[test]
    fn capitals_make_a_word_exact() {
        assert!(Filter::new("demo").passes("Demo"));
        assert!(!Filter::new("Demo").passes("demo"));
        assert!(Filter::new("!").passes("anything"));
    }
}
