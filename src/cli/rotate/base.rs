//! Begins a rotation or a renewal, or goes on with it: fills the stage, publishes if asked to, says what is left.

use jiff::SignedDuration;

use super::hand_over::write_hand_over;
use super::keys::{Chosen, with_key};
use super::new_key::find_all;
use crate::cli::arguments::{Publishing, Renew, RotateBase, RotateSigner};
use crate::cli::changes::signer_name;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::staging::stage;
use crate::cli::wanted::{Wanted, named};
use crate::cli::{Context, age, publish, published};
use crate::engine::reference::in_command;
use crate::engine::wizard::{
    Choice, Facts, Holder, Phase, RepositoryFacts, StepKind, StepState, StepView, Way, Wizard, changes, fingerprints,
    is_finished, phase, steps,
};
use crate::engine::{Freshness, Kind, Problem, RepositoryView, typed};
use crate::printable::printable;
use crate::tuf::{Gun, PublicKey, Role};

/// How long the same command is taken to ask whether it was finished.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Runs `renew`.
///
/// # Errors
/// As [`rotate`](super::rotate).
pub(in crate::cli) async fn renew(context: &Context, command: &Renew) -> Result<Ending, Problem> {
    let wizard = match typed::role(&command.role).map_err(named)? {
        Role::Root => Wizard::RenewRoot,
        role @ (Role::Targets | Role::Delegation(_)) => Wizard::RenewTargets { role },
        role => return Err(input(format!("{role} is signed anew at every publish"), "nothing needs to be done")),
    };
    let guns = repositories(context, &command.repositories)?;
    prepare(context, &guns, &command.publishing).await?;
    let choice = begin(context, wizard, guns)?;
    go_on(context, choice.into(), &command.publishing).await
}

pub(super) async fn rotate_base(context: &Context, role: &Role, base: &RotateBase) -> Result<Ending, Problem> {
    let here_only = matches!(role, Role::Root | Role::Targets);
    if here_only && base.server_managed {
        return Err(input(format!("a server never holds the {role} key"), "leave --server-managed out"));
    }
    if *role == Role::Timestamp && (base.local || !base.key.is_empty()) {
        return Err(input("only a server can hold the timestamp key", "leave --local and --key out"));
    }
    if *role != Role::Root && (base.same_root || base.legacy.is_some()) {
        return Err(input("--same-root and --legacy are for root", "leave them out"));
    }
    let mut guns = repositories(context, &base.repositories)?;
    prepare(context, &guns, &base.publishing).await?;
    let wizard = match role {
        Role::Root => Wizard::Root,
        Role::Targets => Wizard::Targets,
        Role::Timestamp => Wizard::Timestamp,
        _ => Wizard::Snapshot { holder: snapshot_holder(context, base, &guns)? },
    };
    let keys = find_all(context, &base.key).await?;
    if base.same_root {
        guns = with_same_root(context, guns).await?;
    }
    let mut choice = begin(context, wizard, guns)?;
    if let Some(count) = base.legacy {
        let versions = u64::try_from(count).ok();
        for gun in &choice.repositories {
            let at_hand = context.engine.keyring().keys_at_hand();
            let old = context.engine.trust().old_root_keys(gun, versions, &at_hand).await?;
            choice.legacy.insert(gun.clone(), old);
        }
    }
    let chosen = with_key(context, choice, keys, &base.publishing)?;
    if *role == Role::Root {
        say_same_root(context, &chosen.choice)?;
    }
    go_on(context, chosen, &base.publishing).await
}

pub(super) async fn rotate_signer(context: &Context, command: &RotateSigner) -> Result<Ending, Problem> {
    let signer = signer_name(&command.name)?;
    let guns = repositories(context, &command.repositories)?;
    prepare(context, &guns, &command.publishing).await?;
    let keys = find_all(context, &command.key).await?;
    let mut choice = begin(context, Wizard::DelegationKey { signer }, guns)?;
    choice.way = match (command.add_only, choice.way) {
        (_, Way::Colleague) => Way::Colleague,
        (true, _) => Way::TwoPublishes,
        (false, way) => way,
    };
    choice.remove_old = !command.add_only;
    let chosen = with_key(context, choice, keys, &command.publishing)?;
    let after = chosen.choice.clone();
    let ending = go_on(context, chosen, &command.publishing).await?;
    if let Some(path) = command.hand_over.as_ref().filter(|_| !command.publishing.dry_run) {
        write_hand_over(context, &context.engine.wizards().wizard_facts(&after)?, path)?;
    }
    Ok(ending)
}

/// Reads the names of repositories, each once.
///
/// # Errors
/// `Input`.
pub(super) fn repositories(context: &Context, typed: &[String]) -> Result<Vec<Gun>, Problem> {
    let mut guns: Vec<Gun> = Vec::new();
    for name in typed {
        let gun = context.repository(name)?;
        if !guns.contains(&gun) {
            guns.push(gun);
        }
    }
    Ok(guns)
}

/// Finds out how earlier publishes ended and what the servers hold now.
pub(super) async fn prepare(context: &Context, guns: &[Gun], publishing: &Publishing) -> Result<(), Problem> {
    publish::require_agreement(context, publishing)?;
    if !publishing.dry_run {
        published::say_resolved(context, &context.engine.publisher().resolve_interrupted().await?);
    }
    let is_sent = publishing.publish && !publishing.dry_run;
    let views = context.views(guns).await.into_values();
    let mut unread: Vec<Problem> = views.filter_map(|view| obstacle(view, is_sent)).collect();
    let last = unread.pop();
    unread.iter().for_each(|problem| context.console.problem(problem));
    last.map_or(Ok(()), Err)
}

/// Why nothing is begun, before a key is made: the repository cannot be read, or nothing can be sent to its server now.
fn obstacle(view: Result<RepositoryView, Problem>, is_sent: bool) -> Option<Problem> {
    match view {
        // What has expired can be renewed.
        Err(problem) => Some(problem).filter(|problem| problem.kind != Kind::Freeze),
        Ok(RepositoryView { gun, freshness: Freshness::Cached { reason: Some(reason), .. }, .. }) if is_sent => {
            Some(Problem { repository: Some(gun), ..reason })
        }
        Ok(_) => None,
    }
}

/// Without a flag, the snapshot key stays with whoever holds it.
fn snapshot_holder(context: &Context, base: &RotateBase, guns: &[Gun]) -> Result<Holder, Problem> {
    if base.server_managed {
        return Ok(Holder::Server);
    }
    if base.local || !base.key.is_empty() {
        return Ok(Holder::Here);
    }
    let choice = Choice::new(Wizard::Timestamp, guns.to_vec(), context.engine.now());
    let facts = context.engine.wizards().wizard_facts(&choice)?;
    let listed = facts.repositories.iter().filter_map(|repository| repository.role(&Role::Snapshot));
    let here: Vec<bool> = listed.map(|role| role.ids().iter().any(|id| facts.at_hand.contains(id))).collect();
    match (here.contains(&true), here.contains(&false)) {
        (true, true) => Err(input(
            "this machine holds the snapshot key of some of these repositories only",
            "say --server-managed or --local",
        )),
        (true, false) => Ok(Holder::Here),
        _ => Ok(Holder::Server),
    }
}

/// The repositories of a root rotation that was begun with these among them, else these and all others with their root
/// key: once some have the new key, the others are not found by it any more.
async fn with_same_root(context: &Context, guns: Vec<Gun>) -> Result<Vec<Gun>, Problem> {
    let begun = context
        .engine
        .wizards()
        .list()?
        .into_iter()
        .find(|choice| choice.wizard == Wizard::Root && guns.iter().all(|gun| choice.repositories.contains(gun)));
    let mut all = match begun {
        Some(begun) if !is_old_story(context, &begun) => begun.repositories,
        _ => {
            // One that nobody has looked at on this machine may have the same root too.
            let known: Vec<Gun> = context.engine.views().entries()?.into_iter().map(|entry| entry.gun).collect();
            context.views(&known).await;
            let facts = context.engine.wizards().wizard_facts(&Choice::new(
                Wizard::Root,
                guns.clone(),
                context.engine.now(),
            ))?;
            [guns, facts.same_root].concat()
        }
    };
    all.dedup();
    // What could not be read is said where its facts are used.
    context.views(&all).await;
    Ok(all)
}

/// Names other repositories that the old root key still serves.
fn say_same_root(context: &Context, choice: &Choice) -> Result<(), Problem> {
    let facts = context.engine.wizards().wizard_facts(choice)?;
    if !facts.same_root.is_empty() {
        let names: Vec<&str> = facts.same_root.iter().map(Gun::as_str).collect();
        let (names, first) =
            (names.join(", "), facts.repositories.first().map(|r| in_command(&r.gun)).unwrap_or_default());
        context.console.say(&format!(
            "the same root key serves {names} too; rotate them all with: trustdeck rotate root {first} --same-root"
        ));
    }
    Ok(())
}

/// The wizard as it was begun, or a new one with the roles as they are.
fn begin(context: &Context, wizard: Wizard, guns: Vec<Gun>) -> Result<Choice, Problem> {
    begin_with(context, context.engine.wizards().new_wizard(wizard, guns)?)
}

/// The wizard as it was begun, or this new one.
pub(super) fn begin_with(context: &Context, now: Choice) -> Result<Choice, Problem> {
    let begun = context.engine.wizards().begun_wizard(&now.wizard, &now.repositories)?;
    let Some(mut begun) = begun.filter(|begun| !is_old_story(context, begun)) else { return Ok(now) };
    let title = printable(&begun.wizard.title());
    context.console.note(&format!("going on: {title}, begun {}", age(context.engine.now(), begun.begun)));
    for (gun, before) in now.before {
        // Where the role could not be read at first.
        begun.before.entry(gun).or_insert(before);
    }
    Ok(begun)
}

/// Whether a wizard was finished some time ago, so that the same command means a new one.
fn is_old_story(context: &Context, choice: &Choice) -> bool {
    let age = context.engine.now().duration_since(choice.begun);
    age > REMEMBERED && context.engine.wizards().wizard_facts(choice).is_ok_and(|facts| is_finished(&facts))
}

/// Stages what leads on, publishes if asked to, and says what is left.
pub(super) async fn go_on(context: &Context, chosen: Chosen, publishing: &Publishing) -> Result<Ending, Problem> {
    let pretended: Vec<_> = chosen.pretended.iter().map(|(key, _)| key.canonical_id().clone()).collect();
    let facts = context.engine.wizards().wizard_facts_with(&chosen.choice, &pretended)?;
    if facts.repositories.iter().any(|repository| !matches!(phase(&facts, repository), Phase::Blocked(_))) {
        chosen.keep(context, publishing)?;
    }
    let Chosen { choice, pretended, shown } = chosen;
    let mut wanted = Wanted { pretended, shown, ..Wanted::of(Vec::new()) };
    for (gun, change) in changes(&facts) {
        match wanted.changes.last_mut() {
            Some((last, list)) if *last == gun => list.push(change),
            _ => wanted.changes.push((gun, vec![change])),
        }
    }
    for repository in &facts.repositories {
        if let Phase::Blocked(why) = phase(&facts, repository) {
            let absent = repository.state == Ok(None);
            let gun = repository.gun.clone();
            wanted.problems.push(match &repository.state {
                Err(problem) => Problem { repository: Some(gun), ..problem.clone() },
                Ok(_) if absent => context.engine.trust().nothing_there(&gun).problem(),
                Ok(_) => Problem {
                    repository: Some(gun),
                    ..input(why, "check the name; trustdeck delegation list shows who there is")
                },
            });
        }
    }
    let ending = if wanted.changes.is_empty() {
        if context.console.json {
            context.console.result_json(&serde_json::json!([]))?;
        }
        let succeeded = facts.repositories.len() - wanted.problems.len();
        Ending { problems: wanted.problems, succeeded, ..Ending::done() }
    } else {
        stage(context, wanted, publishing).await?
    };
    if publishing.dry_run {
        return Ok(ending);
    }
    say_state(context, &context.engine.wizards().wizard_facts(&choice)?)?;
    Ok(ending)
}

/// Whether the key that was chosen was the role's before.
fn keeps_its_keys(facts: &Facts, repository: &RepositoryFacts) -> bool {
    let chosen = facts.choice.keys.get(&repository.gun).map(|keys| keys.iter().map(PublicKey::canonical_id));
    let before = facts.choice.before.get(&repository.gun).map(|before| &before.keys);
    let (Some(mut chosen), Some(before)) = (chosen, before) else { return false };
    chosen.len() > 0 && chosen.all(|id| before.contains(id))
}

/// Says for each repository how far it is; forgets the wizard once nothing is left.
fn say_state(context: &Context, facts: &Facts) -> Result<(), Problem> {
    for repository in &facts.repositories {
        let state = match phase(facts, repository) {
            Phase::Done if keeps_its_keys(facts, repository) => {
                format!("it has this key already, and nothing was changed: {}", facts.choice.wizard.title())
            }
            Phase::Done => format!("done: {}", facts.choice.wizard.title()),
            Phase::Added => {
                "the new key is listed, and the old one too; run the command without --add-only to remove it".to_owned()
            }
            Phase::Waiting(roles) => {
                let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
                let (name, roles) = (in_command(&repository.gun), roles.join(" "));
                format!(
                    "waiting until whoever has the new key has run: trustdeck witness {name} {roles} --publish; then \
                     run this command again"
                )
            }
            Phase::ToDo(_) | Phase::Blocked(_) => continue,
        };
        context.console.say(&format!("{}: {state}", repository.name));
    }
    if is_finished(facts) {
        let changed = facts.repositories.iter().filter(|repository| !keeps_its_keys(facts, repository));
        let old = changed.filter_map(|repository| Some(&facts.choice.before.get(&repository.gun)?.keys)).flatten();
        let mut kept: Vec<&str> = old.filter(|id| facts.at_hand.contains(*id)).map(|id| id.short()).collect();
        kept.sort_unstable();
        kept.dedup();
        let replaces = facts.choice.wizard.needs_key() || facts.choice.wizard.role() == Role::Snapshot;
        if replaces && !kept.is_empty() {
            context.console.note(&format!("the old private key stays in the key store: {}", kept.join(" ")));
        }
        let is_backup = |step: &StepView| matches!(step.kind, StepKind::BackUp | StepKind::BackUpMade);
        for step in steps(facts).into_iter().filter(|step| is_backup(step) && step.state != StepState::Done) {
            step.commands.iter().for_each(|command| context.console.note(&format!("no tested backup yet: {command}")));
        }
        if matches!(facts.choice.wizard, Wizard::FirstSetup | Wizard::Root) {
            fingerprints(facts).iter().for_each(|line| context.console.say(line));
        }
        context.engine.wizards().forget_wizard(&facts.choice)?;
    }
    Ok(())
}
