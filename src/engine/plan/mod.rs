//! The plan: what publishing the stage would do, computed offline and without secrets.
//!
//! Rules:
//!
//! - Pure. The same stage, metadata and keys at hand give the same plan and the same ID.
//! - It names the keys that are needed, and whether they are locked; it never asks for them.
//! - What orphans tags or deletes data is a danger and needs an acceptance; what cannot be published blocks, with the way out.
//! - Where one more signature mends it, the warning carries that change.
//!
//! ```
//! use trustdeck::engine::Change;
//! use trustdeck::tuf::{Gun, SignerName};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let gun = Gun::parse("registry.sandbox/team/api")?;
//! engine.views().refresh(&gun).await?;
//! // Ben signed releases last, and alone.
//! engine.stage().stage(vec![(gun, Change::RemoveSigner { name: SignerName::parse("ben")? })])?;
//! let plan = engine.stage().plan(None)?;
//! assert!(plan.repositories.iter().all(|planned| planned.is_dangerous() && planned.tags.after == 0));
//! # Ok(())
//! # }
//! ```

mod clock;
pub mod compute;
pub mod effect;
pub mod facts;
pub mod locked;
mod lost;
mod misfits;
pub(in crate::engine) mod names;
pub mod needs;
pub(in crate::engine) mod refused;
pub(in crate::engine) mod roles;
mod strangers;
pub mod tags;
pub mod unknown;
mod unreleased;
mod warning;
mod warnings;

use jiff::Timestamp as Time;

use super::draft::applied::Mark;
use super::draft::change::{Change, EntryId};
use super::error::Problem;
use super::reference::in_command;
use crate::tuf::{CanonicalKeyId, Gun, Role};

use unknown::UnknownFile;

/// A hash over all that the plan would do: 128 bits, in groups of four digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanId(pub String);

/// What publishing would do, repository by repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    /// Its ID.
    pub id: PlanId,
    /// In order of the first change staged for each.
    pub repositories: Vec<RepositoryPlan>,
    /// Changes staged for another server than the one now configured: shown, never published.
    pub elsewhere: Vec<EntryId>,
}

/// A key whose passphrase is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum NeededKey {
    /// A stored key must be unlocked.
    Unlock { id: CanonicalKeyId, label: String, role: String, locked: bool, signs: Vec<Role> },
    /// A key will be made and needs a new passphrase (`role` is `root` or `targets`).
    New { role: Role },
}

/// A staged change and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedChange {
    /// Its name in the journal.
    pub entry: EntryId,
    /// Whether it is not staged itself, but comes with the change of that name.
    pub comes_along: bool,
    /// The change itself.
    pub change: Change,
    /// Glyph.
    pub mark: Mark,
    /// What, such as `signer ben` or `tag 1.0`.
    pub thing: String,
    /// Where, such as `releases, ben`.
    pub roles: Vec<Role>,
    /// Short key IDs or digest it is about.
    pub ids: Vec<String>,
    /// Set if it changes nothing (already so).
    pub no_effect: Option<String>,
}

/// A key before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDiff {
    /// Added, removed or kept.
    pub mark: Mark,
    /// ID of the bare key.
    pub id: CanonicalKeyId,
    /// Label.
    pub label: String,
}

/// A role before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDiff {
    /// The role.
    pub role: Role,
    /// Version of its file before (`None`: no file) and after (`None`: gone or still none).
    pub version: (Option<u64>, Option<u64>),
    /// Whether the role comes, goes, is signed again or only changes in the file above.
    pub mark: Mark,
    /// Why its file is signed again; empty if it is not.
    pub why: Vec<String>,
    /// Keys, changed ones first.
    pub keys: Vec<KeyDiff>,
    /// Threshold before and after.
    pub threshold: (Option<u32>, Option<u32>),
    /// Path prefixes added and removed.
    pub paths: Vec<(Mark, String)>,
    /// Labels of those who signed the file last, before.
    pub signed_by: Vec<String>,
    /// Labels of the keys that will sign it.
    pub signs_with: Vec<String>,
    /// Whether nobody trusts the file afterwards (its signers are all removed).
    pub loses_trust: bool,
}

/// What happens to tags that Docker pulls.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TagEffect {
    /// How many could be pulled before.
    pub before: usize,
    /// How many can be pulled after.
    pub after: usize,
    /// Pulled before, refused after, although nobody asked for that. Natural order.
    pub orphaned: Vec<String>,
    /// Newly signed, or with another digest.
    pub signed: Vec<String>,
    /// Those of them that stood for another image before.
    pub replaced: Vec<ReplacedTag>,
    /// Removed on purpose.
    pub revoked: Vec<String>,
    /// Tags that whoever re-signs vouches for: in role files that are signed again with unchanged content.
    pub vouched: Vec<String>,
    /// Refused before, pulled after.
    pub repaired: Vec<String>,
}

/// A tag that stands for another image than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedTag {
    /// Its name.
    pub tag: String,
    /// Digests before and after, shortened.
    pub digests: [String; 2],
}

impl ReplacedTag {
    /// Name and digests, with an arrow as others are drawn there.
    #[must_use]
    pub fn text(&self, arrow: &str) -> String {
        let [before, after] = &self.digests;
        format!("{} {before} {arrow} {after}", self.tag)
    }
}

/// How much a warning weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Publishing is impossible until it is mended.
    Block,
    /// Tags would be orphaned or data deleted: needs a fix or an explicit acceptance and a typed name.
    Danger,
    /// Should be read.
    Warning,
    /// A fact.
    Note,
}

/// Something to know before publishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanWarning {
    /// How much it weighs.
    pub weight: Weight,
    /// A few words, such as `22 tags orphaned`.
    pub headline: String,
    /// Why, in one or two sentences.
    pub detail: String,
    /// Changes that would mend it, and what they do in words (`re-sign releases with jeff new laptop, same publish`).
    pub fix: Option<(Vec<Change>, String)>,
    /// What helps, and is done elsewhere than in this publish.
    pub remedy: Option<Remedy>,
    /// Whether the server shows what only somebody would who attacks.
    pub is_attack: bool,
}

/// What helps, and is done elsewhere than in this publish: a command, or keys of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Saying which root key a new repository gets.
    NameRootKey,
    /// Sending this machine's copy again.
    SendAgain,
    /// Deleting what is on the server, and setting it up again.
    SetUpAnew,
    /// Leaving the snapshot key to the server.
    LeaveSnapshot,
    /// Adding a key to the role that would have none, and signing it again.
    AddKey(Role),
    /// Signing the role again, whose keys that stay have not signed it.
    SignAgain(Role),
    /// Renewing a role that has ended, where its key is.
    Renew(Role),
    /// Loading keys that stay, which have not signed the role and are elsewhere.
    LoadKey {
        /// The role.
        role: Role,
        /// Which keys these are, as sentences name them.
        keys: String,
    },
}

impl PlanWarning {
    /// What helps where no changes would mend it at once.
    #[must_use]
    pub fn remedy_alone(&self) -> Option<&Remedy> {
        self.remedy.as_ref().filter(|_| self.fix.is_none())
    }
}

impl Remedy {
    /// What it is, as a sentence without its end.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::NameRootKey => "Say which",
            Self::SendAgain => "To send the copy of this machine again instead, drop these changes, then",
            Self::SetUpAnew => "If this publish is refused, delete the trust data there and set it up again",
            Self::LeaveSnapshot => "Leave it to the server",
            Self::AddKey(_) => "Add a key to it in the same publish, and sign it again",
            Self::SignAgain(_) => "To keep its tags sign it again in the same publish",
            Self::Renew(_) => "Whoever holds its key renews it first",
            Self::LoadKey { .. } => "Keep the key that signed it until one that stays is here and signs it",
        }
    }

    /// The command that does it for a repository.
    #[must_use]
    pub fn command(&self, gun: &Gun) -> String {
        let name = in_command(gun);
        match self {
            Self::NameRootKey => "--root-key KEYID, or --root-key new".to_owned(),
            Self::SendAgain => format!("trustdeck restore {name}"),
            Self::SetUpAnew => format!("trustdeck delete {name} --remote"),
            Self::LeaveSnapshot => format!("trustdeck rotate snapshot {name} --server-managed"),
            Self::AddKey(role) => {
                format!("trustdeck delegation add {name} {role} FILE, then trustdeck witness {name} {role}")
            }
            Self::SignAgain(role) => format!("trustdeck witness {name} {role}"),
            Self::Renew(role) => format!("trustdeck renew {role} {name} --publish"),
            Self::LoadKey { role, .. } => {
                format!("trustdeck key load FILE --name NAME, then trustdeck witness {name} {role}")
            }
        }
    }
}

/// What publishing would do to one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryPlan {
    /// Name.
    pub gun: Gun,
    /// Name as Docker's users write it.
    pub name: String,
    /// Base URL of the server.
    pub server: String,
    /// When the metadata that this is computed from was verified; `None` if there is none.
    pub data_of: Option<Time>,
    /// The staged changes.
    pub changes: Vec<PlannedChange>,
    /// Roles that change, in tree order; roles only signed by the server are left out.
    pub roles: Vec<RoleDiff>,
    /// Tags.
    pub tags: TagEffect,
    /// Keys that must be unlocked or made.
    pub keys: Vec<NeededKey>,
    /// What would be signed although nobody known has signed it.
    pub unknown: Vec<UnknownFile>,
    /// Heaviest first.
    pub warnings: Vec<PlanWarning>,
    /// Set if the plan could not be computed.
    pub failed: Option<Problem>,
    /// Whether it creates the repository.
    pub creates: bool,
    /// Whether it deletes all trust data.
    pub deletes: bool,
    /// Whether it sends this machine's copy of a lost repository as it is.
    pub republishes: bool,
    /// A hash over what it would do, which a rebase must keep.
    pub effect: String,
}

impl RepositoryPlan {
    /// Whether other changes of it need this one: what came along with one of them, or the creation of the repository.
    #[must_use]
    pub fn is_needed(&self, change: &PlannedChange) -> bool {
        let has_others = || self.changes.iter().any(|other| !other.change.is_creation());
        change.comes_along || (change.change.is_creation() && change.no_effect.is_none() && has_others())
    }

    /// The staged change of a name.
    #[must_use]
    pub fn change(&self, entry: EntryId) -> Option<&PlannedChange> {
        self.changes.iter().find(|change| change.entry == entry && !change.comes_along)
    }

    /// Whether something blocks it.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.failed.is_some() || self.warnings.iter().any(|w| w.weight == Weight::Block)
    }

    /// Whether it needs an explicit acceptance and a typed name.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        self.warnings.iter().any(|w| w.weight == Weight::Danger)
    }
}
