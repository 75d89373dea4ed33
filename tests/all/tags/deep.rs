//! How much a deep verification reads, and what it says of what it cannot read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;
use trustdeck::engine::tags::trusted::Trusted;
use trustdeck::engine::tags::verify::{CheckedPart, Depth, PartFinding, Unproven, not_verified};

use super::asked::engine;
use crate::remote::scripted::{Scripted, answer};
use crate::support::image::{Image, OCI_INDEX, OCI_MANIFEST, digest};

/// What a registry says of what it does not have.
pub(super) const GONE: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;

/// What a registry holds, by digest: media type and bytes.
#[derive(Clone, Default)]
struct Shelf(HashMap<String, (String, Vec<u8>)>, Option<Arc<AtomicBool>>);

impl Shelf {
    fn put(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let descriptor = json!({"mediaType": media_type, "digest": digest(&bytes), "size": bytes.len()});
        self.0.insert(digest(&bytes), (media_type.to_owned(), bytes));
        descriptor
    }

    /// An image with one layer; gives its descriptor.
    fn image(&mut self, layer: &str) -> Value {
        let image = Image::new(OCI_MANIFEST, &[layer.as_bytes()]);
        for blob in image.blobs {
            self.put("application/octet-stream", blob);
        }
        self.put(OCI_MANIFEST, image.manifest)
    }

    /// An index of what these describe.
    fn index(&mut self, listed: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed});
        self.put(OCI_INDEX, index.to_string().into_bytes())
    }

    /// Verifies what has this descriptor.
    async fn verify(&self, signed: &Value, platform: Option<&str>) -> Vec<CheckedPart> {
        let shelf = self.clone();
        let registry = Scripted::start(move |request, _| {
            let (_, of) = request.line.rsplit_once('/').unwrap();
            let kept_back = || shelf.1.as_ref().is_some_and(|first| first.swap(false, Ordering::SeqCst));
            if request.line.contains("/blobs/") && kept_back() {
                return answer("404 Not Found", &[], GONE);
            }
            match shelf.0.get(of) {
                Some((media_type, bytes)) => {
                    answer("200 OK", &[&format!("Content-Type: {media_type}")], std::str::from_utf8(bytes).unwrap())
                }
                None => answer("404 Not Found", &[], GONE),
            }
        })
        .await;
        let home = TempDir::new().unwrap();
        let (engine, gun) = engine(&home, &registry);
        let trusted = Trusted {
            name: gun.to_string(),
            gun,
            tag: "1.0".to_owned(),
            digest: signed["digest"].as_str().unwrap().to_owned(),
            size: signed["size"].as_u64().unwrap(),
            sha512: None,
            roles: vec![],
            signers: vec![],
        };
        let depth = Depth::Deep { platform: platform.map(str::to_owned) };
        let verification = engine.tags().verify(trusted, &depth, |_| {}).await.unwrap();
        assert_eq!(verification.wrong().is_some(), verification.parts.iter().any(CheckedPart::fails));
        verification.parts
    }
}

/// The same descriptor with a platform beside it.
fn on(platform: &str, mut descriptor: Value) -> Value {
    let words: Vec<&str> = platform.split('/').collect();
    descriptor["platform"] = json!({"os": words[0], "architecture": words[1]});
    if let Some(variant) = words.get(2) {
        descriptor["platform"]["variant"] = json!(variant);
    }
    descriptor
}

fn layers(parts: &[CheckedPart]) -> usize {
    parts.iter().filter(|checked| checked.is_good() && checked.part.to_string().starts_with("layer")).count()
}

fn unproven(parts: &[CheckedPart]) -> Vec<Unproven> {
    let why = |checked: &CheckedPart| match &checked.finding {
        PartFinding::Unproven(why) => Some(why.clone()),
        _ => None,
    };
    parts.iter().filter_map(why).collect()
}

#[tokio::test]
async fn a_platform_is_read_in_any_variant_and_one_that_is_not_there_proves_nothing() {
    let mut shelf = Shelf::default();
    let listed = [on("linux/amd64", shelf.image("a")), on("linux/arm64/v8", shelf.image("b"))];
    let index = shelf.index(&listed);
    for platform in ["linux/arm64", "linux/arm64/v8", "linux/amd64"] {
        let parts = shelf.verify(&index, Some(platform)).await;
        assert_eq!((layers(&parts), unproven(&parts)), (1, vec![]), "{platform}");
    }
    for platform in ["linux/s390x", "linux/arm64/v9", "amd64", "linux"] {
        let parts = shelf.verify(&index, Some(platform)).await;
        let there = vec!["linux/amd64".to_owned(), "linux/arm64/v8".to_owned()];
        let missing = Unproven::NoPlatform { asked: platform.to_owned(), there };
        assert_eq!((layers(&parts), unproven(&parts)), (0, vec![missing]), "{platform}");
    }
    let parts = shelf.verify(&index, None).await;
    assert_eq!((layers(&parts), unproven(&parts)), (2, vec![]));
}

#[tokio::test]
async fn an_image_that_is_no_index_must_be_for_the_platform_that_is_asked_for() {
    let mut shelf = Shelf::default();
    let image = shelf.image("a");
    let parts = shelf.verify(&image, Some("linux/amd64")).await;
    assert_eq!((layers(&parts), unproven(&parts)), (1, vec![]));
    for platform in ["linux/arm64", "windows/amd64", "linux/amd64/v2"] {
        let parts = shelf.verify(&image, Some(platform)).await;
        let missing = Unproven::NoPlatform { asked: platform.to_owned(), there: vec!["linux/amd64".to_owned()] };
        assert_eq!((layers(&parts), unproven(&parts)), (0, vec![missing]));
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_looked_at_proves_no_platform() {
    let mut shelf = Shelf::default();
    let layer = shelf.put("application/vnd.oci.image.layer.v1.tar", b"a layer".to_vec());
    let text = r#"{"os":"linux","architecture":"amd64"}"#;
    let kind = "application/vnd.oci.image.config.v1+json";
    let (config, large) =
        (shelf.put(kind, text.into()), shelf.put(kind, format!("{text}{}", " ".repeat(8 << 20)).into_bytes()));
    let mut elsewhere = config.clone();
    elsewhere["urls"] = json!(["https://elsewhere.test/x"]);
    let mut image = |config: &Value| {
        let manifest = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]});
        shelf.put(OCI_MANIFEST, manifest.to_string().into_bytes())
    };
    let (good, large, elsewhere) = (image(&config), image(&large), image(&elsewhere));
    for platform in ["linux/amd64", "windows/arm64"] {
        for image in [&large, &elsewhere] {
            assert_eq!(unproven(&shelf.verify(image, Some(platform)).await), [Unproven::NoConfiguration]);
        }
        // A registry that does not give it at first, and then does.
        shelf.1 = Some(Arc::new(AtomicBool::new(true)));
        let parts = shelf.verify(&good, Some(platform)).await;
        assert!(parts.iter().any(CheckedPart::fails), "{parts:?}");
        shelf.1 = None;
    }
    assert_eq!(layers(&shelf.verify(&good, Some("linux/amd64")).await), 1);
    assert_eq!(layers(&shelf.verify(&large, None).await), 1);
}

#[tokio::test]
async fn each_layer_of_one_digest_is_checked_and_its_bytes_are_read_once() {
    let mut shelf = Shelf::default();
    let config = shelf.put("application/vnd.oci.image.config.v1+json", b"{}".to_vec());
    let layer = shelf.put("application/vnd.oci.image.layer.v1.tar", b"a layer".to_vec());
    let changed = |name: &str, value: Value| {
        let mut layer = layer.clone();
        layer[name] = value;
        layer
    };
    let elsewhere = changed("urls", json!(["https://elsewhere.test/x"]));
    let (longer, false_data) = (changed("size", json!(8)), changed("data", json!("YSBsaWFy")));
    let layers = json!([elsewhere, layer, longer, layer, false_data]);
    let manifest = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers});
    let image = shelf.put(OCI_MANIFEST, manifest.to_string().into_bytes());
    let parts = shelf.verify(&image, None).await;
    let found: Vec<(String, bool, bool)> =
        parts.iter().skip(2).map(|checked| (checked.part.to_string(), checked.is_good(), checked.fails())).collect();
    let row = |number: usize, good, fails| (format!("layer {number} of 5"), good, fails);
    let rows =
        [row(1, false, false), row(2, true, false), row(3, false, true), row(4, true, false), row(5, false, true)];
    assert_eq!(found, rows);
    assert_eq!(not_verified(&parts).unwrap(), "not verified: 1 foreign layer");
    assert_eq!(not_verified(&parts[1..2]), None);
}

#[tokio::test]
async fn an_index_inside_an_index_is_read_down_to_its_layers() {
    let mut shelf = Shelf::default();
    let images = [on("linux/amd64", shelf.image("a")), on("linux/arm64/v8", shelf.image("b"))];
    let inner = shelf.index(&images);
    let windows = on("windows/amd64", shelf.image("c"));
    let outer = shelf.index(&[inner.clone(), windows]);
    assert_eq!(layers(&shelf.verify(&outer, None).await), 3);
    let arm = shelf.verify(&outer, Some("linux/arm64")).await;
    assert_eq!((layers(&arm), unproven(&arm)), (1, vec![]));
    assert_eq!(unproven(&shelf.verify(&outer, Some("linux/s390x")).await).len(), 1);

    let inner = inner["digest"].as_str().unwrap();
    let lost = Shelf(shelf.0.clone().into_iter().filter(|(of, _)| of != inner).collect(), None);
    let parts = lost.verify(&outer, Some("linux/arm64")).await;
    assert!(parts.iter().any(CheckedPart::is_gone), "{parts:?}");
}

#[tokio::test]
async fn indexes_that_list_each_other_without_end_are_left() {
    let mut shelf = Shelf::default();
    let mut index = shelf.image("a");
    for _ in 0..20 {
        index = shelf.index(&[index]);
    }
    let parts = shelf.verify(&index, None).await;
    assert_eq!((layers(&parts), unproven(&parts)), (0, vec![Unproven::Endless]));
}

#[tokio::test]
async fn what_is_of_no_form_that_is_understood_is_not_called_verified() {
    let mut shelf = Shelf::default();
    let form = "application/vnd.example.model.v1+json";
    let other = shelf.put(form, b"{}".to_vec());
    let parts = shelf.verify(&other, None).await;
    assert_eq!(unproven(&parts), [Unproven::Form(form.to_owned())]);
    let image = on("linux/amd64", shelf.image("a"));
    let index = shelf.index(&[image, other]);
    let parts = shelf.verify(&index, None).await;
    assert_eq!((layers(&parts), unproven(&parts)), (1, vec![Unproven::Form(form.to_owned())]));
}
