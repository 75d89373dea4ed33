//! One warning of a plan.

use super::{PlanWarning, Weight};

pub(in crate::engine) type Warnings = Vec<PlanWarning>;

/// One without anything that mends it.
pub(in crate::engine) fn plain(weight: Weight, headline: impl Into<String>, detail: impl Into<String>) -> PlanWarning {
    PlanWarning { weight, headline: headline.into(), detail: detail.into(), fix: None, remedy: None, is_attack: false }
}

/// One about something that looks like an attack.
pub(in crate::engine) fn attack(weight: Weight, headline: impl Into<String>, detail: impl Into<String>) -> PlanWarning {
    PlanWarning { is_attack: true, ..plain(weight, headline, detail) }
}
