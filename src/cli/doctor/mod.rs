//! `voms-proxy doctor`: walks the whole road of `voms-proxy-init` without making anything, and tells every link.
//!
//! Each room of this directory looks at one stretch: [`home`], [`credential`], [`servers`], [`place`]. What it finds it
//! says in the words of the errors that `voms-proxy-init` gives for the same fact.

mod credential;
mod home;
mod moved;
mod permissions;
mod place;
mod report;
mod servers;

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::Value;
use voms::trust::TrustAnchors;

use self::credential::Known;
use super::args::Arguments;
use super::env::Environment;
use super::exit::Exit;
use super::finding::Finding;
use super::invocation::Invocation;
use super::outcome::{CommandError, Report, run_command};
use super::output::Trouble;
use super::prompt::PassphraseSource;
use super::{fitness, places, signals};

/// Looks at everything that a proxy with VOMS attributes needs, and tells what is broken and what mends it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "voms-proxy doctor [--voms VO[:FQAN]] [options]",
    after_help = "\
Nothing is changed, except by --fix-permissions.

EXIT CODES
  0  all is well; advice may be given
  1  something is broken: the first of it is the headline
  2  there are warnings only
  130  interrupted

EXAMPLES
  voms-proxy doctor --voms virgo
  voms-proxy doctor --voms virgo:/virgo/virgo --json"
)]
pub struct DoctorArgs {
    /// The VO that you want to use, and what of it
    #[arg(long, value_name = "VO[:FQAN]")]
    voms: Option<String>,
    /// Print the report as JSON (schema/doctor.json)
    #[arg(long)]
    json: bool,
    /// Read the passphrase from standard input
    #[arg(long)]
    pwstdin: bool,
    /// First give your own files the permissions that they should have
    #[arg(long)]
    fix_permissions: bool,
    /// Your certificate (default as of voms-proxy-init)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where the proxy is to be (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Directory of trusted CAs
    #[arg(long, value_name = "DIR")]
    certdir: Option<PathBuf>,
    /// Directory that says whose attribute certificates are trusted
    #[arg(long, value_name = "DIR")]
    vomsdir: Option<PathBuf>,
    /// File or directory with VOMS servers, instead of all others; repeatable
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    vomses: Vec<PathBuf>,
    /// What one server may take
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    timeout: u64,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl DoctorArgs {
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.clamp(1, 600))
    }

    fn out(&self, env: &Environment) -> PathBuf {
        super::file::absolute(&self.out.clone().unwrap_or_else(|| env.proxy()))
    }

    /// Where the passphrase would come from; nobody is asked where a program reads.
    fn passphrase(&self) -> Option<PassphraseSource> {
        use std::io::IsTerminal;
        match self.pwstdin {
            true => Some(PassphraseSource::StandardInput),
            false => (!self.json && std::io::stdin().is_terminal()).then_some(PassphraseSource::Terminal),
        }
    }
}

impl Arguments for DoctorArgs {
    fn misunderstood() -> Option<Value> {
        Some(Trouble::new("the command line is wrong").as_json())
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: DoctorArgs| {
        signals::watch();
        let findings = examine(&args, &invocation.env, invocation.now)?;
        Ok(Report::done().exit(report::tell(&findings, &args)))
    })
}

/// The whole road, in its order. What a broken link makes impossible is skipped; nothing else is.
fn examine(args: &DoctorArgs, env: &Environment, now: fn() -> DateTime<Utc>) -> Result<Vec<Finding>, CommandError> {
    let mut findings = Vec::new();
    if args.fix_permissions {
        findings.extend(permissions::fix(args, env));
    }
    findings.extend(home::examine(env));
    findings.extend(home::interrupted(args, env));
    let (own, known) = credential::examine(args, env, now())?;
    findings.extend(own);
    let clock = findings.len();
    let (anchors, found) = trust_anchors(args, env);
    findings.extend(found);
    findings.extend(vouched(&known, anchors.as_ref(), now()));
    let answer = servers::examine(args, env, &known, anchors.as_ref(), now);
    findings.extend(answer.findings);
    // On the road the clock comes before whatever it spoils.
    findings.splice(clock..clock, answer.clock);
    findings.extend(place::examine(args, env, &known, now()));
    Ok(findings)
}

fn trust_anchors(args: &DoctorArgs, env: &Environment) -> (Option<TrustAnchors>, Option<Finding>) {
    match places::anchors(args.certdir.as_deref(), env) {
        Ok(Some(anchors)) => (Some(anchors), None),
        Ok(None) => (None, Some(fitness::no_anchors())),
        Err(trouble) => (None, Some(Finding::of_trouble("CA", &trouble))),
    }
}

fn vouched(known: &Known, anchors: Option<&TrustAnchors>, now: DateTime<Utc>) -> Vec<Finding> {
    let (Some(anchors), Some(chain)) = (anchors, &known.chain) else { return Vec::new() };
    let user = chain.proxies().len();
    let Some((certificate, issuers)) = chain.certificates()[user..].split_first() else { return Vec::new() };
    fitness::vouched(certificate, issuers, anchors, now)
}
