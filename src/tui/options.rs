//! What the screen is told at start.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::kit::format::{count, span};
use super::kit::glyphs;
use super::kit::message::Tone;
use super::kit::pane::Pane;
use super::kit::theme::{OwnColours, Palette, Theme};
use super::state::tour::Tour;
use super::state::{PickFor, State};
use crate::engine::Engine;
use crate::engine::keyring::sources::PassphraseSources;
use crate::tuf::Gun;

/// Which palette to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// The terminal is asked.
    #[default]
    Auto,
    Dark,
    Light,
    /// Weight and reverse only, as under `NO_COLOR`.
    Mono,
    HighContrast,
    ColourBlind,
}

impl ThemeChoice {
    /// All names.
    pub const NAMES: [&str; 6] = ["auto", "dark", "light", "mono", "high-contrast", "colour-blind"];

    /// The choice of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "dark" => Self::Dark,
            "light" => Self::Light,
            "mono" => Self::Mono,
            "high-contrast" => Self::HighContrast,
            "colour-blind" | "color-blind" => Self::ColourBlind,
            _ => return None,
        })
    }
}

/// What the screen is told at start.
#[derive(Debug)]
pub struct ScreenOptions {
    /// Repositories named on the command line: added to the list.
    pub repositories: Vec<Gun>,
    /// Set in the sandbox.
    pub tour: Option<Tour>,
    /// Whether what is staged is gone with the sandbox that ends.
    pub is_deleted: bool,
    /// In the sandbox: the passphrase of all its keys.
    pub sandbox: Option<String>,
    /// In the sandbox: the command that points a shell at it.
    pub shell: Option<String>,
    /// What the sandbox's scene shows, by repository.
    pub notes: BTreeMap<String, &'static str>,
    pub theme: ThemeChoice,
    /// Colours of the user's own.
    pub colours: Option<&'static OwnColours>,
    /// What is wrong with them, and with the theme.
    pub wrong_looks: Vec<String>,
    /// Keys of the user's own, by the name of their action.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Where they are written: `keys.quit` in `FILE: line 4`.
    pub lines: BTreeMap<String, String>,
    /// Whether the terminal tells of the mouse.
    pub mouse: bool,
    /// Lines instead of a screen.
    pub plain: bool,
    /// ASCII signs: `--ascii`, or a locale that is not UTF-8.
    pub ascii: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM`.
    pub term: String,
    /// Passphrases known before anybody is asked.
    pub sources: Arc<PassphraseSources>,
    /// What is to be chosen, if it was opened for that.
    pub pick: Option<PickFor>,
    /// What is found out beside the screen about this machine, said once it is known.
    pub learned: Option<oneshot::Receiver<String>>,
    /// Cancelled by a signal that may have come before the screen hears any.
    pub stop: CancellationToken,
    /// What became of the server that was named on the screen before.
    pub told: Option<String>,
}

impl ScreenOptions {
    /// Reads `NO_COLOR`, `TERM` and the locale from `variable`, such as `|name| std::env::var(name).ok()`.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let theme = match set("COLORFGBG").as_deref().and_then(|v| v.rsplit(';').next()) {
            Some("7" | "15") => ThemeChoice::Light,
            Some(_) => ThemeChoice::Dark,
            None => ThemeChoice::Auto,
        };
        Self {
            repositories: vec![],
            tour: None,
            is_deleted: false,
            sandbox: None,
            shell: None,
            notes: BTreeMap::new(),
            theme,
            colours: None,
            wrong_looks: vec![],
            keys: BTreeMap::new(),
            lines: BTreeMap::new(),
            mouse: true,
            plain: false,
            ascii: !utf8,
            no_color: set("NO_COLOR").is_some(),
            term: set("TERM").unwrap_or_default(),
            sources: Arc::new(PassphraseSources::default()),
            pick: None,
            learned: None,
            stop: CancellationToken::new(),
            told: None,
        }
    }

    pub(super) fn theme(&self, ask: impl FnOnce() -> Option<Palette>) -> Theme {
        let plain = matches!(self.term.as_str(), "linux" | "vt100" | "vt220");
        let palette = match self.theme {
            _ if self.no_color => Palette::Mono,
            ThemeChoice::Mono => Palette::Mono,
            ThemeChoice::Dark => Palette::Dark,
            ThemeChoice::Light => Palette::Light,
            ThemeChoice::HighContrast => Palette::HighContrast,
            ThemeChoice::ColourBlind => Palette::ColourBlind,
            ThemeChoice::Auto if plain => Palette::Dark,
            ThemeChoice::Auto => ask().unwrap_or(Palette::Dark),
        };
        let glyphs = match self.term.as_str() {
            _ if self.ascii => &glyphs::ASCII,
            "linux" => &glyphs::CONSOLE,
            _ => &glyphs::UNICODE,
        };
        Theme { palette, glyphs, own: self.colours }
    }

    /// What becomes of staged changes when the user leaves.
    pub(super) fn becomes(&self, staged: usize) -> String {
        let changes = count(staged, "staged change", "staged changes");
        let becomes = if self.is_deleted { "deleted with the sandbox's directory" } else { "kept" };
        format!("{changes} {becomes}")
    }

    pub(super) fn fill(&self, state: &mut State, engine: &Engine) {
        let settings = engine.settings();
        state.here.mouse = self.mouse;
        state.here.offline = settings.offline;
        state.here.server = engine.servers().named_for_all();
        state.here.insecure_http = settings.insecure_http;
        state.here.trust_dir = settings.trust_dir.display().to_string();
        state.here.idle_lock = span(i64::try_from(settings.idle_lock.as_secs()).unwrap_or(i64::MAX));
        state.here.read_only.clone_from(&settings.read_only);
        state.log.file = settings.log_file.display().to_string();
        if let Some(here) = &settings.typed_paths.here {
            state.here.offered_dir = format!("{}/", here.display());
        }
        state.here.wanted = self.repositories.first().cloned();
        state.tour.clone_from(&self.tour);
        if settings.read_only.everything {
            state.tour = state.tour.take().map(Tour::only_looking);
        }
        state.here.sandbox.clone_from(&self.sandbox);
        state.here.shell.clone_from(&self.shell);
        state.here.notes.clone_from(&self.notes);
        if let Some(pick) = &self.pick {
            let lists_of_one = matches!(pick.pane, Pane::Roles | Pane::Tags) && pick.of.is_none();
            state.focus = if lists_of_one { Pane::Repositories } else { pick.pane };
        }
        state.here.pick.clone_from(&self.pick);
        state.say_all(Tone::Warn, "colours", &self.wrong_looks);
        if let Some(told) = &self.told {
            state.say(Tone::Done, "server", told.clone());
        }
    }

    pub(super) fn opened(&self) -> impl Iterator<Item = &Gun> {
        self.repositories.iter()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> ScreenOptions {
        ScreenOptions::from_environment(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn environment_decides_colours_and_signs() {
        let theme = options(&[("LANG", "C.UTF-8"), ("TERM", "xterm")]).theme(|| Some(Palette::Light));
        assert_eq!(theme, Theme { palette: Palette::Light, ..Theme::default() });
        let theme = options(&[("LANG", "C"), ("NO_COLOR", "1")]).theme(|| Some(Palette::Light));
        assert_eq!(theme, Theme::ascii(Palette::Mono));
        let theme = options(&[("LC_ALL", "de_DE.utf8"), ("TERM", "linux")]).theme(|| None);
        assert_eq!(theme, Theme { glyphs: &glyphs::CONSOLE, ..Theme::default() });
        assert!(!options(&[("NO_COLOR", ""), ("LANG", "C.UTF-8")]).no_color);
    }

    #[test]
    fn a_named_theme_outweighs_the_terminal_and_no_color_outweighs_it() {
        let all = [
            ("light", Palette::Light),
            ("dark", Palette::Dark),
            ("mono", Palette::Mono),
            ("high-contrast", Palette::HighContrast),
            ("colour-blind", Palette::ColourBlind),
        ];
        for (name, palette) in all {
            let mut options = options(&[("LANG", "C.UTF-8"), ("TERM", "xterm")]);
            options.theme = ThemeChoice::named(name).unwrap();
            assert_eq!(options.theme(|| None).palette, palette, "{name}");
            options.no_color = true;
            assert_eq!(options.theme(|| None).palette, Palette::Mono, "{name}");
        }
        assert_eq!(ThemeChoice::named("neon"), None);
    }
}
