//! What names a plan: a hash over everything that will be signed.
//!
//! Invariant: two plans with the same ID sign the same content with the same keys for the same roles, and take the same
//! tags away. Numbers of versions
//! and dates are not in it, but what they mean: the next version, the usual life.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Plan, PlanId, RepositoryPlan, RoleDiff, Weight};
use crate::engine::draft::Draft;
use crate::engine::draft::applied::Mark;
use crate::engine::draft::change::{Change, EntryId, StagedChange};
use crate::engine::draft::pulled::listed;
use crate::tuf::{Metadata, PublicKey, Role, RoleKeys, Target, TargetName, Targets};

/// Bytes of a plan's ID: nobody finds two plans with one.
const ID: usize = 16;

impl PlanId {
    fn of(hash: &[u8]) -> Self {
        let digits = hex::encode(hash);
        let groups: Vec<String> =
            digits.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        Self(groups.join("-"))
    }

    /// Its beginning, to talk about it. Never compared.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..9).unwrap_or(&self.0)
    }

    /// Whether what somebody typed is this ID, whole.
    #[must_use]
    pub fn is(&self, typed: &str) -> bool {
        let bare = |text: &str| text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect::<String>();
        bare(typed) == bare(&self.0)
    }
}

/// Puts the plans of all repositories under one ID.
pub fn whole(repositories: Vec<RepositoryPlan>, elsewhere: Vec<EntryId>) -> Plan {
    let mut hash = Sha256::new();
    for plan in &repositories {
        hash.update(plan.effect.as_bytes());
    }
    let hash = hash.finalize();
    Plan { id: PlanId::of(hash.get(..ID).unwrap_or(&hash)), repositories, elsewhere }
}

/// A hash over what the plan would do: not over labels, or what others may change meanwhile without touching on it.
/// `signed` is what [`signed`] says of it.
pub(super) fn effect(plan: &RepositoryPlan, changes: &[StagedChange], signed: &[Value]) -> String {
    let changes: Vec<&Change> = changes.iter().map(|staged| &staged.change).collect();
    let no_effects: Vec<bool> = plan.changes.iter().map(|change| change.no_effect.is_some()).collect();
    let roles: Vec<Value> = plan.roles.iter().map(role_effect).collect();
    let (tags, failed) = (&plan.tags, plan.failed.as_ref().map(|problem| &problem.message));
    let heavy = plan.warnings.iter().filter(|w| w.weight <= Weight::Danger);
    let heavy: Vec<&str> = heavy.map(|w| w.headline.as_str()).collect();
    let what = (&plan.gun, &plan.server, changes, no_effects, plan.creates, plan.deletes, roles, failed, heavy);
    let tags = [&tags.orphaned, &tags.signed, &tags.revoked, &tags.vouched, &tags.repaired];
    // Plain data with text for keys: there is nothing that JSON could not hold.
    let all = serde_json::to_vec(&(what, tags, signed)).unwrap_or_default();
    hex::encode(Sha256::digest(&all))
}

fn role_effect(role: &RoleDiff) -> Value {
    let changed = |mark: &Mark| *mark != Mark::Kept;
    let keys: Vec<String> =
        role.keys.iter().filter(|k| changed(&k.mark)).map(|k| format!("{:?} {}", k.mark, k.id)).collect();
    let paths: Vec<String> =
        role.paths.iter().filter(|(m, _)| changed(m)).map(|(mark, path)| format!("{mark:?} {path}")).collect();
    json!([role.role, format!("{:?}", role.mark), keys, paths, role.loses_trust])
}

/// Every file that will be signed or sent: its content but for version and date, who signs it, and under which listings.
pub(super) fn signed(draft: &Draft<'_>) -> Vec<Value> {
    let mut all: Vec<Value> = draft.touched().keys().map(|role| file(draft, role)).collect();
    if let Some(copy) = draft.ground().copy.filter(|_| draft.republishes()) {
        all.extend(
            copy.files_to_republish().into_iter().map(|(role, file)| json!([role, hex::encode(Sha256::digest(&file))])),
        );
    }
    let legacy: Vec<&str> = draft.base.legacy().iter().map(|key| key.id().as_str()).collect();
    let server_made: Vec<&Role> = draft.base.server_made().iter().collect();
    all.push(json!([server_made, legacy, draft.signs_snapshot()]));
    all.push(taken(draft));
    all
}

/// What tags stood for that stand for something else or are gone afterwards: in each role, and where Docker pulls.
fn taken(draft: &Draft<'_>) -> Value {
    let base = Draft::new(draft.ground());
    let copy = draft.sent_copy();
    let (before, after) = (listed(&base), listed(copy.as_ref().unwrap_or(draft)));
    let pulled = before.into_iter().filter(|(tag, old)| after.get(tag) != Some(old));
    let mut all = vec![json!(["pulled", content_hash(&of_tags(pulled))])];
    let removed = draft.removed().iter().cloned().map(Role::Delegation);
    for role in draft.touched().keys().cloned().chain(removed) {
        let Some(old) = base.content(&role) else { continue };
        let new = draft.content(&role).filter(|_| draft.touched().contains_key(&role));
        let other = old.targets.iter().filter(|(tag, old)| new.and_then(|new| new.targets.get(*tag)) != Some(*old));
        let hash = content_hash(&of_tags(other));
        all.push(json!([role, hash]));
    }
    Value::Array(all)
}

fn of_tags<'a>(tags: impl Iterator<Item = (&'a TargetName, &'a Target)>) -> Targets {
    let targets = tags.map(|(tag, target)| (tag.clone(), target.clone())).collect();
    Targets { targets, ..Targets::empty() }
}

fn file(draft: &Draft<'_>, role: &Role) -> Value {
    let content = match role {
        Role::Root => draft.base.root().map(content_hash),
        _ => draft.content(role).map(content_hash),
    };
    let ids = |keys: &[PublicKey]| keys.iter().map(|key| key.id().to_string()).collect::<Vec<_>>();
    let listing = |listed: &RoleKeys| json!([ids(&listed.keys), listed.threshold]);
    let listings: Vec<Value> = draft.listings(role).iter().map(listing).collect();
    let version = if draft.verified_version(role).is_some() { "next" } else { "first" };
    let adopted = draft.adopted().contains(role);
    json!([role, content, listings, ids(&draft.signers(role)), draft.paths(role), version, "usual life", adopted])
}

/// The content that will stand in the file, whatever its version and date.
fn content_hash<M: Metadata>(content: &M) -> String {
    let mut content = content.clone();
    content.renew(0, jiff::Timestamp::UNIX_EPOCH);
    hex::encode(Sha256::digest(content.canonical()))
}
