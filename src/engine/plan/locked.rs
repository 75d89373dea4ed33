//! What must be known before a plan is published: passphrases of keys that are locked or will be made, each once.

use super::{NeededKey, RepositoryPlan};
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// A secret that a plan still needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Missing {
    /// Of a key that is locked.
    Locked(LockedKey),
    /// Of a key that will be made (`role` is `root` or `targets`), for these repositories.
    New { role: Role, repositories: Vec<Gun> },
}

/// A stored key that must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedKey {
    /// ID of the bare key.
    pub id: CanonicalKeyId,
    /// What people call it.
    pub label: String,
    /// Role header of its file.
    pub role: String,
    /// What it will sign, repository by repository.
    pub signs: Vec<(Gun, Role)>,
}

impl LockedKey {
    /// The roles that it will sign, each once.
    #[must_use]
    pub fn roles(&self) -> Vec<&Role> {
        let mut roles = Vec::new();
        for (_, role) in &self.signs {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles
    }
}

/// The secrets that these plans need, in their order.
#[must_use]
pub fn missing<'a>(plans: impl IntoIterator<Item = &'a RepositoryPlan>) -> Vec<Missing> {
    let mut missing: Vec<Missing> = Vec::new();
    for plan in plans {
        for key in &plan.keys {
            match key {
                NeededKey::Unlock { locked: false, .. } => {}
                NeededKey::Unlock { id, label, role, signs, .. } => {
                    let signs = signs.iter().map(|role| (plan.gun.clone(), role.clone()));
                    match missing.iter_mut().find_map(|known| known.as_locked(id)) {
                        Some(known) => known.signs.extend(signs),
                        None => missing.push(Missing::Locked(LockedKey {
                            id: id.clone(),
                            label: label.clone(),
                            role: role.clone(),
                            signs: signs.collect(),
                        })),
                    }
                }
                NeededKey::New { role } => match missing.iter_mut().find_map(|known| known.as_new(role)) {
                    Some(repositories) => repositories.push(plan.gun.clone()),
                    None => missing.push(Missing::New { role: role.clone(), repositories: vec![plan.gun.clone()] }),
                },
            }
        }
    }
    missing
}

/// The locked keys among [`missing`].
#[must_use]
pub fn locked_keys<'a>(plans: impl IntoIterator<Item = &'a RepositoryPlan>) -> Vec<LockedKey> {
    let locked = |missing| if let Missing::Locked(key) = missing { Some(key) } else { None };
    missing(plans).into_iter().filter_map(locked).collect()
}

impl Missing {
    fn as_locked(&mut self, wanted: &CanonicalKeyId) -> Option<&mut LockedKey> {
        if let Self::Locked(key) = self { Some(key).filter(|key| key.id == *wanted) } else { None }
    }

    fn as_new(&mut self, wanted: &Role) -> Option<&mut Vec<Gun>> {
        match self {
            Self::New { role, repositories } if role == wanted => Some(repositories),
            _ => None,
        }
    }
}
