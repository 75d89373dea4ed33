//! What the scene holds, as data.

use super::cast::Signer;
use super::cast::Signer::{Ben, JeffNewLaptop, JeffOldLaptop, Qa};
use crate::sandbox::error::SandboxError;
use crate::sandbox::layout::REGISTRY;

/// A repository without trust data: its first signer creates it.
pub const NEW_REPOSITORY: &str = "team/new-service";

/// A repository to be made.
pub(super) struct Script {
    /// Name below the registry.
    pub(super) name: &'static str,
    /// One sentence for newcomers.
    pub(super) note: &'static str,
    /// Days ago that root was signed; it lasts 3650.
    pub(super) root_age: i64,
    /// Days ago that targets was signed; it lasts 1095.
    pub(super) targets_age: i64,
    /// Version of targets.
    pub(super) version: u64,
    /// Tags in targets itself.
    pub(super) tags: &'static [&'static str],
    /// Delegations, parents first.
    pub(super) roles: Vec<Part>,
}

/// A delegation to be made.
pub(super) struct Part {
    /// Full name.
    pub(super) name: &'static str,
    /// Keys listed now.
    pub(super) keys: &'static [Signer],
    /// Path prefixes.
    pub(super) paths: &'static [&'static str],
    /// The key that signed the file; without one there is no file.
    pub(super) signed_by: Option<Signer>,
    /// Days ago that it was signed; it lasts 1095.
    pub(super) age: i64,
    /// Version.
    pub(super) version: u64,
    /// Tags.
    pub(super) tags: &'static [&'static str],
}

impl Script {
    /// The full name.
    pub(super) fn gun(&self) -> String {
        format!("{REGISTRY}/{}", self.name)
    }
}

/// A sentence for each repository of the scene, by full name.
#[must_use]
pub fn notes() -> Vec<(String, &'static str)> {
    let mut notes: Vec<_> = repositories().iter().map(|script| (script.gun(), script.note)).collect();
    notes.push((format!("{REGISTRY}/{NEW_REPOSITORY}"), "no trust data yet; adding its first signer creates it"));
    notes
}

/// How what the registry holds differs from what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// What was signed, or what nobody has signed.
    Same,
    /// Another image was pushed under the tag after it was signed.
    PushedAgain,
    /// The tag was removed.
    Gone,
    /// Somebody changed a layer where it lies.
    Tampered,
}

/// Where the registry differs, and what it holds that nobody has signed.
pub(super) struct Differences {
    signed: &'static [(&'static str, &'static str, Held)],
    unsigned: &'static [(&'static str, &'static str)],
}

impl Differences {
    /// What the registry holds of a signed tag.
    pub(super) fn of(&self, name: &str, tag: &str) -> Held {
        let found = self.signed.iter().find(|(of, at, _)| (*of, *at) == (name, tag));
        found.map_or(Held::Same, |(_, _, held)| *held)
    }

    /// Tags that nobody has signed.
    pub(super) fn unsigned(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.unsigned.iter().copied()
    }
}

/// What the registry of the scene is for.
pub(super) const REGISTRY_DIFFERS: Differences = Differences {
    signed: &[
        ("team/web", "latest", Held::PushedAgain),
        ("team/worker", "0.11", Held::Tampered),
        ("team/billing", "2024.1", Held::Gone),
    ],
    unsigned: &[("team/web", "edge"), ("team/api", "2.3-rc1"), (NEW_REPOSITORY, "1.0")],
};

const EVERYTHING: &[&str] = &[""];
const WEB: &[&str] = &["3.0.9", "3.1.0", "3.1.1", "3.1.2", "3.1.3", "3.1.4", "3.1.5", "3.1.6", "latest"];
const API_JEFF: &[&str] =
    &["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "latest"];
const API_BEN: &[&str] =
    &["1.12", "1.13", "1.14", "2.0-rc1", "2.0-rc2", "2.0-rc3", "2.0", "2.1", "2.2", "latest", "stable"];
const API: &[&str] = &[
    "1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "1.13", "1.14",
    "2.0-rc1", "2.0-rc2", "2.0-rc3", "2.0", "2.1", "2.2", "latest", "stable",
];
const WORKER: &[&str] = &["0.7", "0.8", "0.9", "0.10", "0.11", "latest"];
const NIGHTLY: &[&str] = &["nightly-20", "nightly-21", "nightly-22"];
const PORTAL: &[&str] = &["5.0", "5.1", "5.2", "5.3", "5.4", "latest"];
const BILLING: &[&str] = &["2024.1", "2024.2", "2025.1", "2025.2"];
const SEARCH: &[&str] = &["8.0", "8.1", "8.2", "8.3", "latest"];
const ARCHIVE: &[&str] =
    &["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "1.13"];
const TOOLS: &[&str] = &["lint-1", "lint-2", "pack-1", "pack-2"];

fn part(name: &'static str, keys: &'static [Signer], by: Signer, age: i64, tags: &'static [&'static str]) -> Part {
    // One version for each tag, as signing them one after the other gives.
    let version = tags.len() as u64;
    Part { name, keys, paths: EVERYTHING, signed_by: Some(by), age, version, tags }
}

fn script(name: &'static str, note: &'static str, ages: (i64, i64), roles: Vec<Part>) -> Script {
    let (root_age, targets_age) = ages;
    Script { name, note, root_age, targets_age, version: roles.len() as u64 + 1, tags: &[], roles }
}

/// All repositories with trust data.
pub(super) fn repositories() -> Vec<Script> {
    let mut scripts = healthy();
    scripts.extend(troubled());
    scripts
}

fn healthy() -> Vec<Script> {
    const JEFF: &[Signer] = &[JeffNewLaptop];
    const QA: &[Signer] = &[Qa];
    let web =
        vec![part("targets/jeff", JEFF, JeffNewLaptop, 2, WEB), part("targets/releases", JEFF, JeffNewLaptop, 2, WEB)];
    let api = vec![
        part("targets/jeff", JEFF, JeffNewLaptop, 40, API_JEFF),
        part("targets/releases", &[JeffNewLaptop, Ben], Ben, 1, API),
        part("targets/ben", &[Ben], Ben, 1, API_BEN),
    ];
    let nightly = Part { paths: &["nightly-"], ..part("targets/qa", QA, Qa, 3, NIGHTLY) };
    let perf = Part { paths: &["nightly-perf-"], ..part("targets/qa/perf", QA, Qa, 3, &["nightly-perf-22"]) };
    let worker = vec![
        part("targets/jeff", JEFF, JeffNewLaptop, 9, WORKER),
        part("targets/releases", JEFF, JeffNewLaptop, 9, WORKER),
        nightly,
        perf,
    ];
    let worker = script(
        "team/worker",
        "qa signs nightly tags, which nobody pulls; a layer of 0.11 was tampered with",
        (600, 200),
        worker,
    );
    vec![
        script("team/web", "one signer, jeff; latest was pushed again since, and nobody signed edge", (400, 40), web),
        script("team/api", "two signers, jeff and ben; ben signed the releases last", (700, 100), api),
        Script { tags: &["base"], ..worker },
    ]
}

fn troubled() -> Vec<Script> {
    const JEFF: &[Signer] = &[JeffNewLaptop];
    let portal = vec![
        part("targets/jeff", JEFF, JeffOldLaptop, 60, PORTAL),
        part("targets/releases", &[JeffNewLaptop, Ben], JeffOldLaptop, 60, PORTAL),
        part("targets/ben", &[Ben], Ben, 300, &["5.0", "5.1"]),
    ];
    let no_keys = Part { keys: &[], signed_by: None, ..part("targets/ops", &[], Ben, 0, &[]) };
    let tools = vec![
        part("targets/jeff", JEFF, JeffNewLaptop, 20, TOOLS),
        part("targets/releases", JEFF, JeffNewLaptop, 20, TOOLS),
        no_keys,
    ];
    let both = |tags: &'static [&'static str], age: i64| {
        vec![
            part("targets/jeff", JEFF, JeffNewLaptop, age, tags),
            part("targets/releases", JEFF, JeffNewLaptop, age, tags),
        ]
    };
    let search = vec![
        part("targets/ben", &[Ben], Ben, 1095 - 41, SEARCH),
        part("targets/releases", &[Ben], Ben, 1095 - 41, SEARCH),
    ];
    vec![
        script("team/portal", "the releases were last signed by a key that was removed since", (800, 30), portal),
        script("team/tools", "the role targets/ops has no keys, so nobody can sign for it", (300, 15), tools),
        script(
            "team/billing",
            "its root expires in 142 days; the registry lost 2024.1",
            (3650 - 142, 90),
            both(BILLING, 90),
        ),
        script("team/search", "its releases expire in 41 days; ben's key renews them", (1400, 200), search),
        script(
            "team/archive",
            "its targets file has expired, so nothing can be pulled",
            (1200, 1095 + 12),
            both(ARCHIVE, 500),
        ),
    ]
}

/// The passphrase of every client key in a sandbox.
pub const PASSPHRASE: &str = "sandbox-only";

pub(super) fn failed(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::Scene(error.to_string())
}
