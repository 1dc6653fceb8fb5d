//! `htgettoken`: args → plan → run.

mod args;
mod browser;
mod plan;
mod run;

use std::ffi::OsString;

pub use self::args::GetArgs;
pub use self::plan::GetPlan;
pub use self::run::run;
use super::words;
use crate::cli::args::{Arguments, parse};
use crate::cli::ecp::spelled_out;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::Diagnostic;
use crate::cli::signals;

const NAME: &str = "htgettoken";

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    let words = match with_environment(&invocation.words, &invocation.env) {
        Ok(words) => words,
        Err(diagnostic) => {
            diagnostic.print();
            return GetArgs::WRONG_USAGE;
        }
    };
    run_command(&invocation.with_words(words.clone()), |args: GetArgs| {
        signals::watch();
        let quiet = args.quiet;
        match obtain(args, &words, &invocation.env) {
            Err(CommandError::Failed(_)) if quiet => Ok(Report::done().exit(Exit::Failure)),
            other => other,
        }
    })
}

/// Options as if they had been typed behind those of HTGETTOKENOPTS.
pub fn parsed(typed: &[OsString], env: &Environment) -> Result<GetPlan, CommandError> {
    let words = with_environment(typed, env).map_err(CommandError::Usage)?;
    plan(parse(NAME, &words)?, &words, env)
}

fn obtain(args: GetArgs, words: &[OsString], env: &Environment) -> Result<Report, CommandError> {
    run(&plan(args, words, env)?).map(|()| Report::done())
}

fn plan(args: GetArgs, words: &[OsString], env: &Environment) -> Result<GetPlan, CommandError> {
    let Some(server) = args.optserver.clone() else {
        return GetPlan::new(args, env);
    };
    let served = plan::served_options(&args, &server, env)?;
    let unreadable = || {
        Diagnostic::usage(format!("the options from {server} cannot be read"))
            .help("report it to the server's operators, or leave out -s")
    };
    let split = words::split(&served).ok_or_else(unreadable)?;
    let served: Vec<OsString> = split.into_iter().map(OsString::from).collect();
    let served = spelled_out::<GetArgs>(&served);
    // A server is not to choose what runs here.
    let alone: GetArgs = parse(NAME, &served)?;
    if alone.web_open_command.is_some() {
        return Err(unreadable().detail("they name a command to run").into());
    }
    let all = [&served, words].concat();
    GetPlan::new(parse(NAME, &all)?, env)
}

fn with_environment(typed: &[OsString], env: &Environment) -> Result<Vec<OsString>, Diagnostic> {
    let given = env.tokens.options.as_deref().unwrap_or_default();
    let given = words::split(given).ok_or_else(|| {
        Diagnostic::usage("HTGETTOKENOPTS has a quote that is not closed").help("correct it")
    })?;
    let all: Vec<OsString> = given.into_iter().map(OsString::from).collect();
    Ok(spelled_out::<GetArgs>(&[&all, typed].concat()))
}
