//! The directories with CAs and LSC files, kept open in the process: services make a new vomsdata
//! for every connection.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
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

type Kept = Mutex<HashMap<(PathBuf, PathBuf), Arc<Trust>>>;

/// What one process keeps. A child starts anew: a thread that it does not have may hold the locks.
struct OfProcess {
    id: u32,
    kept: Kept,
}

static CURRENT: AtomicPtr<OfProcess> = AtomicPtr::new(ptr::null_mut());

/// The pair of directories, neither of which needs to exist.
pub fn of(vomsdir: &Path, certdir: &Path) -> Arc<Trust> {
    let mut kept = of_process().lock().unwrap_or_else(PoisonError::into_inner);
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

fn of_process() -> &'static Kept {
    let id = std::process::id();
    let current = CURRENT.load(Ordering::Acquire);
    // SAFETY: what CURRENT points to was leaked by this function, and is never freed.
    if let Some(current) = unsafe { current.as_ref() }.filter(|current| current.id == id) {
        return &current.kept;
    }
    let new = Box::into_raw(Box::new(OfProcess {
        id,
        kept: Mutex::default(),
    }));
    let exchanged = CURRENT.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire);
    let Err(other) = exchanged else {
        // SAFETY: `new` was allocated above, and from here on it is never freed.
        return unsafe { &(*new).kept };
    };
    // SAFETY: no other thread has seen `new`, since it was not exchanged; it came from a Box.
    drop(unsafe { Box::from_raw(new) });
    // SAFETY: as above. Only threads of this process can have exchanged it.
    unsafe { &(*other).kept }
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
