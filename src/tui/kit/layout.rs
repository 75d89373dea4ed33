//! Which pane stands where: one with tabs, two columns, or three.

use ratatui::layout::Rect;

use super::pane::Pane;

/// Smallest usable terminal.
pub const FLOOR: (u16, u16) = (60, 16);

/// How many panes stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Below [`FLOOR`].
    TooSmall,
    /// Under 110 columns or 24 rows: one pane, the others as tabs in its border.
    Tabs,
    /// 110 to 159 columns.
    Two,
    /// From 160 columns on, with docks.
    Three,
}

/// The parts of the main screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Areas {
    pub shape: Shape,
    /// Two lines under the header, if a tour is running.
    pub tour: Option<u16>,
    /// Everything between header and message.
    pub body: Rect,
    pub panes: Vec<(Pane, Rect)>,
    /// Details and findings, from 160 columns on.
    pub docks: Option<(Rect, Rect)>,
    /// The message line, if it is not in the border.
    pub message: Option<u16>,
    pub hints: u16,
}

/// Chooses the shape for a terminal.
#[must_use]
pub fn shape((width, height): (u16, u16)) -> Shape {
    match width {
        _ if width < FLOOR.0 || height < FLOOR.1 => Shape::TooSmall,
        _ if height < 24 => Shape::Tabs,
        160.. => Shape::Three,
        110.. => Shape::Two,
        _ => Shape::Tabs,
    }
}

/// Whether messages have a line of their own; else they are in the lower border.
#[must_use]
pub fn has_message_line((_, height): (u16, u16)) -> bool {
    height >= 30
}

/// Divides the terminal.
#[must_use]
pub fn areas(size: (u16, u16), focus: Pane, has_tour: bool) -> Areas {
    divided(shape(size), size, focus, has_tour)
}

/// Gives all of it to one pane.
#[must_use]
pub fn whole(size: (u16, u16), focus: Pane, has_tour: bool) -> Areas {
    let shape = if shape(size) == Shape::TooSmall { Shape::TooSmall } else { Shape::Tabs };
    divided(shape, size, focus, has_tour)
}

fn divided(shape: Shape, size: (u16, u16), focus: Pane, has_tour: bool) -> Areas {
    let (width, height) = size;
    let hints = height.saturating_sub(1);
    let message = has_message_line(size).then(|| height.saturating_sub(2));
    let top = if has_tour { 3 } else { 1 };
    let bottom = message.unwrap_or(hints);
    let body = Rect::new(0, top, width, bottom.saturating_sub(top));
    let (panes, docks) = match shape {
        Shape::TooSmall => (vec![], None),
        Shape::Tabs => (vec![(focus, body)], None),
        Shape::Two => (columns(body, 48, width - 48), None),
        Shape::Three => {
            let right = Rect { x: 144, width: width - 144, ..body };
            let (upper, lower) = split(right, right.height * 60 / 100);
            (columns(body, 70, 74), Some((upper, lower)))
        }
    };
    Areas { shape, tour: has_tour.then_some(1), body, panes, docks, message, hints }
}

fn columns(body: Rect, left: u16, right: u16) -> Vec<(Pane, Rect)> {
    let bottom = body.height * 3 / 10;
    let first = Rect { width: left, ..body };
    let second = Rect { x: left, width: right, ..body };
    let (repositories, keys) = split(first, body.height - bottom);
    let (upper, staged) = split(second, body.height - bottom);
    let (roles, tags) = split(upper, (upper.height * 43 / 100).min(16));
    vec![
        (Pane::Repositories, repositories),
        (Pane::Roles, roles),
        (Pane::Tags, tags),
        (Pane::Keys, keys),
        (Pane::Staged, staged),
    ]
}

fn split(area: Rect, upper: u16) -> (Rect, Rect) {
    let upper = upper.min(area.height);
    (Rect { height: upper, ..area }, Rect { y: area.y + upper, height: area.height - upper, ..area })
}

/// Rows of a pane's list and of the detail under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Row of the column heads; the list follows.
    pub head: u16,
    /// Rows of the list.
    pub rows: u16,
    /// Row of the rule above the detail, if there is one.
    pub rule: Option<u16>,
    /// The detail.
    pub detail: Rect,
}

/// Divides a pane's inside.
#[must_use]
pub fn inside(shape: Shape, pane: Pane, area: Rect) -> Inside {
    let inner = Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(2), area.height.saturating_sub(2));
    let detail = match shape {
        Shape::Tabs if inner.height < 16 => 0,
        Shape::Tabs if inner.height < 24 => 6,
        Shape::Two if pane != Pane::Repositories => 0,
        Shape::Three if inner.height < 14 => 0,
        _ => (inner.height * 2 / 5).min(11),
    };
    let list = inner.height - detail;
    let rule = (detail > 0).then_some(inner.y + list);
    let below = Rect::new(inner.x, inner.y + list + 1, inner.width, detail.saturating_sub(1));
    Inside { head: inner.y, rows: list.saturating_sub(1), rule, detail: below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_never_overlap_and_stay_inside() {
        for size in [(60, 16), (80, 24), (109, 50), (110, 16), (120, 40), (160, 20), (200, 60), (400, 100)] {
            let areas = areas(size, Pane::Tags, true);
            for (i, (pane, area)) in areas.panes.iter().enumerate() {
                assert!(area.right() <= size.0 && area.bottom() < size.1, "{pane:?} at {size:?}");
                let others = areas.panes.iter().skip(i + 1);
                assert!(others.into_iter().all(|(_, o)| !o.intersects(*area)), "{pane:?} at {size:?}");
                let inside = inside(areas.shape, *pane, *area);
                assert!(inside.rows >= 1 && inside.detail.bottom() <= area.bottom(), "{pane:?} at {size:?}");
            }
        }
    }
}
