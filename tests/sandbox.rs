//! The sandbox's server, held against the real clients and the real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "sandbox/clients.rs"]
mod clients;
#[path = "sandbox/forge.rs"]
mod forge;
#[path = "sandbox/images.rs"]
mod images;
#[path = "sandbox/kept.rs"]
mod kept;
#[path = "sandbox/process.rs"]
mod process;
#[path = "sandbox/same.rs"]
mod same;
mod support;
