//! Members that a file holds beyond what Notary knows.

use serde_json::Value;

use super::envelope::{Envelope, refuse_other_case};
use super::metadata::Metadata;
use super::names::Role;

/// A member that was received and that the typed form does not write.
pub(super) struct Lost {
    pub(super) path: String,
    pub(super) name: String,
    siblings: Vec<String>,
}

impl Lost {
    /// Refuses a name that Go's decoder, which folds case, would take for a known one.
    pub(super) fn check_case(&self) -> Result<(), String> {
        let siblings = self.siblings.iter().map(String::as_str);
        // These two are left out when they are empty, so they need not be among the siblings.
        let known: Vec<&str> = siblings.chain(["custom", "paths"]).collect();
        refuse_other_case(&self.name, &known)
    }
}

/// The members of `envelope` that writing `content` would lose.
pub(super) fn lost_members<T: Metadata>(envelope: &Envelope, content: &T) -> Vec<Lost> {
    let written = content.canonical();
    if written == envelope.canonical() {
        // Set before, then to the same.
        let _ = envelope.exact.set(true);
        return Vec::new();
    }
    // Control characters stand raw in the canonical form, which only target names can hold.
    let written = Envelope::parse(&Role::Root, Envelope::file(&escape_controls(&written), &[]));
    let mut lost = Vec::new();
    if let Ok(written) = written {
        compare(&envelope.signed(), &written.signed(), &mut String::new(), &mut lost);
    }
    lost
}

fn escape_controls(canonical: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(canonical.len());
    for byte in canonical {
        match byte {
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out
}

fn compare(received: &Value, written: &Value, path: &mut String, lost: &mut Vec<Lost>) {
    let length = path.len();
    match (received, written) {
        (Value::Object(received), Value::Object(written)) => {
            for (name, value) in received {
                path.push_str(if length == 0 { "" } else { "." });
                path.push_str(name);
                match written.get(name) {
                    Some(other) => compare(value, other, path, lost),
                    None => {
                        let siblings = written.keys().cloned().collect();
                        lost.push(Lost { path: path.clone(), name: name.clone(), siblings });
                    }
                }
                path.truncate(length);
            }
        }
        (Value::Array(received), Value::Array(written)) => {
            for (n, (received, written)) in received.iter().zip(written).enumerate() {
                path.push_str(&format!("[{n}]"));
                compare(received, written, path, lost);
                path.truncate(length);
            }
        }
        _ => {}
    }
}
