//! Going to the background.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;

use crate::cli::codes;
use crate::cli::exit::Exit;
use crate::cli::failure;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report};
use crate::cli::output::{self, Diagnostic};

/// What the part that stays prints once the first proxy is there.
const READY: &str = "ready";

/// Starts the part that stays, which asks for the passphrase if need be, and returns once it has
/// the first proxy, or has failed.
pub fn start(command: &str, invocation: &Invocation) -> Result<Report, CommandError> {
    let failed = |error: std::io::Error| {
        Diagnostic::new(
            codes::COMMAND_NOT_RUN,
            format!("cannot start in the background: {error}"),
        )
        .help("check that the program is where it was")
    };
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .args([command, "--detached"])
        .args(&invocation.words)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let lines = child
        .stdout
        .take()
        .map(|stdout| BufReader::new(stdout).lines());
    let is_ready = lines
        .into_iter()
        .flatten()
        .map_while(Result::ok)
        .inspect(|line| {
            if line != READY {
                output::line(line);
            }
        })
        .any(|line| line == READY);
    if is_ready {
        return Ok(Report::done());
    }
    let status = child.wait().map_err(failed)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    // It has said why.
    Ok(Report::done().exit(Exit::Code(code.unwrap_or(1).max(1))))
}

fn own(path: &Path, log: File) -> Result<File, Diagnostic> {
    let you = rustix::process::geteuid().as_raw();
    let is_own = log
        .metadata()
        .is_ok_and(|found| found.is_file() && found.uid() == you);
    is_own
        .then_some(log)
        .ok_or_else(|| failure::cannot_write(path, "it is not a file of yours"))
}

/// Tells the part that started this one, and leaves the terminal.
pub fn detach(log: Option<&Path>) -> Result<(), Diagnostic> {
    let open = |path: &Path| {
        // Nobody is waited for at the other end of a pipe, and nobody's link is followed.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        OpenOptions::new()
            .append(true)
            .read(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
            .map_err(|error| failure::cannot_write(path, &voms::files::reason(&error)))
    };
    let nothing = open(Path::new("/dev/null"))?;
    let log = match log {
        None => open(Path::new("/dev/null"))?,
        Some(path) => own(path, open(path)?)?,
    };
    output::line(READY);
    // Without a session of its own it would end with the terminal; that it has one already is fine.
    let _ = rustix::process::setsid();
    let _ = rustix::stdio::dup2_stdin(&nothing);
    let _ = rustix::stdio::dup2_stdout(&nothing);
    let _ = rustix::stdio::dup2_stderr(&log);
    Ok(())
}
