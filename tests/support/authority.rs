//! A certificate authority for the servers of a test.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Names that a test server answers to.
pub const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "registry.example.test", "notary.example.test"];

/// An authority and a certificate of it for [`NAMES`], as files.
pub struct Authority {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// Makes new ones in `dir`.
    pub fn create(dir: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca_key = KeyPair::generate().unwrap();
        let ca_pem = params.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(params, ca_key);
        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned).to_vec()).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        let leaf_key = KeyPair::generate().unwrap();
        let leaf_pem = leaf.signed_by(&leaf_key, &issuer).unwrap().pem();
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        Self {
            ca: write("ca.crt", &ca_pem),
            certificate: write("server.crt", &leaf_pem),
            key: write("server.key", &leaf_key.serialize_pem()),
        }
    }
}
