//! What is staged in the story, and the plan for it.

use std::sync::Arc;

use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::plan::{KeyDiff, NeededKey, PlanWarning, PlannedChange, RoleDiff, TagEffect, Weight};
use trustdeck::engine::{Change, EntryId, Plan, PlanId, RepositoryPlan, Stage, StagedChange};
use trustdeck::tuf::{DelegationName, KeyType, PublicKey, Role, SignerName};
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Outcome;
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::state::State;

use super::scene::{ADMIN, BEN, NEW, OLD, api_tag_names, gun, id, now, role, tell};

fn staged(entry: u64, name: &str, change: Change) -> StagedChange {
    let server = "https://registry.example.com".to_owned();
    StagedChange { id: EntryId(entry), gun: gun(name), server, at: now(), change }
}

fn jeff() -> DelegationName {
    DelegationName::parse("targets/jeff").unwrap()
}

pub fn remove_ben() -> Change {
    Change::RemoveSigner { name: SignerName::parse("ben").unwrap() }
}

/// The key whose ID begins as [`NEW`] says.
fn new_key() -> PublicKey {
    PublicKey::new(KeyType::Ecdsa, b"jeff new laptop".to_vec())
}

fn replace_jeff() -> [Change; 3] {
    let removed =
        Change::EditDelegation { role: jeff(), remove_keys: vec![id(OLD.0)], remove_paths: vec![], clear_paths: false };
    let added = Change::AddDelegation { role: jeff(), keys: vec![new_key()], paths: vec![] };
    [added, Change::Witness { role: Role::releases() }, removed]
}

/// The stage of the story.
pub fn stage() -> Stage {
    let [added, again, removed] = replace_jeff();
    Stage {
        changes: vec![
            staged(1, "admin/demo", added),
            staged(2, "admin/demo", again),
            staged(3, "admin/demo", removed),
            staged(4, "admin/api", remove_ben()),
        ],
        undo: Some("remove signer ben from admin/api".to_owned()),
        ..Stage::default()
    }
}

fn diff(name: &str, version: (u64, u64), keys: Vec<KeyDiff>, why: &str, signs_with: &[&str]) -> RoleDiff {
    RoleDiff {
        role: role(name),
        version: (Some(version.0), Some(version.1)),
        mark: Mark::Resigned,
        why: vec![why.to_owned()],
        keys,
        threshold: (Some(1), Some(1)),
        paths: vec![],
        signed_by: vec![],
        signs_with: signs_with.iter().map(|s| (*s).to_owned()).collect(),
        loses_trust: false,
    }
}

fn key(mark: Mark, (first, label): (&str, &str)) -> KeyDiff {
    KeyDiff { mark, id: id(first), label: label.to_owned() }
}

fn planned(entry: u64, change: Change, mark: Mark, thing: &str, id: &str, roles: &[&str]) -> PlannedChange {
    PlannedChange {
        entry: EntryId(entry),
        comes_along: false,
        change,
        mark,
        thing: thing.to_owned(),
        roles: roles.iter().map(|r| role(r)).collect(),
        ids: vec![id.to_owned()].into_iter().filter(|i| !i.is_empty()).collect(),
        no_effect: None,
    }
}

fn unlock((first, label): (&str, &str), role_name: &str, signs: &[&str]) -> NeededKey {
    NeededKey::Unlock {
        id: id(first),
        label: label.to_owned(),
        role: role_name.to_owned(),
        locked: true,
        signs: signs.iter().map(|s| role(s)).collect(),
    }
}

fn repository(name: &str) -> RepositoryPlan {
    RepositoryPlan {
        gun: gun(name),
        name: name.to_owned(),
        server: "https://registry.example.com".to_owned(),
        data_of: Some("2026-11-22T14:01:00Z".parse().unwrap()),
        changes: vec![],
        roles: vec![],
        tags: TagEffect::default(),
        keys: vec![],
        unknown: vec![],
        warnings: vec![],
        failed: None,
        creates: false,
        deletes: false,
        republishes: false,
        effect: name.to_owned(),
    }
}

/// What is planned for `admin/demo`.
pub fn demo() -> RepositoryPlan {
    let both = ["targets/releases", "targets/jeff"];
    let [added, again, removed] = replace_jeff();
    let swapped = || vec![key(Mark::Added, NEW), key(Mark::Removed, OLD)];
    RepositoryPlan {
        changes: vec![
            planned(1, added, Mark::Added, "jeff new laptop", NEW.0, &both),
            planned(2, again, Mark::Resigned, "re-sign", "", &both),
            planned(3, removed, Mark::Removed, "jeff old laptop", OLD.0, &both),
        ],
        roles: vec![
            diff("targets", (7, 8), vec![], "lists other keys", &["admin laptop"]),
            diff("targets/releases", (31, 32), swapped(), "signed again", &["jeff new laptop"]),
            diff("targets/jeff", (12, 13), swapped(), "signed again", &["jeff new laptop"]),
        ],
        tags: TagEffect {
            before: 9,
            after: 9,
            vouched: ["2.9.7", "2.9.8", "3.0.1", "3.0.2", "3.1.4", "3.1.5", "3.1.6", "latest", "stable"]
                .map(str::to_owned)
                .to_vec(),
            ..TagEffect::default()
        },
        keys: vec![unlock(ADMIN, "targets", &["targets"]), unlock(NEW, "jeff", &both)],
        ..repository("admin/demo")
    }
}

fn api() -> RepositoryPlan {
    let fix = vec![Change::Witness { role: Role::releases() }];
    let mut releases = diff("targets/releases", (57, 57), vec![key(Mark::Removed, BEN)], "", &[]);
    (releases.loses_trust, releases.signed_by, releases.mark) = (true, vec!["ben".to_owned()], Mark::Kept);
    let mut gone = diff("targets/ben", (9, 9), vec![key(Mark::Removed, BEN)], "", &[]);
    (gone.version, gone.mark, gone.why) = ((Some(9), None), Mark::Removed, vec!["no longer reachable".to_owned()]);
    RepositoryPlan {
        changes: vec![planned(
            4,
            remove_ben(),
            Mark::Removed,
            "signer ben",
            BEN.0,
            &["targets/releases", "targets/ben"],
        )],
        roles: vec![diff("targets", (12, 13), vec![], "lists other keys", &["admin laptop"]), releases, gone],
        tags: TagEffect { before: 22, after: 0, orphaned: api_tag_names(), ..TagEffect::default() },
        keys: vec![unlock(ADMIN, "targets", &["targets"])],
        warnings: vec![PlanWarning {
            weight: Weight::Danger,
            headline: "22 tags orphaned".to_owned(),
            detail:
                "ben signed releases v57 last, and alone. Without his key all 22 tags are refused, not only the 5 he \
                     made."
                    .to_owned(),
            fix: Some((fix, "re-sign releases with jeff new laptop, same publish".to_owned())),
            remedy: None,
            is_attack: false,
        }],
        ..repository("admin/api")
    }
}

/// The plan of the story.
pub fn plan() -> Plan {
    Plan { id: PlanId("4f2a-91c0".to_owned()), repositories: vec![demo(), api()], elsewhere: vec![] }
}

/// The plan once the orphaned tags were mended.
pub fn mended() -> Plan {
    let mut plan = plan();
    let api = &mut plan.repositories[1];
    api.warnings.clear();
    api.tags = TagEffect { before: 22, after: 22, ..TagEffect::default() };
    api.keys = vec![unlock(ADMIN, "targets", &["targets"]), unlock(NEW, "jeff", &["targets/releases"])];
    api.roles[1] =
        diff("targets/releases", (57, 58), vec![key(Mark::Removed, BEN)], "signed again", &["jeff new laptop"]);
    api.changes.push(planned(
        5,
        Change::Witness { role: Role::releases() },
        Mark::Resigned,
        "re-sign",
        "",
        &["targets/releases"],
    ));
    plan
}

/// Tells the state what is staged, and the plan for it.
pub fn tell_stage(state: &mut State, stage: Stage, plan: Plan) {
    let said = Some(Told::new("staged", "remove signer ben from admin/api"));
    tell(state, Effect::ReadStage, Outcome::Staged { said, result: Ok(stage) });
    tell_plan(state, plan);
}

/// Tells the state a plan.
pub fn tell_plan(state: &mut State, plan: Plan) {
    tell(state, Effect::Plan, Outcome::Planned(Ok(Arc::new(plan))));
}
