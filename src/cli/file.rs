//! Installing and removing a proxy file (spec 1.10).

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::signals;

/// The directory that contains a file.
pub fn directory(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Atomically replaces `path` with a file of mode 0600: readers see either the old file or the new
/// one, a failure keeps the old one, and a symbolic link is replaced rather than followed.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    replace_with_mode(path, contents, 0o600)
}

/// Whether whatever is at `path` may be replaced by a file.
pub fn may_be_replaced(path: &Path) -> io::Result<()> {
    let Ok(there) = path.symlink_metadata() else {
        return Ok(());
    };
    // Links are replaced, unless they point to a terminal or a pipe, such as /dev/stdout.
    let leads_to = path
        .metadata()
        .ok()
        .filter(|found| there.is_symlink() && !found.is_dir());
    let place = leads_to.as_ref().unwrap_or(&there);
    if !place.is_file() && !place.is_symlink() {
        let what = if place.is_dir() {
            "it is a directory"
        } else {
            "it is not a regular file"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    if there.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it belongs to another user",
        ));
    }
    Ok(())
}

/// Like [`replace`], with a given mode.
pub fn replace_with_mode(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    may_be_replaced(path)?;
    signals::uninterrupted(|| {
        // O_EXCL never follows a link, either.
        let mut temporary = tempfile::Builder::new()
            .prefix(".x509up.")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(directory(path))?;
        temporary.write_all(contents)?;
        temporary
            .as_file()
            .set_permissions(Permissions::from_mode(mode))?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        Ok(())
    })
}

/// Opens a file that [`destroy`] would remove: a regular file that belongs to the user, and not a
/// symbolic link.
pub fn open_for_destruction(path: &Path, uid: u32) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != uid {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "is not a file of yours",
        ));
    }
    Ok(file)
}

/// Overwrites a file with zeros, since it may have other hard links, and removes it.
pub fn destroy(path: &Path, uid: u32) -> io::Result<()> {
    let file = open_for_destruction(path, uid)?;
    overwrite(&file, file.metadata()?.len())?;
    std::fs::remove_file(path)
}

fn overwrite(mut file: &File, length: u64) -> io::Result<()> {
    let zeros = [0; 4096];
    let mut left = length;
    while left > 0 {
        let count = usize::try_from(left)
            .unwrap_or(zeros.len())
            .min(zeros.len());
        file.write_all(&zeros[..count])?;
        left -= count as u64;
    }
    file.sync_all()
}

/// The absolute path, which scripts can use after changing directory.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_and_its_target_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, b"proxy").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
        assert!(!link.is_symlink());
        assert_eq!(
            std::fs::metadata(&link).unwrap().permissions().mode() & 0o7777,
            0o600
        );
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        assert!(replace(&dir.path().join("no/such/proxy"), b"x").is_err());
        assert!(replace(dir.path(), b"x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn destroying_does_not_follow_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let uid = std::fs::metadata(&target).unwrap().uid();
        assert!(destroy(&link, uid).is_err());
        assert!(destroy(&target, uid + 1).is_err());
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
        destroy(&target, uid).unwrap();
        assert!(!target.exists());
    }
}
