//! Signed repositories made to measure: any clock, any signer, any fault.
//!
//! [`Repository`] holds typed content and who signs it; [`Repository::build`] signs it all, bottom up, so that a
//! change made before is the only thing wrong afterwards. Nothing here uses the code that writes keys or files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp as Time};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature as EcdsaSignature, SigningKey};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};
use trustdeck::tuf::metadata::{BaseRole, default_expiry};
use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles};
use trustdeck::tuf::{
    Delegation, DelegationName, Envelope, FileMeta, Gun, KeyType, Metadata, Method, PublicKey, Remembered, Role, Root,
    Signature, Snapshot, Target, TargetName, Targets, Timestamp, TrustedSet, VerifyError,
};

/// The time that most tests take for now.
pub fn noon() -> Time {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

/// `time` moved by so many days.
pub fn days(time: Time, days: i64) -> Time {
    time.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

/// A P-256 key, always the same for one name.
#[derive(Clone)]
pub struct Key {
    signing: SigningKey,
    public: PublicKey,
}

impl Key {
    /// The key called `name`, bare.
    pub fn named(name: &str) -> Self {
        let signing = SigningKey::from_slice(&Sha256::digest(name)).unwrap();
        let spki = signing.verifying_key().to_public_key_der().unwrap();
        let public = PublicKey::new(KeyType::Ecdsa, spki.as_bytes().to_vec());
        Self { signing, public }
    }

    /// The same key in a self-signed certificate like Notary's for `common_name`; `change` can spoil it.
    pub fn certified(&self, common_name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = leaf_params(common_name);
        change(&mut params);
        let certificate = params.self_signed(&self.key_pair()).unwrap();
        self.wrapped(&go_pem(certificate.der()))
    }

    /// The same key in a certificate that `issuer` signs; the issuer's own follows it if `bundled`.
    pub fn issued(
        &self,
        common_name: &str,
        issuer: &CertifiedIssuer<'static, KeyPair>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut params = leaf_params(common_name);
        change(&mut params);
        let certificate = params.signed_by(&self.key_pair(), issuer).unwrap();
        self.wrapped(&go_pem(certificate.der()))
    }

    /// The same key, listed with `pem` around it.
    pub fn wrapped(&self, pem: &str) -> Self {
        let public = PublicKey::new(KeyType::EcdsaX509, pem.as_bytes().to_vec());
        Self { signing: self.signing.clone(), public }
    }

    /// The private half, for the code under test.
    pub fn private(&self) -> trustdeck::keys::PrivateKey {
        let pem = self.signing.to_pkcs8_pem(p256::pkcs8::LineEnding::LF).unwrap();
        trustdeck::keys::PrivateKey::from_pem(pem.as_bytes(), None).map_err(|_| "not our own form").unwrap()
    }

    /// The public half, as metadata lists it.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: EcdsaSignature = self.signing.sign_prehash(&Sha256::digest(message)).unwrap();
        Signature { key: self.public.id().clone(), method: Method::Ecdsa, bytes: signature.to_bytes().to_vec() }
    }

    fn key_pair(&self) -> KeyPair {
        KeyPair::try_from(self.signing.to_pkcs8_der().unwrap().as_bytes()).unwrap()
    }
}

fn leaf_params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2035, 1, 1);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    params
}

/// An authority for `ca` pins.
pub fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2035, 1, 1);
    CertifiedIssuer::self_signed(params, Key::named(name).key_pair()).unwrap()
}

/// PEM as Go writes it.
pub fn go_pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A repository that is still being put together. All fields may be changed before it is built.
#[derive(Clone)]
pub struct Repository {
    pub gun: Gun,
    pub root: Root,
    /// Content of `targets` and of delegations that have a file.
    pub content: BTreeMap<Role, Targets>,
    pub snapshot: (u64, Time),
    pub timestamp: (u64, Time),
    /// Who signs each role's file.
    pub signers: BTreeMap<Role, Vec<Key>>,
    /// Roles that the snapshot leaves out.
    pub unnamed: BTreeSet<Role>,
    /// Applied to the canonical bytes of a role before they are signed.
    pub edits: BTreeMap<Role, fn(String) -> String>,
    /// Applied to a role's signatures.
    pub signature_edits: BTreeMap<Role, fn(&mut Vec<Signature>)>,
    /// Applied to a role's finished file, before the file above names it.
    pub file_edits: BTreeMap<Role, fn(String) -> String>,
}

impl Repository {
    /// An empty repository whose four base roles are signed at `now`, each with a key of its own name.
    pub fn new(gun: &str, now: Time) -> Self {
        let mut repository = Self {
            gun: Gun::parse(gun).unwrap(),
            root: Root {
                consistent_snapshot: false,
                expires: default_expiry(&Role::Root, now),
                keys: BTreeMap::new(),
                roles: BTreeMap::new(),
                version: 1,
            },
            content: BTreeMap::new(),
            snapshot: (1, default_expiry(&Role::Snapshot, now)),
            timestamp: (1, default_expiry(&Role::Timestamp, now)),
            signers: BTreeMap::new(),
            unnamed: BTreeSet::new(),
            edits: BTreeMap::new(),
            signature_edits: BTreeMap::new(),
            file_edits: BTreeMap::new(),
        };
        repository.set_keys(Role::Root, &[Key::named("root").certified(gun, |_| {})], 1);
        for role in [Role::Targets, Role::Snapshot, Role::Timestamp] {
            let key = Key::named(role.as_str());
            repository.set_keys(role, &[key], 1);
        }
        repository.add_file(Role::Targets, now);
        repository
    }

    /// Lists `keys` for a base role and lets them sign.
    pub fn set_keys(&mut self, role: Role, keys: &[Key], threshold: u32) {
        let ids = keys.iter().map(|key| key.public.id().clone()).collect();
        self.root.keys.extend(keys.iter().map(|key| (key.public.id().clone(), key.public())));
        self.root.roles.insert(role.as_str().to_owned(), BaseRole { key_ids: Some(ids), threshold });
        self.signers.insert(role, keys.to_vec());
    }

    /// Lists a delegation in its parent's file, with keys that will sign it; it gets a file when something is added.
    pub fn delegate(&mut self, name: &str, keys: &[Key], paths: &[&str]) -> Role {
        let name = DelegationName::parse(name).unwrap();
        let parent = self.content.get_mut(&name.parent()).unwrap();
        parent.delegation_keys.extend(keys.iter().map(|key| (key.public.id().clone(), key.public())));
        let role = Role::Delegation(name.clone());
        parent.delegations.get_or_insert_default().push(Delegation {
            name,
            key_ids: Some(keys.iter().map(|key| key.public.id().clone()).collect()),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            threshold: 1,
        });
        self.signers.insert(role.clone(), keys.to_vec());
        role
    }

    /// Gives a role an empty file, signed at `now`.
    pub fn add_file(&mut self, role: Role, now: Time) {
        let file = Targets { version: 1, expires: default_expiry(&role, now), ..Targets::empty() };
        self.content.insert(role, file);
    }

    /// Puts a tag into a role's file; its digest is that of its name.
    pub fn tag(&mut self, role: &Role, tag: &str) {
        let target = Target::image(Sha256::digest(tag).into(), 1234);
        self.content.get_mut(role).unwrap().targets.insert(TargetName::received(tag.to_owned()), target);
    }

    /// Signs everything.
    pub fn build(&self) -> Files {
        let mut files = BTreeMap::from([(Role::Root, self.sign(&Role::Root, &self.root))]);
        files.extend(self.content.iter().map(|(role, content)| (role.clone(), self.sign(role, content))));
        let named = files.iter().filter(|(role, _)| !self.unnamed.contains(role));
        let meta = named.map(|(role, bytes)| (role.clone(), FileMeta::of(bytes))).collect();
        let (version, expires) = self.snapshot;
        let snapshot = self.sign(&Role::Snapshot, &Snapshot { expires, meta, version });
        let (version, expires) = self.timestamp;
        let timestamp = Timestamp { expires, snapshot: FileMeta::of(&snapshot), version };
        files.insert(Role::Timestamp, self.sign(&Role::Timestamp, &timestamp));
        files.insert(Role::Snapshot, snapshot);
        Files { gun: self.gun.clone(), files }
    }

    /// Signs one role's content with its signers, edits applied.
    pub fn sign(&self, role: &Role, content: &impl Metadata) -> Vec<u8> {
        let mut canonical = content.canonical();
        if let Some(edit) = self.edits.get(role) {
            canonical = edit(String::from_utf8(canonical).unwrap()).into_bytes();
        }
        let keys = self.signers.get(role).into_iter().flatten();
        let mut signatures: Vec<Signature> = keys.map(|key| key.sign(&canonical)).collect();
        if let Some(edit) = self.signature_edits.get(role) {
            edit(&mut signatures);
        }
        let file = Envelope::file(&canonical, &signatures);
        match self.file_edits.get(role) {
            Some(edit) => edit(String::from_utf8(file).unwrap()).into_bytes(),
            None => file,
        }
    }
}

/// What a server would hold.
#[derive(Clone)]
pub struct Files {
    pub gun: Gun,
    pub files: BTreeMap<Role, Vec<u8>>,
}

impl Files {
    /// The bytes of a role's file.
    pub fn get(&self, role: &Role) -> &[u8] {
        &self.files[role]
    }

    /// Loads everything as a reader without memory would.
    pub fn verify(&self, now: Time) -> Result<TrustedSet, VerifyError> {
        self.load(&Pinning::default(), SeenRoles::new(), Purpose::Trust, now)
    }

    /// Loads everything, in TUF order.
    pub fn load(
        &self,
        pinning: &Pinning,
        seen: SeenRoles,
        purpose: Purpose,
        now: Time,
    ) -> Result<TrustedSet, VerifyError> {
        self.load_knowing(&Remembered::default(), pinning, seen, purpose, now)
    }

    /// The same on a machine that has verified something before.
    pub fn load_knowing(
        &self,
        remembered: &Remembered,
        pinning: &Pinning,
        seen: SeenRoles,
        purpose: Purpose,
        now: Time,
    ) -> Result<TrustedSet, VerifyError> {
        let set = TrustedSet::start(&self.gun, self.get(&Role::Root), pinning, seen, purpose, now)?;
        let mut set = set.remembering(remembered);
        set.finish_root()?;
        self.load_below_root(&mut set)?;
        Ok(set)
    }

    /// Loads what follows the root.
    pub fn load_below_root(&self, set: &mut TrustedSet) -> Result<(), VerifyError> {
        set.update_timestamp(self.get(&Role::Timestamp))?;
        set.update_snapshot(self.get(&Role::Snapshot))?;
        set.update_targets(self.get(&Role::Targets))?;
        loop {
            let pending = set.pending();
            if pending.is_empty() {
                return Ok(());
            }
            for (name, _) in pending {
                set.update_delegation(&name, self.get(&Role::Delegation(name.clone())))?;
            }
        }
    }
}
