//! Commands without a screen, over the same engine: `inspect` and `listing` read, `changes` stages, `publish` sends.
//!
//! Rules:
//!
//! - What the screen needs too is the engine's; here stand arguments, words and exit codes.
//! - Everything printed goes through `console`, which makes it printable: results to standard output, all else to standard
//!   error. JSON is the same facts, never other ones.
//! - How a command ended is an [`Ending`], and its exit code is made of that alone.
//! - A secret comes from a descriptor, a variable or the terminal, never from an argument.
//!
//! ```
//! use clap::Parser;
//! use trustdeck::cli::{Arguments, Command};
//!
//! let arguments = Arguments::try_parse_from(["trustdeck", "inspect", "alpine"])?;
//! assert!(matches!(arguments.command, Some(Command::Inspect(_))));
//! # Ok::<(), clap::Error>(())
//! ```

pub mod arguments;
mod changes;
mod commands;
mod console;
mod context;
mod docker_client;
mod ending;
mod gate;
mod held;
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
mod sending;
mod settings;
mod shell;
mod shown;
mod signals;
mod staged;
mod staging;
mod start;
mod table;
mod tagging;
mod terminal;
mod unlock;
mod wanted;

pub use arguments::{Arguments, Command, Globals};
pub use commands::run;
pub use console::Console;
pub use ending::Ending;
pub use own_session::start_in_own_session;
pub use plugin::{called_as_plugin, plugin};
pub use shell::complete;
pub use start::{main, refuse_content, usage};

use context::{Context, age};
