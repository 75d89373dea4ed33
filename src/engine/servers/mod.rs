//! Which trust server a repository has, and the one kept client for it.

pub(in crate::engine) mod certificates;
pub(in crate::engine) mod credentials;
pub(in crate::engine) mod docker_config;
pub(in crate::engine) mod helper;
mod part;
pub(in crate::engine) mod realms;
pub(in crate::engine) mod registries;

pub use credentials::{Asker, Login};
pub use part::Servers;
pub(in crate::engine) use part::{endpoint_of, way};
