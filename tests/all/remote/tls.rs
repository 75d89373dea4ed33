//! Whose certificate is taken for a server's: a good one, and one fault in each row.

use std::net::TcpListener;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use trustdeck::remote::authorities::Authorities;

use crate::remote::*;

/// An authority; two of one name have different keys.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: Vec<u8>,
}

impl Authority {
    fn named(name: &str) -> Self {
        Self::with_key(name, KeyPair::generate().unwrap())
    }

    fn with_key(name: &str, key: KeyPair) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
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

/// A server's own certificate of version 1, which has no place for the name of a host, as `openssl x509 -req` makes it.
const VERSION_1: &str = "-----BEGIN CERTIFICATE-----
MIIBIzCBywIUAd/0OWFqZuKNfn/Q3sn5AvhU2DcwCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODEwMzYyNFoYDzIxMjYxMTA0MTAzNjI0
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARlr8w2DO0dDBinK8XaWftlXxACSJrgnG2ezySBccOQ7V+gqqETCwYrRNQu7bZr
MTGrZg5UzE/urS7WIDRYkV1tMAoGCCqGSM49BAMCA0cAMEQCICVdjrtralhSVBd4
EIG8/g9CS4ttcVDV5g+Oh0HS1hzgAiBz+cAnUAuZdJzGOKQzGIi//72Ibi3m6M8D
+VZbg2QX3g==
-----END CERTIFICATE-----";

/// A server's own certificate with a key that is too short, and that no library makes any more.
const SHORT_RSA: &str = "-----BEGIN CERTIFICATE-----
MIICETCCAXqgAwIBAgIUA5zjVIjHZEypCAcMyS3wzYCLdXkwDQYJKoZIhvcNAQEL
BQAwEDEOMAwGA1UEAwwFc2hvcnQwIBcNMjYxMTI4MDQyMTU1WhgPMjEyNjExMDQw
NDIxNTVaMBAxDjAMBgNVBAMMBXNob3J0MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
iQKBgQCxgUFqzFKqGwbKG/v/FbKVi7hmOW3s7VDHbAvZrZBVAYHptw8l0JT9FhlW
f8TC4YAF7jjAWPmjvTMwz5lUySQmx2ZBh+gE04PQX1Cjzdj5KLiZ1nwCSSNvOnRx
gJOITEYlTWoA8HMAccnD1sNtmvHOK5VRDfovfkaonkwm00UGbwIDAQABo2YwZDAd
BgNVHQ4EFgQUOzJ9nma6s50e/MC0lqWwHE1xLgkwHwYDVR0jBBgwFoAUOzJ9nma6
s50e/MC0lqWwHE1xLgkwFAYDVR0RBA0wC4IJbG9jYWxob3N0MAwGA1UdEwEB/wQC
MAAwDQYJKoZIhvcNAQELBQADgYEAgPU+XqAWb7ww+MqOWbRD86SOOPbs/1JU9bQ1
ouPXUBd1OZKJpl3dkmXzf2UeR2+/zy2Xxpw8LR430YDevvTTQaJYRwkgGo2Uvlnx
oNhYoVkXX+r7NkCWpigtkSL7XGboKrJ773zUgnisEF8xufM9nE4oSn9ZMRH8St7n
eJCgNRs=
-----END CERTIFICATE-----
";

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

/// The authorities in a file.
fn taken(file: &[u8]) -> Vec<CertificateDer<'static>> {
    Authorities::read(file).unwrap().usable
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
    let absent = Router::new().fallback(|| async { (axum::http::StatusCode::NOT_FOUND, crate::remote::ABSENT) });
    let running = tokio::spawn(server.serve(absent.into_make_service()));
    let tls =
        TlsMaterial { authorities: authorities.iter().flat_map(|pem| taken(pem)).collect(), ..Default::default() };
    let endpoint = Endpoint::parse(&url, false).unwrap();
    let limits = Limits { first_byte: Duration::from_secs(10), total: Duration::from_secs(10), ..SHORT };
    let setup = Setup { tls, limits, ..Setup::default() };
    let client = NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap();
    let got = fetch(&client).await;
    running.abort();
    match got {
        Err(RemoteError::NotFound { .. }) => None,
        Err(RemoteError::Tls { why, .. }) => Some(why.to_string()),
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
    let issued = || good.certify("localhost", |params| params.is_ca = IsCa::ExplicitNoCa);
    let (leaf_named, sibling) = (issued(), issued());
    let leaf_pem = leaf_named.pem();
    let below_leaf = {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = false;
        let own = params.self_signed(&key).unwrap();
        let own_pem = own.pem().into_bytes();
        let issuer = Issuer::new(params.clone(), key);
        let key = KeyPair::generate().unwrap();
        (Served { certificate: params.signed_by(&key, &issuer).unwrap().der().clone(), key }, own_pem)
    };
    let elsewhere = good.certify("elsewhere.test", |_| {});
    let elsewhere_pem = elsewhere.pem();
    let long_serial = |params: &mut CertificateParams| {
        params.serial_number = Some(rcgen::SerialNumber::from(vec![0x41; 24]));
    };
    let wide = || KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let wide_authority = Authority::with_key("wide", wide());
    let wide_leaf = {
        let key = wide();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        Served { certificate: params.signed_by(&key, &good.issuer).unwrap().der().clone(), key }
    };
    let own_long = Served::self_signed(long_serial);
    let own_long_pem = own_long.pem();
    let short = SHORT_RSA.as_bytes();
    let of_file =
        |pem| Served { certificate: CertificateDer::from_pem_slice(pem).unwrap(), key: KeyPair::generate().unwrap() };
    let short_key = || of_file(short);
    let table: Vec<Row<'_>> = vec![
        ("right", leaf(), &TLS13, vec![&good.pem], None),
        ("right, TLS 1.2", leaf(), &TLS12, vec![&good.pem], None),
        ("right among many files", leaf(), &TLS13, crowd.clone(), None),
        ("right in a bundle", leaf(), &TLS13, vec![&bundle], None),
        ("no authority named", leaf(), &TLS13, vec![], Some("authority that is not trusted")),
        ("another authority", leaf(), &TLS13, vec![&other.pem], Some("authority that is not trusted")),
        ("another of the same name", leaf(), &TLS13, vec![&same_name.pem], Some("does not fit")),
        (
            "another name",
            good.certify("elsewhere.test", |_| {}),
            &TLS13,
            vec![&good.pem],
            Some("another name: elsewhere.test"),
        ),
        ("expired", good.certify("localhost", expired), &TLS13, vec![&good.pem], Some("has expired on 2020-01-01")),
        ("early", good.certify("localhost", early), &TLS13, vec![&good.pem], Some("not valid yet")),
        ("for clients", good.certify("localhost", client_only), &TLS13, vec![&good.pem], Some("refused")),
        ("another's, TLS 1.3", stolen(), &TLS13, vec![&good.pem], Some("does not fit")),
        ("another's, TLS 1.2", stolen(), &TLS12, vec![&good.pem], Some("does not fit")),
        ("self-signed", Served::self_signed(|_| {}), &TLS13, vec![&good.pem], Some("authority that is not trusted")),
        ("self-signed and named", own, &TLS13, vec![&good.pem, &own_pem], None),
        ("an authority's own, named", ca, &TLS13, vec![&good.pem, &ca_pem], None),
        ("an authority's own, of another name", renamed, &TLS13, vec![&renamed_pem], Some("another name")),
        ("an authority's own, expired", late, &TLS13, vec![&late_pem], Some("has expired")),
        ("an authority's own", Served::self_signed(as_authority), &TLS13, vec![&good.pem], Some("an authority's, not")),
        ("of version 1", of_file(VERSION_1.as_bytes()), &TLS13, vec![&good.pem], Some("it names no host")),
        ("issued and itself named", leaf_named, &TLS13, vec![&leaf_pem], None),
        ("another of the same authority", sibling, &TLS13, vec![&leaf_pem], Some("not trusted here")),
        (
            "issued by what is no authority",
            below_leaf.0,
            &TLS13,
            vec![&below_leaf.1],
            Some("may not sign others (no CA:TRUE)"),
        ),
        ("itself named, of another name", elsewhere, &TLS13, vec![&elsewhere_pem], Some("elsewhere.test")),
        ("a serial of 24 bytes", good.certify("localhost", long_serial), &TLS13, vec![&good.pem], None),
        ("itself named, with a serial of 24 bytes", own_long, &TLS13, vec![&own_long_pem], None),
        ("an authority on P-521", wide_authority.certify("localhost", |_| {}), &TLS13, vec![&wide_authority.pem], None),
        ("a key on P-521", wide_leaf, &TLS13, vec![&good.pem], None),
        ("RSA of 1024 bits", short_key(), &TLS13, vec![short], Some("RSA key of 1024 bits")),
        ("RSA of 1024 bits, TLS 1.2", short_key(), &TLS12, vec![short], Some("RSA key of 1024 bits")),
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

/// What a client is told by a server that answers its greeting with these bytes.
async fn told(greeting: &'static [u8]) -> TlsFault {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let serving = tokio::spawn(async move {
        // One for a line, and one that tells why there is none.
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            stream.write_all(greeting).await.unwrap();
            // Until the client has gone: a reset would take the bytes with it.
            stream.read_to_end(&mut Vec::new()).await.unwrap_or_default();
        }
    });
    let endpoint = Endpoint::parse(&url, false).unwrap();
    let place = Some("/home/me/.docker/tls/localhost/ca.crt".into());
    let setup = Setup { tls: TlsMaterial { place, ..Default::default() }, limits: SHORT, ..Setup::default() };
    let got = fetch(&NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap()).await;
    serving.await.unwrap();
    match got {
        Err(RemoteError::Tls { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn alerts_are_told_as_their_cause() {
    assert_eq!(told(&[21, 3, 1, 0, 2, 2, 70]).await, TlsFault::OldProtocol);
    assert_eq!(told(&[21, 3, 3, 0, 2, 2, 40]).await, TlsFault::NothingInCommon);
    assert_eq!(told(&[21, 3, 3, 0, 2, 2, 116]).await, TlsFault::ClientCertificateWanted);
    assert_eq!(told(&[21, 3, 3, 0, 2, 2, 42]).await, TlsFault::ClientCertificateRefused);
    assert_eq!(told(b"HTTP/1.1 400 Bad Request\r\n\r\n").await, TlsFault::NotTls);
    let odd = told(&[21, 3, 3, 0, 2, 2, 90]).await;
    assert!(matches!(&odd, TlsFault::Other(words) if words.contains("90")), "{odd:?}");
}

/// nginx asks for a client certificate after the handshake, by a page.
#[tokio::test]
async fn the_page_of_nginx_for_a_missing_client_certificate_is_understood() {
    use crate::remote::scripted::{Scripted, answer};
    let page = |title: &str| format!("<html><head><title>400 {title}</title></head><body>nginx</body></html>");
    for (title, fault) in [
        ("No required SSL certificate was sent", TlsFault::ClientCertificateWanted),
        ("The SSL certificate error", TlsFault::ClientCertificateRefused),
    ] {
        let body = page(title);
        let server = Scripted::start(move |_, _| answer("400 Bad Request", &[], &body)).await;
        let got = fetch(&client(&server.url())).await;
        assert!(matches!(&got, Err(RemoteError::Tls { why, .. }) if *why == fault), "{got:?}");
    }
}

#[tokio::test]
async fn where_the_authority_belongs_is_named() {
    let served = Authority::named("unknown").certify("localhost", |_| {});
    let refusal = refused(served, &TLS13, &[]).await.unwrap();
    assert!(refusal.contains("CN=unknown"), "{refusal}");
}
