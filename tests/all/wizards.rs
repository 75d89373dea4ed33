//! Wizards on the screen: keys in, effects out, and every step as it looks.

mod keys;
mod looks;
mod pictures;
mod races;
mod tokens;
mod waiting;
