//! Events become changes of the state and effects. Never waits, reads no clock and no file.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keys::{self, KeyMeaning};
use super::mouse::{self, Next};
use super::{
    answers, chart, copied, floor, help, inspect, interrupt, lists, messages, needs, outcome, palette, pick, refresh,
    retrace, tour,
};
use crate::tui::dialogs::answer::Answer;
use crate::tui::dialogs::{Dialog, Help};
use crate::tui::forms::{adapt, offers, pasted};
use crate::tui::kit::field::TextField;
use crate::tui::kit::list::Move;
use crate::tui::kit::message::{Message, Tone};
use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::event::{Event, Mouse, Outcome};
use crate::tui::messages::input;
use crate::tui::messages::wizard_task::Task;
use crate::tui::panes::{self, repositories, roles, staged, tags};
use crate::tui::screens::{blank, concepts, publish, review};
use crate::tui::state::binding::{Action, Binding};
use crate::tui::state::{Before, Extent, Order, Picked, Quit, Screen, State, actions};
use crate::tui::wizard;

/// How long a message stays, in seconds; errors stay until esc, or as long as the screen.
const MESSAGE_SECONDS: i64 = 6;

/// What to do at the start.
#[must_use]
pub fn start(state: &State) -> Vec<Effect> {
    let mut effects = vec![Effect::ListEntries, Effect::ReadStage, Effect::ListKeys, Effect::CheckKeyFiles];
    effects.push(Task::Remind.effect());
    if !state.here.offline && !state.here.read_only.everything {
        effects.push(Effect::Resolve);
    }
    effects
}

/// Takes an event.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    // Answers about thousands of repositories may come between two frames.
    let is_one_of_many = matches!(event, Event::Done(_, Outcome::Viewed(..)));
    if !is_one_of_many {
        outcome::catch_up(state);
    }
    let spot = state.spot();
    let screen = std::mem::discriminant(&state.screen);
    let said = state.message.clone();
    let mut effects = match event {
        event if !floor::takes(state, &event) => floor::pass_over(state, &event),
        Event::Key(pressed) => key(state, &pressed),
        Event::Mouse(used) => mouse(state, used),
        Event::Paste(text) => {
            // Terminals put a carriage return where a line ends.
            paste(state, &text.replace("\r\n", "\n").replace('\r', "\n"));
            vec![]
        }
        Event::Resize(width, height) => {
            state.size = (width, height);
            vec![]
        }
        Event::Tick(now) => {
            state.now = now;
            let old = |m: &Message| m.tone != Tone::Fail && m.since.as_second() + MESSAGE_SECONDS <= now.as_second();
            if state.message.as_ref().is_some_and(old) {
                state.message = None;
            }
            vec![]
        }
        Event::Done(job, outcome) => {
            let is_key_work = matches!(outcome, Outcome::Key(_));
            if state.jobs.end(job, &outcome) {
                outcome::take(state, job, outcome)
            } else if is_key_work {
                // Stopped, but part of it may have been done.
                vec![Effect::ListKeys, Effect::CheckKeyFiles]
            } else {
                vec![]
            }
        }
        Event::Touch(job) => answers::wait_for_touch(state, job),
        Event::Counted(job, done, total) => {
            if let Some(task) = state.key_task.as_mut().filter(|_| state.jobs.is_key_work(job)) {
                task.progress = Some((done, total));
            }
            vec![]
        }
        Event::Registry(job, news) if !state.jobs.is_wanted(job, &news) => vec![],
        Event::Registry(_, news) => tags::heard(state, news),
        Event::Learned(words) => outcome::learned(state, words),
        Event::Remark(remark) => outcome::remark(state, &remark),
        Event::News(news) => {
            if let Screen::Publish(publishing) = &mut state.screen {
                publishing.news(state.now, news);
            }
            vec![]
        }
    };
    if state.focus != spot.pane {
        state.trail = Some(spot);
    }
    // What was said belongs to the screen that is left.
    if std::mem::discriminant(&state.screen) != screen && state.message == said {
        state.message = None;
    }
    tour::advance(state);
    if !is_one_of_many {
        lists::settle(state);
    }
    effects.extend(wizard::follow(state));
    effects.extend(tags::follow(state));
    effects
}

fn key(state: &mut State, pressed: &KeyEvent) -> Vec<Effect> {
    if std::mem::take(&mut state.lists.order) != Order::AsShown {
        return key_in_order(state, pressed);
    }
    // A step goes to the row that is seen next; all else is meant for the rows in order.
    let steps = state.dialogs.is_empty() && state.filtering.is_none() && {
        let found = keys::lookup(state, None, &input::key_name(pressed));
        matches!(found, KeyMeaning::Binding(binding) if matches!(binding.action, Action::Move(Move::Up | Move::Down)))
    };
    if !steps {
        repositories::reindex(state);
    }
    let effects = key_in_order(state, pressed);
    if steps {
        repositories::reindex(state);
        panes::reindex_shown(state);
    }
    effects
}

fn key_in_order(state: &mut State, pressed: &KeyEvent) -> Vec<Effect> {
    if pressed.modifiers.contains(KeyModifiers::CONTROL) && pressed.code == KeyCode::Char('c') {
        return interrupt::interrupt(state);
    }
    let before = std::mem::replace(&mut state.before, Before::Other);
    if pressed.modifiers.contains(KeyModifiers::CONTROL) && pressed.code == KeyCode::Char('z') {
        return vec![Effect::Suspend];
    }
    if !state.dialogs.is_empty() {
        return dialog_key(state, pressed);
    }
    if let Some(typed) = state.filtering.take() {
        lists::filter_key(state, typed, pressed);
        return vec![];
    }
    let prefix = if let Before::Prefix(prefix) = before { Some(prefix) } else { None };
    match keys::lookup(state, prefix, &input::key_name(pressed)) {
        KeyMeaning::Prefix(first) => {
            state.before = Before::Prefix(first);
            vec![]
        }
        KeyMeaning::Nothing => {
            keys::unbound(state, prefix, &input::key_name(pressed));
            vec![]
        }
        KeyMeaning::Binding(binding) => {
            // What was said of the key before is over; what was done is, with the next deed.
            let is_deed = !matches!(binding.action, Action::Move(_) | Action::Scroll(_) | Action::Messages);
            // In the review esc leaves, and errors would hide what blocks it.
            let in_review = matches!(state.screen, Screen::Review(_));
            let is_over = |tone| match tone {
                Tone::Note => true,
                Tone::Done => is_deed,
                Tone::Fail => is_deed && in_review,
                Tone::Warn => false,
            };
            state.message.take_if(|message| is_over(message.tone) || (is_deed && message.back.is_some()));
            choose_and_run(state, binding)
        }
    }
}

/// Does what a binding says, or says why not.
fn run(state: &mut State, binding: &Binding) -> Vec<Effect> {
    match binding.blocked(state) {
        Some(reason) => {
            let publishes = binding.action == Action::ReviewScreen(actions::Review::Publish);
            let is_told = publishes && review::blocked(state) == Some(reason) && review::point_out(state);
            if !is_told {
                state.say(Tone::Note, binding.word, reason);
            }
            vec![]
        }
        None => act(state, binding.action),
    }
}

fn mouse(state: &mut State, used: Mouse) -> Vec<Effect> {
    match mouse::take(state, used) {
        Next::Nothing => vec![],
        Next::Press(code) => key(state, &KeyEvent::new(code, KeyModifiers::NONE)),
        Next::Run(binding) => choose_and_run(state, binding),
        Next::Help => act(state, Action::Help),
    }
}

/// The same for a binding that was found.
pub(super) fn choose_and_run(state: &mut State, binding: &Binding) -> Vec<Effect> {
    if binding.blocked(state).is_none() {
        choose(state, binding.action);
    }
    run(state, binding)
}

/// Back to where one was before this pane, as far as it is still there.
fn go_back(state: &mut State) {
    let Some(there) = state.trail.take() else { return };
    let here = state.spot();
    if let Some(gun) = &there.repository {
        state.lists.repositories.select(gun);
        panes::reindex_shown(state);
    }
    state.focus = there.pane;
    state.select_row_of(&there);
    state.trail = Some(here);
}

/// Gives a key to the dialog on top, and its answer to whoever asked.
fn dialog_key(state: &mut State, pressed: &KeyEvent) -> Vec<Effect> {
    let Some(dialog) = state.dialogs.pop() else { return vec![] };
    let (stays, answer) = dialog.key(&state.around(), pressed);
    state.dialogs.extend(stays);
    match answer {
        Answer::InLines(pressed) => in_lines(state, &pressed),
        answer => answers::take(state, answer),
    }
}

/// Gives a key to the dialog on top, whose lines are the state's or the key tables'.
fn in_lines(state: &mut State, pressed: &KeyEvent) -> Vec<Effect> {
    let binding = match state.dialogs.pop() {
        Some(Dialog::Help(open)) => help::key(open, state, pressed),
        Some(Dialog::Palette(open)) => match palette::key(open, state, pressed) {
            Some(palette::Chosen::Action(binding)) => Some(binding),
            Some(palette::Chosen::Wizard(opens)) => return wizard::menu::open(*opens, state),
            None => None,
        },
        Some(Dialog::Needs(at)) => {
            needs::key(at, state, pressed);
            None
        }
        Some(Dialog::Expiry(at)) => {
            chart::key(at, state, pressed);
            None
        }
        Some(Dialog::Page(page)) => {
            state.dialogs.push(Dialog::Page(page));
            messages::open(state);
            None
        }
        other => {
            state.dialogs.extend(other);
            None
        }
    };
    binding.map(|binding| run(state, binding)).unwrap_or_default()
}

/// Until the user chooses a repository, the cursor is on the first row, whatever data arrives.
fn choose(state: &mut State, action: Action) {
    let elsewhere = matches!(
        action,
        Action::Help
            | Action::Palette
            | Action::Needs
            | Action::Expiry
            | Action::Concepts
            | Action::Messages
            | Action::Redraw
            | Action::Suspend
            | Action::RefreshAll
            | Action::Focus(Pane::Repositories | Pane::Keys | Pane::Staged)
            | Action::SkipTourStep
            | Action::EndTour
    );
    if state.lists.picked == Picked::Worst && matches!(action, Action::Move(_)) {
        state.lists.repositories.go(Move::Top, 1);
    }
    if !elsewhere {
        state.lists.picked = Picked::ByUser;
    }
}

fn paste(state: &mut State, text: &str) {
    if state.dialogs.is_empty() {
        if let Some(mut typed) = state.filtering.take() {
            typed.insert_text(text);
            lists::set_filter(state, typed.text());
            state.filtering = Some(typed);
        }
        return;
    }
    if let Some(dialog) = state.dialogs.last_mut() {
        if let Dialog::Form(form) = dialog
            && form.busy.is_none()
            && pasted::fill(form, text)
        {
            return;
        }
        dialog.paste(text);
        if let Dialog::Form(form) = dialog {
            adapt::adapt(form);
        }
    }
    palette::pasted(state);
}

/// Does what the user wants.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Move(to) => lists::go(state, to),
        Action::Focus(pane) => state.focus = pane,
        Action::NextPane => state.focus = state.focus.step(1),
        Action::PreviousPane => state.focus = state.focus.step(Pane::ALL.len() - 1),
        Action::Back => lists::back(state),
        Action::Help => {
            let subject = match &state.screen {
                Screen::Main => state.focus.name(),
                Screen::Review(_) => "Review",
                Screen::Publish(_) => "Publish",
                Screen::Wizard => "Wizard",
            };
            state.dialogs.push(Dialog::Help(Help::new(subject)));
        }
        Action::Palette => palette::open(state),
        Action::Needs => state.dialogs.push(Dialog::Needs(0)),
        Action::Expiry => state.dialogs.push(Dialog::Expiry(0)),
        Action::Concepts => {
            let dialog = concepts::menu(state);
            state.dialogs.push(dialog);
        }
        Action::Mouse => {
            state.here.mouse = !state.here.mouse;
            let word = if state.here.mouse { "on; shift selects text" } else { "off; the terminal selects text" };
            state.say(Tone::Done, "mouse", word);
            return vec![Effect::Mouse(state.here.mouse)];
        }
        Action::Zoom => {
            state.view_of = if state.view_of == Extent::Whole { Extent::Shared } else { Extent::Whole };
        }
        Action::Sort(by) => lists::sort(state, by),
        Action::Return => go_back(state),
        Action::Inspect => inspect::open(state),
        Action::Scroll(to) => panes::scroll(state, state.focus, to),
        Action::FilterLoosely => {
            let typed = panes::filter_text(state.focus, state);
            let loose = if typed.starts_with('~') { typed.to_owned() } else { format!("~{typed}") };
            state.filtering = Some(TextField::with(&loose));
        }
        Action::Filter => state.filtering = Some(TextField::with(panes::filter_text(state.focus, state))),
        Action::Mark => lists::with_list(state, lists::Marking::Toggle),
        Action::Range => lists::with_list(state, lists::Marking::Range),
        Action::MarkAll => lists::with_list(state, lists::Marking::All),
        Action::Undo => return retrace::undo(state),
        Action::Redo => return retrace::redo(state),
        Action::Review => return review::open(state),
        Action::Refresh => return refresh::this(state),
        Action::RefreshAll => return refresh::all(state),
        Action::Copy(what) => return copied::copy(state, what),
        Action::Messages => messages::open(state),
        Action::Pick => pick::pick(state),
        Action::Quit => state.quit = Some(Quit::Leave),
        Action::Chosen => {
            let chosen = blank::CHOICES.get(state.lists.blank).map(|(choice, _)| choice);
            return chosen.map(|choice| run(state, choice)).unwrap_or_default();
        }
        Action::NameServer => state.dialogs.push(Dialog::Form(offers::name_server(state))),
        Action::Sandbox => state.quit = Some(Quit::Sandbox),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::SkipTourStep => {
            let is_staged = !state.stage.changes.is_empty();
            if let Some(tour) = &mut state.tour {
                tour.skip(is_staged);
            }
        }
        Action::EndTour => state.tour = None,
        Action::Repositories(action) => return repositories::update(state, action),
        Action::Roles(action) => return roles::update(state, action),
        Action::Tags(action) => return tags::update(state, action),
        Action::Keys(action) => return panes::keys::update(state, action),
        Action::Staged(action) => return staged::update(state, action),
        Action::ReviewScreen(action) => return review::update(state, action),
        Action::PublishScreen(action) => return publish::update(state, action),
        Action::Wizard(action) => return wizard::update(state, action),
        Action::Rotate if state.focus == Pane::Keys => return wizard::from_key(state),
        Action::Rotate => return wizard::from_role(state),
    }
    vec![]
}
