//! `voms-proxy man`, `voms-proxy schema` and `voms-proxy completions`: what the repository has in
//! `man/`, `schema/` and `completions/`, for packages and for people who only have the program.

use std::io::IsTerminal;

use clap::{ArgAction, Parser, ValueEnum};

use super::args::Arguments;
use super::codes;
use super::commands;
use super::completion::Shell;
use super::exit::Exit;
use super::invocation::Invocation;
use super::manual;
use super::outcome::{Report, run_command};
use super::output::{self, Diagnostic};

/// Each file of `schema/`, without its extension.
pub const SCHEMAS: &[(&str, &str)] = &[
    ("certificate", include_str!("../../schema/certificate.json")),
    ("codes", include_str!("../../schema/codes.json")),
    ("cookies", include_str!("../../schema/cookies.json")),
    ("destroy", include_str!("../../schema/destroy.json")),
    ("doctor", include_str!("../../schema/doctor.json")),
    ("error", include_str!("../../schema/error.json")),
    ("export", include_str!("../../schema/export.json")),
    ("fake", include_str!("../../schema/fake.json")),
    (
        "grid-destroy",
        include_str!("../../schema/grid-destroy.json"),
    ),
    (
        "identity-providers",
        include_str!("../../schema/identity-providers.json"),
    ),
    ("import", include_str!("../../schema/import.json")),
    ("info", include_str!("../../schema/info.json")),
    ("init", include_str!("../../schema/init.json")),
    ("links", include_str!("../../schema/links.json")),
    ("list", include_str!("../../schema/list.json")),
    ("page", include_str!("../../schema/page.json")),
    ("passwd", include_str!("../../schema/passwd.json")),
    ("register", include_str!("../../schema/register.json")),
    ("renew", include_str!("../../schema/renew.json")),
    ("sandbox", include_str!("../../schema/sandbox.json")),
    ("status", include_str!("../../schema/status.json")),
    ("token", include_str!("../../schema/token.json")),
    ("verify", include_str!("../../schema/verify.json")),
    ("vo-add", include_str!("../../schema/vo-add.json")),
    ("vo-list", include_str!("../../schema/vo-list.json")),
];

/// Prints the manual page of a command, as man reads it.
#[derive(Debug, Parser)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy man [COMMAND]",
    after_help = "\
EXIT CODES
  0  printed
  1  there is no such page

EXAMPLES
  voms-proxy man init | man -l -
  voms-proxy man voms-proxy-init > voms-proxy-init.1"
)]
pub struct ManArgs {
    /// A command, with its words or its name; or a file format, vomses or vomsdir (default: the
    /// overview)
    command: Vec<String>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

/// Prints the JSON schema of what a command prints with --json; without a name, which there are.
#[derive(Debug, Parser)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy schema [NAME]",
    after_help = "\
EXIT CODES
  0  printed
  1  there is no such schema

EXAMPLES
  voms-proxy schema
  voms-proxy schema info"
)]
pub struct SchemaArgs {
    /// The schema, such as info; error is what a command prints when it fails
    name: Option<String>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

/// Prints a script that completes all commands in your shell.
#[derive(Debug, Parser)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy completions SHELL",
    after_help = "\
EXIT CODES
  0  printed
  1  there is no script for that shell

EXAMPLES
  eval \"$(voms-proxy completions bash)\"         in ~/.bashrc
  source <(voms-proxy completions zsh)          in ~/.zshrc, after compinit
  voms-proxy completions fish | source          in ~/.config/fish/config.fish"
)]
pub struct CompletionsArgs {
    /// Your shell
    #[arg(value_enum)]
    shell: Shell,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for ManArgs {}
impl Arguments for SchemaArgs {}
impl Arguments for CompletionsArgs {}

/// Runs `voms-proxy man`.
pub fn man(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: ManArgs| {
        let words = args.command.join(" ");
        let page = page(&words).ok_or_else(|| {
            Diagnostic::new(
                codes::PAGE_UNKNOWN,
                format!("there is no page about '{words}'"),
            )
            .help("run: voms-proxy --help")
        })?;
        if std::io::stdout().is_terminal() {
            output::stderr("note: to read it as a page, pipe it into: man -l -");
        }
        Ok(printed(&page))
    })
}

/// The page about a command as users call it: `init`, `voms-proxy-init`, `vo list`.
fn page(words: &str) -> Option<String> {
    let row = commands::COMMANDS
        .iter()
        .find(|command| command.words == words);
    match row {
        Some(row) => manual::page(row.name),
        None if words.is_empty() => manual::page(manual::OVERVIEW),
        None => manual::page(words)
            .or_else(|| manual::page(&format!("voms-proxy-{}", words.replace(' ', "-")))),
    }
}

/// Runs `voms-proxy schema`.
pub fn schema(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: SchemaArgs| {
        let Some(wanted) = args.name else {
            return Ok(Report::lines(
                SCHEMAS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            ));
        };
        let name = wanted.trim_end_matches(".json");
        let found = SCHEMAS.iter().find(|(known, _)| *known == name);
        let (_, text) = found.ok_or_else(|| {
            Diagnostic::new(
                codes::SCHEMA_UNKNOWN,
                format!("there is no schema '{wanted}'"),
            )
            .help("voms-proxy schema, without a name, lists them")
        })?;
        Ok(printed(text))
    })
}

/// Runs `voms-proxy completions`.
pub fn completions(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: CompletionsArgs| {
        Ok(printed(&args.shell.script()))
    })
}

/// A file, whose last line end is the one that every output has.
fn printed(text: &str) -> Report {
    Report::lines(vec![text.strip_suffix('\n').unwrap_or(text).to_owned()])
}

/// The names that complete the word after `voms-proxy man`.
pub fn pages() -> impl Iterator<Item = &'static str> {
    let words = commands::COMMANDS.iter().map(|command| command.words);
    words
        .filter(|words| !words.contains(' '))
        .chain(manual::formats())
}

/// The shells, for tests and packages.
pub fn shells() -> impl Iterator<Item = Shell> {
    Shell::value_variants().iter().copied()
}
