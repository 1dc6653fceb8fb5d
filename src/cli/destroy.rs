//! `voms-proxy-destroy`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::json;

use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{CommandError, Format, Report, run_command};
use super::output::{self, Diagnostic};
use super::removal::{self, Doomed, Expected, Refusal, Removed};
use super::token;

/// Removes a proxy, after overwriting it, and with --all the tokens too. Leaves any other file alone.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy-destroy [FILE] [options]",
    after_help = "\
EXIT CODES
  0  the proxy is gone, or would be with --dry
  1  there is none, it is not a proxy, or it cannot be removed

EXAMPLES
  voms-proxy-destroy
  voms-proxy-destroy --all
  voms-proxy-destroy proxy.pem"
)]
pub struct DestroyArgs {
    /// The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(value_name = "FILE")]
    proxy: Option<PathBuf>,
    /// The same
    #[arg(long, value_name = "FILE", conflicts_with = "proxy")]
    file: Option<PathBuf>,
    /// Also remove bearer and vault tokens
    #[arg(long)]
    all: bool,
    /// With --all, have the vault forget its refresh token too (options in HTGETTOKENOPTS)
    #[arg(long, short = 'f')]
    forget: bool,
    /// Only say what would be removed
    #[arg(long, alias = "dryrun")]
    dry: bool,
    /// Remove the file even if it is not a proxy
    #[arg(long)]
    force: bool,
    /// Print nothing
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Log to stderr what is removed
    #[arg(long)]
    debug: bool,
    /// Read options from FILE; those of the command line win
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    conf: Vec<PathBuf>,
    /// Print the result as JSON (schema/destroy.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DestroyArgs {
    const ABBREVIATED: &'static [&'static str] = &[
        "conf", "debug", "dry", "dryrun", "file", "help", "quiet", "usage", "version",
    ];

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        check_combinations(&args)?;
        let (all, forget, quiet) = (args.all, args.forget, args.quiet);
        let plan = DestroyPlan::new(args, &invocation.env);
        if !all {
            return report(&plan, run(&plan, (invocation.now)()));
        }
        // Without a proxy there may still be tokens.
        if plan.path.symlink_metadata().is_ok() {
            report(&plan, run(&plan, (invocation.now)()))?;
        }
        token::everything(&invocation.env, forget, quiet)
    })
}

fn check_combinations(args: &DestroyArgs) -> Result<(), Diagnostic> {
    if args.forget && !args.all {
        return Err(Diagnostic::usage("--forget is about tokens").help("give --all too"));
    }
    if args.all && (args.dry || args.json) {
        return Err(
            Diagnostic::usage("--dry and --json are about the proxy alone").help("leave out --all"),
        );
    }
    Ok(())
}

struct DestroyPlan {
    path: PathBuf,
    uid: u32,
    expected: Expected,
    dry: bool,
    quiet: bool,
    debug: bool,
    json: bool,
}

impl DestroyPlan {
    fn new(args: DestroyArgs, env: &Environment) -> Self {
        let path = args.file.or(args.proxy).unwrap_or_else(|| env.proxy());
        Self {
            path,
            uid: env.uid,
            expected: Expected::Proxy.unless_forced(args.force),
            dry: args.dry,
            quiet: args.quiet,
            debug: args.debug,
            json: args.json,
        }
    }
}

/// Removes the proxy; with `--dry`, only looks whether it would.
fn run(plan: &DestroyPlan, now: DateTime<Utc>) -> Result<Option<Removed>, Refusal> {
    if plan.debug {
        output::stderr(&format!("Removing {}", plan.path.display()));
    }
    if plan.dry {
        return Doomed::open(&plan.path, plan.uid, plan.expected).map(|_| None);
    }
    removal::clear_leftovers(&plan.path, plan.uid, now);
    let removed = removal::destroy(&plan.path, plan.uid, plan.expected)?;
    if !plan.quiet {
        removal::report(&plan.path, removed);
    }
    Ok(Some(removed))
}

fn report(
    plan: &DestroyPlan,
    outcome: Result<Option<Removed>, Refusal>,
) -> Result<Report, CommandError> {
    let path = plan.path.display();
    match outcome {
        Err(_) if plan.quiet && !plan.json => return Ok(Report::done().exit(Exit::Failure)),
        Err(error @ Refusal::SomethingElse(_)) => {
            return Err(Diagnostic::new(
                codes::NOT_A_PROXY,
                format!("{path} {error}; it was not removed"),
            )
            .help("name the proxy with --file, or remove this file anyway with --force")
            .into());
        }
        Err(error) => {
            return Err(Diagnostic::new(
                codes::PROXY_NOT_FOUND,
                "Proxy file doesn't exist or has bad permissions",
            )
            .detail(format!("{path}: {error}"))
            .help("name the proxy with --file")
            .into());
        }
        Ok(removed) if plan.json => {
            return Ok(Report::json(&json!({
                "version": 1,
                "path": plan.path,
                "dry_run": plan.dry,
                "overwritten": removed.map(|removed| removed == Removed::Overwritten),
            })));
        }
        Ok(None) if !plan.quiet => output::stderr(&format!("Would remove {path}")),
        Ok(_) => {}
    }
    Ok(Report::done())
}
