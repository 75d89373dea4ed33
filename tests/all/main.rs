//! The tests of the library and of the program, in one binary: it links once.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod alone;
mod attacked;
mod bounds;
mod dialogs;
mod every_screen;
mod faults;
mod gate;
mod gated;
mod golden;
mod habits;
mod helping;
mod hints;
mod hostile_files;
mod images;
mod interop;
mod key_commands;
mod key_dialogs;
mod key_pane;
mod key_store;
mod keyring;
mod keys;
mod lived_in;
mod long_names;
mod malformed_keys;
mod mangled_keys;
mod mend;
mod panes;
mod plan;
mod play;
mod played_again;
mod plugin;
mod property;
mod public_keys;
mod publish;
mod refresh;
mod registry;
mod remedies;
mod remote;
mod rotate;
mod sandbox;
mod sandbox_files;
#[path = "../support/screen/mod.rs"]
mod screen;
mod screens;
mod seen_in_place;
mod shell;
mod signals;
mod stage;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/svg.rs"]
mod svg;
mod tags;
mod token;
mod tour_picture;
mod verify;
mod wizards;
mod wizards_killed;
mod wizards_run;
