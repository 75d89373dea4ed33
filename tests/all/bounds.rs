//! What a hostile file may cost: memory in proportion to its size, and a first look that refuses what no file holds.

use crate::support::forge;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use forge::{Repository, noon};
use trustdeck::tuf::{Envelope, Metadata, Role, Root, Targets, VerifyError};

const SIZE: usize = 1 << 20;

/// `{open}{item 0}{item 1}…{close}` of about `size` bytes.
fn filled(size: usize, open: &str, close: &str, item: impl Fn(usize) -> String) -> String {
    let mut text = String::from(open);
    for n in 0.. {
        if text.len() >= size {
            break;
        }
        let _ = write!(text, "{}{}", if n > 0 { "," } else { "" }, item(n));
    }
    text + close
}

/// A targets file that nobody signed, with members that follow `version`.
fn targets(targets: &str, more: &str) -> String {
    format!(
        "{{\"signed\":{{\"_type\":\"Targets\",\"delegations\":{{\"keys\":{{}},\"roles\":[]}},\"expires\":\
         \"2030-01-01T00:00:00Z\",\"targets\":{{{targets}}},\"version\":3{more}}},\"signatures\":[]}}"
    )
}

const EMPTY: &str = "\"hashes\":{},\"length\":0";

/// Files of about `size` bytes that are small for what they hold. Names are out of order, so that they have to be sorted.
fn hostile(size: usize) -> Vec<(&'static str, String)> {
    let filled = |open: &str, close: &str, item: &dyn Fn(usize) -> String| filled(size, open, close, item);
    let member = |n: usize| format!("\"{:x}\":0", n.wrapping_mul(0x9e37_79b9) & 0xffff_ffff);
    let custom = |inner: &str| targets(&format!("\"v1\":{{\"custom\":{inner},{EMPTY}}}"), "");
    let digests = |n: usize| {
        let hashes: Vec<_> = (0..16).map(|n| format!("\"{n:x}\":\"\"")).collect();
        format!("\"{n:x}\":{{\"hashes\":{{{}}},\"length\":0}}", hashes.join(","))
    };
    let deep = (0..60).fold(filled("{", "}", &member), |inner, _| format!("{{\"b\":{inner},\"a\":0}}"));
    vec![
        ("unknown members", targets("", &filled(",", "", &member))),
        (
            "unknown members of a target",
            targets(&format!("\"v1\":{}", filled(&format!("{{{EMPTY},"), "}", &member)), ""),
        ),
        ("custom data of many members", custom(&filled("{", "}", &member))),
        ("custom data of many objects", custom(&filled("[", "]", &|_| "{\"a\":0}".to_owned()))),
        (
            "custom data that is deep and out of order",
            custom(&deep.replacen("{\"b\":", "", 2).replacen(",\"a\":0}", "", 2)),
        ),
        ("small targets", targets(&filled("", "", &|n| format!("\"{n:x}\":{{{EMPTY}}}")), "")),
        ("many digests", targets(&filled("", "", &digests), "")),
    ]
}

/// Peak memory of this process, in bytes.
fn peak() -> usize {
    usize::try_from(crate::support::peak("self")).unwrap()
}

const FILE: &str = "TRUSTDECK_TEST_BOUNDS_FILE";
/// How the file beside it ends that is like it, but small.
const SMALL: &str = "small";

fn read(bytes: Vec<u8>) {
    match Targets::open(&Role::Targets, bytes.into()) {
        Ok((envelope, _)) => {
            Targets::unknown_members(&envelope);
        }
        Err(error) => assert!(error.to_string().len() < 300),
    }
}

/// Does nothing unless it is started by the next test, for memory is measured of a process that does nothing else.
#[test]
fn one_file_is_read_and_the_memory_told() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let path = PathBuf::from(path);
    let (bytes, small) = (std::fs::read(&path).unwrap(), std::fs::read(path.with_extension(SMALL)).unwrap());
    // The code that reads it comes into memory when it runs first: some 15 MiB of a debug build.
    read(small);
    let before = peak();
    read(bytes);
    println!("\npeak {}", peak() - before);
}

#[test]
fn memory_is_in_proportion_to_the_file() {
    let dir = tempfile::tempdir().unwrap();
    for ((name, file), (_, small)) in hostile(SIZE).into_iter().zip(hostile(2048)) {
        let path = dir.path().join("file.json");
        std::fs::write(&path, &file).unwrap();
        std::fs::write(path.with_extension(SMALL), small).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        let reader = "one_file_is_read_and_the_memory_told";
        let reader =
            module_path!().split_once("::").map_or(reader.to_owned(), |(_, within)| format!("{within}::{reader}"));
        command.args(["--exact", &reader, "--nocapture"]).env(FILE, &path);
        let mut grown = || {
            let output = command.output().unwrap();
            assert!(output.status.success(), "{name}");
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().find_map(|line| line.strip_prefix("peak ")).unwrap().parse::<usize>().unwrap()
        };
        // Most for its length takes a digest that is empty: 7 bytes, and two strings in a tree. The system counts pages
        // for each processor apart, and is some of them off: what is always over the bound is over it.
        let least = (0..3).map(|_| grown()).min().unwrap();
        assert!(least < 15 * file.len(), "{name}: {least} bytes for {}", file.len());
    }
}

#[test]
fn very_many_values_or_unsigned_members_are_over_a_limit() {
    let limit = |file: String| {
        matches!(Targets::open(&Role::Targets, file.into_bytes().into()), Err(VerifyError::Limit { .. }))
    };
    assert!(limit(targets("", &format!(",\"a\":[{}0]", "0,".repeat(2_500_000)))));
    let members: Vec<_> = (0..2000).map(|n| format!("\"a{n}\":0")).collect();
    assert!(limit(format!("{{\"signed\":{{}},{},\"signatures\":[]}}", members.join(","))));
    let signature =
        format!("{{\"keyid\":\"{}\",\"method\":\"ecdsa\",\"sig\":\"\",{}}}", "0".repeat(64), members.join(","));
    assert!(limit(targets("", "").replace("\"signatures\":[]", &format!("\"signatures\":[{signature}]"))));
}

#[test]
fn the_first_64_unknown_members_are_named_and_the_others_counted() {
    let members: Vec<_> = (100..300).map(|n| format!("\"x{n}\":0")).collect();
    let file = targets("", &format!(",{}", members.join(",")));
    let (envelope, _) = Targets::open(&Role::Targets, file.into_bytes().into()).unwrap();
    let unknown = Targets::unknown_members(&envelope);
    assert_eq!((unknown.len(), unknown[0].as_str(), unknown[64].as_str()), (65, "x100", "and 136 more"));
}

/// What is said of a file, without the role.
fn said<T: Metadata>(role: Role, file: &str) -> String {
    match T::open(&role, file.as_bytes().into()) {
        Err(VerifyError::Format { at, .. }) => at,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("taken: {file}"),
    }
}

#[test]
fn format_errors_name_the_member_and_what_is_allowed() {
    let mut repository = Repository::new("registry.example.test/team/app", noon());
    repository.tag(&Role::Targets, "1.0");
    let text = |role: &Role| String::from_utf8(repository.build().get(role).to_vec()).unwrap();
    let whole = "expected a whole number from 1 to 4294967295";
    let root = text(&Role::Root);
    for bad in ["0", "-1", "1.5", "4294967296", "\"1\"", "null"] {
        let file = root.replace("\"threshold\":1", &format!("\"threshold\":{bad}"));
        assert_eq!(said::<Root>(Role::Root, &file), format!("threshold of root: {whole}"), "{bad}");
    }
    let long = format!("\"{}\":", "1".repeat(65_537));
    let rows = [
        ("\"version\":1", "\"version\":0", "version: expected a whole number from 1 to 9007199254740992"),
        ("\"length\":1234", "\"length\":\"1234\"", "length of 1.0: expected a whole number from 0 to 9007199254740992"),
        ("\"length\":1234", "\"size\":1234", "length of 1.0: is missing"),
        ("\"1.0\":", &long, &format!("{}…: expected a name of at most 65536 bytes", "1".repeat(64))),
        ("\"sha256\":\"", "\"sha256\":\"!", "sha256 of 1.0: expected base64"),
        ("\"_type\":\"Targets\"", "\"_type\":\"Root\"", "_type: expected Targets"),
        ("\"expires\":\"", "\"expires\":\"x", "expires: expected a time such as 2030-01-31T12:00:00Z"),
        ("\"keyid\":\"", "\"keyid\":\"x", "keyid of signature 1: expected a key ID of 64 hexadecimal digits"),
        ("\"Targets\"", "[]", "_type: expected Targets"),
        ("\"signed\":", "\"Signed\":", "the file: a member differs in case only, expected signed"),
    ];
    let targets = text(&Role::Targets);
    for (from, to, expected) in rows {
        assert!(targets.contains(from), "{from}");
        assert_eq!(said::<Targets>(Role::Targets, &targets.replacen(from, to, 1)), expected);
    }
    let cut = &targets[..targets.find("\"length\"").unwrap() + 9];
    assert!(
        said::<Targets>(Role::Targets, cut).starts_with("length of 1.0: is not JSON"),
        "{}",
        said::<Targets>(Role::Targets, cut)
    );
}

#[test]
fn a_file_that_expires_at_the_end_of_the_year_9999_is_read() {
    let file = targets("", "").replace("2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
    let (_, content) = Targets::open(&Role::Targets, file.into_bytes().into()).unwrap();
    assert_eq!(content.expires, jiff::Timestamp::MAX);
    assert_eq!(Envelope::parse(&Role::Targets, targets("", "").as_bytes()).unwrap().claimed_version(), Some(3));
}
