//! Whose certificate is taken for a server's: a good one, and one fault in each row.

use std::net::TcpListener;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use crate::remote::*;

/// An authority; two of one name have different keys.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: Vec<u8>,
}

impl Authority {
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn certify(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Served {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Served { certificate: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key }
    }
}

/// What a server shows, and the key that it signs the handshake with.
struct Served {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Served {
    fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap().der().clone(), key }
    }

    fn pem(&self) -> Vec<u8> {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes()
    }
}

/// What is special, what the server shows, how, who is trusted, and the words of the refusal.
type Row<'a> = (&'a str, Served, &'static rustls::SupportedProtocolVersion, Vec<&'a [u8]>, Option<&'a str>);

/// Shows a certificate without looking whether the key fits.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Asks such a server, called `localhost`, for a file it does not have. `None` if its certificate was taken.
async fn refused(
    served: Served,
    version: &'static rustls::SupportedProtocolVersion,
    authorities: &[&[u8]],
) -> Option<String> {
    let key = PrivateKeyDer::try_from(served.key.serialize_der()).unwrap();
    let shown = CertifiedKey::new(vec![served.certificate], any_supported_type(&key).unwrap());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(shown))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config))).unwrap();
    let running = tokio::spawn(server.serve(Router::new().into_make_service()));
    let tls = TlsMaterial { authorities: authorities.iter().map(|pem| pem.to_vec()).collect(), ..Default::default() };
    let endpoint = Endpoint::parse(&url, false).unwrap();
    let limits = Limits { first_byte: Duration::from_secs(10), total: Duration::from_secs(10), ..SHORT };
    let client = NotaryServer::new(endpoint, &tls, limits, Arc::<Logins>::default()).unwrap();
    let got = fetch(&client).await;
    running.abort();
    match got {
        Err(RemoteError::NotFound { .. }) => None,
        Err(RemoteError::Tls { why, .. }) => Some(why),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_counts_for_its_name_time_and_authority_only() {
    let (good, other, same_name) = (Authority::named("good"), Authority::named("other"), Authority::named("good"));
    let many: Vec<Authority> = (0..40).map(|n| Authority::named(&format!("authority {n}"))).collect();
    let mut crowd: Vec<&[u8]> = many.iter().map(|authority| authority.pem.as_slice()).collect();
    crowd.push(&good.pem);
    let bundle = crowd.concat();
    let own = Served::self_signed(|_| {});
    let own_pem = own.pem();
    let as_authority = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (ca, renamed) = (
        Served::self_signed(as_authority),
        Served::self_signed(|params| {
            as_authority(params);
            params.subject_alt_names.clear();
        }),
    );
    let late = Served::self_signed(|params| {
        as_authority(params);
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    let (ca_pem, renamed_pem, late_pem) = (ca.pem(), renamed.pem(), late.pem());
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(2100, 1, 1);
    let stolen = || Served { key: KeyPair::generate().unwrap(), ..good.certify("localhost", |_| {}) };
    let leaf = || good.certify("localhost", |_| {});
    let client_only = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    };
    let table: Vec<Row<'_>> = vec![
        ("right", leaf(), &TLS13, vec![&good.pem], None),
        ("right, TLS 1.2", leaf(), &TLS12, vec![&good.pem], None),
        ("right among many files", leaf(), &TLS13, crowd.clone(), None),
        ("right in a bundle", leaf(), &TLS13, vec![&bundle], None),
        ("no authority named", leaf(), &TLS13, vec![], Some("authority that is not trusted")),
        ("another authority", leaf(), &TLS13, vec![&other.pem], Some("authority that is not trusted")),
        ("another of the same name", leaf(), &TLS13, vec![&same_name.pem], Some("does not fit")),
        ("another name", good.certify("elsewhere.test", |_| {}), &TLS13, vec![&good.pem], Some("another name")),
        ("expired", good.certify("localhost", expired), &TLS13, vec![&good.pem], Some("has expired")),
        ("early", good.certify("localhost", early), &TLS13, vec![&good.pem], Some("not valid yet")),
        ("for clients", good.certify("localhost", client_only), &TLS13, vec![&good.pem], Some("refused")),
        ("another's, TLS 1.3", stolen(), &TLS13, vec![&good.pem], Some("does not fit")),
        ("another's, TLS 1.2", stolen(), &TLS12, vec![&good.pem], Some("does not fit")),
        ("self-signed", Served::self_signed(|_| {}), &TLS13, vec![&good.pem], Some("authority that is not trusted")),
        ("self-signed and named", own, &TLS13, vec![&good.pem, &own_pem], None),
        ("an authority's own, named", ca, &TLS13, vec![&good.pem, &ca_pem], None),
        ("an authority's own, of another name", renamed, &TLS13, vec![&renamed_pem], Some("another name")),
        ("an authority's own, expired", late, &TLS13, vec![&late_pem], Some("has expired")),
        ("an authority's own", Served::self_signed(as_authority), &TLS13, vec![&good.pem], Some("")),
    ];
    for (what, served, version, authorities, expected) in table {
        let got = refused(served, version, &authorities).await;
        match (expected, &got) {
            (None, None) => {}
            (Some(words), Some(why)) if why.contains(words) && !why.contains("Other") => {}
            _ => panic!("{what}: expected {expected:?}, got {got:?}"),
        }
    }
}
