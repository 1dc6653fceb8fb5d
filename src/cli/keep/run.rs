//! `voms-proxy run`.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, Sender};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use signal_hook::consts::{SIGINT, SIGQUIT};
use tempfile::TempDir;

use super::args::{RunArgs, check};
use super::keeper::Keeper;
use super::token::TokenKeeper;
use crate::cli::codes;
use crate::cli::exit::Exit;
use crate::cli::init::plain_beside;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::Diagnostic;
use crate::cli::removal::{self, Expected};
use crate::cli::signals::{self, AtEnd};
use crate::cli::token::Source;

const NOT_FOUND: Exit = Exit::Code(127);
const NOT_EXECUTABLE: Exit = Exit::Code(126);
/// In the directory of `Place`.
const PROXY: &str = "proxy";
const TOKEN: &str = "token";

enum Event {
    Signal(i32),
    Ended(io::Result<ExitStatus>),
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: RunArgs| {
        check(&args.init).map_err(CommandError::Usage)?;
        if args.init.out.is_some() {
            let wrong =
                Diagnostic::usage("the proxy of run is its own, and goes when COMMAND ends");
            return Err(CommandError::Usage(wrong.help("leave out --out")));
        }
        run(args, invocation)
    })
}

fn run(args: RunArgs, invocation: &Invocation) -> Result<Report, CommandError> {
    let place = Place::new(invocation)?;
    let mut init = args.init;
    init.out = Some(place.proxy());
    let token = init.token.as_deref().map(Source::parse).transpose()?;
    signals::watch();
    let mut keeper = Keeper::new(init, args.from, None, &invocation.env, invocation.now);
    keeper.start()?;
    let env = &invocation.env;
    let token =
        token.map(|source| TokenKeeper::start(source, Some(place.token()), env, invocation.now));
    let token = token.transpose()?;
    let (send, events) = mpsc::channel();
    let for_signals = send.clone();
    signals::hand_to(move |signal| {
        let _ = for_signals.send(Event::Signal(signal));
    });
    signals::watch_more();
    let has_token = token.is_some();
    let child = match start(&args.command, &place, has_token) {
        Ok(child) => child,
        Err((failure, exit)) => {
            failure.print();
            return Ok(Report::done().exit(exit));
        }
    };
    std::thread::spawn(move || keeper.run());
    if let Some(token) = token {
        std::thread::spawn(move || token.run());
    }
    let exit = attend(child, send, &events);
    signals::leave();
    Ok(Report::done().exit(exit?))
}

fn start(
    command: &[OsString],
    place: &Place,
    has_token: bool,
) -> Result<Child, (Diagnostic, Exit)> {
    let [program, words @ ..] = command else {
        return Err((Diagnostic::usage("there is no command"), NOT_FOUND));
    };
    let mut started = Command::new(program);
    started.args(words).env("X509_USER_PROXY", place.proxy());
    if has_token {
        // The token itself would come first, and grow old.
        started.env_remove("BEARER_TOKEN");
        started.env("BEARER_TOKEN_FILE", place.token());
    }
    started.spawn().map_err(|error| {
        let reason = voms::files::reason(&error);
        let text = format!("cannot run {}: {reason}", program.to_string_lossy());
        let exit = match error.kind() {
            io::ErrorKind::NotFound => NOT_FOUND,
            _ => NOT_EXECUTABLE,
        };
        let failure = Diagnostic::new(codes::COMMAND_NOT_RUN, text);
        (failure.help("check the name of the command"), exit)
    })
}

/// Passes signals on until it ends; how it ended.
fn attend(child: Child, send: Sender<Event>, events: &Receiver<Event>) -> Result<Exit, Diagnostic> {
    let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = number.and_then(|number| pidfd_open(number, PidfdFlags::empty()).ok());
    let mut child = child;
    std::thread::spawn(move || send.send(Event::Ended(child.wait())));
    for event in events {
        match event {
            Event::Ended(status) => return Ok(exit(status.map_err(Diagnostic::unexpected)?)),
            // The terminal has sent these to the command, too.
            Event::Signal(SIGINT | SIGQUIT) if signals::is_in_foreground() => {}
            Event::Signal(number) => {
                if let Some((handle, signal)) = handle.as_ref().zip(Signal::from_named_raw(number))
                {
                    let _ = pidfd_send_signal(handle, signal);
                }
            }
        }
    }
    Ok(Exit::Failure)
}

fn exit(status: ExitStatus) -> Exit {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.map_or(Exit::Failure, Exit::Code)
}

/// A directory for the proxy, which goes with it.
struct Place {
    directory: TempDir,
    uid: u32,
    _at_end: AtEnd,
}

impl Place {
    fn new(invocation: &Invocation) -> Result<Self, Diagnostic> {
        let env = &invocation.env;
        let usable = |path: &&PathBuf| path.is_dir();
        let parents = [env.runtime_dir.as_ref(), env.temporary_dir.as_ref()];
        let mut tried = parents
            .into_iter()
            .flatten()
            .filter(usable)
            .cloned()
            .chain([PathBuf::from("/tmp")]);
        let make = |parent: PathBuf| {
            tempfile::Builder::new()
                .prefix("voms-proxy-run.")
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(parent)
        };
        let directory = tried.find_map(|parent| make(parent).ok());
        let directory = directory.ok_or_else(|| {
            Diagnostic::new(
                codes::DIRECTORY_PERMISSIONS,
                "there is no place for the proxy",
            )
            .help("set TMPDIR to a directory that you can write to")
        })?;
        let (path, uid) = (directory.path().to_owned(), env.uid);
        Ok(Self {
            directory,
            uid,
            _at_end: AtEnd::new(move || clear(&path, uid)),
        })
    }

    fn token(&self) -> PathBuf {
        self.directory.path().join(TOKEN)
    }

    fn proxy(&self) -> PathBuf {
        self.directory.path().join(PROXY)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        clear(self.directory.path(), self.uid);
    }
}

/// The keeper may be writing: only without the directory, nothing more can come.
fn clear(directory: &Path, uid: u32) {
    let proxy = directory.join(PROXY);
    for _ in 0..100 {
        let _ = removal::destroy(&proxy, uid, Expected::Proxy);
        let _ = removal::destroy(&plain_beside(&proxy), uid, Expected::Proxy);
        let _ = removal::destroy(&directory.join(TOKEN), uid, Expected::Anything);
        if std::fs::remove_dir(directory).is_ok() || !directory.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
