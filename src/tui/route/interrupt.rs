//! What ctrl-c does.

use crate::tui::dialogs::Dialog;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::state::{Before, Quit, Screen, State};

/// Ctrl-c: stops what runs; twice quits. Never loses work, for the stage is on disk.
pub(super) fn interrupt(state: &mut State) -> Vec<Effect> {
    if let Screen::Publish(publishing) = &mut state.screen
        && publishing.ended.is_none()
    {
        publishing.stopping = true;
        return vec![Effect::StopPublish];
    }
    if state.before == Before::Interrupt {
        state.quit = Some(Quit::Leave);
        return vec![];
    }
    state.before = Before::Interrupt;
    if let Some(dialog) = state.dialogs.pop() {
        if matches!(dialog, Dialog::Prompt(_) | Dialog::Confirm(_)) {
            state.gate = None;
        }
        state.jobs.forget_key_work();
        return state.key_task.take().map(|_| Effect::StopKeyWork).into_iter().collect();
    }
    if let Some(guide) = &mut state.guide {
        guide.stop();
    }
    let idle = state.jobs.is_idle();
    state.jobs.forget();
    state.known.repositories.stop_asking();
    let words = if idle { "ctrl-c again quits; what is staged is kept" } else { "stopped; ctrl-c again quits" };
    state.say(Tone::Note, "ctrl-c", words);
    vec![Effect::Cancel]
}
