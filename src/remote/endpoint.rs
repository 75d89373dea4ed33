//! Addresses of servers, and which of them may be spoken to without TLS.

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::error::RemoteError;
use crate::printable::printable_within;
use crate::tuf::content::quoted;

/// Longest name that a host can have, in characters. Source: RFC 1035, section 2.3.4.
const LONGEST_NAME: usize = 253;
/// How much of a scheme that is none is shown, in cells.
const SCHEME: usize = 20;

/// A checked base address: https, or http to loopback where that was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    base: String,
    host: String,
    name: String,
    insecure_http: bool,
}

impl Endpoint {
    /// Checks `url`. Slashes at its end are cut: the server redirects `//` and nobody follows.
    ///
    /// # Errors
    /// [`RemoteError::Setting`] for another scheme, user info, query or fragment, or http elsewhere than loopback.
    pub fn parse(url: &str, insecure_http: bool) -> Result<Self, RemoteError> {
        let endpoint = Self::of(url, insecure_http)?;
        match endpoint.base.starts_with("http:") {
            true if !endpoint.is_loopback() => Err(RemoteError::Setting(format!(
                "{} is not encrypted: http:// is for loopback addresses only",
                told(url)
            ))),
            true if !insecure_http => Err(RemoteError::Setting(format!(
                "{} is not encrypted: use https://, or allow it with --insecure-http",
                told(url)
            ))),
            _ => Ok(endpoint),
        }
    }

    /// Checks the address of a registry: what it sends is checked by digest, so that http is taken on this machine, and
    /// elsewhere where it is `named_insecure`. Logins go over TLS all the same.
    ///
    /// # Errors
    /// As [`Endpoint::parse`].
    pub fn parse_registry(url: &str, named_insecure: bool) -> Result<Self, RemoteError> {
        let endpoint = Self::of(url, true)?;
        if endpoint.base.starts_with("https:") || endpoint.is_loopback() || named_insecure {
            return Ok(endpoint);
        }
        Err(RemoteError::Setting(format!(
            "{} is not encrypted: http:// is for loopback addresses and for registries that are named insecure",
            told(url)
        )))
    }

    fn of(url: &str, insecure_http: bool) -> Result<Self, RemoteError> {
        let url = url.trim();
        let wrong =
            |why: &str| RemoteError::Setting(format!("{} {why}: expected https://HOST[:PORT][/PATH]", told(url)));
        if !url.is_empty() && !url.contains("://") {
            return Err(wrong("has no https:// before it"));
        }
        let parsed = Url::parse(url).map_err(|_| wrong("is not an address"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            let what = "the address of a server must not hold a user name or password";
            return Err(RemoteError::Setting(what.to_owned()));
        }
        let Some(name) = parsed.host_str().filter(|name| !name.is_empty()) else {
            return Err(wrong("names no host"));
        };
        if name.len() > LONGEST_NAME {
            return Err(wrong(&format!(
                "names a host of {} characters, and none has more than {LONGEST_NAME}",
                name.len()
            )));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(wrong("holds a query or fragment"));
        }
        // Some servers answer there too, as if they had nothing.
        let path = parsed.path().trim_end_matches('/');
        if path.ends_with("/v2") || path.ends_with("/_trust") || path.contains("/_trust/") {
            return Err(RemoteError::Setting(format!(
                "{} goes on into the server's interface: leave out {}, which is added to the address",
                told(url),
                quoted(path)
            )));
        }
        if !matches!(parsed.scheme(), "https" | "http") {
            return Err(wrong(&format!("begins with {}", printable_within(parsed.scheme(), SCHEME))));
        }
        // Docker looks for TLS files under the host as it was written, with a default port if that was written too.
        let written = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = written.split('/').next().unwrap_or(name).to_owned();
        let base = parsed.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, host, name: name.to_owned(), insecure_http })
    }

    /// The base, without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `host[:port]`, for messages and TLS directories.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host without its port.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `HOST`, or `HOST:PORT` where the port is not that of the scheme: what a token realm is compared with.
    pub(super) fn place(&self) -> Option<String> {
        place_of(&Url::parse(&self.base).ok()?)
    }

    /// Whether the server is on this machine, so that no proxy is used for it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.name)
    }

    /// Whether a login may be sent to `url`: over TLS, or on this machine where plain http was allowed.
    pub(super) fn may_log_in(&self, url: &Url) -> bool {
        let plain = url.scheme() == "http" && self.insecure_http && url.host_str().is_some_and(is_loopback);
        url.scheme() == "https" || plain
    }

    /// The address of a file or route below the base.
    pub(crate) fn url(&self, path: &str) -> Result<Url, RemoteError> {
        let text = format!("{}/{path}", self.base);
        Url::parse(&text).map_err(|_| RemoteError::Setting(format!("{} is not an address", told(&text))))
    }
}

/// An address in quotes, without the login that may stand in it.
fn told(url: &str) -> String {
    let (scheme, rest) = url.find("://").map_or(("", url), |at| url.split_at(at + "://".len()));
    quoted(&format!("{scheme}{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)))
}

/// `HOST`, or `HOST:PORT` where the port is not that of its scheme.
pub(super) fn place_of(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Whether a host name is this machine by its text alone; names are not resolved, since an answer could be forged.
pub(super) fn is_loopback(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A header that must not be logged.
pub(super) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}
