//! Who may vouch for a server: the authorities named for it, and the system's, which are read only where they are needed.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use super::distrust::TlsFault;
use super::shown::{check_named, explain, may_vouch, names_no_authority, refused_key};

/// Accepts a certificate that either kind of authority vouches for, and one that is itself among those named: servers
/// often show an authority's own, and people take a server's from the connection. `docker` and `notary` take both.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    named: Option<Arc<WebPkiServerVerifier>>,
    certificates: Vec<CertificateDer<'static>>,
    system: OnceLock<Result<rustls_platform_verifier::Verifier, Error>>,
}

impl Verifier {
    /// Takes the authorities named for a server.
    ///
    /// # Errors
    /// For a certificate that cannot be an authority.
    pub(super) fn new(provider: Arc<CryptoProvider>, named: Vec<CertificateDer<'static>>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        // A server's own certificate stands for itself: its key must not vouch for others.
        for certificate in named.iter().filter(|certificate| may_vouch(certificate)) {
            roots.add(certificate.clone()).map_err(|error| error.to_string())?;
        }
        let certificates = named;
        let named = match roots.is_empty() {
            true => None,
            false => {
                let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
                Some(built.map_err(|error| error.to_string())?)
            }
        };
        Ok(Self { provider, named, certificates, system: OnceLock::new() })
    }

    /// Reads the system's authorities beside other work, unless those named for the server will probably do.
    pub(super) fn prepare(self: &Arc<Self>) {
        if self.certificates.is_empty() {
            let verifier = Arc::clone(self);
            // Without a thread they are read when the server answers.
            let _ = std::thread::Builder::new().spawn(move || verifier.system().is_ok());
        }
    }

    /// The system's authorities: some 300 files, so read at most once.
    fn system(&self) -> Result<&rustls_platform_verifier::Verifier, Error> {
        let read = || rustls_platform_verifier::Verifier::new(Arc::clone(&self.provider));
        // It fails if the system has none: then it vouches for nobody.
        self.system.get_or_init(read).as_ref().map_err(|_| CertificateError::UnknownIssuer.into())
    }

    /// The error with what the certificates say of its cause.
    fn explained(
        &self,
        error: Error,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Error {
        let Error::InvalidCertificate(why) = &error else { return error };
        // A key that is refused makes all its signatures bad, whoever made them.
        let key = matches!(why, CertificateError::BadSignature)
            .then(|| refused_key(end_entity, intermediates, &self.certificates))
            .flatten();
        let fault = key.unwrap_or_else(|| explain(why, end_entity, intermediates, now));
        told(match fault {
            TlsFault::UnknownAuthority { issuer: Some(issuer), .. }
                if names_no_authority(&self.certificates, &issuer) =>
            {
                TlsFault::IssuerNoAuthority { issuer }
            }
            fault => fault,
        })
    }
}

/// A handshake that was refused, with the reason where it is the length of the certificate's key.
fn with_key(error: Error, certificate: &CertificateDer<'_>) -> Error {
    refused_key(certificate, &[], &[]).map_or(error, told)
}

fn told(fault: TlsFault) -> Error {
    CertificateError::Other(OtherError(Arc::new(fault))).into()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let ask = |verifier: &dyn ServerCertVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let system = || self.system().and_then(|system| ask(system));
        let verified = match &self.named {
            _ if self.certificates.contains(end_entity) => {
                check_named(end_entity, server_name, now).map(|()| ServerCertVerified::assertion())
            }
            None => system(),
            Some(named) => match ask(named.as_ref()) {
                Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => system(),
                // Of two refusals, that of the authority that was meant says more.
                Err(error) => system().map_err(|_| error),
                verified => verified,
            },
        };
        verified.map_err(|error| self.explained(error, end_entity, intermediates, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
            .map_err(|error| with_key(error, cert))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
            .map_err(|error| with_key(error, cert))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
