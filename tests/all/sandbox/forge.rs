//! Forged uploads: a repository whose files can be made wrong in every way, and a client that reports what came back.

use std::collections::BTreeMap;

use trustdeck::keys::{PrivateKey, root_certificate};
use trustdeck::tuf::metadata::{BaseRole, default_expiry};
use trustdeck::tuf::{
    Algorithm, Delegation, DelegationName, Envelope, FileMeta, Gun, KeyId, Metadata, PublicKey, Role, Root, Snapshot,
    Target, TargetName, Targets,
};

/// What a server answered, without what differs from run to run.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub cache_control: String,
    pub location: String,
    /// Key IDs, hashes and times are replaced.
    pub body: String,
}

/// One server and a connection to it.
pub struct Wire<'a> {
    pub url: &'a str,
    pub runtime: &'a tokio::runtime::Runtime,
    pub client: reqwest::Client,
}

impl Wire<'_> {
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: Vec<u8>) -> (Answer, Vec<u8>) {
        self.try_send(method, path, content_type, body).expect("an answer")
    }

    /// `None` if the server was gone before it had answered.
    pub fn try_send(&self, method: &str, path: &str, content_type: &str, body: Vec<u8>) -> Option<(Answer, Vec<u8>)> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        if !content_type.is_empty() {
            request = request.header("Content-Type", content_type);
        }
        self.runtime.block_on(async {
            let response = request.send().await.ok()?;
            let header = |name: &str| {
                let value = response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
                value.unwrap_or_default()
            };
            let (content_type, cache_control, location) =
                (header("content-type"), header("cache-control"), header("location"));
            let status = response.status().as_u16();
            let bytes = response.bytes().await.ok()?.to_vec();
            let body = without_hashes(&String::from_utf8_lossy(&bytes));
            Some((Answer { status, content_type, cache_control, location, body }, bytes))
        })
    }

    pub fn get(&self, path: &str) -> (Answer, Vec<u8>) {
        self.send("GET", path, "", Vec::new())
    }

    /// Uploads `parts`, each a file name and its content.
    pub fn upload(&self, gun: &str, parts: &[(&str, Vec<u8>)]) -> Answer {
        let (content_type, body) = Self::form(parts);
        self.send("POST", &format!("/v2/{gun}/_trust/tuf/"), &content_type, body).0
    }

    /// An upload's content type and body.
    pub fn form(parts: &[(&str, Vec<u8>)]) -> (String, Vec<u8>) {
        let mut body = Vec::new();
        for (name, content) in parts {
            let disposition = format!("Content-Disposition: form-data; name=\"files\"; filename=\"{name}\"");
            body.extend(format!("--B\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
            body.extend(content);
            body.extend(b"\r\n");
        }
        body.extend(b"--B--\r\n");
        ("multipart/form-data; boundary=B".to_owned(), body)
    }
}

/// Takes out what differs from run to run, and the reasons that a file has the wrong form.
fn without_hashes(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let hash = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_hash = matches!(hash.len(), 64 | 128) && hash.bytes().all(|b| b.is_ascii_hexdigit());
        out.push_str(&if is_hash { word.replace(hash, "HEX") } else { word.to_owned() });
    }
    // notary-server names whichever of the two hashes it met first.
    let out = out.replace("sha512 checksum for", "sha256 checksum for");
    without_rest(without_rest(out, " expired at "), " type metadata invalid: ")
}

/// Cuts what follows `mark` up to the end of the string it stands in: a time, or words that each program has its own.
fn without_rest(text: String, mark: &str) -> String {
    let Some((before, after)) = text.split_once(mark) else { return text };
    let rest = after.find('"').map_or("", |at| &after[at..]);
    format!("{before}{mark}…{rest}")
}

/// A repository in the making on one server, right until a case makes it wrong.
pub struct Forge<'a> {
    pub wire: &'a Wire<'a>,
    pub gun: String,
    pub root_key: PrivateKey,
    pub targets_key: PrivateKey,
    pub snapshot_key: PrivateKey,
    pub signer: PrivateKey,
    pub root: Root,
    pub targets: Targets,
    pub certificate: PublicKey,
}

pub fn key() -> PrivateKey {
    PrivateKey::generate(&Algorithm::EcdsaP256).unwrap()
}

pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

impl<'a> Forge<'a> {
    /// A valid first root and targets, with server-held snapshot and timestamp keys, not uploaded.
    pub fn new(wire: &'a Wire<'a>, gun: &str) -> Self {
        let gun = gun.to_owned();
        let (root_key, targets_key) = (key(), key());
        let parsed = Gun::parse(&gun).unwrap();
        let certificate = root_certificate(&root_key, &parsed, now()).unwrap();
        let held = |role: &str| -> PublicKey {
            let (_, bytes) = wire.get(&format!("/v2/{gun}/_trust/tuf/{role}.key"));
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            serde_json::from_value::<PublicKey>(value).unwrap()
        };
        let keys = [
            (Role::Root, certificate.clone()),
            (Role::Targets, targets_key.public().clone()),
            (Role::Snapshot, held("snapshot")),
            (Role::Timestamp, held("timestamp")),
        ];
        let root = Root {
            consistent_snapshot: false,
            expires: default_expiry(&Role::Root, now()),
            roles: keys.iter().map(|(role, key)| (role.to_string(), base(key.id(), 1))).collect(),
            keys: keys.into_iter().map(|(_, key)| (key.id().clone(), key)).collect(),
            version: 1,
        };
        let expires = default_expiry(&Role::Targets, now());
        let mut targets = Targets { version: 2, expires, ..Targets::empty() };
        targets.targets.insert(TargetName::parse("v1").unwrap(), Target::image([7; 32], 12));
        let (snapshot_key, signer) = (key(), key());
        Self { wire, gun, root_key, targets_key, snapshot_key, signer, root, targets, certificate }
    }

    /// The root, signed as it should be.
    pub fn root_file(&self) -> Vec<u8> {
        sign(&self.root, &[(&self.root_key, &self.certificate)])
    }

    /// The targets, signed as they should be.
    pub fn targets_file(&self) -> Vec<u8> {
        sign(&self.targets, &[(&self.targets_key, self.targets_key.public())])
    }

    /// A delegation's file by its signer.
    pub fn signer_file(&self, version: u64) -> Vec<u8> {
        let expires = default_expiry(&Role::Targets, now());
        let file = Targets { version, expires, ..Targets::empty() };
        sign(&file, &[(&self.signer, self.signer.public())])
    }

    /// Replaces the keys of a base role.
    pub fn set_keys(&mut self, role: &Role, keys: &[&PublicKey], threshold: u32) {
        let ids = keys.iter().map(|key| key.id().clone()).collect();
        self.root.keys.extend(keys.iter().map(|key| (key.id().clone(), (*key).clone())));
        self.root.roles.insert(role.to_string(), BaseRole { key_ids: Some(ids), threshold });
    }

    /// Makes the snapshot the client's.
    pub fn hold_snapshot(&mut self) {
        let public = self.snapshot_key.public().clone();
        self.set_keys(&Role::Snapshot, &[&public], 1);
    }

    /// A snapshot of these files, signed by the client's key.
    pub fn snapshot_file(&self, version: u64, files: &[(Role, &[u8])]) -> Vec<u8> {
        let meta: BTreeMap<_, _> = files.iter().map(|(role, bytes)| (role.clone(), FileMeta::of(bytes))).collect();
        let snapshot = Snapshot { expires: default_expiry(&Role::Snapshot, now()), meta, version };
        sign(&snapshot, &[(&self.snapshot_key, self.snapshot_key.public())])
    }

    /// Lists a delegation of the signer in a targets file.
    pub fn delegate(&self, file: &mut Targets, role: &str) {
        let public = self.signer.public();
        let key_ids = Some(vec![public.id().clone()]);
        let delegation = Delegation {
            name: DelegationName::parse(role).unwrap(),
            key_ids,
            paths: vec![String::new()],
            threshold: 1,
        };
        file.delegations.get_or_insert_default().push(delegation);
        file.delegation_keys.insert(public.id().clone(), public.clone());
    }

    pub fn upload(&self, parts: &[(&str, Vec<u8>)]) -> Answer {
        self.wire.upload(&self.gun, parts)
    }

    /// Uploads the valid first files.
    #[track_caller]
    pub fn create(&self) {
        let answer = self.upload(&[("root", self.root_file()), ("targets", self.targets_file())]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn base(id: &KeyId, threshold: u32) -> BaseRole {
    BaseRole { key_ids: Some(vec![id.clone()]), threshold }
}

/// A file with the signatures of these keys, each in the name of a key as metadata lists it.
pub fn sign(content: &impl Metadata, keys: &[(&PrivateKey, &PublicKey)]) -> Vec<u8> {
    let message = content.canonical();
    let signatures: Vec<_> = keys.iter().map(|(key, listed)| key.sign(listed, &message).unwrap()).collect();
    Envelope::file(&message, &signatures)
}
