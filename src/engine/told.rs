//! Sentences that are said once on a machine.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::disk::note::{self, Note};

/// More are never kept; the oldest of them are of programs long gone.
const KEPT: usize = 64;

#[derive(Default, Serialize, Deserialize)]
struct Told {
    sentences: BTreeSet<String>,
}

impl Note for Told {
    const FILE: &'static str = "told.json";
}

/// Whether a sentence was never said on this machine; from now on it was. What cannot be remembered is said again.
pub(super) fn is_news(context: &Context, sentence: &str) -> bool {
    let state_dir = &context.settings().state_dir;
    if note::load::<Told>(state_dir).is_ok_and(|told| told.sentences.contains(sentence)) {
        return false;
    }
    let added = note::change(state_dir, |told: &mut Told| {
        if told.sentences.len() >= KEPT {
            told.sentences.clear();
        }
        told.sentences.insert(sentence.to_owned())
    });
    added.unwrap_or(true)
}
