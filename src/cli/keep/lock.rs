//! One keeper for a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::cli::codes;
use crate::cli::file;
use crate::cli::output::Diagnostic;

/// Held as long as this lives, however the process ends. Programs started do not inherit it.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of a proxy file, by its real path. The file itself is replaced again and
    /// again, so the lock is on one beside it.
    ///
    /// # Errors
    /// If another keeper has it, or it cannot be made.
    pub fn of(proxy: &Path) -> Result<Self, Diagnostic> {
        let path = beside(proxy);
        let failed = |error: io::Error| {
            let text = format!(
                "cannot lock {}: {}",
                path.display(),
                voms::files::reason(&error)
            );
            Diagnostic::new(codes::NOT_LOCKED, text)
                .help("keep the proxy in a directory of your own, with --out")
        };
        loop {
            let file = open(&path).map_err(failed)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Err(taken(proxy, &file)),
                Err(error) => return Err(failed(error.into())),
            }
            // The one who had it may have removed it meanwhile.
            let is_there = path.symlink_metadata().is_ok_and(|there| {
                file.metadata()
                    .is_ok_and(|own| own.ino() == there.ino() && own.dev() == there.dev())
            });
            if is_there {
                // For those who want to stop it; that it says so is no proof.
                let _ = file.set_len(0);
                let _ = writeln!(&file, "{}", std::process::id());
                return Ok(Self { file, path });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

fn beside(proxy: &Path) -> PathBuf {
    let directory = file::directory(proxy);
    let directory = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    let mut name = std::ffi::OsString::from(".");
    name.push(proxy.file_name().unwrap_or_default());
    name.push(".keeper");
    directory.join(name)
}

fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // Nobody is waited for at the other end of a pipe.
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is not a file of yours",
        ));
    }
    Ok(file)
}

fn taken(proxy: &Path, lock: &File) -> Diagnostic {
    let text = format!(
        "{} is kept fresh by another process already",
        proxy.display()
    );
    let help = match keeper_in(lock) {
        Some(keeper) => format!("to stop that one: kill {keeper}; or name another file with --out"),
        None => "stop that one first, or name another file with --out".to_owned(),
    };
    Diagnostic::new(codes::KEPT_ALREADY, text).help(&help)
}

/// The process that holds the lock.
fn keeper_in(lock: &File) -> Option<u32> {
    let (_, contents) = voms::files::read_open(lock, 64).ok()?;
    std::str::from_utf8(&contents).ok()?.trim().parse().ok()
}

/// The process that keeps this file fresh, and would make it again.
pub fn keeper_of(proxy: &Path) -> Option<u32> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(beside(proxy))
        .ok()?;
    let is_own = file.metadata().ok()?.uid() == rustix::process::geteuid().as_raw();
    let is_held = flock(&file, FlockOperation::NonBlockingLockShared).is_err();
    keeper_in(&file).filter(|_| is_own && is_held)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FileType, Mode};

    use super::*;

    #[test]
    fn one_keeper_has_a_file_by_whatever_path() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, dir.path().join("link")).unwrap();
        let lock = Lock::of(&real.join("proxy")).unwrap();
        let other = Lock::of(&dir.path().join("link/proxy")).unwrap_err();
        assert_eq!(other.code(), codes::KEPT_ALREADY);
        drop(lock);
        Lock::of(&dir.path().join("link/proxy")).unwrap();
        assert_eq!(std::fs::read_dir(&real).unwrap().count(), 0);
    }

    #[test]
    fn a_pipe_in_place_of_the_lock_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join(".proxy.keeper");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let refused = Lock::of(&dir.path().join("proxy")).unwrap_err();
        assert_eq!(refused.code(), codes::NOT_LOCKED);
    }
}
