//! Wizards that wait: what they wait for, and what is due, wherever the user is.

use super::words;
use crate::engine::wizard::{Begun, StepKind};
use crate::tuf::Gun;
use crate::tui::kit::canvas::Runs;
use crate::tui::kit::format::{count, span};
use crate::tui::kit::message::{Message, Tone};
use crate::tui::state::binding::Action;
use crate::tui::state::{DueReminder, State, actions};

/// Takes how far the begun wizards are; says once what is due.
pub(super) fn take(state: &mut State, begun: Vec<Begun>) {
    state.begun = begun;
    let quiet = state.reminder == DueReminder::Said || state.message.is_some() || !state.dialogs.is_empty();
    if quiet || state.tour.is_some() || state.guide.is_some() {
        return;
    }
    let Some((begun, what)) = state.begun.iter().find_map(|begun| Some((begun, begun.due(state.now)?))) else { return };
    let object = format!("{what}: {}", names(state, begun));
    state.reminder = DueReminder::Said;
    let back = Some((state.key(Action::Wizard(actions::Wizard::Menu)), "goes on"));
    let since = state.now;
    state.message = Some(Message {
        tone: Tone::Warn,
        verb: "due".to_owned(),
        object,
        remedy: None,
        back,
        quotes: false,
        kept: false,
        since,
    });
}

/// Whether something is due.
#[must_use]
pub fn is_any_due(state: &State) -> bool {
    state.begun.iter().any(|begun| begun.due(state.now).is_some())
}

/// For the top line: how many wizards wait, and how many of them ask for somebody.
#[must_use]
pub fn waiting(state: &State) -> Option<Runs> {
    let theme = state.theme;
    let due = state.begun.iter().filter(|begun| begun.due(state.now).is_some()).count();
    let roomy = state.size.0 >= 110;
    match (state.begun.len(), due) {
        (0, _) => None,
        // Where it would hide the server.
        (_, 0) if !roomy => None,
        (all, 0) => Some(Runs::new().then(count(all, "wizard", "wizards"), theme.quiet())),
        (_, due) => {
            let wide = state.size.0 >= 80;
            let words = if wide { format!("{} due", count(due, "wizard", "wizards")) } else { format!("{due} due") };
            Some(Runs::new().then(theme.glyphs.warn, theme.warn()).then(format!(" {words}"), theme.text()))
        }
    }
}

/// What waits in a repository: the wizard, its next step, and what is due.
#[must_use]
pub fn of_repository(state: &State, gun: &Gun) -> Vec<(String, String, Option<&'static str>)> {
    let here = state.begun.iter().filter(|begun| begun.choice.repositories.contains(gun));
    here.map(|begun| (begun.choice.wizard.title(), waits_for(begun), begun.due(state.now))).collect()
}

/// What is next, in a few words.
#[must_use]
pub(super) fn waits_for(begun: &Begun) -> String {
    if begun.unread.is_some() {
        return "how far it is cannot be read".to_owned();
    }
    match &begun.next {
        Some(step) if step.kind == StepKind::Wait => "waits for a signature with the new key".to_owned(),
        Some(step) if step.kind == StepKind::Choose => "waits until its repositories can be read".to_owned(),
        Some(step) => format!("next is {}", words::listed(step)),
        None => "every step is done".to_owned(),
    }
}

/// Where, and since when.
#[must_use]
pub(super) fn begun_where(state: &State, begun: &Begun) -> String {
    let age = span(state.now.as_second() - begun.choice.begun.as_second());
    format!("{}, begun {age} ago", names(state, begun))
}

fn names(state: &State, begun: &Begun) -> String {
    let names: Vec<String> =
        begun.choice.repositories.iter().map(|gun| state.short_name(&state.name_of(gun)).to_owned()).collect();
    match names.as_slice() {
        [first, second, third, more @ ..] if !more.is_empty() => {
            format!("{first}, {second}, {third} and {} more", more.len())
        }
        names => names.join(", "),
    }
}
