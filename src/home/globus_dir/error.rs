//! Why a pair cannot be replaced.

use std::path::PathBuf;

/// A pair that could not be replaced; the old one is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// Something could not be written.
    #[error("cannot write {}: {reason}", .path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A backup could not be made.
    #[error("cannot copy {} to a backup: {reason}", .path.display())]
    Backup {
        /// Of what.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another command was quicker.
    #[error("{} was changed meanwhile; nothing was done to it", .path.display())]
    Changed {
        /// What.
        path: PathBuf,
    },
    /// An earlier import was interrupted, and cannot be finished.
    #[error("an import into {} was interrupted, and cannot be finished: {reason}", .directory.display())]
    Unfinished {
        /// Where.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
}
