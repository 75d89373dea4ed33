//! Staging: what is wanted, and the plans for it.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::described::describe_all;
use super::foreign::ForeignChanges;
use super::gather::{RepositoryStage, known};
use super::journal::JournalContent;
use super::kept::{Kept, Reviewed};
use super::other_places::OtherStores;
use super::{foreign, planned};
use crate::engine::context::Context;
use crate::engine::draft::change::{Change, EntryId, Stage, StagedAct, StagedChange};
use crate::engine::error::EngineError;
use crate::engine::keyring::Keyring;
use crate::engine::keyring::tokens::LookAge;
use crate::engine::plan::compute::plan_with_needs;
use crate::engine::plan::effect::whole;
use crate::engine::plan::facts::{KeyAtHand, KeysAtHand, KnownFiles, NamedKeys, PlanFacts, RootKeyAtHand};
use crate::engine::plan::needs::Needs;
use crate::engine::plan::{Plan, RepositoryPlan};
use crate::engine::reference::familiar_name;
use crate::engine::servers::Servers;
use crate::engine::trust::Trust;
use crate::engine::trust::session::Base;
use crate::keys::StoredKey;
use crate::tuf::{CanonicalKeyId, Gun, PublicKey};

/// What is wanted: staged changes, and plans for them. All clones are one.
#[derive(Clone)]
pub struct Staging {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) keyring: Keyring,
    pub(in crate::engine) servers: Servers,
    pub(in crate::engine) trust: Trust,
    pub(in crate::engine) kept: Arc<Kept>,
}

impl Staging {
    pub(in crate::engine) fn open(keyring: &Keyring, trust: &Trust) -> Result<Self, EngineError> {
        let (context, servers) = (trust.context.clone(), trust.servers.clone());
        let kept = Arc::new(Kept::open(context.settings())?);
        Ok(Self { context, keyring: keyring.clone(), servers, trust: trust.clone(), kept })
    }
}

impl Staging {
    /// All staged changes, also those of other processes.
    pub fn staged(&self) -> Result<Stage, EngineError> {
        Ok(self.kept.journal.read()?.stage())
    }

    /// Stages changes, all or none; a tag that is signed anew or revoked takes the place of what was staged for it, and a
    /// revocation of what is only staged takes that back. Refuses what contradicts other changes or cannot work, with the
    /// way out. One undo step.
    pub fn stage(&self, changes: Vec<(Gun, Change)>) -> Result<Stage, EngineError> {
        let guns: BTreeSet<&Gun> = changes.iter().map(|(gun, _)| gun).collect();
        guns.into_iter().try_for_each(|gun| self.servers.check_writable(gun))?;
        self.kept.journal.change(|content| {
            let what = describe_all(&changes);
            self.act(content, what, changes, &self.store_keys())?;
            Ok(content.stage())
        })
    }

    /// What publishing these repositories would do with these changes staged too, all or none. Nothing is written, and
    /// the plan cannot be approved. `made` are keys that are not made either, but would be at hand then.
    ///
    /// # Errors
    /// As [`Staging::stage`].
    pub fn preview(
        &self,
        changes: Vec<(Gun, Change)>,
        only: &[Gun],
        made: &[(PublicKey, String)],
    ) -> Result<Plan, EngineError> {
        let mut keys = self.store_keys();
        for (key, role) in made {
            let id = key.canonical_id().clone();
            keys.ids.insert(id.clone());
            keys.keys.insert(id, KeyAtHand { role: role.clone(), locked: false, on_token: false });
        }
        let mut content = JournalContent::clone(&*self.kept.journal.read()?);
        self.act(&mut content, String::new(), changes, &keys)?;
        Ok(self.plan_of(&content, Some(only), &keys))
    }

    /// Drops staged changes. One undo step.
    pub fn drop_changes(&self, entries: &[EntryId]) -> Result<Stage, EngineError> {
        self.context.check_writable()?;
        self.kept.journal.change(|content| {
            let dropped: Vec<&StagedChange> = content.entries.iter().filter(|e| entries.contains(&e.id)).collect();
            let what = match dropped.as_slice() {
                [one] => format!("the drop of: {}", one.change.describe_at(one.gun.as_str())),
                more => format!("the drop of {} changes", more.len()),
            };
            content.act(what, entries, Vec::new());
            Ok(content.stage())
        })
    }

    /// Takes the last act of staging back.
    pub fn undo(&self) -> Result<Stage, EngineError> {
        self.context.check_writable()?;
        self.kept.journal.change(|content| {
            self.check_act(&content.undoes())?;
            content.undo();
            Ok(content.stage())
        })
    }

    /// Takes back the last act of staging that added only changes of these; says what that was.
    pub fn undo_only(&self, entries: &[EntryId]) -> Result<(Stage, Option<String>), EngineError> {
        self.kept.journal.change(|content| {
            let what = content.undo_only(entries);
            Ok((content.stage(), what))
        })
    }

    /// Does it again.
    pub fn redo(&self) -> Result<Stage, EngineError> {
        self.context.check_writable()?;
        self.kept.journal.change(|content| {
            self.check_act(&content.redoes())?;
            content.redo();
            Ok(content.stage())
        })
    }

    /// Does again what was taken back last, if it added only changes of these; says what that was.
    pub fn redo_only(&self, own: &[(Gun, Change)]) -> Result<(Stage, Option<String>), EngineError> {
        self.context.check_writable()?;
        self.kept.journal.change(|content| {
            self.check_act(&content.redoes())?;
            let what = content.redo_only(own);
            Ok((content.stage(), what))
        })
    }

    /// Whether all that an act is about may be changed. What only drops needs no leave, back and forth.
    fn check_act(&self, act: &StagedAct) -> Result<(), EngineError> {
        if act.is_drop() {
            return Ok(());
        }
        act.guns().collect::<BTreeSet<_>>().into_iter().try_for_each(|gun| self.servers.check_writable(gun))
    }

    /// What publishing would do, for these repositories or all. Offline; uses what was loaded last, or the cache.
    pub fn plan(&self, only: Option<&[Gun]>) -> Result<Plan, EngineError> {
        let plan = self.plan_silently(only)?;
        self.kept.remember(&plan, self.reviewed(&plan));
        Ok(plan)
    }

    /// What a plan says, and the files that it was computed from, by repository.
    pub(in crate::engine) fn reviewed(&self, plan: &Plan) -> BTreeMap<Gun, Reviewed> {
        let one = |plan: &RepositoryPlan| {
            let set = self.trust.base(&plan.gun).ok().flatten().and_then(|base| base.set);
            (plan.gun.clone(), Reviewed { effect: plan.effect.clone(), set })
        };
        plan.repositories.iter().map(one).collect()
    }

    /// Whether staged changes would change nothing on what was loaded last: somebody has published them already.
    ///
    /// # Errors
    /// As the repository's data that was loaded last.
    pub fn are_done(&self, gun: &Gun, changes: &[StagedChange]) -> Result<bool, EngineError> {
        let Some(server) = changes.first().map(|change| change.server.as_str()) else { return Ok(true) };
        let base = self.trust.base(gun)?;
        let (plan, _) = self.plan_with_needs((gun, server, changes), &self.store_keys(), base.as_ref());
        Ok(plan.failed.is_none() && plan.changes.iter().all(|change| change.no_effect.is_some()))
    }

    /// As [`Staging::plan`], without making the plan one that can be approved.
    pub(in crate::engine) fn plan_silently(&self, only: Option<&[Gun]>) -> Result<Plan, EngineError> {
        Ok(self.plan_of(&*self.kept.journal.read()?, only, &self.store_keys()))
    }

    fn plan_of(&self, content: &JournalContent, only: Option<&[Gun]>, keys: &KeysAtHand) -> Plan {
        let mut order: Vec<Gun> = Vec::new();
        let mut by_gun: HashMap<Gun, Vec<StagedChange>> = HashMap::new();
        let mut servers: HashMap<Gun, Option<String>> = HashMap::new();
        let mut elsewhere = Vec::new();
        for entry in &content.entries {
            if only.is_some_and(|only| !only.contains(&entry.gun)) {
                continue;
            }
            let address = || self.servers.server_address(&entry.gun).ok().map(|(server, _)| server);
            let server = servers.entry(entry.gun.clone()).or_insert_with(address);
            if server.as_ref().is_some_and(|server| *server != entry.server) {
                elsewhere.push(entry.id);
                continue;
            }
            match by_gun.entry(entry.gun.clone()) {
                MapEntry::Occupied(mut known) => known.get_mut().push(entry.clone()),
                MapEntry::Vacant(new) => {
                    order.push(entry.gun.clone());
                    new.insert(vec![entry.clone()]);
                }
            }
        }
        let planned = order.iter().filter_map(|gun| {
            let changes = by_gun.get(gun)?;
            let server = &changes.first()?.server;
            Some(self.plan_one((gun, server, changes), keys, self.trust.base(gun)))
        });
        let planned = planned.collect();
        if only.is_none() {
            self.kept.planned.keep_only(&order);
        }
        whole(planned, elsewhere)
    }

    /// How many plans of single repositories this process has computed; those that were found again are not counted.
    #[must_use]
    pub fn plans_computed(&self) -> usize {
        self.kept.planned.computed()
    }

    /// Plans one repository on what is known of it.
    fn plan_one(
        &self,
        staged: RepositoryStage<'_>,
        keys: &KeysAtHand,
        base: Result<Option<Base>, EngineError>,
    ) -> RepositoryPlan {
        let (base, problem) = match base {
            Ok(base) => (base, None),
            Err(error) => (None, Some(error.problem())),
        };
        let (mut plan, _) = self.plan_with_needs(staged, keys, base.as_ref());
        plan.failed = problem.or(plan.failed);
        plan
    }

    /// The same with what its publish will need. What was planned a moment ago is not computed again.
    pub(in crate::engine) fn plan_with_needs(
        &self,
        staged: RepositoryStage<'_>,
        keys: &KeysAtHand,
        base: Option<&Base>,
    ) -> (RepositoryPlan, Needs) {
        let ground = planned::PlanGround { staged, keys, base };
        if let Some(known) = self.kept.planned.find(&ground, self.context.now()) {
            return known;
        }
        let computed = self.with_facts(staged, keys, base, plan_with_needs);
        self.kept.planned.keep(&ground, self.context.now(), &computed);
        computed
    }

    /// Gathers what a plan is computed from, and uses it.
    pub(in crate::engine) fn with_facts<T>(
        &self,
        (gun, server, changes): RepositoryStage<'_>,
        keys: &KeysAtHand,
        base: Option<&Base>,
        compute: impl FnOnce(&PlanFacts<'_>) -> T,
    ) -> T {
        let known = base.map_or(KnownFiles::Nothing, known);
        compute(&PlanFacts {
            gun,
            name: &familiar_name(gun),
            server,
            known,
            verified_at: base.and_then(|base| base.verified_at),
            skew: base.and_then(|base| base.skew),
            changes,
            keys: &keys.keys,
            at_hand: &keys.ids,
            labels: &|id| self.keyring.label_in_plan(id),
            elsewhere: &OtherStores(self.context.settings()),
            now: self.context.now(),
        })
    }

    /// The keys in the store and on tokens.
    pub(in crate::engine) fn store_keys(&self) -> KeysAtHand {
        let stored = self.keyring.held.stored();
        let at_hand = |(id, key): (&CanonicalKeyId, &StoredKey)| {
            (id.clone(), KeyAtHand { role: key.role.clone(), locked: !self.keyring.is_open(id), on_token: false })
        };
        let mut keys: BTreeMap<CanonicalKeyId, KeyAtHand> = stored.iter().map(at_hand).collect();
        for entry in self.keyring.token_keys(LookAge::Lately) {
            let id = entry.public.canonical_id().clone();
            let locked = !self.keyring.is_open(&id);
            keys.insert(id, KeyAtHand { role: entry.role, locked, on_token: true });
        }
        let roles = keys.iter().map(|(id, key)| (id.clone(), key.role.clone())).collect();
        let named = self.kept.planned.named(NamedKeys { roles, labels: self.keyring.held.labels() });
        KeysAtHand { ids: keys.keys().cloned().collect(), keys, named }
    }

    /// The root key that a new repository gets where none is named.
    #[must_use]
    pub fn root_key_at_hand(&self) -> RootKeyAtHand {
        RootKeyAtHand::of(&self.store_keys().keys)
    }

    /// Changes that `notary` staged in the shared trust directory.
    pub fn foreign_changes(&self, gun: &Gun) -> Result<Option<ForeignChanges>, EngineError> {
        let found = foreign::read(&self.context.settings().trust_dir, gun)?;
        Ok((!found.is_empty()).then(|| foreign::describe(gun, &found)))
    }

    /// Takes them over into our stage and moves the files aside.
    pub fn adopt_foreign(&self, gun: &Gun) -> Result<Stage, EngineError> {
        let found = foreign::read(&self.context.settings().trust_dir, gun)?;
        let changes = foreign::adopt(gun, &found)?;
        let stage = self.stage(changes.into_iter().map(|change| (gun.clone(), change)).collect())?;
        self.move_foreign_aside(gun, &found)?;
        Ok(stage)
    }

    /// Moves them aside. Returns where.
    pub fn drop_foreign(&self, gun: &Gun) -> Result<PathBuf, EngineError> {
        self.context.check_writable()?;
        let found = foreign::read(&self.context.settings().trust_dir, gun)?;
        self.move_foreign_aside(gun, &found)
    }

    fn move_foreign_aside(&self, gun: &Gun, found: &[foreign::ForeignFile]) -> Result<PathBuf, EngineError> {
        let place = self.kept.journal.folder().below("foreign");
        foreign::move_aside(&place, gun, self.context.now(), found)
    }
}
