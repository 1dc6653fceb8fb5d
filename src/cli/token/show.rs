//! `voms-proxy token show`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::Value;

use super::held::Holding;
use super::{decode, status};
use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Format, Report, run_command};
use crate::cli::output;
use crate::cli::times;

/// Shows what a bearer token says: from whom, about whom, for which services, what it permits, and when it ends. Nothing
/// is verified, and the token itself is not printed.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy token show [options] [FILE]",
    after_help = "\
EXIT CODES
  0  shown
  1  there is no token, or it is no JSON Web Token

EXAMPLES
  voms-proxy token show
  voms-proxy token show --json token.txt"
)]
pub struct ShowArgs {
    /// The token, - for standard input (default: the one that programs find)
    file: Option<PathBuf>,
    /// Print it as JSON (schema/token.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for ShowArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: ShowArgs| {
        run(&args, &invocation.env, (invocation.now)())
    })
}

/// The token that programs find (`schema/token.json`).
pub fn describe_token(env: &Environment, now: DateTime<Utc>) -> Result<Value, CommandError> {
    Ok(status::describe_one(&find(None, env)?, now))
}

fn find(file: Option<&Path>, env: &Environment) -> Result<Holding, CommandError> {
    let (token, place) = decode::find(file, env)?;
    let claims = decode::parts(&token, &place)?.claims();
    Ok(Holding::of_token(&place, claims))
}

fn run(args: &ShowArgs, env: &Environment, now: DateTime<Utc>) -> Result<Report, CommandError> {
    let held = find(args.file.as_deref(), env)?;
    if args.json {
        return Ok(Report::json(&status::describe_one(&held, now)));
    }
    let zone = env.time_zone.as_deref();
    let moment = |time: Option<DateTime<Utc>>| {
        time.map_or_else(
            || "not said".to_owned(),
            |time| times::moment(time, now, zone),
        )
    };
    let said = |text: Option<String>| text.unwrap_or_else(|| "not said".to_owned());
    output::field("place", &held.place);
    output::field("issuer", said(held.issuer));
    output::field("subject", said(held.identity));
    output::field("audience", held.audience.join(" "));
    for scope in &held.scopes {
        output::field("scope", scope);
    }
    for group in &held.groups {
        output::field("group", group);
    }
    output::field("begins", moment(held.begins));
    output::field("ends", moment(held.ends));
    Ok(Report::done())
}
