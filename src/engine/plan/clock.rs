//! A clock that is not the server's: what it says of expiry is not true, and what it dates is not either.

use super::Weight;
use super::facts::PlanFacts;
use super::warning::{Warnings, plain};
use crate::engine::wording::clock_words;
use crate::tuf::{Metadata, TrustedSet, VerifyError};

/// Names it. Blocks where nothing that is published could be read back by it, and says whether it does: what seems to
/// have expired then is no fact.
pub(in crate::engine) fn warn(facts: &PlanFacts<'_>, set: &TrustedSet, found: &mut Warnings) -> bool {
    let early = match set.root_certified(facts.now) {
        Err(error @ VerifyError::RootNotYet { .. }) => Some(error.to_string()),
        _ => None,
    };
    let words = clock_words(facts.skew);
    let why = early.or_else(|| words.is_some().then(|| expired_here_only(facts, set)).flatten());
    match (why, words) {
        (Some(why), words) => {
            let headline = words.unwrap_or_else(|| "this machine's clock is behind".to_owned());
            let detail = format!("What is published could not be read back: {why}. Set the clock.");
            found.push(plain(Weight::Block, headline, detail));
            true
        }
        (None, Some(words)) => {
            let detail = "What is signed is dated by it, and expiry is judged by it: set it right.";
            found.push(plain(Weight::Warning, words, detail));
            false
        }
        (None, None) => false,
    }
}

/// A base file that has expired by this clock, and not by the server's.
fn expired_here_only(facts: &PlanFacts<'_>, set: &TrustedSet) -> Option<String> {
    let there = facts.now.checked_add(facts.skew?).ok()?;
    let ends = [
        ("root", Some(set.root().content.expires())),
        ("timestamp", set.timestamp().map(|file| file.content.expires())),
        ("targets", set.targets().map(|file| file.content.expires())),
    ];
    let is_here_only = |end: jiff::Timestamp| end <= facts.now && end > there;
    let (role, end) = ends.into_iter().find_map(|(role, end)| Some((role, end.filter(|end| is_here_only(*end))?)))?;
    Some(format!("{role} lasts until {end:.0}, which has passed by this clock only"))
}
