//! The two files that are read: trustdeck's own and Notary's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::ScreenSettings;
use super::members::{self, IDLE_LOCK, PARALLEL, TIMEOUT};
use super::typed::{absolute, input, realm_host, without_logins};
use crate::engine::EngineError;
use crate::engine::disk::read;
use crate::tuf::Gun;
use crate::tuf::verify::Pinning;

const IDLE_LOCK_MINUTES: u64 = 15;

/// trustdeck's own configuration, with absolute paths.
#[derive(Debug)]
pub(super) struct OwnConfig {
    pub(super) trust_dir: Option<PathBuf>,
    pub(super) ca: Vec<PathBuf>,
    pub(super) registries: BTreeMap<String, String>,
    pub(super) insecure_registries: BTreeSet<String>,
    pub(super) servers: Servers,
    pub(super) allow_realm: Vec<String>,
    pub(super) idle_lock_minutes: u64,
    pub(super) screen: ScreenSettings,
    pub(super) read_only: bool,
    pub(super) pkcs11_module: Option<PathBuf>,
}

/// `config.toml` as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Written {
    trust_dir: Option<PathBuf>,
    #[serde(default, deserialize_with = "one_or_more")]
    ca: Vec<PathBuf>,
    #[serde(default)]
    servers: Servers,
    #[serde(default)]
    registries: BTreeMap<String, String>,
    #[serde(default)]
    insecure_registries: BTreeSet<String>,
    #[serde(default)]
    allow_realm: Vec<String>,
    idle_lock_minutes: Option<u64>,
    theme: Option<String>,
    mouse: Option<bool>,
    #[serde(default, alias = "colors")]
    colours: BTreeMap<String, String>,
    #[serde(default)]
    keys: BTreeMap<String, Keys>,
    #[serde(default)]
    read_only: bool,
    pkcs11_module: Option<PathBuf>,
}

/// The table `servers`: what holds for all, and addresses by repository.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) timeout: Option<u32>,
    pub(super) parallel_requests: Option<usize>,
    /// Servers for which nothing is staged and published.
    pub(super) read_only: BTreeSet<String>,
    pub(super) by_repository: BTreeMap<String, String>,
}

// By hand, since a derived one would not know the line of a mistake.
impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> serde::de::Visitor<'de> for Table {
            type Value = Servers;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut table: A) -> Result<Servers, A::Error> {
                let mut servers = Servers::default();
                while let Some(key) = table.next_key::<String>()? {
                    match key.as_str() {
                        "timeout" => servers.timeout = Some(table.next_value()?),
                        "read_only" => servers.read_only = table.next_value()?,
                        "parallel_requests" => servers.parallel_requests = Some(table.next_value()?),
                        _ => {
                            servers.by_repository.insert(key, table.next_value()?);
                        }
                    }
                }
                Ok(servers)
            }
        }
        source.deserialize_map(Table)
    }
}

impl Servers {
    /// Says what is out of range.
    fn check(&self) -> Result<(), String> {
        let parallel = self.parallel_requests.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let timeout = self.timeout.map(i64::from);
        for (name, number, of) in [("timeout", timeout, TIMEOUT), ("parallel_requests", parallel, PARALLEL)] {
            if let Some(number) = number.filter(|number| !of.holds(*number)) {
                return Err(format!("{name} of servers is {number}, expected {of}"));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a path, or several in [ ]")]
enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

/// Keys for one action.
#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    More(Vec<String>),
    /// What is no key is told by the screen, with all else that is wrong with keys.
    Other(toml::Value),
}

impl From<Keys> for Vec<String> {
    fn from(keys: Keys) -> Self {
        match keys {
            Keys::One(key) => vec![key],
            Keys::More(keys) => keys,
            Keys::Other(value) => vec![format!("the value {}", members::written(&value))],
        }
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(match OneOrMore::deserialize(source)? {
        OneOrMore::One(path) => vec![path],
        OneOrMore::More(paths) => paths,
    })
}

impl OwnConfig {
    /// Reads the file; a missing one says nothing.
    pub(super) fn load(path: &Path, home: &Path) -> Result<Self, EngineError> {
        let text = read(path)?.unwrap_or_default();
        let written: Written = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let place = text.lines().nth(line - 1).unwrap_or_default();
            if let Some(what) = members::wrong(&text, place).map(|what| without_logins(&what)) {
                return input(&format!("{}: line {line}: {what}", path.display()), "write it so, or leave it out");
            }
            let what = without_logins(error.message());
            let hint = "its keys are trust_dir, ca, allow_realm, idle_lock_minutes, insecure_registries, mouse, pkcs11_module, read_only, \
                        theme and the tables colours, keys, registries and servers";
            input(&format!("{}: line {line}: {what}", path.display()), hint)
        })?;
        written
            .servers
            .check()
            .map_err(|what| input(&format!("{}: {what}", path.display()), "mend it, or leave it out"))?;
        let lines = lines(path, &text);
        let at = |member: &str| lines.get(member).cloned().unwrap_or_else(|| path.display().to_string());
        for pattern in written.servers.by_repository.keys() {
            if let Some(host) = host_alone(pattern) {
                let message = format!("{}: servers names {pattern:?}, a host", at(&format!("servers.{pattern}")));
                return Err(input(&message, &format!("for all its repositories write \"{host}/*\"")));
            }
            let name = pattern.strip_suffix('*').unwrap_or(pattern).trim_end_matches('/');
            if pattern != "*" && Gun::parse(name).is_err() {
                let message = format!("{}: servers names {pattern:?}, which is no repository", path.display());
                return Err(input(&message, "expected a full name such as docker.io/acme/web, or its beginning and *"));
            }
        }
        for host in written.registries.keys() {
            if Gun::parse(&format!("{host}/x")).ok().and_then(|gun| Some(gun.host()? == host)) != Some(true) {
                let message = format!("{}: registries names {host:?}, which is no host of images", path.display());
                return Err(input(&message, "expected the host alone, such as registry.example.com or localhost:5000"));
            }
        }
        let mut allow_realm = Vec::new();
        for realm in &written.allow_realm {
            let wrong =
                |hint: String| input(&format!("{}: allow_realm names {realm:?}, no host", at(".allow_realm")), &hint);
            allow_realm.push(realm_host(realm).map_err(wrong)?);
        }
        let idle_lock_minutes = written.idle_lock_minutes.unwrap_or(IDLE_LOCK_MINUTES);
        if !i64::try_from(idle_lock_minutes).is_ok_and(|minutes| IDLE_LOCK.holds(minutes)) {
            let message = format!("{}: idle_lock_minutes is {idle_lock_minutes}", path.display());
            return Err(input(&message, &format!("expected {}", IDLE_LOCK)));
        }
        let base = path.parent().unwrap_or(home);
        let resolve = |written: PathBuf| absolute(&base.join(from_home(&written, home)));
        Ok(Self {
            trust_dir: written.trust_dir.map(resolve),
            ca: written.ca.into_iter().map(resolve).collect(),
            servers: written.servers,
            registries: written.registries,
            insecure_registries: written.insecure_registries,
            allow_realm,
            idle_lock_minutes,
            screen: ScreenSettings {
                theme: written.theme,
                mouse: written.mouse,
                colours: written.colours,
                keys: written.keys.into_iter().map(|(action, keys)| (action, keys.into())).collect(),
                lines,
            },
            read_only: written.read_only,
            pkcs11_module: written.pkcs11_module.map(resolve),
        })
    }
}

/// The host that a pattern names and nothing below it: as the name of a repository, that would be one of Docker Hub's.
fn host_alone(pattern: &str) -> Option<&str> {
    let host = pattern.trim_end_matches('/');
    let is_host = !host.contains('/') && (host.contains(['.', ':']) || host == "localhost");
    (is_host && !host.ends_with('*')).then_some(host)
}

/// Where the lines of tables stand: `keys.quit` in `FILE: line 4`.
fn lines(path: &Path, text: &str) -> BTreeMap<String, String> {
    let (mut table, mut lines) = ("", BTreeMap::new());
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            table = if name == "colors" { "colours" } else { name };
        } else if let Some((name, _)) = line.split_once('=') {
            let name = name.trim().trim_matches(['"', '\'']);
            lines.insert(format!("{table}.{name}"), format!("{}: line {number}", path.display()));
        }
    }
    lines
}

/// What matters of Notary's configuration, with absolute paths.
#[derive(Debug)]
pub(super) struct NotaryConfig {
    pub(super) path: PathBuf,
    pub(super) trust_dir: Option<PathBuf>,
    pub(super) url: Option<String>,
    pub(super) root_ca: Option<PathBuf>,
    pub(super) client: Option<(PathBuf, PathBuf)>,
    pub(super) skip_tls_verify: bool,
    pub(super) pinning: Pinning,
}

impl NotaryConfig {
    /// Reads the file; a missing one says nothing.
    pub(super) fn load(path: &Path, home: &Path) -> Result<Self, EngineError> {
        let wrong = |what: &str| input(&format!("{}: {what}", path.display()), "mend it, or move it aside");
        let whole: Value = match read(path)? {
            None => Value::Null,
            Some(text) if text.trim().is_empty() => return Err(wrong("is empty")),
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| wrong(&format!("line {}, column {} is not JSON", error.line(), error.column())))?,
        };
        let whole = match whole {
            Value::Object(whole) => whole,
            // Notary goes on with it.
            Value::Null => Map::new(),
            _ => return Err(wrong("expected a JSON object")),
        };
        let whole = Section { name: "", fields: &whole };
        let empty = Map::new();
        let server = whole.section("remote_server", &empty).map_err(|what| wrong(&what))?;
        let text = |section: &Section<'_>, key: &str| section.text(key).map_err(|what| wrong(&what));
        // Notary takes these from where its file lies; its trust directory from where it runs.
        let beside = |file: String| absolute(&path.parent().unwrap_or(home).join(file));
        let certificate = text(&server, "tls_client_cert")?.map(beside);
        let key = text(&server, "tls_client_key")?.map(beside);
        let client = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(_), None) => return Err(wrong("tls_client_cert needs tls_client_key beside it")),
            (None, Some(_)) => return Err(wrong("tls_client_key needs tls_client_cert beside it")),
        };
        Ok(Self {
            trust_dir: text(&whole, "trust_dir")?.map(|dir| absolute(&from_home(Path::new(&dir), home))),
            url: text(&server, "url")?,
            root_ca: text(&server, "root_ca")?.map(beside),
            client,
            skip_tls_verify: server.flag("skipTLSVerify").map_err(|what| wrong(&what))?,
            pinning: pinning(&whole, beside).map_err(|what| wrong(&what))?,
            path: path.to_owned(),
        })
    }
}

/// A part of Notary's configuration: its parser ignores the case of keys.
struct Section<'a> {
    name: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Section<'a> {
    fn field(&self, key: &str) -> Option<&'a Value> {
        self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }

    fn section(&self, key: &'static str, empty: &'a Map<String, Value>) -> Result<Section<'a>, String> {
        match self.field(key) {
            None | Some(Value::Null) => Ok(Section { name: key, fields: empty }),
            Some(Value::Object(fields)) => Ok(Section { name: key, fields }),
            Some(_) => Err(format!("{key} is not an object")),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>, String> {
        match self.field(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("{key} is not a text")),
        }
    }

    fn flag(&self, key: &str) -> Result<bool, String> {
        match self.field(key) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(format!("{key} of {} is neither true nor false", self.name)),
        }
    }
}

fn pinning(whole: &Section<'_>, beside: impl Fn(String) -> PathBuf) -> Result<Pinning, String> {
    let empty = Map::new();
    let section = whole.section("trust_pinning", &empty)?;
    let mut pinning = Pinning { disable_tofu: section.flag("disable_tofu")?, ..Pinning::default() };
    for (name, ids) in section.section("certs", &empty)?.fields {
        // What is no list of IDs allows none, for its own prefix only.
        let ids = ids.as_array().map(Vec::as_slice).unwrap_or_default();
        // Digits in capitals are the same digits.
        let ids: Vec<String> = ids.iter().filter_map(|id| id.as_str()).map(str::to_ascii_lowercase).collect();
        // Notary lower-cases names and so loses pins of names with capitals; ours hold for both spellings.
        pinning.certs.entry(name.to_ascii_lowercase()).or_insert_with(|| ids.clone());
        pinning.certs.insert(name.clone(), ids);
    }
    for (prefix, file) in section.section("ca", &empty)?.fields {
        let file = file.as_str().ok_or_else(|| "its entry in ca is not a file name".to_owned());
        let pem = file.and_then(|file| authorities(&beside(file.to_owned())));
        pinning.ca.entry(prefix.to_ascii_lowercase()).or_insert_with(|| pem.clone());
        pinning.ca.insert(prefix.clone(), pem);
    }
    Ok(pinning)
}

/// The text of a file of authorities, or why there is none.
fn authorities(file: &Path) -> Result<String, String> {
    let wrong = |what: &str| format!("ca of trust_pinning: {}: {what}", file.display());
    let pem = read::read_kept(file, read::CONFIGURATION).map_err(|error| wrong(&error.to_string()))?;
    let pem = pem.ok_or_else(|| wrong("there is no such file"))?;
    String::from_utf8(pem).map_err(|_| wrong("not text in UTF-8"))
}

fn read(path: &Path) -> Result<Option<String>, EngineError> {
    let bytes = read::read_kept(path, read::CONFIGURATION);
    let bytes = bytes.map_err(|source| EngineError::Disk { path: path.to_owned(), source })?;
    bytes
        .map(String::from_utf8)
        .transpose()
        .map_err(|_| input(&format!("{}: not text in UTF-8", path.display()), "mend it, or move it aside"))
}

/// Replaces a leading `~/`.
fn from_home(path: &Path, home: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => home.join(rest),
        Err(_) => path.to_owned(),
    }
}
