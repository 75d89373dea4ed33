//! Who may vouch for a server: the authorities named for it, and the system's, which are read only where they are needed.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::der::Decode;

/// Accepts a certificate that either kind of authority vouches for. All checks are handed on, but for a certificate that
/// is itself among those named, and an authority's: many servers show such a one, and `docker` and `notary` take it.
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
        for certificate in &named {
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
        if self.named.is_none() {
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
}

/// Whether a certificate was refused for being an authority's.
pub(super) fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn in_time(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = x509_cert::Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate().validity();
    let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
    match now.as_secs() {
        now if now < seconds(validity.not_before) => Err(CertificateError::NotValidYet.into()),
        now if now > seconds(validity.not_after) => Err(CertificateError::Expired.into()),
        _ => Ok(()),
    }
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
        let Some(named) = &self.named else { return system() };
        match ask(named.as_ref()) {
            Ok(verified) => Ok(verified),
            Err(error) if self.certificates.contains(end_entity) && is_authority(&error) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                in_time(end_entity, now).map(|()| ServerCertVerified::assertion())
            }
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => system(),
            // Of two refusals, that of the authority that was meant says more.
            Err(error) => system().map_err(|_| error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
