//! Image references, read as Docker reads them.

use proptest::prelude::*;
use trustdeck::engine::EngineError;
use trustdeck::engine::reference::{familiar_name, parse_bare, parse_repository, parse_tagged};

const HEX: &str = "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899";

/// What is typed; the GUN, the familiar name and the tag that it means, if anything.
type Row = (&'static str, Option<(&'static str, &'static str, Option<&'static str>)>);

#[test]
fn references_are_normalised_as_docker_does() {
    let table: &[Row] = &[
        ("alpine", Some(("docker.io/library/alpine", "alpine", None))),
        ("alpine:3.20", Some(("docker.io/library/alpine", "alpine", Some("3.20")))),
        ("acme/web", Some(("docker.io/acme/web", "acme/web", None))),
        ("library/alpine", Some(("docker.io/library/alpine", "alpine", None))),
        ("docker.io/alpine", Some(("docker.io/library/alpine", "alpine", None))),
        ("index.docker.io/library/alpine", Some(("docker.io/library/alpine", "alpine", None))),
        ("docker.io/library/a/b", Some(("docker.io/library/a/b", "library/a/b", None))),
        ("localhost/web", Some(("localhost/web", "localhost/web", None))),
        ("localhost:5000/web:v1", Some(("localhost:5000/web", "localhost:5000/web", Some("v1")))),
        ("registry.test/a/b/c:T_1.x-y", Some(("registry.test/a/b/c", "registry.test/a/b/c", Some("T_1.x-y")))),
        ("Registry/web", Some(("Registry/web", "Registry/web", None))),
        ("[::1]:5000/web", Some(("[::1]:5000/web", "[::1]:5000/web", None))),
        ("a__b/c.d-e---f_g", Some(("docker.io/a__b/c.d-e---f_g", "a__b/c.d-e---f_g", None))),
        ("registry.test:5000", Some(("docker.io/library/registry.test", "registry.test", Some("5000")))),
        ("docker.io/localhost/web", Some(("docker.io/localhost/web", "docker.io/localhost/web", None))),
        ("docker.io/a.b/web", Some(("docker.io/a.b/web", "docker.io/a.b/web", None))),
        ("my_registry.test/team/app", Some(("my_registry.test/team/app", "my_registry.test/team/app", None))),
        ("my_registry.test:5000/web", None),
        ("", None),
        ("Alpine", None),
        ("acme/Web", None),
        ("acme//web", None),
        ("/web", None),
        ("acme/", None),
        ("acme/_web", None),
        ("acme/we..b", None),
        ("acme/we___b", None),
        ("acme/web:", None),
        ("acme/web:.x", None),
        ("acme/web:a:b", None),
        ("-registry.test/web", None),
        ("registry..test/web", None),
        ("registry.test:/web", None),
        ("registry.test:port/web", None),
        ("[::1/web", None),
        ("registry.test/../web", None),
        ("acme/web@sha256:short", None),
        ("acme/web@", None),
        ("wéb", None),
        ("acme/web ", None),
        (HEX, None),
    ];
    for (text, expected) in table {
        let got = parse_repository(text, false);
        let seen = got.as_ref().ok().map(|r| (r.gun.as_str(), r.familiar.as_str(), r.tag.as_deref()));
        assert_eq!(seen, *expected, "{text:?}");
    }
    let tag = "t".repeat(128);
    assert!(parse_repository(&format!("web:{tag}"), false).is_ok());
    assert!(parse_repository(&format!("web:{tag}t"), false).is_err());
    assert!(parse_repository(&"w".repeat(256), false).is_err());
}

#[test]
fn a_digest_hides_the_tag_beside_it() {
    let reference = parse_repository(&format!("acme/web:v1@sha256:{HEX}"), false).unwrap();
    assert_eq!(reference.tag, None);
    assert_eq!(reference.digest, Some(format!("sha256:{HEX}")));
}

#[test]
fn a_tag_or_digest_where_a_repository_is_meant_is_answered_with_the_repository() {
    let hint = |text: &str| match parse_bare(text, false) {
        Err(EngineError::Input { hint, .. }) => hint,
        other => panic!("{other:?}"),
    };
    assert_eq!(hint("alpine:3.20"), "name the repository: alpine");
    assert_eq!(hint(&format!("registry.test/web@sha256:{HEX}")), "name the repository: registry.test/web");
    assert_eq!(parse_bare("alpine", false).unwrap().as_str(), "docker.io/library/alpine");
}

#[test]
fn literal_names_are_taken_as_they_are() {
    for name in ["alpine", "Example/Collection", "registry.test:5000/web", "a:b"] {
        let reference = parse_repository(name, true).unwrap();
        assert_eq!((reference.gun.as_str(), reference.familiar.as_str(), reference.tag), (name, name, None));
        assert_eq!(parse_bare(name, true).unwrap().as_str(), name);
    }
    for name in ["", "../escape", "a//b", "a/../../b", "a b", "a*"] {
        assert!(parse_repository(name, true).is_err(), "{name:?}");
    }
}

#[test]
fn tags_are_found_where_they_are_needed() {
    let tagged = |text: &str, literal: bool| parse_tagged(text, literal).map(|(gun, tag)| (gun.to_string(), tag)).ok();
    let pair = |gun: &str, tag: &str| Some((gun.to_owned(), tag.to_owned()));
    assert_eq!(tagged("alpine:3.20", false), pair("docker.io/library/alpine", "3.20"));
    assert_eq!(tagged("registry.test:5000/web:v1", true), pair("registry.test:5000/web", "v1"));
    assert_eq!(tagged("collection:a b", true), pair("collection", "a b"));
    assert_eq!(tagged("alpine", false), None);
    assert_eq!(tagged(&format!("alpine:3@sha256:{HEX}"), false), None);
    assert_eq!(tagged("registry.test:5000/web", true), None);
    assert_eq!(tagged("collection", true), None);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_familiar_names_lead_back(text in "\\PC{0,40}|[a-zA-Z0-9./:_@\\-\\[\\]]{0,40}") {
        if let Ok(reference) = parse_repository(&text, false) {
            let again = parse_repository(&reference.familiar, false).unwrap();
            prop_assert_eq!(&again.gun, &reference.gun);
            prop_assert_eq!(parse_repository(reference.gun.as_str(), false).unwrap().gun, reference.gun.clone());
            prop_assert_eq!(familiar_name(&reference.gun), reference.familiar);
            prop_assert!(!reference.gun.as_str().split('/').any(|s| s == ".." || s.is_empty()));
        }
    }

    #[test]
    fn built_references_come_back_in_parts(
        host in prop::option::of("[a-z]{1,8}\\.test(:[0-9]{1,5})?"),
        path in prop::collection::vec("[a-z0-9]{1,6}(-[a-z0-9]{1,4})?", 1..4),
        tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
    ) {
        let path = path.join("/");
        let name = host.as_ref().map_or(path.clone(), |host| format!("{host}/{path}"));
        let text = tag.as_ref().map_or(name.clone(), |tag| format!("{name}:{tag}"));
        // Docker takes a bare name of 64 hexadecimal digits for an image ID; these are shorter.
        let reference = parse_repository(&text, false).unwrap();
        prop_assert_eq!(reference.tag, tag);
        prop_assert!(reference.gun.as_str().ends_with(&path));
    }
}
