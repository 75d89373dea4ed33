//! Undo and redo.

use super::Performer;
use crate::engine::{Change, EntryId};
use crate::tuf::Gun;
use crate::tui::messages::event::Outcome;
use crate::tui::messages::told::Told;

/// Through the changes of the stage.
pub(super) enum StageWay {
    Undo,
    UndoOnly(Vec<EntryId>),
    Redo,
    RedoOnly(Vec<(Gun, Change)>),
}

impl Performer {
    /// Undo and redo say what they took back.
    pub(super) async fn retrace(&self, way: StageWay) -> Outcome {
        let result = self
            .blocking(move |e| {
                let before = e.stage().staged()?;
                Ok(match way {
                    StageWay::UndoOnly(entries) => {
                        let (stage, what) = e.stage().undo_only(&entries)?;
                        (stage, what.map(|what| Told::new("undone", what)))
                    }
                    StageWay::RedoOnly(own) => {
                        let (stage, what) = e.stage().redo_only(&own)?;
                        (stage, what.map(|what| Told::new("done again", what)))
                    }
                    StageWay::Undo => (e.stage().undo()?, before.undo.map(|what| Told::new("undone", what))),
                    StageWay::Redo => (e.stage().redo()?, before.redo.map(|what| Told::new("done again", what))),
                })
            })
            .await;
        match result {
            Ok((stage, said)) => Outcome::Staged { said, result: Ok(stage) },
            Err(failure) => Outcome::Staged { said: None, result: Err(failure) },
        }
    }
}
