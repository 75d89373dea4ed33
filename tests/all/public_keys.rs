//! Public key files: what can be added to a delegation, and why the others cannot.

use crate::support::forge;

use std::fs;
use std::path::Path;

use forge::{Key, noon};
use trustdeck::tuf::key::PublicKeyError;
use trustdeck::tuf::{Algorithm, KeyType, PublicKey};

fn fixture(file: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file)).unwrap()
}

/// Later than the certificates among the fixtures begin.
fn now() -> jiff::Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn refusal(file: &str) -> PublicKeyError {
    PublicKey::from_file(&fixture(file), now()).unwrap_err()
}

#[test]
fn files_that_notary_cannot_use_are_refused_with_the_reason() {
    for file in ["refused/rsa1024.pub", "refused/ed25519.pub", "refused/secp256k1.pub"] {
        assert!(matches!(refusal(file), PublicKeyError::Unsupported(_)), "{file}");
    }
    for file in ["refused/sha1.crt", "refused/rsa1024.crt", "refused/ed25519.crt"] {
        assert!(matches!(refusal(file), PublicKeyError::Certificate(_)), "{file}");
    }
    assert_eq!(refusal("refused/pkcs1.pub"), PublicKeyError::OtherPem("RSA PUBLIC KEY".to_owned()));
    assert!(matches!(refusal("input/bob-rsa2048.pem"), PublicKeyError::OtherPem(label) if label.contains("PRIVATE")));
    assert_eq!(refusal("input/hello.txt"), PublicKeyError::NoPem);
    assert!(refusal("refused/rsa1024.pub").to_string().contains("1024"));
    assert!(refusal("refused/sha1.crt").to_string().contains("SHA-1"));
}

#[test]
fn certificates_count_from_a_day_before_they_begin_until_they_end() {
    let at = |day| rcgen::date_time_ymd(2026, 6, day);
    let usable = |from: u8, until: u8| {
        let key = Key::named("any").certified("any", |params| {
            params.not_before = at(from);
            params.not_after = at(until);
        });
        PublicKey::from_file(key.public().public(), noon())
    };
    assert!(usable(1, 30).is_ok());
    assert!(usable(16, 30).is_ok());
    for (from, until) in [(17, 30), (1, 15), (30, 1)] {
        assert!(matches!(usable(from, until), Err(PublicKeyError::Certificate(_))), "{from} to {until}");
    }
}

#[test]
fn only_the_first_certificate_of_a_bundle_is_taken_and_encoded_as_go_does() {
    let (first, second) = (Key::named("a").certified("first", |_| {}), Key::named("b").certified("second", |_| {}));
    let pem = |key: &Key| String::from_utf8(key.public().public().to_vec()).unwrap();
    let bundle = format!("some text\r\n\r\n{}{}", pem(&first).replace('\n', "\r\n"), pem(&second));
    let key = PublicKey::from_file(bundle.as_bytes(), noon()).unwrap();
    assert_eq!(key, first.public());
    assert_eq!(key.canonical_id(), Key::named("a").public().canonical_id());
    assert_ne!(key.id().as_str(), key.canonical_id().as_str());
}

#[test]
fn damaged_keys_are_kept_and_never_verify() {
    let damaged = [
        PublicKey::new(KeyType::Ecdsa, b"no DER".to_vec()),
        PublicKey::new(KeyType::EcdsaX509, b"no PEM".to_vec()),
        PublicKey::new(KeyType::Ed25519, vec![1; 31]),
        PublicKey::new(KeyType::Rsa, Key::named("ec").public().public().to_vec()),
        PublicKey::new(KeyType::Other("sphincs".to_owned()), vec![1; 32]),
    ];
    for key in damaged {
        assert!(matches!(key.algorithm(), Algorithm::Unknown(_)), "{key:?}");
        assert_eq!(key.id().as_str(), key.canonical_id().as_str());
        let mut signature = Key::named("ec").sign(b"message");
        signature.key = key.id().clone();
        assert!(!key.verifies(b"message", &signature), "{key:?}");
    }
}

#[test]
fn a_key_whose_certificate_is_signed_with_sha1_is_not_used() {
    let text = String::from_utf8(fixture("refused/sha1.crt")).unwrap();
    let key = PublicKey::new(KeyType::RsaX509, text.into_bytes());
    assert!(key.certificate().unwrap().sha1);
    assert!(matches!(key.algorithm(), Algorithm::Unknown(_)));
}

#[test]
fn a_public_key_that_is_base64_as_a_whole_is_taken_out_of_it() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD as BASE64;
    let certified = Key::named("a").certified("first", |_| {}).public();
    let once = BASE64.encode(certified.public());
    for wrapped in [once.clone(), format!("\"{once}\"\n"), BASE64.encode(&once)] {
        assert_eq!(PublicKey::from_file(wrapped.as_bytes(), noon()).unwrap(), certified, "{wrapped}");
    }
}
