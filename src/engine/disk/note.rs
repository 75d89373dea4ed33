//! The one form of the state files: JSON that says what it is, in which version, and then its content.
//!
//! ```json
//! {"kind":"labels","version":2,"content":{"labels":{}}}
//! ```
//!
//! Version 1 had the content's members beside `version`, which some files called `format`; it is still read.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::read;
use crate::engine::error::EngineError;

/// The form that this program writes.
const VERSION: u64 = 2;

/// The content of a state file.
pub(in crate::engine) trait Note: Serialize + DeserializeOwned {
    /// What the file says that it is.
    const KIND: &'static str;
    /// Whether its form before version 2 named no version.
    const HAD_NO_VERSION: bool = false;
}

#[derive(Deserialize)]
struct Head {
    #[serde(alias = "format")]
    version: Option<u64>,
    kind: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Form<T> {
    kind: String,
    version: u64,
    content: T,
}

/// Reads the bytes of the file at `path`.
///
/// # Errors
/// `State` if they are damaged, of a newer version or another kind.
pub(in crate::engine) fn decode<T: Note>(path: &Path, bytes: &[u8]) -> Result<T, EngineError> {
    let state = |what: String| EngineError::State { path: path.to_owned(), what, is_newer: false };
    let damaged = |e: serde_json::Error| state(format!("is damaged at line {}, column {}", e.line(), e.column()));
    // The version first: a newer file may have any other members.
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    match (head.version, head.kind) {
        (Some(VERSION), Some(kind)) if kind == T::KIND => {
            serde_json::from_slice::<Form<T>>(bytes).map(|form| form.content).map_err(damaged)
        }
        (Some(VERSION), _) => Err(state(format!("is no file of the kind {:?}", T::KIND))),
        (Some(newer), _) if newer > VERSION => {
            let what = format!("was written by a newer trustdeck (version {newer}, this one knows {VERSION})");
            Err(EngineError::State { path: path.to_owned(), what, is_newer: true })
        }
        (None, _) if !T::HAD_NO_VERSION => Err(state("names no version".to_owned())),
        _ => serde_json::from_slice(bytes).map_err(damaged),
    }
}

/// The bytes of a file.
///
/// # Errors
/// `State`; `Input` for more than would be read back.
pub(in crate::engine) fn encode<T: Note>(content: &T) -> Result<Vec<u8>, EngineError> {
    let form = Form { kind: T::KIND.to_owned(), version: VERSION, content };
    let wrong =
        |e: serde_json::Error| EngineError::State { path: T::KIND.into(), what: e.to_string(), is_newer: false };
    let bytes = serde_json::to_vec(&form).map_err(wrong)?;
    if bytes.len() as u64 > read::OWN {
        let message = format!("the {} file would be longer than {} MiB; nothing was changed", T::KIND, read::OWN >> 20);
        return Err(EngineError::Input { message, hint: "publish or drop a part of what is staged first".to_owned() });
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    struct Shelf {
        books: Vec<String>,
    }

    impl Note for Shelf {
        const KIND: &'static str = "shelf";
    }

    fn read(text: &str) -> Result<Shelf, EngineError> {
        decode(Path::new("shelf.json"), text.as_bytes())
    }

    #[test]
    fn a_note_is_read_as_it_is_written_and_as_it_was() {
        let shelf = Shelf { books: vec!["one".to_owned()] };
        let written = String::from_utf8(encode(&shelf).unwrap()).unwrap();
        assert_eq!(written, r#"{"kind":"shelf","version":2,"content":{"books":["one"]}}"#);
        for text in [&written, r#"{"version":1,"books":["one"]}"#, r#"{"books":["one"],"format":1}"#] {
            assert_eq!(read(text).unwrap(), shelf, "{text}");
        }
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let shelf = Shelf { books: vec!["x".repeat(1 << 20); 24] };
        let error = encode(&shelf).unwrap_err().to_string();
        assert!(error.contains("shelf") && error.contains("24 MiB"), "{error}");
    }

    #[test]
    fn newer_notes_other_kinds_and_damaged_ones_are_told_apart() {
        for (text, words) in [
            (r#"{"kind":"shelf","version":3,"content":7}"#, "newer"),
            (r#"{"format":99}"#, "newer"),
            (r#"{"kind":"table","version":2,"content":{"books":[]}}"#, "kind"),
            (r#"{"version":2,"books":[]}"#, "kind"),
            (r#"{"books":[]}"#, "no version"),
            (r#"{"kind":"shelf","version":2}"#, "damaged"),
            (r#"{"kind":"shelf","version":2,"content":{"books":[]}}x"#, "damaged"),
            (r#"{"version":1,"books":7}"#, "damaged"),
            ("[]", "damaged"),
            ("", "damaged"),
        ] {
            let error = read(text).unwrap_err();
            assert!(matches!(&error, EngineError::State { what, .. } if what.contains(words)), "{text}: {error}");
            assert_eq!(error.hint().contains("newest"), words == "newer", "{text}: {}", error.hint());
        }
    }
}
