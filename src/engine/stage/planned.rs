//! Plans of a moment ago: reviewing, approving and publishing ask for the same one, and most of a stage stays as it is
//! when one change comes to it.
//!
//! Invariant: a plan is found again only for the very same stage, metadata, keys and labels.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp as Time};

use super::gather::RepositoryStage;
use crate::engine::draft::change::StagedChange;
use crate::engine::plan::facts::{KeysAtHand, NamedKeys};
use crate::engine::plan::needs::Needs;
use crate::engine::plan::{NeededKey, RepositoryPlan};
use crate::engine::trust::session::Base;
use crate::tuf::{Gun, TrustedSet};

/// Plans say what has expired: no clock that tests or people use jumps over more than this unseen.
const MOMENT: SignedDuration = SignedDuration::from_secs(10);

/// The last plan of each repository, with what it was computed from.
#[derive(Default)]
pub(in crate::engine) struct PlannedLately(Mutex<Plans>);

#[derive(Default)]
struct Plans {
    by_gun: HashMap<Gun, KeptPlan>,
    /// Kept, so that thousands of plans hold and compare the same one.
    named: Arc<NamedKeys>,
    /// How many plans were computed, for tests.
    computed: usize,
}

struct KeptPlan {
    ground: KeptGround,
    at: Time,
    plan: RepositoryPlan,
    needs: Needs,
}

/// What a plan is computed from, but for the time and for which keys are locked.
#[derive(Clone, Copy)]
pub(in crate::engine) struct PlanGround<'a> {
    pub(in crate::engine) staged: RepositoryStage<'a>,
    pub(in crate::engine) keys: &'a KeysAtHand,
    pub(in crate::engine) base: Option<&'a Base>,
}

struct KeptGround {
    server: String,
    changes: Vec<StagedChange>,
    /// Kept, so that no other set can have its address.
    set: Set,
    /// The same of a repository that its server has lost.
    lost: Set,
    /// How far the server's clock is from this one, in whole minutes.
    skew: Option<i64>,
    named: Arc<NamedKeys>,
}

type Set = Option<Option<Arc<TrustedSet>>>;

impl PlanGround<'_> {
    fn sets(&self) -> (Set, Set) {
        let lost = self.base.and_then(|base| base.lost.as_ref());
        (self.base.map(|base| base.set.clone()), lost.map(|lost| lost.copy.clone()))
    }

    fn skew(&self) -> Option<i64> {
        self.base.and_then(|base| base.skew).map(|skew| skew.as_mins())
    }

    fn kept(&self) -> KeptGround {
        let ((_, server, changes), (set, lost)) = (self.staged, self.sets());
        let named = Arc::clone(&self.keys.named);
        KeptGround { server: server.to_owned(), changes: changes.to_vec(), set, lost, skew: self.skew(), named }
    }

    fn is(&self, kept: &KeptGround) -> bool {
        let ((_, server, changes), (set, lost)) = (self.staged, self.sets());
        is_same_set(&kept.set, &set)
            && is_same_set(&kept.lost, &lost)
            && kept.skew == self.skew()
            && (Arc::ptr_eq(&kept.named, &self.keys.named) || kept.named == self.keys.named)
            && (kept.server.as_str(), kept.changes.as_slice()) == (server, changes)
    }
}

fn is_same_set(one: &Set, other: &Set) -> bool {
    match (one, other) {
        (Some(Some(one)), Some(Some(other))) => Arc::ptr_eq(one, other),
        (Some(None), Some(None)) | (None, None) => true,
        _ => false,
    }
}

impl PlannedLately {
    fn plans(&self) -> MutexGuard<'_, Plans> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The very names that plans were computed with last, if they are these.
    pub(in crate::engine) fn named(&self, named: NamedKeys) -> Arc<NamedKeys> {
        let mut plans = self.plans();
        if *plans.named != named {
            plans.named = Arc::new(named);
        }
        Arc::clone(&plans.named)
    }

    /// The plan for this ground, with the locks and the age of the data as they are now.
    pub(in crate::engine) fn find(&self, ground: &PlanGround<'_>, now: Time) -> Option<(RepositoryPlan, Needs)> {
        let plans = self.plans();
        let (gun, ..) = ground.staged;
        let known = plans.by_gun.get(gun)?;
        if now.duration_since(known.at).abs() > MOMENT || !ground.is(&known.ground) {
            return None;
        }
        let mut plan = known.plan.clone();
        plan.data_of = ground.base.and_then(|base| base.verified_at);
        for key in &mut plan.keys {
            if let NeededKey::Unlock { id, locked, .. } = key {
                *locked = ground.keys.keys.get(id).is_none_or(|key| key.locked);
            }
        }
        Some((plan, known.needs.clone()))
    }

    /// Keeps what was computed.
    pub(in crate::engine) fn keep(&self, ground: &PlanGround<'_>, at: Time, (plan, needs): &(RepositoryPlan, Needs)) {
        let mut plans = self.plans();
        plans.computed += 1;
        let ((gun, ..), ground, plan, needs) = (ground.staged, ground.kept(), plan.clone(), needs.clone());
        plans.by_gun.insert(gun.clone(), KeptPlan { ground, at, plan, needs });
    }

    /// Forgets all repositories but these, the whole stage: so many plans are kept and no more.
    pub(in crate::engine) fn keep_only(&self, staged: &[Gun]) {
        let staged: HashSet<&Gun> = staged.iter().collect();
        self.plans().by_gun.retain(|gun, _| staged.contains(gun));
    }

    /// How many plans of repositories were computed and not found again.
    pub(in crate::engine) fn computed(&self) -> usize {
        self.plans().computed
    }
}
