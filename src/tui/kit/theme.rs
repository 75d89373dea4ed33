//! The only place that knows colours: one function for each role of docs/screen.md.

use ratatui::style::{Color, Modifier, Style};

use super::glyphs::{self, Borders, Glyphs};

/// Which table of styles is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's 16 colours on a dark background.
    Dark,
    /// The same on a light one.
    Light,
    /// `NO_COLOR`: weight and reverse only.
    Mono,
}

/// What the user or the terminal says about looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Colours.
    pub palette: Palette,
    /// Signs.
    pub glyphs: &'static Glyphs,
}

impl Default for Theme {
    fn default() -> Self {
        Self { palette: Palette::Dark, glyphs: &glyphs::UNICODE }
    }
}

impl Theme {
    /// A theme of ASCII signs.
    #[must_use]
    pub fn ascii(palette: Palette) -> Self {
        Self { palette, glyphs: &glyphs::ASCII }
    }

    fn colour(self, dark: Color, light: Color) -> Style {
        match self.palette {
            Palette::Dark => Style::new().fg(dark),
            Palette::Light => Style::new().fg(light),
            Palette::Mono => Style::new(),
        }
    }

    /// Data.
    #[must_use]
    pub fn text(self) -> Style {
        Style::new()
    }

    /// The thing acted on; section heads.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What a trained eye skips, and what cannot be pressed.
    #[must_use]
    pub fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Focused border and title, the running step.
    #[must_use]
    pub fn accent(self) -> Style {
        self.colour(Color::Cyan, Color::Blue)
    }

    /// A focused title.
    #[must_use]
    pub fn title(self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }

    /// A key to press.
    #[must_use]
    pub fn key(self) -> Style {
        match self.palette {
            Palette::Mono => self.strong(),
            _ => self.accent(),
        }
    }

    /// `✓`, and tags that stay.
    #[must_use]
    pub fn ok(self) -> Style {
        self.colour(Color::Green, Color::Green)
    }

    /// The sign of what needs a person soon.
    #[must_use]
    pub fn warn(self) -> Style {
        self.colour(Color::Yellow, Color::Yellow)
    }

    /// The word beside a warning sign: yellow cannot be read on white.
    #[must_use]
    pub fn warn_word(self) -> Style {
        match self.palette {
            Palette::Light => self.strong(),
            _ => self.warn(),
        }
    }

    /// Expired, refused, orphaned.
    #[must_use]
    pub fn fail(self) -> Style {
        self.colour(Color::Red, Color::Red)
    }

    /// Added, signed again, held.
    #[must_use]
    pub fn add(self) -> Style {
        self.colour(Color::LightBlue, Color::Blue)
    }

    /// The count of staged changes.
    #[must_use]
    pub fn staged(self) -> Style {
        self.add().add_modifier(Modifier::BOLD)
    }

    /// The sign of a removal.
    #[must_use]
    pub fn remove(self) -> Style {
        self.warn()
    }

    /// A removed line's words.
    #[must_use]
    pub fn remove_word(self) -> Style {
        self.warn_word()
    }

    /// The sandbox chip.
    #[must_use]
    pub fn chip(self) -> Style {
        self.colour(Color::Magenta, Color::Magenta).add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The tour line.
    #[must_use]
    pub fn tour(self) -> Style {
        self.colour(Color::Magenta, Color::Magenta)
    }

    /// The row under the cursor; replaces every colour of the row.
    #[must_use]
    pub fn selected(self) -> Style {
        match self.palette {
            Palette::Mono => Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::new().fg(Color::White).bg(Color::Blue),
        }
    }

    /// The bar at the left of the row under the cursor.
    #[must_use]
    pub fn cursor_bar(self) -> Style {
        match self.palette {
            Palette::Mono => self.selected(),
            _ => Style::new().fg(Color::LightCyan).bg(Color::Blue),
        }
    }

    /// The text cursor of a field.
    #[must_use]
    pub fn caret(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Lines of a box.
    #[must_use]
    pub fn borders(self, focused: bool) -> &'static Borders {
        let own = if focused { self.glyphs.focused_borders } else { self.glyphs.borders };
        let thick = focused && self.palette == Palette::Mono && self.glyphs.borders.vertical != "|";
        if thick { &glyphs::THICK } else { own }
    }
}
