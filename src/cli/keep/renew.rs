//! `voms-proxy renew`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args::{RenewArgs, check};
use super::recipe::Recipe;
use super::source::{Sources, plan};
use crate::cli::exit::Exit;
use crate::cli::init::{InitArgs, already_good};
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::cli::token::{Source, get_beside};
use crate::cli::{file, signals, times};

/// The present proxy is still good, and was left alone.
const STILL_GOOD: Exit = Exit::Code(3);
/// The renewal failed, but the old proxy is still valid.
const OLD_ONE_LIVES: Exit = Exit::Code(4);

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: RenewArgs| renew(args, invocation))
}

fn renew(args: RenewArgs, invocation: &Invocation) -> Result<Report, CommandError> {
    check(&args.init).map_err(CommandError::Usage)?;
    if args.init.out.is_some() {
        return Err(CommandError::Usage(
            Diagnostic::usage("renew writes to the proxy that it renews")
                .help("name that file: voms-proxy renew FILE"),
        ));
    }
    let path = file::absolute(&args.file.clone().unwrap_or_else(|| invocation.env.proxy()));
    let recipe = Recipe::read(&path)?;
    let RenewArgs { from, mut init, .. } = args;
    let (quiet, json, now) = (init.quiet, init.json, invocation.now);
    if let Err(failure) = recipe.complete(&mut init) {
        return failed(failure, &recipe, now(), json);
    }
    init.out = Some(path.clone());
    signals::watch();
    let token = init.token.as_deref().map(Source::parse).transpose();
    let token = token.map_err(CommandError::Usage)?;
    let outcome = made(&init, from, &recipe, invocation);
    if let (Some(source), Ok(_)) = (&token, &outcome) {
        get_beside(source, quiet || json, &invocation.env)?;
    }
    let report = |text: &str, code: &str, until: DateTime<Utc>, exit| {
        let described = json!({
            "version": 1,
            "path": path.display().to_string(),
            "outcome": code,
            "usable_until": output::rfc3339(until),
        });
        let report = match (json, quiet) {
            (true, _) => Report::json(&described),
            (_, true) => Report::done(),
            _ => {
                let until = times::moment(until, now(), invocation.env.time_zone.as_deref());
                Report::lines(vec![format!(
                    "{text} {} is good until {until}.",
                    path.display()
                )])
            }
        };
        Ok(report.exit(exit))
    };
    match outcome {
        Ok(Outcome::Renewed(until)) => report("Renewed:", "renewed", until, Exit::Success),
        Ok(Outcome::StillGood(until)) => report("Nothing to do:", "still-good", until, STILL_GOOD),
        Err(CommandError::Failed(failure)) => failed(failure, &recipe, now(), json),
        Err(error) => Err(error),
    }
}

enum Outcome {
    Renewed(DateTime<Utc>),
    StillGood(DateTime<Utc>),
}

fn made(
    init: &InitArgs,
    from: Option<PathBuf>,
    recipe: &Recipe,
    invocation: &Invocation,
) -> Result<Outcome, CommandError> {
    let out = init.out.clone().unwrap_or_default();
    let mut plan = plan(init, from.as_deref(), &invocation.env)?;
    if let Some(until) = already_good(&plan, (invocation.now)()) {
        return Ok(Outcome::StillGood(until));
    }
    let mut sources = Sources::new(from, &out, Some(recipe.identity().clone()));
    sources.make(&mut plan, invocation.now)?;
    let made = Recipe::read(&out)?;
    Ok(Outcome::Renewed(made.usable_until()))
}

/// The old proxy is as it was.
fn failed(
    failure: Diagnostic,
    old: &Recipe,
    now: DateTime<Utc>,
    json: bool,
) -> Result<Report, CommandError> {
    let left = old.usable_until() - now;
    if left <= chrono::Duration::zero() {
        return Err(failure.into());
    }
    let failure = failure.detail(format!(
        "the old proxy is still valid for {}",
        output::hms(left.num_seconds())
    ));
    if json {
        return Ok(Report::json(&failure.as_json()).exit(OLD_ONE_LIVES));
    }
    failure.print();
    Ok(Report::done().exit(OLD_ONE_LIVES))
}
