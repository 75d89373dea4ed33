//! Which delegations come next, within bounds.

use super::super::fault::VerifyError;
use super::super::loaded::SetAside;
use super::super::metadata::{Delegation, FileMeta};
use super::super::names::{DelegationName, Role};

use super::TrustedSet;
use super::limits::{DELEGATION_BYTES, DELEGATION_DEPTH, DELEGATIONS};

impl TrustedSet {
    /// Delegations that can be loaded next: listed by a trusted parent, named by the snapshot, not loaded yet. Marks
    /// those that the snapshot hides (listed, seen before, not named) as set aside.
    pub fn pending(&mut self) -> Vec<(DelegationName, FileMeta)> {
        let mut pending = Vec::new();
        let mut aside = Vec::new();
        let mut room = DELEGATIONS.saturating_sub(self.delegations.len());
        let mut bytes: u64 = self.delegations.values().map(|loaded| loaded.envelope.bytes().len() as u64).sum();
        let mut all: Vec<&Delegation> =
            self.listings().flat_map(|listing| listing.delegations.iter().flatten()).collect();
        // What pulls look at is not to fall over a limit because of others; the order of searching is that of the lists.
        all.sort_by_key(|listed| !listed.name.is_releases());
        for listed in all {
            let name = &listed.name;
            if self.delegations.contains_key(name) || self.aside.contains_key(name) {
                continue;
            }
            let role = Role::Delegation(name.clone());
            match self.expected(&role) {
                Some(_) if name.depth() > DELEGATION_DEPTH => {
                    let what = format!("more than {DELEGATION_DEPTH} delegations deep");
                    aside.push((name.clone(), SetAside::Invalid(VerifyError::Limit { role, what })));
                }
                Some(_) if room == 0 => {
                    let what = format!("more than {DELEGATIONS} delegations in this repository");
                    aside.push((name.clone(), SetAside::Invalid(VerifyError::Limit { role, what })));
                }
                Some(file) if bytes.saturating_add(file.length) > DELEGATION_BYTES => {
                    let what = format!("more than {DELEGATION_BYTES} bytes of delegations in this repository");
                    aside.push((name.clone(), SetAside::Invalid(VerifyError::Limit { role, what })));
                }
                Some(file) => {
                    room -= 1;
                    bytes += file.length;
                    pending.push((name.clone(), file.clone()));
                }
                None if self.seen.contains_key(&role) => aside.push((name.clone(), SetAside::Hidden)),
                None => {}
            }
        }
        self.aside.extend(aside);
        pending
    }
}
