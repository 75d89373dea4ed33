//! What goes wrong between this machine and a server.

use super::distrust::TlsFault;
use super::limits::Overdue;
use super::stranger::{NoRegistry, Stranger};
use crate::tuf::Role;

/// Docker's name for whoever logs in with an identity token.
pub const TOKEN_USER: &str = "<token>";

/// Why the server could not be asked, or what it refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum RemoteError {
    /// 404 for a file.
    #[error("{host} has no {what}")]
    NotFound { host: String, what: String },
    /// No connection: DNS, TCP, proxy. `chosen` says what named the address of a trust server.
    #[error("cannot reach {host}: {why}")]
    Network { host: String, why: String, chosen: Option<String> },
    /// It is not asked: only what is known already is used.
    #[error("cannot reach {host}: only the cache is used (--offline)")]
    Offline { host: String },
    /// There was a connection, and it ended before an answer was whole.
    #[error("{host} broke off: {why}")]
    BrokeOff { host: String, why: String },
    /// It speaks TLS, and was asked without.
    #[error("{host} wants TLS, and was spoken to without")]
    WantsTls { host: String },
    /// The proxy before it is down or refuses.
    #[error("cannot reach {host} through the proxy {proxy} ({variable}): {why}")]
    Proxy { host: String, proxy: String, variable: &'static str, why: String },
    /// The server's certificate, or ours.
    #[error("no TLS connection to {host}: {why}")]
    Tls { host: String, why: TlsFault },
    /// Something else than a trust server answers.
    #[error("{host} answers {what}")]
    NotNotary { host: String, what: Stranger, chosen: String },
    /// Something else than a registry answers.
    #[error("{host} answers {what}")]
    NotRegistry { host: String, what: NoRegistry },
    /// A deadline passed.
    #[error("{host} took longer than {seconds} s to {what}")]
    Slow { host: String, what: Overdue, seconds: u64 },
    /// More bytes than allowed.
    #[error("{host} sends more than {limit} bytes for {what}")]
    TooBig { host: String, what: String, limit: u64 },
    /// A compressed or otherwise unexpected answer.
    #[error("{host} answers in a form that was not asked for: {why}")]
    BadAnswer { host: String, why: String },
    /// A redirect, which is not followed.
    #[error("{host} redirects to {to}")]
    Redirect { host: String, to: String },
    /// 401 with or without credentials; `origin` says where those were found, `who` what answers if it looks like no trust
    /// server, which may be behind it all the same.
    #[error("{host} wants a login for {registry}{}{}", refused(user.as_deref(), origin.as_deref()), looks_like(*who))]
    Unauthorized { host: String, registry: String, user: Option<String>, origin: Option<String>, who: Option<Stranger> },
    /// 403, or a token without the rights.
    #[error("{host} does not allow this: {why}")]
    Forbidden { host: String, why: String },
    /// The token realm is on another host and nobody has allowed it.
    #[error("{host} sends logins to {realm}")]
    RealmConsent { host: String, realm: String },
    /// The credential helper failed or hung.
    #[error("credential helper {helper}: {why}")]
    Helper { helper: String, registry: String, why: String },
    /// 429 or 503, with the seconds that the server asks to wait.
    #[error("{host} is busy: {status}")]
    Busy { host: String, status: u16, wait: Option<u64> },
    /// 5xx and whatever else.
    #[error("{host} answered {status}: {detail}")]
    Server { host: String, status: u16, detail: String },
    /// 413 on upload, with the upload's size in bytes.
    #[error("{host} takes no upload of {}", size_of(*size))]
    UploadTooBig { host: String, size: usize },
    /// 500 on upload with code `UPDATING`: on PostgreSQL, somebody published the same version at the same time.
    #[error("{host} could not store the upload; it does so when somebody else publishes at the same time")]
    Race { host: String },
    /// 400 on upload: a newer version is there (code `VERSION`).
    #[error("{host} already has a newer version")]
    Version { host: String },
    /// 400 on upload: the server's validation, by role if it says so.
    #[error("{host} refuses the upload: {detail}")]
    Invalid { host: String, role: Option<Role>, detail: String },
    /// 400 on upload: the server's validation misses this role, and the server holds no key to make it.
    #[error("{host} refuses the upload: {detail}")]
    Incomplete { host: String, missing: Role, detail: String },
    /// Bytes whose digest is another than the one that names them.
    #[error("{host} sends other bytes for {what}: expected {expected}, found {found}")]
    Altered { host: String, what: String, expected: String, found: String },
    /// More or fewer bytes than a manifest names.
    #[error("{host} sends {what} with another length: expected {expected} bytes, found {found}")]
    Length { host: String, what: String, expected: u64, found: u64 },
    /// A manifest that is not in the form that its media type demands.
    #[error("{host} sends {what}, which cannot be trusted: {why}")]
    Malformed { host: String, what: String, why: String },
    /// The request was sent but no answer came: it may have worked.
    #[error("the answer of {host} was lost: {why}")]
    AnswerLost { host: String, why: String },
    /// What was typed is no tag.
    #[error("{0:?} is not a tag that a registry can hold")]
    NotTag(String),
    /// An address, certificate file or setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// Stopped by the user.
    #[error("stopped")]
    Cancelled,
}

impl RemoteError {
    /// Why a request had no whole answer, without the host.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Network { why, .. } | Self::Proxy { why, .. } => Some(why.clone()),
            Self::BrokeOff { why, .. } => Some(format!("broke off: {why}")),
            _ => None,
        }
    }

    /// Whether a login stands in the way, or what the server says of one: without any it may answer.
    #[must_use]
    pub fn is_of_login(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized { .. }
                | Self::Forbidden { .. }
                | Self::RealmConsent { .. }
                | Self::Helper { .. }
                | Self::BadAnswer { .. }
        )
    }
}

fn looks_like(who: Option<Stranger>) -> String {
    who.map(|who| format!("; it answers {who}")).unwrap_or_default()
}

fn refused(user: Option<&str>, origin: Option<&str>) -> String {
    let origin = origin.map(|origin| format!(" of {origin}")).unwrap_or_default();
    match user {
        None => String::new(),
        Some(TOKEN_USER) => format!("; it refused the identity token{origin}"),
        Some(user) => format!("; it refused user {user}{origin}"),
    }
}

/// A size as people say it.
pub(super) fn size_of(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
