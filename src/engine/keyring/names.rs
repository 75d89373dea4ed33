//! What keys are called.

use crate::tuf::DelegationName;

/// A `role` header as a name. `delegation` is what importers write for want of one.
pub(in crate::engine) fn role_label(role: &str) -> Option<String> {
    let name = match DelegationName::parse(role) {
        Ok(delegation) => delegation.short().to_owned(),
        Err(_) => role.to_owned(),
    };
    Some(name).filter(|name| !name.is_empty() && name != "delegation")
}
