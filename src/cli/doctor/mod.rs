//! `voms-proxy doctor`: goes through all steps of `voms-proxy-init` without creating anything, and
//! reports on each.
//!
//! Each module here checks one part: [`home`], [`credential`], [`servers`], [`place`]. Findings use
//! the wording of the errors that `voms-proxy-init` gives for the same problem.

mod credential;
mod home;
mod moved;
mod permissions;
mod place;
mod plan;
mod report;
mod seen;
mod servers;
mod wanted;

use std::path::PathBuf;

use clap::{ArgAction, Parser};
use voms::trust::TrustAnchors;

use self::credential::Known;
use self::plan::DoctorPlan;
use self::servers::CLOCK;
use super::args::Arguments;
use super::clock::{self, OutOfDate, Owner};
use super::codes;
use super::exit::Exit;
use super::finding::Finding;
use super::fitness::Dates;
use super::invocation::{Clock, Invocation};
use super::outcome::{CommandError, Format, run_command};
use super::waiting::Waiting;
use super::{fitness, signals, times};

/// Checks everything that a proxy with VOMS attributes needs, and reports what is broken and how to
/// fix it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy doctor [--voms VO[:FQAN]] [options]",
    after_help = "\
Changes nothing, unless --fix-permissions is given.

EXIT CODES
  0  all is well, apart from advice
  1  something is broken; the headline says what to fix first
  2  warnings, but nothing is broken
  130  interrupted

EXAMPLES
  voms-proxy doctor --voms virgo
  voms-proxy doctor --voms virgo:/virgo/virgo --json"
)]
pub struct DoctorArgs {
    /// VO to check, optionally with a group or role (default: virgo on a terminal, or if a vomses file names it)
    #[arg(long, value_name = "VO[:FQAN]")]
    voms: Option<String>,
    /// On a terminal, show what is fine, too
    #[arg(long, short = 'v')]
    verbose: bool,
    /// Print the report as JSON (schema/doctor.json)
    #[arg(long)]
    json: bool,
    /// Read the passphrase from standard input
    #[arg(long)]
    pwstdin: bool,
    /// First correct the permissions of your files
    #[arg(long)]
    fix_permissions: bool,
    /// Your certificate (default as for voms-proxy-init)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where the proxy is to be written (default X509_USER_PROXY or /tmp/x509up_u<uid>)
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
    /// Timeout per server, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    timeout: u64,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DoctorArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        signals::watch();
        let plan = DoctorPlan::new(args, &invocation.env);
        let findings = examine(&plan, invocation.now)?;
        Ok(report::report(&findings, &plan))
    })
}

/// Runs all checks in order, skipping only those that a failed one makes impossible.
fn examine(plan: &DoctorPlan, now: Clock) -> Result<Vec<Finding>, CommandError> {
    let mut findings = Vec::new();
    if plan.fix_permissions {
        findings.extend(permissions::fix(plan));
    }
    findings.extend(home::examine(plan));
    findings.extend(home::interrupted(plan));
    let (own, known) = credential::examine(plan, now())?;
    findings.extend(own);
    let place = findings.len();
    let (anchors, found) = trust_anchors(plan);
    findings.extend(found);
    findings.extend(vouched(&known, anchors, plan.dates(now())));
    // No more prompts from here on.
    let waiting = Waiting::new(!plan.json, "interrupted: nothing was changed");
    waiting.say("checking");
    let answer = servers::examine(plan, &known, anchors, &waiting, now);
    waiting.end();
    findings.extend(answer.findings);
    findings.extend(place::examine(plan, &known, now()));
    // The clock is reported before the problems it causes.
    let suspected = || suspected(&findings, answer.out_of_date, plan.dates(now()));
    match answer.clock.or_else(suspected) {
        Some(found) if found.is_failure() => findings.insert(0, found),
        found => {
            findings.splice(place..place, found);
        }
    }
    Ok(findings)
}

/// The clock, if it is impossible, or if certificates of several people are out of date by it.
fn suspected(findings: &[Finding], mut all: OutOfDate, dates: Dates<'_>) -> Option<Finding> {
    if clock::is_too_early(dates.now) {
        let text = clock::too_early_in_words(dates.now, dates.zone);
        return Some(Finding::failed(CLOCK, codes::CLOCK, text, clock::FIX));
    }
    for finding in findings.iter().filter(|finding| finding.is_fault()) {
        let owner = match finding.area {
            fitness::CERTIFICATE => Owner::User,
            fitness::CA => Owner::Ca,
            fitness::REVOCATION => Owner::RevocationList,
            _ => continue,
        };
        all.note(owner, finding.code);
    }
    let text = format!(
        "{}, while it is {} by this machine's clock: it is most likely wrong",
        all.suspicion().filter(|found| found.is_strong)?.text,
        times::date(dates.now, dates.zone)
    );
    Some(Finding::failed(CLOCK, codes::CLOCK, text, clock::FIX))
}

fn trust_anchors(plan: &DoctorPlan) -> (Option<&TrustAnchors>, Option<Finding>) {
    match &plan.anchors {
        Ok(Some(anchors)) => (Some(anchors), None),
        Ok(None) => (None, Some(fitness::no_anchors())),
        Err(diagnostic) => (None, Some(Finding::of_diagnostic("CA", diagnostic))),
    }
}

fn vouched(known: &Known, anchors: Option<&TrustAnchors>, dates: Dates<'_>) -> Vec<Finding> {
    let (Some(anchors), Some(chain)) = (anchors, &known.chain) else {
        return Vec::new();
    };
    let user = chain.proxies().len();
    let Some((certificate, issuers)) = chain.certificates()[user..].split_first() else {
        return Vec::new();
    };
    fitness::vouched(certificate, issuers, anchors, dates)
}
