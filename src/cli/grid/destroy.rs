//! `grid-proxy-destroy`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::{Value, json};

use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{Format, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::cli::removal::{self, Doomed, Expected};

/// Removes proxies after overwriting them. Files named that are missing are ignored, other files
/// left alone.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "grid-proxy-destroy [options] [FILE...]",
    after_help = "\
EXIT CODES
  0  the proxies are gone, or would be with --dryrun
  1  there is none in the default place, or one is not a proxy, or cannot be removed

EXAMPLES
  grid-proxy-destroy
  grid-proxy-destroy --dryrun --all"
)]
pub struct DestroyArgs {
    /// Proxies to remove (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    files: Vec<PathBuf>,
    /// Only say what would be removed
    #[arg(long, alias = "dry")]
    dryrun: bool,
    /// The proxy in the default place as well as the files named
    #[arg(long)]
    default: bool,
    /// The same, and all your delegated proxies in /tmp
    #[arg(long)]
    all: bool,
    /// Remove files even if they are not proxies
    #[arg(long)]
    force: bool,
    /// Log to stderr what is removed
    #[arg(long)]
    debug: bool,
    /// Print the result as JSON (schema/grid-destroy.json)
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
        "all", "debug", "default", "dry", "dryrun", "help", "usage", "version",
    ];

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs `grid-proxy-destroy`.
pub fn proxy_destroy(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        let plan = DestroyPlan::new(args, &invocation.env);
        let (removed, failures) = destroy(&plan, (invocation.now)());
        let exit = if failures.is_empty() {
            Exit::Success
        } else {
            Exit::Failure
        };
        if plan.json {
            let failures = failures.iter().map(Diagnostic::as_json);
            return Ok(Report::json(&json!({
                "version": 1,
                "dry_run": plan.dry,
                "removed": removed,
                "failures": failures.collect::<Value>(),
            }))
            .exit(exit));
        }
        failures.iter().for_each(Diagnostic::print);
        Ok(Report::done().exit(exit))
    })
}

struct DestroyPlan {
    /// Those named, which need not exist.
    files: Vec<PathBuf>,
    /// The proxy in the default place, which has to.
    default: Option<PathBuf>,
    all: bool,
    uid: u32,
    expected: Expected,
    dry: bool,
    debug: bool,
    json: bool,
}

impl DestroyPlan {
    fn new(args: DestroyArgs, env: &Environment) -> Self {
        let default = args.files.is_empty() || args.default || args.all;
        Self {
            files: args.files,
            default: default.then(|| env.proxy()),
            all: args.all,
            uid: env.uid,
            expected: Expected::Proxy.unless_forced(args.force),
            dry: args.dryrun,
            debug: args.debug,
            json: args.json,
        }
    }

    /// Removes a file, or says that it would.
    fn remove(&self, file: &Path) -> Result<(), Diagnostic> {
        if self.dry {
            output::stderr(&format!("Would remove {}", file.display()));
        } else if self.debug {
            output::stderr(&format!("Removing {}", file.display()));
        }
        let outcome = match self.dry {
            true => Doomed::open(file, self.uid, self.expected).map(drop),
            false => removal::destroy(file, self.uid, self.expected)
                .map(|removed| removal::report(file, removed)),
        };
        outcome.map_err(|refusal| {
            removal::not_removed(file, &refusal, "to remove it anyway, add --force")
        })
    }
}

/// Removes all it can. Returns what is gone, or would be, and why the rest is not.
fn destroy(plan: &DestroyPlan, now: DateTime<Utc>) -> (Vec<PathBuf>, Vec<Diagnostic>) {
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    let mut note = |file: &Path, removed: Result<(), Diagnostic>| match removed {
        Ok(()) => gone.push(file.to_owned()),
        Err(failure) => failures.push(failure),
    };
    for file in &plan.files {
        clear_leftovers(plan, file, now);
        if exists(file) {
            note(file, plan.remove(file));
        } else if plan.dry {
            output::stderr(&format!("Would remove {}", file.display()));
        }
    }
    if let Some(file) = &plan.default {
        clear_leftovers(plan, file, now);
        let removed = if exists(file) {
            plan.remove(file)
        } else {
            Err(missing(file))
        };
        note(file, removed);
    }
    if plan.all {
        let delegated = delegated(Path::new("/tmp"), plan.uid);
        delegated
            .iter()
            .for_each(|file| note(file, plan.remove(file)));
    }
    (gone, failures)
}

fn exists(file: &Path) -> bool {
    file.symlink_metadata().is_ok()
}

fn clear_leftovers(plan: &DestroyPlan, file: &Path, now: DateTime<Utc>) {
    if !plan.dry {
        removal::clear_leftovers(file, plan.uid, now);
    }
}

fn missing(file: &Path) -> Diagnostic {
    Diagnostic::new(
        codes::PROXY_NOT_FOUND,
        "Proxy file doesn't exist or has bad permissions",
    )
    .detail(format!("{}: file not found", file.display()))
    .help("name the proxy, or set X509_USER_PROXY")
}

/// The user's proxies that services received by delegation and left behind.
fn delegated(directory: &Path, uid: u32) -> Vec<PathBuf> {
    let own = |path: &PathBuf| Doomed::open(path, uid, Expected::Anything).is_ok();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("x509up_p"));
    named.map(|entry| entry.path()).filter(own).collect()
}
