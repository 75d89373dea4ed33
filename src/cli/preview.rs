//! A plan that is shown and not published.

use super::Context;
use super::arguments::Agreement;
use super::ending::Ending;
use super::plan_json::plan_rows;
use super::plan_text::{Extent, plan_text};
use super::publish::obstacle;
use crate::engine::{Plan, Problem};

/// Shows a plan as the result, and what hinders it; nothing is sent.
///
/// # Errors
/// `Disk` if the result was not taken.
pub(super) fn preview(
    context: &Context,
    mut ending: Ending,
    plan: &Plan,
    agreement: &Agreement,
) -> Result<Ending, Problem> {
    match context.console.json {
        true => context.console.result_json(&plan_rows(plan))?,
        // Where none could be read there is no plan.
        false if plan.repositories.is_empty() && !ending.problems.is_empty() => {}
        false => context.console.result(&plan_text(plan, extent(agreement)))?,
    }
    ending.problems.extend(plan.repositories.iter().filter_map(obstacle));
    ending.succeeded = plan.repositories.len();
    Ok(ending)
}

/// How much of a plan somebody wants to see.
pub(super) fn extent(agreement: &Agreement) -> Extent {
    if agreement.full { Extent::Full } else { Extent::Cut }
}
