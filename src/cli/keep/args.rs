//! Their arguments: those of `voms-proxy-init`, and a few more.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::cli::args::Arguments;
use crate::cli::init::InitArgs;
use crate::cli::outcome::Format;
use crate::cli::output::Diagnostic;

/// Makes the proxy in FILE again: the same VOs, groups and roles, kind, key and lives.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    mut_arg("list", |arg| arg.hide(true)),
    mut_arg("separate", |arg| arg.hide(true)),
    mut_arg("noregen", |arg| arg.hide(true)),
    mut_arg("out", |arg| arg.hide(true)),
    mut_arg("json", |arg| arg.help("Print the result as JSON (schema/renew.json)")),
    after_help = "\
The plain proxy that `init --keep-plain` has left beside FILE is used without being named.

EXIT CODES
  0  a new proxy was written
  1  it failed, and there is no valid proxy; or the token of --token failed alone
  3  with --if-needed: the present proxy is good, and was left alone
  4  it failed; the present proxy is as it was, and still valid
  130  interrupted

EXAMPLES
  voms-proxy renew
  voms-proxy renew --if-needed=2:00 --passphrase-command 'pass grid'
  voms-proxy renew --from plain.pem proxy.pem"
)]
pub struct RenewArgs {
    /// The proxy to renew (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    pub file: Option<PathBuf>,
    /// Make it from this plain proxy, which needs no passphrase
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    #[command(flatten)]
    pub init: InitArgs,
}

impl Arguments for RenewArgs {
    fn format(&self) -> Format {
        Format::new(self.init.json)
    }
}

/// Keeps a proxy fresh until it is stopped.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    mut_arg("list", |arg| arg.hide(true)),
    mut_arg("separate", |arg| arg.hide(true)),
    mut_arg("noregen", |arg| arg.hide(true)),
    mut_arg("json", |arg| arg.help("Print a failure as JSON (schema/error.json)")),
    after_help = "\
It renews at half of the life. Without --voms it keeps the proxy as it is in the file.

EXIT CODES
  0  it was stopped, or the time of --until has come
  1  there is no first proxy, or another process keeps this file
  130  interrupted while it asked for the passphrase

EXAMPLES
  voms-proxy keep --voms virgo --background
  voms-proxy keep --from plain.pem --voms virgo --until 7d
  voms-proxy keep --install-timer --dry-run --voms virgo"
)]
pub struct KeepArgs {
    /// Make proxies from this plain proxy, which needs no passphrase
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Go to the background once the first proxy is there
    #[arg(long)]
    pub background: bool,
    /// Write the process number to FILE
    #[arg(long, value_name = "FILE")]
    pub pid_file: Option<PathBuf>,
    /// In the background, append messages to FILE
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Stop at this time (RFC 3339), or after this time (such as 7d)
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Write systemd user units that renew the proxy in time, and start them
    #[arg(long)]
    pub install_timer: bool,
    /// Remove them
    #[arg(long)]
    pub uninstall_timer: bool,
    /// Only show the units
    #[arg(long)]
    pub dry_run: bool,
    /// The part of --background that stays
    #[arg(long, hide = true)]
    pub detached: bool,
    #[command(flatten)]
    pub init: InitArgs,
}

impl Arguments for KeepArgs {
    fn format(&self) -> Format {
        Format::new(self.init.json)
    }
}

/// Runs COMMAND with a proxy of its own, which is kept fresh until COMMAND ends.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    mut_arg("list", |arg| arg.hide(true)),
    mut_arg("separate", |arg| arg.hide(true)),
    mut_arg("noregen", |arg| arg.hide(true)),
    mut_arg("out", |arg| arg.hide(true)),
    mut_arg("json", |arg| arg.help("Print a failure as JSON (schema/error.json)")),
    after_help = "\
X509_USER_PROXY names the proxy, which goes when COMMAND ends.

EXIT CODES
  that of COMMAND, or 128 and the number of the signal that ended it
  1  there is no first proxy; COMMAND was not started
  126  COMMAND cannot be executed
  127  there is no COMMAND

EXAMPLES
  voms-proxy run --voms virgo -- ./analysis.sh
  voms-proxy run --from plain.pem --voms virgo --valid 2:00 -- make"
)]
pub struct RunArgs {
    /// Make proxies from this plain proxy, which needs no passphrase
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    #[command(flatten)]
    pub init: InitArgs,
    /// What to run
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

impl Arguments for RunArgs {
    fn format(&self) -> Format {
        Format::new(self.init.json)
    }
}

/// Rejects the options of `voms-proxy-init` that make no sense where proxies are made again.
pub fn check(init: &InitArgs) -> Result<(), Diagnostic> {
    let wrong = [
        (init.list, "--list"),
        (init.separate.is_some(), "--separate"),
        (init.noregen, "--noregen"),
    ];
    match wrong.iter().find(|(is_given, _)| *is_given) {
        Some((_, option)) => {
            Err(Diagnostic::usage(format!("{option} is for voms-proxy-init")).help("leave it out"))
        }
        None => Ok(()),
    }
}
