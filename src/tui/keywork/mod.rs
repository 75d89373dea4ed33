//! Work of several steps on the user's own keys: whom to ask next, and what is said at the end.

mod asks;
pub mod report;
pub mod task;
mod words;
