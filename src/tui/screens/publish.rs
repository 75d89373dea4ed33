//! A publish that runs: one track of steps for each repository.

use crate::tui::forms::offers;
use crate::tui::kit::format::count;
use crate::tui::kit::list::Move;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::{Action as Wanted, Binding, Group, bind};
use crate::tui::state::publishing::Publishing;
use crate::tui::state::{Screen, State, actions};

/// Keys of this screen.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter", "esc", "q"], Wanted::PublishScreen(actions::Publish::Leave), "back", Group::Leave, 10)
        .unless(running),
    bind(&["y"], Wanted::PublishScreen(actions::Publish::CopyReport), "copy result", Group::Copy, 20).unless(running),
    bind(&["i"], Wanted::PublishScreen(actions::Publish::Answer), "log in", Group::Publish, 25).unless(nothing_asked),
    bind(&["r"], Wanted::PublishScreen(actions::Publish::Retry), "review what failed", Group::Publish, 30)
        .unless(nothing_failed),
    bind(&["u"], Wanted::Undo, "undo", Group::Stage, 0).unless(not_here),
];

fn publishing(state: &State) -> Option<&Publishing> {
    if let Screen::Publish(publishing) = &state.screen { Some(publishing) } else { None }
}

fn running(state: &State) -> Option<&'static str> {
    publishing(state)
        .is_some_and(|p| p.ended.is_none())
        .then_some("the publish still runs; ctrl-c begins no further repository")
}

fn nothing_asked(state: &State) -> Option<&'static str> {
    let asks = publishing(state).and_then(Publishing::question);
    asks.is_none().then_some("no login was refused here")
}

fn nothing_failed(state: &State) -> Option<&'static str> {
    let failed = publishing(state).is_some_and(|p| p.ended.is_some() && (p.failure.is_some() || p.counts().1 > 0));
    (!failed).then_some("nothing failed")
}

fn not_here(state: &State) -> Option<&'static str> {
    Some(match state.stage.undo {
        Some(_) => "a publish stays; what is still staged can be undone in the panes",
        None => "nothing to undo; a publish stays",
    })
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Publish) -> Vec<Effect> {
    match action {
        actions::Publish::CopyReport => {
            let text = publishing(state).map(Publishing::report).unwrap_or_default();
            vec![Effect::Copy { what: "the result", text }]
        }
        actions::Publish::Answer => {
            let asked = publishing(state).and_then(Publishing::question);
            let dialog = asked.map(|(gun, admission)| offers::admit(state, gun, admission));
            state.dialogs.extend(dialog);
            vec![]
        }
        actions::Publish::Retry => super::review::open(state),
        actions::Publish::Leave => {
            state.screen = state.home();
            vec![]
        }
    }
}

/// Moves the cursor over the tracks.
pub fn go(publishing: &mut Publishing, to: Move) {
    let last = publishing.tracks.len().saturating_sub(1);
    publishing.cursor = match to {
        Move::Up | Move::HalfUp => publishing.cursor.saturating_sub(1),
        Move::Down | Move::HalfDown => publishing.cursor + 1,
        Move::Top => 0,
        Move::Bottom => last,
    }
    .min(last);
}

/// What the message line says.
#[must_use]
pub fn verdict(publishing: &Publishing) -> (Tone, &'static str, String) {
    let (done, failed) = publishing.counts();
    let all = publishing.tracks.len();
    match (publishing.ended, &publishing.failure) {
        (_, Some(_)) => (Tone::Fail, "nothing was sent", "everything stays staged".to_owned()),
        (None, _) if publishing.stopping => {
            (Tone::Warn, "stopping", "running repositories finish, no other is begun".to_owned())
        }
        (None, _) => (Tone::Note, "publishing", format!("{} of {all}", done + failed)),
        (Some(_), _) if failed > 0 => (Tone::Fail, "failed", format!("{} of {all}; what failed stays staged", failed)),
        (Some(_), _) if publishing.is_unchanged() => {
            (Tone::Note, "nothing to publish", "the server has all of it already".to_owned())
        }
        (Some(_), _) if done < all => (Tone::Warn, "stopped", format!("{done} of {all} done; the others stay staged")),
        (Some(_), _) => (Tone::Done, "published", count(done, "repository, read back", "repositories, read back")),
    }
}
