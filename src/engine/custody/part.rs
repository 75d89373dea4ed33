//! Owning keys: making, loading, finding, backing up, removing.

use crate::engine::context::Context;
use crate::engine::keyring::Keyring;
use crate::engine::trust::Trust;
use crate::engine::view::Views;

/// Own keys. All clones are one.
#[derive(Clone)]
pub struct Custody {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) keyring: Keyring,
    pub(in crate::engine) trust: Trust,
    pub(in crate::engine) views: Views,
}

impl Custody {
    pub(in crate::engine) fn new(views: &Views) -> Self {
        let Views { context, keyring, trust, .. } = views.clone();
        Self { context, keyring, trust, views: views.clone() }
    }
}
