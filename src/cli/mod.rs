//! The command line: the only module that knows the terminal, the environment, the clock and exit
//! codes.

mod advice;
mod args;
mod codes;
mod commands;
mod conf;
mod destroy;
mod doctor;
mod ecp;
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
mod import;
mod info;
mod init;
mod invocation;
mod links;
mod outcome;
mod output;
mod overview;
mod passwd;
mod places;
mod private;
mod prompt;
mod register;
mod removal;
mod sandbox;
mod signals;
mod times;
mod verify;
mod vos;

use std::ffi::OsString;
use std::process::ExitCode;

use self::invocation::Invocation;

/// Runs the program: the name in `argv[0]` selects the command, or else the words after it do.
#[must_use]
pub fn main(argv: Vec<OsString>) -> ExitCode {
    hardening::forbid_dumps();
    // The system's OpenSSL follows the system's configuration, such as a policy of FIPS.
    #[cfg(feature = "vendored")]
    voms::crypto::ignore_configuration();
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
