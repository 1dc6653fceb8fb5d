//! The directories with CAs and LSC files, kept open in the process: services make a new vomsdata
//! for every connection.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use voms::trust::TrustAnchors;
use voms::vo::vomsdir::VomsDir;

/// More pairs of directories than any service has.
const MAX_KEPT: usize = 32;

/// A pair of directories. Each use sees the files as they are then.
pub struct Trust {
    pub anchors: TrustAnchors,
    pub vomsdir: VomsDir,
}

type Kept = Mutex<BTreeMap<(PathBuf, PathBuf), Arc<Trust>>>;

static KEPT: Kept = Mutex::new(BTreeMap::new());

/// The pair of directories, neither of which needs to exist.
pub fn of(vomsdir: &Path, certdir: &Path) -> Arc<Trust> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    let pair = (vomsdir.to_owned(), certdir.to_owned());
    let made = kept.entry(pair).or_insert_with(|| {
        Arc::new(Trust {
            anchors: TrustAnchors::absent(certdir),
            vomsdir: VomsDir::absent(vomsdir),
        })
    });
    made.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_directories_is_opened_once() {
        let [vomsdir, certdir] = ["/nowhere/vomsdir", "/nowhere/certificates"].map(Path::new);
        assert!(Arc::ptr_eq(&of(vomsdir, certdir), &of(vomsdir, certdir)));
        assert!(!Arc::ptr_eq(&of(vomsdir, certdir), &of(certdir, vomsdir)));
    }
}
