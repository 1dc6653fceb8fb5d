//! The commands.

use std::path::PathBuf;
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use clap::{ArgAction, Parser};
use rustix::mm::MlockAllFlags;
use voms::credential::Credential;

use super::ask::fingerprint;
use super::serve::{Held, Limit, serve};
use super::socket::{self, Ended, Place};
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::exit::Exit;
use crate::cli::headings;
use crate::cli::init;
use crate::cli::invocation::Invocation;
use crate::cli::keep::background;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::cli::prompt::{PassphraseArgs, PassphraseSource};
use crate::cli::{places, signals, times};
use crate::home::location::Location;

/// Asks for the passphrase of your key once, and holds the key for the other commands.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy unlock [options]",
    after_help = "\
A process of its own holds the decrypted key in memory, and makes the proxies of init, renew, run and
keep; the key never leaves it. Another unlock takes its place.

EXIT CODES
  0  the key is held
  1  it is not
  130  interrupted

EXAMPLES
  voms-proxy unlock
  voms-proxy unlock --for 2d --passphrase-command 'pass grid'"
)]
pub struct UnlockArgs {
    /// For how long (default 8h)
    #[arg(
        long = "for",
        value_name = "TIME",
        default_value = "8h",
        hide_default_value = true
    )]
    life: String,
    /// Your certificate: PEM or PKCS#12
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, short = 'k', value_name = "FILE")]
    key: Option<PathBuf>,
    /// Read the passphrase from standard input
    #[arg(long, help_heading = headings::SCRIPTS)]
    pwstdin: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print nothing on success
    #[arg(long, short = 'q', help_heading = headings::SCRIPTS)]
    quiet: bool,
    /// The part that stays
    #[arg(long, hide = true)]
    detached: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for UnlockArgs {}

/// Ends the process that holds your key.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy lock [options]",
    after_help = "\
EXIT CODES
  0  no key is held

EXAMPLES
  voms-proxy lock"
)]
pub struct LockArgs {
    /// Print nothing
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for LockArgs {}

/// Runs `voms-proxy lock`.
pub fn lock(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: LockArgs| {
        let path = socket::path(&invocation.env).ok_or_else(|| {
            let text =
                "XDG_RUNTIME_DIR is not set, so the process that holds a key cannot be found";
            Diagnostic::new(codes::DIRECTORY_PERMISSIONS, text)
                .help("set it to what it was at unlock, usually /run/user/<uid>")
        })?;
        let text = match socket::end(&path) {
            Ended::Told => "Locked: your key is no longer held.",
            Ended::Cut => {
                "The process that holds your key does not answer. Its socket is removed: it ends when it notices."
            }
            Ended::Nothing => "No key was held.",
        };
        Ok(match args.quiet {
            true => Report::done(),
            false => Report::lines(vec![text.to_owned()]),
        })
    })
}

/// Runs `voms-proxy unlock`.
pub fn unlock(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: UnlockArgs| {
        let life = init::lifetime("--for", &args.life).map_err(CommandError::Usage)?;
        let limit = limit(life, (invocation.now)()).map_err(CommandError::Usage)?;
        // Before anybody is asked for anything.
        let path = Place::prepare(&invocation.env)?;
        if !args.detached {
            return background::start("unlock", invocation);
        }
        hold(&args, path, &limit, invocation)
    })
}

fn limit(life: Duration, now: DateTime<Utc>) -> Result<Limit, Diagnostic> {
    let span = life.to_std().ok().filter(|span| !span.is_zero());
    let after = span.and_then(|span| Instant::now().checked_add(span));
    let at = now.checked_add_signed(life);
    let limit = after.zip(at).map(|(after, at)| Limit { at, after });
    limit.ok_or_else(|| {
        Diagnostic::usage("a key cannot be held for that long").help("write for example --for 8h")
    })
}

fn hold(
    args: &UnlockArgs,
    path: PathBuf,
    limit: &Limit,
    invocation: &Invocation,
) -> Result<Report, CommandError> {
    voms::crypto::lock_keys_in_memory();
    signals::watch();
    let env = &invocation.env;
    let location = places::location(args.cert.as_deref(), args.key.as_deref(), env)?;
    let fingerprint = fingerprint(&location);
    let source = PassphraseSource::chosen(args.pwstdin, &args.passphrase)?;
    let credential = opened(&source, &location)?;
    // Copies that OpenSSL makes, too, where the user may lock that much.
    let _ = rustix::mm::mlockall(MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT);
    let (place, listener) = Place::listen(path)?;
    // No directory is kept busy.
    let _ = std::env::set_current_dir("/");
    if !args.quiet {
        let until = times::moment(limit.at, (invocation.now)(), env.time_zone.as_deref());
        let identity = credential.chain().identity();
        output::line(&format!(
            "Unlocked: the key of {identity} is held until {until}."
        ));
    }
    background::detach(None)?;
    let held = Held {
        credential,
        fingerprint,
        now: invocation.now,
    };
    serve(held, place, listener, limit);
    Ok(Report::done())
}

fn opened(source: &PassphraseSource, location: &Location) -> Result<Credential, CommandError> {
    let credential = source.load(location)?;
    if credential.chain().proxies().is_empty() {
        return Ok(credential);
    }
    let text = format!(
        "{} is a proxy, which needs no passphrase",
        location.certificate().display()
    );
    Err(Diagnostic::new(codes::IS_PROXY, text)
        .help("name your certificate with --cert")
        .into())
}
