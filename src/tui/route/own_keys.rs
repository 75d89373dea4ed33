//! Keys of the user's own, from the configuration, by the name of their action.
//!
//! Whatever is wrong with one of them is said, and the rest holds.

use std::collections::BTreeMap;

use super::keys;
use super::named::{self, PLACES};
use crate::tui::kit::message::Tone;
use crate::tui::kit::pane::Pane;
use crate::tui::state::State;
use crate::tui::state::binding::{Action, Binding, OwnTable, Place};

/// The key that an action has in a place, without those of the user.
#[must_use]
pub fn usual_key(place: Place, action: Action) -> Option<&'static str> {
    keys::usual(place).iter().find(|binding| binding.action == action)?.keys.first().copied()
}

type Wanted = BTreeMap<String, Vec<String>>;

/// Binds keys as they are wanted; says what does not go, and where it is written: `keys.quit` in `FILE: line 4`.
pub fn bind(state: &mut State, wanted: &Wanted, lines: &BTreeMap<String, String>) {
    let (tables, complaints) = tables(wanted);
    state.keymap.0 = tables;
    // What is wrong comes before the place: of that the file's name is enough.
    let place = |name: &str| {
        let line = lines.get(&format!("keys.{name}"))?;
        Some(format!(" ({})", line.rsplit('/').next().unwrap_or(line)))
    };
    let said: Vec<String> =
        complaints.into_iter().map(|(name, what)| format!("{what}{}", place(&name).unwrap_or_default())).collect();
    state.say_all(Tone::Warn, "keys", &said);
}

/// The action as it is written, and what is wrong.
type Complaint = (String, String);

type Tables = Vec<OwnTable>;

fn tables(wanted: &Wanted) -> (Tables, Vec<Complaint>) {
    let of_user = wanted;
    let (mut wanted, mut complaints) = checked(wanted);
    while let Some(clash) = clash(&wanted) {
        // Only this pair falls back.
        wanted.remove(&clash.one);
        wanted.remove(&clash.other);
        let Clash { key, one, other } = clash;
        let written = if of_user.contains_key(&one) { one.clone() } else { other.clone() };
        // It says more than a name that is none.
        complaints.insert(0, (written, format!("{key:?} would be {one} and {other}; both keep their usual keys")));
    }
    // With one of them all: what a key means usually is that of the nearest table, also where that is as usual.
    let places = if wanted.is_empty() { &[][..] } else { &PLACES[..] };
    let table = |place| {
        let usual = keys::usual(place);
        OwnTable { place, usual, own: with_keys(usual, &wanted) }
    };
    (places.iter().copied().map(table).collect(), complaints)
}

/// Leaves out what names no action or no key.
fn checked(wanted: &Wanted) -> (Wanted, Vec<Complaint>) {
    let names: Vec<String> = actions().map(|binding| named::name(binding.action)).collect();
    let mut complaints = Vec::new();
    let mut good = Wanted::new();
    for (name, keys) in wanted {
        let wrong = keys.iter().find(|key| !is_key(key));
        if !names.contains(name) {
            let distance = |known: &&String| strsim::damerau_levenshtein(known, name);
            let near = names.iter().min_by_key(distance).filter(|near| distance(near) <= name.chars().count() / 3);
            let known = near.map_or_else(|| ": lists them".to_owned(), |near| format!("{near:?} is one"));
            complaints.push((name.clone(), format!("there is no action {name:?}; {known}")));
        } else if let Some(key) = keys.iter().find(|key| is_reserved(key)) {
            let what = format!("{key:?} for {name} is reserved: ctrl-c stops and ctrl-z suspends, everywhere");
            complaints.push((name.clone(), what));
        } else if let Some(key) = wrong {
            let what = format!("{key:?} for {name} is no key; ctrl-x, enter, f2 or two letters with a blank are");
            complaints.push((name.clone(), what));
        } else {
            good.insert(name.clone(), keys.clone());
        }
    }
    (good, complaints)
}

fn actions() -> impl Iterator<Item = &'static Binding> {
    PLACES.into_iter().flat_map(keys::usual)
}

const NAMED: [&str; 15] = [
    "space",
    "enter",
    "esc",
    "tab",
    "shift-tab",
    "backspace",
    "delete",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
];

/// Whether a key of it does what it does everywhere.
fn is_reserved(text: &str) -> bool {
    text.split(' ').any(|key| matches!(key, "ctrl-c" | "ctrl-z"))
}

/// Whether it is a key, or two of them with a blank between.
fn is_key(text: &str) -> bool {
    let one = |key: &str| {
        // Ctrl-c and ctrl-z do what they do everywhere.
        let bare = key.strip_prefix("ctrl-").filter(|rest| !matches!(*rest, "c" | "z")).unwrap_or(key);
        let function = bare.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=24).contains(&n));
        bare.chars().count() == 1 || function || NAMED.contains(&bare)
    };
    match text.split_once(' ') {
        Some((first, second)) => one(first) && one(second),
        None => one(text),
    }
}

/// A key that would mean two things.
struct Clash {
    key: String,
    one: String,
    other: String,
}

/// The places whose keys hold at the same time.
fn together() -> Vec<Vec<Place>> {
    let with = |first: &[Place]| [first, &[Place::Moves, Place::Everywhere, Place::Tour]].concat();
    let mut all: Vec<Vec<Place>> = Pane::ALL.map(|pane| with(&[Place::Pane(pane), Place::Lists])).to_vec();
    all.extend([Place::Blank, Place::Review, Place::Publish, Place::Wizard].map(|place| with(&[place])));
    all
}

fn clash(wanted: &Wanted) -> Option<Clash> {
    for places in together() {
        let bound =
            || places.iter().flat_map(|place| keys::usual(*place)).map(|binding| (binding, keys_of(binding, wanted)));
        let own = bound().filter(|(binding, _)| wanted.contains_key(&named::name(binding.action)));
        for (binding, keys) in own {
            for (other, others) in bound().filter(|(other, _)| other.action != binding.action) {
                let meets = |key: &&String| others.iter().any(|other| is_same_or_begins(key, other));
                if let Some(key) = keys.iter().find(meets) {
                    let (one, other) = (named::name(binding.action), named::name(other.action));
                    return Some(Clash { key: key.clone(), one, other });
                }
            }
        }
    }
    None
}

/// Whether one is the other, or the first key of it.
fn is_same_or_begins(one: &str, other: &str) -> bool {
    let begins = |short: &str, long: &str| long.split_once(' ').is_some_and(|(first, _)| first == short);
    one == other || begins(one, other) || begins(other, one)
}

fn keys_of(binding: &Binding, wanted: &Wanted) -> Vec<String> {
    let usual = || binding.keys.iter().map(|key| (*key).to_owned()).collect();
    wanted.get(&named::name(binding.action)).cloned().unwrap_or_else(usual)
}

/// The table with those keys; it is kept as long as the program runs, as the usual ones are.
fn with_keys(table: &[Binding], wanted: &Wanted) -> &'static [Binding] {
    let own = |binding: &Binding| match wanted.get(&named::name(binding.action)) {
        Some(keys) => {
            let keys: Vec<&'static str> = keys.iter().map(|key| &*key.clone().leak()).collect();
            Binding { keys: keys.leak(), ..*binding }
        }
        None => *binding,
    };
    table.iter().map(own).collect::<Vec<Binding>>().leak()
}
