//! Clients of the gate that check nothing themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use trustdeck::gate::Options;
use trustdeck::remote::registry::{Content, Manifest, Reference, Tag};
use trustdeck::sandbox::REGISTRY;

use super::lab::{Lab, options};
use crate::support::front::Front;
use crate::support::image::{Image, OCI_INDEX, OCI_MANIFEST, digest, get, send};
use crate::support::proxy::{Mode, Proxy};
use crate::support::wait_until;

/// What the registry behind the gate holds under a tag.
fn manifest(lab: &Lab, path: &str, tag: &str) -> Manifest {
    let gun = trustdeck::tuf::Gun::parse(&format!("registry.sandbox/{path}")).unwrap();
    let (registry, path) = lab.runtime.block_on(lab.engine.tags().registry(&gun)).unwrap();
    let tag = Reference::Tag(Tag::parse(tag).unwrap());
    lab.runtime.block_on(registry.manifest(&path, &tag)).unwrap()
}

/// The blobs of an image there.
fn blobs(lab: &Lab, path: &str, tag: &str) -> Vec<String> {
    let manifest = manifest(lab, path, tag);
    let Content::Image(image) = &manifest.content else { panic!("{manifest:?}") };
    let config = image.config().digest().to_string();
    std::iter::once(config).chain(image.layers().iter().map(|layer| layer.digest().to_string())).collect()
}

#[test]
fn a_changed_blob_never_comes_whole_whatever_the_registry_speaks() {
    for lab in [Lab::start(&options()), Lab::with_tls(&options())] {
        let of = blobs(&lab, "team/worker", "0.11");
        let (good, changed): (Vec<String>, Vec<String>) = of.into_iter().partition(|of| {
            let target = format!("/v2/team/worker/blobs/{of}");
            let (is_given, (whole, body)) = (lab.get(&target).starts_with("HTTP/1.1 200"), lab.get_body(&target));
            assert!(!is_given || !whole || digest(&body) == *of, "{of}");
            is_given && whole
        });
        assert_eq!((good.len(), changed.len()), (1, 1));
        assert!(lab.logged("sends other bytes for blob sha256:"), "{:?}", lab.lines);
    }
}

/// A strict gate that reaches its registry through a front.
fn strict_before_front() -> (Lab, Front) {
    before_front(&Options { strict: true, ..options() })
}

/// A gate that reaches its registry through a front.
fn before_front(options: &Options) -> (Lab, Front) {
    let mut front = None;
    let lab = Lab::changed(options, Arc::new(Timestamp::now), |sandbox, settings| {
        let before = Front::start(port(sandbox.url()));
        settings.servers.registries.addresses.insert(REGISTRY.to_owned(), before.url.clone());
        front = Some(before);
    });
    (lab, front.unwrap())
}

/// Manifests that were asked for by digest so far.
fn read_manifests(front: &Front) -> Vec<String> {
    front.lines().into_iter().filter(|line| line.contains("/manifests/sha256:")).collect()
}

fn port(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn pulls_do_not_wait_for_a_trust_server_that_another_pull_is_asking() {
    let ahead = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&ahead);
    let clock = Arc::new(move || Timestamp::now() + SignedDuration::from_secs(clock.load(Ordering::Relaxed)));
    let mut proxy = None;
    let lab = Lab::changed(&options(), clock, |sandbox, settings| {
        let before = Proxy::start(port(sandbox.url()), Duration::ZERO);
        settings.servers.flag = Some(format!("http://localhost:{}", before.port));
        proxy = Some(before);
    });
    let (proxy, manifest) = (proxy.unwrap(), "/v2/team/web/manifests/3.1.6");
    assert!(lab.get(manifest).starts_with("HTTP/1.1 200"));
    proxy.set(Mode::Silence);
    ahead.store(61, Ordering::Relaxed);
    let url = lab.url();
    let asking = lab.runtime.spawn(async move { get(&url, manifest).await });
    wait_until("the gate asks", || proxy.swallowed() > 0);
    for _ in 0..10 {
        assert!(lab.get(manifest).starts_with("HTTP/1.1 200"));
    }
    assert!(!asking.is_finished(), "who asks waits a while for the answer, and nobody else");
    assert!(lab.runtime.block_on(asking).unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_signed_manifest_that_cannot_be_read_keeps_no_other_tag_from_being_pulled_by_digest() {
    let (lab, front) = strict_before_front();
    let layer = blobs(&lab, "team/web", "3.1.6").pop().unwrap();
    front.fail_at(manifest(&lab, "team/web", "3.0.9").digest.as_ref());
    let head = lab.get(&format!("/v2/team/web/blobs/{layer}"));
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let nobodys = format!("/v2/team/web/blobs/sha256:{}", "0".repeat(64));
    assert!(lab.get(&nobodys).starts_with("HTTP/1.1 502"), "the one that cannot be read may list it");
    front.fail_at("nothing");
    assert!(lab.get(&nobodys).starts_with("HTTP/1.1 403"), "it is read again");
}

#[test]
fn many_that_ask_a_strict_gate_for_digests_at_once_share_one_reading() {
    let (lab, front) = strict_before_front();
    let nobodys = format!("/v2/team/web/blobs/sha256:{}", "0".repeat(64));
    let url = lab.url();
    let all = (0..40).map(|_| get(&url, &nobodys));
    let answers = lab.runtime.block_on(futures_util::future::join_all(all));
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 403")), "{answers:?}");
    let mut read = read_manifests(&front);
    let asked = read.len();
    read.sort();
    read.dedup();
    assert_eq!(read.len(), asked, "each manifest once");
}

#[test]
fn a_signed_index_that_leads_to_thousands_of_manifests_is_read_so_far_and_not_again_at_once() {
    let (lab, front) = strict_before_front();
    let layer = blobs(&lab, "team/web", "3.1.6").pop().unwrap();
    let index = |images: Vec<Image>| Image::index(OCI_INDEX, &images.iter().collect::<Vec<_>>());
    let made_up = |of: usize| {
        let image = |at: usize| Image { manifest: format!("{of}.{at}").into_bytes(), ..Image::new(OCI_MANIFEST, &[]) };
        index((0..3000).map(image).collect())
    };
    let (left, right) = (made_up(0), made_up(1));
    let all = index(vec![left.clone(), right.clone()]);
    for image in [&left, &right, &all] {
        front.give(&image.digest(), OCI_INDEX, image.manifest.clone());
    }
    let (tag, size) = (format!("{REGISTRY}/team/web:many"), all.manifest.len().to_string());
    let signed = lab.trustdeck(&["sign", &tag, "--digest", &all.digest(), "--size", &size, "--publish", "--yes"]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let nobodys = format!("/v2/team/web/blobs/sha256:{}", "0".repeat(64));
    let answer = lab.get(&nobodys);
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("leads to too many manifests"), "{answer}");
    let read = read_manifests(&front).len();
    assert!(read < 4096, "{read}");
    assert!(lab.get(&nobodys).starts_with("HTTP/1.1 403"));
    assert_eq!(read_manifests(&front).len(), read, "what says too much is not read at each request");
    let head = lab.get(&format!("/v2/team/web/blobs/{layer}"));
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[test]
fn a_signed_tag_whose_image_is_gone_is_refused_and_sends_nobody_to_the_registry_itself() {
    let lab = Lab::start(&options());
    let gone = lab.get("/v2/team/billing/manifests/2024.1");
    assert!(gone.starts_with("HTTP/1.1 403") && gone.contains("DENIED"), "{gone}");
    assert!(gone.contains("2024.1 is signed, but localhost") && gone.contains("does not have it"), "{gone}");
    let by_digest = lab.get(&format!("/v2/team/billing/manifests/sha256:{}", "0".repeat(64)));
    assert!(by_digest.starts_with("HTTP/1.1 404"), "{by_digest}");
}

#[test]
fn a_blob_that_the_registry_lost_the_bytes_of_is_refused_in_words() {
    let (lab, front) = before_front(&options());
    let of = blobs(&lab, "team/web", "3.1.6");
    for (blob, bytes) in of.iter().zip([b"".to_vec(), b"false".to_vec()]) {
        front.give(blob, "application/octet-stream", bytes);
        let answer = lab.get(&format!("/v2/team/web/blobs/{blob}"));
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("DENIED"), "{answer}");
        assert!(answer.contains("sends other bytes for blob"), "{answer}");
    }
    let nothing = digest(b"");
    front.give(&nothing, "application/octet-stream", Vec::new());
    assert_eq!(lab.get_body(&format!("/v2/team/web/blobs/{nothing}")), (true, Vec::new()), "it is nothing");
}

#[test]
fn small_blobs_and_heads_wait_for_none_of_those_that_hold_the_places() {
    let (lab, front) = before_front(&options());
    let (long, small, kind) = (vec![b'x'; 1 << 20], b"small".to_vec(), "application/octet-stream");
    let of = |bytes: &[u8]| format!("/v2/team/web/blobs/{}", digest(bytes));
    front.stall(&digest(&long), kind, long.clone());
    front.give(&digest(&small), kind, small.clone());
    let (host, begin) = (lab.image(""), format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", of(&long)));
    let host = host.trim_end_matches('/');
    // All that one address gets.
    let begun = (0..128).map(|_| async {
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    });
    let begun = lab.runtime.block_on(futures_util::future::join_all(begun));
    assert_eq!(lab.get_body(&of(&small)), (true, small.clone()));
    assert_eq!(lab.runtime.block_on(send(&lab.url(), "HEAD", &of(&long), kind, b"")).0, 200);
    let next = lab.get(&of(&long));
    assert!(next.starts_with("HTTP/1.1 429") && next.to_lowercase().contains("\r\nretry-after: "), "{next}");
    drop(begun);
}

#[test]
fn a_long_blob_that_is_changed_is_broken_off() {
    let (lab, front) = before_front(&options());
    let (bytes, other) = (vec![b'x'; 1 << 20], vec![b'y'; 1 << 20]);
    front.give(&digest(&bytes), "application/octet-stream", other);
    let (whole, body) = lab.get_body(&format!("/v2/team/web/blobs/{}", digest(&bytes)));
    assert!(!whole && body.len() < bytes.len(), "{} bytes", body.len());
    assert!(lab.logged("sends other bytes for blob"), "{:?}", lab.lines);
}

#[test]
fn many_that_want_one_manifest_at_once_share_one_fetch() {
    let (lab, front) = before_front(&options());
    let manifest = Image::new(OCI_MANIFEST, &[b"a layer"]);
    front.give(&manifest.digest(), OCI_MANIFEST, manifest.manifest.clone());
    let (url, target) = (lab.url(), format!("/v2/team/web/manifests/{}", manifest.digest()));
    let all = (0..40).map(|_| get(&url, &target));
    let answers = lab.runtime.block_on(futures_util::future::join_all(all));
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{answers:?}");
    assert_eq!(read_manifests(&front).len(), 1);
}

#[test]
fn a_long_manifest_comes_whole() {
    let (lab, front) = before_front(&options());
    let mut long = Image::new(OCI_MANIFEST, &[b"a layer"]);
    long.manifest.extend(vec![b' '; 1 << 20]);
    front.give(&long.digest(), OCI_MANIFEST, long.manifest.clone());
    assert_eq!(lab.get_body(&format!("/v2/team/web/manifests/{}", long.digest())), (true, long.manifest));
}

#[test]
fn a_repository_named_like_a_part_of_paths_is_pushed_and_pulled_and_odd_names_send_nobody_on() {
    let lab = Lab::start(&options());
    let image = Image::new(OCI_MANIFEST, &[b"a layer"]);
    for name in ["team/blobs/app", "team/manifests/app"] {
        lab.runtime.block_on(image.push(lab.sandbox().url(), name, "1.0"));
        let layer = digest(b"a layer");
        for layer in [layer.clone(), layer.replace(':', "%3A")] {
            assert_eq!(lab.get_body(&format!("/v2/{name}/blobs/{layer}")), (true, b"a layer".to_vec()));
        }
        let manifest = lab.get_body(&format!("/v2/{name}/manifests/{}", image.digest()));
        assert_eq!(manifest, (true, image.manifest.clone()));
    }
    for odd in ["team/web/manifests/a%20b", "Team/manifests/1.0", "team/web/blobs/sha256:x", "team/web/blobs/md5:00"] {
        let answer = lab.get(&format!("/v2/{odd}"));
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("DENIED"), "{odd}: {answer}");
    }
    assert!(lab.get("/v2/_catalog").starts_with("HTTP/1.1 404"), "it is no content");
}

#[test]
fn a_page_of_no_tags_is_empty_and_leads_nowhere() {
    let lab = Lab::start(&options());
    for url in [lab.url(), lab.sandbox().url().to_owned()] {
        let none = lab.runtime.block_on(get(&url, "/v2/team/web/tags/list?n=0"));
        assert!(none.starts_with("HTTP/1.1 200") && none.ends_with("\"tags\":[]}"), "{none}");
        assert!(!none.to_lowercase().contains("link:"), "{none}");
    }
}
