//! What the gate serves and what a verification says, between a trust server and a registry that lie.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use trustdeck::engine::error::Untrusted;
use trustdeck::engine::tags::trusted::{Trusted, all_trusted_in, trusted_in};
use trustdeck::engine::tags::verify::{Depth, PartFinding, Suspect, Verification};
use trustdeck::engine::{Clock, Engine, Kind};
use trustdeck::gate::{self, Options};
use trustdeck::tuf::{Role, Target, TargetName};

use crate::refresh::machine::Machine;
use crate::refresh::origin::Origin;
use crate::refresh::{GUN, gun, publish};
use crate::remote::scripted::{Act, Request, Scripted, answer};
use crate::support::forge::{Key, Repository, days, noon};
use crate::support::image::{DOCKER_MANIFEST, Image, OCI_MANIFEST, get};

const PATH: &str = "/v2/team/app";

/// Lists `bytes` under a tag, with a length.
fn list(repository: &mut Repository, role: &Role, tag: &str, bytes: &[u8], length: u64) {
    use sha2::{Digest, Sha256};
    let target = Target::image(Sha256::digest(bytes).into(), length);
    let content = repository.content.get_mut(role).unwrap();
    content.targets.insert(TargetName::received(tag.to_owned()), target);
}

/// A registry with one image, whose manifest it calls `media_type`.
async fn registry(media_type: &'static str, image: &Image) -> Scripted {
    let image = image.clone();
    let serve = move |request: &Request, _: usize| {
        let bytes = std::str::from_utf8(&image.manifest).unwrap();
        let called = format!("Content-Type: {media_type}");
        let called = [called.as_str()];
        let headers = if media_type.is_empty() { &[][..] } else { &called[..] };
        let blob = image.blobs.iter().find(|blob| request.line.ends_with(&crate::support::image::digest(blob)));
        match blob {
            Some(blob) => answer("200 OK", &[], std::str::from_utf8(blob).unwrap()),
            None if request.line.starts_with("HEAD") => Act::Send(b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec()),
            None => answer("200 OK", headers, bytes),
        }
    };
    Scripted::start(serve).await
}

/// A repository with `targets/releases`, which lists nothing yet.
fn empty() -> Repository {
    let mut repository = Repository::new(GUN, noon());
    let releases = repository.delegate("targets/releases", &[Key::named("jeff")], &[""]);
    repository.add_file(releases, noon());
    repository
}

/// A repository in which `1.0` is signed, with the length of its manifest or another one.
fn signed(image: &Image, length: Option<u64>) -> Repository {
    let mut repository = empty();
    let length = length.unwrap_or(image.manifest.len() as u64);
    list(&mut repository, &Role::releases(), "1.0", &image.manifest, length);
    repository
}

/// A machine that asks these servers.
fn machine(origin: &Origin, registry: &Scripted) -> Machine {
    let mut machine = Machine::new(&origin.url);
    let host = gun().host().unwrap().to_owned();
    machine.settings.servers.registries.addresses.insert(host, registry.url());
    machine
}

/// A gate whose clock can be put forward.
struct Gate {
    running: gate::Running,
    ahead: Arc<AtomicI64>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    async fn start(engine: &Engine, strict: bool) -> Self {
        let (ahead, lines) = (Arc::new(AtomicI64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (of, heard) = (Arc::clone(&ahead), Arc::clone(&lines));
        let clock: Clock = Arc::new(move || noon() + SignedDuration::from_secs(of.load(Ordering::Relaxed)));
        let log: gate::Log = Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned()));
        let (listen, upstream) = ("127.0.0.1:0".parse().unwrap(), gun().host().unwrap().to_owned());
        let options = Options { listen, upstream, strict, tls: None, login: None, open: false };
        Self { running: gate::start(engine, &options, clock, log).await.unwrap(), ahead, lines }
    }

    async fn get(&self, target: &str) -> String {
        get(&format!("http://{}", self.running.address()), target).await
    }

    fn logged(&self, text: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|line| line.contains(text))
    }
}

async fn verified(engine: &Engine, depth: &Depth) -> Verification {
    let view = engine.tags().relied_on(&gun()).await.unwrap();
    let trusted: Trusted = trusted_in(&view, "1.0").unwrap();
    engine.tags().verify(trusted, depth, |_| {}).await.unwrap()
}

/// Ways to keep `targets/releases` from counting, with what is said of each.
fn attacks(honest: &Repository) -> Vec<(Repository, &'static str)> {
    let releases = Role::releases();
    let mut hidden = honest.clone();
    hidden.unnamed.insert(releases.clone());
    publish(&mut hidden, &Role::Snapshot);
    let mut forged = honest.clone();
    forged.signers.insert(releases.clone(), Vec::new());
    publish(&mut forged, &releases);
    let mut few = honest.clone();
    let listing = few.content.get_mut(&Role::Targets).unwrap();
    listing.delegations.iter_mut().flatten().for_each(|delegation| delegation.threshold = 2);
    publish(&mut few, &Role::Targets);
    let mut expired = honest.clone();
    publish(&mut expired, &releases);
    expired.content.get_mut(&releases).unwrap().expires = days(noon(), -1);
    vec![
        (hidden, "targets/releases is hidden by the server"),
        (forged, "targets/releases carries no valid signature"),
        (few, "targets/releases is signed by 1 of 2 needed keys"),
        (expired, "targets/releases has expired"),
    ]
}

#[tokio::test]
async fn nobody_falls_back_to_targets_where_releases_does_not_count() {
    let image = Image::new(OCI_MANIFEST, &[b"layer"]);
    let registry = registry(OCI_MANIFEST, &image).await;
    let mut honest = signed(&image, None);
    let old = Image::new(OCI_MANIFEST, &[b"older"]);
    for tag in ["1.0", "only-here"] {
        list(&mut honest, &Role::Targets, tag, &old.manifest, old.manifest.len() as u64);
    }
    for strict in [false, true] {
        for (attacked, why) in attacks(&honest) {
            let origin = Origin::start().await;
            let machine = machine(&origin, &registry);
            let engine = machine.engine();
            origin.serve(&honest);
            let gate = Gate::start(&engine, strict).await;
            let served = gate.get(&format!("{PATH}/manifests/1.0")).await;
            assert!(served.starts_with("HTTP/1.1 200") && served.contains(&image.digest()), "{served}");
            origin.serve(&attacked);
            gate.ahead.store(61, Ordering::Relaxed);
            for tag in ["1.0", "only-here"] {
                let refused = gate.get(&format!("{PATH}/manifests/{tag}")).await;
                assert!(refused.starts_with("HTTP/1.1 403") && refused.contains(why), "{why}: {refused}");
                assert!(gate.logged(&format!("/manifests/{tag}: {tag} is not trusted: {why}")), "{why}");
            }
            assert!(gate.get("/metrics").await.contains("\ntrustdeck_gate_refused_total 2\n"));
            assert!(gate.get(&format!("{PATH}/tags/list")).await.contains(r#""tags":[]"#), "{why}");
            if strict {
                let refused = gate.get(&format!("{PATH}/manifests/{}", old.digest())).await;
                assert!(refused.contains("no signed tag of team/app reaches"), "{refused}");
            }
            let view = engine.tags().relied_on(&gun()).await.unwrap();
            let refused = trusted_in(&view, "1.0").unwrap_err();
            let Untrusted::Uncounted { cause } = &refused else { panic!("{refused:?}") };
            assert_eq!((cause.kind, cause.role.clone()), (Kind::Role, Some(Role::releases())));
            let told: Vec<_> = view.troubles().into_iter().map(|trouble| trouble.problem).collect();
            assert!(told.contains(cause), "as inspect says it: {cause:?} {told:?}");
            assert_eq!(all_trusted_in(&view), []);
            let missing = trusted_in(&view, "1.1").unwrap_err();
            let hides = why.contains("hidden") || why.contains("no valid signature");
            assert_eq!(matches!(missing, Untrusted::Uncounted { .. }), hides, "{missing:?}");
        }
    }
}

#[tokio::test]
async fn a_tag_that_is_in_targets_alone_is_served_where_releases_counts_or_never_was_or_may_not_sign_it() {
    let image = Image::new(OCI_MANIFEST, &[b"layer"]);
    let registry = registry(OCI_MANIFEST, &image).await;
    let mut counts = empty();
    list(&mut counts, &Role::Targets, "1.0", &image.manifest, image.manifest.len() as u64);
    let mut never = counts.clone();
    never.content.remove(&Role::releases());
    let mut elsewhere = counts.clone();
    let listing = elsewhere.content.get_mut(&Role::Targets).unwrap();
    listing.delegations.iter_mut().flatten().for_each(|delegation| delegation.paths = vec!["v".to_owned()]);
    elsewhere.content.get_mut(&Role::releases()).unwrap().expires = days(noon(), -1);
    for repository in [counts, never, elsewhere] {
        let origin = Origin::start().await;
        origin.serve(&repository);
        let machine = machine(&origin, &registry);
        let engine = machine.engine();
        let view = engine.tags().relied_on(&gun()).await.unwrap();
        assert_eq!(trusted_in(&view, "1.0").unwrap().digest, image.digest());
        assert_eq!(all_trusted_in(&view).len(), 1);
    }
}

#[tokio::test]
async fn a_manifest_is_called_what_its_bytes_say_and_a_registry_that_says_otherwise_is_told() {
    let mut bare = Image::new(OCI_MANIFEST, &[b"layer"]);
    let mut members: serde_json::Value = serde_json::from_slice(&bare.manifest).unwrap();
    members.as_object_mut().unwrap().remove("mediaType");
    bare.manifest = members.to_string().into_bytes();
    for (image, own) in [(Image::new(DOCKER_MANIFEST, &[b"layer"]), DOCKER_MANIFEST), (bare, OCI_MANIFEST)] {
        for called in ["text/html", "", "a/b", own] {
            let registry = registry(called, &image).await;
            let repository = signed(&image, None);
            let origin = Origin::start().await;
            origin.serve(&repository);
            let machine = machine(&origin, &registry);
            let engine = machine.engine();
            let gate = Gate::start(&engine, false).await;
            for target in ["1.0".to_owned(), image.digest()] {
                let served = gate.get(&format!("{PATH}/manifests/{target}")).await;
                assert!(served.starts_with("HTTP/1.1 200"), "{called}: {served}");
                assert!(served.contains(&format!("content-type: {own}\r\n")), "{called}: {served}");
            }
            let verification = verified(&engine, &Depth::Deep { platform: None }).await;
            let finding = &verification.parts[0].finding;
            let is_told = matches!(finding, PartFinding::Wrong { suspect: Suspect::Registry, .. });
            assert_eq!(is_told, called != own, "{called}: {finding:?}");
        }
    }
}

#[tokio::test]
async fn a_manifest_of_another_length_than_is_signed_is_refused() {
    let image = Image::new(OCI_MANIFEST, &[b"layer"]);
    let registry = registry(OCI_MANIFEST, &image).await;
    let repository = signed(&image, Some(7));
    let origin = Origin::start().await;
    origin.serve(&repository);
    let machine = machine(&origin, &registry);
    let engine = machine.engine();
    let gate = Gate::start(&engine, false).await;
    let refused = gate.get(&format!("{PATH}/manifests/1.0")).await;
    assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("expected 7 bytes"), "{refused}");
    assert!(gate.logged("expected 7 bytes"));
    assert!(gate.get("/metrics").await.contains("\ntrustdeck_gate_wrong_total 1\n"));
    let verification = verified(&engine, &Depth::Manifest).await;
    assert!(verification.parts[0].is_refuted(), "{verification:?}");
}

#[tokio::test]
async fn what_a_manifest_holds_of_a_layer_itself_is_checked_too() {
    for (data, is_good) in [("bGF5ZXI=", true), ("bGF5ZXJz", false), ("TEFZRVI=", false), ("#", false)] {
        let mut image = Image::new(OCI_MANIFEST, &[b"layer"]);
        let mut members: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
        members["layers"][0]["data"] = data.into();
        image.manifest = members.to_string().into_bytes();
        let registry = registry(OCI_MANIFEST, &image).await;
        let repository = signed(&image, None);
        let origin = Origin::start().await;
        origin.serve(&repository);
        let machine = machine(&origin, &registry);
        let engine = machine.engine();
        let verification = verified(&engine, &Depth::Deep { platform: None }).await;
        let finding = &verification.parts.last().unwrap().finding;
        let is_signers = matches!(finding, PartFinding::Wrong { suspect: Suspect::Signature, .. });
        assert_eq!((finding == &PartFinding::Good, is_signers), (is_good, !is_good), "{data}: {finding:?}");
    }
}
