//! What of a repository does not count: one line for each role and for tags that are gone, with the command that helps.

use std::collections::{BTreeMap, BTreeSet};

use super::{RepositoryView, RoleView, TagState};
use crate::engine::error::{Kind, Problem, ToldTags};
use crate::engine::reference::in_command;
use crate::engine::trust::tree::RoleState;
use crate::engine::wording::{count, some};
use crate::printable::printable_within;
use crate::tuf::Role;

/// Tags of a role that does not count that are named, and tags that are gone.
const LOST: usize = 8;
const GONE: usize = 64;

/// Something that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What, and what helps. Its class is `role`, or `limit` for what is not read.
    pub problem: Problem,
    /// Whether Docker pulls from the role: then tags are missing that somebody has signed.
    pub released: bool,
}

impl RepositoryView {
    /// Every role that does not count or lists tags outside its paths, and the tags that are gone since this machine
    /// looked last.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        self.troubles_for(|_| true)
    }

    /// The same for somebody who asks for some tags only: others outside of paths are not told.
    #[must_use]
    pub fn troubles_for(&self, is_asked: impl Fn(&str) -> bool) -> Vec<Trouble> {
        let mut troubles: Vec<Trouble> = self.roles.iter().filter_map(|role| self.of_role(role)).collect();
        troubles.sort_by_key(|trouble| !trouble.released);
        troubles.extend(self.roles.iter().filter_map(|role| self.of_versions(role)));
        troubles.extend(self.unread());
        troubles.extend(self.outside(is_asked));
        troubles.extend(self.losses());
        troubles
    }

    /// The role that keeps a tag from being pulled because it does not count: one that lists it, or might, or that pulls
    /// look at before the one that lists it. Or because the tag is outside its paths.
    #[must_use]
    pub fn trouble_of(&self, tag: &str) -> Option<Trouble> {
        let is = |state| self.tags.iter().any(|row| *row.name == *tag && row.state == state);
        let (is_pulled, is_listed) = (is(TagState::Trusted), is(TagState::Orphaned));
        let first = self.uncounted_first().filter(|first| first.allows(tag));
        if is_pulled && first.is_none() {
            return None;
        }
        let is_outside = |role: &Role| self.ignored.iter().any(|(of, name)| of == role && name == tag);
        let is_cause = |role: &Role| match first {
            Some(first) if is_pulled => first.role == *role,
            _ => is_listed || self.may_list(role) || is_outside(role),
        };
        self.troubles_for(|name| name == tag)
            .into_iter()
            .find(|trouble| trouble.released && trouble.problem.role.as_ref().is_none_or(is_cause))
    }

    /// The role that pulls look at before `targets`, where it has a file that does not count: whoever hides, spoils or
    /// outwaits it must not make pulls fall back to what `targets` said before.
    #[must_use]
    pub fn uncounted_first(&self) -> Option<&RoleView> {
        let first = self.roles.iter().find(|role| role.role.is_released() && role.role != Role::Targets);
        first.filter(|role| !matches!(role.state, RoleState::Good | RoleState::NeverSigned))
    }

    /// Whether a tag may be in a role although no file that was read lists it: nothing counts without targets, nobody can
    /// sign where there are no keys, and what was not read or is forged says nothing.
    fn may_list(&self, role: &Role) -> bool {
        let Some(view) = self.roles.iter().find(|view| view.role == *role) else { return true };
        let is_unread = matches!(view.state, RoleState::Hidden | RoleState::Missing | RoleState::OverLimit { .. });
        *role == Role::Targets || view.keys.is_empty() || is_unread || !view.vouched
    }

    /// The roles that are not read because there is too much of them: one trouble for each limit.
    fn unread(&self) -> Vec<Trouble> {
        let mut over: BTreeMap<&str, Vec<&Role>> = BTreeMap::new();
        for role in &self.roles {
            if let RoleState::OverLimit { limit } = &role.state {
                over.entry(limit).or_default().push(&role.role);
            }
        }
        let trouble = |(limit, roles): (&str, Vec<&Role>)| {
            // Those that pulls look at first.
            let (released, others): (Vec<&Role>, Vec<&Role>) =
                roles.iter().copied().partition(|role| role.is_released());
            let names: Vec<String> = released.into_iter().chain(others).map(ToString::to_string).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            let message = format!("{} {verb} not read, so their tags do not count: {limit}", some(&names));
            let hint = "trustdeck reads no more; ask whoever lists them to take delegations out".to_owned();
            let problem = Problem { kind: Kind::Limit, ..self.problem(None, message, hint) };
            Trouble { problem, released: roles.iter().any(|role| role.is_released()) }
        };
        over.into_iter().map(trouble).collect()
    }

    /// The tags that roles list outside their paths: one trouble for each role.
    fn outside(&self, is_asked: impl Fn(&str) -> bool) -> Vec<Trouble> {
        let mut outside: BTreeMap<&Role, Vec<String>> = BTreeMap::new();
        for (role, tag) in self.ignored.iter().filter(|(_, tag)| is_asked(tag)) {
            outside.entry(role).or_default().push(printable_within(tag, 120));
        }
        let trouble = |(role, tags): (&Role, Vec<String>)| {
            let message = format!(
                "{role} lists {} outside its paths, which nobody pulls: {}",
                count(tags.len(), "tag"),
                some(&tags)
            );
            let hint = format!(
                "ask its signers; whoever holds the key of the role above it can widen its paths: trustdeck delegation add \
                 {} {role} --paths PATH",
                in_command(&self.gun)
            );
            Trouble { problem: self.problem(Some(role), message, hint), released: role.is_released() }
        };
        outside.into_iter().map(trouble).collect()
    }

    /// The tags that are gone since this machine looked last, but for those of a role that does not count: that is told
    /// of the role.
    #[must_use]
    pub fn gone(&self) -> Vec<String> {
        let lost = self.roles.iter().filter(|role| role.role.is_released()).flat_map(|role| &role.lost_tags);
        let lost: BTreeSet<&String> = lost.collect();
        self.vanished.iter().filter(|tag| !lost.contains(tag)).cloned().collect()
    }

    /// Says which these are, if any are.
    #[must_use]
    pub fn losses(&self) -> Option<Trouble> {
        let gone = self.gone();
        (!gone.is_empty()).then(|| {
            let message = format!(
                "{} gone since this machine looked last: {}; {} not be pulled any more",
                count(gone.len(), "tag"),
                named(&gone, GONE),
                if gone.len() == 1 { "it can" } else { "they can" },
            );
            let hint =
                "if nobody has revoked them, ask their signers; somebody who holds their keys can sign them again";
            let problem =
                Problem { tags: Some(Box::new(ToldTags(gone))), ..self.problem(None, message, hint.to_owned()) };
            Trouble { problem, released: false }
        })
    }

    fn problem(&self, role: Option<&Role>, message: String, hint: String) -> Problem {
        let repository = Some(self.gun.clone());
        Problem { kind: Kind::Role, message, hint, repository, role: role.cloned(), tags: None, admission: None }
    }

    fn of_role(&self, role: &RoleView) -> Option<Trouble> {
        let name = &role.role;
        let (why, hint) = match &role.state {
            RoleState::Good | RoleState::OverLimit { .. } => return None,
            RoleState::NeverSigned | RoleState::Unreachable if !role.keys.is_empty() => return None,
            RoleState::NeverSigned | RoleState::Unreachable => {
                (format!("{name} has no keys"), format!("add a key, then sign tags into it: {}", self.add_key(name)))
            }
            RoleState::Expired => (format!("{name} has expired"), self.renew(name)),
            RoleState::UnderThreshold { .. } if role.keys.is_empty() => (
                format!("{name} has no keys, so no signature counts"),
                format!(
                    "add a key, then sign it again: {}; trustdeck witness {} {name}",
                    self.add_key(name),
                    in_command(&self.gun)
                ),
            ),
            RoleState::UnderThreshold { signed } => self.under_threshold(role, *signed),
            RoleState::Hidden => (
                format!(
                    "{name} is hidden by the server: this machine has seen a file of it, and the snapshot leaves it out"
                ),
                format!(
                    "this may be an attack: ask whoever runs the server; trustdeck restore {} {name} signs its last good \
                     file again",
                    in_command(&self.gun)
                ),
            ),
            RoleState::Missing => (
                format!("the file of {name} is damaged or missing in this machine's cache"),
                format!("read it again from the server: trustdeck inspect {}", in_command(&self.gun)),
            ),
        };
        let released = name.is_released();
        let effect = match (released, role.tags) {
            (true, _) if !role.lost_tags.is_empty() => format!(
                "; the {} of its last good file cannot be pulled: {}",
                count(role.lost_tags.len(), "tag"),
                named(&role.lost_tags, LOST)
            ),
            (true, _) if !role.vouched => "; its tags cannot be pulled".to_owned(),
            (true, 0) => "; its tags cannot be pulled".to_owned(),
            (true, tags) => format!("; its {} cannot be pulled", count(tags, "tag")),
            (false, _) => "; what it signs does not count".to_owned(),
        };
        Some(Trouble { problem: self.problem(Some(name), format!("{why}{effect}"), hint), released })
    }

    fn of_versions(&self, role: &RoleView) -> Option<Trouble> {
        let message = format!("{}: after the last one nothing can be published in it", role.near_its_last_version()?);
        let hint =
            "ask its signers whether that was them: with a stolen key somebody can use up the versions of a role";
        Some(Trouble { problem: self.problem(Some(&role.role), message, hint.to_owned()), released: false })
    }

    fn under_threshold(&self, role: &RoleView, signed: usize) -> (String, String) {
        let (name, repository) = (&role.role, in_command(&self.gun));
        if let Some(why) = role.unvouched() {
            let restore = match role.met {
                true => {
                    format!("; trustdeck restore {repository} {name} signs the last good file of this machine again")
                }
                false => ", or look from a machine that read it before".to_owned(),
            };
            return (format!("{name} {why}"), format!("do not sign it again unseen: ask its signers{restore}"));
        }
        let needed = count(role.threshold as usize, "needed key");
        let why = format!("{name} is signed by {signed} of {needed}, since its last signers were removed");
        let labels: Vec<String> = role.keys.iter().map(|key| key.label.clone()).collect();
        let hint = format!(
            "whoever holds a key of it ({}) signs it again: trustdeck witness {repository} {name} --publish",
            some(&labels)
        );
        (why, hint)
    }

    fn add_key(&self, role: &Role) -> String {
        format!("trustdeck delegation add {} {role} FILE", in_command(&self.gun))
    }

    fn renew(&self, role: &Role) -> String {
        match role {
            Role::Timestamp => "the server signs it: ask whoever runs it, and check this machine's clock".to_owned(),
            Role::Snapshot => "whoever holds its key signs it again: publish any change".to_owned(),
            _ => {
                let repository = in_command(&self.gun);
                format!("whoever holds its key signs it again: trustdeck renew {role} {repository} --publish")
            }
        }
    }
}

/// Names, and how many more there are.
fn named(tags: &[String], most: usize) -> String {
    let shown: Vec<String> = tags.iter().take(most).map(|tag| printable_within(tag, 120)).collect();
    match tags.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
