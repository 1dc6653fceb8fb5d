//! `voms-proxy-destroy`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::json;

use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Format, Report, run_command};
use super::output::{self, Diagnostic};
use super::removal::{self, Doomed, Expected, Refusal, Removed};
use super::token::{self, Manner};
use super::{file, keep};

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
    run_command(invocation, |args: DestroyArgs| {
        if args.forget && !args.all {
            return Err(Diagnostic::usage("--forget is about tokens")
                .help("give --all too")
                .into());
        }
        let (all, forget) = (args.all, args.forget && !args.dry);
        let plan = DestroyPlan::new(args, &invocation.env);
        let mut done = Done::default();
        // With --all, there may be tokens without a proxy.
        if !all || plan.path.symlink_metadata().is_ok() {
            match run(&plan, (invocation.now)()) {
                Err(_) if plan.quiet && !plan.json => {
                    return Ok(Report::done().exit(Exit::Failure));
                }
                outcome => done.proxy = Some(outcome.map_err(|error| failure(&plan.path, &error))?),
            }
        }
        let keeper = keep::keeper_of(&file::absolute(&plan.path)).filter(|_| !plan.quiet);
        if let Some(keeper) = keeper {
            output::stderr(&format!(
                "note: process {keeper} keeps this proxy fresh, and will make it again; to stop it: kill {keeper}"
            ));
        }
        if all {
            let manner = Manner {
                dry: plan.dry,
                quiet: plan.quiet || plan.json,
            };
            done.tokens = Some(token::everything(&invocation.env, forget, manner)?);
        }
        Ok(report(&plan, &done))
    })
}

/// What is gone, or would be with `--dry`.
#[derive(Default)]
struct Done {
    /// How the proxy was removed, unless it only would be.
    proxy: Option<Option<Removed>>,
    tokens: Option<Vec<PathBuf>>,
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
    let _ = token::remember(&plan.path, None);
    if !plan.quiet {
        removal::report(&plan.path, removed);
    }
    Ok(Some(removed))
}

fn failure(path: &Path, refusal: &Refusal) -> Diagnostic {
    match refusal {
        Refusal::SomethingElse(_) => removal::not_removed(
            path,
            refusal,
            "name the proxy with --file, or remove this file anyway with --force",
        ),
        Refusal::System(_) => Diagnostic::new(
            codes::PROXY_NOT_FOUND,
            "Proxy file doesn't exist or has bad permissions",
        )
        .detail(format!("{}: {refusal}", path.display()))
        .help("name the proxy with --file"),
    }
}

fn report(plan: &DestroyPlan, done: &Done) -> Report {
    if plan.json {
        let removed = done.proxy.flatten();
        let mut described = json!({
            "version": 1,
            "path": done.proxy.is_some().then_some(&plan.path),
            "dry_run": plan.dry,
            "overwritten": removed.map(|removed| removed == Removed::Overwritten),
        });
        if let Some(tokens) = &done.tokens {
            described["tokens"] = json!(tokens);
        }
        return Report::json(&described);
    }
    if plan.dry && !plan.quiet {
        let proxy = done.proxy.is_some().then_some(&plan.path);
        for path in proxy.into_iter().chain(done.tokens.iter().flatten()) {
            output::stderr(&format!("Would remove {}", path.display()));
        }
    }
    Report::done()
}
