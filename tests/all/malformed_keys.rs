//! Key files that are damaged, hostile or of another kind: each is refused, in words, and quickly.

use proptest::prelude::*;
use trustdeck::engine::custody::load::KeySet;
use trustdeck::keys::pem::{Block, Head, MAX_FILE};
use trustdeck::keys::{OpenError, Passphrase, PrivateKey};
use zeroize::Zeroizing;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P224: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x21];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];
const RC2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x02];

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..=0x7f => vec![short as u8],
        medium @ 0x80..=0xff => vec![0x81, medium as u8],
        long => [&[0x82], &(long as u16).to_be_bytes()[..]].concat(),
    };
    [&[tag], &length[..], &content].concat()
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    tlv(INTEGER, &[bytes])
}

fn pem_with(label: &str, headers: &[(&str, &str)], der: &[u8]) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let block = Block { label: label.to_owned(), headers, der: Zeroizing::new(der.to_vec()) };
    block.write().as_bytes().to_vec()
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    pem_with(label, &[], der)
}

fn sec1(version: u8, scalar: &[u8], curve: Option<&[u8]>, point: Option<&[u8]>) -> Vec<u8> {
    let curve = curve.map(|oid| tlv(0xa0, &[&tlv(OID, &[oid])])).unwrap_or_default();
    let point = point.map(|point| tlv(0xa1, &[&tlv(0x03, &[&[0], point])])).unwrap_or_default();
    tlv(SEQUENCE, &[&integer(&[version]), &tlv(OCTETS, &[scalar]), &curve, &point])
}

fn pkcs8(version: u8, algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    let oids: Vec<Vec<u8>> = algorithm.iter().map(|oid| tlv(OID, &[oid])).collect();
    let algorithm = tlv(SEQUENCE, &oids.iter().map(Vec::as_slice).collect::<Vec<_>>());
    tlv(SEQUENCE, &[&integer(&[version]), &algorithm, &tlv(OCTETS, &[key])])
}

fn rsa(version: u8, modulus: &[u8]) -> Vec<u8> {
    let half = vec![0x7f; modulus.len() / 2];
    let numbers = [modulus, &[1, 0, 1], &half, &half, &half, &half, &half, &half];
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| integer(number)).collect();
    tlv(SEQUENCE, &[&integer(&[version]), &numbers])
}

fn encrypted(kdf: &[u8], cipher: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let scheme = tlv(SEQUENCE, &[&tlv(OID, &[cipher]), &tlv(OCTETS, &[&[7; 16]])]);
    let parameters = tlv(SEQUENCE, &[kdf, &scheme]);
    let algorithm = tlv(SEQUENCE, &[&tlv(OID, &[PBES2]), &parameters]);
    pem("ENCRYPTED PRIVATE KEY", &tlv(SEQUENCE, &[&algorithm, &tlv(OCTETS, &[ciphertext])]))
}

fn pbkdf2(rounds: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(OID, &[PBKDF2]), &tlv(SEQUENCE, &[&tlv(OCTETS, &[&[1; 8]]), &integer(rounds)])])
}

fn scrypt(cost: &[u8]) -> Vec<u8> {
    let parameters = [tlv(OCTETS, &[&[1; 8]]), integer(cost), integer(&[8]), integer(&[1])].concat();
    tlv(SEQUENCE, &[&tlv(OID, &[SCRYPT]), &tlv(SEQUENCE, &[&parameters])])
}

fn pbes1() -> Vec<u8> {
    let md5_des = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x03];
    let parameters = tlv(SEQUENCE, &[&tlv(OCTETS, &[&[1; 8]]), &integer(&[8])]);
    let algorithm = tlv(SEQUENCE, &[&tlv(OID, &[&md5_des]), &parameters]);
    pem("ENCRYPTED PRIVATE KEY", &tlv(SEQUENCE, &[&algorithm, &tlv(OCTETS, &[&[0; 16]])]))
}

fn old(cipher_and_iv: &str, content: &[u8]) -> Vec<u8> {
    pem_with("EC PRIVATE KEY", &[("Proc-Type", "4,ENCRYPTED"), ("DEK-Info", cipher_and_iv)], content)
}

#[track_caller]
fn assert_each(rows: Vec<(Vec<u8>, &str)>) {
    for (number, (file, what)) in rows.into_iter().enumerate() {
        let found = PrivateKey::from_pem(&file, Some(&Passphrase::from_text("passphrase"))).err();
        assert!(matches!(found, Some(OpenError::Format(_) | OpenError::Convertible(_))), "row {number}: {found:?}");
        assert_eq!(found.map(|error| error.to_string()).as_deref(), Some(what), "row {number}");
    }
}

#[test]
fn damaged_pem_is_refused() {
    let mut many = b"-----BEGIN PRIVATE KEY-----\n".to_vec();
    (0..17).for_each(|_| many.extend(b"a: b\n"));
    assert_each(vec![
        (b"".to_vec(), "is empty"),
        (b"no key at all\n".to_vec(), "holds no PEM block"),
        (b"\0\xff\xfe-----BEGIN X-----".to_vec(), "has no line -----END X-----"),
        (b"-----BEGIN PRIVATE KEY----\n".to_vec(), "holds no PEM block"),
        (vec![b'-'; MAX_FILE + 1], "is larger than 64 KiB, which no key is"),
        (b"-----BEGIN PRIVATE KEY-----".to_vec(), "has no line -----END PRIVATE KEY-----"),
        (b"-----BEGIN A-----\nAAAA\n-----END B-----\n".to_vec(), "has no line -----END A-----"),
        (b"-----BEGIN \xff-----\n".to_vec(), "holds no PEM block"),
        (b"-----BEGIN A-----\nrole: \xff\n\n".to_vec(), "has a PEM header that is not text"),
        (many, "has more than 16 PEM headers"),
        (b"-----BEGIN A-----\n!!!!\n-----END A-----\n".to_vec(), "has a PEM block A whose content is not base64"),
        (b"-----BEGIN A-----\nAAA\n-----END A-----\n".to_vec(), "has a PEM block A whose content is not base64"),
    ]);
}

#[test]
fn other_things_than_private_keys_are_named() {
    let cannot = "which cannot sign for Notary";
    let openssh = "holds a key in OpenSSH's form; if it is an ECDSA or RSA key, convert a copy of it with: ssh-keygen -p -m \
                   PKCS8 -f FILE";
    let dsa = format!("holds a DSA key, {cannot}");
    let other = format!("holds a key that is neither ECDSA, RSA nor Ed25519, {cannot}");
    let curve = format!("holds an elliptic curve other than P-256, P-384 and P-521, {cannot}");
    let large = format!("holds an RSA key of more than 8192 bits, {cannot}");
    let unknown = "holds a PEM block of an unknown kind, expected a private key";
    let written_out = "writes its elliptic curve out instead of naming it; convert it with: openssl ec -in FILE -param_enc \
                       named_curve -out key.pem";
    // As openssl ecparam -param_enc explicit begins it; a PKCS#8 has it outside.
    let explicit = tlv(SEQUENCE, &[&integer(&[1])]);
    let ec = tlv(SEQUENCE, &[&integer(&[1]), &tlv(OCTETS, &[&[1; 32]]), &tlv(0xa0, &[&explicit])]);
    let outside = [tlv(SEQUENCE, &[&tlv(OID, &[EC]), &explicit]), tlv(OCTETS, &[&sec1(1, &[1; 32], None, None)])];
    assert_each(vec![
        (pem("EC PRIVATE KEY", &ec), written_out),
        (pem("PRIVATE KEY", &tlv(SEQUENCE, &[&integer(&[0]), &outside.concat()])), written_out),
        (pem("PUBLIC KEY", &[0x30, 0]), "holds a public key, expected a private one"),
        (pem("CERTIFICATE", &[0x30, 0]), "holds a public key, expected a private one"),
        (pem("OPENSSH PRIVATE KEY", b"openssh-key-v1\0"), openssh),
        (pem("DSA PRIVATE KEY", &[0x30, 0]), &dsa),
        (pem("SOMETHING ELSE", &[0x30, 0]), unknown),
        (pem("PRIVATE KEY", &pkcs8(0, &[X25519], &[0; 32])), &other),
        (pem("PRIVATE KEY", &pkcs8(1, &[EC, P224], &sec1(1, &[1; 28], None, None))), &curve),
        (pem("EC PRIVATE KEY", &sec1(1, &[1; 28], Some(P224), None)), &curve),
        (pem("RSA PRIVATE KEY", &rsa(0, &[0x7f; 1025])), &large),
    ]);
}

#[test]
fn impossible_keys_are_refused() {
    let damaged = "is damaged: the PEM block does not hold the key that its label says";
    let unfit = "holds an RSA key whose numbers do not fit together";
    let range = "holds an elliptic curve key whose number is out of range";
    let even = [&[0x7f; 255][..], &[2]].concat();
    let mut long = pkcs8(1, &[EC, P256], &sec1(1, &[1; 32], None, None));
    long.push(0);
    assert_each(vec![
        (pem("PRIVATE KEY", &[]), damaged),
        (pem("PRIVATE KEY", b"\x30\x84\xff\xff\xff\xff"), damaged),
        (pem("PRIVATE KEY", b"\x30\x80\x00\x00"), damaged),
        (pem("PRIVATE KEY", &long), damaged),
        (pem("PRIVATE KEY", &pkcs8(2, &[EC, P256], &sec1(1, &[1; 32], None, None))), damaged),
        (pem("PRIVATE KEY", &pkcs8(0, &[RSA], &[])), damaged),
        (pem("EC PRIVATE KEY", b"not DER"), damaged),
        (pem("EC PRIVATE KEY", &sec1(2, &[1; 32], Some(P256), None)), damaged),
        (pem("EC PRIVATE KEY", &sec1(1, &[1; 32], None, None)), "holds an elliptic curve key that names no curve"),
        (
            pem("PRIVATE KEY", &pkcs8(1, &[EC, P256], &sec1(1, &[1; 32], Some(P384), None))),
            "holds an elliptic curve key that names two curves",
        ),
        (pem("EC PRIVATE KEY", &sec1(1, &[0; 32], Some(P256), None)), range),
        (pem("EC PRIVATE KEY", &sec1(1, &[], Some(P256), None)), range),
        (pem("EC PRIVATE KEY", &sec1(1, &[0xff; 32], Some(P256), None)), range),
        (
            pem("EC PRIVATE KEY", &sec1(1, &[1; 33], Some(P256), None)),
            "holds an elliptic curve key whose number is too large",
        ),
        (
            pem("EC PRIVATE KEY", &sec1(1, &[1; 32], Some(P256), Some(&[4; 65]))),
            "holds an elliptic curve key whose public half is another key's",
        ),
        (pem("RSA PRIVATE KEY", &rsa(0, &even)), unfit),
        (pem("RSA PRIVATE KEY", &rsa(0, &[0x7f; 256])), unfit),
        (pem("RSA PRIVATE KEY", &rsa(0, &[3])), unfit),
        (pem("RSA PRIVATE KEY", &rsa(0, &[0])), unfit),
        (pem("RSA PRIVATE KEY", &rsa(1, &[0x7f; 256])), damaged),
        (pem("ED25519 PRIVATE KEY", &[1; 95]), damaged),
        (pem("ED25519 PRIVATE KEY", &[[1; 32], [2; 32], [3; 32]].concat()), damaged),
        (pem("ED25519 PRIVATE KEY", &[1; 96]), "holds an Ed25519 key whose public half is another key's"),
        (
            pem("PRIVATE KEY", &pkcs8(0, &[ED25519], &tlv(OCTETS, &[&[1; 31]]))),
            "holds an Ed25519 key that has not 32 bytes",
        ),
    ]);
}

#[test]
fn keys_of_one_file_may_ask_for_some_seconds_together() {
    let costly = encrypted(&pbkdf2(&[0, 0x98, 0x96, 0x80]), AES_256_CBC, &[0; 32]);
    let usual = encrypted(&pbkdf2(&[8, 0]), AES_256_CBC, &[0; 32]);
    let file = [costly.repeat(3), usual.repeat(200)].concat();
    let set = KeySet::parse(&file);
    assert_eq!(set.keys.len(), 202);
    assert_eq!(set.refused, ["block 3 asks, with those before it, for too many rounds of PBKDF2"]);
}

#[test]
fn hostile_encryption_is_refused_before_it_costs_anything() {
    let unknown = "is encrypted in a way that trustdeck does not know";
    let block = [0; 32];
    let uneven = "is damaged: the encrypted key is not a multiple of 16 bytes";
    let rounds = "asks for 2147483647 rounds of PBKDF2, more than the 10000000 that are allowed";
    let no_info = pem_with("EC PRIVATE KEY", &[("Proc-Type", "4,ENCRYPTED")], &block);
    assert_each(vec![
        (encrypted(&pbkdf2(&[0x7f, 0xff, 0xff, 0xff]), AES_256_CBC, &block), rounds),
        (encrypted(&pbkdf2(&[0]), AES_256_CBC, &block), "is damaged: it asks for no rounds of PBKDF2"),
        (encrypted(&pbkdf2(&[8]), AES_256_CBC, &[0; 31]), uneven),
        (encrypted(&pbkdf2(&[8]), AES_256_CBC, &[]), uneven),
        (encrypted(&pbkdf2(&[8]), RC2, &block), &format!("is damaged, or {}", &unknown[3..])),
        (
            encrypted(&scrypt(&[0x40, 0, 0, 0]), AES_256_CBC, &block),
            "asks for more memory for scrypt than any tool does",
        ),
        (
            pbes1(),
            "is encrypted with PBES1, which is broken; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE \
             -out key.pem",
        ),
        (pem("ENCRYPTED PRIVATE KEY", b"not DER"), &format!("is damaged, or {}", &unknown[3..])),
        (no_info, "is encrypted, but has no DEK-Info header"),
        (old("AES-256-CBC", &block), "has a DEK-Info header without an IV"),
        (old("AES-256-CBC,zz", &block), "has a DEK-Info header whose IV is not hexadecimal"),
        (old("AES-256-CBC,0011", &block), "has a DEK-Info header whose IV has the wrong length"),
        (
            old("DES-CBC,00112233445566778899aabbccddeeff", &block),
            "has a DEK-Info header whose IV has the wrong length",
        ),
        (old("CAMELLIA-256-CBC,0011", &block), "is encrypted with a cipher that Notary does not know"),
        (old(&format!("AES-128-CBC,{}", "00".repeat(16)), &[0; 17]), uneven),
        (old("DES-EDE3-CBC,0011223344556677", &[0; 9]), "is damaged: the encrypted key is not a multiple of 8 bytes"),
    ]);
}

/// A wrong passphrase leaves a valid padding once in 256 times, and then bytes without structure.
#[test]
fn a_wrong_passphrase_is_always_called_one() {
    let key = PrivateKey::generate(&trustdeck::tuf::Algorithm::EcdsaP256).unwrap();
    let block = key.to_block(Vec::new(), &Passphrase::from_text("right")).unwrap();
    for attempt in 0..600 {
        let wrong = Passphrase::from_text(&format!("wrong {attempt}"));
        assert_eq!(PrivateKey::from_block(&block, Some(&wrong)).err(), Some(OpenError::WrongPassphrase));
    }
}

fn samples() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/keyfiles");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pems = paths.filter(|path| path.extension().is_some_and(|e| e == "pem"));
    pems.map(|path| std::fs::read(path).unwrap()).collect()
}

fn header() -> impl Strategy<Value = (String, String)> {
    ("[A-Za-z][A-Za-z-]{0,15}", "[!-~]([ -~]{0,60}[!-~])?")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn pem_round_trips(label in "[A-Z][A-Z0-9 ]{0,30}[A-Z]", headers in prop::collection::btree_map("[a-z-]{1,12}", "[!-~]([ -~]{0,60}[!-~])?", 0..8), der in prop::collection::vec(any::<u8>(), 1..5000)) {
        prop_assume!(label != "EC PARAMETERS");
        let headers: Vec<_> = headers.into_iter().collect();
        let block = Block { label, headers, der: Zeroizing::new(der) };
        let text = block.write();
        let back = Block::read(text.as_bytes()).unwrap();
        prop_assert_eq!(&back.label, &block.label);
        prop_assert_eq!(&back.headers, &block.headers);
        prop_assert_eq!(&back.der, &block.der);
        prop_assert_eq!(&*back.write(), &*text);
        prop_assert!(text.lines().skip(block.headers.len() + 1).all(|line| line.len() <= 64));
        let head = Head::read(text.as_bytes()).unwrap();
        prop_assert_eq!((head.label, head.headers), (back.label, back.headers));
    }

    #[test]
    fn headers_in_any_order_are_sorted_as_go_does(headers in prop::collection::vec(header(), 0..8)) {
        let block = Block { label: "X".to_owned(), headers, der: Zeroizing::new(vec![1]) };
        let back = Block::read(block.write().as_bytes()).unwrap();
        let names: Vec<_> = back.headers.iter().map(|(name, _)| (name != "Proc-Type", name.clone())).collect();
        prop_assert!(names.is_sorted());
        prop_assert_eq!(names.len(), block.headers.len());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = PrivateKey::from_pem(&bytes, Some(&Passphrase::from_text("x")));
        let wrapped = [b"-----BEGIN PRIVATE KEY-----\n", &bytes[..], b"\n-----END PRIVATE KEY-----\n"].concat();
        let _ = PrivateKey::from_pem(&wrapped, None);
    }

    /// Every structure inside is reached by files that were right before one byte of them changed.
    #[test]
    fn one_changed_byte_never_makes_the_reader_panic(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let samples = samples();
        let file: &Vec<u8> = which.get(&samples);
        let mut block = Block::read(file).unwrap();
        let at = place.index(block.der.len());
        block.der[at] = value;
        if let Some(cut) = cut {
            let length = cut.index(block.der.len());
            block.der.truncate(length);
        }
        let _ = PrivateKey::from_block(&block, Some(&Passphrase::from_text("repopass1")));
        let _ = PrivateKey::from_block(&block, None);
    }
}
