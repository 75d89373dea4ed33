//! What can be done at a step.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{loss, words};
use crate::engine::view::keys::KeyPlace;
use crate::engine::wizard::{Choice, Facts, RepositoryFacts, StepKind, StepState, Way, Wizard, changes, ways};
use crate::engine::{Change, KeyView, RootKeyChoice};
use crate::tuf::{CanonicalKeyId, Gun, SignerName};
use crate::tui::messages::failure::Ask;
use crate::tui::state::guide::{Footing, Guide};
use crate::tui::state::{State, words as shared};

/// Most keys of the store that are offered.
const MOST_KEYS: usize = 4;

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    Repository(Gun),
    MakeKey,
    MakeOnToken,
    LoadKey,
    StoredKey(CanonicalKeyId),
    ColleaguesKey,
    RootKey(RootKeyChoice),
    MakeSigner,
    MakeSignerOnToken,
    /// A signer whose key is on a token.
    TokenSigner(SignerName, CanonicalKeyId),
    ColleagueSigner,
    SignTag,
    WithoutTags,
    BackUp,
    WithoutBackup,
    Stage(Way),
    RemoveOld,
    Review,
    HandOver,
    /// Machines and people have the new key.
    TheyKnow,
    AskServer,
    /// Answer what a repository asks before it can be read.
    Answer(Gun),
    RemoveKey(CanonicalKeyId),
    Finish,
}

/// How a line of options begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// One of several.
    Radio(bool),
    /// Any of several.
    Check(bool),
    /// Done at once.
    Act,
}

/// A line that the cursor can stand on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    pub pick: Pick,
    pub tick: Tick,
    pub word: String,
    pub note: String,
}

fn act(pick: Pick, word: impl Into<String>, note: impl Into<String>) -> Opt {
    Opt { pick, tick: Tick::Act, word: word.into(), note: note.into() }
}

fn radio(on: bool, pick: Pick, word: impl Into<String>, note: impl Into<String>) -> Opt {
    Opt { pick, tick: Tick::Radio(on), word: word.into(), note: note.into() }
}

/// What can be done at the step that is looked at; nothing at one that waits for others. Of choices that exclude each
/// other the one under the cursor is marked, for that is what enter does.
#[must_use]
pub(super) fn of(state: &State, guide: &Guide) -> Vec<Opt> {
    let mut options = listed(state, guide);
    let at = place(guide, &options);
    for (i, option) in options.iter_mut().enumerate() {
        if let Tick::Radio(on) = &mut option.tick {
            *on = i == at;
        }
    }
    options
}

/// Where the cursor is: where the user put it, else on what is chosen.
#[must_use]
pub(super) fn cursor(state: &State, guide: &Guide) -> usize {
    place(guide, &listed(state, guide))
}

fn place(guide: &Guide, options: &[Opt]) -> usize {
    let chosen = || options.iter().position(|option| option.tick == Tick::Radio(true));
    guide.cursor.or_else(chosen).unwrap_or(0).min(options.len().saturating_sub(1))
}

/// The wizard as it would be with what is marked: so it is drawn, before anything is chosen.
#[must_use]
pub(super) fn previewed<'a>(state: &State, guide: &'a Guide) -> Cow<'a, Guide> {
    let is_open = guide.open_step().is_some_and(|step| step.kind == StepKind::Stage);
    let marked = is_open.then(|| of(state, guide).into_iter().nth(cursor(state, guide))).flatten();
    match marked {
        Some(Opt { pick: Pick::Stage(way), .. }) if guide.choice().way != way => {
            let choice = Choice { way, ..guide.choice().clone() };
            let facts = Facts { choice, ..guide.facts.clone() };
            Cow::Owned(Guide { at: guide.at, cursor: guide.cursor, ..Guide::new(facts, guide.phase.clone()) })
        }
        _ => Cow::Borrowed(guide),
    }
}

fn listed(state: &State, guide: &Guide) -> Vec<Opt> {
    match &guide.phase {
        Footing::Choosing(chosen) => return repositories(state, guide, chosen),
        Footing::Beginning(guns) => return repositories(state, guide, &guns.iter().cloned().collect()),
        Footing::Walking => {}
    }
    let Some(step) = guide.step() else {
        return vec![act(Pick::Finish, "close this wizard", "nothing is left to do")];
    };
    let done = step.state == StepState::Done;
    if !done && guide.open_step().is_none() {
        return vec![];
    }
    match step.kind {
        StepKind::Choose if !done => unread(state, guide),
        StepKind::Key if !done || words::is_changeable(guide) => keys(state, guide),
        StepKind::RootKey if !done || words::is_changeable(guide) => root_keys(state, guide),
        StepKind::Signers if !done || words::is_changeable(guide) => signers(state),
        StepKind::Tags if !done || words::is_changeable(guide) => tags(guide),
        StepKind::BackUp | StepKind::BackUpMade if !done || guide.choice().without_backup => back_up(guide),
        StepKind::Stage if !done => stage(guide),
        StepKind::Publish if !done => vec![act(Pick::Review, "open the review", "P publishes there, nowhere else")],
        StepKind::Remove if !done => remove(guide),
        StepKind::Wait if !done => vec![
            act(Pick::AskServer, "look again", "asks the servers whether the new key has signed"),
            act(Pick::HandOver, "write the hand-over file", "what your colleague needs; no secret in it"),
        ],
        StepKind::HandOver if !done && guide.is_finished() => {
            vec![act(Pick::TheyKnow, "they know", "on to the old private key here")]
        }
        StepKind::Check | StepKind::HandOver if !done => vec![act(Pick::AskServer, "look again", "asks the servers")],
        StepKind::Retire if !done => retire(guide),
        _ => vec![],
    }
}

fn repositories(state: &State, guide: &Guide, chosen: &BTreeSet<Gun>) -> Vec<Opt> {
    let line = |r: &RepositoryFacts| Opt {
        pick: Pick::Repository(r.gun.clone()),
        tick: Tick::Check(chosen.contains(&r.gun)),
        word: state.short_name(&state.name_of(&r.gun)).to_owned(),
        note: words::repository(state, guide, r),
    };
    guide.facts.repositories.iter().map(line).collect()
}

/// What helps where a repository could not be read.
fn unread(state: &State, guide: &Guide) -> Vec<Opt> {
    let asks = guide.facts.repositories.iter().filter_map(|repository| {
        let ask = state.find(&repository.gun)?.failure.as_ref()?.ask.as_ref()?;
        let name = state.short_name(&state.name_of(&repository.gun)).to_owned();
        let note = match (ask, guide.choice().roots.get(&repository.gun)) {
            // Anybody can list the genuine key beside one of his own.
            (Ask::FirstContact { keys, .. }, Some(named)) => {
                match !keys.is_empty() && keys.iter().all(|key| named.contains(key)) {
                    true => "root key as the hand-over file says",
                    false => "root key NOT as the hand-over file says",
                }
            }
            (Ask::FirstContact { .. }, None) => "this machine meets it for the first time",
            (Ask::PinLost { .. }, _) => "its root is another one than before",
            (Ask::Admission(_), _) => "its server wants a login",
            (Ask::OtherKey(_) | Ask::Pin | Ask::ManagementKey | Ask::SetStageAside, _) => return None,
        };
        Some(act(Pick::Answer(repository.gun.clone()), format!("{} for {name}", shared::question(ask)), note))
    });
    let again = act(Pick::AskServer, "look again", "asks the servers");
    asks.chain([again]).collect()
}

fn keys(state: &State, guide: &Guide) -> Vec<Opt> {
    let wizard = &guide.choice().wizard;
    if matches!(wizard, Wizard::TakeOver { .. }) {
        return vec![act(Pick::LoadKey, "load its private half", "into the key store of this machine")];
    }
    let mut options = vec![radio(false, Pick::MakeKey, "make one here", "under a passphrase, in the key store")];
    let name = wizard.key_name();
    let taken = words::old_keys(guide);
    let fits = |k: &&KeyView| {
        let role = k.role.strip_prefix("targets/").unwrap_or(&k.role);
        is_here(k) && role == name && !taken.contains(&k.id)
    };
    let one_for_all = !wizard.has_key_for_each() || guide.choice().repositories.len() == 1;
    let own = |k: &&KeyView| {
        !wizard.has_key_for_each() || k.gun.as_deref() == guide.choice().repositories.first().map(Gun::as_str)
    };
    if wizard.takes_tokens() {
        let note = |option: Opt| Opt { note: format!("one for each; {}", option.note), ..option };
        options.extend(on_token(state).map(|option| if one_for_all { option } else { note(option) }));
    }
    let stored = state.keyring.keys.iter().filter(fits).filter(own).filter(|_| one_for_all).take(MOST_KEYS);
    options.extend(
        stored.map(|k| radio(false, Pick::StoredKey(k.id.clone()), format!("use {}", k.label), whereabouts(k))),
    );
    if one_for_all {
        options.push(radio(false, Pick::LoadKey, "load a file", "a private key made elsewhere"));
    }
    if matches!(wizard, Wizard::DelegationKey { .. }) {
        options.push(radio(
            false,
            Pick::ColleaguesKey,
            "a colleague's key",
            "only the public half; it is signed there",
        ));
    }
    let chosen = guide.choice().keys.values().flatten().next();
    for option in &mut options {
        let on = match &option.pick {
            Pick::StoredKey(id) => chosen.is_some_and(|key| key.canonical_id() == id),
            Pick::ColleaguesKey => chosen.is_some() && guide.choice().way == Way::Colleague,
            _ => false,
        };
        option.tick = Tick::Radio(on);
    }
    options
}

fn is_here(key: &KeyView) -> bool {
    matches!(key.place, KeyPlace::File(_) | KeyPlace::Token(_))
}

/// Which key it is, and where.
fn whereabouts(key: &KeyView) -> String {
    match &key.place {
        KeyPlace::Token(place) => format!("{} {}", key.id.short(), shared::on_token(place)),
        _ => format!("{} of the key store", key.id.short()),
    }
}

/// A new key on a token; where a module for them is known, so that nobody looks for it in vain.
fn on_token(state: &State) -> Option<Opt> {
    let note = match state.keyring.tokens.as_deref()?.as_slice() {
        [] => "none is plugged in".to_owned(),
        [only] => format!("{}; it never leaves it", only.name),
        several => format!("{} are plugged in; it never leaves it", several.len()),
    };
    Some(radio(false, Pick::MakeOnToken, "make one on a token", note))
}

fn back_up(guide: &Guide) -> Vec<Opt> {
    let without = guide.choice().without_backup;
    if words::to_back_up(guide).is_empty() && !words::only_on_tokens(guide).is_empty() {
        return vec![radio(without, Pick::WithoutBackup, "go on", "the token holds the only copy")];
    }
    vec![
        radio(!without, Pick::BackUp, "back it up now", "written, opened again, unlocked"),
        radio(without, Pick::WithoutBackup, "go on without", loss::loss(guide)),
    ]
}

fn root_keys(state: &State, guide: &Guide) -> Vec<Opt> {
    let chosen = guide.choice().first.root_key.as_ref();
    let stored = state.keyring.keys.iter().filter(|k| is_here(k) && k.role == "root");
    let mut options: Vec<Opt> = stored
        .take(MOST_KEYS)
        .map(|k| {
            let pick = RootKeyChoice::Stored(k.id.clone());
            radio(chosen == Some(&pick), Pick::RootKey(pick), format!("use {}", k.label), whereabouts(k))
        })
        .collect();
    let new = RootKeyChoice::New;
    let note = "asked for a passphrase at publish";
    options.push(radio(chosen == Some(&new), Pick::RootKey(new), "make a new one", note));
    options.extend(on_token(state));
    options
}

fn signers(state: &State) -> Vec<Opt> {
    let mut options = vec![act(Pick::MakeSigner, "a signer with a key made here", "asks for a name and a passphrase")];
    options.extend(on_token(state).map(|option| Opt {
        pick: Pick::MakeSignerOnToken,
        tick: Tick::Act,
        word: "a signer with a key on a token".to_owned(),
        ..option
    }));
    let on_tokens = state.keyring.keys.iter().filter_map(|key| {
        let KeyPlace::Token(at) = &key.place else { return None };
        let name = key.role.strip_prefix("targets/").unwrap_or(&key.role);
        let base = matches!(name, "root" | "targets" | "snapshot" | "timestamp");
        let name = SignerName::parse(name).ok().filter(|_| !base)?;
        let note = format!("{} {}", key.id.short(), shared::on_token(at));
        Some(act(Pick::TokenSigner(name.clone(), key.id.clone()), format!("signer {name}"), note))
    });
    options.extend(on_tokens.take(MOST_KEYS));
    options.push(act(Pick::ColleagueSigner, "a colleague", "asks for a name and a public key"));
    options
}

fn tags(guide: &Guide) -> Vec<Opt> {
    let without = guide.choice().first.without_tags;
    let some = !guide.choice().first.tags.is_empty();
    vec![
        radio(without, Pick::WithoutTags, "sign tags later", "s in the tags of the repository"),
        radio(!without && some, Pick::SignTag, "sign one at once", "asks for its digest"),
    ]
}

fn stage(guide: &Guide) -> Vec<Opt> {
    let elsewhere = words::new_keys(guide).iter().any(|id| !guide.facts.at_hand.contains(id));
    let options: Vec<Opt> = ways(&guide.facts)
        .into_iter()
        // Without the private half only its holder can sign.
        .filter(|view| !elsewhere || view.way == Way::Colleague)
        .filter(|view| view.impossible.is_none())
        .map(|view| {
            let (word, note) = match view.way {
                Way::OnePublish => ("one publish", "add, re-sign, remove at once; nobody sees a gap"),
                Way::TwoPublishes => ("two publishes", "add now, remove when the old machine is gone"),
                Way::Colleague => ("colleague flow", "add now; they sign with theirs; then remove"),
            };
            radio(guide.choice().way == view.way, Pick::Stage(view.way), word, note)
        })
        .collect();
    if options.is_empty() {
        return vec![act(Pick::Stage(guide.choice().way), "fill the stage", "nothing is sent before the review")];
    }
    options
}

fn remove(guide: &Guide) -> Vec<Opt> {
    let facts = &guide.facts;
    let wanted = changes(facts);
    let is_staged =
        |(gun, change): &(Gun, Change)| facts.repositories.iter().any(|r| r.gun == *gun && r.staged.contains(change));
    if !wanted.is_empty() && wanted.iter().all(is_staged) {
        return vec![act(Pick::Review, "open the review", "P publishes there, nowhere else")];
    }
    vec![act(Pick::RemoveOld, "stage the removal", "a key that stays has signed the role files")]
}

fn retire(guide: &Guide) -> Vec<Opt> {
    let Some(first) = words::old_keys_here(guide).into_iter().next() else {
        return vec![act(Pick::Finish, "keep it and finish", "D in Keys deletes it from its token")];
    };
    vec![
        act(Pick::Finish, "keep it and finish", "it stays in the key store"),
        act(Pick::RemoveKey(first), "remove it", "says first what is lost with it"),
    ]
}
