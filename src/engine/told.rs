//! Sentences that are said once on a machine.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::disk::note::Note;
use super::disk::state::StateFolder;

const FILE: &str = "told.json";

/// More are never kept; the oldest of them are of programs long gone.
const KEPT: usize = 64;

#[derive(Default, Serialize, Deserialize)]
struct Told {
    sentences: BTreeSet<String>,
}

impl Note for Told {
    const KIND: &'static str = "told";
}

/// Whether a sentence was never said on this machine; from now on it was. What cannot be remembered is said again.
pub(super) fn is_news(context: &Context, sentence: &str) -> bool {
    let folder = StateFolder::new(&context.settings().state_dir);
    if folder.load::<Told>(FILE).is_ok_and(|told| told.sentences.contains(sentence)) {
        return false;
    }
    let added = folder.change(FILE, |told: &mut Told| {
        if told.sentences.len() >= KEPT {
            told.sentences.clear();
        }
        told.sentences.insert(sentence.to_owned())
    });
    added.unwrap_or(true)
}
