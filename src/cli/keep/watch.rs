//! `voms-proxy keep`.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration as Span;

use chrono::{DateTime, Utc};

use super::args::{KeepArgs, check};
use super::background;
use super::keeper::Keeper;
use super::lock::Lock;
use super::recipe::Recipe;
use super::timer;
use super::token::TokenKeeper;
use crate::cli::exit::Exit;
use crate::cli::failure;
use crate::cli::input;
use crate::cli::invocation::{Clock, Invocation};
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::cli::token::Source;
use crate::cli::{file, signals, times};

/// How often to look whether it is time to stop.
const TICK: Span = Span::from_secs(1);

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: KeepArgs| {
        check(&args.init).map_err(CommandError::Usage)?;
        if args.install_timer || args.uninstall_timer {
            return Ok(timer::run(&args, invocation)?);
        }
        let until = args
            .until
            .as_deref()
            .map(|text| end(text, (invocation.now)()));
        let until = until.transpose().map_err(CommandError::Usage)?;
        if args.background && !args.detached {
            return background::start("keep", invocation);
        }
        keep(args, until, invocation)
    })
}

fn keep(
    args: KeepArgs,
    until: Option<DateTime<Utc>>,
    invocation: &Invocation,
) -> Result<Report, CommandError> {
    let mut init = args.init;
    if init.out.as_deref().is_some_and(input::is_stream) {
        let wrong = Diagnostic::usage("keep keeps a file, and - is none");
        return Err(CommandError::Usage(wrong.help("name the file: --out FILE")));
    }
    let given = init.out.take().unwrap_or_else(|| invocation.env.proxy());
    let out = file::absolute(&given);
    let _lock = Lock::of(&out)?;
    let recipe = Recipe::read(&out).ok();
    let recipe = recipe.filter(|_| init.voms.is_empty());
    if let Some(recipe) = &recipe {
        recipe.complete(&mut init)?;
    }
    init.out = Some(out.clone());
    signals::watch();
    let identity = recipe.map(|recipe| recipe.identity().clone());
    let quiet = init.quiet;
    let token = init.token.as_deref().map(Source::parse).transpose()?;
    let mut keeper = Keeper::new(init, args.from, identity, &invocation.env, invocation.now);
    keeper.start()?;
    let env = &invocation.env;
    let token = token.map(|source| TokenKeeper::start(source, None, env, invocation.now));
    let token = token.transpose()?;
    let _pid = args.pid_file.map(PidFile::write).transpose()?;
    let (send, receive) = mpsc::channel();
    signals::hand_to(move |signal| {
        let _ = send.send(signal);
    });
    if !quiet {
        announce(&keeper, &out, args.detached, invocation);
    }
    if args.detached {
        background::detach(args.log.as_deref())?;
    }
    std::thread::spawn(move || keeper.run());
    if let Some(token) = token {
        std::thread::spawn(move || token.run());
    }
    wait(&receive, until, invocation.now);
    signals::leave();
    Ok(Report::done())
}

/// Until a signal comes, or the time has come.
fn wait(signals: &mpsc::Receiver<i32>, until: Option<DateTime<Utc>>, now: Clock) {
    while until.is_none_or(|until| now() < until) {
        match until {
            None => return signals.recv().map_or((), |_| ()),
            Some(_) if signals.recv_timeout(TICK).is_ok() => return,
            Some(_) => {}
        }
    }
}

fn announce(keeper: &Keeper, out: &Path, is_in_background: bool, invocation: &Invocation) {
    let zone = invocation.env.time_zone.as_deref();
    let until = keeper
        .until()
        .map(|until| times::moment(until, (invocation.now)(), zone));
    let until = until.unwrap_or_default();
    let stop = match is_in_background {
        true => format!(" To stop: kill {}", std::process::id()),
        false => String::new(),
    };
    output::stderr(&format!(
        "Keeping {} fresh; it is good until {until}.{stop}",
        out.display()
    ));
}

/// The end that the user wants: a time, or a duration from now.
fn end(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Diagnostic> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
    let span = || times::duration(text).and_then(|span| now.checked_add_signed(span));
    let help = "write for example --until 2026-12-01T08:00:00Z or --until 7d";
    let end = time.ok().or_else(span).ok_or_else(|| {
        Diagnostic::usage(format!("--until {text} is neither a time nor a duration")).help(help)
    })?;
    if end <= now {
        return Err(Diagnostic::usage(format!("--until {text} is in the past")).help(help));
    }
    Ok(end)
}

/// A file with the process number, which goes when this does.
struct PidFile(PathBuf);

impl PidFile {
    fn write(path: PathBuf) -> Result<Self, Diagnostic> {
        let path = file::absolute(&path);
        let number = format!("{}\n", std::process::id());
        file::replace_with_mode(&path, number.as_bytes(), 0o644)
            .map_err(|error| failure::cannot_write(&path, &voms::files::reason(&error)))?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
