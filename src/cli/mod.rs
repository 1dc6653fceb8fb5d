//! The command line: the only module that knows the terminal, the environment, the clock and exit
//! codes.

mod advice;
mod args;
mod clock;
mod codes;
mod commands;
mod completion;
mod conf;
mod destroy;
mod doctor;
mod ecp;
mod embedded;
mod ending;
mod env;
mod exit;
mod export;
mod failure;
mod fake;
mod file;
mod finding;
mod fitness;
mod grid;
mod hardening;
mod headings;
mod help;
mod holder;
mod import;
mod info;
mod init;
mod input;
mod invocation;
mod keep;
mod links;
mod manual;
mod outcome;
mod output;
mod overview;
mod passwd;
mod places;
mod platform;
mod private;
mod prompt;
mod register;
mod removal;
mod sandbox;
mod signals;
mod style;
mod times;
mod token;
mod unattended;
mod verify;
mod vo;
mod vos;
mod waiting;

use std::ffi::OsString;
use std::process::ExitCode;

use self::invocation::Invocation;

/// Runs the program: the name in `argv[0]` selects the command, or else the words after it do.
#[must_use]
pub fn main(argv: Vec<OsString>) -> ExitCode {
    hardening::forbid_dumps();
    if let Some(exit) = info::time_left(&argv) {
        return exit.into();
    }
    // The system's OpenSSL follows the system's configuration, such as a policy of FIPS.
    #[cfg(feature = "vendored")]
    voms::crypto::ignore_configuration();
    if let Some((request, words)) = argv.get(1..).and_then(<[OsString]>::split_first)
        && request == completion::REQUEST
    {
        return completion::answer(words).into();
    }
    let exit = match commands::find(&argv) {
        Some((command, words)) => command.run(&Invocation::new(command.name, words)),
        None => overview::answer(argv.get(1..).unwrap_or_default()),
    };
    exit.into()
}

/// The definition of each command, by the name it is invoked as: the single source for parser,
/// help, man pages and completions.
#[must_use]
pub fn definitions() -> Vec<clap::Command> {
    commands::COMMANDS
        .iter()
        .map(commands::Command::definition)
        .collect()
}

/// The names that `voms-proxy links` creates.
pub fn links() -> impl Iterator<Item = &'static str> {
    commands::linked()
}

/// The man pages of the commands: name and text.
pub fn man_pages() -> impl Iterator<Item = (&'static str, String)> {
    manual::names().filter_map(|name| Some((name, manual::page(name)?)))
}

/// The completion scripts: their place below `completions/`, and the text.
pub fn completions() -> impl Iterator<Item = (String, String)> {
    embedded::shells().map(|shell| (shell.file(completion::NAME), shell.script()))
}

/// Other names of those scripts: link and target. bash and fish look for a script with the name of
/// the command; zsh reads in it which commands it is for.
pub fn completion_links() -> impl Iterator<Item = (String, String)> {
    let shells = embedded::shells().filter(|shell| shell.looks_by_name());
    shells.flat_map(|shell| {
        let own = shell.file(completion::NAME);
        let target = own.rsplit('/').next().unwrap_or(&own).to_owned();
        links().map(move |name| (shell.file(name), target.clone()))
    })
}
