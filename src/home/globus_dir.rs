//! The pair `usercert.pem` and `userkey.pem` in a directory, replaced as a unit (spec 1.10).
//!
//! Two files cannot be renamed atomically. So the new files are written under hidden names, the
//! existing ones are copied to dated backups, and then a note is written that says which file gets
//! which name. Until the note exists, nothing has changed; after that, any command that finds it
//! finishes the import, however often that is interrupted.

mod error;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use voms::files;

pub use self::error::PairError;

/// File name of the certificate.
pub const CERTIFICATE: &str = "usercert.pem";
/// File name of the key.
pub const KEY: &str = "userkey.pem";
/// The file that says how to finish an import.
pub const NOTE: &str = ".import-unfinished";
const LOCK: &str = ".import-lock";
const NOTE_LIMIT: u64 = 4096;
const NOTE_HEAD: &str =
    "# An import that was interrupted. The file on the left of a line is to take the name on its right;
# the next voms-proxy command that uses the pair does that, and removes this note.
";

/// The mode for a file with this name.
fn mode(name: &str) -> u32 {
    if name == KEY { 0o400 } else { 0o644 }
}

/// What a replacement did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Copies of the previous files.
    pub backups: Vec<PathBuf>,
    /// Whether an interrupted import was finished first.
    pub finished_earlier: bool,
}

/// A directory that holds such a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    directory: PathBuf,
}

/// Locks a pair against changes by other commands for as long as it exists.
#[derive(Debug)]
pub struct Locked<'a> {
    pair: &'a Pair,
    /// `None` on a file system without locks.
    _lock: Option<File>,
}

impl Pair {
    /// The pair in a directory, which need not exist.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// The pair that a file belongs to, judging by its name.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let is_named = [CERTIFICATE, KEY]
            .iter()
            .any(|name| path.file_name().is_some_and(|own| own == *name));
        let path = std::path::absolute(path).ok().filter(|_| is_named)?;
        path.parent().map(Self::in_directory)
    }

    /// The pair's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The certificate's file.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.join(CERTIFICATE)
    }

    /// The key's file.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.directory.join(KEY)
    }

    /// The files of the pair that exist; a dangling symlink does not count.
    #[must_use]
    pub fn existing(&self) -> Vec<PathBuf> {
        let is_there = |path: &PathBuf| match path.metadata() {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        [self.certificate(), self.key()]
            .into_iter()
            .filter(is_there)
            .collect()
    }

    /// Whether an import was interrupted here and must be finished.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        let found = self.directory.join(NOTE).symlink_metadata();
        // In a directory such as /tmp, anyone could write one.
        found.is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw())
    }

    /// Locks the pair if an interrupted import must be finished; see [`Pair::lock`].
    ///
    /// # Errors
    /// [`PairError::Unfinished`].
    pub fn lock_unfinished(&self) -> Result<Option<Locked<'_>>, PairError> {
        if !self.is_unfinished() {
            return Ok(None);
        }
        let lock = self
            .lock_file()
            .map_err(|error| self.unfinished(files::reason(&error)))?;
        Ok(Some(Locked {
            pair: self,
            _lock: lock,
        }))
    }

    /// Waits for other commands to finish, then locks them out; creates the directory if needed.
    ///
    /// # Errors
    /// [`PairError::Write`].
    pub fn lock(&self) -> Result<Locked<'_>, PairError> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory);
        let lock = made
            .and_then(|()| self.lock_file())
            .map_err(|error| PairError::Write {
                path: self.directory.clone(),
                reason: files::reason(&error),
            })?;
        Ok(Locked {
            pair: self,
            _lock: lock,
        })
    }

    fn unfinished(&self, reason: String) -> PairError {
        PairError::Unfinished {
            directory: self.directory.clone(),
            reason,
        }
    }

    /// Performs every step that can fail, up to writing the note.
    fn prepare(&self, new: &[(&str, &[u8])], stamp: &str) -> Result<Vec<PathBuf>, PairError> {
        let cannot = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| PairError::Write {
                path,
                reason: files::reason(&error),
            }
        };
        for (name, contents) in new {
            let target = self.directory.join(name);
            if target.is_dir() {
                return Err(cannot(&target)(io::Error::other("it is a directory")));
            }
            self.lay_down(&self.staged(name), contents, mode(name))
                .map_err(cannot(&target))?;
        }
        let backups = self.back_up(stamp)?;
        let lines: String = new
            .iter()
            .map(|(name, _)| format!(".{name}.new {name}\n"))
            .collect();
        let (note, draft) = (
            self.directory.join(NOTE),
            self.directory.join(format!("{NOTE}.new")),
        );
        let written = self.lay_down(&draft, format!("{NOTE_HEAD}{lines}").as_bytes(), 0o600);
        written
            .and_then(|()| self.sync())
            .and_then(|()| fs::rename(&draft, &note))
            .map_err(|error| {
                let _ = fs::remove_file(&draft);
                cannot(&note)(error)
            })?;
        self.sync().map_err(|error| {
            // Remove the note before the files it names are removed.
            let _ = fs::remove_file(&note).and_then(|()| self.sync());
            cannot(&note)(error)
        })?;
        Ok(backups)
    }

    fn staged(&self, name: &str) -> PathBuf {
        self.directory.join(format!(".{name}.new"))
    }

    /// Copies both files, even the one that is kept, so that the backup is a complete pair.
    fn back_up(&self, stamp: &str) -> Result<Vec<PathBuf>, PairError> {
        let mut backups = Vec::new();
        for path in self.existing() {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let cannot = |error: &io::Error| PairError::Backup {
                path: path.clone(),
                reason: files::reason(error),
            };
            let (found, contents) = files::read_with_metadata(&path, files::CONFIGURATION_LIMIT)
                .map_err(|error| cannot(&error))?;
            // The certificate file may contain a key as well.
            let allowed = mode(&name) & found.mode();
            let free = |at: &u32| match at {
                1 => self.directory.join(format!("{name}.{stamp}")),
                at => self.directory.join(format!("{name}.{stamp}-{at}")),
            };
            let candidates = (1..u32::MAX).map(|at| free(&at));
            let backup = candidates
                .into_iter()
                .find(|path| path.symlink_metadata().is_err())
                .unwrap_or_default();
            let draft = self.directory.join(format!(".{name}.backup"));
            let written = self.lay_down(&draft, &contents, allowed);
            written
                .and_then(|()| fs::rename(&draft, &backup))
                .map_err(|error| {
                    let _ = fs::remove_file(&draft);
                    cannot(&error)
                })?;
            backups.push(backup);
        }
        Ok(backups)
    }

    /// Writes a new file and syncs it to disk.
    fn lay_down(&self, path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let written = file
            .write_all(contents)
            .and_then(|()| file.set_permissions(Permissions::from_mode(mode)))
            .and_then(|()| file.sync_all());
        written.inspect_err(|_| drop(fs::remove_file(path)))
    }

    /// Follows the note, if there is one; any step may have been completed earlier.
    fn follow_note(&self) -> Result<bool, String> {
        let note = self.directory.join(NOTE);
        if !self.is_unfinished() {
            return Ok(false);
        }
        let (_, contents) = match files::read_own(&note, NOTE_LIMIT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => {
                other.map_err(|error| format!("{}: {}", note.display(), files::reason(&error)))?
            }
        };
        let text = std::str::from_utf8(&contents)
            .map_err(|_| format!("{} cannot be understood", note.display()))?;
        let steps = text.lines().filter(|line| !line.starts_with('#'));
        let known = |line: &str| {
            [CERTIFICATE, KEY]
                .into_iter()
                .find(|name| line == format!(".{name}.new {name}"))
        };
        let steps: Option<Vec<&str>> = steps.map(known).collect();
        let steps = steps.ok_or_else(|| format!("{} cannot be understood", note.display()))?;
        for name in steps {
            match fs::rename(self.staged(name), self.directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(format!(
                        "{}: {}",
                        self.directory.join(name).display(),
                        files::reason(&error)
                    ));
                }
                _ => {}
            }
        }
        let done = self
            .sync()
            .and_then(|()| fs::remove_file(&note))
            .and_then(|()| self.sync());
        done.map(|()| true)
            .map_err(|error| format!("{}: {}", note.display(), files::reason(&error)))
    }

    fn sync(&self) -> io::Result<()> {
        // Some file systems, such as FUSE and SMB, persist directories without an explicit sync.
        const NEEDLESS: [Errno; 3] = [Errno::INVAL, Errno::NOTSUP, Errno::NOSYS];
        File::open(&self.directory)?.sync_all().or_else(|error| {
            match Errno::from_io_error(&error) {
                Some(errno) if NEEDLESS.contains(&errno) => Ok(()),
                _ => Err(error),
            }
        })
    }

    fn lock_file(&self) -> io::Result<Option<File>> {
        let path = self.directory.join(LOCK);
        let no_follow = OFlags::NOFOLLOW.bits().cast_signed();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_follow)
            .open(path)?;
        if file.metadata()?.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{LOCK} belongs to another user"),
            ));
        }
        Ok(flock(&file, FlockOperation::LockExclusive)
            .is_ok()
            .then_some(file))
    }
}

impl Locked<'_> {
    /// Finishes an interrupted import; returns `true` if there was one.
    ///
    /// # Errors
    /// [`PairError::Unfinished`].
    pub fn finish(&self) -> Result<bool, PairError> {
        self.pair
            .follow_note()
            .map_err(|reason| self.pair.unfinished(reason))
    }

    /// Replaces the certificate and, if given, the key: both or neither. The previous files are
    /// kept in files whose names end in `stamp`.
    ///
    /// # Errors
    /// [`PairError`].
    pub fn replace(
        &self,
        certificate: &[u8],
        key: Option<&[u8]>,
        stamp: &str,
    ) -> Result<Replaced, PairError> {
        let finished_earlier = self.finish()?;
        let new: Vec<(&str, &[u8])> = std::iter::once((CERTIFICATE, certificate))
            .chain(key.map(|key| (KEY, key)))
            .collect();
        let outcome = self.pair.prepare(&new, stamp);
        if outcome.is_err() && !self.pair.is_unfinished() {
            new.iter()
                .for_each(|(name, _)| drop(fs::remove_file(self.pair.staged(name))));
        }
        let backups = outcome?;
        self.finish()?;
        Ok(Replaced {
            backups,
            finished_earlier,
        })
    }
}

/// Checks that a file still has the contents that were read from it.
///
/// # Errors
/// [`PairError::Changed`].
pub fn unchanged(path: &Path, read: &[u8]) -> Result<(), PairError> {
    match files::read_limited(path, files::CONFIGURATION_LIMIT) {
        Ok(present) if *present == read => Ok(()),
        _ => Err(PairError::Changed {
            path: path.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(directory: &Path, name: &str) -> String {
        fs::read_to_string(directory.join(name)).unwrap()
    }

    fn replaced(
        pair: &Pair,
        certificate: &[u8],
        key: Option<&[u8]>,
        stamp: &str,
    ) -> Result<Replaced, PairError> {
        pair.lock()?.replace(certificate, key, stamp)
    }

    #[test]
    fn a_pair_is_replaced_and_the_old_one_kept() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".globus");
        let pair = Pair::in_directory(&directory);
        let first = replaced(&pair, b"cert 1", Some(b"key 1"), "today").unwrap();
        assert_eq!(first, Replaced::default());
        let second = replaced(&pair, b"cert 2", Some(b"key 2"), "today").unwrap();
        assert_eq!(
            second.backups,
            ["usercert.pem.today", "userkey.pem.today"].map(|name| directory.join(name))
        );
        let third = replaced(&pair, b"cert 3", None, "today").unwrap();
        assert_eq!(
            third.backups,
            ["usercert.pem.today-2", "userkey.pem.today-2"].map(|name| directory.join(name))
        );
        assert_eq!(contents(&directory, CERTIFICATE), "cert 3");
        assert_eq!(contents(&directory, KEY), "key 2");
        assert_eq!(contents(&directory, "userkey.pem.today"), "key 1");
        let modes = |name: &str| fs::metadata(directory.join(name)).unwrap().mode() & 0o7777;
        assert_eq!(
            (modes(CERTIFICATE), modes(KEY), modes("userkey.pem.today")),
            (0o644, 0o400, 0o400)
        );
        assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_backup_is_no_more_open_than_what_it_is_of() {
        let home = tempfile::tempdir().unwrap();
        let pair = Pair::in_directory(home.path());
        replaced(&pair, b"cert and key", Some(b"key"), "today").unwrap();
        fs::set_permissions(pair.certificate(), Permissions::from_mode(0o600)).unwrap();
        replaced(&pair, b"new", Some(b"new"), "today").unwrap();
        let modes = |name: &str| fs::metadata(home.path().join(name)).unwrap().mode() & 0o7777;
        assert_eq!(
            (modes("usercert.pem.today"), modes("userkey.pem.today")),
            (0o600, 0o400)
        );
    }

    #[test]
    fn a_note_is_followed_once_and_only_to_the_two_names() {
        let home = tempfile::tempdir().unwrap();
        let pair = Pair::in_directory(home.path());
        fs::write(home.path().join(".usercert.pem.new"), "new cert").unwrap();
        fs::write(
            home.path().join(NOTE),
            format!("{NOTE_HEAD}.usercert.pem.new usercert.pem\n"),
        )
        .unwrap();
        assert!(pair.is_unfinished() && pair.lock_unfinished().unwrap().unwrap().finish().unwrap());
        assert!(pair.lock_unfinished().unwrap().is_none());
        assert_eq!(contents(home.path(), CERTIFICATE), "new cert");
        fs::write(home.path().join(NOTE), ".usercert.pem.new ../elsewhere\n").unwrap();
        assert!(pair.lock().unwrap().finish().is_err() && pair.is_unfinished());
    }

    #[test]
    fn a_file_is_of_a_pair_by_its_name() {
        assert_eq!(
            Pair::of_file(Path::new("/home/.globus/userkey.pem"))
                .unwrap()
                .directory,
            Path::new("/home/.globus")
        );
        assert!(
            Pair::of_file(Path::new("usercert.pem"))
                .unwrap()
                .directory
                .is_absolute()
        );
        assert!(Pair::of_file(Path::new("/home/.globus/usercred.p12")).is_none());
    }

    #[test]
    fn links_to_nothing_are_replaced() {
        let home = tempfile::tempdir().unwrap();
        let pair = Pair::in_directory(home.path());
        for path in [pair.certificate(), pair.key()] {
            std::os::unix::fs::symlink("nowhere", path).unwrap();
        }
        assert_eq!(
            replaced(&pair, b"cert", Some(b"key"), "today").unwrap(),
            Replaced::default()
        );
        assert_eq!(
            (
                contents(home.path(), CERTIFICATE),
                contents(home.path(), KEY)
            ),
            ("cert".into(), "key".into())
        );
    }

    #[test]
    fn what_cannot_be_written_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let pair = Pair::in_directory(home.path());
        replaced(&pair, b"cert", None, "today").unwrap();
        fs::create_dir(home.path().join(KEY)).unwrap();
        assert!(replaced(&pair, b"new", Some(b"new"), "today").is_err());
        assert_eq!(contents(home.path(), CERTIFICATE), "cert");
        assert!(!pair.is_unfinished() && pair.staged(CERTIFICATE).symlink_metadata().is_err());
    }
}
