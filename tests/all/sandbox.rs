//! The sandbox's server, held against the real clients and the real server.

mod clients;
mod forge;
mod images;
mod kept;
mod process;
mod same;
mod walk;
