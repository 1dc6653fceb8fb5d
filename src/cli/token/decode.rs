//! `htdecodetoken`.

use std::path::{Path, PathBuf};

use chrono::DateTime;
use clap::{ArgAction, Parser};
use grid_token::discovery::Place;
use grid_token::jwt::Parts;
use grid_token::secret::Secret;

use super::pretty;
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::ecp::spelled_out;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::failure;
use crate::cli::input;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::{self, Diagnostic};

/// Shows what is in a bearer token, as JSON. Nothing is verified.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "htdecodetoken [options] [FILE]",
    after_help = "\
EXIT CODES
  0  shown
  1  there is no token, or it is no JSON Web Token

EXAMPLES
  htdecodetoken -H
  htdecodetoken -a token.txt"
)]
pub struct DecodeArgs {
    /// The token, - for standard input (default: the one that programs find)
    file: Option<PathBuf>,
    /// Show the header too, before the claims
    #[arg(long, short = 'a')]
    all: bool,
    /// Show dates instead of seconds since 1970
    #[arg(long, short = 'H')]
    human: bool,
    /// Say where the token comes from
    #[arg(long, short = 'v')]
    verbose: bool,
    /// Accepted for compatibility: do not verify it
    #[arg(long, short = 's')]
    skip: bool,
    /// Refused: tokens are verified by scitokens-verify
    #[arg(long, short = 'f')]
    force: bool,
    /// Show this help
    #[arg(long, short = 'h', action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DecodeArgs {}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    let words = spelled_out::<DecodeArgs>(&invocation.words);
    run_command(&invocation.with_words(words), |args: DecodeArgs| {
        run(&args, &invocation.env)
    })
}

fn run(args: &DecodeArgs, env: &Environment) -> Result<Report, CommandError> {
    if args.force {
        return Err(Diagnostic::usage("tokens are not verified here")
            .help("leave out -f, or use scitokens-verify")
            .into());
    }
    let (token, place) = find(args.file.as_deref(), env)?;
    if args.verbose {
        output::stderr(&format!("Token from {place}"));
    }
    let parts = parts(&token, &place)?;
    let date = |word: &str| {
        let seconds = word.parse::<u32>().ok().filter(|_| args.human)?;
        let time = DateTime::from_timestamp(seconds.into(), 0)?;
        Some(format!(
            "\"{}\"",
            output::date(time, env.time_zone.as_deref())
        ))
    };
    let header = args.all.then_some(&parts.header);
    let documents = header.into_iter().chain([&parts.payload]);
    Ok(Report::lines(
        documents
            .map(|document| pretty::indented(document, date))
            .collect(),
    ))
}

/// The token in a file that the user names, or that the environment leads to, and where that is.
pub fn find(named: Option<&Path>, env: &Environment) -> Result<(Secret, String), Diagnostic> {
    let file = match named {
        Some(file) => file.to_owned(),
        None => match env.tokens.around.wlcg().into_iter().next() {
            Some(Place::Variable(name, token)) => return Ok((token, name.to_owned())),
            _ => env.tokens.around.bearer_file(),
        },
    };
    let place = file.display().to_string();
    if !input::is_stream(&file) && !file.exists() {
        return Err(
            Diagnostic::new(codes::TOKEN_NOT_FOUND, format!("{place} not found"))
                .help("get one with htgettoken, or name its file"),
        );
    }
    let contents = input::read(&file)
        .map_err(|error| failure::cannot_read(&file, &voms::files::reason(&error)))?;
    let text = std::str::from_utf8(&contents).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let token = Secret::new(line).ok_or_else(|| {
        Diagnostic::new(
            codes::TOKEN_UNREADABLE,
            format!("there is no token in {place}"),
        )
        .help("get one with htgettoken, or name its file")
    })?;
    Ok((token, place))
}

/// Takes it apart.
pub fn parts(token: &Secret, place: &str) -> Result<Parts, Diagnostic> {
    Parts::of(token).ok_or_else(|| {
        Diagnostic::new(
            codes::TOKEN_UNREADABLE,
            format!("the token in {place} is no JSON Web Token"),
        )
        .help("vault tokens, for one, say nothing about themselves")
    })
}
