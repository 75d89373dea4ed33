//! Dialogs: they take the keys raw, and the screen behind them is dim.

pub mod answer;
pub mod around;
pub mod choose;
pub mod complaint;
pub mod confirm;
pub mod form;
mod form_view;
pub mod help;
pub mod label;
pub mod menu;
pub mod page;
pub mod palette;
pub mod prompt;
mod prompt_view;
pub mod purpose;
pub mod report;
pub(in crate::tui) mod window;
mod working;

use crossterm::event::KeyEvent;

use super::kit::canvas::Canvas;
use answer::Answer;
use around::Around;

pub use choose::{Choose, Reply};
pub use confirm::Confirm;
pub use form::{Form, Purpose};
pub use help::Help;
pub use menu::Menu;
pub use page::Page;
pub use palette::CommandPalette;
pub use prompt::Prompt;
pub use report::Report;
pub use working::Working;

/// An open dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Form(Form),
    Choose(Choose),
    Prompt(Prompt),
    Confirm(Confirm),
    Help(Help),
    Palette(CommandPalette),
    /// All that needs a person, with the cursor.
    Needs(usize),
    /// When what expires, with the first line that is shown.
    Expiry(usize),
    Page(Page),
    Wizards(Menu),
    Report(Report),
    Working(Working),
}

impl Dialog {
    /// Takes a key: whether the dialog stays, and what was answered.
    #[must_use]
    pub fn key(self, around: &Around<'_>, key: &KeyEvent) -> (Option<Self>, Answer) {
        match self {
            Self::Form(form) => of(form.key(key), Self::Form),
            Self::Choose(choose) => of(choose.key(around.size, key), Self::Choose),
            Self::Prompt(prompt) => of(prompt.key(around.now, key), Self::Prompt),
            Self::Confirm(confirm) => of(confirm.key(around, key), Self::Confirm),
            Self::Help(_) | Self::Palette(_) | Self::Needs(_) | Self::Expiry(_) => (Some(self), Answer::InLines(*key)),
            Self::Page(page) => of(page.key(around.size, key), Self::Page),
            Self::Wizards(menu) => of(menu.key(key), Self::Wizards),
            Self::Report(report) => of(report.key(key), Self::Report),
            Self::Working(working) => of(working.key(key), Self::Working),
        }
    }

    /// Takes pasted text; it only ever fills a field.
    pub fn paste(&mut self, text: &str) {
        let line: String = text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
        match self {
            Self::Form(form) => form.paste(&line),
            Self::Prompt(prompt) => prompt.paste(&line),
            Self::Confirm(confirm) => confirm.typed.insert_text(&line),
            Self::Help(help) => help.paste(&line),
            Self::Palette(palette) => palette.typed.insert_text(&line),
            Self::Needs(_) | Self::Expiry(_) => {}
            Self::Choose(_) | Self::Page(_) | Self::Report(_) | Self::Working(_) | Self::Wizards(_) => {}
        }
    }

    /// Draws it, but for those whose lines only the route knows.
    pub fn render(&self, around: &Around<'_>, canvas: &mut Canvas<'_>) {
        match self {
            Self::Form(form) => form.render(canvas),
            Self::Choose(choose) => choose.render(canvas),
            Self::Prompt(prompt) => prompt.render(around, canvas),
            Self::Confirm(confirm) => confirm.render(around, canvas),
            Self::Help(_) | Self::Palette(_) | Self::Needs(_) | Self::Expiry(_) => {}
            Self::Page(page) => page.render(canvas),
            Self::Wizards(menu) => menu.render(canvas),
            Self::Report(report) => report.render(canvas),
            Self::Working(working) => working.render(around, canvas),
        }
    }
}

fn of<T>((stays, answer): (Option<T>, Answer), wrap: fn(T) -> Dialog) -> (Option<Dialog>, Answer) {
    (stays.map(wrap), answer)
}
