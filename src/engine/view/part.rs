//! What is shown of repositories, roles, tags and keys.

use crate::engine::context::Context;
use crate::engine::keyring::Keyring;
use crate::engine::servers::Servers;
use crate::engine::trust::Trust;

/// What is shown. All clones are one.
#[derive(Clone)]
pub struct Views {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) keyring: Keyring,
    pub(in crate::engine) servers: Servers,
    pub(in crate::engine) trust: Trust,
}

impl Views {
    pub(in crate::engine) fn new(keyring: &Keyring, trust: &Trust) -> Self {
        let (context, servers) = (trust.context.clone(), trust.servers.clone());
        Self { context, keyring: keyring.clone(), servers, trust: trust.clone() }
    }
}
