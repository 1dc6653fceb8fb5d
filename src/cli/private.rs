//! Directories that no other user can get at, neither into them nor by exchanging them.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Why a directory is not private.
#[derive(Debug, thiserror::Error)]
pub enum NotPrivate {
    /// It cannot be made or looked at.
    #[error("{}: {}", .0.display(), voms::files::reason(.1))]
    System(PathBuf, io::Error),
    /// It is a link, which could lead anywhere.
    #[error("{} is a symbolic link", .0.display())]
    Link(PathBuf),
    /// It belongs to another user.
    #[error("{} belongs to user id {}", .0.display(), .1)]
    Owner(PathBuf, u32),
    /// Others may write to it.
    #[error("others can write to {} (mode {:04o})", .0.display(), .1)]
    Mode(PathBuf, u32),
    /// There is something in it.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
}

/// Makes a directory of mode 0700, with those above it as needed, or takes an empty one that is as
/// private. The path returned has no links in it.
pub fn directory(path: &Path) -> Result<PathBuf, NotPrivate> {
    let failed = |error| NotPrivate::System(path.to_owned(), error);
    let path = std::path::absolute(path).map_err(failed)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(NotPrivate::NotEmpty(path));
    };
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder.recursive(true).create(parent).map_err(failed)?;
    // Checked first: what is below a safe directory cannot be exchanged afterwards.
    let parent = is_out_of_reach(parent)?;
    let path = parent.join(name);
    match builder.recursive(false).create(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let found = path.symlink_metadata().map_err(failed)?;
    if found.is_symlink() {
        return Err(NotPrivate::Link(path));
    }
    if found.uid() != you() {
        return Err(NotPrivate::Owner(path, found.uid()));
    }
    if found.mode() & 0o022 != 0 {
        return Err(NotPrivate::Mode(path, found.mode() & 0o7777));
    }
    let mut entries = std::fs::read_dir(&path).map_err(failed)?;
    if entries.next().is_some() {
        return Err(NotPrivate::NotEmpty(path));
    }
    Ok(path)
}

/// Checks that no other user can exchange what is in a directory, or the directory itself or one
/// above it: each belongs to the user or root, and others cannot write to it, unless it is sticky.
/// The path returned has no links in it.
pub fn is_out_of_reach(path: &Path) -> Result<PathBuf, NotPrivate> {
    let failed = |error| NotPrivate::System(path.to_owned(), error);
    let real = path.canonicalize().map_err(failed)?;
    let found = |path: &Path| {
        path.metadata()
            .map_err(|error| NotPrivate::System(path.to_owned(), error))
    };
    // In a user namespace, root of the machine has another number.
    let root = found(Path::new("/"))?.uid();
    for directory in real.ancestors() {
        judge(directory, &found(directory)?, root)?;
    }
    Ok(real)
}

fn judge(directory: &Path, found: &Metadata, root: u32) -> Result<(), NotPrivate> {
    if ![0, root, you()].contains(&found.uid()) {
        return Err(NotPrivate::Owner(directory.to_owned(), found.uid()));
    }
    let mode = found.mode() & 0o7777;
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        return Err(NotPrivate::Mode(directory.to_owned(), mode));
    }
    Ok(())
}

fn you() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_directory_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let made = directory(&dir.path().join("a/b")).unwrap();
        for path in [&made, made.parent().unwrap()] {
            assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o700);
        }
        // It is empty yet.
        assert_eq!(directory(&made).unwrap(), made);
        std::fs::write(made.join("file"), "").unwrap();
        assert!(matches!(directory(&made), Err(NotPrivate::NotEmpty(_))));
    }

    #[test]
    fn a_directory_that_others_can_reach_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (shared, vo) = (dir.path().join("shared"), dir.path().join("shared/vo"));
        std::fs::create_dir_all(&vo).unwrap();
        for mode in [0o777, 0o720, 0o702] {
            set(&vo, mode);
            assert!(matches!(directory(&vo), Err(NotPrivate::Mode(at, _)) if at.ends_with("vo")));
            set(&vo, 0o700);
            set(&shared, mode);
            assert!(
                matches!(directory(&vo), Err(NotPrivate::Mode(at, _)) if at.ends_with("shared"))
            );
            set(&shared, mode | 0o1000);
            directory(&vo).unwrap();
            set(&shared, 0o700);
        }
        let link = dir.path().join("link");
        symlink(&vo, &link).unwrap();
        assert!(matches!(directory(&link), Err(NotPrivate::Link(_))));
        let above = dir.path().join("above");
        symlink(&shared, &above).unwrap();
        assert!(directory(&above.join("vo")).unwrap().ends_with("shared/vo"));
        // Only root can give directories away.
        if rustix::process::geteuid().is_root() {
            for given in [&vo, &shared] {
                chown(given, Some(1), None).unwrap();
                assert!(matches!(directory(&vo), Err(NotPrivate::Owner(at, 1)) if at == *given));
                chown(given, Some(0), None).unwrap();
            }
        }
    }
}
