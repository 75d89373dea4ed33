//! Content of keys that was given where a name belongs: it is recognised, and quoted nowhere.

use std::path::Path;

use super::wrapped::STARTS;

/// What is said in its place.
pub const CONTENT_GIVEN: &str = "what was given looks like the content of a key; give the name of its file";
/// The same of a single line of one.
pub const LINE_GIVEN: &str = "what was given looks like a line of a key's file; give the name of that file";

/// Longest name that a file system takes, in bytes.
const LONGEST: usize = 255;
/// Longest text that is quoted, in bytes: room for the longest name of an image with tag and digest.
const LONGEST_QUOTED: usize = 512;
/// Shorter lines are the last ones of files of PEM.
const LINE: usize = 60;
/// What is shorter holds no secret of use, and may be a name.
const SHORTEST: usize = 40;
/// How an Ed25519 key begins: one line is all of it.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIE";

/// Whether a text holds the beginning of a file of PEM, as it is or as base64.
#[must_use]
pub fn holds_key(text: &str) -> bool {
    let text = text.as_bytes();
    let has = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
    has(b"-----BEGIN") || STARTS.iter().any(|start| has(start))
}

/// Whether a text holds what looks like a line of a key, without the marks around it.
fn holds_line(text: &str) -> bool {
    text.split(|c| !is_base64(c)).any(is_run_of_key)
}

/// Whether a text is nothing but what looks like a line of a key.
#[must_use]
pub fn is_line(text: &str) -> bool {
    let run = text.trim().trim_end_matches('=');
    run.chars().all(is_base64) && is_run_of_key(run)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/')
}

/// Whether base64 looks like a part of a key: it begins as one, or is as mixed as chance makes it. Of letters and digits that
/// follow each other chance takes six of ten pairs from two kinds, and names few: they have words in them.
fn is_run_of_key(run: &str) -> bool {
    let kind = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_lowercase());
    let kinds: Vec<_> = run.bytes().filter(u8::is_ascii_alphanumeric).map(kind).collect();
    let many = |kind| kinds.iter().filter(|is| **is == kind).count();
    let (digits, lower, upper) = (many((true, false)), many((false, true)), many((false, false)));
    let changes = kinds.windows(2).filter(|pair| pair.first() != pair.last()).count();
    let is_mixed = digits > 0 && lower.min(upper) * 8 >= kinds.len() && changes * 5 >= kinds.len() * 2;
    let begins = run.len() >= LINE && (run.starts_with("MI") || run.starts_with("MH"));
    run.contains(ED25519) || begins && digits.min(lower).min(upper) > 0 || run.len() >= SHORTEST && is_mixed
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
    is_no_name(text)
        .then(|| if text.contains(['\n', '\r']) { "a text of several lines".to_owned() } else { sized(text) })
}

fn sized(text: &str) -> String {
    format!("a text of {} bytes", text.len())
}

/// What an error says of a file: what is wrong and its name, or that it is the content of a key.
#[must_use]
pub fn about_file(what: &str, path: &Path) -> String {
    let name = path.display().to_string();
    if holds_key(&name) {
        return CONTENT_GIVEN.to_owned();
    }
    format!("{what}: {}", shown(path))
}

/// The name of a file, unless it may be a secret.
#[must_use]
pub fn shown(path: &Path) -> String {
    let name = path.display().to_string();
    instead(&name).unwrap_or(name)
}

/// A name that was typed, in quotes, unless it may be a secret or is longer than any.
#[must_use]
pub fn quoted(typed: &str) -> String {
    let is_long = typed.len() > LONGEST_QUOTED;
    instead(typed).unwrap_or_else(|| if is_long { sized(typed) } else { format!("{typed:?}") })
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
        assert_eq!(quoted("a/b:1"), "\"a/b:1\"");
        assert_eq!(quoted(&"a/".repeat(400)), "a text of 800 bytes");
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
        let second = "n6lEt77LGlrZaR0bQmVhV2+Sk1xUqTzVn0CfAhRANCAARyE8H3cJd5gLw1oZk/Yp";
        for body in ["MC4CAQAwBQYDK2VwBCIEIG1uMMcZirCqtyds", line, second, &second[..40]] {
            assert!(is_line(body) && is_line(&format!("{body}==\n")) && !is_line(&format!("bob:{body}")), "{body}");
            for text in [body.to_owned(), format!("r.test/a:{body}"), format!("--key={body}")] {
                assert!(is_no_name(&text) && !quoted(&text).contains(&body[..20]), "{text}");
            }
        }
        for name in [
            "k.pem",
            "/home/jeff/keys/LS0.key",
            "a b",
            &"a/".repeat(300),
            "/Users/JohnDoe/Library/ApplicationSupport/DockerTrust2/KeysBackup2024",
            "/home/Jeff/ProjectAlpha2/services/Billing/ReleaseSigningKeys/production",
            "r.test/app:NightlyBuildOfTheReleaseBranch20261129ForTesting",
            "r.test/app@sha256:3f2a9c0d1e5b7f8a6c4d2e1f0b9a8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b",
            "3F2A9C0D1E5B7F8A6C4D2E1F0B9A8C7D6E5F4A3B2C1D0E9F8A7B6C5D4E3F2A1B",
            &second[..39],
        ] {
            assert!(!is_no_name(name), "{name}");
            assert_eq!(about_file("No such file", Path::new(name)), format!("No such file: {name}"));
        }
        assert_eq!(quoted("a b"), "\"a b\"");
    }
}
