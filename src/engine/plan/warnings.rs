//! What a person must know before publishing, and what would mend it.

use jiff::ToSpan;

use super::facts::{PlanFacts, RootKeyAtHand, root_key};
use super::lost::{anew, republication};
use super::names::Names;
use super::warning::{Warnings, plain};
use super::{KeyDiff, PlanWarning, Remedy, RepositoryPlan, RoleDiff, Weight};
use crate::engine::draft::applied::Mark;
use crate::engine::draft::base_roles::{certificates_are_due, certificates_end};
use crate::engine::draft::change::{Change, NewKeys, RootKeyChoice, role_word};
use crate::engine::draft::pulled::trusted;
use crate::engine::draft::{Draft, DraftRemark};
use crate::engine::wording::count;
use crate::tuf::{CanonicalKeyId, Metadata, Role, Root, Standing, Targets, TrustedSet};

/// All warnings of a plan whose roles and tags are computed.
pub(in crate::engine) fn warnings(
    facts: &PlanFacts<'_>,
    draft: &Draft<'_>,
    names: &Names<'_>,
    plan: &RepositoryPlan,
) -> Warnings {
    let mut found = Warnings::new();
    if draft.deletes() {
        found.push(deletion(plan));
        return found;
    }
    if draft.republishes() {
        republication(draft, &mut found);
        return found;
    }
    anew(facts, draft, &mut found);
    if draft.touched().is_empty() {
        found.push(plain(Weight::Note, "nothing to publish", "All staged changes are on the server already."));
        if facts.changes.iter().any(|staged| matches!(staged.change, Change::Sign { .. })) {
            // What is signed already and cannot be pulled is not done with that.
            base_roles(facts, draft, &mut found);
        }
        super::unreleased::warn(facts, draft, names, &mut found);
        return found;
    }
    missing_keys(facts, draft, names, &mut found);
    super::misfits::warn(facts, draft, plan, &mut found);
    orphans(facts, draft, names, plan, &mut found);
    base_roles(facts, draft, &mut found);
    left_without_keys(draft, plan, &mut found);
    vouching(draft, plan, &mut found);
    super::strangers::warn(draft, names, plan, &mut found);
    revivals(draft, plan, &mut found);
    rotations(draft, plan, &mut found);
    snapshot_is_here(facts, draft, plan, &mut found);
    unknown_members(draft, &mut found);
    outside_releases(draft, plan, &mut found);
    super::unreleased::warn(facts, draft, names, &mut found);
    remarks(draft, names, &mut found);
    found
}

fn remedied(remedy: Remedy, warning: PlanWarning) -> PlanWarning {
    PlanWarning { remedy: Some(remedy), ..warning }
}

fn fixed(warning: PlanWarning, role: Role, words: String) -> PlanWarning {
    PlanWarning { fix: Some((vec![Change::Witness { role }], words)), ..warning }
}

fn tags(number: usize) -> String {
    count(number, "tag")
}

fn deletion(plan: &RepositoryPlan) -> PlanWarning {
    let detail = "The server forgets every signature, key and version of this repository. It cannot be taken back, and \
                  clients that know its root refuse a new one.";
    plain(Weight::Danger, format!("deletes all trust data, {} lost", tags(plan.tags.before)), detail)
}

/// The keys that are not at hand, as sentences name them.
fn absent<'a>(facts: &PlanFacts<'_>, names: &Names<'_>, ids: impl Iterator<Item = &'a CanonicalKeyId>) -> Vec<String> {
    let absent = ids.filter(|id| !facts.at_hand.contains(*id));
    absent.map(|id| names.named(id)).collect()
}

/// Files that must be signed although too few of their keys are here.
fn missing_keys(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>, found: &mut Warnings) {
    for role in draft.touched().keys().filter(|role| !draft.can_sign(role)) {
        let keys = draft.role_keys(role).map(|k| (k.keys, k.threshold)).unwrap_or_default();
        let ids = keys.0.iter().map(|key| key.canonical_id().clone());
        let lacks: Vec<CanonicalKeyId> = ids.filter(|id| !facts.at_hand.contains(id)).collect();
        let absent = absent(facts, names, lacks.iter());
        let looked = facts.elsewhere.one_of(&lacks).map(|looked| format!(" Here {looked}.")).unwrap_or_default();
        let word = role_word(role);
        let warning = if keys.0.is_empty() {
            plain(Weight::Block, format!("{word} has no keys"), "Nobody can sign it. Add a key to it first.")
        } else {
            let needs = if keys.1 > 1 { format!("{} keys", keys.1) } else { "a key".to_owned() };
            let detail = format!(
                "It must be signed by {needs} of {}, which {} not on this machine. Publish where the key is, or load it.{looked}",
                absent.join(", "),
                if absent.len() == 1 { "is" } else { "are" }
            );
            plain(Weight::Block, format!("no key at hand for {word}"), detail)
        };
        found.push(warning);
    }
    which_root_key(facts, draft, names, found);
    if let Some(id) = root_key(facts, draft).filter(|id| !facts.at_hand.contains(id)) {
        let detail = "The root key chosen for the new repository is not in the key store.";
        found.push(plain(Weight::Block, format!("root key {} is not at hand", id.short()), detail));
    }
}

/// The root key of a new repository is told, and never guessed.
fn which_root_key(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>, found: &mut Warnings) {
    let Some(choice) = draft.creates() else { return };
    if *choice == RootKeyChoice::Auto
        && let RootKeyAtHand::Several(ids) = RootKeyAtHand::of(facts.keys)
    {
        let ids: Vec<&str> = ids.iter().map(CanonicalKeyId::short).collect();
        let detail = format!("They are {}.", ids.join(", "));
        let warning = plain(Weight::Block, format!("several root keys are at hand ({})", ids.len()), detail);
        found.push(remedied(Remedy::NameRootKey, warning));
        return;
    }
    let Some(id) = root_key(facts, draft) else {
        if let Some(place) = facts.elsewhere.root_key() {
            let detail = format!("There will be two then. Here {place}.");
            found.push(plain(Weight::Warning, "a new root key is made although there is one", detail));
        }
        return;
    };
    let place = if facts.keys.get(&id).is_some_and(|key| key.on_token) { ", on a token" } else { "" };
    let headline = format!("root key {} ({}{place}) signs root", id.short(), names.label(&id));
    found.push(plain(Weight::Note, headline, "It says from then on which other keys count."));
}

/// Tags that nobody could pull any more although nobody asked for that.
fn orphans(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    for diff in plan.roles.iter().filter(|diff| diff.loses_trust) {
        let role = &diff.role;
        let word = role_word(role);
        let count = plan.tags.orphaned.len();
        let (weight, headline) = match role.is_released() && count > 0 {
            true => (Weight::Danger, format!("{} orphaned", tags(count))),
            false => (Weight::Warning, format!("{word} is trusted no longer")),
        };
        let who = if diff.signed_by.is_empty() { "removed keys".to_owned() } else { diff.signed_by.join(", ") };
        let why = format!("{word} was last signed by {who} and by no key that stays.");
        let (signers, can_sign) = (names.of(&draft.signers(role)).join(", "), draft.can_sign(role));
        let has_keys = draft.role_keys(role).is_some_and(|k| k.keys.len() >= k.threshold as usize);
        found.push(if can_sign {
            let words = format!("re-sign {word} with {signers}, same publish");
            let again = remedied(Remedy::SignAgain(role.clone()), plain(weight, headline, why));
            fixed(again, role.clone(), words)
        } else if has_keys {
            let keys = draft.role_keys(role).map(|of| of.keys).unwrap_or_default();
            let absent = absent(facts, names, keys.iter().map(|key| key.canonical_id())).join(", ");
            let needed = Remedy::LoadKey { role: role.clone(), keys: absent.clone() };
            remedied(needed, plain(weight, headline, format!("{why} Not on this machine: {absent}.")))
        } else {
            remedied(Remedy::AddKey(role.clone()), plain(weight, headline, why))
        });
    }
    let explained = found.iter().any(|w| w.weight == Weight::Danger);
    if !plan.tags.orphaned.is_empty() && !explained {
        let detail = "The role that lists them is removed or may not sign them any more.";
        found.push(plain(Weight::Danger, format!("{} orphaned", tags(plan.tags.orphaned.len())), detail));
    }
}

/// Root and targets near or past their end. Clients refuse everything below an expired file.
fn base_roles(facts: &PlanFacts<'_>, draft: &Draft<'_>, found: &mut Warnings) {
    let Some(set) = draft.ground().set else { return };
    if super::clock::warn(facts, set, found) {
        return;
    }
    let renew = |role: Role, warning: PlanWarning| match draft.can_sign(&role) {
        true => fixed(warning, role.clone(), format!("renew {role} in the same publish")),
        false => remedied(Remedy::Renew(role), warning),
    };
    let expires = set.root().content.expires();
    if !draft.touched().contains_key(&Role::Root) {
        if expires <= facts.now {
            let detail = "Clients refuse the whole repository until somebody with the root key renews it.";
            found.push(renew(Role::Root, plain(Weight::Block, "root has expired", detail)));
        } else if set.root_certified(facts.now).is_err() {
            let detail = "Clients refuse the whole repository, however long root lasts.";
            found.push(renew(Role::Root, plain(Weight::Block, "the root certificate has ended", detail)));
        } else if within_six_months(facts, set) {
            let day = expires.strftime("%Y-%m-%d");
            let detail = format!(
                "It expires on {day}. From six months before, `docker trust` and `notary` publish only where the root key \
                 is. This publish goes on without renewing it."
            );
            found.push(renew(Role::Root, plain(Weight::Warning, "root expires within six months", detail)));
        }
    }
    if draft.touched().contains_key(&Role::Root) && set.root_certified(facts.now).is_err() {
        let detail = "A notary-server takes nothing any more for such a repository, a new root neither. Made anew, it has \
                      another root: whoever has the old one must forget it.";
        let warning = plain(Weight::Warning, "the root certificate has ended", detail);
        found.push(remedied(Remedy::SetUpAnew, warning));
    }
    if draft.touched().contains_key(&Role::Root) && !draft.witnessed().contains(&Role::Root) {
        root_certificate(facts, draft, renew, found);
    }
    let is_expired = set.targets().is_some_and(|file| file.standing == Standing::Expired);
    if is_expired && !draft.touched().contains_key(&Role::Targets) {
        let detail = "Clients refuse the whole repository until somebody with the targets key renews it.";
        found.push(renew(Role::Targets, plain(Weight::Block, "targets has expired", detail)));
    }
    if set.timestamp().is_some_and(|file| file.content.expires <= facts.now) {
        let detail = "The server signs it anew at each publish, and nobody could pull until then: ask who runs it why.";
        found.push(plain(Weight::Warning, "timestamp has expired", detail));
    }
    let stale = set.snapshot().is_some_and(|file| file.content.expires() <= facts.now);
    if stale && !draft.signs_snapshot() {
        let detail = "Unless the server holds its key, somebody who does must sign it at this publish.";
        found.push(plain(Weight::Warning, "snapshot has expired", detail));
    }
}

/// Signing root again does not renew the certificate around its key, and clients look at both.
fn root_certificate(
    facts: &PlanFacts<'_>,
    draft: &Draft<'_>,
    renew: impl Fn(Role, PlanWarning) -> PlanWarning,
    found: &mut Warnings,
) {
    let Some(root) = draft.base.root().filter(|root| certificates_are_due(root, facts.now)) else { return };
    let Some(end) = certificates_end(root) else { return };
    let detail = format!(
        "It ends on {}, and clients refuse the repository from then on, however long root lasts. Renewing root makes a \
         new one.",
        end.strftime("%Y-%m-%d")
    );
    found.push(renew(Role::Root, plain(Weight::Warning, "the root certificate is not renewed", detail)));
}

fn within_six_months(facts: &PlanFacts<'_>, set: &TrustedSet) -> bool {
    let zoned = facts.now.to_zoned(jiff::tz::TimeZone::UTC);
    zoned.checked_add(6.months()).is_ok_and(|wall| set.root().content.expires() < wall.timestamp())
}

/// Roles that keep an entry but no longer enough keys.
fn left_without_keys(draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    for diff in plan.roles.iter().filter(|diff| diff.keys.iter().any(|key| key.mark == Mark::Removed)) {
        let Some(keys) = draft.role_keys(&diff.role) else { continue };
        if draft.base.server_made().contains(&diff.role) {
            continue;
        }
        if keys.keys.len() < keys.threshold as usize {
            let headline = format!("{} has {} of {} keys left", role_word(&diff.role), keys.keys.len(), keys.threshold);
            found.push(plain(Weight::Warning, headline, "Nobody can sign it until a key is added."));
        }
    }
}

fn vouching(draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    if plan.tags.vouched.is_empty() {
        return;
    }
    let base = Draft::new(draft.ground());
    let lost = draft.touched().keys().filter(|r| draft.loaded(r).is_some() && !base.stands(r));
    let (restored, lost): (Vec<&Role>, Vec<&Role>) = lost.partition(|role| is_last_good(draft, role));
    let named = |roles: &[&Role]| roles.iter().map(|role| role_word(role)).collect::<Vec<_>>().join(", ");
    let is_expired = |role: &Role| draft.loaded(role).is_some_and(|file| file.standing == Standing::Expired);
    let weight = if lost.is_empty() { Weight::Note } else { Weight::Warning };
    let why = match (lost.is_empty(), restored.is_empty()) {
        (true, true) => "Their role is signed again as it is.".to_owned(),
        (true, false) => format!("This machine verified those of {} in its last good file.", named(&restored)),
        (false, _) if lost.iter().all(|role| is_expired(role)) => format!("{} had expired.", named(&lost)),
        (false, _) => format!("No current key had signed {} in a valid file.", named(&lost)),
    };
    let headline = format!("vouches for {}", tags(plan.tags.vouched.len()));
    found.push(plain(weight, headline, format!("{why} Whoever signs says that the tags are right.")));
}

/// Whether a role keeps tags of the file on the server, and all of them stand in the last good file of this machine.
fn is_last_good(draft: &Draft<'_>, role: &Role) -> bool {
    let good = draft.ground().set.and_then(|set| set.last_good(role));
    let (Some(good), Some(old), Some(new)) = (good, draft.loaded(role), draft.content(role)) else { return false };
    let mut kept = new.targets.iter().filter(|(tag, target)| old.content.targets.get(tag) == Some(target)).peekable();
    kept.peek().is_some() && kept.all(|(tag, target)| good.content().targets.get(tag) == Some(target))
}

/// Delegations that are listed again while the file of their former life is still on the server.
fn revivals(draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    let meta = draft.ground().set.and_then(TrustedSet::snapshot).map(|s| &s.content.meta);
    for diff in plan.roles.iter().filter(|diff| diff.mark == Mark::Added) {
        let on_server = meta.is_some_and(|meta| meta.contains_key(&diff.role));
        if on_server && !draft.touched().contains_key(&diff.role) {
            let headline = format!("an old file of {} is on the server", role_word(&diff.role));
            let detail = "It is from before the role was removed. If one of the added keys has signed it, its tags are \
                          trusted again; else nobody trusts it until the role is signed.";
            found.push(plain(Weight::Warning, headline, detail));
        }
    }
}

fn unknown_members(draft: &Draft<'_>, found: &mut Warnings) {
    let Some(set) = draft.ground().set else { return };
    for role in draft.touched().keys() {
        let lost = match role {
            Role::Root => Root::unknown_members(&set.root().envelope),
            _ => draft.loaded(role).map(|file| Targets::unknown_members(&file.envelope)).unwrap_or_default(),
        };
        if !lost.is_empty() {
            let headline = format!("{} holds more than Notary knows", role_word(role));
            found.push(plain(Weight::Warning, headline, format!("Signing it again loses {}.", lost.join(", "))));
        }
    }
}

/// Signers whose signatures nobody pulls.
fn outside_releases(draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    let releases: Vec<_> = draft.role_keys(&Role::releases()).map(|k| k.keys).unwrap_or_default();
    let holds = |id| releases.iter().any(|key| key.canonical_id() == id);
    for diff in plan.roles.iter().filter(|diff| diff.mark == Mark::Added && !diff.role.is_released()) {
        let Role::Delegation(name) = &diff.role else { continue };
        if name.depth() == 1 && !diff.keys.iter().any(|key| holds(&key.id)) {
            let headline = format!("{} is not in releases", name.short());
            let detail = "What only it signs is not pulled by Docker. Add a signer instead if that is not meant.";
            found.push(plain(Weight::Note, headline, detail));
        }
    }
}

fn remarks(draft: &Draft<'_>, names: &Names<'_>, found: &mut Warnings) {
    for remark in draft.remarks() {
        found.push(match remark {
            DraftRemark::PurgeSkipped { role } => plain(
                Weight::Warning,
                format!("{} keeps the key", role_word(role)),
                "The role above it cannot be signed on this machine.",
            ),
            DraftRemark::StillListed { tag, role } => {
                let pulled = role.is_released() && trusted(draft, role);
                let weight = if pulled { Weight::Warning } else { Weight::Note };
                let detail = if pulled { "Docker still pulls it." } else { "Docker does not pull it from there." };
                plain(weight, format!("{} still lists {tag}", role_word(role)), detail)
            }
            DraftRemark::KeyKept { key, signer } => plain(
                Weight::Note,
                format!("{} stays in releases", names.label(key)),
                format!("Signer {} holds the same key.", signer.short()),
            ),
        });
    }
}

/// Somebody is let sign, and cannot publish without the snapshot key of this machine.
fn snapshot_is_here(facts: &PlanFacts<'_>, draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    if !draft.signs_snapshot() {
        return;
    }
    let is_added = |key: &&KeyDiff| key.mark == Mark::Added;
    let gains = |diff: &&RoleDiff| diff.role.delegation().is_some() && diff.keys.iter().any(|key| is_added(&key));
    let mut gaining: Vec<&str> = plan.roles.iter().filter(gains).map(|diff| role_word(&diff.role)).collect();
    if gaining.len() > 1 {
        // Whoever is added to a role of his own is added to releases too.
        gaining.retain(|word| *word != role_word(&Role::releases()));
    }
    if !gaining.is_empty() {
        let detail = "The snapshot key is on this machine, and whoever publishes needs it.";
        let added = plan.roles.iter().filter(gains).flat_map(|diff| diff.keys.iter().filter(is_added));
        let (weight, headline) = match added.into_iter().all(|key| facts.at_hand.contains(&key.id)) {
            true => (Weight::Note, "can publish only from this machine"),
            false => (Weight::Warning, "cannot publish yet"),
        };
        let warning = plain(weight, format!("{} {headline}", gaining.join(", ")), detail);
        found.push(remedied(Remedy::LeaveSnapshot, warning));
    }
}

/// What to know about new keys of base roles.
pub(in crate::engine) fn rotations(draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    let has_delegations = !draft.tree().is_empty();
    for planned in plan.changes.iter().filter(|planned| planned.no_effect.is_none()) {
        let Change::RotateKeys { role, keys, .. } = &planned.change else { continue };
        if let (Role::Snapshot, NewKeys::Here(_), true) = (role, keys, has_delegations) {
            let detail =
                "From then on every signer needs this key to publish. Leave it to the server if others sign too.";
            found.push(plain(Weight::Warning, "only who holds the snapshot key can publish", detail));
        }
        // One that the server holds is not in the key store.
        let old = draft.ground().set.map(|set| set.root().content.role_keys(role).keys).unwrap_or_default();
        if old.iter().any(|key| draft.ground().at_hand.contains(key.canonical_id())) {
            let detail = "It stays in the key store until you remove it: whoever reads an older copy may need it.";
            found.push(plain(Weight::Note, format!("the old {role} key is kept"), detail));
        }
    }
    let before = draft.ground().set.map(|set| set.root().content.role_keys(&Role::Root));
    if before.is_some() && draft.role_keys(&Role::Root) != before {
        let detail = "Signed with the old key too, so that clients follow by themselves. Where notary's trust_pinning \
                      names the certificate, put the new ID there.";
        found.push(plain(Weight::Note, "root gets a new certificate and key ID", detail));
    }
}
