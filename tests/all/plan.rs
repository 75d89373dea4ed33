//! Plans: what each kind of change does to roles and tags, and that what is planned is what is signed.

use crate::support;

mod golden;
mod histories;
mod property;
mod rows;
mod vouched;
mod warnings;
mod world;
