//! What a server's certificates say, for judging one that is named itself and for telling why a chain was refused.
//!
//! Everything is read leniently, with serial numbers of any length: refusing is the verifier's work.

use jiff::Timestamp;
use rsa::pkcs1::RsaPublicKeyRef;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};

use super::distrust::TlsFault;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const FOR_SERVERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const FOR_ANYTHING: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// Names that are told of a certificate.
const NAMES: usize = 8;
/// Characters of a name that are told.
const LONGEST: usize = 100;

/// A certificate, read.
pub(super) struct Shown(CertificateInner<Raw>);

impl Shown {
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        CertificateInner::from_der(certificate).ok().map(Self)
    }

    /// The hosts that it is for.
    fn names(&self) -> Vec<String> {
        let Ok(Some((_, SubjectAltName(names)))) = self.0.tbs_certificate().get_extension::<SubjectAltName>() else {
            return Vec::new();
        };
        names.iter().filter_map(host_name).take(NAMES).collect()
    }

    fn issuer(&self) -> Option<String> {
        Some(cut(&self.0.tbs_certificate().issuer().to_string())).filter(|name| !name.is_empty())
    }

    fn subject(&self) -> String {
        cut(&self.0.tbs_certificate().subject().to_string())
    }

    /// The first and the last second in which it is valid.
    fn validity(&self) -> (u64, u64) {
        let validity = self.0.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        (seconds(validity.not_before), seconds(validity.not_after))
    }

    fn is_for_servers(&self) -> bool {
        match self.0.tbs_certificate().get_extension::<ExtendedKeyUsage>() {
            Ok(Some((_, ExtendedKeyUsage(uses)))) => uses.contains(&FOR_SERVERS) || uses.contains(&FOR_ANYTHING),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Its key as the certificate holds it.
    pub(super) fn public_key(&self) -> &[u8] {
        self.0.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes()
    }

    /// The length of its RSA key, if it has one and is not accepted.
    pub(super) fn refused_length(&self) -> Option<usize> {
        let spki = self.0.tbs_certificate().subject_public_key_info();
        let key = spki.subject_public_key.as_bytes().filter(|_| spki.algorithm.oid == RSA)?;
        let key = RsaPublicKeyRef::from_der(key).ok()?;
        let modulus = key.modulus.as_bytes();
        let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        Some((modulus.len() * 8).saturating_sub(leading)).filter(|bits| !(2048..=8192).contains(bits))
    }

    /// Its signature, by name.
    fn signature(&self) -> String {
        match self.0.signature_algorithm().oid.to_string().as_str() {
            "1.2.840.113549.1.1.4" => "MD5 with RSA".to_owned(),
            "1.2.840.113549.1.1.5" => "SHA-1 with RSA".to_owned(),
            "1.2.840.10045.4.1" => "SHA-1 with ECDSA".to_owned(),
            "1.2.840.10040.4.3" => "SHA-1 with DSA".to_owned(),
            other => format!("algorithm {other}"),
        }
    }
}

/// Whether a certificate's key may sign others, as Go reads it: since version 3 the certificate has to say so. One that
/// cannot be read here is left to the library.
pub(super) fn may_vouch(certificate: &CertificateDer<'_>) -> bool {
    let Some(Shown(certificate)) = Shown::read(certificate) else { return true };
    let says = || certificate.tbs_certificate().get_extension::<BasicConstraints>();
    certificate.tbs_certificate().version() != Version::V3 || says().is_ok_and(|found| found.is_some_and(|(_, c)| c.ca))
}

/// Whether one of `named` has this name, and may not sign others.
pub(super) fn names_no_authority(named: &[CertificateDer<'_>], name: &str) -> bool {
    let has_name = |certificate: &&CertificateDer<'_>| Shown::read(certificate).is_some_and(|it| it.subject() == name);
    named.iter().filter(has_name).any(|certificate| !may_vouch(certificate))
}

/// Takes a certificate that was named itself, for its name, time and purpose only.
///
/// # Errors
/// What does not fit.
pub(super) fn check_named(certificate: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), Error> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    let shown = Shown::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let (first, last) = shown.validity();
    match now.as_secs() {
        now if now < first => Err(CertificateError::NotValidYet.into()),
        now if now > last => Err(CertificateError::Expired.into()),
        _ if !shown.is_for_servers() => Err(CertificateError::InvalidPurpose.into()),
        _ => Ok(()),
    }
}

/// Finds out more of why a chain was refused: which names, dates and keys it has.
pub(super) fn explain(
    error: &CertificateError,
    end_entity: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    now: UnixTime,
) -> TlsFault {
    let Some(leaf) = Shown::read(end_entity) else { return TlsFault::of_certificate(error) };
    let chain: Vec<Shown> = others.iter().filter_map(Shown::read).collect();
    let all = || std::iter::once(&leaf).chain(&chain);
    let dated =
        |outside: fn(&Shown, u64) -> Option<u64>| all().find_map(|shown| outside(shown, now.as_secs())).and_then(day);
    match TlsFault::of_certificate(error) {
        TlsFault::UnknownAuthority { place, .. } => {
            let top = chain.last().unwrap_or(&leaf);
            TlsFault::UnknownAuthority { issuer: top.issuer(), place }
        }
        TlsFault::WrongName { .. } => TlsFault::WrongName { names: leaf.names() },
        TlsFault::Expired { .. } => {
            TlsFault::Expired { since: dated(|shown, now| Some(shown.validity().1).filter(|last| *last < now)) }
        }
        TlsFault::NotValidYet { .. } => {
            TlsFault::NotValidYet { until: dated(|shown, now| Some(shown.validity().0).filter(|first| *first > now)) }
        }
        TlsFault::Odd if is_unsupported(error) => TlsFault::Algorithm { algorithm: leaf.signature() },
        fault => fault,
    }
}

/// The first RSA key that is too short or too long, of the certificate, those beside it, or the one of `named` that issued
/// one of them: the library says only that a signature does not fit.
pub(super) fn refused_key(
    end_entity: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    named: &[CertificateDer<'_>],
) -> Option<TlsFault> {
    let leaf = Shown::read(end_entity)?;
    let mut above: Vec<Shown> = others.iter().filter_map(Shown::read).collect();
    let issuers: Vec<String> = std::iter::once(&leaf).chain(&above).filter_map(Shown::issuer).collect();
    above.extend(named.iter().filter_map(Shown::read).filter(|shown| issuers.contains(&shown.subject())));
    if let Some(bits) = leaf.refused_length() {
        return Some(TlsFault::RsaLength { whose: "its certificate".to_owned(), bits });
    }
    above.iter().find_map(|shown| {
        let whose = format!("the authority {}", shown.subject());
        Some(TlsFault::RsaLength { whose, bits: shown.refused_length()? })
    })
}

fn is_unsupported(error: &CertificateError) -> bool {
    matches!(
        error,
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

fn host_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(cut(name.as_str())),
        GeneralName::IpAddress(bytes) => match *bytes.as_bytes() {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            ref long => <[u8; 16]>::try_from(long).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn day(seconds: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.strftime("%Y-%m-%d").to_string())
}
