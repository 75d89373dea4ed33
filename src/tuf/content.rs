//! Content of keys that was given where a name belongs: it is recognised, and quoted nowhere.

use std::path::Path;

use super::wrapped::STARTS;

/// What is said in its place.
pub const CONTENT_GIVEN: &str = "what was given looks like the content of a key; give the name of its file";

/// Longest name that a file system takes, in bytes.
const LONGEST: usize = 255;
/// Shorter lines are the last ones of files of PEM.
const LINE: usize = 60;

/// Whether a text holds the beginning of a file of PEM, as it is or as base64.
#[must_use]
pub fn holds_key(text: &str) -> bool {
    let text = text.as_bytes();
    let has = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
    has(b"-----BEGIN") || STARTS.iter().any(|start| has(start))
}

/// Whether a text holds what looks like a line of a key: base64 that begins as all keys do, without the marks around it.
fn holds_line(text: &str) -> bool {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    text.split(|c| !is_base64(c)).any(|run| {
        let has = |is: fn(&u8) -> bool| run.bytes().any(|byte| is(&byte));
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
        run.len() >= LINE && (run.starts_with("MI") || run.starts_with("MH")) && is_mixed
    })
}

/// Whether a text cannot be meant as a name: it holds a key or a line of one, has several lines, or is longer than any name.
#[must_use]
pub fn is_no_name(text: &str) -> bool {
    let is_long = text.split('/').any(|part| part.len() > LONGEST);
    holds_key(text) || holds_line(text) || text.contains(['\n', '\r']) || is_long
}

/// What is said in the place of what cannot be meant as a name: its content stays untold.
fn instead(text: &str) -> Option<String> {
    if holds_key(text) {
        return Some("what looks like the content of a key".to_owned());
    }
    let what = if text.contains(['\n', '\r']) { "several lines".to_owned() } else { format!("{} bytes", text.len()) };
    is_no_name(text).then(|| format!("a text of {what}"))
}

/// What an error says of a file: what is wrong and its name, or that it is the content of a key.
#[must_use]
pub fn about_file(what: &str, path: &Path) -> String {
    let name = path.display().to_string();
    if holds_key(&name) {
        return CONTENT_GIVEN.to_owned();
    }
    format!("{what}: {}", instead(&name).unwrap_or(name))
}

/// A name that was typed, in quotes, unless it may be a secret.
#[must_use]
pub fn quoted(typed: &str) -> String {
    instead(typed).unwrap_or_else(|| format!("{typed:?}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn content_of_keys_is_known_and_never_quoted() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
        let one_line = pem.replace('\n', "\\n");
        let once = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0g=";
        let twice = "TFMwdExTMUNSVWRKVGlCUVVrbFdRVlJGSUV0RldTMHRMUzB0";
        for secret in [pem, &one_line, once, twice, &format!("bob={once}")] {
            assert!(holds_key(secret) && is_no_name(secret), "{secret}");
            assert_eq!(about_file("No such file or directory", Path::new(secret)), CONTENT_GIVEN);
            assert!(!quoted(secret).contains(secret));
        }
        let line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2";
        for body in [
            "MIGHAgEAMBMGByqGSM49\nAgEG",
            line,
            &format!("bob={line}"),
            &"M".repeat(300),
            &format!("a/{}", "M".repeat(300)),
        ] {
            assert!(is_no_name(body) && !holds_key(body), "{body}");
            let told = about_file("File name too long", Path::new(body));
            assert!(told.starts_with("File name too long: a text of ") && !told.contains("MM"), "{told}");
            assert!(!quoted(body).contains("MIGH") && !quoted(body).contains("MM"), "{}", quoted(body));
        }
        for name in ["k.pem", "/home/jeff/keys/LS0.key", "a b", &"a/".repeat(300)] {
            assert!(!is_no_name(name), "{name}");
            assert_eq!(about_file("No such file", Path::new(name)), format!("No such file: {name}"));
        }
        assert_eq!(quoted("a b"), "\"a b\"");
    }
}
