//! `voms-proxy verify`: the library's verdict on a file, for people and scripts.

mod sites;
mod stream;

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser, ValueEnum};
use serde_json::{Value, json};
use voms::files;
use voms::pki::proxy_kind::ProxyType;
use voms::pki::strength::{StrengthPolicy, Weakness};
use voms::policy::CrlPolicy;
use voms::policy::Policy;
use voms::verifier::{Finding, VerifiedCredential, VomsVerifier};
use voms::vo::vomsdir::VomsDir;

use self::sites::Sites;
use self::stream::Stream;
use super::advice::Advice;
use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::failure;
use super::invocation::Invocation;
use super::outcome::{CommandError, Report, run_command};
use super::output::{self, Diagnostic};
use super::{headings, input, places};
use crate::time::utc;

/// Verifies a proxy, its attributes, or a user's certificate, as a service would.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy verify [FILE] [options]",
    after_help = "\
EXIT CODES
  0  verified, and mapped to an account if --map is given: a summary is on stdout
  1  verification failed, or was not possible, or no account was found: every finding is on stderr

EXAMPLES
  voms-proxy verify /tmp/x509up_u1000
  voms-proxy verify proxy.pem --crl required --at 2026-12-01T00:00:00Z --json
  voms-proxy verify proxy.pem --map /etc/grid-security/grid-mapfile"
)]
pub struct VerifyArgs {
    /// A proxy, or a certificate with those above it; - for standard input (default: your proxy; of
    /// voms-verify X509_USER_CERT, if set)
    file: Option<PathBuf>,
    /// Directory of trusted CAs (default X509_CERT_DIR, then the usual places)
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    certdir: Option<PathBuf>,
    /// Directory that says whose attribute certificates are trusted (default X509_VOMS_DIR, then
    /// the usual places)
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    vomsdir: Option<PathBuf>,
    /// When to check revocation lists
    #[arg(long, value_name = "WHEN", default_value = "present", help_heading = headings::TRUST)]
    crl: Crl,
    /// Accept this weakness instead of rejecting it; repeatable
    #[arg(long, value_name = "WEAKNESS", help_heading = headings::TRUST)]
    allow: Vec<Weak>,
    /// A name of the service, for attributes that are meant for certain hosts; may be repeated
    /// (default: the name of this machine)
    #[arg(long, value_name = "NAME", help_heading = headings::TRUST)]
    host: Vec<String>,
    /// Verify as of this time, in RFC 3339
    #[arg(long, value_name = "TIME", help_heading = headings::TRUST)]
    at: Option<DateTime<Utc>>,
    /// Also find the account that this grid-mapfile or voms-mapfile gives the user; repeatable, and
    /// the first file with one decides
    #[arg(long, value_name = "FILE", help_heading = headings::ACCOUNT)]
    map: Vec<PathBuf>,
    /// Give no account to those whom this file bans, by name, group or role; repeatable
    #[arg(long, value_name = "FILE", requires = "map", help_heading = headings::ACCOUNT)]
    ban: Vec<PathBuf>,
    /// Print the verdict as JSON on stdout, whatever it is
    #[arg(long)]
    json: bool,
    /// Answer requests in JSON, one a line on stdin, with a line of JSON each on stdout
    #[arg(long, conflicts_with = "file")]
    stream: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Crl {
    Off,
    Present,
    Required,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Weak {
    /// RSA keys from 1024 bits
    Rsa1024,
    Sha1,
    Md5,
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: VerifyArgs| {
        if args.stream {
            return stream(&args, invocation);
        }
        let file = file(&args, invocation);
        let json = args.json;
        let sites = Sites::new(&args.map, &args.ban);
        let outcome = VerifyPlan::new(args, &file, invocation).and_then(|plan| judge(&plan));
        report(outcome, (&sites, (invocation.now)()), &file, json)
    })
}

fn stream(args: &VerifyArgs, invocation: &Invocation) -> Result<Report, CommandError> {
    let unable = |error: NoVerdict| error.into_diagnostic(Path::new("-"));
    let stream = Stream {
        verifier: verifier(args, &invocation.env).map_err(unable)?,
        sites: Sites::new(&args.map, &args.ban),
        at: args.at,
        now: invocation.now,
    };
    Ok(Report::done().exit(stream.run()))
}

/// The proxy or certificate to verify.
fn file(args: &VerifyArgs, invocation: &Invocation) -> PathBuf {
    let env = &invocation.env;
    let named = args.file.clone().or(env
        .user_cert
        .clone()
        .filter(|_| invocation.name == "voms-verify"));
    named.unwrap_or_else(|| env.proxy())
}

fn report(
    outcome: Result<VerifiedCredential, NoVerdict>,
    (sites, now): (&Sites, DateTime<Utc>),
    file: &Path,
    json: bool,
) -> Result<Report, CommandError> {
    if json {
        let verdict = as_json(&outcome, (sites, now));
        let is_refused = outcome.is_err() || verdict.get("mapping").is_some_and(Value::is_null);
        let exit = match is_refused {
            true => Exit::Failure,
            false => Exit::Success,
        };
        return Ok(Report::json(&verdict).exit(exit));
    }
    let verified = outcome.map_err(|error| error.into_diagnostic(file))?;
    print_summary(&verified);
    match sites.decide(&verified, now) {
        Some(Ok(found)) => sites::print(&found),
        Some(Err(none)) => return Err(sites::diagnostic(&none).into()),
        None => {}
    }
    Ok(Report::done())
}

impl Arguments for VerifyArgs {
    /// A verdict is always expected.
    fn misunderstood(diagnostic: &Diagnostic) -> Value {
        not_judged(diagnostic)
    }
}

/// Why there is no positive verdict.
enum NoVerdict {
    /// It failed verification, for these reasons.
    Rejected(Vec<Reason>),
    /// It could not be verified.
    Impossible(Diagnostic),
}

/// A finding for output.
struct Reason {
    code: &'static str,
    text: String,
    help: Option<String>,
}

impl Reason {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code(),
            text: finding.to_string(),
            help: finding.next_step(),
        }
    }

    fn as_json(&self) -> Value {
        json!({ "code": self.code, "message": self.text, "help": self.help })
    }
}

impl NoVerdict {
    fn into_diagnostic(self, file: &Path) -> Diagnostic {
        match self {
            Self::Impossible(diagnostic) => diagnostic,
            Self::Rejected(reasons) => {
                let code = reasons.first().map_or(codes::FAILED, |reason| reason.code);
                let mut diagnostic =
                    Diagnostic::new(code, format!("{} failed verification", file.display()));
                for Reason { text, help, .. } in reasons {
                    diagnostic = diagnostic.detail(text);
                    if let Some(help) = help {
                        diagnostic = diagnostic.also_help(&help);
                    }
                }
                diagnostic
            }
        }
    }
}

/// What to verify, and by which rules.
struct VerifyPlan {
    file: PathBuf,
    verifier: VomsVerifier,
    at: DateTime<Utc>,
}

impl VerifyPlan {
    fn new(args: VerifyArgs, file: &Path, invocation: &Invocation) -> Result<Self, NoVerdict> {
        let verifier = verifier(&args, &invocation.env)?;
        Ok(Self {
            file: file.to_owned(),
            verifier,
            at: args.at.unwrap_or_else(invocation.now),
        })
    }
}

fn verifier(args: &VerifyArgs, env: &Environment) -> Result<VomsVerifier, NoVerdict> {
    let missing = |what: &str, option: &str| {
        NoVerdict::Impossible(
            Diagnostic::new(codes::NO_TRUST_DIRECTORY, format!("no {what} was found"))
                .help(&format!("name the directory with {option}")),
        )
    };
    let anchors = places::anchors(args.certdir.as_deref(), env).map_err(NoVerdict::Impossible)?;
    let anchors =
        anchors.ok_or_else(|| missing("directory of trusted CAs", "--certdir or X509_CERT_DIR"))?;
    let vomsdir = places::vomsdir(args.vomsdir.as_deref(), env).map_err(NoVerdict::Impossible)?;
    // Without a vomsdir, attributes cannot be verified, but a certificate or a plain proxy can.
    let vomsdir = vomsdir.unwrap_or_else(|| VomsDir::absent("/etc/grid-security/vomsdir".as_ref()));
    let hosts = if args.host.is_empty() {
        vec![own_host()]
    } else {
        args.host.clone()
    };
    let policy = Policy::default()
        .with_crl(args.crl.policy())
        .with_strength(strength(&args.allow))
        .with_hosts(hosts);
    Ok(VomsVerifier::new(anchors, vomsdir).with_policy(policy))
}

impl Crl {
    fn policy(self) -> CrlPolicy {
        match self {
            Self::Off => CrlPolicy::Off,
            Self::Present => CrlPolicy::IfPresent,
            Self::Required => CrlPolicy::Required,
        }
    }
}

fn strength(allowed: &[Weak]) -> StrengthPolicy {
    let weaknesses = allowed.iter().map(|weak| match weak {
        Weak::Rsa1024 => Weakness::ShortKey,
        Weak::Sha1 => Weakness::Sha1,
        Weak::Md5 => Weakness::Md5,
    });
    weaknesses.fold(StrengthPolicy::default(), StrengthPolicy::allowing)
}

/// The name of this machine.
fn own_host() -> String {
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().into_owned()
}

fn judge(plan: &VerifyPlan) -> Result<VerifiedCredential, NoVerdict> {
    let presented = input::read(&plan.file).map_err(|error| read_failure(&plan.file, &error))?;
    verdict(&plan.verifier, &presented, plan.at)
}

fn read_failure(file: &Path, error: &io::Error) -> NoVerdict {
    let reason = files::reason(error);
    NoVerdict::Impossible(failure::cannot_read(file, &reason).help("check the path"))
}

fn verdict(
    verifier: &VomsVerifier,
    presented: &[u8],
    at: DateTime<Utc>,
) -> Result<VerifiedCredential, NoVerdict> {
    let verified = verifier.verify_in_any_order(presented, at);
    verified.map_err(|rejection| {
        NoVerdict::Rejected(rejection.findings().iter().map(Reason::of).collect())
    })
}

fn print_summary(verified: &VerifiedCredential) {
    output::field("identity", verified.identity());
    output::field("type", ProxyType::name(verified.chain().proxy_type()));
    for ac in verified.attribute_certificates() {
        output::field("VO", &ac.attributes().vo);
        for fqan in &ac.attributes().fqans {
            output::field("attribute", fqan);
        }
    }
    if verified.attribute_certificates().is_empty() {
        output::field("attribute", "none");
    }
    output::field("until", output::rfc3339(utc(verified.usable_until())));
    for note in verified.notes() {
        output::warning(note);
    }
}

fn as_json(
    outcome: &Result<VerifiedCredential, NoVerdict>,
    (sites, now): (&Sites, DateTime<Utc>),
) -> Value {
    let mut verdict = match outcome {
        Ok(verified) => {
            let mut value = json!(verified);
            for (key, fixed) in [
                ("version", json!(1)),
                ("verified", json!(true)),
                ("findings", json!([])),
            ] {
                value[key] = fixed;
            }
            value
        }
        Err(NoVerdict::Rejected(reasons)) => {
            let findings: Value = reasons.iter().map(Reason::as_json).collect();
            json!({ "version": 1, "verified": false, "findings": findings })
        }
        Err(NoVerdict::Impossible(diagnostic)) => not_judged(diagnostic),
    };
    sites.describe(outcome.as_ref().ok(), now, &mut verdict);
    verdict
}

fn not_judged(diagnostic: &Diagnostic) -> Value {
    let reason = Reason {
        code: codes::NOT_JUDGED,
        text: diagnostic.headline().to_owned(),
        help: diagnostic.next_step().map(str::to_owned),
    };
    json!({ "version": 1, "verified": false, "findings": [reason.as_json()] })
}
