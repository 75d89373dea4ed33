//! The wizards that were begun, and what each knows of its repositories.

use crate::engine::context::Context;
use crate::engine::custody::Custody;
use crate::engine::keyring::Keyring;
use crate::engine::servers::Servers;
use crate::engine::stage::Staging;
use crate::engine::trust::Trust;
use crate::engine::view::Views;

/// What to do next. All clones are one.
#[derive(Clone)]
pub struct Wizards {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) keyring: Keyring,
    pub(in crate::engine) servers: Servers,
    pub(in crate::engine) trust: Trust,
    pub(in crate::engine) views: Views,
    pub(in crate::engine) stage: Staging,
    pub(in crate::engine) custody: Custody,
}

impl Wizards {
    pub(in crate::engine) fn new(custody: &Custody, stage: &Staging) -> Self {
        let Staging { context, keyring, servers, trust, .. } = stage.clone();
        let (custody, stage) = (custody.clone(), stage.clone());
        Self { context, keyring, servers, trust, views: custody.views.clone(), stage, custody }
    }
}
