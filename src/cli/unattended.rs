//! Passphrases for commands that run without a user: from a file, a command or a descriptor.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use voms::files;
use zeroize::Zeroizing;

use super::headings;
use super::output::Diagnostic;
use super::prompt::{LONGEST, PassphraseSource, line_of};
use crate::home::load::PassphraseProblem;

/// How long a command may take; a person may have to unlock a password store.
const PATIENCE: Duration = Duration::from_secs(120);

/// The options for it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PassphraseArgs {
    /// Read the passphrase from FILE, which only you can read
    #[arg(long, value_name = "FILE", help_heading = headings::SCRIPTS)]
    pub passphrase_file: Option<PathBuf>,
    /// Take the passphrase from the output of COMMAND, such as `pass grid`
    #[arg(long, value_name = "COMMAND", help_heading = headings::SCRIPTS)]
    pub passphrase_command: Option<OsString>,
    /// Read the passphrase from file descriptor N
    #[arg(long, value_name = "N", help_heading = headings::SCRIPTS)]
    pub passphrase_fd: Option<u32>,
}

impl PassphraseArgs {
    /// The source that they select, if any.
    ///
    /// # Errors
    /// If they select several.
    pub fn source(&self) -> Result<Option<PassphraseSource>, Diagnostic> {
        let file = self.passphrase_file.clone().map(Unattended::File);
        let command = self.passphrase_command.clone().map(Unattended::Command);
        let descriptor = self.passphrase_fd.map(Unattended::Descriptor);
        let mut chosen = [file, command, descriptor].into_iter().flatten();
        let source = chosen.next();
        match chosen.next() {
            Some(_) => Err(several()),
            None => Ok(source.map(|source| PassphraseSource::Unattended(Box::new(source)))),
        }
    }
}

/// More than one source is named.
pub fn several() -> Diagnostic {
    Diagnostic::usage("the passphrase can come from one place only")
        .help("give one of --pwstdin, --passphrase-file, --passphrase-command and --passphrase-fd")
}

/// A source that needs no user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unattended {
    /// A file that belongs to the user and is closed to others.
    File(PathBuf),
    /// A command for the shell; the first line of its output counts.
    Command(OsString),
    /// A descriptor that is open already.
    Descriptor(u32),
}

impl Unattended {
    /// The passphrase, or why there is none.
    pub fn get(&self) -> Result<Zeroizing<String>, PassphraseProblem> {
        let line = match self {
            Self::File(path) => of_file(path)?,
            Self::Command(command) => of_command(command)?,
            Self::Descriptor(number) => of_descriptor(*number)?,
        };
        let text =
            std::str::from_utf8(&line).map_err(|_| PassphraseProblem::Encoding(self.what()))?;
        let text = text.lines().next().unwrap_or_default();
        if text.is_empty() {
            return Err(PassphraseProblem::Empty(self.what()));
        }
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn what(&self) -> String {
        match self {
            Self::File(path) => format!("the passphrase file {}", path.display()),
            Self::Command(_) => "the output of the passphrase command".to_owned(),
            Self::Descriptor(number) => format!("file descriptor {number}"),
        }
    }
}

fn of_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, PassphraseProblem> {
    let path = path.to_owned();
    let (found, contents) = match files::read_own(&path, files::CONFIGURATION_LIMIT) {
        Ok(read) => read,
        Err(error) => {
            let reason = files::reason(&error);
            return Err(PassphraseProblem::File { path, reason });
        }
    };
    let mode = found.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PassphraseProblem::FileMode { path, mode });
    }
    Ok(contents)
}

fn of_descriptor(number: u32) -> Result<Zeroizing<Vec<u8>>, PassphraseProblem> {
    let failed = |error: std::io::Error| PassphraseProblem::Descriptor {
        number,
        reason: match error.kind() {
            std::io::ErrorKind::NotFound => "it is not open".to_owned(),
            _ => files::reason(&error),
        },
    };
    let file = File::open(format!("/proc/self/fd/{number}")).map_err(failed)?;
    line_of(file).map_err(failed)
}

/// A group of its own, so that nothing of it is left if it takes too long.
fn of_command(command: &OsStr) -> Result<Zeroizing<Vec<u8>>, PassphraseProblem> {
    let failed = |reason: &str| PassphraseProblem::Command(reason.to_owned());
    let mut child = Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {}", files::reason(&error))))?;
    let read = child.stdout.take().and_then(output_of);
    let status = finish(&mut child, read.is_some());
    match (read, status) {
        (None, _) => Err(failed("took too long, and was ended")),
        (_, None) => Err(failed("cannot be waited for")),
        (Some(_), Some(status)) if !status.success() => Err(failed(&format!("failed ({status})"))),
        (Some(output), Some(_)) => Ok(output),
    }
}

/// Everything that it prints, up to a limit; `None` if that takes too long.
fn output_of(mut stdout: impl Read + Send + 'static) -> Option<Zeroizing<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Zeroizing::new(vec![0; LONGEST]);
        let mut length = 0;
        while let Ok(count) = stdout.read(&mut output[length..]) {
            if count == 0 {
                break;
            }
            length += count;
        }
        output.truncate(length);
        let _ = send.send(output);
    });
    receive.recv_timeout(PATIENCE).ok()
}

/// Waits for a command that is done; ends any other, with all that it started.
fn finish(child: &mut Child, is_done: bool) -> Option<ExitStatus> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group.filter(|_| !is_done) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    child.wait().ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passphrase");
        fs::write(&path, "secret words\n").unwrap();
        for (mode, is_taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let got = Unattended::File(path.clone()).get();
            assert_eq!(got.is_ok(), is_taken, "{mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let got = Unattended::File(path).get().unwrap();
        assert_eq!(*got, "secret words");
    }

    #[test]
    fn a_command_that_fails_or_prints_nothing_gives_none() {
        let get = |command: &str| Unattended::Command(command.into()).get();
        assert_eq!(*get("echo 'two words'; echo more").unwrap(), "two words");
        for command in ["true", "echo x; exit 3", "no-such-command-here", "echo"] {
            assert!(get(command).is_err(), "{command}");
        }
    }
}
