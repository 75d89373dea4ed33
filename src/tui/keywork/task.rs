//! Tasks on keys of several steps: look at the keys, ask for passphrases one by one, do it, report.
//!
//! Invariant: nothing is written before the last question is answered; leaving at any of them changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{asks, report, words};
use crate::engine::custody::backup::Archive;
use crate::engine::custody::load::KeySet;
use crate::engine::{Kind, NewPassphrase, Passphrase};
use crate::tuf::CanonicalKeyId;
use crate::tui::dialogs::label::Label;
use crate::tui::dialogs::prompt::{Prompt, What};
use crate::tui::dialogs::{Dialog, Form, Working};
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::messages::keywork::{Closed, Held, KeyFound, KeyWork, Look, ToLoad};
use crate::tui::state::key_task::{Aim, KeyTask};
use crate::tui::state::{State, words as in_words};

/// Begins a task that starts with looking at keys.
pub fn begin(state: &mut State, form: Form, job: Aim, keys: Vec<Closed>) -> Vec<Effect> {
    let first = match &job {
        Aim::OpenBackup(file) => KeyWork::OpenBackup(file.clone(), None),
        _ => KeyWork::Try { keys: keys.iter().cloned().enumerate().collect(), typed: None },
    };
    let words = if matches!(job, Aim::OpenBackup(_)) { "reading the backup" } else { "looking at the keys" };
    state.key_task = Some(KeyTask {
        job,
        form,
        keys,
        looks: BTreeMap::new(),
        skipped: BTreeSet::new(),
        new: None,
        asking: None,
        asked: (0, 0),
        progress: None,
    });
    work(state, words, first)
}

/// Begins to load what a file holds.
///
/// # Errors
/// The form again, if it has to ask for more.
pub fn begin_load(
    state: &mut State,
    form: Form,
    set: Held<KeySet>,
    gun: Option<String>,
) -> Result<Vec<Effect>, Box<Form>> {
    let name = form.text(Label::Name).to_owned();
    let needs_name = set.inner().keys.iter().find(|key| words::role_of(set.inner(), key, &name).0.is_empty());
    if let Some(key) = needs_name {
        let which =
            if set.inner().keys.len() > 1 { format!("key {} of the file", key.place) } else { "the key".to_owned() };
        return Err(Box::new(
            form.refused(format!("{which} does not say whose it is: type the signer's name, or root"), Label::Name),
        ));
    }
    let of_one = |key: &&crate::engine::custody::load::FoundKey| {
        matches!(words::role_of(set.inner(), key, &name).0.as_str(), "targets" | "snapshot") && key.gun.is_none()
    };
    if let (Some(key), None) = (set.inner().keys.iter().find(of_one), &gun) {
        let (role, _) = words::role_of(set.inner(), key, &name);
        let words = format!("a {role} key belongs to one repository, and this file does not say which");
        return Err(Box::new(form.refused(words, Label::Repository)));
    }
    let keys = (0..set.inner().keys.len()).map(|at| Closed::InFile(set.clone(), at)).collect();
    Ok(begin(state, form, Aim::Load { set, name, gun }, keys))
}

/// Takes what the engine found, if a task waits for it.
pub fn take(state: &mut State, found: KeyFound) -> Vec<Effect> {
    let Some(mut task) = state.key_task.take() else { return vec![] };
    task.progress = None;
    let top = state.dialogs.pop_if(|d| matches!(d, Dialog::Working(_) | Dialog::Prompt(_)));
    match found {
        KeyFound::Tried(looks, other) => return tried(state, task, top, looks, other),
        KeyFound::Sealed => return sealed(state, task),
        KeyFound::Backup(Ok(archive)) => return opened(state, task, archive),
        KeyFound::Backup(Err(failure)) => return refused(state, task, top, &failure),
        KeyFound::Loaded(all) => {
            let Aim::Load { set, .. } = &task.job else { return vec![] };
            state.dialogs.push(Dialog::Report(report::loaded(state, set.inner(), &task.looks, &all)));
        }
        KeyFound::BackedUp(Ok(backup)) => state.dialogs.push(Dialog::Report(report::backed_up(state, &backup))),
        KeyFound::BackedUp(Err(failure)) => state.dialogs.push(Dialog::Form(task.form.failed(&state.told(&failure)))),
        KeyFound::Restored(all) => {
            let Aim::Restore { archive, .. } = &task.job else { return vec![] };
            state.dialogs.push(Dialog::Report(report::restored(state, archive.inner(), &all)));
        }
        _ => {}
    }
    vec![Effect::ListKeys, Effect::CheckKeyFiles]
}

fn tried(
    state: &mut State,
    mut task: KeyTask,
    top: Option<Dialog>,
    looks: Vec<(usize, Look)>,
    other: Option<CanonicalKeyId>,
) -> Vec<Effect> {
    task.looks.extend(looks);
    let missed = task.asking.filter(|at| task.looks.get(at) == Some(&Look::Locked));
    if let (Some(_), Some(Dialog::Prompt(mut prompt))) = (missed, top) {
        prompt.wrong(other.map(|id| in_words::key_name(state, &id, id.short())));
        state.dialogs.push(Dialog::Prompt(prompt));
        state.key_task = Some(task);
        return vec![];
    }
    next(state, task)
}

/// Asks the next question, or does what was asked for.
fn next(state: &mut State, mut task: KeyTask) -> Vec<Effect> {
    let locked: Vec<usize> = task.locked();
    if task.asked.1 == 0 {
        task.asked.1 = locked.len() + usize::from(needs_new(&task));
    }
    // One passphrase may have opened several.
    task.asked.0 = task.asked.1.saturating_sub(locked.len() + usize::from(needs_new(&task)));
    let ask = match locked.first() {
        Some(at) => task.ask_for(state, *at),
        None if needs_new(&task) => Some(task.ask_new()),
        None => None,
    };
    if let Some(ask) = ask {
        task.asking = locked.first().copied();
        let (number, total) = (task.asked.0 + 1, task.asked.1.max(task.asked.0 + 1));
        state.dialogs.push(Dialog::Prompt(Prompt::new(What::Ask(ask), number, total)));
        state.key_task = Some(task);
        return vec![];
    }
    task.asking = None;
    let (words, last) = last(&task);
    state.key_task = Some(task);
    work(state, words, last)
}

fn work(state: &mut State, words: &'static str, work: KeyWork) -> Vec<Effect> {
    let title = state.key_task.as_ref().map_or("", |task| task.job.title());
    state.dialogs.push(Dialog::Working(Working { title, words, since: state.now }));
    vec![Effect::Key(work)]
}

/// A passphrase was typed for what is asked for; the prompt stays open until it is known whether it fits.
pub fn typed(state: &mut State, passphrase: Passphrase) -> Vec<Effect> {
    let Some(task) = &state.key_task else { return vec![] };
    if let Aim::OpenBackup(file) = &task.job {
        return vec![Effect::Key(KeyWork::OpenBackup(file.clone(), Some(passphrase)))];
    }
    let keys = task.locked().into_iter().filter_map(|at| Some((at, task.keys.get(at)?.clone()))).collect();
    vec![Effect::Key(KeyWork::Try { keys, typed: Some(passphrase) })]
}

/// A new passphrase was typed twice.
pub fn chosen(state: &mut State, passphrase: NewPassphrase) -> Vec<Effect> {
    let Some(mut task) = state.key_task.take() else { return vec![] };
    task.new = Some(passphrase);
    next(state, task)
}

/// Goes on without the passphrase of the key that is asked for.
pub fn skip(state: &mut State) -> Vec<Effect> {
    let Some(mut task) = state.key_task.take() else { return vec![] };
    task.skipped.extend(task.asking);
    next(state, task)
}

/// Leaves a task; what was typed is forgotten.
pub fn cancel(state: &mut State) -> Vec<Effect> {
    state.jobs.forget_key_work();
    let Some(task) = state.key_task.take() else { return vec![] };
    state.dialogs.push(Dialog::Form(task.form));
    vec![Effect::StopKeyWork]
}

/// A backup needs its own passphrase.
fn sealed(state: &mut State, mut task: KeyTask) -> Vec<Effect> {
    let Aim::OpenBackup(file) = &task.job else { return vec![] };
    let ask = asks::sealed(file);
    task.asked = (0, 0);
    state.dialogs.push(Dialog::Prompt(Prompt::new(What::Ask(ask), 1, 1)));
    state.key_task = Some(task);
    vec![]
}

fn refused(state: &mut State, task: KeyTask, top: Option<Dialog>, failure: &Failure) -> Vec<Effect> {
    match top {
        Some(Dialog::Prompt(mut prompt)) if failure.problem.kind == Kind::Passphrase => {
            prompt.wrong(None);
            state.dialogs.push(Dialog::Prompt(prompt));
            state.key_task = Some(task);
        }
        _ => state.dialogs.push(Dialog::Form(task.form.failed(&state.told(failure)))),
    }
    vec![]
}

/// A backup is open: what is in it is shown before anything is asked.
fn opened(state: &mut State, mut task: KeyTask, archive: Held<Archive>) -> Vec<Effect> {
    let Aim::OpenBackup(file) = &task.job else { return vec![] };
    let report = report::contents(state, archive.inner(), file);
    task.job = Aim::Restore { file: file.clone(), archive };
    state.dialogs.push(Dialog::Report(report));
    state.key_task = Some(task);
    vec![]
}

/// The user wants what the backup has and the store has not.
pub fn restore(state: &mut State) -> Vec<Effect> {
    let Some(KeyTask { job: Aim::Restore { file, archive }, form, .. }) = state.key_task.take() else { return vec![] };
    let wanted = archive.inner().keys.iter().enumerate().filter(|(_, key)| words::is_missing(&key.standing));
    let keys: Vec<Closed> = wanted.map(|(at, _)| Closed::InBackup(archive.clone(), at)).collect();
    begin(state, form, Aim::Restore { file, archive }, keys)
}

/// Whether keys come in that have no passphrase.
fn needs_new(task: &KeyTask) -> bool {
    matches!(task.job, Aim::Load { .. }) && task.new.is_none() && task.looks.values().any(Look::is_bare)
}

/// What is done once all is known, in words and as work.
fn last(task: &KeyTask) -> (&'static str, KeyWork) {
    let with = |at: usize| match task.looks.get(&at) {
        Some(Look::Open { with, .. }) => with.clone(),
        _ => None,
    };
    match &task.job {
        Aim::Load { set, name, gun } => {
            let open = |at: &usize| matches!(task.looks.get(at), Some(Look::Open { .. }));
            let keys = (0..set.inner().keys.len()).filter(open).filter_map(|at| {
                let found = set.inner().keys.get(at)?;
                let keeps = with(at).and_then(|with| NewPassphrase::new(with).ok()).or_else(|| task.new.clone());
                let (role, naming) = words::role_of(set.inner(), found, name);
                let of_one = matches!(role.as_str(), "targets" | "snapshot" | "timestamp");
                let gun = found.gun.clone().or_else(|| gun.clone().filter(|_| of_one));
                Some(ToLoad { at, role, naming, gun, opens: with(at), keeps })
            });
            ("storing the keys", KeyWork::Load { set: set.clone(), keys: keys.collect() })
        }
        Aim::BackUp { keys, form, file } => {
            let known = keys.iter().enumerate().filter_map(|(at, id)| Some((id.clone(), with(at)?)));
            let work = KeyWork::BackUp {
                keys: keys.clone(),
                passphrases: known.collect(),
                form: form.clone(),
                file: file.clone(),
            };
            ("writing the file, opening it again, unlocking every key in it", work)
        }
        Aim::OpenBackup(file) => ("reading the backup", KeyWork::OpenBackup(file.clone(), None)),
        Aim::Restore { archive, .. } => {
            let place = |(number, key): (usize, &Closed)| match key {
                Closed::InBackup(_, at) => Some((*at, with(number))),
                _ => None,
            };
            let keys = task.keys.iter().enumerate().filter_map(place).collect();
            ("writing the keys, unlocking each", KeyWork::Restore { archive: archive.clone(), keys })
        }
    }
}

/// Says that work was stopped.
pub fn say_stopped(state: &mut State) {
    state.say(Tone::Note, "stopped", "nothing more is done; the list shows what is there");
}
