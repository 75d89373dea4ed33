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
    /// Bright on a black ground of its own, nothing dim.
    HighContrast,
    /// Blue and orange in place of green and red, on either background.
    ColourBlind,
}

/// What a colour is for; the names are those of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourRole {
    Accent,
    Ok,
    Warn,
    Fail,
    Add,
    Remove,
    Sandbox,
    Selected,
    SelectedGround,
    Cursor,
}

/// All roles with their names.
pub const ROLES: [(&str, ColourRole); 10] = [
    ("accent", ColourRole::Accent),
    ("ok", ColourRole::Ok),
    ("warn", ColourRole::Warn),
    ("fail", ColourRole::Fail),
    ("add", ColourRole::Add),
    ("remove", ColourRole::Remove),
    ("sandbox", ColourRole::Sandbox),
    ("selected", ColourRole::Selected),
    ("selected-ground", ColourRole::SelectedGround),
    ("cursor", ColourRole::Cursor),
];

/// Colours of the user's own, by role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnColours([Option<Color>; ROLES.len()]);

impl OwnColours {
    /// Reads names of roles and of colours: `red`, `light-blue`, `208`, `#ff8700`. Leaves out what is none, and says so:
    /// the role as it is written, and what is wrong.
    pub fn parse<'a>(named: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Self, Vec<(&'a str, String)>) {
        let (mut own, mut wrong) = (Self::default(), Vec::new());
        for (role, colour) in named {
            let place = ROLES.iter().position(|(name, _)| *name == role).and_then(|place| own.0.get_mut(place));
            match (place, colour.parse::<Color>()) {
                (Some(own), Ok(colour)) => *own = Some(colour),
                (Some(_), Err(_)) => {
                    wrong.push((role, format!("{colour:?} for {role} is no colour; a name, 0 to 255, or #rrggbb is")));
                }
                (None, _) => {
                    let names = ROLES.map(|(name, _)| name).join(", ");
                    wrong.push((role, format!("{role:?} is none of {names}")));
                }
            }
        }
        (own, wrong)
    }
}

/// The ground of a theme that brings its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    pub page: Color,
    pub text: Color,
    pub dim: Color,
}

/// What the user or the terminal says about looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Colours.
    pub palette: Palette,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// Colours of the user's own.
    pub own: Option<&'static OwnColours>,
}

impl Default for Theme {
    fn default() -> Self {
        Self { palette: Palette::Dark, glyphs: &glyphs::UNICODE, own: None }
    }
}

/// Blue and orange of middling brightness, which are told apart by everybody and read on black and on white.
const BLUE: Color = Color::Indexed(33);
const ORANGE: Color = Color::Indexed(166);

impl Palette {
    /// The colour for a role, unless there are none.
    fn colour(self, role: ColourRole) -> Option<Color> {
        let [dark, light, contrast, blind] = match role {
            ColourRole::Accent => [Color::Cyan, Color::Blue, Color::LightCyan, Color::Indexed(31)],
            ColourRole::Ok => [Color::Green, Color::Green, Color::LightGreen, BLUE],
            ColourRole::Warn => [Color::Yellow, Color::Yellow, Color::LightYellow, ORANGE],
            ColourRole::Fail => [Color::Red, Color::Red, Color::LightRed, ORANGE],
            ColourRole::Add => [Color::LightBlue, Color::Blue, Color::LightCyan, BLUE],
            ColourRole::Remove => [Color::Yellow, Color::Yellow, Color::LightYellow, ORANGE],
            ColourRole::Sandbox => [Color::Magenta, Color::Magenta, Color::LightMagenta, Color::Magenta],
            ColourRole::Selected => [Color::White, Color::White, Color::Black, Color::White],
            ColourRole::SelectedGround => [Color::Blue, Color::Blue, Color::White, Color::Blue],
            ColourRole::Cursor => [Color::LightCyan, Color::LightCyan, Color::Black, Color::LightCyan],
        };
        match self {
            Self::Dark => Some(dark),
            Self::Light => Some(light),
            Self::HighContrast => Some(contrast),
            Self::ColourBlind => Some(blind),
            Self::Mono => None,
        }
    }
}

impl Theme {
    /// A theme of ASCII signs.
    #[must_use]
    pub fn ascii(palette: Palette) -> Self {
        Self { palette, glyphs: &glyphs::ASCII, own: None }
    }

    /// Signs for lines that are read instead of a screen.
    #[must_use]
    pub fn lines() -> Self {
        Self { palette: Palette::Mono, glyphs: &glyphs::LINES, own: None }
    }

    /// Whether it is of lines that are read.
    #[must_use]
    pub fn is_read(self) -> bool {
        self.glyphs.cut.is_empty()
    }

    /// The ground, if the theme brings one.
    #[must_use]
    pub fn ground(self) -> Option<Ground> {
        let is_own = self.palette == Palette::HighContrast;
        is_own.then_some(Ground { page: Color::Black, text: Color::White, dim: Color::Gray })
    }

    fn colour(self, role: ColourRole) -> Option<Color> {
        let usual = self.palette.colour(role)?;
        let own = self.own.and_then(|own| own.0.get(role as usize).copied().flatten());
        Some(own.unwrap_or(usual))
    }

    fn style(self, role: ColourRole) -> Style {
        self.colour(role).map_or_else(Style::new, |colour| Style::new().fg(colour))
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
        self.style(ColourRole::Accent)
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
        self.style(ColourRole::Ok)
    }

    /// The sign of what needs a person soon.
    #[must_use]
    pub fn warn(self) -> Style {
        self.style(ColourRole::Warn)
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
        self.style(ColourRole::Fail)
    }

    /// Added, signed again, held.
    #[must_use]
    pub fn add(self) -> Style {
        self.style(ColourRole::Add)
    }

    /// The count of staged changes.
    #[must_use]
    pub fn staged(self) -> Style {
        self.add().add_modifier(Modifier::BOLD)
    }

    /// The sign of a removal.
    #[must_use]
    pub fn remove(self) -> Style {
        self.style(ColourRole::Remove)
    }

    /// A removed line's words.
    #[must_use]
    pub fn remove_word(self) -> Style {
        match self.palette {
            Palette::Light => self.strong(),
            _ => self.remove(),
        }
    }

    /// The sandbox chip.
    #[must_use]
    pub fn chip(self) -> Style {
        self.style(ColourRole::Sandbox).add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The tour line.
    #[must_use]
    pub fn tour(self) -> Style {
        self.style(ColourRole::Sandbox)
    }

    /// The row under the cursor; replaces every colour of the row.
    #[must_use]
    pub fn selected(self) -> Style {
        match (self.colour(ColourRole::Selected), self.colour(ColourRole::SelectedGround)) {
            (Some(text), Some(ground)) => Style::new().fg(text).bg(ground),
            _ => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// The bar at the left of the row under the cursor.
    #[must_use]
    pub fn cursor_bar(self) -> Style {
        match (self.colour(ColourRole::Cursor), self.colour(ColourRole::SelectedGround)) {
            (Some(bar), Some(ground)) => Style::new().fg(bar).bg(ground),
            _ => self.selected(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn own_colours_replace_those_of_a_theme_by_role_and_none_where_there_are_no_colours() {
        let own: &'static OwnColours =
            Box::leak(Box::new(OwnColours::parse([("fail", "#ff8700"), ("ok", "33"), ("warn", "reddish")]).0));
        let theme = Theme { own: Some(own), ..Theme::default() };
        assert_eq!(theme.fail(), Style::new().fg(Color::Rgb(255, 135, 0)));
        assert_eq!(theme.ok(), Style::new().fg(Color::Indexed(33)));
        assert_eq!(theme.warn(), Theme::default().warn());
        assert_eq!(Theme { palette: Palette::Mono, ..theme }.fail(), Style::new());
        let wrong = OwnColours::parse([("failure", "red"), ("fail", "reddish")]).1;
        assert!(wrong[0].0 == "failure" && wrong[0].1.contains("selected-ground"), "{wrong:?}");
        assert!(wrong[1].0 == "fail" && wrong[1].1.contains("reddish"), "{wrong:?}");
    }

    #[test]
    fn plus_and_minus_are_blue_and_orange_where_green_and_red_are_not_told_apart() {
        let theme = Theme { palette: Palette::ColourBlind, ..Theme::default() };
        assert_eq!((theme.add().fg, theme.ok().fg), (Some(BLUE), Some(BLUE)));
        assert_eq!((theme.remove().fg, theme.fail().fg), (Some(ORANGE), Some(ORANGE)));
    }

    #[test]
    fn roles_are_in_the_order_of_their_table() {
        assert!(ROLES.iter().enumerate().all(|(place, (_, role))| *role as usize == place));
    }
}
