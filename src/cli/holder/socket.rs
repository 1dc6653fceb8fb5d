//! Where the holder listens: a socket of mode 0600 in a directory of mode 0700, both the user's.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::wire::Wire;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::output::Diagnostic;
use crate::cli::private;

/// How long a holder may take to say that it is there, or to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the socket of this user is, if there is a directory for such things.
pub fn path(env: &Environment) -> Option<PathBuf> {
    Some(env.runtime_dir.as_ref()?.join("voms-proxy/holder"))
}

fn you() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn is_own(found: &Metadata) -> bool {
    found.uid() == you() && found.mode() & 0o077 == 0
}

/// Connects to the holder. A socket that somebody else may have made, or behind which nobody
/// listens, is as good as none; nobody is waited for.
pub fn connect(path: &Path) -> Option<Wire> {
    let directory = path.parent()?.symlink_metadata().ok()?;
    let socket = path.symlink_metadata().ok()?;
    let is_safe = directory.is_dir() && is_own(&directory);
    if !is_safe || !socket.file_type().is_socket() || !is_own(&socket) {
        return None;
    }
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (unix, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    let stream = rustix::net::socket_with(unix, kind, flags, None).ok()?;
    rustix::net::connect(&stream, &SocketAddrUnix::new(path).ok()?).ok()?;
    let stream = UnixStream::from(stream);
    stream.set_nonblocking(false).ok()?;
    is_peer_you(&stream).then(|| Wire::new(stream, PATIENCE))
}

/// Whether the process at the other end is the user's.
pub fn is_peer_you(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid.as_raw() == you())
}

/// How a holder was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to end.
    Told,
    /// It does not answer, but holders end without their sockets.
    Cut,
    /// There was none.
    Nothing,
}

/// Ends the holder, if there is one.
pub fn end(path: &Path) -> Ended {
    let Some(mut wire) = connect(path) else {
        return Ended::Nothing;
    };
    if wire.receive().is_ok() && wire.send(&[b"lock"]).is_ok() {
        wire.wait_for(PATIENCE);
        wire.closed();
        return Ended::Told;
    }
    match std::fs::remove_file(path) {
        Ok(()) => Ended::Cut,
        Err(_) => Ended::Nothing,
    }
}

/// A socket that nobody has connected to yet. It goes when this does, unless another holder has
/// taken its place.
pub struct Place {
    path: PathBuf,
    id: (u64, u64),
}

impl Place {
    /// Makes the directory.
    ///
    /// # Errors
    /// If there is no place for it, or it is not the user's alone.
    pub fn prepare(env: &Environment) -> Result<PathBuf, Diagnostic> {
        let path = path(env).ok_or_else(|| {
            unsafe_place("XDG_RUNTIME_DIR is not set: there is no place for the socket")
        })?;
        let (Some(directory), Some(runtime)) = (path.parent(), &env.runtime_dir) else {
            return Err(unsafe_place(path.display()));
        };
        private::is_out_of_reach(runtime).map_err(unsafe_place)?;
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(directory, &error));
            }
            _ => {}
        }
        let found = directory
            .symlink_metadata()
            .map_err(|error| failed(directory, &error))?;
        match found.is_dir() && is_own(&found) {
            true => Ok(path),
            false => Err(unsafe_place(format!(
                "{} is not a directory that is yours alone (mode {:04o}, user id {})",
                directory.display(),
                found.mode() & 0o7777,
                found.uid()
            ))),
        }
    }

    /// Listens there in place of the holder before, which ends.
    pub fn listen(path: PathBuf) -> Result<(Self, UnixListener), Diagnostic> {
        let fresh = path.with_extension(std::process::id().to_string());
        let bound = || {
            let _ = std::fs::remove_file(&fresh);
            let listener = UnixListener::bind(&fresh)?;
            std::fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
            let found = fresh.symlink_metadata()?;
            end(&path);
            std::fs::rename(&fresh, &path)?;
            Ok((listener, (found.dev(), found.ino())))
        };
        let (listener, id) = bound().map_err(|error| {
            let _ = std::fs::remove_file(&fresh);
            failed(&path, &error)
        })?;
        Ok((Self { path, id }, listener))
    }

    /// Whether those who look for a holder find this one.
    pub fn is_there(&self) -> bool {
        let found = self.path.symlink_metadata();
        found.is_ok_and(|found| (found.dev(), found.ino()) == self.id)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_there() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn unsafe_place(text: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(codes::NOT_PRIVATE, text).help(
        "set XDG_RUNTIME_DIR to a directory of mode 0700 that is yours, such as /run/user/<uid>",
    )
}

fn failed(path: &Path, error: &io::Error) -> Diagnostic {
    unsafe_place(format!(
        "cannot listen at {}: {}",
        path.display(),
        voms::files::reason(error)
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let env = Environment {
            runtime_dir: Some(dir.path().to_owned()),
            ..Environment::default()
        };
        let path = Place::prepare(&env).unwrap();
        (dir, path)
    }

    #[test]
    fn a_socket_without_a_listener_or_with_another_mode_is_none() {
        let (_dir, path) = place();
        assert!(connect(&path).is_none());
        let (held, listener) = Place::listen(path.clone()).unwrap();
        assert!(connect(&path).is_some());
        for (which, mode) in [(path.as_path(), 0o660), (path.parent().unwrap(), 0o750)] {
            let before = which.symlink_metadata().unwrap().permissions();
            std::fs::set_permissions(which, Permissions::from_mode(mode)).unwrap();
            assert!(connect(&path).is_none(), "{mode:o}");
            std::fs::set_permissions(which, before).unwrap();
        }
        drop(listener);
        assert!(connect(&path).is_none());
        drop(held);
        assert!(path.symlink_metadata().is_err());
        std::fs::write(&path, "").unwrap();
        assert!(connect(&path).is_none());
    }

    #[test]
    fn a_listener_that_takes_nobody_is_not_waited_for() {
        let (_dir, path) = place();
        let (_held, _listener) = Place::listen(path.clone()).unwrap();
        let start = Instant::now();
        let all: Vec<_> = (0..5000).map_while(|_| connect(&path)).collect();
        assert!(start.elapsed() < PATIENCE, "{}", all.len());
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let (dir, path) = place();
        let env = Environment {
            runtime_dir: Some(dir.path().to_owned()),
            ..Environment::default()
        };
        let directory = path.parent().unwrap();
        std::fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(Place::prepare(&env).unwrap_err().code(), codes::NOT_PRIVATE);
        let none = Environment::default();
        assert_eq!(
            Place::prepare(&none).unwrap_err().code(),
            codes::NOT_PRIVATE
        );
    }
}
