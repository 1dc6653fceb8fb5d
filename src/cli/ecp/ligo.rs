//! `ligo-proxy-init`: `ecp-get-cert` for LIGO.ORG, compatible with two decades of scripts.

use clap::{ArgAction, Parser};

use super::get_cert::{FetchPlan, GetCertPlan, Task, Wanted};
use super::login::{LoginPlan, Proof};
use super::progress::Progress;
use super::providers::ProviderList;
use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::outcome::{CommandError, Format};
use crate::cli::output::{self, Diagnostic};

const NOTICE: &str = "note: LIGO.ORG and CILogon have retired X.509 certificates; use SciTokens: \
    htgettoken -a vault.ligo.org -i igwn, or ligo-proxy-init --token";

/// Gets a certificate with a LIGO.ORG login.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "ligo-proxy-init [options] [username]",
    after_help = "\
EXIT CODES
  0  a credential was written, or removed
  1  it failed; an earlier file is as it was
  2  the command line is wrong
  130  interrupted

EXAMPLES
  ligo-proxy-init albert.einstein
  ligo-proxy-init --kerberos --proxy"
)]
pub struct LigoArgs {
    /// Your user name at LIGO.ORG
    username: Option<String>,
    /// Log everything sent and received, except secrets
    #[arg(long, short = 'd')]
    debug: bool,
    /// Show the version
    #[arg(long, short = 'v', action = ArgAction::Version)]
    version: Option<bool>,
    /// The host of the identity provider (default login.ligo.org, and login2.ligo.org if that
    /// fails)
    #[arg(long, short = 'i', value_name = "HOST")]
    idp_host: Option<String>,
    /// Log in with your Kerberos ticket
    #[arg(long, short = 'k')]
    kerberos: bool,
    /// Make a proxy from it
    #[arg(long, short = 'p')]
    proxy: bool,
    /// Its lifetime in hours
    #[arg(long, short = 'H', value_name = "N", default_value = "277")]
    hours: i64,
    /// Get a bearer token instead, which is what LIGO.ORG issues today
    #[arg(long)]
    pub token: bool,
    /// Remove the credential
    #[arg(long, short = 'X')]
    destroy: bool,
    /// Read the password from standard input
    #[arg(long, alias = "password-stdin")]
    pwstdin: bool,
    /// Print the result as JSON (schema/certificate.json)
    #[arg(long)]
    pub json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
}

impl Arguments for LigoArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// The corresponding plan for `ecp-get-cert`.
pub fn plan(args: LigoArgs, env: &Environment) -> Result<GetCertPlan, CommandError> {
    if args.username.is_none() && !args.kerberos && !args.destroy {
        return Err(CommandError::Usage(
            Diagnostic::usage("username is required if not using --kerberos")
                .help("run: ligo-proxy-init albert.einstein"),
        ));
    }
    output::stderr(NOTICE);
    let format = args.format();
    let login = LoginPlan {
        alone: args.idp_host.is_some(),
        provider: Some(
            args.idp_host
                .unwrap_or_else(|| "LIGO Scientific Collaboration".to_owned()),
        ),
        list: ProviderList::new(None, env),
        proof: Proof::new(args.kerberos, args.username, args.pwstdin),
        debug: args.debug,
    };
    let path = env.proxy();
    let task = if args.destroy {
        Task::Remove
    } else {
        let wanted = Wanted {
            hours: args.hours,
            proxy: args.proxy,
            pkcs12: false,
            service: None,
            is_announced: true,
        };
        Task::Get {
            reuse: None,
            fetch: FetchPlan::new(wanted, login, &path, env),
        }
    };
    Ok(GetCertPlan {
        path,
        uid: env.uid,
        progress: Progress::new(args.debug, format),
        format,
        task,
    })
}
