//! Wizards of the story, at each of their moments, as the engine would find them.

use std::collections::{BTreeMap, BTreeSet};

use trustdeck::engine::view::keys::{KeyPlace, KeyState};
use trustdeck::engine::wizard::{
    Choice, Facts, Holder, RepositoryFacts, RoleBefore, RoleFacts, ServerState, Way, Wizard, changes,
};
use trustdeck::engine::{Change, EntryId, KeyView, Stage, StagedChange};
use trustdeck::tuf::{CanonicalKeyId, Gun, KeyType, PublicKey, Role, SignerName};
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Outcome, Source};
use trustdeck::tui::messages::wizard_task::{KeySource, Learned, Task};
use trustdeck::tui::state::{State, Work};

use super::scene::{gun, in_days, keys, now, role, tell};
use super::tokens::place;

/// A key that is the same in every run.
pub fn public(name: &str) -> PublicKey {
    PublicKey::new(KeyType::Ecdsa, name.as_bytes().to_vec())
}

pub fn signer() -> SignerName {
    SignerName::parse("jeff").unwrap()
}

fn canonical(name: &str) -> CanonicalKeyId {
    public(name).canonical_id().clone()
}

/// Keys of the wizards' story: file in the store, label, role.
const KEYS: [(&str, &str); 7] = [
    ("release-board", "root"),
    ("root 2027", "root"),
    ("admin laptop", "targets"),
    ("targets 2027", "targets"),
    ("jeff old laptop", "jeff"),
    ("jeff new laptop", "jeff"),
    ("snapshot 2027", "snapshot"),
];

fn key_view(name: &str, of: &str) -> KeyView {
    let template = keys().remove(0);
    KeyView {
        id: canonical(name),
        label: name.to_owned(),
        role: of.to_owned(),
        place: KeyPlace::File(format!("/keys/{name}.key").into()),
        state: KeyState::Locked,
        used_in: vec![],
        ..template
    }
}

fn listing(names: &[&str], version: u64) -> RoleFacts {
    RoleFacts {
        keys: names.iter().map(|name| public(name)).collect(),
        threshold: 1,
        signed_by: names.iter().take(1).map(|name| canonical(name)).collect(),
        version: Some(version),
        trusted: true,
    }
}

fn roles(jeff: &[&str]) -> BTreeMap<Role, RoleFacts> {
    BTreeMap::from([
        (Role::Root, listing(&["release-board"], 3)),
        (Role::Targets, listing(&["admin laptop"], 7)),
        (Role::Snapshot, listing(&["server snapshot"], 88)),
        (Role::Timestamp, listing(&["server timestamp"], 901)),
        (Role::releases(), listing(jeff, 31)),
        (role("targets/jeff"), listing(jeff, 12)),
    ])
}

fn there(jeff: &[&str], tags: usize) -> RepositoryFacts {
    let found = ServerState { roles: roles(jeff), tags, first_tags: BTreeSet::new(), verified_at: Some(now()) };
    repository("admin/demo", Some(found))
}

fn repository(name: &str, found: Option<ServerState>) -> RepositoryFacts {
    RepositoryFacts {
        gun: gun(name),
        name: format!("registry.example.com/{name}"),
        server: "https://registry.example.com".to_owned(),
        state: Ok(found),
        staged: vec![],
        blocked: None,
        at_risk: 0,
        in_flight: false,
    }
}

/// Facts about a wizard that was just begun.
pub fn begun(wizard: Wizard) -> Facts {
    let repositories = match wizard {
        Wizard::FirstSetup => vec![repository("team/new-service", None)],
        _ => vec![there(&["jeff old laptop"], 9)],
    };
    let guns: Vec<Gun> = repositories.iter().map(|r| r.gun.clone()).collect();
    let mut choice = Choice::new(wizard, guns, in_days(-1));
    for repository in &repositories {
        if let Some(role) = repository.role(&choice.wizard.role()) {
            let before = RoleBefore { keys: role.ids().into_iter().collect(), version: role.version };
            choice.before.insert(repository.gun.clone(), before);
        }
    }
    let at_hand = ["release-board", "admin laptop", "jeff old laptop"].map(canonical).into();
    let backed_up = BTreeSet::from([canonical("release-board")]);
    let (on_token, away, same_root, elsewhere) = Default::default();
    Facts { choice, at_hand, backed_up, on_token, away, repositories, same_root, elsewhere, now: now() }
}

/// The key that a wizard brings in.
pub fn new_name(wizard: &Wizard) -> &'static str {
    match wizard.role() {
        Role::Root => "root 2027",
        Role::Targets => "targets 2027",
        Role::Snapshot => "snapshot 2027",
        _ => "jeff new laptop",
    }
}

/// Its new key was chosen; its private half is here or a colleague's.
pub fn keyed(mut facts: Facts) -> Facts {
    let name = new_name(&facts.choice.wizard);
    facts.choice.use_keys(&[public(name)]);
    if facts.choice.way != Way::Colleague {
        facts.at_hand.insert(canonical(name));
    }
    facts
}

/// Its new key has a tested backup.
pub fn backed_up(mut facts: Facts) -> Facts {
    facts.backed_up.insert(canonical(new_name(&facts.choice.wizard)));
    facts
}

/// Its new key is on the token `board`, and nowhere else.
pub fn on_token(mut facts: Facts) -> Facts {
    facts.on_token.insert(canonical(new_name(&facts.choice.wizard)), "board".to_owned());
    facts
}

/// What leads on is staged.
pub fn staged(mut facts: Facts) -> Facts {
    for (gun, change) in changes(&facts) {
        for repository in facts.repositories.iter_mut().filter(|r| r.gun == gun) {
            repository.staged.push(change.clone());
        }
    }
    facts
}

/// The server lists these keys for the signer, and whoever stands first has signed.
pub fn published(mut facts: Facts, jeff: &[&str]) -> Facts {
    let tags = facts.repositories[0].there().map_or(0, |there| there.tags);
    facts.repositories = vec![there(jeff, tags)];
    facts
}

/// The server lists another key for a base role, or has a newer file.
pub fn rotated(mut facts: Facts) -> Facts {
    let role = facts.choice.wizard.role();
    let name = match facts.choice.wizard {
        Wizard::RenewRoot => "release-board",
        Wizard::RenewTargets { .. } => "admin laptop",
        Wizard::Timestamp | Wizard::Snapshot { holder: Holder::Server } => "server key 2027",
        ref wizard => new_name(wizard),
    };
    let mut there = there(&["jeff old laptop"], 9);
    if let Ok(Some(found)) = &mut there.state {
        let version = found.roles[&role].version.unwrap_or_default() + 1;
        found.roles.insert(role, listing(&[name], version));
    }
    facts.repositories = vec![there];
    facts
}

/// The machines and people that sign have its new key, as the user says.
pub fn handed_over(mut facts: Facts) -> Facts {
    facts.choice.told = true;
    facts
}

/// The old private key is gone from the store.
pub fn retired(mut facts: Facts) -> Facts {
    let old: Vec<CanonicalKeyId> = facts.choice.before.values().flat_map(|before| before.keys.clone()).collect();
    facts.at_hand.retain(|id| !old.contains(id));
    facts
}

/// Opens a wizard with these facts, as after the servers have answered.
pub fn open(state: &mut State, facts: Facts) {
    let on_token = |key: KeyView| match facts.on_token.contains_key(&key.id) {
        true => KeyView { place: KeyPlace::Token(place("board", "77a1")), ..key },
        false => key,
    };
    let list = KEYS.iter().map(|(name, of)| on_token(key_view(name, of))).filter(|k| facts.at_hand.contains(&k.id));
    tell(state, Effect::ListKeys, Outcome::Keys(Ok(list.collect())));
    let changes: Vec<(Gun, Change)> =
        facts.repositories.iter().flat_map(|r| r.staged.iter().map(|c| (r.gun.clone(), c.clone()))).collect();
    let entry = |(n, (gun, change)): (usize, (Gun, Change))| StagedChange {
        id: EntryId(n as u64 + 1),
        gun,
        server: "https://registry.example.com".to_owned(),
        at: now(),
        change,
    };
    state.stage = Stage {
        undo: (!changes.is_empty()).then(|| "4 changes".to_owned()),
        changes: changes.into_iter().enumerate().map(entry).collect(),
        ..Stage::default()
    };
    answer(state, Learned::Opened(Box::new(facts)));
    settle(state);
}

/// An answer about wizards, to what asks for it.
pub fn answer(state: &mut State, answer: Learned) -> Vec<Effect> {
    let task = match &answer {
        Learned::Reminded(_) => Task::Remind,
        Learned::Seen(facts) => Task::Look(facts.choice.clone()),
        Learned::Kept(choice) => Task::Keep((**choice).clone()),
        Learned::Did(facts, ..) => Task::Key(facts.choice.clone(), KeySource::Colleague("key.pub".into())),
        _ => Task::List,
    };
    tell(state, task.effect(), Outcome::Wizard(Ok(answer)))
}

/// The servers have answered for all that were asked.
pub fn settle(state: &mut State) -> Vec<Effect> {
    let asked: Vec<_> = state
        .known
        .repositories
        .iter()
        .filter(|r| r.work() != Work::Idle)
        .map(|r| (r.entry.gun.clone(), r.view.clone()))
        .collect();
    let mut effects = Vec::new();
    for (gun, view) in asked {
        let view = view.expect("the scene has a view of every repository");
        let seen = Outcome::Viewed(gun.clone(), Source::Server, Ok(view));
        effects.extend(tell(state, Effect::Refresh(gun), seen));
    }
    effects
}
