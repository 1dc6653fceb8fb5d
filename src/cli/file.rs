//! Installing a proxy file (spec 1.10).

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

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
    let writable = Access::WRITE_OK | Access::EXEC_OK;
    let access = rustix::fs::accessat(CWD, directory(path), writable, AtFlags::EACCESS);
    // What else is wrong shows when it is written.
    if let Err(error @ (Errno::ACCESS | Errno::ROFS)) = access {
        return Err(error.into());
    }
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
        let (kind, what) = if place.is_dir() {
            (io::ErrorKind::IsADirectory, "it is a directory")
        } else {
            (io::ErrorKind::InvalidInput, "it is not a regular file")
        };
        return Err(io::Error::new(kind, what));
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
        // Whatever prevents it, the other way says why.
        replace_unnamed(path, contents, mode).or_else(|_| replace_named(path, contents, mode))
    })
}

/// Writes a file that has no name until it is complete, so that nothing stays if the program is
/// killed: `O_TMPFILE`, which not every file system has.
fn replace_unnamed(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(directory(path), flags, Mode::RUSR | Mode::WUSR)?;
    let file = File::from(file);
    fill(&file, contents, mode)?;
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link = |name: &Path| {
        rustix::fs::linkat(CWD, &unnamed, CWD, name, AtFlags::SYMLINK_FOLLOW)
            .map_err(io::Error::from)
    };
    match link(path) {
        // A link cannot replace a file, only a rename can.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let temporary = temporary().make_in(directory(path), link)?;
            temporary.persist(path).map_err(|error| error.error)?;
            Ok(())
        }
        linked => linked,
    }
}

fn replace_named(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    // O_EXCL never follows a link, either.
    let temporary = temporary()
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(directory(path))?;
    fill(temporary.as_file(), contents, mode)?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn fill(mut file: &File, contents: &[u8], mode: u32) -> io::Result<()> {
    file.write_all(contents)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

const PREFIX: &str = ".x509up.";
const SUFFIX: &str = ".unfinished";
const RANDOM: usize = 12;

fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
    builder
}

/// Gives a file a name of its own beside the old one, which [`is_temporary`].
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let rename = |name: &Path| {
        rustix::fs::renameat_with(CWD, path, CWD, name, RenameFlags::NOREPLACE)
            .or_else(|error| match error {
                // File systems that cannot do that; the name is random.
                Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP => rustix::fs::rename(path, name),
                other => Err(other),
            })
            .map_err(io::Error::from)
    };
    let named = temporary().make_in(directory(path), rename)?;
    named.into_temp_path().keep().map_err(|error| error.error)
}

/// Gives a file its old name back, unless another has it by now, which then stands for both.
pub fn put_back(aside: &Path, path: &Path) -> io::Result<()> {
    match rustix::fs::linkat(CWD, aside, CWD, path, AtFlags::empty()) {
        Err(error) if error != Errno::EXIST => Ok(rustix::fs::rename(aside, path)?),
        _ => std::fs::remove_file(aside),
    }
}

/// Whether a file name is one that [`replace`] gives to files it has not finished.
pub fn is_temporary(name: &OsStr) -> bool {
    let random = name
        .to_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
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
    fn both_ways_give_the_file_its_mode_and_leave_no_other() {
        for way in [replace_unnamed, replace_named] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("proxy");
            for contents in [&b"first"[..], b"second"] {
                way(&path, contents, 0o400).unwrap();
                assert_eq!(std::fs::read(&path).unwrap(), contents);
                let found = std::fs::metadata(&path).unwrap();
                assert_eq!((found.mode() & 0o7777, found.nlink()), (0o400, 1));
            }
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn only_our_temporary_names_are_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let ours = temporary().tempfile_in(dir.path()).unwrap();
        assert!(is_temporary(ours.path().file_name().unwrap()));
        for other in [
            ".x509up.backup",
            ".x509up.unfinished",
            "x509up_u1000",
            ".x509up.a-b4567890ab.unfinished",
        ] {
            assert!(!is_temporary(OsStr::new(other)), "{other}");
        }
    }
}
