//! What happens and what is to be done, as plain data.

pub mod effect;
pub mod event;
pub mod failure;
pub mod input;
pub mod keywork;
pub mod registry;
pub mod told;
pub mod wizard_task;
