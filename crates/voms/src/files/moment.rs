//! One look at each file for one verdict, which asks for the same few again and again.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::files::cache::Stamp;

/// More than a verdict asks for; beyond that the file system answers.
const MOST: usize = 64;

type Seen = Vec<(OsString, Stamp)>;

thread_local! {
    static SEEN: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// While it lasts, files and directories are for this thread as they were at the first look.
pub struct Moment {
    /// Whether another one, which ends later, has begun before.
    is_within: bool,
}

impl Moment {
    pub fn begin() -> Self {
        let begun = with_seen(|seen| {
            let is_within = seen.is_some();
            seen.get_or_insert_default();
            is_within
        });
        let is_within = begun.unwrap_or(true);
        Self { is_within }
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        if !self.is_within {
            with_seen(|seen| *seen = None);
        }
    }
}

/// `None` while the thread ends, when nothing can be remembered.
fn with_seen<T>(act: impl FnOnce(&mut Option<Seen>) -> T) -> Option<T> {
    SEEN.try_with(|seen| act(&mut seen.borrow_mut())).ok()
}

/// The state of a file or directory: now, or at the first look in this moment.
///
/// # Errors
/// The system's, which are not remembered.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
    let known = with_seen(|seen| {
        let mut seen = seen.iter().flatten();
        // As bytes, which is far cheaper than part by part.
        let known = seen.find(|(known, _)| known == path.as_os_str());
        known.map(|(_, stamp)| *stamp)
    });
    if let Some(stamp) = known.flatten() {
        return Ok(stamp);
    }
    let stamp = Stamp::at(path)?;
    with_seen(|seen| {
        if let Some(seen) = seen.as_mut().filter(|seen| seen.len() < MOST) {
            seen.push((path.as_os_str().to_owned(), stamp));
        }
    });
    Ok(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stays_as_it_was_seen_until_the_outermost_moment_ends() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write("1");
        let first = stamp(&file).unwrap();
        write("22");
        let second = stamp(&file).unwrap();
        assert_ne!(first, second);
        let outer = Moment::begin();
        assert_eq!(stamp(&file).unwrap(), second);
        drop(Moment::begin());
        write("333");
        assert_eq!(stamp(&file).unwrap(), second);
        drop(outer);
        assert_ne!(stamp(&file).unwrap(), second);
    }

    #[test]
    fn a_file_that_comes_into_being_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let _moment = Moment::begin();
        assert_eq!(stamp(&file).unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(&file, "1").unwrap();
        assert!(stamp(&file).is_ok());
    }
}
