//! The first start: nothing is known yet, so the model is shown and what to do.

use ratatui::layout::Rect;

use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::pane::Pane;
use crate::tui::state::binding::{Action, Binding, Group, bind};
use crate::tui::state::{State, actions};

/// What can be done where there is nothing, and what for.
pub const CHOICES: [(Binding, &str); 6] = [
    (
        bind(&["a"], Action::Repositories(actions::Repositories::Add), "add a repository", Group::Stage, 10),
        "by name, from any server",
    ),
    (
        bind(&["n"], Action::NameServer, "name a server", Group::Look, 12).unless(in_sandbox),
        "for all your repositories",
    ),
    (
        bind(&["W"], Action::Wizard(actions::Wizard::Menu), "set up trust data", Group::Stage, 15),
        "for a new repository",
    ),
    (
        bind(&["s"], Action::Sandbox, "try the sandbox", Group::Look, 20).unless(is_sandbox),
        "a server, keys, tags to play",
    ),
    (bind(&["4"], Action::Focus(Pane::Keys), "your keys", Group::Look, 25), "make, load, back up, restore"),
    (bind(&["r"], Action::RefreshAll, "look again", Group::Look, 30), "after docker or notary ran"),
];

/// Keys while there is nothing at all.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Action::Chosen, "do it", Group::Stage, 5),
    CHOICES[0].0,
    CHOICES[1].0,
    CHOICES[2].0,
    CHOICES[3].0,
    CHOICES[4].0,
    CHOICES[5].0,
];

fn in_sandbox(state: &State) -> Option<&'static str> {
    state.here.sandbox.is_some().then_some("the sandbox has a server of its own")
}

fn is_sandbox(state: &State) -> Option<&'static str> {
    state.here.sandbox.is_some().then_some("this is the sandbox; q leaves it")
}

/// Draws a small tree that teaches the model, then the choices.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect) {
    let theme = canvas.theme;
    let g = theme.glyphs;
    let (text, quiet) = (theme.text(), theme.quiet());
    let x = inner.x + 3 + inner.width.saturating_sub(66).min(20) / 2;
    let is_roomy = inner.height > 18;
    let mut y = inner.y + u16::from(is_roomy) * 2;
    let line = g.track.repeat(3);
    let below = |runs: Runs| Runs(Runs::new().gap(6).0.into_iter().chain(runs.0).collect());
    let tree = [
        Runs::new()
            .then("root", text)
            .then(format!(" {}{}{} ", g.track, g.fork, g.track.repeat(2)), quiet)
            .then("targets", text)
            .then(format!(" {}{} ", g.fork, g.track), quiet)
            .then("releases", text)
            .then(format!(" {line} "), quiet)
            .then(g.ok, theme.ok())
            .then(" 3.1.6   what docker pulls", quiet),
        below(Runs::new().then(g.trunk, quiet).gap(11))
            .then(format!("{}{} ", g.branch, g.track), quiet)
            .then("jeff", text)
            .then(format!(" {line}{line}{} ", g.track), quiet)
            .then(g.ok, theme.ok())
            .then(" 3.1.5   what jeff signed", quiet),
        below(Runs::new().then(g.trunk, quiet).gap(11))
            .then(format!("{}{} ", g.last_branch, g.track), quiet)
            .then("ben", text),
        below(Runs::new().then(format!("{}{} snapshot", g.branch, g.track), quiet)),
        below(Runs::new().then(format!("{}{} timestamp", g.last_branch, g.track), quiet)),
    ];
    // What can be done comes before what teaches.
    let most = usize::from(inner.height).saturating_sub(CHOICES.len() + 3);
    for runs in tree.into_iter().take(most) {
        canvas.runs(x, y, inner.right(), &runs);
        y += 1;
    }
    y += 1 + u16::from(is_roomy);
    let head = Runs::new()
        .then("Nothing here yet.", theme.strong())
        .gap(2)
        .then("No trust data in ", quiet)
        .then(state.here.trust_dir.clone(), text);
    canvas.runs(x, y, inner.right(), &head);
    y += 2 + u16::from(is_roomy);
    for (i, (choice, note)) in CHOICES.into_iter().enumerate() {
        let (key, word) = (choice.keys.first().copied().unwrap_or_default(), choice.word);
        let is_blocked = choice.blocked(state).is_some();
        let (key_style, text) = if is_blocked { (quiet, quiet) } else { (theme.key(), text) };
        let word_style = if i == state.lists.blank { theme.strong() } else { text };
        canvas.runs(
            x,
            y,
            inner.right(),
            &Runs::new().then(key, key_style).gap(3).then(format!("{word:<20}"), word_style).gap(2).then(note, quiet),
        );
        if i == state.lists.blank {
            canvas.select(x.saturating_sub(3), y, (x + 66).min(inner.right()));
        }
        y += 1;
    }
}
