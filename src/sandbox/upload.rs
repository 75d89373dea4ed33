//! The multi-file upload: `multipart/form-data` with one part per role.
//!
//! Parsed here because role names hold slashes, which general parsers cut from file names.
//! Source: docs/notary-v1.md section 11.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::answer::{Code, TrustRefusal};
use crate::tuf::Role;

/// A role file as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uploaded {
    /// The version that it states; 0 if it states none.
    pub(super) version: i64,
    /// The file.
    pub(super) bytes: Vec<u8>,
}

/// What every role file has, as far as Notary's first look at an upload goes.
#[derive(Deserialize)]
struct Outline {
    signed: Option<Common>,
    #[serde(rename = "signatures")]
    _signatures: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Common {
    #[serde(rename = "_type")]
    _type: Option<String>,
    #[serde(rename = "expires")]
    _expires: Option<jiff::Timestamp>,
    version: Option<i64>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "keyid")]
    _key: Option<String>,
    #[serde(rename = "method")]
    _method: Option<String>,
    #[serde(rename = "sig")]
    _signature: Option<String>,
}

/// Reads all parts. Of two parts for one role the last counts; a timestamp is dropped, since the server makes it.
///
/// # Errors
/// `MALFORMED_UPLOAD`, `NO_FILENAME`, `INVALID_ROLE`, `MALFORMED_JSON`, in the order of the parts.
pub(super) fn parse(content_type: Option<&str>, body: &[u8]) -> Result<BTreeMap<Role, Uploaded>, TrustRefusal> {
    let malformed = || TrustRefusal::new(Code::MalformedUpload);
    let boundary = content_type.and_then(boundary).ok_or_else(malformed)?;
    let mut updates = BTreeMap::new();
    for part in parts(body, &boundary).ok_or_else(malformed)? {
        let name = part.file_name.strip_suffix(".json").unwrap_or(&part.file_name);
        if name.is_empty() {
            return Err(TrustRefusal::new(Code::NoFilename));
        }
        let role = Role::parse(name).map_err(|_| TrustRefusal::with(Code::InvalidRole, &name))?;
        let version = stated_version(part.content).ok_or_else(|| TrustRefusal::new(Code::MalformedJson))?;
        if role != Role::Timestamp {
            updates.insert(role, Uploaded { version, bytes: part.content.to_vec() });
        }
    }
    Ok(updates)
}

struct UploadPart<'a> {
    file_name: String,
    content: &'a [u8],
}

/// The boundary of a `multipart/form-data` content type.
fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parameter(parameters, "boundary").filter(|b| !b.is_empty() && b.len() <= 70)
}

/// The value of `name` in `; a=b; name="value"`, quoted or not.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (key, after) = rest.split_once('=')?;
        let (value, tail) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (value, tail) = after.split_at(end);
                (value.trim().to_owned(), tail)
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = tail;
    }
}

/// Reads up to the closing quote; a backslash takes the next character as it is.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// Cuts the body at its boundaries; `None` if it has not the form of one.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<UploadPart<'a>>> {
    let (first, between) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    let mut rest = body.get(find(body, first.as_bytes())? + first.len()..)?;
    let mut found = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.get(find(rest, b"\r\n")? + 2..)?;
        let end = find(rest, between.as_bytes())?;
        let (part, tail) = rest.split_at(end);
        let head_end = find(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(part.get(..head_end)?).into_owned();
        found.push(UploadPart { file_name: file_name(&head), content: part.get(head_end + 4..)? });
        rest = tail.get(between.len()..)?;
    }
    Some(found)
}

/// The `filename` of a part's `Content-Disposition`, as it is written; empty if there is none.
fn file_name(head: &str) -> String {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let parameters = disposition.and_then(|d| d.split_once(';')).map(|(_, parameters)| parameters);
    parameters.and_then(|p| parameter(p, "filename")).unwrap_or_default()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The version that a role file states, if it has the outline of one. What follows the first value is not looked at.
fn stated_version(content: &[u8]) -> Option<i64> {
    let mut json = serde_json::Deserializer::from_slice(content);
    let outline = Outline::deserialize(&mut json).ok()?;
    Some(outline.signed.and_then(|signed| signed.version).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str = r#"{"signed":{"version":3},"signatures":[]}"#;

    fn body(name: &str, content: &str) -> Vec<u8> {
        let disposition = format!("Content-Disposition: form-data; name=\"files\"{name}");
        format!("--B\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n{content}\r\n--B--\r\n").into()
    }

    fn parsed(name: &str, content: &str) -> Result<Vec<(String, i64)>, Code> {
        let updates = parse(Some("multipart/form-data; boundary=B"), &body(name, content)).map_err(|r| r.code)?;
        Ok(updates.into_iter().map(|(role, u)| (role.to_string(), u.version)).collect())
    }

    #[test]
    fn slashes_in_file_names_are_kept_and_json_is_cut() {
        let expected = vec![("targets/a/b".to_owned(), 3)];
        assert_eq!(parsed("; filename=\"targets/a/b\"", FILE), Ok(expected.clone()));
        assert_eq!(parsed("; filename=\"targets/a/b.json\"", FILE), Ok(expected.clone()));
        assert_eq!(parsed("; filename=targets/a/b", FILE), Ok(expected));
    }

    #[test]
    fn a_timestamp_is_dropped() {
        assert_eq!(parsed("; filename=\"timestamp\"", FILE), Ok(vec![]));
    }

    #[test]
    fn wrong_parts_have_their_codes() {
        assert_eq!(parsed("", FILE), Err(Code::NoFilename));
        assert_eq!(parsed("; filename=\"Targets\"", FILE), Err(Code::InvalidRole));
        assert_eq!(parsed("; filename=\"targets\"", "{"), Err(Code::MalformedJson));
        let plain = parse(Some("text/plain"), &body("", FILE)).map_err(|r| r.code);
        assert_eq!(plain, Err(Code::MalformedUpload));
    }
}
