//! What forms ask for, and what they come to.

pub mod adapt;
pub mod check;
pub mod key_forms;
pub mod key_submit;
pub mod learn;
pub mod offers;
pub mod pasted;
pub mod removal;
pub mod submit;
pub(in crate::tui) mod token_fields;
pub mod token_forms;
