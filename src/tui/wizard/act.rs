//! What the keys do.

use std::collections::{BTreeMap, BTreeSet};

use super::options::{self, Pick};
use super::{forms, words};
use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::engine::wizard::{Choice, First, RepositoryFacts, StepKind, Wizard, changes};
use crate::engine::{Change, EntryId, KeyView, StagedChange};
use crate::tuf::{CanonicalKeyId, Gun};
use crate::tui::dialogs::choose::{Choose, Reply};
use crate::tui::dialogs::{Dialog, Form, Page};
use crate::tui::forms::offers;
use crate::tui::kit::format::count;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::keywork::KeyWork;
use crate::tui::messages::wizard_task::{KeySource, Task};
use crate::tui::screens::review;
use crate::tui::state::binding::Action as Wanted;
use crate::tui::state::guide::{Footing, Guide, Saving};
use crate::tui::state::{Screen, State, actions, asking, staging};

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Wizard) -> Vec<Effect> {
    if action == actions::Wizard::Menu {
        return vec![Task::List.effect()];
    }
    let Some(guide) = &mut state.guide else { return vec![] };
    if matches!(action, actions::Wizard::Do | actions::Wizard::Skip | actions::Wizard::GiveUp)
        && (guide.saving.is_some() || state.jobs.is_writing_choice())
    {
        wait_for_choice(state);
        return vec![];
    }
    match action {
        actions::Wizard::Menu => {}
        actions::Wizard::Do => return enter(state),
        actions::Wizard::Toggle => toggle(state),
        actions::Wizard::All => {
            let all: BTreeSet<Gun> = guide.facts.repositories.iter().map(|r| r.gun.clone()).collect();
            if let Footing::Choosing(chosen) = &mut guide.phase {
                *chosen = if *chosen == all { BTreeSet::new() } else { all };
            }
        }
        actions::Wizard::Back => look_at(guide, guide.shown().saturating_sub(1)),
        actions::Wizard::Forward => look_at(guide, (guide.shown() + 1).min(guide.places().saturating_sub(1))),
        actions::Wizard::Skip => return skip(state),
        actions::Wizard::Why => why(state),
        actions::Wizard::Commands => {
            let page = Page::commands(state.here.shell.as_deref(), words::commands(guide));
            state.dialogs.push(Dialog::Page(page));
        }
        actions::Wizard::AskServer => return ask_servers(state),
        actions::Wizard::GiveUp => return give_up(state),
        actions::Wizard::Leave => {
            let saving = guide.saving.is_some();
            let kept = guide.phase == Footing::Walking && !guide.is_over();
            let title = guide.choice().wizard.title();
            let over = guide.is_over().then(|| Task::Forget(guide.choice().clone()));
            let unlisted = if kept { vec![] } else { nothing_there(guide) };
            let listed = stand_on_set_up(state);
            state.guide = None;
            state.screen = Screen::Main;
            // What is on its way to the disk is not kept yet; its answer says so.
            if kept && !saving {
                state.say(Tone::Note, "kept", format!("{title}; W goes on or gives up"));
            }
            let mut effects = unlist(state, unlisted);
            effects.extend(listed);
            effects.push(over.unwrap_or(Task::Remind).effect());
            return effects;
        }
    }
    vec![]
}

/// Once a set-up has published, the list stands on what was set up, as on a repository that was added.
pub(super) fn stand_on_set_up(state: &mut State) -> Option<Effect> {
    let guide = state.guide.as_ref()?;
    let is_set_up = guide.choice().wizard == Wizard::FirstSetup && guide.is_sent();
    state.here.wanted = Some(guide.guns().into_iter().next().filter(|_| is_set_up)?);
    Some(Effect::ListEntries)
}

/// What this wizard has staged, and is staged still.
#[must_use]
pub(super) fn own_entries(state: &State, guide: &Guide) -> Vec<EntryId> {
    let wanted = wanted(guide);
    let is_own = |staged: &&StagedChange| wanted.iter().any(|(gun, c)| *gun == staged.gun && *c == staged.change);
    state.stage.changes.iter().filter(is_own).map(|staged| staged.id).collect()
}

/// What this wizard would stage, or has staged.
pub(super) fn wanted(guide: &Guide) -> Vec<(Gun, Change)> {
    changes(&guide.facts)
}

/// Stages again what the wizard staged and was taken back, and nothing else.
pub fn redo(state: &mut State) -> Vec<Effect> {
    let own = state.guide.as_ref().map(wanted).unwrap_or_default();
    vec![Effect::RedoOnly(own)]
}

/// Takes back what the wizard staged, and nothing else.
pub fn undo(state: &mut State) -> Vec<Effect> {
    let own = state.guide.as_ref().map(|guide| own_entries(state, guide)).unwrap_or_default();
    vec![Effect::UndoOnly(own)]
}

/// Repositories that a set-up listed and that have no trust data, with what is staged for them.
fn bare(guide: &Guide) -> impl Iterator<Item = (Gun, &[Change])> {
    let is_bare = move |r: &&RepositoryFacts| guide.choice().wizard == Wizard::FirstSetup && r.state == Ok(None);
    guide.facts.repositories.iter().filter(is_bare).map(|r| (r.gun.clone(), r.staged.as_slice()))
}

/// Those of them for which nothing is staged either.
fn nothing_there(guide: &Guide) -> Vec<Gun> {
    bare(guide).filter(|(_, staged)| staged.is_empty()).map(|(gun, _)| gun).collect()
}

/// Those of them for which nobody else has staged anything: nothing is left of them once the wizard's own is dropped.
fn of_wizard_alone(guide: &Guide) -> Vec<Gun> {
    let wanted = changes(&guide.facts);
    let is_own = |gun: &Gun, change: &Change| wanted.iter().any(|(of, own)| of == gun && own == change);
    bare(guide).filter(|(gun, staged)| staged.iter().all(|change| is_own(gun, change))).map(|(gun, _)| gun).collect()
}

/// Takes repositories off the list that nothing came of; undo brings them back.
fn unlist(state: &mut State, guns: Vec<Gun>) -> Vec<Effect> {
    if !guns.is_empty() {
        state.known.taken_off.push(guns.clone());
    }
    guns.into_iter().map(Effect::RemoveEntry).collect()
}

/// Forgets the wizard; asks what shall become of what it staged, if that is anything.
pub(super) fn give_up(state: &mut State) -> Vec<Effect> {
    let Some(guide) = &state.guide else { return vec![] };
    let choice = guide.choice().clone();
    let entries = own_entries(state, guide);
    if entries.is_empty() {
        let unlisted = nothing_there(guide);
        if !unlisted.is_empty() {
            state.known.taken_off.push(unlisted.clone());
        }
        return vec![Task::Abandon(choice, unlisted).effect()];
    }
    let staged = count(entries.len(), "change", "changes");
    let is_one = entries.len() == 1;
    let forget = |unlisted| Task::Abandon(choice.clone(), unlisted).effect();
    let dropped = vec![Effect::Drop { entries, said: staged.clone() }, forget(of_wizard_alone(guide))];
    let them = if is_one { "it" } else { "them" };
    let replies = vec![
        Reply::new(
            format!("give up and drop {them}"),
            format!("{} brings {them} back", state.key(Wanted::Undo)),
            dropped,
        ),
        Reply::new(
            format!("give up, keep {them} staged"),
            format!("{} reviews {them}", state.key(Wanted::Review)),
            vec![forget(vec![])],
        ),
    ];
    let sent = if guide.is_sent() { "What it has published before stays." } else { "Nothing was sent." };
    let about = vec![format!("It has staged {staged}. {sent}")];
    let (title, subject) = ("Give the wizard up".to_owned(), guide.choice().wizard.title());
    state.dialogs.push(Dialog::Choose(Choose { title, subject, about, replies, ..Choose::default() }));
    vec![]
}

/// The answer comes in a moment; what would follow from it does not begin before, or one would overwrite the other.
pub(super) fn wait_for_choice(state: &mut State) {
    state.say(Tone::Note, "saving", "what was chosen; press it again in a moment");
}

fn why(state: &mut State) {
    let Some(guide) = &state.guide else { return };
    let page = Page { title: words::title(guide), lines: words::page(state, guide), offset: 0 };
    state.dialogs.push(Dialog::Page(page));
}

fn look_at(guide: &mut Guide, place: usize) {
    let next = guide.next().unwrap_or(guide.steps.len());
    guide.at = (place != next).then_some(place);
    guide.cursor = None;
}

/// Takes the repository under the cursor in or out; a choice that excludes others is marked where the cursor is.
fn toggle(state: &mut State) {
    let Some(guide) = &mut state.guide else { return };
    let under = guide.facts.repositories.get(guide.cursor.unwrap_or(0)).map(|r| r.gun.clone());
    if let (Footing::Choosing(chosen), Some(gun)) = (&mut guide.phase, under)
        && !chosen.remove(&gun)
    {
        chosen.insert(gun);
    }
}

/// Asks the servers about the repositories it is about.
fn ask_servers(state: &mut State) -> Vec<Effect> {
    let guns = state.guide.as_ref().map(Guide::guns).unwrap_or_default();
    if let Some(guide) = &mut state.guide {
        (guide.stale, guide.asked) = (true, guide.phase == Footing::Walking);
    }
    let asked: Vec<Effect> = guns.iter().filter_map(|gun| asking::once(state, gun, Effect::Refresh)).collect();
    asked.into_iter().chain(state.keyring.tokens.is_some().then_some(Effect::LookForTokens)).collect()
}

fn enter(state: &mut State) -> Vec<Effect> {
    let Some(guide) = &mut state.guide else { return vec![] };
    if let Footing::Choosing(chosen) = &guide.phase {
        // In the order they are listed.
        let listed = guide.facts.repositories.iter().map(|r| r.gun.clone());
        guide.phase = Footing::Beginning(listed.filter(|gun| chosen.contains(gun)).collect());
        return ask_servers(state);
    }
    let Some(guide) = &state.guide else { return vec![] };
    let at = options::cursor(state, guide);
    let Some(option) = options::of(state, guide).into_iter().nth(at) else { return vec![] };
    let choice = guide.choice().clone();
    match option.pick {
        Pick::Repository(_) => vec![],
        Pick::MakeKey => form(state, forms::make),
        Pick::MakeOnToken => {
            form(state, forms::make_on_token);
            vec![Effect::LookForTokens]
        }
        Pick::LoadKey => form(state, forms::load),
        Pick::ColleaguesKey => form(state, forms::colleague),
        Pick::BackUp => form(state, forms::back_up),
        Pick::MakeSigner => form(state, forms::make_signer),
        Pick::MakeSignerOnToken => {
            form(state, forms::make_signer_on_token);
            vec![Effect::LookForTokens]
        }
        Pick::TokenSigner(name, id) => vec![Task::Signer(choice, name, KeySource::Stored(id, None)).effect()],
        Pick::ColleagueSigner => form(state, forms::colleague_signer),
        Pick::SignTag => form(state, forms::sign_tag),
        Pick::HandOver => form(state, forms::hand_over),
        Pick::RootKey(root_key) => {
            let first = First { root_key: Some(root_key), ..choice.first.clone() };
            keep(state, Choice { first, ..choice })
        }
        Pick::WithoutTags => {
            let first = First { without_tags: true, tags: BTreeMap::new(), ..choice.first.clone() };
            keep(state, Choice { first, ..choice })
        }
        Pick::RemoveOld => stage(state, Choice { remove_old: true, ..choice }),
        Pick::StoredKey(id) => stored(state, id),
        Pick::WithoutBackup => keep(state, Choice { without_backup: true, ..choice }),
        Pick::Stage(way) => {
            let choice = Choice { way, ..choice };
            stage(state, choice)
        }
        Pick::Review => open_review(state),
        Pick::TheyKnow => keep(state, Choice { told: true, ..choice }),
        Pick::AskServer => ask_servers(state),
        Pick::Answer(gun) => {
            let dialog = offers::answer(state, &gun);
            state.dialogs.extend(dialog);
            vec![]
        }
        // The rules of the keys pane hold here too: what is lost, and whether a backup was tested.
        Pick::RemoveKey(id) => vec![Effect::Key(KeyWork::AskRemoval(id))],
        Pick::Finish => vec![Task::Forget(choice).effect()],
    }
}

fn form(state: &mut State, open: fn(&State, &Guide) -> Form) -> Vec<Effect> {
    let form = state.guide.as_ref().map(|guide| open(state, guide));
    state.dialogs.extend(form.map(Dialog::Form));
    vec![]
}

fn stored(state: &mut State, id: CanonicalKeyId) -> Vec<Effect> {
    let Some(guide) = &state.guide else { return vec![] };
    // What is on a token tells its public half without a PIN.
    let in_file = |k: &KeyView| !matches!(k.place, KeyPlace::Token(_));
    let locked = state.keyring.keys.iter().any(|k| k.id == id && k.state == KeyState::Locked && in_file(k));
    if !locked {
        return vec![Task::Key(guide.choice().clone(), KeySource::Stored(id, None)).effect()];
    }
    let form = forms::unlock(state, guide, id);
    state.dialogs.push(Dialog::Form(form));
    vec![]
}

/// Keeps another choice; it is taken once it is on disk.
fn keep(state: &mut State, choice: Choice) -> Vec<Effect> {
    save(state, choice, false)
}

fn save(state: &mut State, choice: Choice, then_stage: bool) -> Vec<Effect> {
    let since = state.now;
    if let Some(guide) = &mut state.guide {
        guide.saving = Some(Saving { choice: choice.clone(), then_stage, since });
    }
    vec![Task::Keep(choice).effect()]
}

/// Puts what leads on into the stage, once the choice is kept.
fn stage(state: &mut State, choice: Choice) -> Vec<Effect> {
    match &state.guide {
        Some(guide) if *guide.choice() != choice => save(state, choice, true),
        _ => fill(state),
    }
}

/// Fills the stage; what is there already is not staged twice.
pub(super) fn fill(state: &mut State) -> Vec<Effect> {
    let Some(guide) = &state.guide else { return vec![] };
    let facts = &guide.facts;
    let is_staged =
        |gun: &Gun, change: &Change| facts.repositories.iter().any(|r| r.gun == *gun && r.staged.contains(change));
    let wanted: Vec<_> = changes(facts).into_iter().filter(|(gun, change)| !is_staged(gun, change)).collect();
    if wanted.is_empty() {
        state.say(Tone::Note, "stage", "there is nothing to stage now");
    }
    staging::add(state, wanted)
}

/// The review of what the wizard staged; what else is staged is left out until it is taken in.
pub(super) fn open_review(state: &mut State) -> Vec<Effect> {
    let guns = state.guide.as_ref().map(Guide::guns).unwrap_or_default();
    let effects = review::open(state);
    let others: BTreeSet<Gun> =
        state.stage.changes.iter().map(|c| c.gun.clone()).filter(|gun| !guns.contains(gun)).collect();
    if let Screen::Review(review) = &mut state.screen {
        review.left_out = others;
    }
    effects
}

fn skip(state: &mut State) -> Vec<Effect> {
    let Some(guide) = &state.guide else { return vec![] };
    let choice = guide.choice().clone();
    match guide.open_step().map(|step| step.kind) {
        Some(StepKind::BackUp | StepKind::BackUpMade) => keep(state, Choice { without_backup: true, ..choice }),
        Some(StepKind::HandOver) => keep(state, Choice { told: true, ..choice }),
        Some(StepKind::Retire) => vec![Task::Forget(choice).effect()],
        _ => vec![],
    }
}
