//! Plans: what each kind of change does to roles and tags, and that what is planned is what is signed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "plan/golden.rs"]
mod golden;
#[path = "plan/property.rs"]
mod property;
#[path = "plan/rows.rs"]
mod rows;
#[path = "plan/warnings.rs"]
mod warnings;
#[path = "plan/world.rs"]
mod world;
