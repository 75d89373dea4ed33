//! `rotate`, `renew` and `setup`: begin a wizard or go on with it, fill the stage, publish if asked to.
//!
//! Invariant: what was chosen is on disk before anything follows from it, so that the same command goes on from the
//! real state wherever it was stopped.

mod base;
mod begun;
mod hand_over;
mod keys;
mod new_key;
mod setup;

use super::Context;
use super::arguments::Rotate;
use super::ending::Ending;
use crate::engine::Problem;
use crate::tuf::Role;

pub(super) use base::renew;
pub(super) use setup::setup;

/// Runs `rotate`.
///
/// # Errors
/// For what concerns all repositories; nothing is staged then.
pub(super) async fn rotate(context: &Context, command: &Rotate) -> Result<Ending, Problem> {
    match command {
        Rotate::Root(base) => base::rotate_base(context, &Role::Root, base).await,
        Rotate::Targets(base) => base::rotate_base(context, &Role::Targets, base).await,
        Rotate::Snapshot(base) => base::rotate_base(context, &Role::Snapshot, base).await,
        Rotate::Timestamp(base) => base::rotate_base(context, &Role::Timestamp, base).await,
        Rotate::Signer(signer) => base::rotate_signer(context, signer).await,
        Rotate::TakeOver(command) => hand_over::take_over(context, command).await,
        Rotate::List => begun::list(context).await,
        Rotate::Resume(command) => begun::resume(context, command).await,
        Rotate::Forget(command) => begun::forget(context, command),
    }
}
