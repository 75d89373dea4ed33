//! Passphrases for commands about keys: what is known first, then questions.

use super::words::called;
use crate::cli::console::input;
use crate::cli::{Context, new_passphrase, terminal};
use crate::engine::keyring::sources::{Source, read_descriptor};
use crate::engine::keyring::tried::wrong_sources;
use crate::engine::{EngineError, Kind, NewPassphrase, Passphrase, Problem};
use crate::tuf::CanonicalKeyId;

/// Passphrases that were typed for other keys of this command; many keys share one.
#[derive(Default)]
pub(super) struct Typed(Vec<Passphrase>);

/// What trying a passphrase comes to: what it opens, or `None` if it is wrong.
pub(super) type Attempt<T> = Result<Option<T>, Problem>;

/// What came of all attempts.
pub(super) enum Unlocking<T> {
    /// It opened, with this passphrase.
    Opened(T, Passphrase),
    /// The user typed nothing.
    Skipped,
    /// Nobody can be asked; these were tried and are wrong.
    Nobody(Vec<Miss>),
}

/// A source whose passphrase is wrong, and what it opens instead.
pub(super) type Miss = (Source, Option<String>);

impl Typed {
    /// Opens something that belongs to `role`: with what was typed before, with the sources for scripts, then with
    /// what the user types, as often as it takes. `what` names it in the question.
    ///
    /// # Errors
    /// Those of `attempt`; `Cancelled` at the end of input.
    pub(super) fn open<T>(
        &mut self,
        context: &Context,
        role: &str,
        what: &str,
        attempt: impl FnMut(&Passphrase) -> Attempt<T>,
    ) -> Result<Unlocking<T>, Problem> {
        self.open_or_name(context, (role, what), attempt, |_| None)
    }

    /// The same for a key of the store; a wrong passphrase says which other key it opens.
    ///
    /// # Errors
    /// As [`Typed::open`].
    pub(super) fn open_stored(
        &mut self,
        context: &Context,
        id: &CanonicalKeyId,
        what: &str,
    ) -> Result<Unlocking<()>, Problem> {
        let role = context.engine.keyring().stored_role(id).unwrap_or_default();
        let attempt = |passphrase: &Passphrase| Ok(context.engine.custody().opens(id, Some(passphrase))?.then_some(()));
        let instead = |passphrase: &Passphrase| {
            Some(format!("key {}", called(context, &context.engine.keyring().opens_instead(id, passphrase)?)))
        };
        self.open_or_name(context, (&role, what), attempt, instead)
    }

    fn open_or_name<T>(
        &mut self,
        context: &Context,
        (role, what): (&str, &str),
        mut attempt: impl FnMut(&Passphrase) -> Attempt<T>,
        instead: impl Fn(&Passphrase) -> Option<String>,
    ) -> Result<Unlocking<T>, Problem> {
        for passphrase in &self.0 {
            if let Some(opened) = attempt(passphrase)? {
                return Ok(Unlocking::Opened(opened, passphrase.clone()));
            }
        }
        let mut wrong = Vec::new();
        for (source, passphrase) in context.sources.candidates(role) {
            match attempt(&passphrase)? {
                Some(opened) => {
                    // Lines of a descriptor may be given one for each key.
                    wrong.retain(|(source, _)| *source != Source::Descriptor);
                    name_wrong(context, what, &wrong);
                    return Ok(Unlocking::Opened(opened, passphrase));
                }
                None => wrong.push((source, instead(&passphrase))),
            }
        }
        wrong.dedup();
        if !context.console.interactive {
            return Ok(Unlocking::Nobody(wrong));
        }
        name_wrong(context, what, &wrong);
        for count in 1_u32.. {
            let again = if count > 1 { format!(", attempt {count}") } else { String::new() };
            let passphrase = terminal::ask_passphrase(&format!("passphrase of {what} (empty to skip){again}"))?;
            if passphrase.is_empty() {
                break;
            }
            if let Some(opened) = attempt(&passphrase)? {
                self.0.push(passphrase.clone());
                return Ok(Unlocking::Opened(opened, passphrase));
            }
            match instead(&passphrase) {
                Some(other) => context.console.note(&format!("wrong passphrase; it opens {other}")),
                None => context.console.note("wrong passphrase"),
            }
        }
        Ok(Unlocking::Skipped)
    }
}

/// Says which sources have a wrong passphrase, where something else opens it.
fn name_wrong(context: &Context, what: &str, wrong: &[Miss]) {
    if !wrong.is_empty() {
        context.console.say(&wrong_sources(what, wrong).0);
    }
}

/// What to say where nobody can be asked.
pub(super) fn nobody(what: &str, wrong: &[Miss]) -> Problem {
    let (message, hint) = if wrong.is_empty() {
        (
            format!("{what} needs its passphrase, and nobody can be asked"),
            "set the passphrase variables of notary or docker, or give --passphrase-fd".to_owned(),
        )
    } else {
        wrong_sources(what, wrong)
    };
    Problem { kind: Kind::Passphrase, ..input(message, hint) }
}

/// A passphrase for a key of `role` that is made or loaded: the first that a source has, else typed twice.
///
/// # Errors
/// `Passphrase` if nobody can be asked, `Input` if it is too short.
pub(super) fn for_new_key(context: &Context, role: &str, what: &str) -> Result<NewPassphrase, Problem> {
    if let Some(known) = new_passphrase::told(context, role)? {
        return Ok(known);
    }
    typed_twice(context, what, &new_passphrase::how_to_give(role))
}

/// A passphrase from a descriptor of its own, else typed twice; `hint` says what to do without a terminal.
///
/// # Errors
/// As [`for_new_key`].
pub(super) fn chosen(
    context: &Context,
    descriptor: Option<u32>,
    what: &str,
    hint: &str,
) -> Result<NewPassphrase, Problem> {
    let Some(descriptor) = descriptor else { return typed_twice(context, what, hint) };
    let chosen = NewPassphrase::new(from_descriptor(descriptor)?).map_err(EngineError::from)?;
    new_passphrase::remark(context, &chosen, "");
    Ok(chosen)
}

/// The first line that a descriptor gives.
///
/// # Errors
/// `Input`.
pub(super) fn from_descriptor(descriptor: u32) -> Result<Passphrase, Problem> {
    let wrong = |why: &str| {
        input(format!("file descriptor {descriptor}: {why}"), "open the descriptor, such as with 4< FILE in a shell")
    };
    let bytes = read_descriptor(descriptor).map_err(|error| wrong(&error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("holds no text"))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() { Err(wrong("holds no passphrase")) } else { Ok(Passphrase::from_text(line)) }
}

fn typed_twice(context: &Context, what: &str, hint: &str) -> Result<NewPassphrase, Problem> {
    let message = format!("{what} needs a new passphrase, and nobody can be asked");
    new_passphrase::typed_twice(context, what, (message, hint))
}
