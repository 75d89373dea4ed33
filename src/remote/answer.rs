//! What refusals of servers mean.

use serde::Deserialize;
use serde_json::Value;

use super::again::retry_after;
use super::distrust::TlsFault;
use super::error::RemoteError;
use super::http::Answer;
use super::stranger::{NoRegistry, Stranger};
use crate::tuf::{DelegationName, Role};

/// Characters of an error's text that are kept.
const SHOWN: usize = 300;

#[derive(Deserialize)]
struct Errors {
    errors: Vec<Item>,
}

/// One error as Notary and registries write it.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: Value,
}

fn first_error(body: &[u8]) -> Option<Item> {
    serde_json::from_slice::<Errors>(body).ok()?.errors.into_iter().next()
}

/// The class of any answer that is no success.
pub(super) fn error_of(host: &str, what: &str, answer: &Answer) -> RemoteError {
    let host = host.to_owned();
    let status = answer.status.as_u16();
    match status {
        404 => RemoteError::NotFound { host, what: what.to_owned() },
        301 | 302 | 303 | 307 | 308 => RemoteError::Redirect { to: target(&host, answer.location()), host },
        400 if wants_tls(&answer.body) => RemoteError::WantsTls { host },
        400 if let Some(why) = client_certificate(&answer.body) => RemoteError::Tls { host, why },
        401 | 403 if is_page(&answer.body) => {
            let why = format!("{}; it answers with a web page", detail(answer));
            RemoteError::Forbidden { host, why }
        }
        401 | 403 => RemoteError::Forbidden { host, why: detail(answer) },
        429 | 503 => RemoteError::Busy { host, status, wait: retry_after(&answer.headers).map(|wait| wait.as_secs()) },
        _ => RemoteError::Server { host, status, detail: detail(answer) },
    }
}

/// Where a redirect leads, with the host of one that names a path only.
fn target(host: &str, location: String) -> String {
    let is_path = location.starts_with('/') && !location.starts_with("//");
    if is_path { format!("{host}{location}") } else { location }
}

/// The class of a token service's refusal: one that is not there says nothing of what a token was wanted for.
pub(super) fn token_error_of(host: &str, answer: &Answer) -> RemoteError {
    match error_of(host, "token service", answer) {
        RemoteError::NotFound { host, what } => RemoteError::BadAnswer { host, why: format!("it has no {what}") },
        other => other,
    }
}

/// The class of a refused upload of `size` bytes.
pub(super) fn upload_error_of(host: &str, size: usize, answer: &Answer) -> RemoteError {
    let item = first_error(&answer.body);
    match (answer.status.as_u16(), item) {
        // Nothing was looked for: the address is no trust server's.
        (404, _) => RemoteError::Server { host: host.to_owned(), status: 404, detail: detail(answer) },
        (413, _) => RemoteError::UploadTooBig { host: host.to_owned(), size },
        (500, Some(item)) if item.code == "UPDATING" => RemoteError::Race { host: host.to_owned() },
        (400, Some(item)) if item.code == "VERSION" => RemoteError::Version { host: host.to_owned() },
        (400, Some(item)) => {
            let (host, detail) = (host.to_owned(), words(&item));
            match missing_role(&item.detail) {
                Some(missing) => RemoteError::Incomplete { host, missing, detail },
                None => RemoteError::Invalid { host, role: role_of(&item.detail), detail },
            }
        }
        _ => error_of(host, "the upload", answer),
    }
}

/// Codes with which a trust server says that it does not have something.
const NOTARY_CODES: [&str; 2] = ["METADATA_NOT_FOUND", "GENERIC_NOT_FOUND"];
/// Codes that only registries write.
const REGISTRY_CODES: [&str; 5] = ["NAME_UNKNOWN", "NAME_INVALID", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "UNSUPPORTED"];
const REGISTRY_HEADER: &str = "docker-distribution-api-version";

/// What answers, if this is no answer of a trust server: it has a code for what it does not have, and sends JSON. Whoever
/// asks for a network's login answers in its place.
pub(super) fn stranger(answer: &Answer) -> Option<Stranger> {
    let page = is_page(&answer.body).then_some(Stranger::WebPage);
    match (answer.status.as_u16(), first_error(&answer.body)) {
        (404, Some(item)) if REGISTRY_CODES.contains(&item.code.as_str()) => Some(Stranger::Registry),
        (404, Some(item)) if NOTARY_CODES.contains(&item.code.as_str()) => None,
        (404, _) => looks_like(answer).or(Some(Stranger::Other)),
        (200, _) => page.and(looks_like(answer)),
        (511, _) => Some(Stranger::WebPage),
        _ => None,
    }
}

/// What answers, if this is no answer of a registry: it has a code for what it does not have, or says what it is.
pub(super) fn no_registry(answer: &Answer) -> Option<NoRegistry> {
    if is_registry(answer) {
        return None;
    }
    let page = is_page(&answer.body).then_some(NoRegistry::WebPage);
    match (answer.status.as_u16(), first_error(&answer.body)) {
        (404, Some(item)) if NOTARY_CODES.contains(&item.code.as_str()) => Some(NoRegistry::TrustServer),
        (404, Some(item)) if !item.code.is_empty() => None,
        (404, _) => page.or(Some(NoRegistry::Other)),
        (200 | 511, _) => page,
        _ => None,
    }
}

/// What an answer looks like that a trust server may stand behind, such as one that wants a login.
pub(super) fn looks_like(answer: &Answer) -> Option<Stranger> {
    let page = || is_page(&answer.body).then_some(Stranger::WebPage);
    is_registry(answer).then_some(Stranger::Registry).or_else(page)
}

/// Whether a registry says of itself what it is.
pub(super) fn is_registry(answer: &Answer) -> bool {
    answer.headers.contains_key(REGISTRY_HEADER)
}

/// Whether these bytes are an object with the members of a trust server's files, be it good or false. Those come first in
/// what Notary writes; elsewhere they are looked for without reading the rest.
pub(super) fn is_metadata(body: &[u8]) -> bool {
    const MEMBERS: [&str; 2] = ["\"signed\"", "\"signatures\""];
    let Some(inside) = body.trim_ascii_start().strip_prefix(b"{") else { return false };
    let first = inside.trim_ascii_start();
    MEMBERS.iter().any(|member| first.starts_with(member.as_bytes())) || MEMBERS.iter().any(|member| has(body, member))
}

fn is_page(body: &[u8]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    text.trim_ascii_start().starts_with(b"<")
}

/// What nginx, which asks for a client certificate only after the handshake, writes where TLS would say it.
fn client_certificate(body: &[u8]) -> Option<TlsFault> {
    if has(body, "No required SSL certificate was sent") {
        return Some(TlsFault::ClientCertificateWanted);
    }
    has(body, "The SSL certificate error").then_some(TlsFault::ClientCertificateRefused)
}

/// What Go and nginx write where TLS is spoken and a request came without.
fn wants_tls(body: &[u8]) -> bool {
    has(body, "HTTP request to an HTTPS server") || has(body, "plain HTTP request was sent to HTTPS port")
}

fn has(body: &[u8], words: &str) -> bool {
    body.windows(words.len()).any(|window| window == words.as_bytes())
}

/// The text of an error answer, cut; it comes from outside and is drawn as such.
fn detail(answer: &Answer) -> String {
    let text = match first_error(&answer.body) {
        Some(item) => words(&item),
        None => other_words(&answer.body),
    };
    if text.is_empty() { answer.status.canonical_reason().unwrap_or("nothing more").to_lowercase() } else { text }
}

fn words(item: &Item) -> String {
    let message = item.message.trim().trim_end_matches('.');
    let detail = match &item.detail {
        Value::String(text) => text.clone(),
        Value::Object(fields) => match fields.get("Error").and_then(|error| error.get("Msg")) {
            Some(Value::String(text)) => text.clone(),
            _ => missing(&item.detail).map(|role| format!("{role} is missing")).unwrap_or_default(),
        },
        _ => String::new(),
    };
    let all = match (message, detail.trim()) {
        ("", "") => item.code.clone(),
        (message, "") => message.to_owned(),
        // Notary's message says only that the update is invalid, which the error says already.
        (_, detail) if item.code == "INVALID_UPDATE" => detail.to_owned(),
        ("", detail) => detail.to_owned(),
        (message, detail) => format!("{message}: {detail}"),
    };
    cut(&all)
}

fn missing(detail: &Value) -> Option<&str> {
    let nested = detail.get("Error").and_then(|error| error.get("Missing"));
    nested.or_else(|| detail.get("Missing")).and_then(Value::as_str)
}

/// What token servers and proxies write.
fn other_words(body: &[u8]) -> String {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        let known = ["details", "error_description", "message", "error"];
        let text = known.iter().find_map(|name| fields.get(*name).and_then(Value::as_str));
        return text.map(cut).unwrap_or_default();
    }
    if is_page(body) {
        // A page for browsers says nothing that the status does not.
        return String::new();
    }
    let text = String::from_utf8_lossy(body);
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// The role that the server's validation blames.
fn role_of(detail: &Value) -> Option<Role> {
    let message = detail.pointer("/Error/Msg").and_then(Value::as_str).unwrap_or_default();
    match detail.get("Name").and_then(Value::as_str)? {
        "ErrBadRoot" => Some(Role::Root),
        "ErrBadSnapshot" => Some(Role::Snapshot),
        "ErrBadTargets" => Some(delegation_in(message).map_or(Role::Targets, Role::Delegation)),
        _ => None,
    }
}

/// The role that an upload must bring along.
fn missing_role(detail: &Value) -> Option<Role> {
    let is_hierarchy = detail.get("Name").and_then(Value::as_str) == Some("ErrBadHierarchy");
    missing(detail).filter(|_| is_hierarchy).and_then(|role| Role::parse(role).ok())
}

fn delegation_in(message: &str) -> Option<DelegationName> {
    let words = message.split(|c: char| c.is_whitespace() || "\"':,;()".contains(c));
    words.map(|word| word.trim_end_matches('.')).find_map(|word| DelegationName::parse(word).ok())
}
