//! The first start: nothing is known yet, so the model is shown and what to do.

use ratatui::layout::Rect;

use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::state::State;

/// Draws a small tree that teaches the model, then the choices.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect) {
    let theme = canvas.theme;
    let g = theme.glyphs;
    let (text, quiet) = (theme.text(), theme.quiet());
    let x = inner.x + inner.width.saturating_sub(60).min(20) / 2;
    let mut y = inner.y + u16::from(inner.height > 14) * 2;
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
    for runs in tree {
        canvas.runs(x, y, inner.right(), &runs);
        y += 1;
    }
    y += 1 + u16::from(inner.height > 14);
    let head = Runs::new()
        .then("Nothing here yet.", theme.strong())
        .gap(2)
        .then("No trust data in ", quiet)
        .then(state.here.trust_dir.clone(), text);
    canvas.runs(x, y, inner.right(), &head);
    y += 2 + u16::from(inner.height > 14);
    let choices = [
        ("a", "add a repository", "by name, from any server you can reach"),
        ("s", "try the sandbox", "a server, keys and tags to play with"),
        ("4", "your keys", "make, load, back up and restore them"),
        ("r", "look again", "after docker or notary made trust data"),
    ];
    for (i, (key, word, note)) in choices.into_iter().enumerate() {
        let word_style = if i == 0 { theme.strong() } else { text };
        canvas.runs(
            x,
            y,
            inner.right(),
            &Runs::new().then(key, theme.key()).gap(3).then(format!("{word:<20}"), word_style).gap(2).then(note, quiet),
        );
        if i == 0 {
            canvas.select(x.saturating_sub(3), y, (x + 66).min(inner.right()));
        }
        y += 1;
    }
}
