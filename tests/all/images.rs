//! Commands about images: signed tags beside the registry's, over the sandbox and over real servers.

mod engines;
pub(crate) mod lab;
mod real;
mod scene;
