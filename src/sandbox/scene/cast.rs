//! Whose keys are in the scene.

use std::collections::BTreeMap;

use serde_json::json;

use super::script::{PASSPHRASE, Script, failed};
use crate::keys::{KeyStore, NewPassphrase, Passphrase, PrivateKey};
use crate::sandbox::error::SandboxError;
use crate::sandbox::layout::{Layout, write_private};
use crate::tuf::{Algorithm, Gun};

/// A key that signs tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Signer {
    JeffOldLaptop,
    JeffNewLaptop,
    Ben,
    Qa,
}

impl Signer {
    const ALL: [Self; 4] = [Self::JeffOldLaptop, Self::JeffNewLaptop, Self::Ben, Self::Qa];

    /// The `role` header of the key file, as `docker trust key generate NAME` writes it.
    fn role(self) -> &'static str {
        match self {
            Self::JeffOldLaptop | Self::JeffNewLaptop => "jeff",
            Self::Ben => "ben",
            Self::Qa => "qa",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::JeffOldLaptop => "jeff old laptop",
            Self::JeffNewLaptop => "jeff new laptop",
            Self::Ben => "ben",
            Self::Qa => "qa",
        }
    }
}

/// Colleagues whose public keys lie in `keys/`, to be added as signers. Their private keys are elsewhere.
const COLLEAGUES: [&str; 2] = ["carol", "dave"];

/// All client keys, stored encrypted in the trust directory.
pub(super) struct Cast {
    /// One root key for all repositories.
    pub(super) root: PrivateKey,
    targets: BTreeMap<String, PrivateKey>,
    signers: BTreeMap<Signer, PrivateKey>,
}

impl Cast {
    /// Makes and stores the keys.
    pub(super) fn assemble(layout: &Layout, scripts: &[Script]) -> Result<Self, SandboxError> {
        let keys = KeyStore::new(&layout.trust_dir());
        let passphrase = NewPassphrase::new(Passphrase::from_text(PASSPHRASE)).map_err(failed)?;
        let make = |role: &str, gun: Option<&Gun>| {
            let key = generate()?;
            keys.save(&key, role, gun, &passphrase).map_err(failed)?;
            Ok::<_, SandboxError>(key)
        };
        let root = make("root", None)?;
        let signers: Result<_, SandboxError> =
            Signer::ALL.into_iter().map(|s| Ok((s, make(s.role(), None)?))).collect();
        let mut targets = BTreeMap::new();
        for script in scripts {
            let gun = Gun::parse(&script.gun()).map_err(failed)?;
            targets.insert(script.gun(), make("targets", Some(&gun))?);
        }
        for name in COLLEAGUES {
            let file = layout.keys_dir().join(format!("{name}.pub"));
            write_private(&file, public_pem(name, generate()?.public().public()).as_bytes())?;
        }
        let cast = Self { root, targets, signers: signers? };
        cast.label(layout)?;
        Ok(cast)
    }

    /// Names the keys whose role says too little.
    fn label(&self, layout: &Layout) -> Result<(), SandboxError> {
        let mut labels = BTreeMap::from([(self.root.id(), "admin root")]);
        labels.extend(self.signers.iter().map(|(signer, key)| (key.id(), signer.label())));
        let file = json!({ "kind": "labels", "version": 2, "content": { "labels": labels } });
        write_private(&layout.state_dir().join("labels.json"), format!("{file:#}\n").as_bytes())
    }

    /// The targets key of a repository.
    pub(super) fn targets(&self, gun: &str) -> Result<&PrivateKey, SandboxError> {
        self.targets.get(gun).ok_or_else(|| failed("a targets key is missing"))
    }

    /// A signer's key.
    pub(super) fn signer(&self, signer: Signer) -> Result<&PrivateKey, SandboxError> {
        self.signers.get(&signer).ok_or_else(|| failed("a signer's key is missing"))
    }
}

fn generate() -> Result<PrivateKey, SandboxError> {
    PrivateKey::generate(&Algorithm::EcdsaP256).map_err(failed)
}

/// A public key file as `docker trust key generate` writes it.
fn public_pem(name: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN PUBLIC KEY-----\nrole: {name}\n\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}
