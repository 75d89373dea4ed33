//! Commands about images: signed tags beside the registry's, over the sandbox and over real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "images/lab.rs"]
mod lab;
#[path = "images/real.rs"]
mod real;
#[path = "images/scene.rs"]
mod scene;
mod support;
