//! Clients of the gate that check nothing themselves.

use trustdeck::remote::registry::{Content, Reference, Tag};

use super::lab::{Lab, options};
use crate::support::image::digest;

/// The blobs of an image as the registry behind the gate lists them.
fn blobs(lab: &Lab, path: &str, tag: &str) -> Vec<String> {
    let gun = trustdeck::tuf::Gun::parse(&format!("registry.sandbox/{path}")).unwrap();
    let (registry, path) = lab.runtime.block_on(lab.engine.tags().registry(&gun)).unwrap();
    let tag = Reference::Tag(Tag::parse(tag).unwrap());
    let manifest = lab.runtime.block_on(registry.manifest(&path, &tag)).unwrap();
    let Content::Image(image) = &manifest.content else { panic!("{manifest:?}") };
    let config = image.config().digest().to_string();
    std::iter::once(config).chain(image.layers().iter().map(|layer| layer.digest().to_string())).collect()
}

#[test]
fn a_changed_blob_never_comes_whole_whatever_the_registry_speaks() {
    for lab in [Lab::start(&options()), Lab::with_tls(&options())] {
        let blob = |of: &str| lab.get_body(&format!("/v2/team/worker/blobs/{of}"));
        let of = blobs(&lab, "team/worker", "0.11");
        let answers: Vec<(String, bool, Vec<u8>)> =
            of.into_iter().map(|of| (of.clone(), blob(&of))).map(|(of, (whole, body))| (of, whole, body)).collect();
        assert!(answers.iter().all(|(of, whole, body)| !whole || digest(body) == *of), "{answers:?}");
        assert_eq!(answers.iter().filter(|(_, whole, _)| !whole).count(), 1);
        assert!(lab.logged("sends other bytes for blob sha256:"), "{:?}", lab.lines);
    }
}
