//! Which of several names was meant.

/// How alike two words must be that one may stand for the other: 0 is not at all, 1 is the same.
const ALIKE: f64 = 0.7;
/// So many letters of a word for each one that may be wrong.
const LETTERS: usize = 3;

/// The name that is most like a word, if one is.
pub(in crate::cli) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = names.into_iter().map(|name| (strsim::jaro_winkler(word, name), name));
    let slips = |name: &str| strsim::osa_distance(word, name) <= (word.chars().count() / LETTERS).max(1);
    let alike = alike.filter(|(alike, name)| *alike >= ALIKE && slips(name));
    alike.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}
