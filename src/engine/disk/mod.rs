//! Files: whole writes, bounded reads, folders of our own, notes and locks. Blocking.
//!
//! Rules:
//!
//! - A file is written beside its place and renamed, so that a reader sees the old or the new one, whole; what must last
//!   is on the disk before anybody is told.
//! - A read is bounded, and follows no link out of a folder that is held open.
//! - A folder of secrets or state is 0700, and refused if others may write to it.
//! - The state files have one form (a kind, a version, the content); one of a newer version is left alone.
//! - Two processes change a file one after the other: under its lock, whose file says who holds it.

pub(in crate::engine) mod commit;
pub(in crate::engine) mod folder;
pub(in crate::engine) mod lock;
pub(in crate::engine) mod log;
pub(crate) mod new_file;
pub(in crate::engine) mod note;
pub(crate) mod read;
pub(in crate::engine) mod state;
