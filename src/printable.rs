//! The one function through which text from outside reaches a terminal.
//!
//! Names, error texts and custom data come from servers and other people. Drawn as they are, they could move the
//! cursor, turn the reading direction round, hide behind nothing, or pile marks over the lines above.
//!
//! Invariant: what comes out is idempotent, holds nothing that a terminal acts on, and is as wide as it looks.
//!
//! ```
//! use trustdeck::printable::{look_alikes, printable, printable_within};
//!
//! assert_eq!(printable("v1\u{1b}[2J\u{202e}"), "v1\\u{1b}[2J\\u{202e}");
//! assert_eq!(printable_within("a-long-name", 6), "a-lon…");
//! assert_eq!(look_alikes(["1.0", "1.O", "2.0"]).len(), 2);
//! ```

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Marks that may stand on one letter. Decomposed Vietnamese and Hebrew need two or three.
const MAX_MARKS: usize = 3;

/// Makes outside text drawable: control characters, bidirectional and invisible ones, private-use, unassigned and
/// separators become visible escapes (`\u{202e}`). Source: docs/reliability.md section 4.
#[must_use]
pub fn printable(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    pieces(text).map(|piece| piece.text).collect()
}

/// [`printable`], cut to `cells` with `…`.
#[must_use]
pub fn printable_within(text: &str, cells: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    // The last place where `…` still fits.
    let mut fits = 0;
    for piece in pieces(text) {
        used += piece.width;
        if used > cells {
            out.truncate(fits);
            if cells > 0 {
                out.push('…');
            }
            return out;
        }
        out.push_str(&piece.text);
        if used < cells {
            fits = out.len();
        }
    }
    out
}

/// What the system says of a failure, without the number that the standard library adds.
#[must_use]
pub fn system_words(error: &(impl std::fmt::Display + ?Sized)) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map_or(text.as_str(), |(words, _)| words).to_owned()
}

/// Whether text is nothing but visible ASCII and blanks. Names that are not deserve a mark.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Names that some other of `names` looks like. A name may be met more than once.
#[must_use]
pub fn look_alikes<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut met: HashMap<String, &str> = HashMap::new();
    let mut alike = BTreeSet::new();
    for name in names {
        // One name may be spelled as the escape of what another one holds.
        let drawn = (!is_plain(name) || name.contains('\\')).then(|| printable(name));
        for looks in drawn.into_iter().chain([skeleton(name)]) {
            match met.entry(looks) {
                Entry::Vacant(entry) => _ = entry.insert(name),
                Entry::Occupied(entry) if *entry.get() != name => alike.extend([*entry.get(), name]),
                Entry::Occupied(_) => {}
            }
        }
    }
    alike
}

/// What is left of a name for the eye: equal for names that look alike. Source: Unicode UTS 39, section 4.
#[must_use]
pub fn skeleton(text: &str) -> String {
    if is_plain(text) {
        // As nearly all names are: each character has its own, and nothing combines.
        return text.bytes().filter_map(|byte| plain_skeletons().get(usize::from(byte))).map(String::as_str).collect();
    }
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    unicode_security::skeleton(&visible).collect()
}

/// The skeletons of the ASCII characters.
fn plain_skeletons() -> &'static [String] {
    static TABLE: OnceLock<Vec<String>> = OnceLock::new();
    TABLE.get_or_init(|| {
        (0..=0x7f_u8).map(|b| unicode_security::skeleton(&char::from(b).to_string()).collect()).collect()
    })
}

/// Writes JSON with an indent of four blanks, as Docker does. Whatever [`printable`] would escape is written as
/// `\uXXXX`, so that output is safe to look at and parses to the same value; so are `<`, `>` and `&`, as Go does.
///
/// # Errors
/// Whatever `out` fails with.
pub fn write_json<T: Serialize + ?Sized>(value: &T, out: impl Write) -> io::Result<()> {
    let format = PrettyFormatter::with_indent(b"    ");
    value.serialize(&mut serde_json::Serializer::with_formatter(Escaping(out), format)).map_err(io::Error::from)
}

/// [`write_json`] as text.
#[must_use]
pub fn json_escaped<T: Serialize + ?Sized>(value: &T) -> String {
    let mut bytes = Vec::new();
    // Values with text for keys, written to memory: there is nothing to fail.
    let _ = write_json(value, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// [`json_escaped`] on one line.
#[must_use]
pub fn json_line<T: Serialize + ?Sized>(value: &T) -> String {
    let mut bytes = Vec::new();
    let _ = serde_json::to_writer(Escaping(&mut bytes), value);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Escapes in JSON text on its way. What is escaped stands only in strings, and controls in them are escaped already.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let is_safe = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n') && !matches!(byte, b'<' | b'>' | b'&');
        if text.iter().all(is_safe) {
            self.0.write_all(text)?;
        } else {
            // The serializer hands over whole characters.
            for c in String::from_utf8_lossy(text).chars() {
                self.put(c)?;
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Escaping<W> {
    fn put(&mut self, c: char) -> io::Result<()> {
        if c == '\n' || is_drawable(c) && !matches!(c, '<' | '>' | '&') {
            return self.0.write_all(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(self.0, "\\u{unit:04x}"))
    }
}

/// A letter with its marks, or an escape.
struct Piece {
    text: String,
    width: usize,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let first = chars.next()?;
        // A mark without a letter would stand on whatever is drawn before it.
        if !is_drawable(first) || first.width().unwrap_or(0) == 0 {
            let text = first.escape_unicode().to_string();
            return Some(Piece { width: text.len(), text });
        }
        let mut text = String::from(first);
        for _ in 0..MAX_MARKS {
            match chars.next_if(|c| is_drawable(*c) && c.width() == Some(0)) {
                Some(mark) => text.push(mark),
                None => break,
            }
        }
        // Never less than the sum: sequences only ever shrink.
        Some(Piece { width: first.width().unwrap_or(1).max(text.width()), text })
    })
}

/// Whether a character is visible and does nothing but stand there.
fn is_drawable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{7f}'..='\u{9f}' | '\0'..='\u{1f}' => false,
        _ => !is_invisible(c) && is_assigned_graphic(c),
    }
}

/// Whether the standard library would print it in a debug string: no control, format, private-use, unassigned or
/// separator character. Its table is as new as the compiler.
fn is_assigned_graphic(c: char) -> bool {
    // Alone, marks are escaped too; after a letter they are judged by their category.
    let mut pair = String::from("a");
    pair.push(c);
    pair.escape_debug().nth(1) == Some(c)
}

/// Characters that are drawn as nothing although their category says letter, mark or symbol, and those whose
/// category is format: what can hide in a name.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        let table = [
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("\x7f\u{9b}31m", "\\u{7f}\\u{9b}31m"),
            ("v1\u{202e}0.2", "v1\\u{202e}0.2"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{2028}\u{2029}\u{a0}\u{3000}", "\\u{2028}\\u{2029}\\u{a0}\\u{3000}"),
            ("\u{e000}\u{10ffff}\u{378}", "\\u{e000}\\u{10ffff}\\u{378}"),
            ("\u{3164}\u{2800}\u{34f}", "\\u{3164}\\u{2800}\\u{34f}"),
            ("x\u{e0041}\u{fe0f}", "x\\u{e0041}\\u{fe0f}"),
            ("\u{301}a", "\\u{301}a"),
        ];
        for (given, drawn) in table {
            assert_eq!(printable(given), drawn);
        }
    }

    #[test]
    fn letters_of_all_scripts_stay() {
        for text in ["plain-1.0_x", "é e\u{301} ß", "Привет", "你好", "नमस्ते", "🦀", "\\ \" '"]
        {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn marks_are_bounded() {
        let tower = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(printable(&tower), format!("a{}{}", "\u{301}".repeat(3), "\\u{301}".repeat(37)));
    }

    #[test]
    fn cutting_counts_cells() {
        let table = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("你好吗", 6, "你好吗"),
            ("你好吗", 5, "你好…"),
            ("你好吗", 4, "你…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("a\u{202e}b", 4, "a…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("", 0, ""),
        ];
        for (given, cells, drawn) in table {
            assert_eq!(printable_within(given, cells), drawn, "{given:?} in {cells}");
        }
    }

    #[test]
    fn names_that_look_alike_are_found() {
        let looks_alike = |a: &str, b: &str| look_alikes([a, b]).len() == 2;
        assert!(looks_alike("v1.0", "v1.O"));
        assert!(looks_alike("latest", "lаtest"), "a Cyrillic a");
        assert!(looks_alike("latest", "latest\u{200b}"));
        assert!(looks_alike("rc1", "rcl"));
        assert!(looks_alike("arm", "arrn"));
        assert!(!looks_alike("v1.0", "v1.0"));
        assert!(!looks_alike("v1.0", "v1.1"));
        let names = ["1.0", "1.O", "2.0", "2.0.1"];
        assert_eq!(look_alikes(names), BTreeSet::from(["1.0", "1.O"]));
        let (real, spelled) = ("v1\u{202e}2", "v1\\u{202e}2");
        assert!(looks_alike(real, spelled), "one is the escape of the other");
        assert_eq!(look_alikes([real, spelled, "v1\\2"]), BTreeSet::from([real, spelled]));
    }

    #[test]
    fn plain_names_have_the_skeleton_of_the_standard() {
        for a in ' '..='~' {
            for b in ' '..='~' {
                let name = format!("{a}{b}");
                assert_eq!(skeleton(&name), unicode_security::skeleton(&name).collect::<String>(), "{name}");
            }
        }
    }

    #[test]
    fn json_is_indented_as_docker_does() {
        let value = json!({"Name": "a\u{202e}", "Signers": [], "Keys": [{"ID": "\u{e0041}\n"}]});
        let text = "{\n    \"Keys\": [\n        {\n            \"ID\": \"\\udb40\\udc41\\n\"\n        }\n    ],\n    \
                    \"Name\": \"a\\u202e\",\n    \"Signers\": []\n}";
        assert_eq!(json_escaped(&value), text);
        assert_eq!(json_line(&json!(["\u{9b}<é&", 1])), r#"["\u009b\u003cé\u0026",1]"#);
    }

    fn text() -> impl Strategy<Value = String> {
        // Arbitrary characters rarely hit the small ranges that matter.
        let odd = prop::sample::select(vec![
            '\u{301}',
            '\u{200d}',
            '\u{202e}',
            '\u{fe0f}',
            '\u{1160}',
            '\u{11a8}',
            '你',
            '🦀',
            '👩',
            '\u{1f3fd}',
            '🇩',
            '\x1b',
        ]);
        let character = prop_oneof![any::<char>(), odd, prop::char::range(' ', '~')];
        prop::collection::vec(character, 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_undrawable_comes_out(text in text()) {
            let drawn = printable(&text);
            prop_assert!(drawn.chars().all(is_drawable));
            prop_assert_eq!(printable(&drawn), drawn);
        }

        #[test]
        fn a_cut_text_fits(text in text(), cells in 0_usize..30) {
            let cut = printable_within(&text, cells);
            prop_assert!(cut.width() <= cells);
            let whole = printable(&text);
            match cut.strip_suffix('…') {
                Some(start) if cut != whole => prop_assert!(whole.starts_with(start)),
                _ => prop_assert!(cut == whole || cells == 0),
            }
        }

        #[test]
        fn escaped_json_parses_to_the_same_value(keys in prop::collection::vec((text(), text()), 0..4)) {
            let value: Value = keys.into_iter().map(|(k, v)| (k, json!([v]))).collect::<serde_json::Map<_, _>>().into();
            for written in [json_escaped(&value), json_line(&value)] {
                prop_assert!(written.chars().all(|c| c == '\n' || is_drawable(c)));
                prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            }
        }
    }
}
