//! Whether what was verified may be trusted now: files were loaded to be shown and renewed, so their age is judged here,
//! every time.

use jiff::{SignedDuration, Timestamp as Time};

use crate::engine::error::EngineError;
use crate::engine::wording::clock_words;
use crate::tuf::verify::Standing;
use crate::tuf::{Gun, Role, Tally, TrustedSet, VerifyError};

/// Finds the first base role that has expired, or lost its keys or their certificates: nothing may be trusted then, although all fits.
pub(in crate::engine) fn judge(set: &TrustedSet, now: Time) -> Result<(), VerifyError> {
    let expiries = [
        (Role::Root, Some(set.root().content.expires)),
        (Role::Timestamp, set.timestamp().map(|loaded| loaded.content.expires)),
        (Role::Snapshot, set.snapshot().map(|loaded| loaded.content.expires)),
        (Role::Targets, set.targets().map(|loaded| loaded.content.expires)),
    ];
    let expired = expiries.into_iter().filter_map(|(role, expires)| Some((role, expires?)));
    if let Some((role, expired)) = expired.into_iter().find(|(_, expires)| *expires <= now) {
        return Err(VerifyError::Expired { role, expired });
    }
    set.root_certified(now)?;
    match set.targets().filter(|targets| targets.standing == Standing::UnderThreshold) {
        Some(targets) => Err(unsigned(&targets.tally)),
        None => Ok(()),
    }
}

fn unsigned(tally: &Tally) -> VerifyError {
    let keys = tally.signed.iter().chain(&tally.unsigned);
    VerifyError::Threshold {
        role: Role::Targets,
        signed: tally.distinct(),
        threshold: tally.threshold,
        expected: keys.map(|key| key.canonical_id().clone()).collect(),
        found: tally.signed.iter().map(|key| key.id().clone()).chain(tally.strangers.iter().cloned()).collect(),
    }
}

/// What is wrong with a repository, and with the clock that says so.
pub(in crate::engine) fn refused(gun: &Gun, source: VerifyError, skew: Option<SignedDuration>) -> EngineError {
    match clock_words(skew) {
        Some(clock) if matches!(source, VerifyError::Expired { .. } | VerifyError::RootNotYet { .. }) => {
            EngineError::Clock { gun: gun.clone(), what: format!("{source}; {clock}") }
        }
        _ => EngineError::Verify { gun: gun.clone(), source },
    }
}
