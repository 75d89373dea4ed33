//! trustdeck: a terminal console for Docker Content Trust and Notary v1.
//!
//! The program is a screen and commands over this library. This reads a repository of the embedded sandbox and plans a
//! change to it (`cargo run --example plan`):
//!
//! ```
#![doc = include_str!("../examples/plan.rs")]
//! ```
//!
//! In reading order, each module uses only those above it:
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`tuf`] | metadata, keys and verification; pure | nothing |
//! | `printable` | what makes outside text drawable | nothing |
//! | `oci` | answers of registries | nothing |
//! | `connections` | how long connections to servers in here last, and how many there are | nothing |
//! | [`keys`] | private keys | `tuf`, `printable` |
//! | [`remote`] | HTTP, tokens, the APIs of Notary and of registries | `tuf`, `printable` |
//! | [`engine`] | refresh, stage, plan, publish: where keys and servers meet | `tuf`, `printable`, `keys`, `remote` |
//! | `config` | settings from files, environment and flags | `tuf`, `engine` |
//! | `sandbox` | an embedded trust server, a registry and a scene | `tuf`, `printable`, `oci`, `connections`, `keys`; names of images from `remote`; its scene and settings also `engine` |
//! | `gate` | a registry that shows signed tags only | `tuf`, `printable`, `oci`, `connections`, `remote`, `engine` |
//! | `tui` | screens | `tuf`, `engine`, `printable` |
//! | `cli` | the same without a screen | `tuf`, `engine`, `printable`, `config`, `sandbox`, `gate`, `tui` |
//!
//! A signature is checked in [`tuf::TrustedSet`]'s steps; a key press becomes an effect in `tui::route::update`.

pub mod cli;
pub mod config;
mod connections;
pub mod engine;
pub mod gate;
pub mod keys;
mod oci;
pub mod printable;
pub mod remote;
pub mod sandbox;
pub mod tuf;
pub mod tui;
