//! Passphrases for keys and backups that are made: from the sources for scripts, else typed twice.

use super::console::input;
use super::{Context, terminal};
use crate::engine::keyring::sources::{Source, variables_of};
use crate::engine::{EngineError, Kind, NewPassphrase, Passphrase, Problem, Strength};
use crate::printable::printable;

/// The passphrase for a new key of `role`, which may be a signer's name.
///
/// # Errors
/// `Passphrase`, naming the variables to set, if nobody can be asked; `Input` if what is set is too short.
pub(super) fn for_role(context: &Context, role: &str) -> Result<NewPassphrase, Problem> {
    if let Some(known) = told(context, role)? {
        return Ok(known);
    }
    let hint = how_to_give(role);
    let role = printable(role);
    let message = format!("a new {role} key needs a passphrase, and nobody can be asked");
    typed_twice(context, &format!("the {role} key that will be made"), (message, &hint))
}

/// How a script gives the passphrase of a key of `role`, which may be a signer's name.
pub(super) fn how_to_give(role: &str) -> String {
    format!("set {}, or give --passphrase-fd", variables_of(role))
}

/// The same as [`known`], with remarks on what is weak or odd about it.
///
/// # Errors
/// As [`known`].
pub(super) fn told(context: &Context, role: &str) -> Result<Option<NewPassphrase>, Problem> {
    let Some((source, known)) = known(context, role)? else { return Ok(None) };
    remark(context, &known, &format!("{source}: "));
    if matches!(source, Source::BrokenVariable(_)) {
        context.console.note(&format!("{source}: the line break becomes a part of the passphrase"));
    }
    Ok(Some(known))
}

/// Says what is weak about a new passphrase; `before` says where it is from.
pub(super) fn remark(context: &Context, passphrase: &Passphrase, before: &str) {
    if let Some(remark) = Strength::of(passphrase).remark() {
        context.console.note(&format!("{before}{remark}"));
    }
}

/// The first passphrase that the sources for scripts have for keys of `role`.
///
/// # Errors
/// `Input`, naming the source, if it is too short.
fn known(context: &Context, role: &str) -> Result<Option<(Source, NewPassphrase)>, Problem> {
    let Some((source, known)) = context.sources.candidates(role).into_iter().next() else { return Ok(None) };
    let new = NewPassphrase::new(known).map_err(|error| {
        let problem = EngineError::from(error).problem();
        Problem { message: format!("{source}: {}", problem.message), ..problem }
    })?;
    Ok(Some((source, new)))
}

/// Asks for a new passphrase for `what` until it is long enough and typed twice alike. `missing` is message and hint
/// where nobody can be asked.
///
/// # Errors
/// `Passphrase`; `Cancelled` at the end of input.
pub(super) fn typed_twice(
    context: &Context,
    what: &str,
    (message, hint): (String, &str),
) -> Result<NewPassphrase, Problem> {
    if !context.console.interactive {
        return Err(Problem { kind: Kind::Passphrase, ..input(message, hint) });
    }
    loop {
        let typed = terminal::ask_passphrase(&format!("new passphrase for {what}"))?;
        remark(context, &typed, "");
        let Ok(first) = NewPassphrase::new(typed) else { continue };
        if terminal::ask_passphrase("again")? == *first {
            return Ok(first);
        }
        context.console.note("the two differ");
    }
}
