//! The authorities in a file: what cannot be used is told and left out, as docker leaves it out.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::shown::may_vouch;
use crate::tuf::foreign::Foreign;
use crate::tuf::pem::{PublicBlock, each};

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorities {
    /// The certificates that can be used.
    pub usable: Vec<CertificateDer<'static>>,
    /// What is wrong with others, by block.
    pub faults: Vec<String>,
}

impl Authorities {
    /// Reads a file of PEM blocks.
    ///
    /// # Errors
    /// Says why none can be used.
    pub fn read(file: &[u8]) -> Result<Self, String> {
        let mut read = Self::default();
        let mut has_key = false;
        for (n, block) in each(file).enumerate() {
            has_key |= block.label.ends_with("PRIVATE KEY");
            if block.label.contains("CERTIFICATE") {
                match usable(block) {
                    Ok(certificate) => read.usable.push(certificate),
                    Err(what) => read.faults.push(format!("block {} {what}", n + 1)),
                }
            }
        }
        if !read.usable.is_empty() {
            return Ok(read);
        }
        Err(match (read.faults.into_iter().next(), Foreign::of(file)) {
            (Some(fault), _) => format!("holds no certificate that can be used: {fault}"),
            (None, _) if has_key => "holds a private key and no PEM block CERTIFICATE".to_owned(),
            (None, Some(foreign)) => foreign.without_certificate(),
            (None, None) => "holds no PEM block CERTIFICATE".to_owned(),
        })
    }
}

/// A block's certificate. One that may not vouch for others stands for itself.
fn usable(block: PublicBlock) -> Result<CertificateDer<'static>, String> {
    match block.label.as_str() {
        "CERTIFICATE" => {}
        "TRUSTED CERTIFICATE" => {
            let way = "convert it with: openssl x509 -in FILE -out ca.crt";
            return Err(format!("is a TRUSTED CERTIFICATE of OpenSSL's own; {way}"));
        }
        other => return Err(format!("is a {other}")),
    }
    let certificate = CertificateDer::from(block.der.ok_or("is a damaged CERTIFICATE")?);
    let is_usable = !may_vouch(&certificate) || RootCertStore::empty().add(certificate.clone()).is_ok();
    if is_usable { Ok(certificate) } else { Err("is a CERTIFICATE that is damaged inside".to_owned()) }
}
