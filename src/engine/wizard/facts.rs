//! What a wizard looks at: the servers' metadata, the key store, the journal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Time;

use super::choice::{Choice, RoleBefore, Wizard};
use super::part::Wizards;
use crate::engine::draft::change::{Change, SignedTarget};
use crate::engine::draft::pulled::{pulled, trusted};
use crate::engine::draft::{Draft, Ground};
use crate::engine::error::{EngineError, Problem};
use crate::engine::plan::Weight;
use crate::engine::reference::familiar_name;
use crate::tuf::{CanonicalKeyId, Gun, Metadata, PublicKey, Role, TargetName, TrustedSet};

/// All that the steps of a wizard are computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What was chosen.
    pub choice: Choice,
    /// Private keys in the store.
    pub at_hand: BTreeSet<CanonicalKeyId>,
    /// Keys with a tested backup.
    pub backed_up: BTreeSet<CanonicalKeyId>,
    /// Keys that are on a token and in no file, and what the token is called: no program can copy them.
    pub on_token: BTreeMap<CanonicalKeyId, String>,
    /// Chosen keys whose token is not plugged in, and what it is called.
    pub away: BTreeMap<CanonicalKeyId, String>,
    /// The repositories, in the order they were chosen.
    pub repositories: Vec<RepositoryFacts>,
    /// Other known repositories with the same root key.
    pub same_root: Vec<Gun>,
    /// Where other known repositories list a signer's key that is replaced.
    pub elsewhere: Vec<(Gun, Role, CanonicalKeyId)>,
    /// The time.
    pub now: Time,
}

/// What is known about one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// Name.
    pub gun: Gun,
    /// Name as Docker's users write it.
    pub name: String,
    /// Base URL of its server; empty if none was chosen.
    pub server: String,
    /// What the server holds: `Ok(None)` for no trust data.
    pub state: Result<Option<ServerState>, Problem>,
    /// Changes that are staged for it.
    pub staged: Vec<Change>,
    /// Whether publishing them is blocked, and by what.
    pub blocked: Option<String>,
    /// Tags that publishing them would orphan.
    pub at_risk: usize,
    /// Whether a publish is under way whose end is not known.
    pub in_flight: bool,
}

/// A repository as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerState {
    /// Its roles.
    pub roles: BTreeMap<Role, RoleFacts>,
    /// Tags that Docker pulls.
    pub tags: usize,
    /// Those of the first tags that Docker pulls as they were chosen.
    pub first_tags: BTreeSet<TargetName>,
    /// When this was verified with the server.
    pub verified_at: Option<Time>,
}

/// A role as it is listed and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleFacts {
    /// Listed keys.
    pub keys: Vec<PublicKey>,
    /// How many of them must sign.
    pub threshold: u32,
    /// Listed keys that have signed its file.
    pub signed_by: Vec<CanonicalKeyId>,
    /// Version of its file, if there is one.
    pub version: Option<u64>,
    /// Whether its file is trusted.
    pub trusted: bool,
}

impl RoleFacts {
    /// IDs of the listed keys, each once.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<CanonicalKeyId> {
        self.keys.iter().map(|key| key.canonical_id().clone()).collect()
    }
}

impl ServerState {
    /// Reads it from verified metadata.
    fn of(set: &TrustedSet, at_hand: &BTreeSet<CanonicalKeyId>, choice: &Choice, now: Time, at: Option<Time>) -> Self {
        let draft = Draft::new(Ground { set: Some(set), copy: None, at_hand, now });
        let base = [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp];
        let roles = base.into_iter().chain(draft.tree().into_iter().map(Role::from));
        let facts = |role: Role| {
            let listed = draft.role_keys(&role)?;
            let file = draft.loaded(&role);
            let (version, signed) = match (&role, file) {
                (_, Some(file)) => (Some(file.content.version()), file.tally.signed.as_slice()),
                (Role::Root, None) => (Some(set.root().content.version()), set.root().tally.signed.as_slice()),
                _ => (None, &[][..]),
            };
            let signed_by = signed.iter().map(|key| key.canonical_id().clone()).collect();
            let trusted = matches!(role, Role::Root) || trusted(&draft, &role);
            Some((role, RoleFacts { keys: listed.keys, threshold: listed.threshold, signed_by, version, trusted }))
        };
        let pulled = pulled(&draft);
        let first = choice.first.tags.get(set.gun()).into_iter().flatten();
        let is_there = |tag: &TargetName, chosen: &SignedTarget| {
            let target = chosen.target();
            pulled
                .get(tag)
                .zip(target)
                .is_some_and(|(there, chosen)| there.hashes.get("sha256") == chosen.hashes.get("sha256"))
        };
        let first_tags = first.filter(|(tag, chosen)| is_there(tag, chosen)).map(|(tag, _)| tag.clone()).collect();
        Self { roles: roles.filter_map(facts).collect(), tags: pulled.len(), first_tags, verified_at: at }
    }

    /// Roles that list a key.
    #[must_use]
    pub fn listing(&self, key: &CanonicalKeyId) -> Vec<Role> {
        let lists = |facts: &RoleFacts| facts.keys.iter().any(|listed| listed.canonical_id() == key);
        self.roles.iter().filter(|(_, facts)| lists(facts)).map(|(role, _)| role.clone()).collect()
    }
}

impl Facts {
    /// The token that holds the only copy of a key: it has no backup, and none can be made.
    #[must_use]
    pub fn only_on_token(&self, id: &CanonicalKeyId) -> Option<&str> {
        self.on_token.get(id).filter(|_| !self.backed_up.contains(id)).map(String::as_str)
    }
}

impl RepositoryFacts {
    /// What the server holds, if it is known and there is any.
    #[must_use]
    pub fn there(&self) -> Option<&ServerState> {
        self.state.as_ref().ok().and_then(Option::as_ref)
    }

    /// A role on the server.
    #[must_use]
    pub fn role(&self, role: &Role) -> Option<&RoleFacts> {
        self.there()?.roles.get(role)
    }
}

impl Wizards {
    /// A choice for these repositories, with their roles as they are now. It is not kept yet.
    ///
    /// # Errors
    /// As [`Wizards::wizard_facts`].
    pub fn new_wizard(&self, wizard: Wizard, repositories: Vec<Gun>) -> Result<Choice, EngineError> {
        let role = wizard.role();
        let mut choice = Choice::new(wizard, repositories, self.context.now());
        for repository in self.wizard_facts(&choice)?.repositories {
            if let Some(facts) = repository.role(&role) {
                let before = RoleBefore { keys: facts.ids().into_iter().collect(), version: facts.version };
                choice.before.insert(repository.gun.clone(), before);
            }
        }
        Ok(choice)
    }

    /// Base URL of a repository's server; empty if none was chosen.
    #[must_use]
    pub fn server_of(&self, gun: &Gun) -> String {
        self.servers.server_address(gun).map(|(server, _)| server).unwrap_or_default()
    }

    /// Looks at all that a wizard depends on, as it was refreshed last. Blocking.
    ///
    /// # Errors
    /// `State`, `Disk`: the journal cannot be read. What concerns one repository is in its facts.
    pub fn wizard_facts(&self, choice: &Choice) -> Result<Facts, EngineError> {
        self.wizard_facts_with(choice, &[])
    }

    /// The same, as if keys were at hand too that were not made.
    ///
    /// # Errors
    /// As [`Wizards::wizard_facts`].
    pub fn wizard_facts_with(&self, choice: &Choice, made: &[CanonicalKeyId]) -> Result<Facts, EngineError> {
        let content = self.stage.kept.journal.read()?;
        let at_hand: BTreeSet<CanonicalKeyId> =
            self.keyring.keys_at_hand().into_iter().chain(made.iter().cloned()).collect();
        let plan = self.stage.plan_silently(Some(&choice.repositories))?;
        let repositories = choice.repositories.iter().map(|gun| {
            let planned = plan.repositories.iter().find(|planned| planned.gun == *gun);
            let heaviest = planned.and_then(|p| p.warnings.first()).filter(|w| w.weight == Weight::Block);
            let failed = planned.and_then(|p| p.failed.as_ref()).map(|problem| problem.message.clone());
            RepositoryFacts {
                gun: gun.clone(),
                name: familiar_name(gun),
                server: self.server_of(gun),
                state: self.wizard_state(gun, &at_hand, choice),
                staged: content.entries.iter().filter(|e| e.gun == *gun).map(|e| e.change.clone()).collect(),
                blocked: failed.or_else(|| heaviest.map(|w| w.headline.clone())),
                at_risk: planned.map_or(0, |p| p.tags.orphaned.len()),
                in_flight: content.sent.iter().any(|sent| sent.gun == *gun),
            }
        });
        let repositories: Vec<RepositoryFacts> = repositories.collect();
        let (same_root, elsewhere) = self.elsewhere(choice, &repositories)?;
        let backed_up: BTreeSet<CanonicalKeyId> = self.keyring.backups()?.into_keys().collect();
        let only_there = at_hand.iter().filter(|id| !self.keyring.has_file(id));
        let on_token =
            only_there.filter_map(|id| Some((id.clone(), self.keyring.token_of(id)?.token.to_string()))).collect();
        let chosen = choice.keys.values().flatten().map(PublicKey::canonical_id);
        let away = chosen.filter_map(|id| Some((id.clone(), self.keyring.absent_token(id)?))).collect();
        let (choice, now) = (choice.clone(), self.context.now());
        Ok(Facts { choice, at_hand, backed_up, on_token, away, repositories, same_root, elsewhere, now })
    }

    fn wizard_state(
        &self,
        gun: &Gun,
        at_hand: &BTreeSet<CanonicalKeyId>,
        choice: &Choice,
    ) -> Result<Option<ServerState>, Problem> {
        let unknown = || EngineError::Input {
            message: format!("what the server holds for {gun} is not known yet"),
            hint: "read the repository first".to_owned(),
        };
        let base = self.trust.base(gun)?.ok_or_else(unknown)?;
        Ok(base.set.map(|set| ServerState::of(&set, at_hand, choice, self.context.now(), base.verified_at)))
    }

    /// What other known repositories have to do with the keys that are replaced: those with the same root key, and
    /// those that list a key of the signer.
    fn elsewhere(&self, choice: &Choice, chosen: &[RepositoryFacts]) -> Result<Elsewhere, EngineError> {
        let (mut same_root, mut listing) = (Vec::new(), Vec::new());
        let of_signer = matches!(choice.wizard, Wizard::DelegationKey { .. });
        if !of_signer && !matches!(choice.wizard, Wizard::Root | Wizard::RenewRoot) {
            return Ok((same_root, listing));
        }
        let mut wanted: BTreeSet<CanonicalKeyId> =
            choice.before.values().flat_map(|b| b.keys.iter().cloned()).collect();
        if !of_signer {
            wanted.extend(chosen.iter().filter_map(|r| r.role(&Role::Root)).flat_map(RoleFacts::ids));
        }
        for entry in self.views.entries()?.into_iter().filter(|entry| !choice.repositories.contains(&entry.gun)) {
            let Some(set) = self.trust.base(&entry.gun).ok().flatten().and_then(|base| base.set) else { continue };
            for (role, keys) in listed(&set, of_signer) {
                let found: BTreeSet<&CanonicalKeyId> = keys.iter().map(PublicKey::canonical_id).collect();
                let found = found.into_iter().filter(|key| wanted.contains(*key)).cloned();
                listing.extend(found.map(|key| (entry.gun.clone(), role.clone(), key)));
            }
        }
        if !of_signer {
            same_root.extend(listing.drain(..).map(|(gun, ..)| gun));
            same_root.dedup();
        }
        Ok((same_root, listing))
    }
}

type Elsewhere = (Vec<Gun>, Vec<(Gun, Role, CanonicalKeyId)>);

/// Keys of the delegations of a repository, or of its root.
fn listed(set: &TrustedSet, of_signers: bool) -> Vec<(Role, Vec<PublicKey>)> {
    if !of_signers {
        return vec![(Role::Root, set.root().content.role_keys(&Role::Root).keys)];
    }
    let targets = set.targets().map(|file| &file.content);
    let files = targets.into_iter().chain(set.delegations().values().map(|file| &file.content));
    let names = files.flat_map(|file| file.delegations.iter().flatten()).map(|d| Role::from(d.name.clone()));
    names.filter_map(|role| set.role_keys(&role).map(|keys| (role, keys.keys))).collect()
}
