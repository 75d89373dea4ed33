//! Rotations on a real `notary-server`, read by the real clients before, between and after.

use crate::support;

mod base_keys;
mod commands;
mod ended;
mod flips;
mod headless;
mod killed;
mod legacy;
mod steps;
mod weak;
