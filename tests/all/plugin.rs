//! `docker trust` as trustdeck answers it, beside the one that Docker had.

mod installing;
mod lab;
mod prompts;
mod same;
mod signing;
