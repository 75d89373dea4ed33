//! A client for one server: TLS, proxy, deadlines, caps.

use std::time::Duration;

/// Caps and deadlines. Source: reliability.md section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// Until the first byte.
    pub first_byte: Duration,
    /// Without a byte.
    pub stall: Duration,
    /// A whole file.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), first_byte: seconds(20), stall: seconds(20), total: seconds(120) }
    }
}

/// TLS material for one server, as PEM text already read.
#[derive(Clone, Default)]
pub struct TlsMaterial {
    /// Authorities beside the system's.
    pub authorities: Vec<Vec<u8>>,
    /// Client certificates with their keys, PEM; the first is used.
    pub identities: Vec<zeroize::Zeroizing<Vec<u8>>>,
}

/// A checked base address: https, or http to loopback where that was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    base: String,
    host: String,
}

impl Endpoint {
    /// Checks `url`.
    ///
    /// # Errors
    /// [`super::RemoteError::Setting`] for another scheme, user info, query or fragment, or http elsewhere than loopback.
    pub fn parse(url: &str, insecure_http: bool) -> Result<Self, super::RemoteError> {
        let _ = (url, insecure_http);
        todo!()
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
}
