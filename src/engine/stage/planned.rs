//! Plans of a moment ago: reviewing, approving and publishing ask for the same one, and most of a stage stays as it is
//! when one change comes to it.
//!
//! Invariant: a plan is found again only for the very same stage, metadata, keys and labels.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp as Time};

use super::gather::Staged;
use crate::engine::draft::change::StagedChange;
use crate::engine::keyring::labels::ByKey;
use crate::engine::plan::facts::{KeyAtHand, Keys};
use crate::engine::plan::needs::Needs;
use crate::engine::plan::{NeededKey, RepositoryPlan};
use crate::engine::trust::session::Base;
use crate::tuf::{CanonicalKeyId, Gun, TrustedSet};

/// Plans say what has expired: no clock that tests or people use jumps over more than this unseen.
const MOMENT: SignedDuration = SignedDuration::from_secs(10);
/// Repositories whose plan is kept.
const KEPT: usize = 256;

/// The last plan of each repository, with what it was computed from.
#[derive(Default)]
pub(in crate::engine) struct PlannedLately(Mutex<HashMap<Gun, Planned>>);

struct Planned {
    ground: Ground,
    at: Time,
    plan: RepositoryPlan,
    needs: Needs,
}

/// What a plan is computed from, but for the time and for which keys are locked.
pub(in crate::engine) struct Ground {
    gun: Gun,
    server: String,
    changes: Vec<StagedChange>,
    /// Kept, so that no other set can have its address.
    set: Option<Option<Arc<TrustedSet>>>,
    verified_at: Option<Time>,
    keys: BTreeMap<CanonicalKeyId, KeyAtHand>,
    labels: ByKey,
}

impl Ground {
    pub(in crate::engine) fn new(
        (gun, server, changes): Staged<'_>,
        keys: &Keys,
        base: Option<&Base>,
        labels: ByKey,
    ) -> Self {
        Self {
            gun: gun.clone(),
            server: server.to_owned(),
            changes: changes.to_vec(),
            set: base.map(|base| base.set.clone()),
            verified_at: base.and_then(|base| base.verified_at),
            keys: keys.keys.clone(),
            labels,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let same_set = match (&self.set, &other.set) {
            (Some(Some(one)), Some(Some(other))) => Arc::ptr_eq(one, other),
            (Some(None), Some(None)) | (None, None) => true,
            _ => false,
        };
        let role = |(id, key): (&CanonicalKeyId, &KeyAtHand)| (id.clone(), key.role.clone());
        let same_keys =
            self.keys.len() == other.keys.len() && self.keys.iter().map(role).eq(other.keys.iter().map(role));
        same_set
            && same_keys
            && (&self.server, &self.labels, &self.changes) == (&other.server, &other.labels, &other.changes)
    }
}

impl PlannedLately {
    /// The plan for this ground, with the locks and the age of the data as they are now.
    pub(in crate::engine) fn find(&self, ground: &Ground, now: Time) -> Option<(RepositoryPlan, Needs)> {
        let plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = plans.get(&ground.gun)?;
        if now.duration_since(known.at).abs() > MOMENT || !known.ground.is_same(ground) {
            return None;
        }
        let mut plan = known.plan.clone();
        plan.data_of = ground.verified_at;
        for key in &mut plan.keys {
            if let NeededKey::Unlock { id, locked, .. } = key {
                *locked = ground.keys.get(id).is_none_or(|key| key.locked);
            }
        }
        Some((plan, known.needs.clone()))
    }

    /// Keeps what was computed.
    pub(in crate::engine) fn keep(&self, ground: Ground, at: Time, (plan, needs): &(RepositoryPlan, Needs)) {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= KEPT {
            plans.clear();
        }
        let (plan, needs) = (plan.clone(), needs.clone());
        plans.insert(ground.gun.clone(), Planned { ground, at, plan, needs });
    }
}
