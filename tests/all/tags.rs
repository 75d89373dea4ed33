//! Tags in both worlds: asked of registries, and on the screen.

mod asked;
mod pane;
