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
    disable_version_flag = true
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
    disable_version_flag = true
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

impl Arguments for KeepArgs {}

/// Runs COMMAND with a proxy of its own, which is kept fresh until COMMAND ends.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true
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

impl Arguments for RunArgs {}

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
