//! Key files as editors, secret stores and other tools leave them: they load where nothing is lost, and are named for
//! what they are where something is. No message holds a line of a key.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use trustdeck::keys::pem::{Block, Head, MAX_BLOCKS, PemError};
use trustdeck::keys::{OpenError, Passphrase, PrivateKey};
use trustdeck::tuf::{Algorithm, PublicKey};

const PASSPHRASE: &str = "sandbox-only";

/// A key in the clear, without headers.
fn plain() -> (PrivateKey, String) {
    let key = PrivateKey::generate(&Algorithm::EcdsaP256).unwrap();
    let der = key.to_block(Vec::new(), &Passphrase::from_text(PASSPHRASE)).unwrap();
    (key, der.write().to_string())
}

/// An encrypted key as Notary writes it.
fn notarys() -> (PrivateKey, String) {
    let (key, _) = plain();
    let headers = vec![("gun".to_owned(), "r.test:5000/app".to_owned()), ("role".to_owned(), "targets".to_owned())];
    let text = key.to_block(headers, &Passphrase::from_text(PASSPHRASE)).unwrap().write().to_string();
    (key, text)
}

fn opens(file: &[u8], key: &PrivateKey, name: &str) -> Block {
    let block = Block::read(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let opened = PrivateKey::from_block(&block, Some(&Passphrase::from_text(PASSPHRASE)));
    assert_eq!(opened.map(|opened| opened.id().clone()).ok().as_ref(), Some(key.id()), "{name}");
    block
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[test]
fn what_editors_and_secret_stores_make_of_a_key_file_loads() {
    for (key, text) in [plain(), notarys()] {
        let forms = [
            ("a byte order mark", format!("\u{feff}{text}")),
            ("indentation", indented(&text)),
            ("indentation below a name", format!("key: |\n{}", indented(&text))),
            ("quotes", format!("\"{}\"\n", text.trim_end())),
            ("line ends of Windows", text.replace('\n', "\r\n")),
            ("line breaks written out", text.replace('\n', "\\n")),
            ("line breaks written out, as JSON has them", format!("{{\"key\":\"{}\"}}", text.replace('\n', "\\n"))),
            ("blanks for line breaks", text.replace('\n', " ")),
            ("base64", BASE64_STANDARD.encode(&text)),
            ("base64 twice", BASE64_STANDARD.encode(BASE64_STANDARD.encode(&text) + "\n")),
            ("base64 in lines, unpadded", {
                let encoded = BASE64_STANDARD.encode(&text);
                encoded
                    .trim_end_matches('=')
                    .as_bytes()
                    .chunks(76)
                    .map(|c| format!("{}\n", std::str::from_utf8(c).unwrap()))
                    .collect()
            }),
        ];
        let original = Block::read(text.as_bytes()).unwrap();
        for (name, form) in forms {
            let block = opens(form.as_bytes(), &key, name);
            assert_eq!(block.headers, original.headers, "{name}");
            if !name.starts_with("base64") {
                assert_eq!(Head::read(form.as_bytes()).unwrap().headers, original.headers, "{name}");
            }
        }
    }
    let (key, text) = plain();
    opens(text.replace('\n', "").as_bytes(), &key, "no line breaks");
}

#[test]
fn headers_and_content_in_one_word_are_refused_as_what_they_are() {
    let (_, text) = notarys();
    let error = Block::read(text.replace('\n', "").as_bytes()).err().unwrap();
    assert!(error.to_string().contains("lost its line breaks"), "{error}");
}

/// Every way to lose, double or replace a line break: no message and no header that is shown holds a line of the key.
#[test]
fn nothing_that_is_said_of_a_damaged_file_quotes_it() {
    for (_, text) in [plain(), notarys()] {
        let lines: Vec<&str> = text.lines().filter(|line| line.len() > 30 && !line.starts_with('-')).collect();
        let pieces: Vec<&str> = lines.iter().flat_map(|line| [&line[..12], &line[16..28]]).collect();
        let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let mut forms =
            vec![text.replace('\n', ""), text.replace("-----\n", "-----"), text.replace("\n-----", "-----")];
        for at in breaks {
            for other in ["", " ", ":", ": ", "\r", "\\", "-----", "-----\n-----BEGIN "] {
                forms.push(format!("{}{other}{}", &text[..at], &text[at + 1..]));
            }
        }
        for form in forms {
            let mut said = String::new();
            for block in Block::read_each(form.as_bytes()) {
                match block {
                    Ok(block) => {
                        said += &format!("{} {:?} {:?}", block.label, block.name("role"), block.name("gun"));
                        said += &PrivateKey::from_block(&block, None)
                            .err()
                            .map(|e: OpenError| e.to_string())
                            .unwrap_or_default();
                    }
                    Err(error) => said += &error.to_string(),
                }
            }
            said += &PublicKey::from_file(form.as_bytes(), jiff::Timestamp::UNIX_EPOCH).err().unwrap().to_string();
            said += &Head::read(form.as_bytes())
                .map_or_else(|e| e.to_string(), |h| format!("{:?}", (h.name("role"), h.name("gun"))));
            assert!(!pieces.iter().any(|piece| said.contains(piece)), "{said}\n{form}");
        }
    }
}

#[test]
fn files_of_other_kinds_are_named_with_the_command_that_converts_them() {
    let (key, text) = plain();
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let der = Block::read(text.as_bytes()).unwrap().der;
    let pkcs12 = [
        &[0x30, 0x1d, 2, 1, 3, 0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01],
        &[0; 13][..],
    ]
    .concat();
    let certificate = PublicKey::from_file(
        &std::fs::read("tests/fixtures/root-certificate.pem").unwrap(),
        "2026-11-23T00:00:00Z".parse().unwrap(),
    );
    let certificate = BASE64_STANDARD
        .decode(
            String::from_utf8(certificate.unwrap().public().to_vec())
                .unwrap()
                .lines()
                .filter(|l| !l.starts_with('-'))
                .collect::<String>(),
        )
        .unwrap();
    let utf32: Vec<u8> = "\u{feff}-----".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let [der64, pkcs64] = [&der[..], &pkcs12].map(|file| BASE64_STANDARD.encode(file).replace('A', "A\n"));
    let rows: [(&[u8], &str); 10] = [
        (&utf16, "iconv -f UTF-16"),
        (&utf32, "iconv -f UTF-32"),
        (&[0x1f, 0x8b, 8, 0], "trustdeck key restore"),
        (&pkcs12, "openssl pkcs12"),
        (&der, "openssl pkey -inform DER"),
        (der64.as_bytes(), "base64 -d FILE"),
        (pkcs64.as_bytes(), "base64 -d FILE"),
        (&certificate, "openssl x509 -inform DER"),
        (b"age-encryption.org/v1\n", "trustdeck key restore"),
        (b"hello", "holds no PEM block"),
    ];
    for (file, command) in rows {
        let private = PrivateKey::from_pem(file, None).err().unwrap().to_string();
        assert!(private.contains(command), "{private}");
        let public = PublicKey::from_file(file, jiff::Timestamp::UNIX_EPOCH).unwrap_err().to_string();
        assert!(public.contains(command), "{public}");
    }
    assert_eq!(PublicKey::from_spki(key.public().public()).unwrap(), *key.public());
}

#[test]
fn keys_of_other_programs_are_named_for_what_they_are_and_never_quoted() {
    let rows = [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("{ \"kty\": \"EC\", \"d\": \"c2VjcmV0LW9uZQ\" }", "JSON Web Key"),
        ("PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nc2VjcmV0LW9uZQ\n", "puttygen FILE -O private-openssh"),
        ("ssh-ed25519 c2VjcmV0LW9uZQ jeff@host\n", "ssh-keygen -e -m PKCS8"),
        ("ecdsa-sha2-nistp256 c2VjcmV0LW9uZQ jeff@host\n", "ssh-keygen -e -m PKCS8"),
        ("# created: 2026\nAGE-SECRET-KEY-1c2VjcmV0LW9uZQ\n", "identity of age"),
        (
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nc2VjcmV0LW9uZQ\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----\n",
            "GnuPG",
        ),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nc2VjcmV0LW9uZQ\n-----END AGE ENCRYPTED FILE-----\n", "age -d FILE"),
    ];
    for (file, says) in rows {
        let private = PrivateKey::from_pem(file.as_bytes(), None).err().unwrap().to_string();
        let public = PublicKey::from_file(file.as_bytes(), jiff::Timestamp::UNIX_EPOCH).unwrap_err().to_string();
        for told in [private, public] {
            assert!(told.contains(says) && !told.contains("c2Vj"), "{told}");
        }
    }
    let private = plain().1;
    let told = PublicKey::from_file(private.as_bytes(), jiff::Timestamp::UNIX_EPOCH).unwrap_err().to_string();
    assert!(told.contains("openssl pkey -in FILE -pubout"), "{told}");
    let ssh =
        PrivateKey::from_pem(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", None);
    assert!(ssh.err().unwrap().to_string().contains("ssh-keygen -p -m"));
}

/// Made with `openssl pkcs8 -topk8 -v2 des3 -passout pass:sandbox-only`.
#[test]
fn a_key_under_triple_des_opens() {
    let file = include_bytes!("../fixtures/keyfiles/pkcs8-des3.pem");
    let key = PrivateKey::from_pem(file, Some(&Passphrase::from_text(PASSPHRASE)));
    assert!(key.is_ok_and(|key| key.public().algorithm() == Algorithm::EcdsaP256));
    let wrong = PrivateKey::from_pem(file, Some(&Passphrase::from_text("not it"))).err();
    assert_eq!(wrong, Some(OpenError::WrongPassphrase));
}

#[test]
fn a_file_of_nothing_but_beginnings_costs_no_more_than_its_size() {
    let bomb = "-----BEGIN A PRIVATE KEY-----\n".repeat(70_000);
    let found = Block::read_each(bomb.as_bytes()).filter(|block| block.is_err()).count();
    assert_eq!(found, MAX_BLOCKS + 1);
}

#[test]
fn a_line_of_content_that_is_taken_for_a_header_leaves_no_key() {
    let file = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAw:MxPg EC PRIVATE KEY1RulZY\n-----END PRIVATE KEY-----\n";
    assert!(matches!(Block::read(file), Err(PemError::LostLines(_))), "{:?}", Block::read(file).err());
}

#[test]
fn more_blocks_than_anybody_has_are_not_read() {
    let block = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let read: Vec<_> = Block::read_each(block.repeat(MAX_BLOCKS + 7).as_bytes()).collect();
    assert_eq!(read.len(), MAX_BLOCKS + 1);
    assert!(matches!(read.last(), Some(Err(PemError::TooManyBlocks))));
    assert!(Block::read_each(block.repeat(MAX_BLOCKS).as_bytes()).all(|block| block.is_ok()));
}
