//! From a failed request to its class: TLS, proxy, network or slow.

use std::error::Error;
use std::path::PathBuf;

use reqwest::Method;

use super::distrust::TlsFault;
use super::error::RemoteError;
use super::limits::{Limits, Overdue};
use super::proxies::Route;
use crate::printable::system_words;

/// A failed request.
#[derive(Debug)]
pub(super) struct Fault {
    /// What the caller is told.
    pub(super) error: RemoteError,
    /// How far it got.
    pub(super) reach: Reach,
}

/// How far a failed request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// There was no connection.
    Nowhere,
    /// To a proxy, which could not let it through this time.
    HeldUp,
    /// The server says that it has not begun with it.
    Refused,
    /// A part of its body only, so that the server cannot have acted on it.
    Partly,
    /// The server may have acted on it.
    Unknown,
}

/// Where a request went, for telling what failed.
#[derive(Clone, Copy)]
pub(super) struct Addressee<'a> {
    pub(super) host: &'a str,
    pub(super) limits: Limits,
    /// Where the authority of the server is looked for.
    pub(super) place: Option<&'a PathBuf>,
    pub(super) route: &'a Route<'a>,
}

impl Fault {
    /// A failure on a connection that worked.
    pub(super) fn plain(error: RemoteError) -> Self {
        Self { error, reach: Reach::Unknown }
    }

    /// A failure before there was a connection.
    pub(super) fn unsent(error: RemoteError) -> Self {
        Self { error, reach: Reach::Nowhere }
    }

    /// Whether an open connection broke.
    pub(super) fn broke(&self) -> bool {
        matches!(self.error, RemoteError::BrokeOff { .. })
    }

    /// Whether there was no connection.
    pub(super) fn never_arrived(&self) -> bool {
        self.reach == Reach::Nowhere && matches!(self.error, RemoteError::Network { .. })
    }

    /// Whether sending it once more can do no harm.
    pub(super) fn may_repeat(&self, method: &Method) -> bool {
        is_read(method) || self.reach != Reach::Unknown
    }
}

impl From<Fault> for RemoteError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

/// Whether a request changes nothing.
pub(super) fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

/// Finds the class of a failure in its chain of causes; the outermost only says that sending failed.
pub(super) fn classify(way: Addressee<'_>, error: &reqwest::Error) -> Fault {
    let host = way.host.to_owned();
    let tls = cause::<rustls::Error>(error);
    // TLS 1.3 tells a client that its certificate is missing or refused only after the handshake.
    let refused_by_alert = matches!(tls, Some(rustls::Error::AlertReceived(_)));
    let reach = match cause::<h2::Error>(error) {
        _ if error.is_connect() || refused_by_alert => Reach::Nowhere,
        Some(end) if end.is_remote() && (end.is_go_away() || end.reason() == Some(h2::Reason::REFUSED_STREAM)) => {
            Reach::Refused
        }
        _ => Reach::Unknown,
    };
    let error = match (tls, way.route) {
        (Some(tls), Route::Through(proxy)) if proxy.url().scheme() == "https" && is_before_tunnel(error) => {
            let why = format!("no TLS connection to it: {}", TlsFault::of(tls, None));
            proxy.fault(&host, why)
        }
        (Some(tls), _) => RemoteError::Tls { why: TlsFault::of(tls, way.place), host },
        (None, Route::Through(proxy)) if error.is_connect() => {
            let why = if error.is_timeout() { "it took too long".to_owned() } else { innermost(error) };
            proxy.fault(&host, why)
        }
        (None, _) if error.is_connect() && error.is_timeout() => {
            RemoteError::Slow { host, what: Overdue::Connection, seconds: way.limits.connect.as_secs() }
        }
        (None, _) => match innermost(error) {
            why if why.starts_with("invalid HTTP") || why == "message head is too large" => {
                RemoteError::BadAnswer { why: format!("it is no proper HTTP: {why}"), host }
            }
            why if error.is_connect() => RemoteError::Network { why, host, chosen: None },
            why => RemoteError::BrokeOff { why, host },
        },
    };
    Fault { error, reach }
}

/// Whether the proxy had not let it through yet. The library's type for that has no name.
fn is_before_tunnel(error: &reqwest::Error) -> bool {
    if error.url().is_some_and(|url| url.scheme() == "http") {
        return true;
    }
    let mut next = Some(error as &dyn Error);
    while let Some(cause) = next {
        if cause.to_string().starts_with("tunnel error") {
            return true;
        }
        next = cause.source();
    }
    false
}

/// The text of the innermost cause, without its number.
pub(super) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = system_words(cause);
    let words = match text.as_str() {
        "end of file before message length reached" | "connection closed before message completed" => {
            "the connection closed before the whole answer was there"
        }
        "tls handshake eof" => "the connection closed in the TLS handshake",
        other => other,
    };
    let mut letters = words.chars();
    // A sentence goes on in lower case; a name of capitals stays one.
    let is_name = words.chars().nth(1).is_some_and(char::is_uppercase);
    let first = letters.next().map(|c| if is_name { c } else { c.to_ascii_lowercase() });
    first.into_iter().chain(letters).take(300).collect()
}

/// The first cause of a kind.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<E>() {
            return Some(found);
        }
        // An IO error's source is the source of what it wraps: the wrapped error itself would be missed.
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(wrapped) = wrapped
            && let Some(found) = self::cause::<E>(wrapped)
        {
            return Some(found);
        }
        next = cause.source();
    }
    None
}
