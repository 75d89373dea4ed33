//! What is to be published: what was approved, and what a run carries along.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::merged::Merge;
use super::outcome::Published;
use super::sign::BaseKeys;
use crate::engine::draft::change::StagedChange;
use crate::engine::error::EngineError;
use crate::engine::plan::facts::KeysAtHand;
use crate::engine::plan::needs::Needs;
use crate::engine::plan::{PlanId, RepositoryPlan, Weight};
use crate::engine::stage::kept::Reviewed;
use crate::engine::trust::session::Base;
use crate::keys::PrivateKey;
use crate::remote::NotaryServer;
use crate::tuf::verify::SeenRoles;
use crate::tuf::{Gun, PublicKey, Role};

/// Keys that were made or chosen, and the files of those that were made.
#[derive(Clone)]
pub(in crate::engine) struct Created {
    pub(in crate::engine) keys: BaseKeys,
    pub(in crate::engine) files: Vec<(Role, PathBuf)>,
}

/// A new key has no passphrase yet.
pub(in crate::engine) fn no_passphrase(role: &Role) -> EngineError {
    EngineError::Input {
        message: format!("the new {role} key needs a passphrase"),
        hint: format!("choose one; without a terminal, set NOTARY_{}_PASSPHRASE", role.as_str().to_uppercase()),
    }
}

/// What a user approved: a plan by ID, and what of its dangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The plan that was reviewed.
    pub plan: PlanId,
    /// Repositories to publish; others stay staged.
    pub repositories: Vec<Gun>,
    /// Repositories whose dangers (orphaned tags, deletion) were accepted.
    pub accepted: Vec<Gun>,
}

/// What was approved for one repository.
#[derive(Clone)]
pub(in crate::engine) struct Job {
    pub(in crate::engine) gun: Gun,
    /// What was reviewed.
    pub(in crate::engine) reviewed: Reviewed,
    /// Whether its dangers were accepted.
    pub(in crate::engine) accepted: bool,
    /// What it shares with the others of the same publish.
    pub(in crate::engine) batch: Arc<Batch>,
}

/// What the repositories of one publish share.
#[derive(Default)]
pub(in crate::engine) struct Batch {
    /// The keys in the store when it began: keys made on the way must not change what was approved.
    pub(in crate::engine) keys: KeysAtHand,
    /// The root key that was made for the first new repository, and serves the others too, as with `docker trust`.
    pub(in crate::engine) root: tokio::sync::Mutex<Option<Arc<PrivateKey>>>,
    /// Whether it was staged, reviewed and approved in one go: what was verified for that is good enough for a first try.
    pub(in crate::engine) at_once: bool,
    /// Ends the waiting for a token; what was begun without one is finished.
    pub(in crate::engine) stop: CancellationToken,
}

pub(in crate::engine) fn not_accepted(plan: &RepositoryPlan) -> EngineError {
    let danger = plan.warnings.iter().find(|w| w.weight == Weight::Danger);
    let what = danger.map(|w| w.headline.clone()).unwrap_or_default();
    let mend = match danger.and_then(|w| w.fix.as_ref()) {
        Some((_, words)) => format!("{words}, or accept it"),
        None => "accept it if that is meant".to_owned(),
    };
    EngineError::Policy { gun: Some(plan.gun.clone()), what: format!("{}: {what}", plan.name), hint: mend }
}

/// What stays from one try to the next.
#[derive(Default)]
pub(in crate::engine) struct Run {
    pub(super) created: Option<Created>,
    /// New keys that the server has made.
    pub(super) server_keys: BTreeMap<Role, PublicKey>,
    /// Versions found beside the verified files.
    pub(in crate::engine) found: SeenRoles,
    /// What others have published, where that is why it failed.
    pub(super) merged: Vec<Merge>,
    /// Things to know.
    pub(super) notes: Vec<String>,
}

/// A try's end.
pub(in crate::engine) enum TryEnd {
    Done(Box<Published>),
    /// A newer version is there.
    Overtaken,
}

/// All that is needed to sign, upload and check.
pub(in crate::engine) struct PreparedPublish {
    pub(in crate::engine) server: NotaryServer,
    pub(super) entries: Vec<StagedChange>,
    pub(in crate::engine) batch: Arc<Batch>,
    pub(in crate::engine) base: Base,
    pub(super) plan: RepositoryPlan,
    pub(in crate::engine) needs: Needs,
    /// What others have published since the plan was reviewed.
    pub(super) merged: Vec<Merge>,
}
