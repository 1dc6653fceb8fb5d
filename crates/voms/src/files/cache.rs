//! Caches files, and rereads them when they change on disk, for long-running processes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::Metadata;
use std::hash::Hash;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use crate::files::{self, moment};
use crate::time::seconds;

/// Cached files of one kind; an IGTF CA directory has about two hundred.
const MAX_REMEMBERED: usize = 4096;
/// File system timestamps are coarse: a file that has just changed may change again under the same
/// timestamp. "Now" is the caller's, so a caller that passes another time than the present may miss
/// such a change until the next one.
const SETTLED_SECONDS: i64 = 2;

/// Distinguishes one state of a file or directory from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([i64; 7]);

impl Stamp {
    /// The present state of what a path leads to.
    ///
    /// # Errors
    /// The system's.
    pub fn at(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|found| Self::of(&found))
    }

    fn of(found: &Metadata) -> Self {
        let number = |n: u64| n.cast_signed();
        let (changed, inode, device) = (found.ctime(), number(found.ino()), number(found.dev()));
        Self([
            changed,
            found.ctime_nsec(),
            found.mtime(),
            found.mtime_nsec(),
            inode,
            device,
            number(found.size()),
        ])
    }

    fn is_settled(self, now: SystemTime) -> bool {
        (seconds(now) - self.0[0]).abs() >= SETTLED_SECONDS
    }
}

/// Parsed files of one kind, shared between threads.
#[derive(Debug)]
pub struct FileCache<T> {
    /// By paths as they are spelled, which are far cheaper to compare than part by part.
    known: RwLock<HashMap<OsString, (Stamp, Arc<T>)>>,
}

impl<T> FileCache<T> {
    pub fn new() -> Self {
        Self {
            known: RwLock::new(HashMap::new()),
        }
    }

    /// The current file; `None` if it does not exist, `parse` of the error if it cannot be read.
    pub fn get(
        &self,
        path: &Path,
        limit: u64,
        now: SystemTime,
        parse: impl FnOnce(std::io::Result<&[u8]>) -> T,
    ) -> Option<Arc<T>> {
        let stamp = match moment::stamp(path) {
            Ok(stamp) => stamp,
            // A dangling link or a failing disk means an unreadable file, not an absent one.
            Err(error) => {
                let absent = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                let absent = absent && path.symlink_metadata().is_err();
                return (!absent).then(|| Arc::new(parse(Err(error))));
            }
        };
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path.as_os_str())
            .cloned();
        if let Some((_, parsed)) = known.filter(|(then, _)| *then == stamp) {
            return Some(parsed);
        }
        let (read, bytes) = match files::read_with_metadata(path, limit) {
            Ok(read) => read,
            // Read errors may be transient, so they are not cached.
            Err(error) => return Some(Arc::new(parse(Err(error)))),
        };
        let parsed = Arc::new(parse(Ok(&bytes)));
        // The path may lead to another file by now.
        if stamp.is_settled(now) && Stamp::of(&read) == stamp {
            insert(
                &mut self.known.write().unwrap_or_else(PoisonError::into_inner),
                path.as_os_str().to_owned(),
                (stamp, parsed.clone()),
            );
        }
        Some(parsed)
    }
}

/// The state of a directory, if it can be distinguished from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirState(Option<Stamp>);

impl DirState {
    /// Whether it can be distinguished.
    pub fn is_settled(self) -> bool {
        self.0.is_some()
    }
}

/// Caches name lookups in one directory, until an entry is added or removed.
#[derive(Debug)]
pub struct DirCache<K, V> {
    directory: PathBuf,
    found: RwLock<(Option<Stamp>, HashMap<K, V>)>,
}

impl<K: Eq + Hash, V: Clone> DirCache<K, V> {
    pub fn of(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            found: RwLock::new((None, HashMap::new())),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The directory's current state, for use in several lookups.
    pub fn state(&self, now: SystemTime) -> DirState {
        let stamp = moment::stamp(&self.directory).ok();
        DirState(stamp.filter(|stamp| stamp.is_settled(now)))
    }

    /// What `look` finds for a key, or what it found earlier in the same directory state. Keys are
    /// untrusted, so misses are not cached.
    pub fn find<Q>(&self, key: &Q, state: DirState, look: impl FnOnce() -> Option<V>) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let Some(stamp) = state.0 else { return look() };
        let known = self.found.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.1.get(key).filter(|_| known.0 == Some(stamp)) {
            return Some(found.clone());
        }
        drop(known);
        let found = look()?;
        // The path may lead to another directory by now.
        if Stamp::at(&self.directory).ok() != Some(stamp) {
            return Some(found);
        }
        let mut known = self.found.write().unwrap_or_else(PoisonError::into_inner);
        if known.0 != Some(stamp) {
            *known = (Some(stamp), HashMap::new());
        }
        insert(&mut known.1, key.to_owned(), found.clone());
        Some(found)
    }
}

fn insert<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= MAX_REMEMBERED {
        map.clear();
    }
    map.insert(key, value);
}
