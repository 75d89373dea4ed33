//! X.509 certificates around keys: what they say and Notary's rules for them.

use jiff::{SignedDuration, Timestamp as Time};
use x509_cert::Certificate as X509;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;

use super::bare::Bare;
use super::pem;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SHA1_SIGNATURES: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
    ObjectIdentifier::new_unwrap("1.2.840.10040.4.3"),
];

/// What a certificate says about its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Subject common name; for root certificates, the GUN.
    pub common_name: String,
    /// Start of validity.
    pub not_before: Time,
    /// End of validity.
    pub not_after: Time,
    /// Whether the leaf claims to be a certificate authority.
    pub is_ca: bool,
    /// Whether it is signed with SHA-1, which Notary refuses.
    pub sha1: bool,
}

/// A parsed certificate. Its own signature is not looked at: Notary never does outside `ca` pins.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    der: Vec<u8>,
    spki: Vec<u8>,
    facts: CertificateFacts,
}

impl Certificate {
    /// Parses DER; says what is wrong with it otherwise.
    pub(super) fn parse(der: &[u8]) -> Result<Self, String> {
        let damaged = || "is a damaged certificate".to_owned();
        let x509 = X509::from_der(der).map_err(|_| damaged())?;
        let tbs = x509.tbs_certificate();
        let spki = tbs.subject_public_key_info().to_der().map_err(|_| damaged())?;
        let constraints = tbs.get_extension::<BasicConstraints>().map_err(|_| damaged())?;
        let facts = CertificateFacts {
            common_name: common_name(&x509),
            not_before: time(tbs.validity().not_before),
            not_after: time(tbs.validity().not_after),
            is_ca: constraints.is_some_and(|(_, c)| c.ca),
            sha1: SHA1_SIGNATURES.contains(&x509.signature_algorithm().oid),
        };
        Ok(Self { der: der.to_vec(), spki, facts })
    }

    /// The first certificate of an x509 key's PEM text, which is the one that verifies.
    pub(super) fn leaf(pem: &[u8]) -> Result<Self, String> {
        let block = pem::blocks(pem).find(|block| block.label == "CERTIFICATE");
        let der = block.and_then(|block| block.der).ok_or("holds no certificate")?;
        Self::parse(&der)
    }

    /// All certificates of a root key, leaf first, if the bundle follows Notary's rules: certificates only, in Go's
    /// own encoding (clients compute the ID from that), one that is no authority, and that first.
    pub(super) fn root_bundle(pem: &[u8]) -> Result<Vec<Self>, String> {
        let mut bundle = Vec::new();
        let mut encoded = String::new();
        for block in pem::blocks(pem) {
            let der =
                block.der.filter(|_| block.label == "CERTIFICATE").ok_or("holds something else than certificates")?;
            encoded.push_str(&pem::certificate(&der));
            bundle.push(Self::parse(&der)?);
        }
        if encoded.as_bytes() != pem {
            return Err("is not encoded as Notary does".to_owned());
        }
        let leaf_first = bundle.iter().enumerate().all(|(n, c)| c.facts.is_ca == (n > 0));
        if bundle.is_empty() || !leaf_first {
            return Err("is not one leaf certificate followed by authorities".to_owned());
        }
        Ok(bundle)
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn facts(&self) -> CertificateFacts {
        self.facts.clone()
    }

    /// Whether `now` is inside the validity, as Notary counts: it may begin a day later.
    pub(super) fn is_current(&self, now: Time) -> bool {
        self.begins_after(now).is_none() && self.facts.not_after >= now
    }

    /// When it begins, if that is more than a day after `now`.
    pub(super) fn begins_after(&self, now: Time) -> Option<Time> {
        let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Time::MAX);
        Some(self.facts.not_before).filter(|begins| *begins > tomorrow)
    }

    /// Notary's rules for a certificate that is to be added; says which is broken.
    pub(super) fn check_usable(&self, now: Time) -> Result<(), String> {
        self.check_form()?;
        if self.is_current(now) {
            return Ok(());
        }
        let CertificateFacts { not_before, not_after, .. } = &self.facts;
        Err(format!("is a certificate that is valid from {not_before} to {not_after}, not now"))
    }

    /// The rules that do not depend on the time.
    pub(super) fn check_form(&self) -> Result<(), String> {
        if self.facts.not_before > self.facts.not_after {
            return Err("is a certificate that begins after it ends".to_owned());
        }
        if self.facts.sha1 {
            return Err("is a certificate signed with SHA-1, which Notary refuses".to_owned());
        }
        Bare::from_spki(&self.spki).map(|_| ())
    }
}

/// The last common name of the subject, whatever its length and string type; empty if there is none.
fn common_name(certificate: &X509) -> String {
    let names = certificate.tbs_certificate().subject().iter().filter(|a| a.oid == COMMON_NAME);
    names.last().map(|a| String::from_utf8_lossy(a.value.value()).into_owned()).unwrap_or_default()
}

/// Times that jiff cannot hold (such as 9999-12-31T23:59:59Z, for "never") become the last that it can.
fn time(time: x509_cert::time::Time) -> Time {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Time::from_second(seconds).unwrap_or(Time::MAX)
}
