//! Whatever honest people have published and whatever a server makes of it: what the user signs, somebody with the right to
//! it has signed before, and no tag that this machine knows is lost, unless a danger is accepted.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trustdeck::engine::plan::Weight;
use trustdeck::engine::{Change, NewKeys};
use trustdeck::tuf::verify::{Pinning, Purpose};
use trustdeck::tuf::{
    Delegation, DelegationName, Envelope, Metadata, Remembered, Role, Target, TargetName, Targets, TrustedSet,
};

use super::support::forge::{Files, Key};
use super::support::machine::{
    add_signer, canonical, delegation, remove_signer, revoke, role, sign, sign_into, witness,
};
use super::world::World;

/// Roles that hold tags, those above first.
const ROLES: [&str; 6] =
    ["targets", "targets/releases", "targets/alice", "targets/ben", "targets/ci", "targets/ci/nightly"];
/// Signers. All but carol's keys are on this machine.
const PEOPLE: [&str; 3] = ["alice", "ben", "carol"];
/// Who has signed what nobody should believe.
const MALLORY: &str = "mallory";

/// What a server does with a role when it is asked.
#[derive(Clone, Copy, Debug)]
enum Trick {
    Newest,
    /// As it was so many publishes ago.
    Older(usize),
    /// Its own content, without a signature or with one that means nothing.
    Forged(Forger),
    /// The file of another role in its place.
    Swapped(usize),
    Hide,
}

#[derive(Clone, Copy, Debug)]
enum Forger {
    Nobody,
    Mallory,
    /// The signatures of the honest file over other content.
    Copied,
}

fn trick() -> impl Strategy<Value = Trick> {
    let forger = prop::sample::select(vec![Forger::Nobody, Forger::Mallory, Forger::Copied]);
    prop_oneof![
        6 => Just(Trick::Newest),
        2 => (0_usize..8).prop_map(Trick::Older),
        2 => forger.prop_map(Trick::Forged),
        1 => (0..ROLES.len()).prop_map(Trick::Swapped),
        1 => Just(Trick::Hide),
    ]
}

/// What honest people do, one publish each but for reading.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Somebody with a key of a role signs a tag into it.
    Sign(usize, usize, u8),
    /// A key is taken from a delegation, or given back.
    Toggle(usize, usize),
    /// The targets key is replaced.
    Rotate,
    /// This machine reads the repository.
    Read,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (0..ROLES.len(), 0..PEOPLE.len(), 0_u8..6).prop_map(|(role, who, tag)| Act::Sign(role, who, tag)),
        2 => (1..ROLES.len(), 0..PEOPLE.len()).prop_map(|(role, who)| Act::Toggle(role, who)),
        1 => Just(Act::Rotate),
        3 => Just(Act::Read),
    ]
}

/// Every kind of change that signs a file.
fn changes() -> Vec<Change> {
    let key = |name: &str| Key::named(name).public();
    let mut all = vec![
        sign("t0"),
        sign("new"),
        revoke("t1"),
        remove_signer("ben"),
        remove_signer("alice"),
        add_signer("eva", &[key("eva")]),
        add_signer("ben", &[key("ben")]),
        Change::RemoveSignerKey {
            name: trustdeck::tuf::SignerName::parse("ben").unwrap(),
            key: canonical(&key("ben")),
        },
        Change::PurgeKeys { keys: vec![canonical(&key("carol"))] },
        Change::AddDelegation { role: delegation("targets/qa"), keys: vec![key("ben")], paths: vec![String::new()] },
        Change::RemoveDelegation { role: delegation("targets/ci/nightly") },
        Change::EditDelegation {
            role: delegation("targets/ci"),
            remove_keys: vec![canonical(&key("carol"))],
            remove_paths: vec![],
            clear_paths: false,
        },
        Change::RotateKeys { role: Role::Targets, keys: NewKeys::Here(vec![key("next")]), legacy: vec![] },
        witness("root"),
    ];
    for name in ROLES {
        all.extend([witness(name), Change::Restore { role: role(name) }, sign_into("new", &[name])]);
    }
    all
}

/// The files that honest people ever published, and what this machine knows of them.
struct History {
    world: World,
    published: Vec<Files>,
    /// Digests that somebody with the right to it has signed.
    honest: BTreeSet<String>,
    remembered: Remembered,
    /// Tags of each role's file as this machine verified it last.
    known: BTreeMap<Role, BTreeSet<TargetName>>,
    digest: u8,
    rotations: usize,
}

impl History {
    fn new() -> Self {
        let mut world = World::new();
        let [ben, carol] = ["ben", "carol"].map(Key::named);
        world.repository.delegate("targets/ci", &[carol.clone(), ben.clone()], &[""]);
        world.repository.add_file(role("targets/ci"), world.now);
        world.repository.delegate("targets/ci/nightly", std::slice::from_ref(&ben), &[""]);
        world.repository.add_file(role("targets/ci/nightly"), world.now);
        world.repository.tag(&role("targets/ci/nightly"), "t5");
        world.keys.extend([(Key::named("next"), "targets"), (Key::named("new targets 1"), "targets")]);
        let mut history = Self {
            world,
            published: Vec::new(),
            honest: BTreeSet::new(),
            remembered: Remembered::default(),
            known: BTreeMap::new(),
            digest: 0,
            rotations: 0,
        };
        history.publish();
        history
    }

    fn publish(&mut self) {
        self.world.repository.snapshot.0 += 1;
        self.world.repository.timestamp.0 += 1;
        let content = self.world.repository.content.values();
        self.honest.extend(content.flat_map(|file| file.targets.values()).map(digest));
        self.published.push(self.world.files());
    }

    fn perform(&mut self, act: Act) {
        match act {
            Act::Sign(at, who, tag) => self.sign(&role(ROLES[at]), PEOPLE[who], tag),
            Act::Toggle(at, who) => self.toggle(&role(ROLES[at]), PEOPLE[who]),
            Act::Rotate => {
                self.rotations += 1;
                let key = Key::named(&format!("new targets {}", self.rotations));
                let repository = &mut self.world.repository;
                repository.set_keys(Role::Targets, std::slice::from_ref(&key), 1);
                repository.root.version += 1;
                repository.content.get_mut(&Role::Targets).unwrap().version += 1;
                self.publish();
            }
            Act::Read => {
                let set = self.load(self.published.last().unwrap().clone()).unwrap();
                self.remembered = Remembered { keys: set.listed_keys().clone(), files: set.seen() };
                for name in ROLES {
                    // What only removed keys have signed, never read while they counted, is left out with a warning.
                    let doubtful = set.only_former(&role(name)).is_some();
                    if let Some(verified) = set.verified(&role(name)).filter(|_| !doubtful) {
                        self.known.insert(role(name), verified.content().targets.keys().cloned().collect());
                    }
                }
            }
        }
    }

    /// Only who is listed signs; of a repository with such a server nobody honest signs what was orphaned.
    fn sign(&mut self, role: &Role, who: &str, tag: u8) {
        let signs = match role {
            Role::Targets => self.world.repository.signers[role].clone(),
            _ if self.lists(role, who) => vec![Key::named(who)],
            _ => return,
        };
        self.digest = self.digest.wrapping_add(1);
        let target = Target::image([self.digest; 32], 1234);
        let file = self.world.repository.content.get_mut(role).unwrap();
        file.targets.insert(TargetName::received(format!("t{tag}")), target);
        file.version += 1;
        self.world.repository.signers.insert(role.clone(), signs);
        self.publish();
    }

    fn lists(&mut self, role: &Role, who: &str) -> bool {
        let id = Key::named(who).public().id().clone();
        self.entry(role).key_ids.iter().flatten().any(|listed| *listed == id)
    }

    fn entry(&mut self, role: &Role) -> &mut Delegation {
        let name = role.delegation().unwrap();
        let parent = self.world.repository.content.get_mut(&name.parent()).unwrap();
        parent.delegations.as_mut().unwrap().iter_mut().find(|entry| entry.name == *name).unwrap()
    }

    fn toggle(&mut self, role: &Role, who: &str) {
        let key = Key::named(who).public();
        let above = role.delegation().map(DelegationName::parent).unwrap();
        // Whoever signs the role above must still be listed there.
        if let Role::Delegation(_) = &above {
            let signer = PEOPLE.into_iter().find(|person| self.lists(&above, person));
            let Some(signer) = signer else { return };
            self.world.repository.signers.insert(above.clone(), vec![Key::named(signer)]);
        }
        let is_listed = self.lists(role, who);
        let ids = self.entry(role).key_ids.get_or_insert_default();
        match is_listed {
            true => ids.retain(|id| id != key.id()),
            false => ids.push(key.id().clone()),
        }
        let parent = self.world.repository.content.get_mut(&above).unwrap();
        parent.delegation_keys.insert(key.id().clone(), key);
        parent.version += 1;
        self.publish();
    }

    fn load(&self, files: Files) -> Option<TrustedSet> {
        let seen = self.remembered.files.clone();
        files.load_knowing(&self.remembered, &Pinning::default(), seen, Purpose::Renew, self.world.now).ok()
    }

    /// What the server answers: each role's file as it likes, under a snapshot and a timestamp of its own.
    fn answer(&self, root_back: usize, tricks: &[Trick]) -> Files {
        let older = |role: &Role, back: usize| {
            let at = self.published.len().saturating_sub(1 + back);
            self.published[at].get(role).to_vec()
        };
        let mut files = self.published.last().unwrap().clone();
        files.files.insert(Role::Root, older(&Role::Root, root_back));
        let mut unnamed = BTreeSet::new();
        for (name, trick) in ROLES.iter().zip(tricks) {
            let role = role(name);
            let bytes = match trick {
                Trick::Newest => continue,
                Trick::Older(back) => older(&role, *back),
                Trick::Swapped(other) => older(&Role::parse(ROLES[*other]).unwrap(), 0),
                Trick::Forged(forger) => self.forged(&role, *forger),
                Trick::Hide => {
                    unnamed.insert(role);
                    continue;
                }
            };
            files.files.insert(role, bytes);
        }
        self.world.reseal(files, &unnamed)
    }

    /// Content with a digest, and a delegation, that nobody has signed.
    fn forged(&self, role: &Role, forger: Forger) -> Vec<u8> {
        let mut content = self.world.repository.content[role].clone();
        content.targets.insert(TargetName::received("t0".to_owned()), Target::image([0xee; 32], 1234));
        content.targets.remove(&TargetName::received("t1".to_owned()));
        let key = Key::named(MALLORY).public();
        let ids = content.delegations.iter_mut().flatten().map(|entry| entry.key_ids.get_or_insert_default());
        ids.for_each(|ids| ids.push(key.id().clone()));
        content.delegation_keys.insert(key.id().clone(), key);
        content.version += 1;
        let canonical = content.canonical();
        let signatures = match forger {
            Forger::Nobody => Vec::new(),
            Forger::Mallory => vec![Key::named(MALLORY).sign(&canonical)],
            Forger::Copied => {
                let honest = self.published.last().unwrap().get(role).to_vec();
                Envelope::parse(role, honest).unwrap().signatures().to_vec()
            }
        };
        Envelope::file(&canonical, &signatures)
    }
}

fn digest(target: &Target) -> String {
    hex::encode(target.hashes.get("sha256").unwrap())
}

/// Whether the changes ask that a tag, or its role, goes.
fn is_asked_for(changes: &[Change], role: &Role, tag: &TargetName) -> bool {
    changes.iter().any(|change| match change {
        Change::Revoke { tag: revoked, .. } => revoked == tag,
        Change::RemoveDelegation { role: removed } => Role::from(removed.clone()) == *role,
        Change::RemoveSigner { name } => Role::from(name.role()) == *role,
        _ => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 320, failure_persistence: None, ..ProptestConfig::default() })]

    /// The server holds the keys of snapshot and timestamp, and may replace, withhold or bring back any file.
    #[test]
    fn what_is_signed_without_an_accepted_danger_is_honest_and_whole(
        acts in prop::collection::vec(act(), 0..16),
        root_back in prop_oneof![4 => Just(0_usize), 1 => 0_usize..8],
        tricks in prop::collection::vec(trick(), ROLES.len()),
        changes in prop::sample::subsequence(changes(), 1..6),
    ) {
        let mut history = History::new();
        acts.into_iter().for_each(|act| history.perform(act));
        // A set that is refused whole signs nothing.
        let Some(mut set) = history.load(history.answer(root_back, &tricks)) else { return Ok(()) };
        for (role, _) in set.missed() {
            let mut old = history.published.iter().rev().map(|files| files.get(&role).to_vec());
            old.find(|bytes| set.recall(&role, bytes.clone()).is_ok());
        }
        let world = &history.world;
        let mut applicable: Vec<Change> = Vec::new();
        for change in changes {
            applicable.push(change);
            let plan = world.plan_of(&set, &applicable);
            // What is refused, blocked or a danger is left out, as an honest user does.
            if plan.failed.is_some() || plan.is_blocked() || plan.is_dangerous() {
                applicable.pop();
            }
        }
        let Ok(files) = world.signed_of(&set, &applicable) else { return Ok(()) };
        let wanted: BTreeSet<String> = applicable.iter().filter_map(|change| match change {
            Change::Sign { target, .. } => Some(target.sha256.clone()),
            _ => None,
        }).collect();
        let mallory = Key::named(MALLORY).public();
        for file in files.iter().filter(|file| file.role.holds_targets()) {
            let (_, content) = Targets::open(&file.role, file.bytes.clone().into()).unwrap();
            for (tag, target) in &content.targets {
                let digest = digest(target);
                prop_assert!(
                    history.honest.contains(&digest) || wanted.contains(&digest),
                    "{} signs {digest} for {tag}", file.role
                );
            }
            prop_assert!(!content.delegation_keys.contains_key(mallory.id()), "{} lets a stranger sign", file.role);
            // Files do not name their role: that of another one, newer and signed by who may sign both, is as good as
            // what they signed for it. Whoever reads it is told which tags are gone.
            let is_swapped = ROLES.iter().zip(&tricks).any(|(name, trick)| {
                role(name) == file.role && matches!(trick, Trick::Swapped(_)) && set.verified(&file.role).is_some()
            });
            for tag in history.known.get(&file.role).into_iter().flatten() {
                prop_assert!(
                    content.targets.contains_key(tag) || is_swapped || is_asked_for(&applicable, &file.role, tag),
                    "{} loses {tag}", file.role
                );
            }
        }
    }
}

/// A repository after everything that honest people do, read by this machine in between.
fn lived_in() -> History {
    let mut history = History::new();
    for act in [Act::Sign(1, 1, 1), Act::Read, Act::Toggle(1, 1), Act::Sign(4, 2, 3), Act::Rotate, Act::Toggle(5, 2)] {
        history.perform(act);
    }
    history
}

#[test]
fn the_histories_meet_what_they_are_about() {
    let mut history = lived_in();
    let tricks = |at: usize, trick: Trick| {
        let mut all = [Trick::Newest; ROLES.len()];
        all[at] = trick;
        all
    };
    let releases = Role::releases();
    let former = history.load(history.answer(0, &tricks(0, Trick::Newest))).unwrap();
    assert!(former.verified(&releases).is_some(), "signed by ben, who has left and was known here");
    history.perform(Act::Read);
    for forger in [Forger::Nobody, Forger::Mallory, Forger::Copied] {
        for (at, name) in ROLES.iter().enumerate() {
            let set = history.load(history.answer(0, &tricks(at, Trick::Forged(forger)))).unwrap();
            assert!(set.unknown(&role(name)).is_some(), "{name} by {forger:?}");
        }
    }
    let hidden = history.load(history.answer(0, &tricks(1, Trick::Hide))).unwrap();
    assert!(hidden.missed().iter().any(|(role, _)| *role == releases));
    let fine = history.load(history.answer(0, &tricks(0, Trick::Newest))).unwrap();
    for name in ["targets/releases", "targets/ci/nightly"] {
        assert!(history.world.signed_of(&fine, &[sign_into("new", &[name])]).is_ok(), "{name}");
    }
}

#[test]
fn a_file_of_a_signer_who_has_left_is_not_given_up_for_an_older_one() {
    let unread = [Act::Read, Act::Sign(1, 0, 0), Act::Toggle(1, 0), Act::Read];
    let read = [Act::Read, Act::Sign(1, 0, 0), Act::Read, Act::Toggle(1, 0), Act::Read];
    // Signed by ben, who is still there, and without what alice signed before she left.
    let mut older = [Trick::Newest; ROLES.len()];
    older[1] = Trick::Older(2);
    let newest = [Trick::Newest; ROLES.len()];
    // Whether alice has signed it before or after she left can be known only where it was read before.
    for (acts, tricks, is_dangerous) in
        [(&unread[..], older, true), (&unread[..], newest, true), (&read[..], newest, false)]
    {
        let mut history = History::new();
        acts.iter().for_each(|act| history.perform(*act));
        let set = history.load(history.answer(0, &tricks)).unwrap();
        let plan = history.world.plan_of(&set, &[sign_into("new", &["targets/releases"])]);
        assert_eq!(plan.is_dangerous(), is_dangerous, "{tricks:?}");
    }
}

#[test]
fn what_somebody_signed_who_has_left_is_not_lost_unseen_where_the_last_good_file_is_signed_again() {
    let unread = [Act::Read, Act::Sign(1, 1, 0), Act::Toggle(1, 1), Act::Read];
    let read = [Act::Read, Act::Sign(1, 1, 0), Act::Read, Act::Toggle(1, 1), Act::Read];
    let newest = [Trick::Newest; ROLES.len()];
    let mut hidden = newest;
    hidden[1] = Trick::Hide;
    let shown = (Some(Weight::Warning), "1 tag of the newer releases left out: t0");
    let unseen = (Some(Weight::Danger), "the last good file of releases is older than one that this machine knows");
    for (acts, tricks, expected) in
        [(&unread[..], hidden, unseen), (&unread[..], newest, shown), (&read[..], hidden, (None, ""))]
    {
        let mut history = History::new();
        acts.iter().for_each(|act| history.perform(*act));
        let mut set = history.load(history.answer(0, &tricks)).unwrap();
        for (role, _) in set.missed() {
            let mut old = history.published.iter().rev().map(|files| files.get(&role).to_vec());
            assert!(old.any(|bytes| set.recall(&role, bytes).is_ok()));
        }
        let plan = history.world.plan_of(&set, &[Change::Restore { role: Role::releases() }]);
        let heaviest = plan.warnings.iter().find(|warning| warning.weight != Weight::Note);
        let found = heaviest.map_or((None, ""), |warning| (Some(warning.weight), warning.headline.as_str()));
        assert_eq!((plan.failed.is_some(), found), (false, expected), "{:?}", plan.warnings);
    }
}
