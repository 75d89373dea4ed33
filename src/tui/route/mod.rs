//! Where an event goes, and what fills the frame.

mod answers;
mod dock;
mod header;
pub mod help;
mod inspect;
mod keys;
mod lists;
mod messages;
mod mouse;
mod named;
pub mod outcome;
pub mod own_keys;
pub mod palette;
mod pick;
pub mod render;
mod tour;
pub mod update;
