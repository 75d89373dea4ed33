//! Tags in both worlds: asked of registries, and on the screen.

mod asked;
mod deep;
mod held;
mod pane;
pub(crate) mod signing;
pub(crate) mod verifying;
