//! Reads untrusted files: regular files only, up to a given size.

pub(crate) mod cache;
pub(crate) mod moment;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

/// Stands for the path where trust comes from memory.
pub(crate) const IN_MEMORY: &str = "(memory)";

/// The maximum size of credential, vomses and LSC files, in bytes.
pub const CONFIGURATION_LIMIT: u64 = 1 << 20;

/// Reads a whole file of at most `limit` bytes. The buffer is wiped on drop, as it may hold a key.
///
/// # Errors
/// The system's, `InvalidInput` if it is not a regular file (a pipe would hang), `FileTooLarge`
/// above the limit.
pub fn read_limited(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    read_with_metadata(path, limit).map(|(_, contents)| contents)
}

/// Like [`read_limited`], but also returns the metadata of the file that was actually read.
///
/// # Errors
/// As [`read_limited`].
pub fn read_with_metadata(path: &Path, limit: u64) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    read_open(&open(path, OFlags::empty())?, limit)
}

/// Reads a file that no other user can have written: it belongs to the effective user, and others
/// cannot write it. All of this is judged on the file that was opened. In a directory where others
/// may put files, such as /tmp, a link is only followed if it is the user's own, or root's.
///
/// # Errors
/// As [`read_limited`]; `PermissionDenied` if it is not the user's own.
pub fn read_own(path: &Path, limit: u64) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    let (found, contents) = read_unplanted(path, limit)?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(denied("it belongs to another user"));
    }
    if found.mode() & 0o022 != 0 {
        return Err(denied("others can change it"));
    }
    Ok((found, contents))
}

/// Like [`read_with_metadata`], but does not follow another user's link in a directory where
/// others may put files.
///
/// # Errors
/// As [`read_limited`]; `PermissionDenied` for such a link.
pub fn read_unplanted(path: &Path, limit: u64) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    if !is_shared(path) {
        return read_with_metadata(path, limit);
    }
    let file = match open(path, OFlags::NOFOLLOW) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => {
            let owner = path.symlink_metadata()?.uid();
            if owner != 0 && owner != rustix::process::geteuid().as_raw() {
                return Err(denied("it is a link of another user"));
            }
            // Others cannot exchange it: the directory is sticky.
            open(path, OFlags::empty())?
        }
        opened => opened?,
    };
    read_open(&file, limit)
}

/// Whether others may put files beside this one: the directory's group, everybody, or its owner,
/// unless that is root or the user.
fn is_shared(path: &Path) -> bool {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // A directory that cannot be looked at is not trusted.
    let own = [0, rustix::process::geteuid().as_raw()];
    parent.metadata().map_or(true, |found| {
        found.mode() & 0o1022 != 0 || !own.contains(&found.uid())
    })
}

fn denied(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    // Opened before the check and without blocking, so that the file cannot be swapped for a pipe.
    let flags = (OFlags::NONBLOCK | flags).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

/// Reads an open file from its beginning, with the metadata of just that file.
///
/// # Errors
/// As [`read_limited`].
pub fn read_open(file: &File, limit: u64) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    let found = file.metadata()?;
    if !found.is_file() {
        let what = if found.is_dir() {
            "is a directory, not a file"
        } else {
            "is not a regular file"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let too_large = || {
        io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("is larger than {limit} bytes"),
        )
    };
    if found.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(found.len()).unwrap_or(0) + 1,
    ));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok((found, bytes))
}

/// The reason for a failed read in user-friendly words, without the error number.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "file not found".to_owned(),
        io::ErrorKind::PermissionDenied if error.get_ref().is_none() => {
            "permission denied".to_owned()
        }
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_above_the_limit_is_refused_and_one_at_the_limit_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 10]).unwrap();
        assert_eq!(read_limited(file.path(), 10).unwrap().len(), 10);
        assert_eq!(
            read_limited(file.path(), 9).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        assert_eq!(
            read_limited(Path::new("/dev/zero"), 10).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        assert_eq!(
            reason(&read_limited(Path::new("/nonexistent"), 10).unwrap_err()),
            "file not found"
        );
    }

    #[test]
    fn what_others_could_have_put_there_is_not_ours() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "mine").unwrap();
        symlink(&file, &link).unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let refused = |path: &Path| read_own(path, 10).unwrap_err().kind();
        for shared in [0o700, 0o770, 0o1777] {
            mode(dir.path(), shared);
            mode(&file, 0o600);
            assert_eq!(**read_own(&file, 10).unwrap().1, *b"mine");
            assert_eq!(**read_own(&link, 10).unwrap().1, *b"mine");
            mode(&file, 0o620);
            assert_eq!(refused(&file), io::ErrorKind::PermissionDenied);
        }
        mode(&file, 0o600);
        // Only root can give files away.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::lchown(&link, Some(1), None).unwrap();
            assert_eq!(refused(&link), io::ErrorKind::PermissionDenied);
            assert!(read_unplanted(&link, 10).is_err());
            assert_eq!(**read_own(&file, 10).unwrap().1, *b"mine");
            mode(dir.path(), 0o775);
            assert!(read_own(&link, 10).is_err());
            mode(dir.path(), 0o755);
            assert_eq!(**read_own(&link, 10).unwrap().1, *b"mine");
            std::os::unix::fs::chown(dir.path(), Some(1), None).unwrap();
            assert!(read_own(&link, 10).is_err());
            std::os::unix::fs::chown(dir.path(), Some(0), None).unwrap();
            std::os::unix::fs::chown(&file, Some(1), None).unwrap();
            assert_eq!(refused(&file), io::ErrorKind::PermissionDenied);
        }
    }
}
