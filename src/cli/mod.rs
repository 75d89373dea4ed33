//! Commands without a screen, over the same engine.
//!
//! One module for each kind of command: `inspect` and `listing` read, `changes` stages, `publish` sends.
//! Everything printed goes through `console`; how it ended is an `ending`.

pub mod arguments;
mod changes;
mod commands;
mod console;
mod context;
mod docker_client;
mod ending;
mod gate;
mod images;
mod inspect;
mod json;
mod key;
mod keyfiles;
mod linking;
mod listing;
mod mistyped;
mod new_passphrase;
mod own_session;
mod plan_json;
mod plan_text;
mod plugin;
mod preview;
mod progress;
mod publish;
mod published;
mod remarks;
mod rotate;
mod sandbox;
mod screen;
mod settings;
mod shell;
mod signals;
mod staged;
mod start;
mod table;
mod tagging;
mod terminal;
mod unlock;

pub use arguments::{Arguments, Command, Globals};
pub use commands::run;
pub use console::Console;
pub use ending::Ending;
pub use own_session::start_in_own_session;
pub use plugin::{called_as_plugin, plugin};
pub use shell::complete;
pub use start::{main, usage};

use context::{Context, age};
