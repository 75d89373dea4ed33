//! Where an event goes, and what fills the frame.

mod dock;
mod header;
pub mod help;
pub mod outcome;
pub mod render;
pub mod update;
