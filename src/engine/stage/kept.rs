//! The journal of this process, and the plans that it has shown.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::Journal;
use super::planned::PlannedLately;
use crate::engine::error::EngineError;
use crate::engine::plan::{Plan, PlanId};
use crate::engine::settings::Settings;
use crate::tuf::Gun;

/// The journal of this trust directory, and what this process is publishing.
pub(in crate::engine) struct Kept {
    pub(in crate::engine) journal: Journal,
    issued: Mutex<VecDeque<(PlanId, BTreeMap<Gun, String>)>>,
    pub(super) planned: PlannedLately,
    /// Held while a repository is written, so that writes to one run one at a time.
    pub(in crate::engine) writing: Mutex<HashMap<Gun, Arc<tokio::sync::Mutex<()>>>>,
}

impl Kept {
    /// Finds the journal; a journal of a newer version is an error that changes nothing.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let (journal, planned) = (Journal::open(settings)?, PlannedLately::default());
        Ok(Self { journal, issued: Mutex::default(), planned, writing: Mutex::default() })
    }

    pub(super) fn remember(&self, plan: &Plan) {
        let effects = plan.repositories.iter().map(|p| (p.gun.clone(), p.effect.clone())).collect();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|(id, _)| *id != plan.id);
        issued.push_back((plan.id.clone(), effects));
        while issued.len() > ISSUED {
            issued.pop_front();
        }
    }

    /// What a plan of this process would do, by repository.
    pub(in crate::engine) fn issued(&self, id: &PlanId) -> Option<BTreeMap<Gun, String>> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.iter().find(|(known, _)| known == id).map(|(_, effects)| effects.clone())
    }
}

/// Plans of this process that an approval may name.
pub(in crate::engine) const ISSUED: usize = 64;
