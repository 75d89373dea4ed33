//! The list of wizards: begun ones first, then what can be begun here.

use super::{act, begin, due, forms};
use crate::engine::wizard::Begun;
use crate::tui::dialogs::answer::Opens;
use crate::tui::dialogs::menu::{Menu, Offer, Waits};
use crate::tui::dialogs::{Dialog, Form};
use crate::tui::messages::effect::Effect;
use crate::tui::messages::wizard_task::Task;
use crate::tui::state::State;

/// Opens a wizard: the effects, and the form that comes first if something must be asked.
pub fn open(opens: Opens, state: &mut State) -> Vec<Effect> {
    let task = match opens {
        Opens::Begun(choice) => Task::Resume(*choice),
        Opens::GiveUp(choice) => Task::GiveUp(*choice),
        Opens::New { wizard, candidates, chosen } => Task::Open { wizard, candidates, chosen },
        Opens::SetUp => return ask(state, forms::set_up),
        Opens::TakeOver => return ask(state, forms::take_over),
    };
    if state.jobs.is_writing_choice() {
        act::wait_for_choice(state);
        return vec![];
    }
    state.guide = None;
    vec![task.effect()]
}

fn ask(state: &mut State, form: fn(&State) -> Form) -> Vec<Effect> {
    let form = form(state);
    state.dialogs.push(Dialog::Form(form));
    vec![]
}

/// All wizards, those that were begun first.
#[must_use]
pub fn all(state: &State, begun: &[Begun]) -> Menu {
    let resume = |begun: &Begun| Offer {
        word: format!("go on: {}", begun.choice.wizard.title()),
        note: due::begun_where(state, begun),
        waits: Some(match (&begun.unread, begun.due(state.now)) {
            (Some(problem), _) => Waits::Unread(format!("cannot be read: {}", problem.message)),
            (None, Some(what)) => Waits::Due(what.to_owned()),
            (None, None) => Waits::Next(due::waits_for(begun)),
        }),
        opens: Opens::Begun(Box::new(begun.choice.clone())),
    };
    let mut offers: Vec<Offer> = begun.iter().rev().map(resume).collect();
    // What is due stands first.
    offers.sort_by_key(|offer| !matches!(offer.waits, Some(Waits::Due(_))));
    offers.extend(begin::all(state));
    let subject = state.repository().map(|r| state.short_name(&r.entry.name).to_owned()).unwrap_or_default();
    Menu { title: "Wizards".to_owned(), subject, offers, cursor: 0 }
}
