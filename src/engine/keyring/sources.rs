//! Passphrases for scripts: from a file descriptor and from the variables of Notary and Docker.
//!
//! Invariant: the environment is read once at start, and each source is tried once for each key.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::{fmt, io};

use zeroize::Zeroizing;

use crate::keys::Passphrase;
use crate::tuf::Role;

/// Variables that hold a passphrase, and for which keys.
pub(super) const VARIABLES: [(&str, Scope); 8] = [
    ("NOTARY_ROOT_PASSPHRASE", Scope::Root),
    ("NOTARY_TARGETS_PASSPHRASE", Scope::Targets),
    ("NOTARY_SNAPSHOT_PASSPHRASE", Scope::Snapshot),
    ("NOTARY_DELEGATION_PASSPHRASE", Scope::Delegations),
    ("DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", Scope::Root),
    ("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", Scope::NotRoot),
    ("TRUSTDECK_TOKEN_PIN", Scope::Pin),
    ("TRUSTDECK_TOKEN_MANAGEMENT_KEY", Scope::ManagementKey),
];

/// Variables that hold logins.
const LOGINS: [&str; 3] = ["NOTARY_AUTH", "DOCKER_AUTH_CONFIG", "TRUSTDECK_SANDBOX_AUTH"];

/// Most bytes read from a descriptor.
const MAX_INPUT: u64 = 64 * 1024;

/// Whether a variable may hold a passphrase or a login: programs that this one starts must not see it.
#[must_use]
pub fn is_secret_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    // Notary has variables for more roles than are used here, and others may follow.
    name.contains("PASSPHRASE") || name.starts_with("TRUSTDECK_TOKEN_") || LOGINS.contains(&name.as_str())
}

/// Where a passphrase came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `--passphrase-fd`.
    Descriptor,
    /// An environment variable.
    Variable(&'static str),
    /// An environment variable whose value ends with a line break, which Notary takes for a part of the passphrase.
    BrokenVariable(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Descriptor => f.write_str("--passphrase-fd"),
            Self::Variable(name) => f.write_str(name),
            Self::BrokenVariable(name) => write!(f, "{name} (whose value ends with a line break)"),
        }
    }
}

/// Which keys a passphrase is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    Root,
    Targets,
    Snapshot,
    Delegations,
    NotRoot,
    /// Tokens, and no file: each wrong try is counted there.
    Pin,
    /// YubiKeys that are written to.
    ManagementKey,
    /// A role or signer, by name.
    Named(String),
}

impl Scope {
    /// Parses the `ROLE` of a line `ROLE=PASSPHRASE`.
    fn parse(word: &str) -> Option<Self> {
        match word {
            "root" => Some(Self::Root),
            "targets" => Some(Self::Targets),
            "snapshot" => Some(Self::Snapshot),
            "delegation" => Some(Self::Delegations),
            "repository" => Some(Self::NotRoot),
            "token-pin" => Some(Self::Pin),
            "management-key" => Some(Self::ManagementKey),
            name => {
                let path = name.strip_prefix("targets/").unwrap_or(name);
                let role = Role::parse(&format!("targets/{path}")).ok()?;
                Some(Self::Named(role.as_str().to_owned()))
            }
        }
    }

    /// Whether it covers a key whose file has this `role` header.
    pub(super) fn covers(&self, role: &str) -> bool {
        match self {
            Self::All => true,
            Self::Pin | Self::ManagementKey => false,
            Self::Root => role == "root",
            Self::Targets => role == "targets",
            Self::Snapshot => role == "snapshot",
            Self::NotRoot => role != "root",
            Self::Delegations => !matches!(role, "root" | "targets" | "snapshot" | "timestamp"),
            Self::Named(name) => name == role || name.strip_prefix("targets/") == Some(role),
        }
    }
}

/// The variables to set for the passphrase of a key of `role`, which may be a signer's name.
#[must_use]
pub fn variables_of(role: &str) -> String {
    let names = VARIABLES.iter().filter(|(_, scope)| scope.covers(role)).map(|(name, _)| *name);
    names.collect::<Vec<_>>().join(" or ")
}

/// Passphrases known before anybody is asked.
#[derive(Default)]
pub struct PassphraseSources {
    known: Vec<(Source, Scope, Passphrase)>,
}

impl PassphraseSources {
    /// Takes the variables out of `environment`, and what was read from `--passphrase-fd`.
    ///
    /// An input of one line is for all keys. In one of several, lines `ROLE=PASSPHRASE` are for a role (`root`,
    /// `targets`, `snapshot`, a signer's name, `delegation`, or `repository` for all but root), others for all.
    pub fn new(descriptor: Option<&[u8]>, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut known = descriptor.map(parse_lines).unwrap_or_default();
        let mut values: Vec<Option<Passphrase>> = VARIABLES.iter().map(|_| None).collect();
        for (name, value) in environment {
            let place = VARIABLES.iter().position(|(variable, _)| name == **variable);
            let value = Zeroizing::new(value.into_encoded_bytes());
            // An empty variable counts as unset.
            if let Some(slot) = place.and_then(|at| values.get_mut(at)).filter(|_| !value.is_empty()) {
                *slot = Some(Passphrase::verbatim(&value));
            }
        }
        for ((name, scope), value) in VARIABLES.iter().zip(values) {
            let source = |value: &Passphrase| match value.bytes().last() {
                Some(b'\n' | b'\r') => Source::BrokenVariable(name),
                _ => Source::Variable(name),
            };
            known.extend(value.map(|value| (source(&value), scope.clone(), value)));
        }
        Self { known }
    }

    /// What to try for a key whose file has this `role` header, in order.
    #[must_use]
    pub fn candidates(&self, role: &str) -> Vec<(Source, Passphrase)> {
        let covering = self.known.iter().filter(|(_, scope, _)| scope.covers(role));
        covering.map(|(source, _, passphrase)| (*source, passphrase.clone())).collect()
    }

    /// The PIN of tokens: one that is named so, else the only line of the descriptor. Never more than one, since a token
    /// locks itself after few wrong ones.
    #[must_use]
    pub fn token_pin(&self) -> Option<(Source, Passphrase)> {
        let only = || {
            let mut lines = self.known.iter().filter(|(source, ..)| *source == Source::Descriptor);
            lines.next().filter(|(_, scope, _)| *scope == Scope::All && lines.next().is_none())
        };
        let found = self.known.iter().find(|(_, scope, _)| *scope == Scope::Pin).or_else(only);
        found.map(|(source, _, pin)| (*source, pin.clone()))
    }

    /// The management key of YubiKeys.
    #[must_use]
    pub fn management_key(&self) -> Option<Passphrase> {
        self.known.iter().find(|(_, scope, _)| *scope == Scope::ManagementKey).map(|(.., key)| key.clone())
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl fmt::Debug for PassphraseSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.known.iter().map(|(source, ..)| source)).finish()
    }
}

fn parse_lines(input: &[u8]) -> Vec<(Source, Scope, Passphrase)> {
    let text = Zeroizing::new(String::from_utf8_lossy(input).into_owned());
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let several = lines.len() > 1;
    let split = |line: &&str| {
        let named = line.split_once('=').filter(|_| several);
        let named = named.and_then(|(word, rest)| Some((Scope::parse(word.trim())?, rest.to_owned())));
        let (scope, passphrase) = named.unwrap_or_else(|| (Scope::All, (*line).to_owned()));
        (Source::Descriptor, scope, Passphrase::from_text(&Zeroizing::new(passphrase)))
    };
    lines.iter().map(split).collect()
}

/// Reads what `--passphrase-fd` points at, to its end.
///
/// # Errors
/// If the descriptor is not open, or says more than any passphrases need.
pub fn read_descriptor(descriptor: u32) -> io::Result<Zeroizing<Vec<u8>>> {
    // A descriptor made from a number could belong to anything; opening it by name is the safe way.
    let file = std::fs::File::open(format!("/dev/fd/{descriptor}"))?;
    let mut input = Zeroizing::new(Vec::with_capacity(MAX_INPUT as usize + 1));
    file.take(MAX_INPUT + 1).read_to_end(&mut input)?;
    if input.len() as u64 > MAX_INPUT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 64 KiB, expected passphrases"));
    }
    Ok(input)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::engine::keyring::tried::{Tried, missing_passphrase};
    use crate::tuf::CanonicalKeyId;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    fn texts(sources: &PassphraseSources, role: &str) -> Vec<(Source, String)> {
        let text = |passphrase: Passphrase| String::from_utf8(passphrase.bytes().to_vec()).unwrap();
        sources.candidates(role).into_iter().map(|(source, passphrase)| (source, text(passphrase))).collect()
    }

    #[test]
    fn descriptor_comes_before_notary_and_notary_before_docker() {
        let pairs = [
            ("PATH", "/bin"),
            ("DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "docker root"),
            ("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "docker rest"),
            ("NOTARY_ROOT_PASSPHRASE", "notary root"),
            ("NOTARY_DELEGATION_PASSPHRASE", "notary delegation"),
            ("NOTARY_TARGETS_PASSPHRASE", ""),
        ];
        let sources = PassphraseSources::new(Some(b"from fd\n"), environment(&pairs));
        let names =
            |role: &str| texts(&sources, role).into_iter().map(|(s, t)| format!("{s}: {t}")).collect::<Vec<_>>();
        let root = ["--passphrase-fd: from fd", "NOTARY_ROOT_PASSPHRASE: notary root"];
        assert_eq!(names("root")[..2], root);
        assert_eq!(names("root")[2..], ["DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: docker root"]);
        let docker = "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: docker rest";
        assert_eq!(names("targets"), ["--passphrase-fd: from fd", docker]);
        for signer in ["alice", "targets/releases", "delegation", ""] {
            let expected = ["--passphrase-fd: from fd", "NOTARY_DELEGATION_PASSPHRASE: notary delegation", docker];
            assert_eq!(names(signer), expected);
        }
    }

    #[test]
    fn lines_of_a_descriptor_can_name_roles() {
        let input = b"root=r=1\nalice=a\nrepository=rest\nplain one\nno role here=x\n";
        let sources = PassphraseSources::new(Some(input), []);
        let found = |role: &str| texts(&sources, role).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(found("root"), ["r=1", "plain one", "no role here=x"]);
        assert_eq!(found("alice"), ["a", "rest", "plain one", "no role here=x"]);
        assert_eq!(found("targets/alice"), ["a", "rest", "plain one", "no role here=x"]);
        assert_eq!(found("targets"), ["rest", "plain one", "no role here=x"]);
        let single = PassphraseSources::new(Some(b"root=whole line\n"), []);
        assert_eq!(texts(&single, "alice"), [(Source::Descriptor, "root=whole line".to_owned())]);
    }

    #[test]
    fn variables_are_taken_literally_and_never_printed() {
        let sources = PassphraseSources::new(None, environment(&[("NOTARY_ROOT_PASSPHRASE", " blank ends ")]));
        assert_eq!(texts(&sources, "root"), [(Source::Variable("NOTARY_ROOT_PASSPHRASE"), " blank ends ".to_owned())]);
        assert_eq!(format!("{sources:?}"), r#"[Variable("NOTARY_ROOT_PASSPHRASE")]"#);
    }

    #[test]
    fn a_variable_that_is_not_text_is_tried_as_docker_and_notary_do() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(b"caf\xe9".to_vec());
        let sources = PassphraseSources::new(None, [("NOTARY_ROOT_PASSPHRASE".into(), value)]);
        let [(source, passphrase)] = &sources.candidates("root")[..] else { panic!("{sources:?}") };
        assert_eq!((*source, passphrase.bytes()), (Source::Variable("NOTARY_ROOT_PASSPHRASE"), &b"caf\xe9"[..]));
    }

    #[test]
    fn no_program_sees_a_secret_variable() {
        let secret = |name: &str| is_secret_variable(OsStr::new(name));
        assert!(VARIABLES.iter().all(|(name, _)| secret(name)));
        assert!(LOGINS.iter().all(|name| secret(name)));
        assert!(!["PATH", "HOME", "DOCKER_CONFIG", "DOCKER_CONTENT_TRUST_SERVER"].iter().any(|name| secret(name)));
    }

    #[test]
    fn a_missing_passphrase_names_what_to_set() {
        let key = CanonicalKeyId::parse(&"ab".repeat(32)).unwrap();
        let unset = missing_passphrase(&key, "alice", "alice", &Tried::Unset);
        let variables = "NOTARY_DELEGATION_PASSPHRASE or DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE";
        assert!(unset.hint.contains(variables));
        let wrong = Tried::Wrong(vec![(Source::Variable("NOTARY_ROOT_PASSPHRASE"), None)]);
        assert!(missing_passphrase(&key, "root", "root", &wrong).message.contains("NOTARY_ROOT_PASSPHRASE"));
    }
}
