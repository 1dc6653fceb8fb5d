//! Files read once and read again when they change on disk, for processes that run long.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fs::Metadata;
use std::hash::Hash;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::files;

/// What is remembered of one kind; a CA directory of IGTF has some two hundred.
const MOST_REMEMBERED: usize = 4096;
/// The time stamps of file systems are coarse: what changed just now may change again and bear the same stamp. "Now" is
/// the caller's, so one who judges by another moment than the present may miss such a change until the next one.
const SETTLED_SECONDS: i64 = 2;

/// What tells one state of a file or directory from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([i64; 7]);

impl Stamp {
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

    fn is_settled(self, now: DateTime<Utc>) -> bool {
        (now.timestamp() - self.0[0]).abs() >= SETTLED_SECONDS
    }
}

/// Parsed files of one kind, shared between threads.
#[derive(Debug)]
pub struct FileCache<T> {
    known: RwLock<HashMap<PathBuf, (Stamp, Arc<T>)>>,
}

impl<T> FileCache<T> {
    pub fn new() -> Self {
        Self {
            known: RwLock::new(HashMap::new()),
        }
    }

    /// The file as it is now; `None` when there is none, `parse` of the failure when it cannot be read.
    pub fn get(
        &self,
        path: &Path,
        limit: u64,
        now: DateTime<Utc>,
        parse: impl FnOnce(std::io::Result<&[u8]>) -> T,
    ) -> Option<Arc<T>> {
        let found = match std::fs::metadata(path) {
            Ok(found) => found,
            // A link that leads nowhere, or a disk that fails, is a file that cannot be read, not one that is absent.
            Err(error) => {
                let absent = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                let absent = absent && path.symlink_metadata().is_err();
                return (!absent).then(|| Arc::new(parse(Err(error))));
            }
        };
        let stamp = Stamp::of(&found);
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        if let Some((_, parsed)) = known.filter(|(then, _)| *then == stamp) {
            return Some(parsed);
        }
        let bytes = match files::read_limited(path, limit) {
            Ok(bytes) => bytes,
            // A failure to read may pass, so it is not remembered.
            Err(error) => return Some(Arc::new(parse(Err(error)))),
        };
        let parsed = Arc::new(parse(Ok(&bytes)));
        if stamp.is_settled(now) {
            insert(
                &mut self.known.write().unwrap_or_else(PoisonError::into_inner),
                path.to_owned(),
                (stamp, parsed.clone()),
            );
        }
        Some(parsed)
    }
}

/// The state of a directory, if one can tell it from the next.
#[derive(Clone, Copy, Debug)]
pub struct DirState(Option<Stamp>);

/// What was found by looking for names in one directory, forgotten when names in it come or go.
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

    /// The state that the directory is in; one look serves several questions.
    pub fn state(&self, now: DateTime<Utc>) -> DirState {
        let stamp = std::fs::metadata(&self.directory)
            .ok()
            .map(|found| Stamp::of(&found));
        DirState(stamp.filter(|stamp| stamp.is_settled(now)))
    }

    /// What `look` finds for a key, or found when the directory was in this state before. Keys come from strangers, so
    /// those for which nothing is found are not remembered.
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
        let mut known = self.found.write().unwrap_or_else(PoisonError::into_inner);
        if known.0 != Some(stamp) {
            *known = (Some(stamp), HashMap::new());
        }
        insert(&mut known.1, key.to_owned(), found.clone());
        Some(found)
    }
}

fn insert<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= MOST_REMEMBERED {
        map.clear();
    }
    map.insert(key, value);
}
