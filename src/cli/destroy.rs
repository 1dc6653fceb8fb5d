//! `voms-proxy-destroy`.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

use super::args::Arguments;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{CommandError, Report, run_command};
use super::output::Trouble;
use super::{file, output};

/// Removes a proxy, after overwriting it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy-destroy [options]",
    after_help = "\
EXIT CODES
  0  the proxy is gone, or would be with --dry
  1  there is none, or it cannot be removed

EXAMPLES
  voms-proxy-destroy
  voms-proxy-destroy --file proxy.pem"
)]
pub struct DestroyArgs {
    /// The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only say what would be removed
    #[arg(long, alias = "dryrun")]
    dry: bool,
    /// Print nothing
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Tell on stderr what is removed
    #[arg(long)]
    debug: bool,
    /// Read options from FILE; those of the command line win
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    conf: Vec<PathBuf>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DestroyArgs {}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| run(args, &invocation.env))
}

fn run(args: DestroyArgs, env: &Environment) -> Result<Report, CommandError> {
    let path = args.file.unwrap_or_else(|| env.proxy());
    if args.debug {
        output::stderr(&format!("Removing {}", path.display()));
    }
    let outcome = if args.dry {
        file::open_for_destruction(&path, env.uid).map(|_| {
            if !args.quiet {
                output::stderr(&format!("Would remove {}", path.display()));
            }
        })
    } else {
        file::destroy(&path, env.uid)
    };
    match outcome {
        Ok(()) => Ok(Report::done()),
        Err(_) if args.quiet => Ok(Report::done().exit(Exit::Failure)),
        Err(error) => Err(Trouble::new("Proxy file doesn't exist or has bad permissions")
            .detail(format!("{}: {}", path.display(), voms::files::reason(&error)))
            .help("name the proxy with --file")
            .into()),
    }
}
