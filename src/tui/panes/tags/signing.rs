//! Signing tags as the registry holds them: looking them up, and showing what changed before it is staged.

use std::sync::Arc;

use crate::engine::tags::candidate::{Candidate, WantedTag};
use crate::engine::tags::compare::{self, TagStanding};
use crate::engine::view::TagView;
use crate::engine::{Change, Problem, SignedTarget};
use crate::tuf::{Gun, Role, TargetName};
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::choose::{Choose, Reply};
use crate::tui::dialogs::form::{Form, Purpose, Wait};
use crate::tui::kit::format::count;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::messages::registry::{LookUp, RegistryWork};
use crate::tui::state::{State, staging};

/// Signs the tags that are meant with what the registry holds; offline, with what is signed.
pub(super) fn sign(state: &mut State, gun: &Gun, meant: &[Arc<str>]) -> Vec<Effect> {
    if state.here.offline {
        let again = meant.iter().filter_map(|name| sign_again(signed(state, gun, name)?, &[]));
        let changes = again.map(|change| (gun.clone(), change)).collect();
        return staging::add(state, changes);
    }
    let wanted = |name: &Arc<str>| Some(WantedTag { tag: TargetName::parse(name).ok()?, target: None });
    let wanted: Vec<WantedTag> = meant.iter().filter_map(wanted).collect();
    state.say(Tone::Note, "asks the registry", count(wanted.len(), "tag", "tags"));
    vec![Effect::Registry(RegistryWork::LookUp(LookUp { gun: gun.clone(), wanted, roles: vec![], of_form: false }))]
}

/// What is signed under a tag and pulled, else anything that is signed under it.
fn signed<'a>(state: &'a State, gun: &Gun, name: &str) -> Option<&'a TagView> {
    let view = state.find(gun)?.view.as_deref()?;
    let mut all: Vec<&TagView> = view.tags.iter().filter(|tag| *tag.name == *name).collect();
    all.sort_by_key(|tag| std::cmp::Reverse(tag.state));
    all.first().copied()
}

fn sign_again(tag: &TagView, roles: &[Role]) -> Option<Change> {
    let (sha512, custom) = (tag.sha512.clone(), tag.custom.clone());
    let target = SignedTarget { length: tag.length, sha256: tag.digest.clone(), sha512, custom, from_registry: false };
    Some(Change::Sign { tag: TargetName::parse(&tag.name).ok()?, target, roles: roles.to_vec() })
}

/// Takes what the registry holds of tags that are to be signed: all of them are staged, or none.
pub(super) fn looked_up(
    state: &mut State,
    asked: &LookUp,
    found: Vec<(WantedTag, Result<Candidate, Failure>)>,
) -> Vec<Effect> {
    let form = waiting_form(state);
    if asked.of_form && form.is_none() {
        // It was closed meanwhile.
        return vec![];
    }
    let mut candidates = Vec::new();
    let mut unasked = None;
    for (wanted, result) in found {
        match result {
            Ok(candidate) => candidates.push(candidate),
            Err(failure) => match offline_again(state, &asked.gun, &wanted, &failure) {
                Some(candidate) => {
                    unasked = Some(failure);
                    candidates.push(candidate);
                }
                None => return refuse(state, form, &failure),
            },
        }
    }
    let unchecked = candidates.iter().find_map(|candidate| candidate.unchecked.clone());
    let unasked = unasked.map(|failure| failure.problem).or(unchecked);
    let effects = offer(state, asked, candidates, unasked.as_ref());
    if let Some(mut form) = form
        && effects.iter().any(|effect| matches!(effect, Effect::Stage { .. }))
    {
        // What was typed stays until the stage has taken it.
        form.busy = Some(Wait::Stage);
        state.dialogs.push(Dialog::Form(form));
    }
    effects
}

/// The form that waits for the answer is taken off; it comes back if it must say what is wrong.
fn waiting_form(state: &mut State) -> Option<Form> {
    let waits = |form: &Form| {
        matches!(form.purpose, Purpose::SignTag { .. } | Purpose::SignMarked { .. }) && form.busy.is_some()
    };
    match state.dialogs.pop_if(|dialog| matches!(dialog, Dialog::Form(form) if waits(form))) {
        Some(Dialog::Form(form)) => Some(form),
        _ => None,
    }
}

fn refuse(state: &mut State, form: Option<Form>, failure: &Failure) -> Vec<Effect> {
    match form {
        Some(form) => state.dialogs.push(Dialog::Form(form.failed(&state.told(failure)))),
        None => state.complain(failure),
    }
    vec![]
}

/// With the registry away a signed tag is signed again as it was, unless the registry is known to hold something else: that
/// is what was meant.
fn offline_again(state: &State, gun: &Gun, wanted: &WantedTag, failure: &Failure) -> Option<Candidate> {
    let tag = signed(state, gun, wanted.tag.as_str()).filter(|_| failure.problem.kind.allows_cache())?;
    let repository = state.find(gun)?;
    if let (Some(known), Some(view)) = (&repository.registry.known, repository.view.as_deref())
        && let TagStanding::Drift | TagStanding::Gone = compare::standing(view, tag, Some(known.of(&tag.name)))
    {
        return None;
    }
    let Change::Sign { tag, target, .. } = sign_again(tag, &[])? else { return None };
    Some(Candidate { tag, target, instead: None, unchecked: Some(failure.problem.clone()) })
}

/// Stages what would be signed; asks first where another image than the signed one is meant. Says that the registry could
/// not be asked, where that is so.
fn offer(state: &mut State, asked: &LookUp, candidates: Vec<Candidate>, unasked: Option<&Problem>) -> Vec<Effect> {
    let mut about = Vec::new();
    let mut changes = Vec::new();
    let is_alone = candidates.len() == 1;
    for candidate in candidates {
        let before = signed(state, &asked.gun, candidate.tag.as_str());
        // The title has said already which tag it is, and which image is which.
        let is_said = is_alone && candidate.instead.is_none();
        about.extend(difference(&candidate, before).into_iter().skip(usize::from(is_said)));
        let kept = before.filter(|tag| tag.digest == candidate.target.sha256);
        let mut target = candidate.target;
        if let Some(tag) = kept {
            (target.sha512, target.custom) = (tag.sha512.clone(), tag.custom.clone());
        }
        changes.push((asked.gun.clone(), Change::Sign { tag: candidate.tag, target, roles: asked.roles.clone() }));
    }
    let mut stage = staging::add(state, changes.clone());
    if let (Some(problem), Some(Effect::Stage { said, .. })) = (unasked, stage.first_mut()) {
        said.push_str(&format!(", not checked, the registry could not be asked: {}", problem.message));
    }
    if about.is_empty() {
        return stage;
    }
    let subject = match changes.as_slice() {
        [(gun, Change::Sign { tag, .. })] => format!("{}:{tag}", state.name_of(gun)),
        changes => format!("{} of {}", count(changes.len(), "tag", "tags"), state.name_of(&asked.gun)),
    };
    about.push("Pulls with content trust get what is signed until the new one is published.".to_owned());
    let replies = vec![
        Reply::new("stage it", "signs another image; reviewed first", stage),
        Reply::new("leave it", "what is signed stays signed", vec![]),
    ];
    let title = "Another image than the signed one".to_owned();
    state.dialogs.push(Dialog::Choose(Choose { title, subject, about, replies, ..Choose::default() }));
    vec![]
}

/// The digests below each other, if another image than before would be signed, or than the registry holds.
fn difference(candidate: &Candidate, before: Option<&TagView>) -> Vec<String> {
    let mut lines = Vec::new();
    let new = &candidate.target.sha256;
    if let Some(tag) = before.filter(|tag| tag.digest != *new) {
        lines.push(format!("{}, signed and to be signed:", candidate.tag));
        lines.push(format!("was {}", tag.digest));
        lines.push(format!("now {new}"));
    }
    if let Some(held) = &candidate.instead {
        lines.push(format!("{}, to be signed, and what the registry holds under the tag:", candidate.tag));
        lines.push(format!("sign {new}"));
        lines.push(format!("held {held}"));
    }
    lines
}
