//! The palette: every action by name, and repositories, roles, tags and keys to go to.

use std::collections::HashMap;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::named::{self, Named};
use super::places;
use crate::engine::RepositoryView;
use crate::tui::dialogs::answer::Opens;
use crate::tui::dialogs::menu::Offer;
use crate::tui::dialogs::palette::{Hit, Narrowed};
use crate::tui::dialogs::window::{Window, keys};
use crate::tui::dialogs::{CommandPalette, Dialog};
use crate::tui::kit::canvas::{Canvas, Runs, Spot, cut_path, width, wrap};
use crate::tui::kit::message::Tone;
use crate::tui::messages::input;
use crate::tui::state::binding::{Binding, Place};
use crate::tui::state::{Picked, Screen, State, words};
use crate::tui::wizard::menu;

/// Most lines that are kept; nobody scrolls further.
const MOST: usize = 200;
/// Letters from which on tags are looked through: there may be a hundred thousand.
const LETTERS_FOR_TAGS: usize = 2;
const WIDTH: u16 = 84;

/// Signs by which a pattern means something else than its letters: more of it may fit to more.
const MEANING: &[char] = &['!', '^', '$', '\'', '\\'];

/// Opens it with everything that can be done.
pub(super) fn open(state: &mut State) {
    let mut open = CommandPalette::default();
    find(&mut open, state);
    state.dialogs.push(Dialog::Palette(open));
}

/// Finds anew after something was pasted.
pub(super) fn pasted(state: &mut State) {
    if let Some(Dialog::Palette(mut open)) = state.dialogs.pop_if(|dialog| matches!(dialog, Dialog::Palette(_))) {
        find(&mut open, state);
        state.dialogs.push(Dialog::Palette(open));
    }
}

/// What was chosen, to be run.
pub(super) enum Chosen {
    Action(&'static Binding),
    Wizard(Box<Opens>),
}

/// Takes a key: it closes with what was chosen, else it stays open.
pub(super) fn key(mut open: CommandPalette, state: &mut State, key: &KeyEvent) -> Option<Chosen> {
    let last = open.hits.len().saturating_sub(1);
    match (key.code, input::key_name(key).as_str()) {
        (KeyCode::Esc, _) | (_, "ctrl-p") => return None,
        (KeyCode::Enter, _) => {
            if let Some(hit) = open.chosen().cloned() {
                return go(state, hit);
            }
        }
        (KeyCode::Down | KeyCode::Tab, _) | (_, "ctrl-n") => open.cursor = (open.cursor + 1).min(last),
        (KeyCode::Up | KeyCode::BackTab, _) => open.cursor = open.cursor.saturating_sub(1),
        (KeyCode::PageDown, _) => open.cursor = (open.cursor + 10).min(last),
        (KeyCode::PageUp, _) => open.cursor = open.cursor.saturating_sub(10),
        (KeyCode::Backspace, _) if open.typed.text().is_empty() => return None,
        _ if open.typed.key(key) => find(&mut open, state),
        _ => {}
    }
    state.dialogs.push(Dialog::Palette(open));
    None
}

fn find(open: &mut CommandPalette, state: &State) {
    open.hits = hits(state, open.typed.trimmed(), &mut open.narrowed);
    open.cursor = 0;
}

/// What fits to the words, best first; without words what can be done, those first that can be done here.
fn hits(state: &State, words: &str, narrowed: &mut Vec<Narrowed>) -> Vec<Hit> {
    let mut actions = named::all(state);
    if words.is_empty() {
        actions.sort_by_cached_key(|named| named.reason(state).is_some());
        return actions.iter().map(|named| Hit::Action(named.name())).collect();
    }
    let mut scored = Scored::new(words);
    for named in &actions {
        let name = named.name();
        let text = format!("{} {} {} {name}", named.words(), named.binding.word, named::word(named.place));
        scored.take(&text, || 1 + u32::from(named.reason(state).is_none()), || Hit::Action(name.clone()));
    }
    if finds_places(state) {
        for offer in wizards(state) {
            scored.take(&format!("{} {} wizard", offer.word, offer.note), || 1, || Hit::Wizard(offer.word.clone()));
        }
        places(state, &mut scored);
        let view = state.repository().and_then(|shown| shown.view.as_ref());
        if let Some(view) = view.filter(|_| scored.letters >= LETTERS_FOR_TAGS) {
            tags(view, words, narrowed, &mut scored);
        }
    }
    scored.best()
}

/// Whether it leads to places too: a review, a publish and a wizard are left by their own keys.
fn finds_places(state: &State) -> bool {
    matches!(state.screen, Screen::Main)
}

/// The wizards that can be begun here.
fn wizards(state: &State) -> Vec<Offer> {
    if state.closed_here().is_none() { menu::all(state, &[]).offers } else { vec![] }
}

fn places(state: &State, scored: &mut Scored) {
    let plain = || 0;
    for repository in state.known.repositories.iter() {
        let entry = &repository.entry;
        scored.take(state.short_name(&entry.name), plain, || Hit::Repository(entry.gun.clone()));
    }
    for key in &state.keyring.keys {
        let text = format!("{} {} {}", words::key_label(state, key), key.role, key.id.short());
        scored.take(&text, plain, || Hit::Key(key.id.clone()));
    }
    for role in state.view().iter().flat_map(|view| &view.roles) {
        scored.take(role.role.as_str(), plain, || Hit::Role(role.role.clone()));
    }
}

/// Looks through the tags of a repository, or through those of them that fewer letters fitted to.
fn tags(view: &Arc<RepositoryView>, words: &str, narrowed: &mut Vec<Narrowed>, scored: &mut Scored) {
    let is_plain = !words.contains(MEANING);
    narrowed.retain(|fewer| is_plain && Arc::ptr_eq(&fewer.of, view) && words.starts_with(&fewer.words));
    let mut fits = |at: &u32| {
        let tag = view.tags.get(*at as usize);
        tag.is_some_and(|tag| scored.take(&tag.name, || 0, || Hit::Tag(Arc::clone(&tag.name))))
    };
    let tags: Vec<u32> = match narrowed.last() {
        Some(fewer) => fewer.tags.iter().copied().filter(&mut fits).collect(),
        None => (0..).zip(view.tags.iter()).map(|(at, _)| at).filter(&mut fits).collect(),
    };
    if is_plain && narrowed.last().is_none_or(|fewer| fewer.tags.len() > tags.len()) {
        narrowed.push(Narrowed { words: words.to_owned(), of: Arc::clone(view), tags });
    }
}

/// The best of what was found so far.
struct Scored {
    pattern: Pattern,
    matcher: Matcher,
    letters: usize,
    buffer: Vec<char>,
    found: Vec<(u32, Hit)>,
    /// A score that is no longer good enough.
    least: Option<u32>,
}

impl Scored {
    fn new(words: &str) -> Self {
        Self {
            pattern: Pattern::parse(words, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            letters: words.chars().count(),
            buffer: Vec::new(),
            found: Vec::new(),
            least: None,
        }
    }

    /// Takes what fits; says whether it does.
    fn take(&mut self, text: &str, bonus: impl FnOnce() -> u32, hit: impl FnOnce() -> Hit) -> bool {
        let score = self.pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher);
        let Some(score) = score.map(|score| score + bonus()) else { return false };
        if self.least.is_some_and(|least| score <= least) {
            return true;
        }
        self.found.push((score, hit()));
        if self.found.len() == 2 * MOST {
            self.keep_best();
            self.least = self.found.last().map(|(score, _)| *score);
        }
        true
    }

    fn keep_best(&mut self) {
        // Stable: of the same score, what was offered first stays first.
        self.found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        self.found.truncate(MOST);
    }

    fn best(mut self) -> Vec<Hit> {
        self.keep_best();
        self.found.into_iter().map(|(_, hit)| hit).collect()
    }
}

/// Does what was chosen, or goes there.
fn go(state: &mut State, hit: Hit) -> Option<Chosen> {
    state.lists.picked = Picked::ByUser;
    let from = state.spot();
    let chosen = reach(state, hit);
    if state.spot() != from {
        state.trail = Some(from);
    }
    chosen
}

fn reach(state: &mut State, hit: Hit) -> Option<Chosen> {
    match hit {
        Hit::Action(name) => return act(state, &name).map(Chosen::Action),
        Hit::Wizard(word) => {
            return wizards(state)
                .into_iter()
                .find(|offer| offer.word == word)
                .map(|offer| Chosen::Wizard(Box::new(offer.opens)));
        }
        Hit::Repository(gun) => places::repository(state, &gun),
        Hit::Role(role) => places::role(state, &role),
        Hit::Tag(tag) => places::tag(state, &tag),
        Hit::Key(id) => places::key(state, &id),
    }
    None
}

fn act(state: &mut State, name: &str) -> Option<&'static Binding> {
    let named = named::find(state, name)?;
    if let Some(reason) = named.reason(state) {
        state.say(Tone::Note, named.binding.word, reason);
        return None;
    }
    if let Place::Pane(pane) = named.place
        && !named::holds(state, &named)
    {
        state.focus = pane;
    }
    Some(named.binding)
}

/// Draws it.
pub(super) fn render(open: &CommandPalette, state: &State, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let window = Window {
        title: "Find".to_owned(),
        subject: if finds_places(state) { "actions, repositories, roles, tags, keys" } else { "actions" }.to_owned(),
        keys: keys(canvas, &[("enter", "do, go"), ("up down", "choose"), ("esc", "close")]),
        colour: None,
    };
    let rows = canvas.area().height.saturating_sub(10).clamp(1, 20);
    let mut lines = window.open(canvas, WIDTH, rows + 3);
    open.typed.render(canvas, (lines.x, lines.y, lines.end), true);
    lines.y += 1;
    lines.rule(canvas);
    let actions: HashMap<String, Named> = named::all(state).into_iter().map(|named| (named.name(), named)).collect();
    let find = |hit: &Hit| match hit {
        Hit::Action(name) => actions.get(name),
        _ => None,
    };
    let reason = open.chosen().and_then(find).and_then(|named| named.reason(state));
    let note = match (reason, open.hits.len()) {
        (Some(reason), _) => format!("not now: {}", state.spoken(reason)),
        (None, 0) if !finds_places(state) => "no action is called like that; the main screen finds the rest".to_owned(),
        (None, 0) => match state.repository() {
            Some(shown) => {
                let name = state.short_name(&shown.entry.name);
                format!("nothing is called like that; roles and tags are looked for in {name}, the repository shown")
            }
            None => "nothing is called like that".to_owned(),
        },
        (None, n) => format!("{} of {n}", open.cursor + 1),
    };
    // As `[keys]` in the configuration calls it.
    let name = open.chosen().and_then(find).map(|named| format!("   [keys] {}", named.name()));
    let note = format!("{note}{}", name.unwrap_or_default());
    let note = wrap(&note, lines.width());
    let bottom = lines.bottom.saturating_sub(u16::try_from(note.len()).unwrap_or(1));
    let shown = usize::from(bottom.saturating_sub(lines.y)).max(1);
    let offset = (open.cursor + 1).saturating_sub(shown);
    for (y, (place, hit)) in (lines.y..bottom).zip(open.hits.iter().enumerate().skip(offset)) {
        line(state, canvas, (lines.x, y, lines.end), hit, find(hit));
        canvas.spot(lines.x, y, lines.end, Spot::Line(place));
        if place == open.cursor {
            canvas.select(lines.x.saturating_sub(1), y, lines.end);
        }
    }
    for (y, line) in (bottom..lines.bottom).zip(note) {
        canvas.put(lines.x, y, lines.end, &line, theme.quiet());
    }
}

fn line(state: &State, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), hit: &Hit, action: Option<&Named>) {
    let theme = canvas.theme;
    let (text, kind, pressed) = match (hit, action) {
        (Hit::Action(_), Some(named)) => (named.words(), named::word(named.place), named.keys(state).join("  ")),
        (Hit::Action(name), None) => (name.clone(), "", String::new()),
        (Hit::Repository(gun), _) => (state.short_name(&state.name_of(gun)).to_owned(), "repository", String::new()),
        (Hit::Role(role), _) => (role.to_string(), "role", String::new()),
        (Hit::Tag(tag), _) => (tag.to_string(), "tag", String::new()),
        (Hit::Key(id), _) => {
            let role = state.keyring.find(id).map(|key| key.role.trim_start_matches("targets/"));
            let name = words::key_name(state, id, id.short());
            (format!("{name}  {} {}", role.unwrap_or_default(), id.short()), "key", String::new())
        }
        (Hit::Wizard(word), _) => (word.clone(), "wizard", String::new()),
    };
    let blocked = action.is_some_and(|named| named.reason(state).is_some());
    let style = if blocked { theme.quiet() } else { theme.text() };
    let right = end.saturating_sub(width(&pressed));
    let kind_at = right.saturating_sub(14).max(x + 20);
    let cells = usize::from(kind_at.saturating_sub(x + 1));
    canvas.put(x, y, kind_at, &cut_path(&text, cells, theme.glyphs.cut), style);
    canvas.put(kind_at, y, right, kind, theme.quiet());
    let key = if blocked { theme.quiet() } else { theme.key() };
    canvas.runs(right, y, end, &Runs::new().then(pressed, key));
}
