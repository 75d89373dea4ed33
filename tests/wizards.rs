//! Wizards on the screen: keys in, effects out, and every step as it looks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, unreachable_pub)]

#[path = "support/screen/mod.rs"]
mod screen;
#[path = "support/svg.rs"]
mod svg;

#[path = "wizards/keys.rs"]
mod keys;
#[path = "wizards/looks.rs"]
mod looks;
#[path = "wizards/pictures.rs"]
mod pictures;
#[path = "wizards/races.rs"]
mod races;
#[path = "wizards/tokens.rs"]
mod tokens;
#[path = "wizards/waiting.rs"]
mod waiting;
