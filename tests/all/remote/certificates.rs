//! Files of authorities and client certificates: what is taken of them, and how the rest is told.

use std::net::TcpListener;
use std::path::Path;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{aws_lc_rs::default_provider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use trustdeck::remote::authorities::Authorities;
use trustdeck::remote::identity::{Identity, IdentityFault};

use crate::remote::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)).unwrap()
}

fn authority() -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

#[test]
fn of_a_file_of_authorities_the_good_ones_are_taken_and_the_others_told() {
    let (good, other) = (authority(), authority());
    let (damaged, cut) = (good.replacen("MII", "M*I", 1), good.replacen("-----END", "-----FIN", 1));
    let nonsense = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let trusted = String::from_utf8(fixture("trusted.crt")).unwrap();
    let key = String::from_utf8(fixture("version1.key")).unwrap();
    let table: [(&str, Vec<&str>, usize, &[&str]); 7] = [
        ("two", vec![&good, &other], 2, &[]),
        ("text before", vec!["an authority of ours\n", &good], 1, &[]),
        ("a damaged one between", vec![&good, &damaged, &other], 2, &["block 2 is a damaged CERTIFICATE"]),
        ("one cut off at its end", vec![&good, &cut], 1, &["block 2 is a damaged CERTIFICATE"]),
        ("one of nonsense", vec![nonsense, &good], 1, &["block 1 is a CERTIFICATE that is damaged inside"]),
        ("OpenSSL's own form", vec![&good, &trusted], 1, &["openssl x509 -in FILE"]),
        ("a key beside it", vec![&key, &good], 1, &[]),
    ];
    for (what, parts, usable, faults) in table {
        let read = Authorities::read(parts.concat().as_bytes()).unwrap();
        assert_eq!((read.usable.len(), read.faults.len()), (usable, faults.len()), "{what}: {:?}", read.faults);
        for (fault, words) in read.faults.iter().zip(faults) {
            assert!(fault.contains(words), "{what}: {fault}");
        }
    }
    // Version 3, and content of a kind that PKCS#7 names.
    let pkcs12 = b"\x30\x10\x02\x01\x03\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01".to_vec();
    for (file, words) in [
        (damaged.into_bytes(), "damaged CERTIFICATE"),
        (trusted.into_bytes(), "convert it with: openssl x509 -in FILE"),
        (key.into_bytes(), "holds a private key"),
        (fixture("authority.der"), "convert it with: openssl x509 -inform DER"),
        (pkcs12, "openssl pkcs12 -in FILE -nokeys -out ca.pem"),
        (b"\xff\xfe-\0-\0".to_vec(), "UTF-16"),
        (b"hello".to_vec(), "holds no PEM block CERTIFICATE"),
    ] {
        let error = Authorities::read(&file).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_is_no_client_certificate_with_its_key_is_told_in_its_own_words() {
    let (certificate, key) = (fixture("version1.cert"), fixture("version1.key"));
    let other = KeyPair::generate().unwrap().serialize_pem();
    assert!(Identity::read(&certificate, &key).is_ok());
    assert_eq!(Identity::read(&certificate, other.as_bytes()).unwrap_err(), IdentityFault::Strangers);
    let short = Identity::read(&fixture("rsa1024.cert"), &fixture("rsa1024.key")).unwrap_err();
    assert!(matches!(&short, IdentityFault::Certificate(what) if what.contains("RSA key of 1024 bits")), "{short:?}");
    for encrypted in ["encrypted.key", "encrypted-sec1.key"] {
        let fault = Identity::read(&certificate, &fixture(encrypted)).unwrap_err();
        assert!(matches!(&fault, IdentityFault::Key(what) if what.contains("openssl pkey")), "{fault:?}");
    }
    let swapped = Identity::read(&key, &certificate).unwrap_err();
    assert!(matches!(&swapped, IdentityFault::Certificate(what) if what.contains("CERTIFICATE")), "{swapped:?}");
    let der = Identity::read(&fixture("authority.der"), &key).unwrap_err();
    assert!(matches!(&der, IdentityFault::Certificate(what) if what.contains("in DER")), "{der:?}");
}

/// Takes every client certificate.
#[derive(Debug)]
struct Takes;

impl ClientCertVerifier for Takes {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("not asked for".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        use x509_cert::der::{Decode, Encode};
        let read = x509_cert::Certificate::from_der(certificate).unwrap();
        let key = read.tbs_certificate().subject_public_key_info().to_der().unwrap().into();
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// As plain `openssl x509 -req` makes one.
#[tokio::test]
async fn a_client_certificate_of_version_1_is_shown() {
    let authority = TempAuthority::new();
    let chain = vec![CertificateDer::from_pem_slice(&authority.read("server.crt")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&authority.read("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(Arc::new(Takes))
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config))).unwrap();
    let absent = Router::new().fallback(|| async { (axum::http::StatusCode::NOT_FOUND, crate::remote::ABSENT) });
    let running = tokio::spawn(server.serve(absent.into_make_service()));
    for (identities, taken) in [
        (Vec::new(), false),
        (vec![Identity::read(&fixture("version1.cert"), &fixture("version1.key")).unwrap()], true),
    ] {
        let authorities = Authorities::read(&authority.read("ca.crt")).unwrap().usable;
        let tls = TlsMaterial { authorities, identities, ..TlsMaterial::default() };
        let limits = Limits { first_byte: Duration::from_secs(10), total: Duration::from_secs(10), ..SHORT };
        let setup = Setup { tls, limits, ..Setup::default() };
        let endpoint = Endpoint::parse(&url, false).unwrap();
        let got = fetch(&NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap()).await;
        match got {
            Err(RemoteError::NotFound { .. }) if taken => {}
            Err(RemoteError::Tls { why: TlsFault::ClientCertificateWanted, .. }) if !taken => {}
            other => panic!("{other:?}"),
        }
    }
    running.abort();
}

struct TempAuthority(tempfile::TempDir);

impl TempAuthority {
    fn new() -> Self {
        let dir = tempfile::TempDir::new().unwrap();
        crate::support::authority::Authority::create(dir.path());
        Self(dir)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }
}
