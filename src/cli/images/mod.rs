//! Commands that look at images in registries: `resolve`, `tags`, `drift`, `verify`.

pub(super) mod resolve;
pub(super) mod tags;
pub(super) mod verify;
