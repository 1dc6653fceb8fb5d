//! Removing files with keys in them: proxies, and what a program that was killed left behind
//! (spec 1.10).

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use rustix::fs::OFlags;
use voms::files;
use voms::pki::certificate::Certificate;
use voms::pki::pem;

use super::codes;
use super::file;
use super::output::{self, Diagnostic};

/// Writing a file takes a moment: the writer of one this old no longer runs.
const DEAD_AFTER: Duration = Duration::minutes(10);

/// What a file has to be, so that it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A proxy.
    Proxy,
    /// A proxy, or a certificate with its key, as `ecp-get-cert` writes them.
    Credential,
    /// Cookies in Netscape's format.
    Cookies,
    /// Any file: the user said so.
    Anything,
}

/// Why a file was not removed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be opened or removed, or is not the user's own file.
    #[error("{}", files::reason(.0))]
    System(#[from] io::Error),
    /// It is something else.
    #[error("is not {}", .0.noun())]
    SomethingElse(Expected),
}

impl Expected {
    /// What to remove: only this, unless the user says that it may be anything.
    pub fn unless_forced(self, force: bool) -> Self {
        if force { Self::Anything } else { self }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Proxy => "a proxy",
            Self::Credential => "a proxy or a credential",
            Self::Cookies => "a file of cookies",
            Self::Anything => "a file",
        }
    }

    fn is_met_by(self, contents: &[u8]) -> bool {
        match self {
            Self::Proxy => is_proxy(contents),
            Self::Credential => is_proxy(contents) || is_credential(contents),
            Self::Cookies => is_jar(contents),
            Self::Anything => true,
        }
    }
}

/// Whether the first certificate is a proxy, or one of those beside a key is.
fn is_proxy(contents: &[u8]) -> bool {
    let certificates = Certificate::all_from_pem(contents).unwrap_or_default();
    let with_key = has_key(contents);
    certificates
        .iter()
        .take(if with_key { usize::MAX } else { 1 })
        .any(Certificate::is_proxy)
}

fn is_credential(contents: &[u8]) -> bool {
    has_key(contents) && Certificate::all_from_pem(contents).is_ok_and(|all| !all.is_empty())
}

fn has_key(contents: &[u8]) -> bool {
    pem::blocks(contents).iter().any(pem::Block::is_private_key)
}

/// An empty file is what an earlier program leaves of an empty session.
fn is_jar(contents: &[u8]) -> bool {
    contents.is_empty()
        || ["# Netscape HTTP Cookie File", "# HTTP Cookie File"]
            .iter()
            .any(|head| contents.starts_with(head.as_bytes()))
}

/// A file that was opened and found to be what is to be removed.
#[derive(Debug)]
pub struct Doomed {
    path: PathBuf,
    file: File,
    found: Metadata,
}

/// How a file was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Removed {
    /// Overwritten, then removed.
    Overwritten,
    /// Only this name: the file has others, where the contents still are.
    NameOnly,
}

impl Doomed {
    /// Opens a regular file of the user, but no link, and judges what is in it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(path: &Path, uid: u32, expected: Expected) -> Result<Self, Refusal> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)?;
        let found = file.metadata()?;
        if !found.is_file() || found.uid() != uid {
            return Err(
                io::Error::new(io::ErrorKind::PermissionDenied, "is not a file of yours").into(),
            );
        }
        if expected != Expected::Anything {
            let contents = match files::read_open(&file, files::CONFIGURATION_LIMIT) {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
                read => Some(read?.1),
            };
            if !contents.is_some_and(|contents| expected.is_met_by(&contents)) {
                return Err(Refusal::SomethingElse(expected));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            found,
        })
    }

    /// Overwrites the file with zeros, unless it has other names, and removes this one.
    ///
    /// # Errors
    /// The system's; `NotFound` if something else has the name by now, which is left alone.
    pub fn destroy(self) -> io::Result<Removed> {
        let same =
            |other: &Metadata| (other.dev(), other.ino()) == (self.found.dev(), self.found.ino());
        let there = self.path.symlink_metadata()?;
        if !same(&there) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "was replaced by another file in the meantime",
            ));
        }
        // What other names stand for may be meant to stay.
        let removed = if self.file.metadata()?.nlink() > 1 {
            Removed::NameOnly
        } else {
            overwrite(&self.file)?;
            Removed::Overwritten
        };
        std::fs::remove_file(&self.path)?;
        Ok(removed)
    }
}

fn overwrite(mut file: &File) -> io::Result<()> {
    use std::io::Seek;
    let zeros = [0; 4096];
    let mut left = file.metadata()?.len();
    file.rewind()?;
    while left > 0 {
        let count = usize::try_from(left)
            .unwrap_or(zeros.len())
            .min(zeros.len());
        file.write_all(&zeros[..count])?;
        left -= count as u64;
    }
    file.sync_all()
}

/// Removes a file that has to be what is expected.
///
/// # Errors
/// [`Refusal`].
pub fn destroy(path: &Path, uid: u32, expected: Expected) -> Result<Removed, Refusal> {
    Ok(Doomed::open(path, uid, expected)?.destroy()?)
}

/// A file that was not removed, and what to do `instead` if it is something else.
pub fn not_removed(path: &Path, refusal: &Refusal, instead: &str) -> Diagnostic {
    let file = path.display();
    match refusal {
        Refusal::SomethingElse(_) => Diagnostic::new(
            codes::NOT_A_PROXY,
            format!("{file} {refusal}; it was not removed"),
        )
        .help(instead),
        Refusal::System(_) => Diagnostic::new(
            codes::NOT_REMOVED,
            format!("cannot remove {file}: {refusal}"),
        )
        .help("check who owns it"),
    }
}

/// Says what is still there.
pub fn report(path: &Path, removed: Removed) {
    if removed == Removed::NameOnly {
        output::warning(format!(
            "{} has other names (hard links): it was not overwritten, only this name is gone",
            path.display()
        ));
    }
}

/// Removes the files beside `path` that one of our commands was writing when it was killed, as they
/// hold keys. Failures are ignored.
pub fn clear_leftovers(path: &Path, uid: u32, now: DateTime<Utc>) {
    let entries = std::fs::read_dir(file::directory(path));
    for entry in entries.into_iter().flatten().flatten() {
        if file::is_temporary(&entry.file_name()) {
            let _ = clear(&entry.path(), uid, now);
        }
    }
}

fn clear(path: &Path, uid: u32, now: DateTime<Utc>) -> Result<(), Refusal> {
    let doomed = Doomed::open(path, uid, Expected::Anything)?;
    if DateTime::<Utc>::from(doomed.found.modified()?) < now - DEAD_AFTER {
        let _ = doomed.destroy()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_or_the_file_of_another_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let uid = std::fs::metadata(&target).unwrap().uid();
        assert!(destroy(&link, uid, Expected::Anything).is_err());
        assert!(destroy(&target, uid + 1, Expected::Anything).is_err());
        for expected in [Expected::Proxy, Expected::Credential, Expected::Cookies] {
            assert!(matches!(
                destroy(&target, uid, expected),
                Err(Refusal::SomethingElse(_))
            ));
        }
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
        assert_eq!(
            destroy(&target, uid, Expected::Anything).unwrap(),
            Removed::Overwritten
        );
        assert!(!target.exists());
    }

    #[test]
    fn what_takes_the_name_in_the_meantime_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proxy");
        std::fs::write(&path, "old").unwrap();
        let uid = std::fs::metadata(&path).unwrap().uid();
        let doomed = Doomed::open(&path, uid, Expected::Anything).unwrap();
        file::replace(&path, b"new").unwrap();
        assert_eq!(
            doomed.destroy().unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn only_what_is_old_and_named_like_ours_is_a_leftover() {
        let dir = tempfile::tempdir().unwrap();
        let ours = dir.path().join(".x509up.abcdefghijkl.unfinished");
        let other = dir.path().join(".x509up.backup");
        for path in [&ours, &other] {
            std::fs::write(path, "key").unwrap();
        }
        let found = std::fs::metadata(&ours).unwrap();
        let written = DateTime::<Utc>::from(found.modified().unwrap());
        let proxy = dir.path().join("proxy");
        clear_leftovers(&proxy, found.uid(), written + DEAD_AFTER);
        assert!(ours.exists());
        let later = written + DEAD_AFTER + Duration::seconds(1);
        clear_leftovers(&proxy, found.uid() + 1, later);
        assert!(ours.exists());
        clear_leftovers(&proxy, found.uid(), later);
        assert!(!ours.exists() && other.exists());
    }
}
