//! Drawing of a running publish.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::{Kind, Problem, PublishOutcome, Step};
use crate::printable::printable;
use crate::tui::kit::canvas::{Canvas, Runs, wrap};
use crate::tui::kit::format::{count, seconds_until};
use crate::tui::kit::frame::Frame;
use crate::tui::kit::layout::{Areas, Shape};
use crate::tui::kit::message::Said;
use crate::tui::kit::theme::Theme;
use crate::tui::state::publishing::{self, Publishing, Track};
use crate::tui::state::{State, words};

/// Draws the tracks and, below, what the one under the cursor has to say.
pub fn render(state: &State, publishing: &Publishing, canvas: &mut Canvas<'_>, (areas, said): (&Areas, &Said)) {
    let theme = canvas.theme;
    let body = Rect { width: areas.body.width.min(160), ..areas.body };
    let spaced = publishing.tracks.len() * 2 + 9 <= usize::from(body.height) * 3 / 5;
    let step = if spaced { 2 } else { 1 };
    let wanted = u16::try_from(publishing.tracks.len())
        .unwrap_or(u16::MAX)
        .saturating_mul(step)
        .saturating_add(7 + u16::from(spaced));
    let upper = Rect { height: wanted.min(body.height * 3 / 5).max(8), ..body };
    let lower = Rect { y: upper.bottom(), height: body.bottom() - upper.bottom(), ..body };
    let (done, failed) = publishing.counts();
    let mut frame = Frame::titled(if publishing.ended.is_some() { "Published" } else { "Publishing" });
    frame.subject = format!("{} of {}", done + failed, publishing.tracks.len());
    frame.summary = Runs::new().then("each changes whole or not at all", theme.quiet());
    let inner = frame.draw(canvas, upper, true);
    bar(canvas, inner, publishing.per_cent());
    let narrow = areas.shape == Shape::Tabs;
    heads(canvas, inner, narrow);
    let first = inner.y + 4 + u16::from(spaced);
    let rows = usize::from(inner.bottom().saturating_sub(first) / step).max(1);
    let offset = publishing.cursor.saturating_sub(rows - 1);
    for (i, track) in publishing.tracks.iter().enumerate().skip(offset).take(rows) {
        let y = first + u16::try_from(i - offset).unwrap_or(0) * step;
        draw_track(state, canvas, (inner, y), track, narrow);
        if i == publishing.cursor && publishing.tracks.len() > 1 {
            canvas.put(inner.x, y, inner.right(), theme.glyphs.cursor, theme.quiet());
        }
    }
    if lower.height >= 3 {
        detail(state, publishing, canvas, lower, areas.message.is_none().then_some(said));
    }
}

fn bar(canvas: &mut Canvas<'_>, inner: Rect, per_cent: usize) {
    let theme = canvas.theme;
    let (x, end) = (inner.x + 2, inner.right().saturating_sub(9));
    let cells = end.saturating_sub(x);
    let full = u16::try_from(usize::from(cells) * per_cent / 100).unwrap_or(cells);
    canvas.gauge(x, inner.y + 1, cells, full, (theme.accent(), theme.quiet()));
    if full > 0 && full < cells {
        canvas.put(x + full, inner.y + 1, end, theme.glyphs.half, theme.accent());
    }
    canvas.right(end, inner.y + 1, inner.right() - 2, &format!("{per_cent} %"), theme.strong());
}

struct Columns {
    name: u16,
    name_end: u16,
    steps: u16,
    step: u16,
    result: u16,
}

fn columns(inner: Rect, narrow: bool) -> Columns {
    let name = inner.x + 4;
    // The heads of all steps are whole.
    let width = if inner.width < 62 { 15 } else { 18 };
    let step = if narrow { 8 } else { 14 };
    let name_end = name + width;
    let steps = name_end + 1;
    Columns { name, name_end, steps, step, result: steps + step * 5 }
}

fn heads(canvas: &mut Canvas<'_>, inner: Rect, narrow: bool) {
    let (at, quiet, y) = (columns(inner, narrow), canvas.theme.quiet(), inner.y + 3);
    canvas.put(at.name, y, at.name_end, "Repository", quiet);
    for (i, word) in (0u16..).zip(publishing::STEPS) {
        canvas.put(at.steps + i * at.step, y, inner.right(), word, quiet);
    }
    canvas.put(at.result, y, inner.right() - 1, "Result", quiet);
}

/// How a step stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Done,
    Now,
    Failed,
    ToCome,
}

fn stand(track: &Track, i: usize) -> Stand {
    let reached = track.step.map(publishing::index);
    match (&track.ended, reached) {
        (Some((_, p)), _) if p.outcome == PublishOutcome::Done => Stand::Done,
        (_, Some(now)) if i < now => Stand::Done,
        (Some((_, p)), Some(now)) if i == now && matches!(p.outcome, PublishOutcome::Failed(_)) => Stand::Failed,
        (None, Some(now)) if i == now => Stand::Now,
        _ => Stand::ToCome,
    }
}

fn sign(theme: Theme, stand: Stand) -> (&'static str, Style, &'static str) {
    match stand {
        Stand::Done => (theme.glyphs.ok, theme.ok(), theme.glyphs.track),
        Stand::Now => (theme.glyphs.now, theme.accent(), theme.glyphs.track),
        Stand::Failed => (theme.glyphs.fail, theme.fail(), theme.glyphs.track),
        Stand::ToCome => (theme.glyphs.to_come, theme.quiet(), theme.glyphs.lost),
    }
}

fn draw_track(state: &State, canvas: &mut Canvas<'_>, (inner, y): (Rect, u16), track: &Track, narrow: bool) {
    let theme = canvas.theme;
    let at = columns(inner, narrow);
    let (glyph, style) = match &track.ended {
        Some((_, p)) if p.outcome == PublishOutcome::Done => (theme.glyphs.ok, theme.ok()),
        Some((_, p)) if matches!(p.outcome, PublishOutcome::Skipped | PublishOutcome::Unchanged) => {
            (theme.glyphs.to_come, theme.quiet())
        }
        Some(_) => (theme.glyphs.fail, theme.fail()),
        None if track.step.is_some() => (theme.glyphs.now, theme.accent()),
        None => (theme.glyphs.to_come, theme.quiet()),
    };
    canvas.put(inner.x + 2, y, at.name, glyph, style);
    let failed = matches!(&track.ended, Some((_, p)) if matches!(p.outcome, PublishOutcome::Failed(_)));
    let name_style = match (&track.ended, track.step) {
        _ if failed => theme.strong(),
        (None, Some(_)) => theme.strong(),
        (None, None) => theme.quiet(),
        _ => theme.text(),
    };
    let name = canvas.fitted(&track.name, usize::from(at.name_end - at.name));
    canvas.put(at.name, y, at.name_end, &name, name_style);
    for i in 0..publishing::STEPS.len() {
        let x = at.steps + u16::try_from(i).unwrap_or(0) * at.step;
        let this = stand(track, i);
        let (glyph, style, _) = sign(theme, this);
        let mut after = canvas.put(x, y, inner.right(), glyph, style) + 1;
        if let Some(words) = step_words(track, i, this).filter(|w| !narrow || w.len() < 6) {
            let room = (x + at.step).saturating_sub(3);
            after =
                canvas.put(after, y, room.max(after), &words, if this == Stand::Done { theme.quiet() } else { style })
                    + 1;
        }
        if i + 1 < publishing::STEPS.len() {
            let (_, style, line) = sign(theme, stand(track, i + 1));
            canvas.repeat(after, y, (x + at.step).saturating_sub(after + 1), line, style);
        }
    }
    draw_result(state, canvas, (at.result, y, inner.right() - 1), track);
}

fn step_words(track: &Track, i: usize, stand: Stand) -> Option<String> {
    if stand == Stand::ToCome {
        return None;
    }
    let note = track.notes.get(i).cloned().flatten();
    match (i, track.step, &track.ended) {
        (4, _, Some((_, published))) if stand == Stand::Done => Some(count(published.trusted, "tag", "tags")),
        _ => note,
    }
}

fn draw_result(state: &State, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), track: &Track) {
    let theme = canvas.theme;
    let (word, style) = match (&track.ended, track.step) {
        (Some((_, p)), _) => match &p.outcome {
            PublishOutcome::Done if !p.merged.is_empty() => ("merged", theme.warn_word()),
            PublishOutcome::Done => ("done", theme.ok()),
            PublishOutcome::Unchanged => ("unchanged", theme.quiet()),
            PublishOutcome::Failed(problem) if problem.kind == Kind::OutcomeUnknown => ("unknown", theme.fail()),
            PublishOutcome::Failed(_) => ("failed", theme.fail()),
            PublishOutcome::Skipped => ("not begun", theme.quiet()),
        },
        (None, Some(Step::Fetch)) => ("asking", theme.accent()),
        (None, Some(Step::Plan)) => ("planning", theme.accent()),
        (None, Some(_)) if track.touch.is_some() => ("touch now", theme.warn_word()),
        (None, Some(Step::Sign { .. })) => ("signing", theme.accent()),
        (None, Some(Step::Upload)) => ("sending", theme.accent()),
        (None, Some(Step::Check)) => ("checking", theme.accent()),
        (None, None) => ("waiting", theme.quiet()),
    };
    let x = canvas.put(x, y, end, word, style);
    let right = match (&track.ended, track.began) {
        (Some((_, p)), _) if p.outcome == PublishOutcome::Unchanged => String::new(),
        (Some((_, p)), _) if p.outcome != PublishOutcome::Done => {
            let fits = |words: &&&str| x + 2 + u16::try_from(words.len()).unwrap_or(u16::MAX) <= end;
            ["kept staged", "kept"].iter().find(fits).map_or_else(String::new, |words| (*words).to_owned())
        }
        (Some((ended, _)), Some(began)) => {
            let tenths = (ended.as_millisecond() - began.as_millisecond()) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        (None, Some(began)) => {
            let seconds = seconds_until(began, state.now);
            if seconds >= 1 { format!("{seconds} s") } else { String::new() }
        }
        _ => String::new(),
    };
    canvas.right(x + 2, y, end, &right, theme.quiet());
}

/// The result of the repository under the cursor, and below it what happened so far.
fn detail(state: &State, publishing: &Publishing, canvas: &mut Canvas<'_>, area: Rect, said: Option<&Said>) {
    let theme = canvas.theme;
    let track = publishing.tracks.get(publishing.cursor);
    let problem = publishing.problem_of(track);
    let name = track.map_or_else(|| "Publish".to_owned(), |t| t.name.clone());
    let mut frame = Frame::titled(name.clone());
    if let Some(problem) = problem {
        frame.title = format!("{} {name}", theme.glyphs.fail);
        frame.subject = words::failed(problem.kind).to_owned();
        frame.colour = Some(theme.fail());
    }
    let lines = facts(state, track, problem, &name);
    let width = usize::from(area.width.saturating_sub(15)).min(100);
    let mut wrapped: Vec<(&str, Vec<String>)> = lines.iter().map(|(label, text)| (*label, wrap(text, width))).collect();
    let needed = wrapped.iter().map(|(_, l)| l.len()).sum::<usize>() + 4;
    let needed = u16::try_from(needed).unwrap_or(u16::MAX).max(8);
    let upper = if needed + 5 <= area.height { Rect { height: needed, ..area } } else { area };
    let lower = Rect { y: upper.bottom(), height: area.bottom() - upper.bottom(), ..area };
    if let Some(said) = said {
        frame.footer = said.in_border(state.theme, upper, "");
    }
    let inner = frame.draw(canvas, upper, false);
    shorten(&mut wrapped, usize::from(inner.height));
    let total: usize = wrapped.iter().map(|(_, lines)| lines.len()).sum();
    let mut y = inner.y + u16::from(usize::from(inner.height) > total && inner.height > 4);
    for (label, lines) in wrapped {
        for (i, line) in lines.into_iter().enumerate() {
            if y < inner.bottom() {
                canvas.put(inner.x + 2, y, inner.right(), if i == 0 { label } else { "" }, theme.quiet());
                let style = if label.is_empty() { theme.quiet() } else { theme.text() };
                canvas.put(inner.x + 11, y, inner.right() - 1, &line, style);
                y += 1;
            }
        }
    }
    if lower.height > 2 {
        log(publishing, canvas, lower);
    }
}

/// Makes room, so that what to do is never cut before what happened: where it was, what becomes of it, then its words.
fn shorten(facts: &mut Vec<(&str, Vec<String>)>, room: usize) {
    let total = |facts: &[(&str, Vec<String>)]| facts.iter().map(|(_, lines)| lines.len()).sum::<usize>();
    while total(facts) > room {
        let spare = ["where", ""].iter().find_map(|label| facts.iter().rposition(|(of, _)| of == label));
        if let Some(at) = spare {
            facts.remove(at);
        } else if let Some((_, lines)) = facts.first_mut().filter(|(_, lines)| lines.len() > 1) {
            lines.pop();
        } else {
            return;
        }
    }
}

fn log(publishing: &Publishing, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let inner = Frame::titled("Log").draw(canvas, area, false);
    let skip = publishing.log.len().saturating_sub(usize::from(inner.height));
    for (y, (at, name, line)) in (inner.y..inner.bottom()).zip(publishing.log.iter().skip(skip)) {
        let end = inner.right().saturating_sub(1);
        let x = canvas.put(inner.x + 2, y, end, &at.strftime("%H:%M:%S").to_string(), theme.quiet());
        let name = canvas.fitted(name, 20);
        canvas.put(x + 2, y, x + 22, &name, theme.text());
        canvas.put(x + 24, y, end, line, theme.quiet());
    }
}

fn facts(state: &State, track: Option<&Track>, problem: Option<&Problem>, name: &str) -> Vec<(&'static str, String)> {
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    if let Some(problem) = problem {
        let where_ = track.and_then(|t| state.find(&t.gun)).and_then(|r| r.entry.server.clone().ok());
        lines.push(("what", problem.message.clone()));
        lines.push(("where", where_.unwrap_or_else(|| name.to_owned())));
        lines.push(("do", state.spoken(&problem.hint)));
        let was_sent =
            track.and_then(|t| t.ended.as_ref()).is_some_and(|(_, published)| !published.versions.is_empty());
        let outcome = if problem.kind == Kind::OutcomeUnknown || was_sent {
            "It is looked up again at the next start; nothing is sent twice."
        } else {
            "The changes stay staged; this repository is as it was before."
        };
        lines.push(("", outcome.to_owned()));
    } else if let Some((_, published)) = track.and_then(|t| t.ended.as_ref()) {
        let versions: Vec<String> = published.versions.iter().map(|(r, v)| format!("{} v{v}", r.short())).collect();
        lines.push(("written", versions.join("   ")));
        lines.push(("checked", published.checked.clone()));
        for (role, path) in &published.new_keys {
            lines.push(("new key", format!("{role}: {}  (back it up, nobody can make it again)", path.display())));
        }
        if published.outcome == PublishOutcome::Unchanged {
            lines.push(("", "Nothing was sent: the server has all of it already.".to_owned()));
        }
        lines.extend(published.merged.iter().map(|merge| ("merged", merge.sentence())));
        lines.extend(published.notes.iter().map(|note| ("note", note.clone())));
    } else if let Some(token) = track.and_then(|t| t.touch.as_ref()) {
        lines.push(("do", format!("Touch token {} now: it signs once a finger is on it.", printable(token))));
        lines.push((
            "",
            "If it is not touched or is pulled out, nothing is sent and the changes stay staged.".to_owned(),
        ));
    } else {
        lines.push(("", "Nothing is half-written: a repository changes as a whole or not at all.".to_owned()));
    }
    lines.extend(track.iter().flat_map(|t| &t.wrong_sources).map(|words| ("note", words.clone())));
    lines.retain(|(_, text)| !text.is_empty());
    lines
}
