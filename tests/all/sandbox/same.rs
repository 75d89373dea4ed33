//! The sandbox and the real `notary-server` give the same answers to the same requests, right and wrong.

use jiff::ToSpan;
use trustdeck::keys::root_certificate;
use trustdeck::sandbox::Auth;
use trustdeck::tuf::{Gun, Role, Targets};

use crate::sandbox::clients::Sandbox;
use crate::sandbox::forge::{Answer, Forge, Wire, key, now, sign};
use crate::support::NotaryServer;

/// Asks both servers the same and compares what they answer.
struct Both {
    runtime: tokio::runtime::Runtime,
    real: NotaryServer,
    ours: Sandbox,
    client: reqwest::Client,
}

impl Both {
    fn start() -> Option<Self> {
        let (real, ours) = (NotaryServer::start_plain()?, Sandbox::start(true, Auth::None)?);
        // Fails if another test of this process came first, which is just as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Some(Self { runtime: tokio::runtime::Runtime::new().unwrap(), real, ours, client: client.build().unwrap() })
    }

    fn wire<'a>(&'a self, url: &'a str) -> Wire<'a> {
        Wire { url, runtime: &self.runtime, client: self.client.clone() }
    }

    #[track_caller]
    fn compare(&self, what: &str, ask: impl Fn(&Wire<'_>) -> Answer) -> Answer {
        let real = ask(&self.wire(&self.real.url));
        let ours = ask(&self.wire(self.ours.url()));
        assert_eq!(ours, real, "{what}: ours first, then notary-server's");
        ours
    }
}

/// A wrong upload: what is wrong, the code (empty if it is accepted), and how it is made.
type Case = (&'static str, &'static str, fn(&mut Forge<'_>) -> Answer);

fn both_files(forge: &Forge<'_>) -> Answer {
    forge.upload(&[("root", forge.root_file()), ("targets", forge.targets_file())])
}

const FORMS: &[Case] = &[
    ("no multipart", "MALFORMED_UPLOAD", |f| {
        f.wire.send("POST", &format!("/v2/{}/_trust/tuf/", f.gun), "text/plain", b"x".to_vec()).0
    }),
    ("no file name", "NO_FILENAME", |f| f.upload(&[("", f.root_file())])),
    ("a role that cannot be", "INVALID_ROLE", |f| f.upload(&[("targets/UP", f.root_file())])),
    ("a wildcard", "INVALID_ROLE", |f| f.upload(&[("targets/*", f.root_file())])),
    ("no JSON", "MALFORMED_JSON", |f| f.upload(&[("root", b"root".to_vec())])),
    ("an array", "MALFORMED_JSON", |f| f.upload(&[("root", b"[]".to_vec())])),
    ("a version in words", "MALFORMED_JSON", |f| {
        f.upload(&[("root", br#"{"signed":{"version":"1"},"signatures":[]}"#.to_vec())])
    }),
    ("a negative version", "INVALID_UPDATE", |f| {
        f.upload(&[("root", br#"{"signed":{"version":-1},"signatures":[]}"#.to_vec())])
    }),
    ("an expiry in words", "MALFORMED_JSON", |f| {
        f.upload(&[("root", br#"{"signed":{"version":1,"expires":"soon"},"signatures":[]}"#.to_vec())])
    }),
    ("nothing signed", "INVALID_UPDATE", |f| f.upload(&[("root", b"{}".to_vec())])),
    ("nothing at all", "INVALID_UPDATE", |f| f.upload(&[])),
    ("a timestamp, which is dropped", "", |f| {
        f.upload(&[("root", f.root_file()), ("targets", f.targets_file()), ("timestamp", f.targets_file())])
    }),
    ("two files for a role, the last counts", "", |f| {
        f.upload(&[("targets", b"{}".to_vec()), ("root", f.root_file()), ("targets", f.targets_file())])
    }),
    ("names with .json", "", |f| f.upload(&[("root.json", f.root_file()), ("targets.json", f.targets_file())])),
];

const ROOTS: &[Case] = &[
    ("the first version may be 2", "", |f| {
        f.root.version = 2;
        both_files(f)
    }),
    ("the first version is 3", "INVALID_UPDATE", |f| {
        f.root.version = 3;
        both_files(f)
    }),
    ("version 0", "INVALID_UPDATE", |f| {
        f.root.version = 0;
        both_files(f)
    }),
    ("a root without targets", "INVALID_UPDATE", |f| f.upload(&[("root", f.root_file())])),
    ("targets without a root", "INVALID_UPDATE", |f| f.upload(&[("targets", f.targets_file())])),
    ("another repository's certificate", "INVALID_UPDATE", |f| {
        let other = root_certificate(&f.root_key, &Gun::parse("example.test/other").unwrap(), now()).unwrap();
        f.set_keys(&Role::Root, &[&other], 1);
        f.upload(&[("root", sign(&f.root, &[(&f.root_key, &other)])), ("targets", f.targets_file())])
    }),
    ("a bare root key", "INVALID_UPDATE", |f| {
        let bare = f.root_key.public().clone();
        f.set_keys(&Role::Root, &[&bare], 1);
        f.upload(&[("root", sign(&f.root, &[(&f.root_key, &bare)])), ("targets", f.targets_file())])
    }),
    ("an expired certificate", "INVALID_UPDATE", |f| {
        let long_ago = now() - (24 * 3700).hours();
        let old = root_certificate(&f.root_key, &Gun::parse(&f.gun).unwrap(), long_ago).unwrap();
        f.set_keys(&Role::Root, &[&old], 1);
        f.upload(&[("root", sign(&f.root, &[(&f.root_key, &old)])), ("targets", f.targets_file())])
    }),
    ("an unsigned root", "INVALID_UPDATE", |f| {
        f.upload(&[("root", sign(&f.root, &[])), ("targets", f.targets_file())])
    }),
    ("a root signed by a stranger", "INVALID_UPDATE", |f| {
        let stranger = key();
        let file = sign(&f.root, &[(&stranger, stranger.public())]);
        f.upload(&[("root", file), ("targets", f.targets_file())])
    }),
    ("one of two needed signatures", "INVALID_UPDATE", |f| {
        let second = root_certificate(&key(), &Gun::parse(&f.gun).unwrap(), now()).unwrap();
        let first = f.certificate.clone();
        f.set_keys(&Role::Root, &[&first, &second], 2);
        both_files(f)
    }),
    ("an expired root", "INVALID_UPDATE", |f| {
        f.root.expires = now() - 1.hour();
        both_files(f)
    }),
    ("a timestamp key that the server does not hold", "INVALID_UPDATE", |f| {
        let own = key().public().clone();
        f.set_keys(&Role::Timestamp, &[&own], 1);
        both_files(f)
    }),
    ("a snapshot key that the server does not hold", "INVALID_UPDATE", |f| {
        f.hold_snapshot();
        both_files(f)
    }),
    ("the same root again", "VERSION", |f| {
        f.create();
        f.upload(&[("root", f.root_file())])
    }),
    ("a root that skips a version", "INVALID_UPDATE", |f| {
        f.create();
        f.root.version = 3;
        f.upload(&[("root", f.root_file())])
    }),
    ("a new root key without the old one's signature", "INVALID_UPDATE", |f| {
        f.create();
        let fresh = key();
        let certificate = root_certificate(&fresh, &Gun::parse(&f.gun).unwrap(), now()).unwrap();
        f.set_keys(&Role::Root, &[&certificate], 1);
        f.root.version = 2;
        f.upload(&[("root", sign(&f.root, &[(&fresh, &certificate)]))])
    }),
    ("a new root key with it", "", |f| {
        f.create();
        let fresh = key();
        let certificate = root_certificate(&fresh, &Gun::parse(&f.gun).unwrap(), now()).unwrap();
        f.set_keys(&Role::Root, &[&certificate], 1);
        f.root.version = 2;
        let old = (&f.root_key, &f.certificate);
        f.upload(&[("root", sign(&f.root, &[(&fresh, &certificate), old]))])
    }),
];

const TARGETS: &[Case] = &[
    ("versions may jump", "", |f| {
        f.targets.version = 9;
        both_files(f)
    }),
    ("version 0", "INVALID_UPDATE", |f| {
        f.targets.version = 0;
        both_files(f)
    }),
    ("unsigned targets", "INVALID_UPDATE", |f| {
        f.upload(&[("root", f.root_file()), ("targets", sign(&f.targets, &[]))])
    }),
    ("targets signed by a stranger", "INVALID_UPDATE", |f| {
        let stranger = key();
        let file = sign(&f.targets, &[(&stranger, stranger.public())]);
        f.upload(&[("root", f.root_file()), ("targets", file)])
    }),
    ("expired targets", "INVALID_UPDATE", |f| {
        f.targets.expires = now() - 1.hour();
        both_files(f)
    }),
    ("a root as targets", "INVALID_UPDATE", |f| f.upload(&[("root", f.root_file()), ("targets", f.root_file())])),
    ("an older version", "VERSION", |f| {
        f.create();
        f.targets.version = 1;
        f.upload(&[("targets", f.targets_file())])
    }),
    ("a delegation that nobody lists", "INVALID_UPDATE", |f| {
        f.create();
        f.upload(&[("targets/alice", f.signer_file(1))])
    }),
    ("a delegation without any repository", "INVALID_UPDATE", |f| f.upload(&[("targets/alice", f.signer_file(1))])),
    ("a delegation below one that has no file", "INVALID_UPDATE", |f| {
        f.create();
        f.upload(&[("targets/alice/deep", f.signer_file(1))])
    }),
    ("a delegation with its targets", "", |f| {
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice");
        f.targets = targets;
        f.upload(&[("targets/alice", f.signer_file(1)), ("root", f.root_file()), ("targets", f.targets_file())])
    }),
    ("a delegation alone, listed in stored targets", "", |f| {
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice");
        f.targets = targets;
        f.create();
        f.upload(&[("targets/alice", f.signer_file(1))])
    }),
    ("a delegation signed by a stranger", "INVALID_UPDATE", |f| {
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice");
        f.targets = targets;
        f.create();
        f.signer = key();
        f.upload(&[("targets/alice", f.signer_file(1))])
    }),
    ("a delegation that lists somebody else's child", "INVALID_UPDATE", |f| {
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice/deep");
        f.targets = targets;
        both_files(f)
    }),
    ("a nested delegation whose parent has no valid file", "INVALID_UPDATE", |f| {
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice");
        f.targets = targets;
        f.create();
        let mut alice = Targets { version: 1, expires: f.targets.expires, ..Targets::empty() };
        f.delegate(&mut alice, "targets/alice/deep");
        let file = sign(&alice, &[(&f.signer, f.signer.public())]);
        assert_eq!(f.upload(&[("targets/alice", file)]).status, 200);
        f.targets.version += 1;
        f.targets.delegations.iter_mut().flatten().for_each(|d| d.key_ids = None);
        f.targets.delegation_keys.clear();
        assert_eq!(f.upload(&[("targets", f.targets_file())]).status, 200);
        f.upload(&[("targets/alice/deep", f.signer_file(1))])
    }),
    ("null keys", "", |f| {
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice");
        targets.delegations.iter_mut().flatten().for_each(|d| d.key_ids = None);
        targets.delegation_keys.clear();
        f.targets = targets;
        both_files(f)
    }),
];

/// Chooses what a snapshot says of root and targets.
type Names = fn(&[u8], &[u8]) -> Vec<(Role, Vec<u8>)>;

/// Uploads everything with a snapshot of the client's that is made from `named`, by role.
fn with_snapshot(f: &mut Forge<'_>, version: u64, named: Names) -> Answer {
    f.hold_snapshot();
    let (root, targets) = (f.root_file(), f.targets_file());
    let files = named(&root, &targets);
    let files: Vec<(Role, &[u8])> = files.iter().map(|(role, bytes)| (role.clone(), bytes.as_slice())).collect();
    let snapshot = f.snapshot_file(version, &files);
    f.upload(&[("root", root), ("targets", targets), ("snapshot", snapshot)])
}

const SNAPSHOTS: &[Case] = &[
    ("the client's snapshot", "", |f| {
        with_snapshot(f, 2, |root, targets| vec![(Role::Root, root.to_vec()), (Role::Targets, targets.to_vec())])
    }),
    ("version 0", "INVALID_UPDATE", |f| {
        with_snapshot(f, 0, |root, targets| vec![(Role::Root, root.to_vec()), (Role::Targets, targets.to_vec())])
    }),
    ("another root's hash", "INVALID_UPDATE", |f| {
        with_snapshot(f, 1, |_, targets| vec![(Role::Root, b"x".to_vec()), (Role::Targets, targets.to_vec())])
    }),
    ("other targets' hash", "INVALID_UPDATE", |f| {
        with_snapshot(f, 1, |root, _| vec![(Role::Root, root.to_vec()), (Role::Targets, b"x".to_vec())])
    }),
    ("no entry for targets", "INVALID_UPDATE", |f| with_snapshot(f, 1, |root, _| vec![(Role::Root, root.to_vec())])),
    ("a snapshot with the server's key", "INVALID_UPDATE", |f| {
        let (root, targets) = (f.root_file(), f.targets_file());
        let snapshot = f.snapshot_file(1, &[(Role::Root, &root), (Role::Targets, &targets)]);
        f.upload(&[("root", root), ("targets", targets), ("snapshot", snapshot)])
    }),
    ("a delegation that the snapshot leaves out", "INVALID_UPDATE", |f| {
        f.hold_snapshot();
        let mut targets = f.targets.clone();
        f.delegate(&mut targets, "targets/alice");
        f.targets = targets;
        let (root, targets) = (f.root_file(), f.targets_file());
        let snapshot = f.snapshot_file(1, &[(Role::Root, &root), (Role::Targets, &targets)]);
        let alice = f.signer_file(1);
        f.upload(&[("root", root), ("targets", targets), ("targets/alice", alice), ("snapshot", snapshot)])
    }),
];

#[test]
fn wrong_and_right_uploads_get_the_same_answers() {
    let Some(both) = Both::start() else { return };
    let tables = [FORMS, ROOTS, TARGETS, SNAPSHOTS];
    let mut differences = Vec::new();
    for (at, (what, code, make)) in tables.into_iter().flatten().enumerate() {
        let gun = format!("registry.example.test/case/{at}");
        let answer = |url: &str| make(&mut Forge::new(&both.wire(url), &gun));
        let (real, ours) = (answer(&both.real.url), answer(both.ours.url()));
        if ours != real || !real.body.contains(code) || code.is_empty() != (real.status == 200) {
            differences.push(format!("{what} ({code}):\n  ours {ours:?}\n  real {real:?}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_route_answers_the_same() {
    let Some(both) = Both::start() else { return };
    let gun = "registry.example.test:5000/team/app";
    both.compare("first publish", |wire| both_files(&Forge::new(wire, gun)));
    let files = ["root.json", "1.root.json", "01.root.json", "0.root.json", "2.root.json", "targets/Ab.json"];
    let odd = ["foo.json", "targets/.json", "root.key", "", "99999999999999999999.root.json"];
    for file in files.iter().chain(&odd) {
        let path = format!("/v2/{gun}/_trust/tuf/{file}");
        both.compare(&path, |wire| Answer { body: String::new(), ..wire.get(&path).0 });
    }
    let paths = [
        "/",
        "/v2",
        "/v2/",
        "/v2//x",
        "/v2/x/../",
        "/v2/x/_trust/tuf/root.json",
        "/v2/_trust/tuf/root.json",
        "/v2/a*/_trust/tuf/root.json",
        "/v2/_trust/changefeed",
        "/v2/_trust/changefeed?records=x",
        "/v2/_trust/changefeed?records=1&change_id=z",
        "/v2/nobody/_trust/changefeed?records=1",
        "/_notary_server/health",
    ];
    for path in paths {
        both.compare(path, |wire| wire.get(path).0);
    }
    for method in ["HEAD", "PUT", "PATCH", "OPTIONS", "DELETE", "POST"] {
        both.compare(method, |wire| wire.send(method, "/v2/", "", Vec::new()).0);
    }
}

#[test]
fn files_are_served_by_name_version_and_hash_until_they_are_deleted() {
    let Some(both) = Both::start() else { return };
    let gun = "registry.example.test/team/app";
    for url in [both.real.url.as_str(), both.ours.url()] {
        let wire = both.wire(url);
        let forge = Forge::new(&wire, gun);
        forge.create();
        let path = |file: &str| format!("/v2/{gun}/_trust/tuf/{file}");
        let (_, root) = wire.get(&path("root.json"));
        assert_eq!(root, forge.root_file(), "{url}");
        let hash = trustdeck::tuf::FileMeta::of(&root).sha256().unwrap();
        for name in ["1.root.json".to_owned(), format!("root.{hash}.json")] {
            let (answer, bytes) = wire.get(&path(&name));
            assert_eq!(bytes, root, "{url} {name}");
            assert_eq!(answer.cache_control, "public, max-age=2592000, s-maxage=2592000");
        }
        let upper = format!("root.{}.json", hash.to_uppercase());
        assert_eq!(wire.get(&path(&upper)).0.status, 404, "{url}");
        let (_, held) = wire.get(&path("timestamp.key"));
        assert_eq!(wire.get(&path("timestamp.key")).1, held, "{url}: the key that root names");
        assert_eq!(wire.send("DELETE", &path(""), "", Vec::new()).0.status, 200);
        assert_eq!(wire.get(&path("root.json")).0.status, 404);
        let feed = wire.get(&format!("/v2/{gun}/_trust/changefeed?records=10")).1;
        let feed: serde_json::Value = serde_json::from_slice(&feed).unwrap();
        let categories: Vec<_> = feed["records"].as_array().unwrap().iter().map(|r| r["Category"].clone()).collect();
        assert_eq!(categories, ["update", "deletion"], "{url}");
        forge.create();
    }
}
