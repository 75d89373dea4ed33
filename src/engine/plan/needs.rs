//! Keys that a plan needs, and where a new repository's root key comes from.

use std::collections::BTreeSet;

use super::facts::{PlanFacts, root_key};
use super::names::Names;
use super::unreleased;
use crate::engine::draft::Draft;
use crate::engine::draft::change::RootKeyChoice;
use crate::tuf::{CanonicalKeyId, DelegationName, Role};

/// What must be asked for or made before signing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Needs {
    /// Where the root key comes from, if the repository is created.
    pub(in crate::engine) root: Option<RootSource>,
    /// Roles whose key the server makes.
    pub(in crate::engine) server_keys: BTreeSet<Role>,
    /// Delegations that are signed although none of their files was loaded.
    pub(in crate::engine) anew: Vec<DelegationName>,
    /// What its result says of tags that Docker does not pull then.
    pub(in crate::engine) unreleased: Vec<String>,
}

impl Needs {
    pub(super) fn of(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>) -> Self {
        let unreleased = unreleased::sentences(facts, draft, names).into_iter();
        let signed = draft.touched().keys().filter(|role| draft.loaded(role).is_none());
        Self {
            root: draft.creates().is_some().then(|| root_source(facts, draft)),
            server_keys: draft.base.server_made().clone(),
            anew: signed.filter_map(|role| role.delegation().cloned()).collect(),
            unreleased: unreleased.map(|(headline, why)| format!("{headline}: {why}")).collect(),
        }
    }
}

/// Where the root key of a new repository comes from, as it was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum RootSource {
    /// This stored key.
    Stored(CanonicalKeyId),
    /// One for all new repositories of this publish.
    Shared,
    /// One for this repository alone.
    Own,
}

/// What the plan says about the root key of a repository that is created.
pub(in crate::engine) fn root_source(facts: &PlanFacts<'_>, draft: &Draft<'_>) -> RootSource {
    match (root_key(facts, draft), draft.creates()) {
        (Some(id), _) => RootSource::Stored(id),
        (None, Some(RootKeyChoice::New)) => RootSource::Own,
        (None, _) => RootSource::Shared,
    }
}
