//! Why there is no TLS connection: one cause each, so that each can have its own next step.

use std::path::PathBuf;

use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error, PeerIncompatible};

/// The cause. Texts come from certificates and are drawn as such.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum TlsFault {
    /// Nobody who is trusted vouches for the certificate.
    #[error("its certificate is signed by an authority that is not trusted here{}", issuer.as_ref().map(|name| format!(": {name}")).unwrap_or_default())]
    UnknownAuthority {
        /// The authority's name, as the certificate has it.
        issuer: Option<String>,
        /// The file in which Docker looks for the authority of this server.
        place: Option<PathBuf>,
    },
    /// Its issuer is named for the server, and is no authority.
    #[error(
        "its certificate is signed by {issuer}, which is named for this server and may not sign others (no CA:TRUE)"
    )]
    IssuerNoAuthority {
        /// The issuer's name, as the certificate has it.
        issuer: String,
    },
    /// The authority's key did not make the signature, or the server does not hold the certificate's key.
    #[error("a signature does not fit: its certificate is of another authority of the same name, or not its own")]
    BadSignature,
    /// Its time is over.
    #[error("its certificate has expired{}", since.as_ref().map(|day| format!(" on {day}")).unwrap_or_default())]
    Expired { since: Option<String> },
    /// Its time has not come, or this machine's clock is behind.
    #[error("its certificate is not valid yet{}", until.as_ref().map(|day| format!(", only from {day}")).unwrap_or_default())]
    NotValidYet { until: Option<String> },
    /// It is for other hosts.
    #[error("its certificate is for another name: {}", names_of(names))]
    WrongName { names: Vec<String> },
    /// It is limited to something else than servers.
    #[error("its certificate is refused: it is not for servers")]
    NotForServers,
    /// It is an authority's own.
    #[error("its certificate is an authority's, not a server's")]
    Authority {
        /// The file in which Docker looks for a certificate that is trusted for this server.
        place: Option<PathBuf>,
    },
    /// A key that can be broken.
    #[error("{whose} has an RSA key of {bits} bits, and 2048 to 8192 are accepted")]
    RsaLength { whose: String, bits: usize },
    /// SHA-1, or something newer than this program.
    #[error("a certificate of its chain is signed in a way that is not accepted: {algorithm}")]
    Algorithm { algorithm: String },
    /// Taken back by its authority.
    #[error("its certificate was revoked")]
    Revoked,
    /// Not readable, or with demands that nobody here understands.
    #[error("its certificate is damaged or of a kind that is not understood")]
    Odd,
    /// TLS 1.1 and older.
    #[error("it speaks only versions of TLS before 1.2")]
    OldProtocol,
    /// No cipher in common.
    #[error("it and this program have no cipher or signature in common, or it refuses the connection")]
    NothingInCommon,
    /// It wants to see a certificate of ours.
    #[error("it wants a client certificate")]
    ClientCertificateWanted,
    /// It does not take the one that it was shown.
    #[error("it does not accept the client certificate that it was shown")]
    ClientCertificateRefused,
    /// Plain HTTP, or something else altogether.
    #[error("it does not speak TLS")]
    NotTls,
    /// A file or setting here is wrong, or the connection broke in the handshake.
    #[error("{0}")]
    Other(String),
}

fn names_of(names: &[String]) -> String {
    if names.is_empty() { "it names no host".to_owned() } else { names.join(", ") }
}

impl TlsFault {
    /// The cause behind an error of the TLS library; `place` is where the server's authority is looked for.
    pub(super) fn of(error: &Error, place: Option<&PathBuf>) -> Self {
        match error {
            Error::InvalidCertificate(why) => match Self::of_certificate(why) {
                Self::UnknownAuthority { issuer, .. } => Self::UnknownAuthority { issuer, place: place.cloned() },
                Self::Authority { .. } => Self::Authority { place: place.cloned() },
                fault => fault,
            },
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            Error::PeerIncompatible(why) => Self::of_incompatible(why),
            Error::InvalidMessage(_) => Self::NotTls,
            _ => Self::Other("the server breaks the rules of TLS".to_owned()),
        }
    }

    /// The cause behind a refused certificate, as far as the error alone tells.
    pub(super) fn of_certificate(why: &Certificate) -> Self {
        match why {
            Certificate::UnknownIssuer => Self::UnknownAuthority { issuer: None, place: None },
            Certificate::BadSignature => Self::BadSignature,
            Certificate::Expired | Certificate::ExpiredContext { .. } => Self::Expired { since: None },
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => Self::NotValidYet { until: None },
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                Self::WrongName { names: Vec::new() }
            }
            Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => Self::NotForServers,
            Certificate::Revoked => Self::Revoked,
            Certificate::Other(other) => match (other.0.downcast_ref::<Self>(), other.0.downcast_ref()) {
                (Some(fault), _) => fault.clone(),
                (None, Some(webpki::Error::CaUsedAsEndEntity)) => Self::Authority { place: None },
                // Before version 3 there is no place for the name of a host.
                (None, Some(webpki::Error::UnsupportedCertVersion)) => Self::WrongName { names: Vec::new() },
                _ => Self::Odd,
            },
            _ => Self::Odd,
        }
    }

    fn of_alert(alert: Alert) -> Self {
        match alert {
            Alert::CertificateRequired | Alert::NoCertificate => Self::ClientCertificateWanted,
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied => Self::ClientCertificateRefused,
            Alert::ProtocolVersion => Self::OldProtocol,
            Alert::HandshakeFailure | Alert::InsufficientSecurity => Self::NothingInCommon,
            Alert::UnrecognisedName => Self::Other("it does not know the name that it is called by".to_owned()),
            Alert::InternalError => Self::Other("it reports a fault of its own in the handshake".to_owned()),
            other => Self::Other(format!("it ends the handshake with alert {}", u8::from(other))),
        }
    }

    fn of_incompatible(why: &PeerIncompatible) -> Self {
        match why {
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired => Self::OldProtocol,
            _ => Self::NothingInCommon,
        }
    }
}
