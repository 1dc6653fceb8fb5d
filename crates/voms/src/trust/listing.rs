//! Which hashes occur in the directory's file names, so that a credential that names a thousand
//! unknown CAs costs few look-ups.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::files::cache::DirState;

/// How many look-ups may fail before the directory is listed, which costs more than one look-up.
/// Most programs find all of theirs.
const MISSES: usize = 3;

/// The hashes, as long as the directory does not change.
#[derive(Debug, Default)]
pub struct Listing(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    state: Option<DirState>,
    misses: usize,
    hashes: Option<Arc<HashSet<u32>>>,
}

impl Listing {
    /// Whether the directory may have files of this hash.
    pub fn may_have(&self, hash: u32, state: DirState) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let hashes = known.hashes.as_ref().filter(|_| known.state == Some(state));
        hashes.is_none_or(|hashes| hashes.contains(&hash))
    }

    /// Notes that a CA is not there, and lists the directory once several are not; says whether it
    /// did.
    pub fn missed(&self, directory: &Path, state: DirState) -> bool {
        if !state.is_settled() {
            return false;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.state != Some(state) {
            *known = Known {
                state: Some(state),
                ..Known::default()
            };
        }
        known.misses = known.misses.saturating_add(1);
        if known.misses < MISSES || known.hashes.is_some() {
            return false;
        }
        known.hashes = hashes(directory).map(Arc::new);
        true
    }
}

/// The eight digits that the names begin with; `None` if the directory cannot be listed.
fn hashes(directory: &Path) -> Option<HashSet<u32>> {
    let hash = |name: &str| u32::from_str_radix(name.get(..8)?, 16).ok();
    let mut found = HashSet::new();
    for entry in std::fs::read_dir(directory).ok()? {
        found.extend(entry.ok()?.file_name().to_str().and_then(hash));
    }
    Some(found)
}
