//! Rotations on a real `notary-server`, read by the real clients before, between and after.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unreachable_pub)]

mod support;

#[path = "rotate/base_keys.rs"]
mod base_keys;
#[path = "rotate/commands.rs"]
mod commands;
#[path = "rotate/ended.rs"]
mod ended;
#[path = "rotate/headless.rs"]
mod headless;
#[path = "rotate/killed.rs"]
mod killed;
#[path = "rotate/legacy.rs"]
mod legacy;
#[path = "rotate/steps.rs"]
mod steps;
#[path = "rotate/weak.rs"]
mod weak;
