//! Files: whole writes, bounded reads, folders of our own, notes and locks.

pub(in crate::engine) mod commit;
pub(in crate::engine) mod folder;
pub(in crate::engine) mod lock;
pub(in crate::engine) mod log;
pub(crate) mod new_file;
pub(in crate::engine) mod note;
pub(crate) mod read;
pub(in crate::engine) mod state;
