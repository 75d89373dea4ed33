//! Commands about images in registries: `resolve`, `tags`, `drift`, `verify` look at them, `pull` and `push` move them.

pub(super) mod program;
pub(super) mod pull;
pub(super) mod push;
pub(super) mod resolve;
pub(super) mod tags;
pub(super) mod verify;
