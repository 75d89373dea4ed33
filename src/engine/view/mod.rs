//! What the screens and commands show: plain values, computed from verified metadata, the key store and the journal.
//!
//! Rules:
//!
//! - Paths of delegations are applied here, once, for every view; a tag outside of them is listed as ignored.
//! - Text from outside is still raw here, and is made printable where it is drawn.
//! - Findings come worst first, each with its consequence and who can mend it.
//!
//! ```
//! use trustdeck::tuf::Gun;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let view = engine.views().refresh(&Gun::parse("registry.sandbox/team/api")?).await?;
//! assert!(view.trusted() > 0);
//! for finding in &view.findings {
//!     println!("{}: {}", finding.level.word(), finding.headline);
//! }
//! # Ok(())
//! # }
//! ```

pub(in crate::engine) mod findings;
pub mod keys;
pub mod list;
mod part;
pub(in crate::engine) mod repository;
pub(in crate::engine) mod roles;
pub mod status;
pub(in crate::engine) mod tags;
pub mod troubles;

pub use part::Views;

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::called;
use super::trust::notice::Notice;
use super::trust::session::Freshness;
use super::trust::tree::RoleState;
use crate::tuf::verify::HIGHEST_VERSION;
use crate::tuf::{Algorithm, CanonicalKeyId, Custom, Gun, KeyId, Role};

/// Hexadecimal digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

/// Fewer versions than this are few: as many as a role may leap over at its first contact.
const FEW_VERSIONS: u64 = 1_000_000;

pub use crate::keys::TokenPlace;

/// How a repository stands, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Clients refuse it, or it could not be verified.
    Fail,
    /// Works, but needs a person soon.
    Warn,
    /// Shown from the cache.
    Cached,
    /// Nothing to do.
    Ok,
    /// The server has no trust data for it.
    New,
    /// Not loaded yet.
    Loading,
}

impl Health {
    /// The state word of the design: `ok warn fail cached new`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Cached => "cached",
            Self::Ok => "ok",
            Self::New => "new",
            Self::Loading => "loading",
        }
    }
}

/// One thing about a repository that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// [`Health::Fail`] or [`Health::Warn`]; [`Health::Ok`] for mere facts.
    pub level: Health,
    /// A few words, such as `root expires in 142 d`.
    pub headline: String,
    /// One or two sentences: what it means for pulls and signing, and who can mend it.
    pub detail: String,
    /// The role it is about.
    pub role: Option<Role>,
}

/// A repository as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryView {
    /// Its name.
    pub gun: Gun,
    /// The name as Docker's users write it.
    pub name: String,
    /// Base URL of the trust server.
    pub server: String,
    /// Fresh or cached.
    pub freshness: Freshness,
    /// How it stands, the worst finding decides.
    pub health: Health,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// `root`, then `targets` with its delegations depth first in order of creation, `snapshot`, `timestamp`.
    /// Empty if there is no trust data.
    pub roles: Vec<RoleView>,
    /// In natural order of the tag. Only tags inside their role's paths.
    pub tags: TagList,
    /// Tags that a role lists outside its paths, which other programs show as signed: role and tag.
    pub ignored: Vec<(Role, String)>,
    /// Tags that this machine saw at the last refresh and that are gone now.
    pub vanished: Vec<String>,
    /// Whether the server has no trust data although this machine has verified some before.
    pub lost: bool,
    /// Whether this machine has no whole copy of what the server lost either.
    pub lost_here: bool,
    /// Things that happened on the way, for stderr or the message line (such as a root trusted on first use).
    pub notices: Vec<Notice>,
    /// Changes that `notary` has staged for this repository in the shared trust directory, if any.
    pub foreign_changes: usize,
}

impl RepositoryView {
    /// Tags that Docker pulls.
    #[must_use]
    pub fn trusted(&self) -> usize {
        self.tags.counts.trusted
    }

    /// Tags that would be pulled if their role file were signed by a current key and not expired.
    #[must_use]
    pub fn orphaned(&self) -> usize {
        self.tags.counts.orphaned
    }

    /// Tags that somebody has signed and nobody pulls.
    #[must_use]
    pub fn held(&self) -> usize {
        self.tags.counts.held
    }

    /// The role that expires first, with its time.
    #[must_use]
    pub fn soonest_expiry(&self) -> Option<(&Role, Time)> {
        // The timestamp is renewed by the server every 14 days and would always win.
        let lasting = self.roles.iter().filter(|r| r.role != Role::Timestamp);
        lasting.filter_map(|r| Some((&r.role, r.expires?))).min_by_key(|(_, at)| *at)
    }

    /// Direct delegations other than `targets/releases`.
    #[must_use]
    pub fn signers(&self) -> usize {
        let signer = |r: &&RoleView| r.depth == 2 && !r.role.is_released();
        self.roles.iter().filter(signer).count()
    }
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    /// Name.
    pub role: Role,
    /// Depth in the tree: 0 for `root`, 1 for `targets`, `snapshot`, `timestamp`, 2 for `targets/x`, …
    pub depth: usize,
    /// How its file stands.
    pub state: RoleState,
    /// Version of its file.
    pub version: Option<u64>,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: Option<String>,
    /// When its file expires.
    pub expires: Option<Time>,
    /// Keys listed for it now.
    pub keys: Vec<RoleKeyView>,
    /// How many must sign, at least 1.
    pub threshold: u32,
    /// Effective path prefixes; `[""]` is all.
    pub paths: Vec<String>,
    /// Who signed the current file, labels of current keys first; removed keys are marked.
    pub last_signed_by: Vec<SignedBy>,
    /// Whether no person here holds the key, nor has to: the server holds that of timestamp, and that of snapshot, if it
    /// is not here, is the server's or somebody's.
    pub server_held: bool,
    /// How many tags its file lists inside its paths.
    pub tags: usize,
    /// Tags of its last good file, while what the server has of it does not count. Natural order.
    pub lost_tags: Vec<String>,
    /// Members that Notary does not know; signing again would lose them.
    pub unknown_members: Vec<String>,
    /// Whether somebody with the right to it has signed the file, now or when this machine saw it, or what it says.
    pub vouched: bool,
    /// Whether only keys that were removed since have signed it, and not as this machine verified it while they counted.
    pub former: bool,
    /// Whether it is vouched for, or this machine has verified a file of it before.
    pub met: bool,
    /// Whether this machine has its last good file, where the server's is hidden or nobody's.
    pub kept: bool,
    /// Whether `docker` and `notary` (who count key IDs) accept the file although too few distinct keys signed.
    pub accepted_elsewhere: bool,
}

impl RoleView {
    /// Whether it may sign `tag`.
    #[must_use]
    pub fn allows(&self, tag: &str) -> bool {
        self.paths.iter().any(|path| tag.starts_with(path.as_str()))
    }

    /// What it means that nobody known has signed the file, if so: an attack, unless this machine never saw a good one.
    #[must_use]
    pub fn unvouched(&self) -> Option<&'static str> {
        match (self.vouched, self.met) {
            (true, _) => None,
            (false, _) if self.former => Some(
                "is signed only by a key that was removed, and not as this machine verified it while that counted: this \
                 may be an attack",
            ),
            (false, true) => {
                Some("carries no valid signature of a key that is or was one of it: this may be an attack")
            }
            (false, false) => Some(
                "carries no valid signature of its keys, and this machine does not know which it had before: it cannot \
                 tell a removed signer from a stranger",
            ),
        }
    }

    /// Says that few versions are left, where that is so and somebody with the right to it has signed it.
    #[must_use]
    pub fn near_its_last_version(&self) -> Option<String> {
        let version = self.version.filter(|_| self.vouched)?;
        let left = HIGHEST_VERSION.saturating_sub(version);
        (left < FEW_VERSIONS).then(|| format!("{} is at version {version}, and {left} are left", self.role.short()))
    }

    /// Who holds the key of a role that is [`server_held`](Self::server_held).
    #[must_use]
    pub fn holder(&self) -> &'static str {
        if self.role == Role::Snapshot { "server or owner" } else { "server" }
    }
}

/// A signature on a role file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// The ID on the signature.
    pub key: KeyId,
    /// Label, if the key is known.
    pub label: String,
    /// Whether the key is (still) one of the role's and the signature valid.
    pub current: bool,
}

/// A key of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeyView {
    /// The ID in metadata.
    pub id: KeyId,
    /// The ID of the bare key, which the key store uses. Differs for certificates.
    pub canonical: CanonicalKeyId,
    /// Label: the user's, else the signer's or role's name, else the short ID.
    pub label: String,
    /// Kind.
    pub algorithm: Algorithm,
    /// Whether it is wrapped in a certificate; then when that expires.
    pub certificate_expires: Option<Time>,
    /// Whether it has signed the current file.
    pub signed: bool,
    /// Whether the private key is in the key store.
    pub at_hand: bool,
}

impl RoleKeyView {
    /// Label and short ID: `jeff 1234567`.
    #[must_use]
    pub fn called(&self) -> String {
        called::with_id(&self.label, &self.canonical)
    }
}

/// Whether a tag can be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagState {
    /// Listed for pulls, but the role file is refused (signed by removed keys only, or expired).
    Orphaned,
    /// Signed by somebody, but not in `targets` or `targets/releases`: nobody pulls it.
    Held,
    /// Docker pulls it.
    Trusted,
}

/// Tags, counted once by how they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagList {
    tags: Vec<TagView>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    trusted: usize,
    held: usize,
    orphaned: usize,
}

impl FromIterator<TagView> for TagList {
    fn from_iter<T: IntoIterator<Item = TagView>>(tags: T) -> Self {
        let tags: Vec<TagView> = tags.into_iter().collect();
        let mut counts = Counts::default();
        for tag in &tags {
            match tag.state {
                TagState::Trusted => counts.trusted += 1,
                TagState::Held => counts.held += 1,
                TagState::Orphaned => counts.orphaned += 1,
            }
        }
        Self { tags, counts }
    }
}

impl Deref for TagList {
    type Target = [TagView];

    fn deref(&self) -> &[TagView] {
        &self.tags
    }
}

/// A signed tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagView {
    /// The tag, raw.
    pub name: Arc<str>,
    /// SHA-256 of the manifest in hexadecimal; empty if the target has none.
    pub digest: String,
    /// Length of the manifest, in bytes.
    pub length: u64,
    /// SHA-512 of the manifest, if the target has one.
    pub sha512: Option<String>,
    /// What its signer added, if anything.
    pub custom: Option<Custom>,
    /// Whether it can be pulled.
    pub state: TagState,
    /// All roles that list this tag with this digest, in walk order.
    pub roles: Vec<Role>,
    /// Signers as Docker names them: the roles but `targets` and `targets/releases`, without `targets/`.
    pub signers: Vec<String>,
    /// Another tag of this repository looks like this one.
    pub look_alike: bool,
}

impl TagView {
    /// Whether it has a SHA-256 to pull by: metadata may list any bytes as one.
    #[must_use]
    pub fn has_digest(&self) -> bool {
        self.digest.len() == SHA256_DIGITS
    }
}
