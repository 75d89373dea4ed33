//! Properties of the pure core that hold for all input: canonical JSON, names, keys, paths, and damaged files.

use crate::support::forge;

use forge::{Key, Repository, noon};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;
use trustdeck::tuf::metadata::format_time;
use trustdeck::tuf::{
    DelegationName, Envelope, FileMeta, Gun, Metadata, PublicKey, Role, RoleKeys, SignerName, Target, TargetName,
    Targets, VerifyError, canonical, effective_paths, verify,
};

/// JSON of any shape whose numbers are integers that Notary reads exactly.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let member = prop_oneof!["[a-cA-C\"\\\\<\u{e9}]{0,3}", any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(member, inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    canonical::write(value, &mut out).unwrap();
    out
}

/// A file with `signed` as it is, in serde's spelling, and no signatures.
fn file(signed: &Value) -> Vec<u8> {
    format!("{{\"signatures\":[],\"signed\":{signed:#}}}").into_bytes()
}

fn delegation_name() -> impl Strategy<Value = String> {
    "targets(/[-a-z0-9_]{1,9}){1,4}"
}

proptest! {
    #[test]
    fn canonical_json_does_not_depend_on_how_it_was_spelled(value in json()) {
        let spelled = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(&canonical::parse(&spelled).unwrap(), &value);
        let envelope = Envelope::parse(&Role::Targets, file(&value)).unwrap();
        prop_assert_eq!(envelope.canonical(), encode(&value));
    }

    #[test]
    fn canonical_json_is_idempotent(value in json()) {
        let once = encode(&value);
        // Control characters stand raw in it, which is no JSON any more; all the rest must be.
        if !once.iter().any(|b| *b < 0x20) {
            let again = canonical::parse(&once).unwrap();
            prop_assert_eq!(encode(&again), once);
        }
    }

    #[test]
    fn a_written_file_is_read_as_it_was(value in json()) {
        let canonical = encode(&value);
        prop_assume!(!canonical.iter().any(|b| *b < 0x20));
        let signature = Key::named("any").sign(&canonical);
        let bytes = Envelope::file(&canonical, std::slice::from_ref(&signature));
        let envelope = Envelope::parse(&Role::Targets, bytes.clone()).unwrap();
        prop_assert_eq!(envelope.canonical(), canonical);
        prop_assert_eq!(envelope.signatures(), &[signature]);
        prop_assert!(!bytes.iter().any(|b| matches!(b, b'<' | b'>' | b'&')));
    }

    #[test]
    fn fractions_have_no_canonical_form(whole in -1_000_000_i32..1_000_000, part in 1_u32..1000) {
        let number = f64::from(whole) + f64::from(part) / 1000.0;
        prop_assume!(number.fract() != 0.0);
        prop_assert!(canonical::write(&Value::from(number), &mut Vec::new()).is_err());
        prop_assert!(canonical::parse(number.to_string().as_bytes()).is_ok());
    }

    #[test]
    fn a_member_that_stands_twice_is_refused(name in "[a-z\"\\\\]{0,4}", between in json()) {
        let name = Value::from(name);
        let text = format!("[{{{name}:1,\"between\":{between},{name}:2}}]");
        prop_assert!(canonical::parse(text.as_bytes()).is_err());
    }

    #[test]
    fn parsing_never_panics(bytes in vec(any::<u8>(), 0..200)) {
        let _ = canonical::parse(&bytes);
        let _ = Envelope::parse(&Role::Root, bytes.clone());
        let _ = PublicKey::from_file(&bytes, noon());
        let _ = PublicKey::from_spki(&bytes);
    }

    #[test]
    fn names_round_trip(text in delegation_name()) {
        prop_assume!(text.len() <= 255);
        let name = DelegationName::parse(&text).unwrap();
        prop_assert_eq!(name.as_str(), &text);
        prop_assert_eq!(&String::from(name.clone()), &text);
        let role = Role::parse(&text).unwrap();
        prop_assert_eq!(role.delegation(), Some(&name));
        let serialized = serde_json::to_string(&role).unwrap();
        prop_assert_eq!(serde_json::from_str::<Role>(&serialized).unwrap(), role);
        let parent = name.parent();
        let above = format!("{parent}/");
        prop_assert!(text.starts_with(&above));
        prop_assert_eq!(name.depth(), parent.delegation().map_or(0, DelegationName::depth) + 1);
    }

    #[test]
    fn accepted_names_stay_below_their_directory(text in "[./a-zA-Z0-9_%*?:\\\\ -]{0,24}") {
        let escapes = |path: &str| path.split('/').any(|s| matches!(s, "" | "." | ".."));
        if let Ok(gun) = Gun::parse(&text) {
            prop_assert!(!escapes(gun.as_str()) && !gun.as_str().contains(['\\', '%', '*', '?', ' ']));
        }
        if let Ok(name) = DelegationName::parse(&format!("targets/{text}")) {
            prop_assert!(!escapes(name.as_str()));
            prop_assert!(!name.as_str().contains(|c: char| c.is_ascii_uppercase() || c == '.'));
        }
        if let Ok(signer) = SignerName::parse(&text) {
            let role = signer.role();
            prop_assert_eq!(role.as_str(), format!("targets/{text}"));
            prop_assert_eq!(role.parent(), Role::Targets);
        }
    }

    #[test]
    fn effective_paths_never_widen(
        parent in vec("[ab/]{0,3}", 0..4),
        child in vec("[ab/]{0,4}", 0..4),
        grandchild in vec("[ab/]{0,5}", 0..4),
        tag in "[ab/]{0,8}",
    ) {
        let covers = |paths: &[String], tag: &str| paths.iter().any(|p| tag.starts_with(p.as_str()));
        let of_child = effective_paths(&parent, &child);
        let of_grandchild = effective_paths(&of_child, &grandchild);
        if covers(&of_child, &tag) {
            prop_assert!(covers(&parent, &tag) && covers(&child, &tag));
        }
        if covers(&of_grandchild, &tag) {
            prop_assert!(covers(&of_child, &tag) && covers(&parent, &tag));
        }
        prop_assert_eq!(effective_paths(&[String::new()], &child), child);
    }

    #[test]
    fn keys_round_trip_as_metadata_lists_them(name in "[a-z]{1,8}") {
        let key = Key::named(&name).public();
        let listed = serde_json::to_vec(&key).unwrap();
        prop_assert_eq!(serde_json::from_slice::<PublicKey>(&listed).unwrap(), key.clone());
        // Deriving the ID from the canonical form is what Notary does.
        let canonical = encode(&serde_json::to_value(&key).unwrap());
        let digest = FileMeta::of(&canonical).sha256().unwrap();
        prop_assert_eq!(key.id().as_str(), digest);
        let pem = pem_with_header("PUBLIC KEY", &name, key.public());
        prop_assert_eq!(PublicKey::from_file(pem.as_bytes(), noon()).unwrap(), key);
    }

    #[test]
    fn times_are_printed_as_go_prints_them(seconds in 0_i64..4_000_000_000, nanos in 0_i32..1_000_000_000) {
        let time = jiff::Timestamp::new(seconds, nanos).unwrap();
        let text = format_time(time);
        prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap(), time);
        let (seconds, fraction) = text.strip_suffix('Z').unwrap().split_at(19);
        prop_assert_eq!(seconds.len(), "2026-06-15T12:00:00".len());
        let digits = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
        prop_assert_eq!(fraction, digits.trim_end_matches('0'));
    }

    #[test]
    fn targets_are_written_as_they_are_read(tags in btree_map(any::<String>(), any::<([u8; 32], u32)>(), 0..8)) {
        let mut content = Targets { version: 3, expires: noon(), ..Targets::empty() };
        for (tag, (digest, length)) in &tags {
            content.targets.insert(TargetName::received(tag.clone()), Target::image(*digest, u64::from(*length)));
        }
        let canonical = content.canonical();
        prop_assume!(!canonical.iter().any(|b| *b < 0x20));
        let envelope = Envelope::parse(&Role::Targets, Envelope::file(&canonical, &[])).unwrap();
        prop_assert_eq!(envelope.canonical(), canonical);
        prop_assert_eq!(Targets::read(&Role::Targets, &envelope).unwrap(), content);
        prop_assert_eq!(Targets::unknown_members(&envelope), Vec::<String>::new());
    }
}

fn pem_with_header(label: &str, role: &str, der: &[u8]) -> String {
    let body = forge::go_pem(der).replace("CERTIFICATE", label);
    body.replacen("-----\n", &format!("-----\nrole: {role}\n\n"), 1)
}

type Understood = Result<(Vec<u8>, Vec<trustdeck::tuf::Signature>, Vec<String>, Targets), VerifyError>;

fn opened(bytes: &[u8]) -> Understood {
    let (envelope, content) = Targets::open(&Role::Targets, bytes.into())?;
    Ok((envelope.canonical().to_vec(), envelope.signatures().to_vec(), Targets::unknown_members(&envelope), content))
}

fn read_closely(bytes: &[u8]) -> Understood {
    let envelope = Envelope::parse(&Role::Targets, bytes)?;
    let content = Targets::read(&Role::Targets, &envelope)?;
    Ok((envelope.canonical().to_vec(), envelope.signatures().to_vec(), Targets::unknown_members(&envelope), content))
}

/// Files are read in one go where they are written as Notary writes them: nothing may be taken that way that the
/// closer look refuses or understands differently.
#[test]
fn what_is_read_in_one_go_is_what_the_closer_look_reads() {
    let mut repository = Repository::new("registry.example.test/team/app", noon());
    repository.tag(&Role::Targets, "v1");
    let text = String::from_utf8(repository.build().get(&Role::Targets).to_vec()).unwrap();
    let deep = format!("\"v1\":{{\"custom\":{}1{},", "[".repeat(70), "]".repeat(70));
    let changes = [
        ("\"length\":1234", "\"length\":9007199254740993"),
        ("\"length\":1234", "\"length\":1234.0"),
        ("\"length\":1234", "\"length\":1234,\"length\":1234"),
        ("\"version\":1", "\"version\":9007199254740993"),
        ("\"version\":1", "\"version\":1,\"more\":{\"a\":1,\"a\":2}"),
        ("\"v1\":{", deep.as_str()),
        ("\"v1\":{", "\"v1\":{\"custom\":{\"b\":1,\"a\":2},"),
        ("\"v1\":{", "\"v\\u0031\":{"),
        ("\"targets\":{\"v1\"", "\"targets\":{\"v1\":{\"hashes\":{},\"length\":1},\"v1\""),
        ("\"signatures\":[", "\"more\":1,\"signatures\":["),
        ("\"signatures\":[", "\"signatures\":[],\"signatures\":["),
        ("\"keyid\":", "\"other\":1,\"keyid\":"),
        ("{\"signed\":", "{ \"signed\":"),
    ];
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {text}");
        let changed = text.replacen(from, to, 1);
        assert_eq!(opened(changed.as_bytes()), read_closely(changed.as_bytes()), "{to}");
    }
}

/// A signed file that one changed byte makes say something else must not verify.
#[test]
fn no_single_changed_byte_changes_what_verifies() {
    let mut repository = Repository::new("registry.example.test/team/app", noon());
    repository.tag(&Role::Targets, "v1");
    let bytes = repository.build().get(&Role::Targets).to_vec();
    let key = Key::named("targets").public();
    let keys = RoleKeys { keys: vec![key], threshold: 1 };
    let original = Envelope::parse(&Role::Targets, bytes.clone()).unwrap();
    assert!(verify::tally(&original, &keys).is_met());
    let mut still_met = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            assert_eq!(opened(&changed), read_closely(&changed), "byte {at} changed by {flip:#x}");
            match Envelope::parse(&Role::Targets, changed) {
                Ok(envelope) if verify::tally(&envelope, &keys).is_met() => {
                    assert_eq!(envelope.canonical(), original.canonical());
                    still_met += 1;
                }
                Ok(_) | Err(VerifyError::Format { .. } | VerifyError::Limit { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    // Only the case of the letters of `method` may change.
    assert_eq!(still_met, "ecdsa".len());
}
