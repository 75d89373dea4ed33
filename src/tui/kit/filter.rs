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
        self.words.is_empty() || self.finds(row, &row.to_lowercase())
    }

    /// Those rows of a long list that are shown.
    pub fn among<'a>(&'a self, rows: &'a SearchTexts) -> impl Iterator<Item = usize> + 'a {
        let texts = rows.exact.iter().zip(rows.folded.as_ref().unwrap_or(&rows.exact).iter());
        texts.enumerate().filter(|(_, (text, folded))| self.finds(text, folded)).map(|(place, _)| place)
    }

    fn finds(&self, text: &str, folded: &str) -> bool {
        self.words.iter().all(|w| {
            let text = if w.exact_case { text } else { folded };
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

/// The texts that rows are found by. Lists of a hundred thousand make them once, not for every letter that is typed.
#[derive(Debug)]
pub struct SearchTexts {
    exact: Texts,
    /// Without capitals, where there may be any.
    folded: Option<Texts>,
}

/// Texts one behind the other.
#[derive(Debug)]
struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl SearchTexts {
    /// Has each row written once.
    pub fn new<T>(rows: &[T], write: impl Fn(&T, &mut String)) -> Self {
        let exact = Texts::new(rows, write);
        let is_folded = exact.all.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        let folded = (!is_folded).then(|| {
            let rows: Vec<&str> = exact.iter().collect();
            Texts::new(&rows, |row, folded| folded.push_str(&row.to_lowercase()))
        });
        Self { exact, folded }
    }
}

impl Texts {
    fn new<T>(rows: &[T], write: impl Fn(&T, &mut String)) -> Self {
        let mut made = Self { all: String::new(), ends: Vec::with_capacity(rows.len()) };
        for row in rows {
            write(row, &mut made.all);
            made.ends.push(made.all.len());
        }
        made
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.all.get(start..*end).unwrap_or_default())
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
    fn rows_of_a_long_list_are_found_as_single_ones_are() {
        let rows = ["ok admin/web", "warn Admin/demo", "", "fail İstanbul", "ok ÄPFEL"];
        let texts = SearchTexts::new(&rows, |row, text| text.push_str(row));
        for typed in ["admin", "Admin", "!admin", "~wdm", "i̇stanbul", "äpfel", "ÄPFEL", "ok !web", "l", ""] {
            let filter = Filter::new(typed);
            let alone: Vec<usize> = (0..rows.len()).filter(|place| filter.passes(rows[*place])).collect();
            assert_eq!(filter.among(&texts).collect::<Vec<_>>(), alone, "{typed:?}");
        }
    }

    #[test]
    fn capitals_make_a_word_exact() {
        assert!(Filter::new("demo").passes("Demo"));
        assert!(!Filter::new("Demo").passes("demo"));
        assert!(Filter::new("!").passes("anything"));
    }
}
