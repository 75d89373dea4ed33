//! The pictures of the README's walk-through; `UPDATE_SCREENSHOTS=1` draws them anew.
