//! From a failed request to its class: TLS, network or slow.

use std::error::Error;

use super::RemoteError;
use super::http::Limits;
use super::verifier::is_authority;

/// A failed request.
pub(super) struct Fault {
    /// What the caller is told.
    pub(super) error: RemoteError,
    /// Whether it failed before anything could be sent: no connection.
    pub(super) unsent: bool,
}

impl Fault {
    /// A failure on a connection that worked.
    pub(super) fn plain(error: RemoteError) -> Self {
        Self { error, unsent: false }
    }

    /// Whether an open connection broke.
    pub(super) fn broke(&self) -> bool {
        !self.unsent && matches!(self.error, RemoteError::Network { .. })
    }
}

impl From<Fault> for RemoteError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

/// Finds the class of a failure in its chain of causes; the outermost only says that sending failed.
pub(super) fn classify(host: &str, error: &reqwest::Error, limits: Limits) -> Fault {
    let host = host.to_owned();
    let tls = tls_cause(error);
    // TLS 1.3 tells a client that its certificate is missing or refused only after the handshake.
    let refused_by_alert = matches!(tls, Some(rustls::Error::AlertReceived(_)));
    let unsent = error.is_connect() || refused_by_alert;
    let error = match tls {
        Some(cause) => RemoteError::Tls { why: tls_words(cause, &host), host },
        None if error.is_connect() && error.is_timeout() => {
            RemoteError::Slow { host, what: "connect", seconds: limits.connect.as_secs() }
        }
        None => match innermost(error) {
            why if why.starts_with("invalid HTTP") || why == "message head is too large" => {
                RemoteError::BadAnswer { why: format!("it does not speak HTTP: {why}"), host }
            }
            why => RemoteError::Network { why, host },
        },
    };
    Fault { error, unsent }
}

/// The text of the innermost cause, without its number.
pub(super) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    let words = match words {
        "end of file before message length reached" | "connection closed before message completed" => {
            "the connection closed before the whole answer was there"
        }
        other => other,
    };
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).take(300).collect()
}

fn tls_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An IO error's source is the source of what it wraps: the wrapped error itself would be missed.
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(wrapped) = wrapped
            && let Some(tls) = tls_cause(wrapped)
        {
            return Some(tls);
        }
        next = cause.source();
    }
    None
}

fn tls_words(cause: &rustls::Error, host: &str) -> String {
    use rustls::CertificateError as Certificate;
    use rustls::{AlertDescription as Alert, Error};
    match cause {
        Error::InvalidCertificate(why) => match why {
            Certificate::UnknownIssuer => {
                "its certificate is signed by an authority that is not trusted here".to_owned()
            }
            Certificate::BadSignature => "a signature does not fit: its certificate is of another authority of the \
                                          same name, or not its own"
                .to_owned(),
            Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
                "its certificate is refused: it is not for servers".to_owned()
            }
            _ if is_authority(cause) => {
                "its certificate is an authority's: name that very certificate with --ca, or give the server one of its \
                 own"
                .to_owned()
            }
            Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired".to_owned(),
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                "its certificate is not valid yet".to_owned()
            }
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                format!("its certificate is for another name than {host}")
            }
            other => format!("its certificate is refused: {other}"),
        },
        Error::AlertReceived(Alert::CertificateRequired) => "it wants a client certificate".to_owned(),
        Error::AlertReceived(alert) => format!("it refuses the connection: {alert:?}"),
        Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        other => other.to_string(),
    }
}
