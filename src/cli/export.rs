//! `voms-proxy export`: writes the user's certificate and key to one PKCS#12 file, for browsers.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Parser};
use serde_json::json;
use voms::pki::certificate::Certificate;
use voms::pki::pkcs12::Ciphers;

use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::failure;
use super::invocation::Invocation;
use super::outcome::{CommandError, Format, Report, run_command};
use super::output::{self, Diagnostic};
use super::prompt::PassphraseSource;
use super::{file, places, signals};
use crate::home::location::Location;
use crate::time::utc;

/// Writes your certificate and key into a PKCS#12 file, as browsers import it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy export --p12 FILE [options]",
    after_help = "\
EXIT CODES
  0  the file was written
  1  nothing was written
  130  interrupted; nothing was written

EXAMPLES
  voms-proxy export --p12 mycert.p12
  voms-proxy export --p12 mycert.p12 --compatible   (for macOS Keychain, and browsers before 2019)"
)]
pub struct ExportArgs {
    /// The file to write
    #[arg(long, value_name = "FILE", required = true)]
    p12: PathBuf,
    /// Use the ciphers that the oldest programs read (3DES and SHA-1) instead of AES-256 and
    /// SHA-256
    #[arg(long)]
    compatible: bool,
    /// Your certificate (default as for voms-proxy-init)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
    /// Read from standard input, one a line: the key's passphrase if it has one, then the password
    /// for the new file
    #[arg(long)]
    pwstdin: bool,
    /// Print the result as JSON (schema/export.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for ExportArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        signals::watch();
        run(&ExportPlan::new(&args, &invocation.env)?)
    })
}

struct ExportPlan {
    p12: PathBuf,
    credential: Location,
    source: PassphraseSource,
    ciphers: Ciphers,
    json: bool,
}

impl ExportPlan {
    fn new(args: &ExportArgs, env: &Environment) -> Result<Self, Diagnostic> {
        refuse_existing(&args.p12, args.force)?;
        Ok(Self {
            p12: args.p12.clone(),
            credential: places::location(args.cert.as_deref(), args.key.as_deref(), env)?,
            source: PassphraseSource::new(args.pwstdin),
            json: args.json,
            ciphers: if args.compatible {
                Ciphers::Compatible
            } else {
                Ciphers::Modern
            },
        })
    }
}

fn run(plan: &ExportPlan) -> Result<Report, CommandError> {
    let credential = plan.source.load(&plan.credential)?;
    if !credential.chain().proxies().is_empty() {
        let path = plan.credential.certificate().display();
        return Err(Diagnostic::new(
            codes::IS_PROXY,
            format!("{path} is a proxy, which no browser can use"),
        )
        .help("name your certificate with --cert and its key with --key")
        .into());
    }
    let password = plan.source.choose_for(&plan.p12, "password")?;
    let bundle = credential
        .to_pkcs12(&password, plan.ciphers)
        .map_err(|error| {
            Diagnostic::new(
                codes::KEY_ENCRYPTION,
                format!("the PKCS#12 file cannot be created: {error}"),
            )
            .help("please report this as a bug")
        })?;
    file::replace(&plan.p12, &bundle).map_err(|error| {
        failure::cannot_write(&plan.p12, &voms::files::reason(&error))
            .help("name another file with --p12")
    })?;
    Ok(report(plan, credential.chain().leaf()))
}

fn report(plan: &ExportPlan, certificate: &Certificate) -> Report {
    if plan.json {
        return Report::json(&json!({
            "version": 1,
            "path": plan.p12,
            "subject": certificate.subject().as_written(),
            "not_after": output::rfc3339(utc(certificate.not_after())),
        }));
    }
    let p12 = plan.p12.display();
    Report::lines(vec![
        format!("Wrote {p12}: {}.", certificate.subject()),
        format!("It holds your private key: remove it when the browser has it (rm {p12})."),
    ])
}

fn refuse_existing(path: &Path, force: bool) -> Result<(), Diagnostic> {
    if path.symlink_metadata().is_err() || force {
        return Ok(());
    }
    Err(Diagnostic::new(
        codes::FILE_EXISTS,
        format!("{} already exists", path.display()),
    )
    .help("name another file with --p12, or replace it with --force"))
}
