//! Passphrases for commands that run without a user: from a file, a command or a descriptor.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use voms::files;
use zeroize::Zeroizing;

use super::headings;
use super::output::Diagnostic;
use super::prompt::{PassphraseSource, line_of};
use super::signals::{self, AtEnd};
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
        let command = self.passphrase_command.clone().map(Unattended::command);
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
    Command {
        command: OsString,
        /// How long it may take.
        patience: Duration,
    },
    /// A descriptor that is open already.
    Descriptor(u32),
}

impl Unattended {
    fn command(command: OsString) -> Self {
        let patience = PATIENCE;
        Self::Command { command, patience }
    }

    /// The same; a command may not take longer than this.
    pub fn within(self, limit: Duration) -> Self {
        match self {
            Self::Command { command, patience } => Self::Command {
                command,
                patience: patience.min(limit),
            },
            other => other,
        }
    }

    /// The passphrase, or why there is none.
    pub fn get(&self) -> Result<Zeroizing<String>, PassphraseProblem> {
        let line = match self {
            Self::File(path) => of_file(path)?,
            Self::Command { command, patience } => of_command(command, *patience)?,
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
            Self::Command { .. } => "the output of the passphrase command".to_owned(),
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

/// A group of its own, so that nothing of it is left if it takes too long; but not where a user sits
/// at the terminal, whom it may have to ask.
fn of_command(
    command: &OsStr,
    patience: Duration,
) -> Result<Zeroizing<Vec<u8>>, PassphraseProblem> {
    let failed = |reason: &str| PassphraseProblem::Command(reason.to_owned());
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    shell.stdin(Stdio::null()).stdout(Stdio::piped());
    let is_watched = signals::is_in_foreground();
    if !is_watched {
        shell.process_group(0);
    }
    let mut child = shell
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {}", files::reason(&error))))?;
    let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let kill = move || {
        let Some(number) = number else { return };
        let _ = match is_watched {
            true => rustix::process::kill_process(number, Signal::KILL),
            false => rustix::process::kill_process_group(number, Signal::KILL),
        };
    };
    let _at_end = AtEnd::new(kill);
    let end = Instant::now() + patience;
    let read = child
        .stdout
        .take()
        .and_then(|stdout| line_until(stdout, end));
    let status = read.as_ref().and_then(|_| status_until(&mut child, end));
    match (read, status) {
        (Some(line), Some(status)) if status.success() => Ok(line),
        (_, Some(status)) => Err(failed(&format!("failed ({status})"))),
        (_, None) => {
            kill();
            let _ = child.wait();
            Err(failed("took too long, and was ended"))
        }
    }
}

/// The first line that it prints; `None` if there is none in time.
fn line_until(mut stdout: ChildStdout, end: Instant) -> Option<Zeroizing<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = send.send(line_of(&stdout));
        // It may print more, and must not end because nobody reads that.
        let mut rest = Zeroizing::new([0; 4096]);
        while stdout
            .read(rest.as_mut_slice())
            .is_ok_and(|count| count > 0)
        {}
    });
    let left = end.saturating_duration_since(Instant::now());
    receive.recv_timeout(left).ok()?.ok()
}

fn status_until(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    while Instant::now() < end {
        if let Some(status) = child.try_wait().ok()? {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
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
        let get = |command: &str| Unattended::command(command.into()).get();
        assert_eq!(*get("echo 'two words'; echo more").unwrap(), "two words");
        for command in ["true", "echo x; exit 3", "no-such-command-here", "echo"] {
            assert!(get(command).is_err(), "{command}");
        }
    }
}
