//! Why a pair cannot be replaced.

use std::path::PathBuf;

/// A failure to replace a pair; the old pair is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// A file or directory could not be written.
    #[error("cannot write {}: {reason}", .path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A backup could not be made.
    #[error("cannot copy {} to a backup: {reason}", .path.display())]
    Backup {
        /// The file to be copied.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another command changed the file first.
    #[error("{} was changed meanwhile; nothing was done to it", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// An earlier import was interrupted and cannot be finished.
    #[error("an import into {} was interrupted, and cannot be finished: {reason}", .directory.display())]
    Unfinished {
        /// The pair's directory.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
}
