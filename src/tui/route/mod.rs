//! Where an event goes, and what fills the frame.

mod answers;
mod dock;
mod header;
pub mod help;
mod keys;
pub mod outcome;
pub mod render;
mod tour;
pub mod update;
