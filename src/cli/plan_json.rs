//! A plan as JSON, one entry for each repository.

use serde::Serialize;

use crate::engine::draft::applied::Mark;
use crate::engine::plan::unknown::{TagBefore, UnknownFile, UnknownTag};
use crate::engine::plan::{KeyDiff, NeededKey, PlanWarning, PlannedChange, RoleDiff, TagEffect, Weight};
use crate::engine::{Change, Plan, Problem, RepositoryPlan};
use crate::tuf::{CanonicalKeyId, Gun, KeyId, Role};

/// An entry.
#[derive(Serialize)]
pub(super) struct PlanRow<'a> {
    plan: &'a str,
    repository: &'a Gun,
    server: &'a str,
    data_of: Option<String>,
    creates: bool,
    deletes: bool,
    blocked: bool,
    needs_accept: bool,
    changes: Vec<ChangeRow<'a>>,
    roles: Vec<RoleRow<'a>>,
    tags: PlanTag<'a>,
    keys: Vec<PlanKey<'a>>,
    unknown: Vec<UnknownRow<'a>>,
    warnings: Vec<WarningRow<'a>>,
    error: Option<&'a Problem>,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    id: u64,
    mark: &'static str,
    thing: &'a str,
    roles: &'a [Role],
    ids: &'a [String],
    no_effect: Option<&'a str>,
    change: &'a Change,
}

#[derive(Serialize)]
struct RoleRow<'a> {
    role: &'a Role,
    mark: &'static str,
    version_before: Option<u64>,
    version_after: Option<u64>,
    why: &'a [String],
    keys_added: Vec<&'a CanonicalKeyId>,
    keys_removed: Vec<&'a CanonicalKeyId>,
    threshold_before: Option<u32>,
    threshold_after: Option<u32>,
    paths_added: Vec<&'a str>,
    paths_removed: Vec<&'a str>,
    signed_by: &'a [String],
    signs_with: &'a [String],
    loses_trust: bool,
}

#[derive(Serialize)]
struct PlanTag<'a> {
    before: usize,
    after: usize,
    orphaned: &'a [String],
    signed: &'a [String],
    replaced: Vec<String>,
    revoked: &'a [String],
    vouched: &'a [String],
    repaired: &'a [String],
}

#[derive(Serialize)]
struct PlanKey<'a> {
    id: Option<&'a CanonicalKeyId>,
    label: Option<&'a str>,
    role: String,
    new: bool,
    locked: bool,
    signs: Vec<&'a Role>,
}

/// A file that nobody known has signed, and that would be signed.
#[derive(Serialize)]
struct UnknownRow<'a> {
    role: &'a Role,
    version: u64,
    sha256: &'a str,
    removed_signers: &'a [String],
    claimed_keys: Vec<&'a str>,
    last_good_version: Option<u64>,
    tags: Vec<UnknownTagRow>,
    gone: &'a [String],
    delegations: &'a [String],
}

#[derive(Serialize)]
struct UnknownTagRow {
    tag: String,
    digest: String,
    length: u64,
    last_good_digest: Option<String>,
    signed_by: Vec<String>,
}

#[derive(Serialize)]
struct WarningRow<'a> {
    weight: &'static str,
    headline: &'a str,
    detail: &'a str,
    /// A command that helps beside this publish.
    remedy: Option<String>,
    mend: Option<&'a str>,
    mend_changes: &'a [Change],
}

/// The entries of a plan.
#[must_use]
pub(super) fn plan_rows(plan: &Plan) -> Vec<PlanRow<'_>> {
    plan.repositories.iter().map(|repository| plan_row(plan, repository)).collect()
}

fn plan_row<'a>(plan: &'a Plan, repository: &'a RepositoryPlan) -> PlanRow<'a> {
    PlanRow {
        plan: &plan.id.0,
        repository: &repository.gun,
        server: &repository.server,
        data_of: repository.data_of.map(|at| at.to_string()),
        creates: repository.creates,
        deletes: repository.deletes,
        blocked: repository.is_blocked(),
        needs_accept: repository.is_dangerous(),
        changes: repository.changes.iter().map(change_row).collect(),
        roles: repository.roles.iter().map(role_row).collect(),
        tags: tag_row(&repository.tags),
        keys: repository.keys.iter().map(key_row).collect(),
        unknown: repository.unknown.iter().map(unknown_row).collect(),
        warnings: repository.warnings.iter().map(|warning| warning_row(repository, warning)).collect(),
        error: repository.failed.as_ref(),
    }
}

fn change_row(change: &PlannedChange) -> ChangeRow<'_> {
    ChangeRow {
        id: change.entry.0,
        mark: mark(change.mark),
        thing: &change.thing,
        roles: &change.roles,
        ids: &change.ids,
        no_effect: change.no_effect.as_deref(),
        change: &change.change,
    }
}

fn role_row(role: &RoleDiff) -> RoleRow<'_> {
    let keys = |wanted: Mark| role.keys.iter().filter(move |k: &&KeyDiff| k.mark == wanted).map(|k| &k.id).collect();
    let paths = |wanted: Mark| role.paths.iter().filter(|(m, _)| *m == wanted).map(|(_, p)| p.as_str()).collect();
    RoleRow {
        role: &role.role,
        mark: mark(role.mark),
        version_before: role.version.0,
        version_after: role.version.1,
        why: &role.why,
        keys_added: keys(Mark::Added),
        keys_removed: keys(Mark::Removed),
        threshold_before: role.threshold.0,
        threshold_after: role.threshold.1,
        paths_added: paths(Mark::Added),
        paths_removed: paths(Mark::Removed),
        signed_by: &role.signed_by,
        signs_with: &role.signs_with,
        loses_trust: role.loses_trust,
    }
}

fn tag_row(tags: &TagEffect) -> PlanTag<'_> {
    PlanTag {
        before: tags.before,
        after: tags.after,
        orphaned: &tags.orphaned,
        signed: &tags.signed,
        replaced: tags.replaced.iter().map(|tag| tag.text("->")).collect(),
        revoked: &tags.revoked,
        vouched: &tags.vouched,
        repaired: &tags.repaired,
    }
}

fn key_row(key: &NeededKey) -> PlanKey<'_> {
    match key {
        NeededKey::Unlock { id, label, role, locked, signs } => PlanKey {
            id: Some(id),
            label: Some(label),
            role: role.clone(),
            new: false,
            locked: *locked,
            signs: signs.iter().collect(),
        },
        NeededKey::New { role } => {
            PlanKey { id: None, label: None, role: role.to_string(), new: true, locked: false, signs: vec![role] }
        }
    }
}

fn unknown_row(file: &UnknownFile) -> UnknownRow<'_> {
    let tag = |tag: &UnknownTag| UnknownTagRow {
        tag: tag.tag.clone(),
        digest: tag.digest.clone(),
        length: tag.length,
        last_good_digest: match &tag.before {
            TagBefore::Same => Some(tag.digest.clone()),
            TagBefore::Other(digest) => Some(digest.clone()),
            TagBefore::Added => None,
        },
        signed_by: tag.signed_by.clone(),
    };
    UnknownRow {
        role: &file.role,
        version: file.version,
        sha256: &file.sha256,
        removed_signers: &file.removed,
        claimed_keys: file.claimed.iter().map(KeyId::as_str).collect(),
        last_good_version: file.last_good,
        tags: file.tags.iter().map(tag).collect(),
        gone: &file.gone,
        delegations: &file.delegations,
    }
}

fn warning_row<'a>(plan: &RepositoryPlan, warning: &'a PlanWarning) -> WarningRow<'a> {
    let weight = match warning.weight {
        Weight::Block => "block",
        Weight::Danger => "danger",
        Weight::Warning => "warning",
        Weight::Note => "note",
    };
    WarningRow {
        weight,
        headline: &warning.headline,
        detail: &warning.detail,
        remedy: warning.remedy_alone().map(|remedy| remedy.command(&plan.gun)),
        mend: warning.fix.as_ref().map(|(_, what)| what.as_str()),
        mend_changes: warning.fix.as_ref().map_or(&[], |(changes, _)| changes),
    }
}

fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Resigned => "signed-again",
        Mark::Kept => "kept",
    }
}
