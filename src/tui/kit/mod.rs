//! What screens are drawn with: cells, tables, lists, colours and the terminal itself.

pub mod canvas;
pub mod change_line;
pub mod field;
pub mod filter;
pub mod format;
pub(in crate::tui) mod frame;
pub mod glyphs;
pub mod layout;
pub mod list;
pub mod mark;
pub mod message;
pub mod pane;
pub mod spinner;
mod spot;
pub mod table;
pub(in crate::tui) mod terminal;
pub mod theme;
pub mod whole;
pub(in crate::tui) mod widgets;
