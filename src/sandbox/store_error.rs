//! What a store could not do.

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// A file of this or a later version is stored already.
    #[error("a newer version is already stored")]
    OldVersion,
    /// Another process has the store open.
    #[error("another process is using it")]
    InUse,
    /// The file system or the file's content.
    #[error("{0}")]
    Broken(String),
}
