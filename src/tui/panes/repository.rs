//! What is said about the repository under the cursor.

use super::detail::{Act, Detail};
use super::repositories::word_style;
use super::{lost, mend};
use crate::engine::Admission;
use crate::engine::trust::session::Freshness;
use crate::engine::view::{Finding, Health};
use crate::tui::kit::format;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::failure::Ask;
use crate::tui::state::actions::{Repositories, Wizard};
use crate::tui::state::binding::Action;
use crate::tui::state::{Repository, State, words};
use crate::tui::wizard;

/// Its state, what follows from it, and the keys that help.
pub(super) fn detail(state: &State) -> Option<Detail> {
    let repository = state.repository()?;
    let theme = state.theme;
    let mut detail = Detail { name: state.short_name(&repository.entry.name).to_owned(), ..Detail::default() };
    if let Some(failure) = &repository.failure {
        let problem = &failure.problem;
        detail.state = Some((words::failed(problem.kind).to_owned(), word_style(theme, repository.health())));
        detail.facts = vec![("what", problem.message.clone()), ("do", problem.hint.clone())];
        if let Some(ask) = &failure.ask {
            detail.acts.push(answers(state, ask));
        } else {
            detail.acts.push((state.key(Action::Refresh), "try again".to_owned(), String::new()));
        }
        remind(state, repository, &mut detail);
        detail.facts.extend(scene_note(state, repository));
        return Some(detail);
    }
    let view = repository.view.as_deref()?;
    if let Freshness::Cached { at, reason: Some(problem) } = &view.freshness {
        let age = at.map_or_else(
            || "of unknown age".to_owned(),
            |at| format!("{} old", format::span(-format::seconds_until(state.now, at))),
        );
        detail.facts.push(("cached", format!("{age}, because {}", problem.message)));
        // The key that logs in is named below.
        if problem.admission.is_none() {
            detail.facts.push(("do", problem.hint.clone()));
        }
    }
    if let Some(failure) = &repository.registry.failure {
        detail.facts.push(("registry", failure.problem.message.clone()));
    }
    detail.acts.extend(repository.question().iter().map(|ask| answers(state, ask)));
    match view.findings.first() {
        Some(finding) => {
            detail.state = Some((finding.headline.clone(), word_style(theme, finding.level)));
            detail.sentences.push(finding.detail.clone());
            if view.findings.len() > 1 {
                let other = |f: &Finding| format!("{}{}", f.headline, mend::elsewhere(state, f));
                let others: Vec<String> = view.findings.iter().skip(1).map(other).collect();
                detail.facts.push((mend::ALSO, others.join("; ")));
            }
        }
        None if view.health == Health::New => {
            detail.state = Some(("no trust data on the server".to_owned(), theme.quiet()));
            detail.sentences.push("Adding the first signer creates the repository: a root key is chosen or made, the server keeps snapshot and timestamp.".to_owned());
        }
        None => {
            let (signers, tags) = (view.signers(), view.trusted());
            let text = format!(
                "{}, {} trusted",
                format::count(signers, "signer", "signers"),
                format::count(tags, "tag", "tags")
            );
            detail.state = Some((text, theme.quiet()));
        }
    }
    if repository.registry.differences.tampered > 0 {
        let (what, why) = words::tampered(repository.registry.differences.tampered);
        detail.state = Some((what, theme.fail()));
        detail.sentences.insert(0, why);
        detail.acts.push((
            state.key(Action::Focus(Pane::Tags)),
            "look at the tags".to_owned(),
            "tampered ones have the key that helps".to_owned(),
        ));
    }
    if let Some(worst) = mend::of_repository(state) {
        mend::tell(state, &mut detail, worst, Pane::Repositories);
    }
    detail.acts.extend(lost::line(state, Pane::Repositories));
    detail.facts.extend(registry_fact(state, repository));
    let is_made = state.plan_of(&repository.entry.gun).is_some_and(|plan| plan.creates);
    if is_made {
        detail.acts.push(mend::publish(state, "what creates it is staged".to_owned()));
    } else if view.health == Health::New && state.closed_here().is_none() {
        let key = state.key(Action::Repositories(Repositories::AddSigner));
        detail.acts.push((key, "add the first signer".to_owned(), "creates the repository".to_owned()));
    }
    if view.foreign_changes > 0 {
        let changes = format::count(view.foreign_changes, "change", "changes");
        let key = state.key(Action::Repositories(Repositories::Foreign));
        detail.acts.push((key, format!("{changes} staged by notary"), "adopt, leave or drop".to_owned()));
    }
    remind(state, repository, &mut detail);
    detail.facts.extend(scene_note(state, repository));
    Some(detail)
}

/// The key that answers a question.
fn answers(state: &State, ask: &Ask) -> Act {
    let what = match ask {
        Ask::Admission(Admission::Login { .. }) => "or as somebody else; kept for this session",
        _ => "asks once, then remembered",
    };
    (state.key(Action::Repositories(Repositories::Answer)), words::question(ask).to_owned(), what.to_owned())
}

/// What is known of the registry, and since when.
fn registry_fact(state: &State, repository: &Repository) -> Option<(&'static str, String)> {
    let (registry, at) = (&repository.registry, repository.registry.at);
    let differs = registry.differences;
    let counts = [
        (differs.tampered, "tampered"),
        (differs.drifted, "drifted"),
        (differs.gone, "gone"),
        (differs.unsigned, "unsigned"),
    ];
    let some = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    let mut words: Vec<String> = some.collect();
    if !registry.is_compared() {
        words.push("not compared tag by tag".to_owned());
    } else if words.is_empty() && !repository.view.as_ref().is_some_and(|view| view.lost) {
        words.push("holds what is signed".to_owned());
    }
    match at {
        Some(at) => words.push(format!("asked {} ago", format::span(-format::seconds_until(state.now, at)))),
        None if differs.tampered == 0 => return None,
        None => {}
    }
    Some(("registry", words.join(", ")))
}

/// Wizards that wait here, with the key that goes on with them.
fn remind(state: &State, repository: &Repository, detail: &mut Detail) {
    for (title, next, due) in wizard::of_repository(state, &repository.entry.gun) {
        detail.acts.push((
            state.key(Action::Wizard(Wizard::Menu)),
            title,
            due.map_or(next, |what| format!("due: {what}")),
        ));
    }
}

/// What the sandbox showed with this repository when it began.
fn scene_note(state: &State, repository: &Repository) -> Option<(&'static str, String)> {
    let note = state.here.notes.get(repository.entry.gun.as_str())?;
    Some(("sandbox", (*note).to_owned()))
}
