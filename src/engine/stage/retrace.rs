//! Back and forth through the acts of staging: what the next step would do, and steps through one's own acts alone.

use super::described::describe_all;
use super::journal::{Act, JournalContent};
use crate::engine::draft::change::{Change, EntryId, StagedAct, StagedChange};
use crate::tuf::Gun;

impl JournalContent {
    /// What undo would take back.
    pub(super) fn undoes(&self) -> StagedAct {
        self.undo.last().map(shown).unwrap_or_default()
    }

    /// What redo would stage and drop.
    pub(super) fn redoes(&self) -> StagedAct {
        self.redo.last().map(shown).unwrap_or_default()
    }

    /// Takes back the last act that added only entries of these, whatever was staged since.
    pub(super) fn undo_only(&mut self, entries: &[EntryId]) -> Option<String> {
        let is_own = |act: &Act| !act.added.is_empty() && act.added.iter().all(|entry| entries.contains(&entry.id));
        let act = self.undo.remove(self.undo.iter().rposition(is_own)?);
        let what = act.what.clone();
        self.undo.push(act);
        self.undo();
        Some(what)
    }

    /// Does the act again that was taken back last, if it added only changes of these.
    pub(super) fn redo_only(&mut self, own: &[(Gun, Change)]) -> Option<String> {
        let act = self.redo.last().filter(|act| shown(act).is_of(own))?;
        let what = act.what.clone();
        self.redo();
        Some(what)
    }
}

impl Act {
    /// Called by what is left of it, where that is less than `before`: its staged and dropped changes.
    pub(super) fn name_anew(&mut self, before: (usize, usize)) {
        let StagedAct { added, removed } = shown(self);
        if (added.len(), removed.len()) == before {
            return;
        }
        self.what = match (added.as_slice(), removed.as_slice()) {
            ([], [(gun, one)]) => format!("the drop of: {}", one.describe_at(gun.as_str())),
            ([], dropped) => format!("the drop of {}", describe_all(dropped)),
            (staged, _) => describe_all(staged),
        };
    }
}

fn shown(act: &Act) -> StagedAct {
    let change = |staged: &StagedChange| (staged.gun.clone(), staged.change.clone());
    StagedAct {
        added: act.added.iter().map(change).collect(),
        removed: act.removed.iter().map(|(_, staged)| change(staged)).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tuf::Role;

    #[test]
    fn an_act_of_which_a_part_was_published_is_called_by_what_is_left() {
        let gun = Gun::parse("registry.example.test/team/app").unwrap();
        let change = Change::Witness { role: Role::Targets };
        let (id, at, server) = (EntryId(1), jiff::Timestamp::UNIX_EPOCH, String::new());
        let left = StagedChange { id, gun: gun.clone(), server, at, change: change.clone() };
        let mut act = Act { what: "6 changes".to_owned(), added: vec![left.clone()], removed: vec![] };
        act.name_anew((1, 0));
        assert_eq!(act.what, "6 changes", "nothing of it is gone");
        act.name_anew((6, 0));
        assert_eq!(act.what, change.describe_at(gun.as_str()));
        let other = Gun::parse("registry.example.test/team/other").unwrap();
        let others = StagedChange { gun: other, ..left.clone() };
        let mut act = Act { what: "6 changes".to_owned(), added: vec![left.clone(), others], removed: vec![] };
        act.name_anew((6, 0));
        assert_eq!(act.what, format!("{} and 1 repository more", change.describe_at(gun.as_str())));
        let mut act = Act { what: "6 changes".to_owned(), added: vec![], removed: vec![(0, left)] };
        act.name_anew((5, 1));
        assert_eq!(act.what, format!("the drop of: {}", change.describe_at(gun.as_str())));
    }
}
