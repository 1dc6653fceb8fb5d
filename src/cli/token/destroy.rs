//! `htdestroytoken`, and what `voms-proxy destroy --all` removes beside the proxy.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use grid_token::discovery::{self, Place};

use super::failed;
use super::get;
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::cli::removal::{self, Expected};

const OTHER: &str = "correct BEARER_TOKEN_FILE or VAULT_TOKEN_FILE, or remove this file with rm";
/// The vault still has the refresh token.
const NOT_FORGOTTEN: Exit = Exit::Code(3);

/// Removes the bearer token and the vault token.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "htdestroytoken [-q] [-f [htgettoken options]]",
    after_help = "\
What -f needs to know are options of htgettoken, behind it or in HTGETTOKENOPTS.

EXIT CODES
  0  they are gone
  1  one cannot be removed
  2  the command line is wrong
  3  the vault did not forget its refresh token, and nothing was removed

EXAMPLES
  htdestroytoken
  htdestroytoken -f -a vault.ligo.org -i igwn"
)]
pub struct DestroyArgs {
    /// Print nothing
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Have the vault forget its refresh token first
    #[arg(long, short = 'f')]
    force: bool,
    /// Show this help
    #[arg(long, short = 'h', action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DestroyArgs {
    const WRONG_USAGE: Exit = Exit::Code(2);
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    let words = &invocation.words;
    let force = words
        .iter()
        .position(|word| word == "-f" || word == "--force");
    let (own, options) = words.split_at(force.map_or(words.len(), |at| at + 1));
    run_command(&invocation.with_words(own.to_vec()), |args: DestroyArgs| {
        let env = &invocation.env;
        if args.force {
            match forget(options, env, args.quiet) {
                Err(CommandError::Failed(diagnostic)) => {
                    diagnostic.print();
                    return Ok(Report::done().exit(NOT_FORGOTTEN));
                }
                other => other?,
            }
        }
        let files = vec![env.tokens.around.bearer_file(), env.tokens.vault_file()];
        let manner = Manner {
            dry: false,
            quiet: args.quiet,
        };
        remove_all(files, env, manner)?;
        Ok(Report::done())
    })
}

/// How to remove files.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Only find them.
    pub dry: bool,
    /// Say nothing.
    pub quiet: bool,
}

/// Removes all tokens of the user that programs would find, and returns where they were.
pub fn everything(
    env: &Environment,
    and_forget: bool,
    manner: Manner,
) -> Result<Vec<PathBuf>, CommandError> {
    if and_forget {
        forget(&[], env, manner.quiet)?;
    }
    let places = env.tokens.around.wlcg().into_iter();
    let mut files: Vec<PathBuf> = places
        .filter_map(|place| match place {
            Place::File(file, _) => Some(file),
            Place::Variable(..) => None,
        })
        .collect();
    files.push(env.tokens.vault_file());
    if env.tokens.around.bearer_token.is_some() {
        output::warning("BEARER_TOKEN holds a token: unset it");
    }
    Ok(remove_all(files, env, manner)?)
}

/// Removes those that exist. As for the shell's `[ -f ]`, a link to a file counts too.
fn remove_all(
    mut files: Vec<PathBuf>,
    env: &Environment,
    manner: Manner,
) -> Result<Vec<PathBuf>, Diagnostic> {
    files.retain(|file| file.is_file());
    if !manner.dry {
        for file in &files {
            remove(file, env.uid, manner.quiet)?;
        }
    }
    Ok(files)
}

fn remove(path: &Path, uid: u32, quiet: bool) -> Result<(), Diagnostic> {
    let shown = path.display();
    if !quiet {
        output::line(&format!("Removing {shown}"));
    }
    let is_own_link = path
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink() && found.uid() == uid);
    // Of a link, only the name goes.
    if is_own_link {
        return std::fs::remove_file(path)
            .map_err(|error| removal::not_removed(path, &error.into(), OTHER));
    }
    let removed = removal::destroy(path, uid, Expected::Token)
        .map_err(|refusal| removal::not_removed(path, &refusal, OTHER))?;
    removal::report(path, removed);
    Ok(())
}

/// Has the vault forget the refresh token, if there is a vault token to tell it so with.
fn forget(options: &[OsString], env: &Environment, quiet: bool) -> Result<(), CommandError> {
    let plan = get::parsed(options, env)?;
    let file = env.tokens.vault_file();
    if !file.is_file() {
        return Ok(());
    }
    let token = discovery::read_own(&file).map_err(|error| {
        let reason = voms::files::reason(&error);
        Diagnostic::new(
            codes::TOKEN_UNREADABLE,
            format!("cannot use {}: {reason}", file.display()),
        )
        .help("get another vault token with htgettoken, or leave out -f")
    })?;
    let credkey = plan.known_credkey().ok_or_else(|| {
        Diagnostic::new(
            codes::TOKEN_NOT_FOUND,
            "it is not known which of the vault's tokens are yours (credkey)",
        )
        .help("give --credkey, or leave out -f")
    })?;
    let secret = plan.secret(&credkey)?;
    if !quiet {
        output::line("Deleting refresh token");
        output::line(&format!("  at path {}/v1/{secret}", plan.vault.as_str()));
    }
    plan.open()?
        .forget(&token, &secret)
        .map_err(|error| failed(Some("the vault keeps the refresh token"), &error).into())
}
