//! Rotations on a real `notary-server`, read by the real clients before, between and after.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "rotate/base_keys.rs"]
mod base_keys;
