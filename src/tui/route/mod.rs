//! Where an event goes, and what fills the frame.

mod answers;
mod chart;
mod copied;
mod dock;
mod floor;
mod forms;
mod header;
pub mod help;
mod inspect;
mod keys;
mod lists;
mod messages;
mod mouse;
mod named;
mod needs;
pub mod outcome;
pub mod own_keys;
pub mod palette;
mod pick;
mod places;
mod refresh;
pub mod render;
mod retrace;
mod tour;
pub mod typed;
mod unlocking;
pub mod update;
