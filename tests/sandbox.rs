//! The sandbox's server, held against the real clients and the real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sandbox/clients.rs"]
mod clients;
mod support;
