//! Recovery from a fast-forward: whoever has stolen the server's keys uses up the versions of timestamp or snapshot, and
//! root replaces those keys. Source: TUF 5.3.11.

use std::collections::BTreeSet;

use super::loaded::SeenRoles;
use super::metadata::Root;
use super::names::Role;

/// Forgets what was seen of timestamp and snapshot if `root`, which is verified, replaces the keys that `before` has for
/// one of them, so that the old ones reach its threshold no more. What was seen of other roles stays.
pub fn forget_replaced(seen: &mut SeenRoles, before: &Root, root: &Root) {
    let server = [Role::Timestamp, Role::Snapshot];
    if server.iter().any(|role| is_replaced(role, before, root)) {
        seen.retain(|role, _| !server.contains(role));
    }
}

fn is_replaced(role: &Role, before: &Root, root: &Root) -> bool {
    let ids = |root: &Root| -> BTreeSet<_> {
        root.role_keys(role).keys.iter().map(|key| key.canonical_id().clone()).collect()
    };
    ids(before).intersection(&ids(root)).count() < root.role_keys(role).threshold as usize
}
