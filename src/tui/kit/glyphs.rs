//! Glyph tables: one cell each but for what becomes of a number, so that every table gives the same layout.

/// The signs that the screens draw. Source: docs/screen.md, "Glyphs".
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub ok: &'static str,
    pub warn: &'static str,
    pub fail: &'static str,
    pub drift: &'static str,
    pub held: &'static str,
    pub cached: &'static str,
    pub new: &'static str,
    pub none: &'static str,
    pub missing: &'static str,
    pub add: &'static str,
    pub remove: &'static str,
    pub resign: &'static str,
    pub marked: &'static str,
    pub cursor: &'static str,
    pub now: &'static str,
    pub to_come: &'static str,
    pub branch: &'static str,
    pub last_branch: &'static str,
    pub trunk: &'static str,
    pub fork: &'static str,
    pub becomes: &'static str,
    /// Where a chart goes on beyond its edge.
    pub beyond: &'static str,
    pub holds: &'static str,
    pub lost: &'static str,
    pub half: &'static str,
    pub track: &'static str,
    /// Stands for what is cut off; without one nothing is cut.
    pub cut: &'static str,
    pub hidden: &'static str,
    pub prompt: &'static str,
    pub chosen: &'static str,
    pub spinner: [&'static str; 4],
    pub borders: &'static Borders,
    pub focused_borders: &'static Borders,
}

/// The six lines of a box.
#[derive(Debug, PartialEq, Eq)]
pub struct Borders {
    pub top_left: &'static str,
    pub top_right: &'static str,
    pub bottom_left: &'static str,
    pub bottom_right: &'static str,
    pub horizontal: &'static str,
    pub vertical: &'static str,
}

const ROUNDED: Borders =
    Borders {
        top_left: "╭", top_right: "╮", bottom_left: "╰", bottom_right: "╯", horizontal: "─", vertical: "│"
    };

/// For the focused pane where there are no colours.
pub(in crate::tui) const THICK: Borders =
    Borders {
        top_left: "┏", top_right: "┓", bottom_left: "┗", bottom_right: "┛", horizontal: "━", vertical: "┃"
    };

const SQUARE: Borders =
    Borders { top_left: "┌", top_right: "┐", bottom_left: "└", bottom_right: "┘", ..ROUNDED };

const ASCII_BORDERS: Borders =
    Borders { top_left: "+", top_right: "+", bottom_left: "+", bottom_right: "+", horizontal: "-", vertical: "|" };

const ASCII_FOCUSED: Borders = Borders { horizontal: "=", ..ASCII_BORDERS };

/// Line drawing and geometric shapes.
pub static UNICODE: Glyphs = Glyphs {
    ok: "✓",
    warn: "▲",
    fail: "✗",
    drift: "≠",
    held: "◇",
    cached: "○",
    new: "+",
    none: "·",
    missing: "–",
    add: "+",
    remove: "−",
    resign: "~",
    marked: "●",
    cursor: "▌",
    now: "●",
    to_come: "○",
    branch: "├",
    last_branch: "└",
    trunk: "│",
    fork: "┬",
    becomes: "→",
    beyond: "→",
    holds: "━",
    lost: "╌",
    half: "╸",
    track: "─",
    cut: "…",
    hidden: "•",
    prompt: "›",
    chosen: "•",
    spinner: ["·", "•", "●", "•"],
    borders: &ROUNDED,
    focused_borders: &ROUNDED,
};

const PLAIN: Glyphs = Glyphs {
    ok: ".",
    warn: "!",
    fail: "x",
    drift: "~",
    held: "=",
    cached: "?",
    new: "+",
    none: "-",
    missing: "-",
    add: "+",
    remove: "-",
    resign: "~",
    marked: "*",
    cursor: ">",
    now: "o",
    to_come: "-",
    branch: "|",
    last_branch: "`",
    trunk: "|",
    fork: "+",
    becomes: "->",
    beyond: ">",
    holds: "=",
    lost: ".",
    half: "-",
    track: "-",
    cut: "~",
    hidden: "*",
    prompt: ">",
    chosen: "*",
    spinner: ["-", "\\", "|", "/"],
    borders: &ASCII_BORDERS,
    focused_borders: &ASCII_FOCUSED,
};

/// ASCII only: `--ascii`, and locales that are not UTF-8.
pub static ASCII: Glyphs = PLAIN;

/// For lines that are read: nothing that only draws a line, and nothing is cut.
pub static LINES: Glyphs = Glyphs {
    branch: " ",
    last_branch: " ",
    trunk: " ",
    fork: " ",
    holds: " ",
    lost: " ",
    half: " ",
    track: " ",
    cut: "",
    ..PLAIN
};

/// The Linux console: its font has line drawing, but not the shapes.
pub static CONSOLE: Glyphs = Glyphs {
    branch: "├",
    last_branch: "└",
    trunk: "│",
    fork: "┬",
    track: "─",
    borders: &SQUARE,
    focused_borders: &SQUARE,
    ..PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_stand_in_one_picture_differ() {
        for g in [&UNICODE, &ASCII, &CONSOLE] {
            let chart = [g.holds, g.now, g.beyond, g.fail, g.warn, g.lost];
            let others = |i: usize| chart.iter().skip(i + 1);
            assert!(chart.iter().enumerate().all(|(i, sign)| others(i).all(|other| other != sign)), "{chart:?}");
        }
    }
}
