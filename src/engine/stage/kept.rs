//! The journal of this process, and the plans that it has shown.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::Journal;
use super::planned::PlannedLately;
use crate::engine::error::EngineError;
use crate::engine::plan::{Plan, PlanId};
use crate::engine::settings::Settings;
use crate::tuf::{Gun, TrustedSet};

/// What somebody saw of one repository's plan.
#[derive(Clone)]
pub(in crate::engine) struct Reviewed {
    /// Names all that it would do.
    pub(in crate::engine) effect: String,
    /// The files that it was computed from.
    pub(in crate::engine) set: Option<Arc<TrustedSet>>,
}

/// The journal of this trust directory, and what this process is publishing.
pub(in crate::engine) struct Kept {
    pub(in crate::engine) journal: Journal,
    issued: Mutex<VecDeque<(PlanId, BTreeMap<Gun, Reviewed>)>>,
    pub(super) planned: PlannedLately,
    /// Held while a repository is written, so that writes to one run one at a time.
    pub(in crate::engine) writing: Mutex<HashMap<Gun, Arc<tokio::sync::Mutex<()>>>>,
}

impl Kept {
    /// Finds the journal.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let (journal, planned) = (Journal::open(settings)?, PlannedLately::default());
        Ok(Self { journal, issued: Mutex::default(), planned, writing: Mutex::default() })
    }

    pub(super) fn remember(&self, plan: &Plan, reviewed: BTreeMap<Gun, Reviewed>) {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|(id, _)| *id != plan.id);
        issued.push_back((plan.id.clone(), reviewed));
        while issued.len() > ISSUED {
            issued.pop_front();
        }
    }

    /// What a plan of this process would do, by repository.
    pub(in crate::engine) fn issued(&self, id: &PlanId) -> Option<BTreeMap<Gun, Reviewed>> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.iter().find(|(known, _)| known == id).map(|(_, reviewed)| reviewed.clone())
    }
}

/// Plans of this process that an approval may name.
pub(in crate::engine) const ISSUED: usize = 64;
