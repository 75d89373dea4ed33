//! The typed confirmation of what cannot be taken back.

use crossterm::event::KeyEvent;

use super::answer::Answer;
use super::around::Around;
use super::form::Form;
use super::window::{WIDTH, Window, keys};
use crate::tuf::Gun;
use crate::tui::kit::canvas::{Canvas, Runs, wrap};
use crate::tui::kit::field::TextField;
use crate::tui::kit::format::count;
use crate::tui::kit::theme::Theme;
use crate::tui::kit::widgets::tag_line;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::input;

/// What is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Publishing a repository although tags are orphaned or data deleted.
    Publish(Gun),
    /// Staging the deletion of all trust data.
    Delete(Gun, Vec<Effect>),
    /// Removing a private key.
    RemoveKey(Vec<Effect>),
    /// Deleting a key from its token, which asks for the PIN.
    ThenAsk(Box<Form>),
}

/// A name to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    pub subject: Subject,
    pub title: String,
    /// The repository, as its users write it.
    pub name: String,
    pub sentences: Vec<String>,
    /// What must be typed.
    pub expected: String,
    pub typed: TextField,
}

impl Confirm {
    pub(super) fn key(mut self, around: &Around<'_>, key: &KeyEvent) -> (Option<Self>, Answer) {
        match input::key_name(key).as_str() {
            "esc" => return (None, Answer::NotPublished),
            "tab" if self.fixable(around) => return (None, Answer::Mend),
            "enter" if self.typed.text() == self.expected => return (Some(self), Answer::Confirmed),
            _ => {
                self.typed.key(key);
            }
        }
        (Some(self), Answer::Nothing)
    }

    fn fixable(&self, around: &Around<'_>) -> bool {
        let Subject::Publish(gun) = &self.subject else { return false };
        around.plan_of(gun).is_some_and(|p| p.warnings.iter().any(|w| w.fix.is_some()))
    }

    fn to_go(&self) -> usize {
        self.expected.chars().count().saturating_sub(self.typed.text().chars().count())
    }

    pub(super) fn render(&self, around: &Around<'_>, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let ready = self.typed.text() == self.expected;
        let mut footer = Runs::new();
        let act = match self.subject {
            Subject::Publish(_) => "publish",
            Subject::Delete(..) => "delete",
            Subject::RemoveKey(_) => "remove",
            Subject::ThenAsk(_) => "go on",
        };
        footer = if ready {
            footer.then("enter", theme.key()).gap(1).then(act, theme.text())
        } else {
            footer.then(format!("enter {act}"), theme.quiet())
        };
        let mut others = vec![("esc", "back")];
        if self.fixable(around) {
            others.insert(0, ("tab", "fix instead"));
        }
        footer = footer.gap(3);
        footer.0.extend(keys(canvas, &others).0);
        let window =
            Window { title: self.title.clone(), subject: String::new(), keys: footer, colour: Some(theme.fail()) };

        let inner = usize::from(WIDTH.min(canvas.area().width.saturating_sub(4))).saturating_sub(8);
        let sentences: Vec<String> = self.sentences.iter().flat_map(|s| wrap(s, inner)).collect();
        let asked = self.asked(theme, inner);
        let rows = u16::try_from(sentences.len() + asked.len()).unwrap_or(0) + 7;
        let mut lines = window.open(canvas, WIDTH, rows);
        let y = lines.y;
        lines.runs(canvas, &Runs::new().then(self.name.clone(), theme.strong()));
        self.effect(around, canvas, (lines.x, y, lines.end));
        lines.y += 2;
        for line in &sentences {
            lines.runs(canvas, &Runs::new().then(line.clone(), theme.text()));
        }
        lines.blank();
        for line in asked {
            lines.runs(canvas, &line);
        }
        lines.blank();
        self.typed.render(canvas, (lines.x, lines.y, lines.end.saturating_sub(16)), true);
        let rest = match self.to_go() {
            0 if ready => String::new(),
            0 => "another name".to_owned(),
            n => format!("{} to go", count(n, "letter", "letters")),
        };
        canvas.right(lines.x, lines.y, lines.end, &rest, theme.quiet());
        lines.blank();
        lines.rule(canvas);
    }

    /// What is to be typed is never cut: it could not be typed then.
    fn asked(&self, theme: Theme, cells: usize) -> Vec<Runs> {
        let (before, after) = ("Type ", " to go on");
        if before.len() + self.expected.chars().count() + after.len() <= cells {
            let runs = Runs::new().then(before, theme.text()).then(self.expected.clone(), theme.strong());
            return vec![runs.then(after, theme.text())];
        }
        let name = wrap(&self.expected, cells).into_iter().map(|line| Runs::new().then(line, theme.strong()));
        std::iter::once(Runs::new().then("Type this to go on:", theme.text())).chain(name).collect()
    }

    fn effect(&self, around: &Around<'_>, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16)) {
        let theme = canvas.theme;
        let Subject::Publish(gun) = &self.subject else { return };
        let Some(plan) = around.plan_of(gun) else { return };
        let change = format!("{} {} {}", plan.tags.before, theme.glyphs.becomes, plan.tags.after);
        let runs =
            Runs::new().then(change, theme.fail().patch(theme.strong())).gap(2).then("trusted tags", theme.quiet());
        canvas.runs_right(x, y, end, &runs);
        canvas.runs(x, y + 1, end, &tag_line(theme, plan, end - x));
    }
}
