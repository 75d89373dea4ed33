//! A planned change in a line: what, which key or digest, in which roles, and why it changes nothing.

use std::collections::HashMap;

use crate::engine::plan::PlannedChange;
use crate::tuf::Role;
use crate::tui::kit::canvas::{Canvas, cut_name, shared, width};

/// Cells that what a change is about has at least, and those of a short ID.
const LEAST: u16 = 20;
const IDS: u16 = 10;
/// Cells of the name of a role that makes no room.
const SHORT: u16 = 14;

/// How the lines of one list share their cells.
pub struct ChangeColumns<'a> {
    /// Cells of what they are about.
    thing: u16,
    has_ids: bool,
    /// Whether it is said at the end why one changes nothing.
    has_reasons: bool,
    /// How what they are about begins and ends as that of others does, where it is cut.
    likeness: HashMap<&'a str, (usize, usize)>,
}

impl<'a> ChangeColumns<'a> {
    /// Gives what they are about the cells of `room` that the others leave, as far as it wants them.
    #[must_use]
    pub fn of(changes: &[&'a PlannedChange], room: u16, has_ids: bool, has_reasons: bool) -> Self {
        let most = |cells: fn(&PlannedChange) -> u16| changes.iter().map(|change| cells(change)).max().unwrap_or(0);
        let reasons =
            if has_reasons { most(|change| change.no_effect.as_ref().map_or(0, |why| width(why) + 2)) } else { 0 };
        let ids = if has_ids { IDS + 1 } else { 0 };
        let others = 1 + ids + most(|change| width(&roles(change))) + reasons;
        let thing = most(|change| width(&change.thing))
            .min(room.saturating_sub(others))
            .max(if has_ids { LEAST } else { LEAST - 2 })
            .min(room);
        let things: Vec<&str> = changes.iter().map(|change| change.thing.as_str()).collect();
        let is_whole = things.iter().all(|text| width(text) <= thing);
        let likeness = if is_whole { vec![] } else { shared(&things) };
        Self { thing, has_ids, has_reasons, likeness: things.into_iter().zip(likeness).collect() }
    }

    /// Draws what stands behind the sign.
    pub fn draw(&self, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), change: &PlannedChange, is_kept: bool) {
        let theme = canvas.theme;
        let thing_end = (x + self.thing).min(end);
        let likeness = self.likeness.get(change.thing.as_str()).copied().unwrap_or_default();
        let thing = cut_name(&change.thing, usize::from(self.thing), theme.glyphs.cut, likeness);
        canvas.put(x, y, thing_end, &thing, if is_kept { theme.text() } else { theme.quiet() });
        let mut next = thing_end + 1;
        if self.has_ids {
            let id = change.ids.first().map_or("", String::as_str);
            next = canvas.put(next, y, end, id, theme.quiet()).max(next + IDS) + 1;
        }
        let after = canvas.put(next, y, end, &fitted(canvas, change, end.saturating_sub(next)), theme.quiet());
        if let Some(why) = change.no_effect.as_ref().filter(|_| self.has_reasons) {
            canvas.put(after + 2, y, end, why, theme.warn_word());
        }
    }
}

/// Its roles in at most `cells`: what is too long makes room, and what tells it from others stays.
fn fitted(canvas: &Canvas<'_>, change: &PlannedChange, cells: u16) -> String {
    let names: Vec<&str> = change.roles.iter().map(Role::short).collect();
    let used = |most: u16| names.iter().map(|name| width(name).min(most) + 2).sum::<u16>().saturating_sub(2);
    let most = (SHORT..=cells).rev().find(|most| used(*most) <= cells).unwrap_or(SHORT);
    names.into_iter().map(|name| canvas.fitted(name, usize::from(most))).collect::<Vec<_>>().join(", ")
}

fn roles(change: &PlannedChange) -> String {
    change.roles.iter().map(Role::short).collect::<Vec<_>>().join(", ")
}
