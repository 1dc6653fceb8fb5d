//! `voms-proxy register`: how to become a member of a VO, and the progress so far.

mod newcomer;
mod steps;

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use serde_json::{Value, json};
use voms::chain::Chain;
use voms::pki::certificate::Certificate;
use voms::trust::TrustAnchors;
use voms::vo::fqan::{Fqan, FqanError};
use voms_client::blocking::VomsClient;
use voms_client::refusal::{ServerErrorKind, Software};
use voms_client::spec::VomsSpec;
use voms_client::vomses::VomsesEntry;
use voms_client::{ClientError, Failure, RequestOptions, Survey};

use super::advice::{self, User};
use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::finding::{Finding, Status};
use super::fitness::Dates;
use super::invocation::Invocation;
use super::outcome::{CommandError, Format, Report, run_command};
use super::output::{self, Diagnostic};
use super::prompt::PassphraseSource;
use super::{failure, fitness, places, signals, vos};
use crate::home::load::{self, CredentialError};
use crate::home::location::Location;
use crate::home::registration::Registration;

/// The VO that is meant where none is named.
pub const DEFAULT_VO: &str = "virgo";

/// Shows how to become a member of a VO with your certificate, and with --check how far you have
/// got.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy register [--voms VO[:/group]] [options]",
    after_help = "\
EXIT CODES
  0  the certificate can be registered; with --check, every group is granted
  1  there is no such certificate, or a group is not granted yet
  130  interrupted

EXAMPLES
  voms-proxy register
  voms-proxy register --voms virgo:/virgo/virgo --check"
)]
pub struct RegisterArgs {
    /// The VO, and the groups or roles that you want (default: what newcomers to it apply for)
    #[arg(long, value_name = "VO[:FQAN]", default_value = DEFAULT_VO)]
    voms: String,
    /// Ask the VO's server which groups are granted by now
    #[arg(long)]
    check: bool,
    /// Your certificate (default as for voms-proxy-init)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Directory of trusted CAs
    #[arg(long, value_name = "DIR")]
    certdir: Option<PathBuf>,
    /// File or directory with VOMS servers, instead of all others; repeatable
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    vomses: Vec<PathBuf>,
    /// Read the passphrase from standard input
    #[arg(long)]
    pwstdin: bool,
    /// Print the result as JSON (schema/register.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for RegisterArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: RegisterArgs| {
        signals::watch();
        let silent = args.json;
        let plan = RegisterPlan::new(args, &invocation.env).map_err(|diagnostic| match silent {
            true => diagnostic,
            false => newcomer::advised(diagnostic),
        })?;
        let now = (invocation.now)();
        let findings = if plan.check {
            check(&plan, now)
        } else {
            judge(&plan, now)
        }?;
        let good = !findings.iter().any(|finding| plan.stops_at(finding.status));
        let exit = if good { Exit::Success } else { Exit::Failure };
        Ok(match plan.json {
            true => Report::json(&plan.as_json(good, &findings)).exit(exit),
            false => Report::done().exit(exit),
        })
    })
}

struct RegisterPlan {
    /// The VO as typed.
    voms: String,
    servers: Vec<VomsesEntry>,
    registration: Registration,
    /// The requested groups and roles.
    groups: Vec<Fqan>,
    credential: Location,
    source: PassphraseSource,
    anchors: Option<TrustAnchors>,
    /// Whether to ask the server.
    check: bool,
    json: bool,
    time_zone: Option<String>,
}

impl RegisterPlan {
    fn new(args: RegisterArgs, env: &Environment) -> Result<Self, Diagnostic> {
        let spec: VomsSpec = args
            .voms
            .parse()
            .map_err(|error: FqanError| Diagnostic::from(error))?;
        let vomses = vos::load(&args.vomses, env)?;
        let servers = vos::servers(&spec.name, &vomses, args.vomses.is_empty())?;
        let registration = Registration::of(&servers[0]);
        let named: Vec<Option<Fqan>> = spec
            .fqans
            .iter()
            .map(|fqan| fqan.in_vo(&servers[0].vo))
            .collect::<Result<_, _>>()
            .map_err(Diagnostic::from)?;
        let mut groups: Vec<Fqan> = named.into_iter().flatten().collect();
        // `all` does not name any group.
        if groups.is_empty() || !args.voms.contains(':') {
            groups.clone_from(&registration.groups);
        }
        Ok(Self {
            credential: places::location(args.cert.as_deref(), args.key.as_deref(), env)?,
            source: PassphraseSource::new(args.pwstdin),
            anchors: places::anchors(args.certdir.as_deref(), env)?,
            check: args.check,
            json: args.json,
            time_zone: env.time_zone.clone(),
            voms: args.voms,
            servers,
            registration,
            groups,
        })
    }
}

impl RegisterPlan {
    /// Whether a finding means that the answer is no. A group that could not be checked may not be
    /// granted.
    fn stops_at(&self, status: Status) -> bool {
        match self.check {
            true => status != Status::Ok,
            false => status == Status::Failed,
        }
    }

    /// Prints a line for people.
    fn line(&self, text: &str) {
        if !self.json {
            output::line(text);
        }
    }

    fn print(&self, findings: &[Finding]) {
        if !self.json {
            findings.iter().for_each(Finding::print);
        }
    }

    fn as_json(&self, good: bool, findings: &[Finding]) -> Value {
        json!({
            "version": 1,
            "vo": self.servers[0].vo,
            "groups": self.groups.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "page": self.registration.page,
            "iam": self.registration.iam,
            "page_known": self.registration.is_known,
            "checked": self.check,
            "ok": good,
            "findings": findings.iter().map(Finding::as_json).collect::<Value>(),
        })
    }
}

/// Whether the certificate can be registered, and if so, how.
fn judge(plan: &RegisterPlan, now: DateTime<Utc>) -> Result<Vec<Finding>, CommandError> {
    let (certificate, issuers) = public_part(&plan.credential, &plan.source)?;
    let dates = Dates::new(now, plan.time_zone.as_deref());
    let mut findings = fitness::own(&certificate, dates);
    match &plan.anchors {
        Some(anchors) => findings.extend(fitness::vouched(&certificate, &issuers, anchors, dates)),
        None => findings.push(fitness::no_anchors()),
    }
    plan.line("Your certificate:");
    plan.print(&findings);
    if findings.iter().any(Finding::is_failure) {
        plan.line("\nThis certificate cannot be registered yet; fix the problems above first.");
    } else {
        steps::explain(plan);
    }
    Ok(findings)
}

/// Only the certificate. The key needs no passphrase, unless both are in one encrypted file.
fn public_part(
    location: &Location,
    source: &PassphraseSource,
) -> Result<(Certificate, Vec<Certificate>), CommandError> {
    let path = location.certificate();
    let file =
        voms::files::read_limited(path, voms::files::CONFIGURATION_LIMIT).map_err(|error| {
            let reason = voms::files::reason(&error);
            CredentialError::Unreadable {
                role: load::FileRole::Certificate,
                path: path.to_owned(),
                reason,
            }
        })?;
    let chain = match Chain::parse_in_any_order(&file) {
        Ok(chain) => chain,
        Err(_) => source.load(location)?.chain().clone(),
    };
    let user = chain.proxies().len();
    let Some((certificate, issuers)) = chain.certificates()[user..].split_first() else {
        return Err(Diagnostic::new(
            codes::CERTIFICATE_MISSING,
            format!(
                "{} holds a proxy without the certificate it comes from",
                path.display()
            ),
        )
        .help("name your certificate with --cert")
        .into());
    };
    Ok((certificate.clone(), issuers.to_vec()))
}

/// Whether the VO's server grants the groups.
fn check(plan: &RegisterPlan, now: DateTime<Utc>) -> Result<Vec<Finding>, CommandError> {
    let credential = plan.source.load(&plan.credential)?;
    let trust = places::server_trust(plan.anchors.as_ref());
    let client = VomsClient::new(&credential, trust).map_err(Diagnostic::from)?;
    let options = RequestOptions::new(now)
        .per_server(Duration::from_secs(10))
        .total(Duration::from_secs(60));
    let who = User {
        chain: credential.chain(),
        anchors: plan.anchors.as_ref(),
        now,
        zone: plan.time_zone.as_deref(),
    };
    let Survey {
        reply,
        granted,
        unknown,
        ..
    } = match client.survey(
        &plan.servers[0].vo,
        &plan.groups,
        &plan.servers,
        &options,
        &mut |_| {},
    ) {
        Ok(survey) => survey,
        Err(error) => return not_in(plan, &error, who).map(|finding| vec![finding]),
    };
    let findings = membership(
        &granted,
        &unknown,
        &plan.groups,
        plan.registration.page_of(reply.software),
    );
    plan.print(&findings);
    if findings.iter().all(|finding| finding.status == Status::Ok) {
        plan.line(&format!("\nNext: voms-proxy-init --voms {}", plan.voms));
    }
    Ok(findings)
}

/// A refusal that concerns the membership itself answers the question; anything else is an error.
fn not_in(
    plan: &RegisterPlan,
    error: &ClientError,
    user: User<'_>,
) -> Result<Finding, CommandError> {
    let vo = &error.vo;
    let Some((entry, failure @ Failure::Server(refusal))) = error.foremost() else {
        return Err(failure::client(error, user).into());
    };
    let state = match &refusal.kind {
        ServerErrorKind::UnknownUser { .. } => format!("not a member of {vo} yet"),
        ServerErrorKind::NoGroup => format!("not in a group of {vo} that is granted by default"),
        ServerErrorKind::UsagePolicy => {
            format!("a member of {vo}, but the usage policy (AUP) has to be signed")
        }
        ServerErrorKind::Suspended { .. } => format!("a member of {vo}, but suspended"),
        _ => return Err(failure::client(error, user).into()),
    };
    plan.line(&format!("{}: {state}", user.chain.identity()));
    plan.line(&format!("the server says: {}", refusal.message));
    let page = Registration::of(entry).page_of(refusal.software).to_owned();
    let help = match &refusal.kind {
        ServerErrorKind::UnknownUser { .. } if refusal.software != Software::Iam => Some(format!(
            "register at {page}, or, if you have already applied, wait for the VO's e-mail"
        )),
        ServerErrorKind::UnknownUser { .. } => Some(format!(
            "register at {page}, or, if you have already applied, wait for the VO's e-mail. If you are a member, link this certificate to your \
             account there: for IAM, the same name under another CA is another certificate"
        )),
        _ => advice::refusal(refusal, entry),
    };
    help.iter()
        .for_each(|help| plan.line(&format!("help: {help}")));
    let fact = format!("{}: {state}", user.chain.identity());
    Ok(Finding::of_error("membership", failure)
        .with_fact(fact)
        .with_fix(help))
}

/// Which of the requested groups and roles are granted.
pub fn membership(granted: &[Fqan], unknown: &[Fqan], wanted: &[Fqan], page: &str) -> Vec<Finding> {
    let judge = |fqan: &Fqan| match granted.contains(fqan) {
        true => Finding::ok("membership", format!("{fqan} is granted")),
        false if unknown.contains(fqan) => {
            let fix = "request it by itself, or try again later";
            let text = format!("{fqan} could not be checked");
            Finding::warning("membership", codes::NOT_CHECKED, text, fix)
        }
        false => {
            let fix = format!(
                "apply for it at {page}, or, if you have already applied, wait for the VO's e-mail"
            );
            let text = format!("{fqan} is not granted");
            Finding::failed("membership", codes::NOT_HELD, text, &fix)
        }
    };
    wanted.iter().map(judge).collect()
}
