//! `ecp-cert-info`: what a credential file holds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use voms::chain::Chain;
use voms::files;
use voms::pki::certificate::Certificate;
use voms::pki::pem;
use voms::proxy::kind::{Policy, ProxyType};

use crate::cli::args::Arguments;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::outcome::{CommandError, Report};
use crate::cli::output::{self, Trouble};

/// Shows the credential that ecp-get-cert has written.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "ecp-cert-info [options]",
    after_help = "\
EXIT CODES
  0  shown, or valid as asked for by --exists and --valid
  1  there is none, or it is not valid
  2  the command line is wrong

EXAMPLES
  ecp-cert-info
  ecp-cert-info -exists -valid 12:00
  ecp-cert-info -path"
)]
pub struct InfoArgs {
    /// The credential (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, short = 'f', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Ask for validity for that long yet
    #[arg(long, short = 'v', value_name = "H:M")]
    valid: Option<String>,
    /// Show the whole certificate as well
    #[arg(long)]
    verbose: bool,
    /// Show nothing; the exit code tells whether it is valid
    #[arg(long, short = 'e')]
    exists: bool,
    /// Whom it certifies
    #[arg(long, short = 's')]
    subject: bool,
    /// Who issued it
    #[arg(long, short = 'i')]
    issuer: bool,
    /// What it is
    #[arg(long = "type")]
    kind: bool,
    /// How many seconds it lasts yet
    #[arg(long, short = 't')]
    timeleft: bool,
    /// Where it is
    #[arg(long)]
    path: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for InfoArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;
}

/// Runs the command, with its words as the parser got them.
pub(super) fn run(
    args: &InfoArgs,
    words: &[OsString],
    env: &Environment,
    now: DateTime<Utc>,
) -> Result<Report, CommandError> {
    let path = args.file.clone().unwrap_or_else(|| env.proxy());
    let answer = |yes| Report::done().exit(if yes { Exit::Success } else { Exit::Failure });
    let wanted = args.valid.as_deref().map(seconds).transpose()?.unwrap_or(0);
    let chain = match load(&path) {
        Err(_) if args.exists => return Ok(answer(false)),
        loaded => loaded?,
    };
    let leaf = chain.leaf();
    let left = (chain.not_after() - now).num_seconds();
    if args.exists {
        return Ok(answer(left > 0 && left >= wanted));
    }
    let shown: Vec<String> = asked_for(words).into_iter().map(|what| value(what, leaf, &path, left)).collect();
    if shown.is_empty() {
        block(leaf, &path, now, args.verbose);
    } else {
        shown.iter().for_each(|line| output::line(&line.replace('\n', "\\n")));
    }
    if args.valid.is_some() && (left <= 0 || left < wanted) {
        let text = format!("{} is not valid for that long", path.display());
        return Err(Trouble::new(text).help("run: ecp-get-cert").into());
    }
    Ok(Report::done())
}

/// What is to be shown, in the order in which it was asked for.
fn asked_for(words: &[OsString]) -> Vec<&'static str> {
    let one = |word: &OsString| match word.to_str()? {
        "-s" | "--subject" => Some("subject"),
        "-i" | "--issuer" => Some("issuer"),
        "--type" => Some("type"),
        "-t" | "--timeleft" => Some("timeleft"),
        "--path" => Some("path"),
        _ => None,
    };
    words.iter().filter_map(one).collect()
}

fn value(what: &str, leaf: &Certificate, path: &Path, left: i64) -> String {
    match what {
        "subject" => leaf.subject().to_string(),
        "issuer" => leaf.issuer().to_string(),
        "type" => kind(leaf).to_owned(),
        "timeleft" => left.max(0).to_string(),
        _ => path.display().to_string(),
    }
}

/// Reads a credential file.
pub fn load(path: &Path) -> Result<Chain, Trouble> {
    let none = |why: String| {
        Trouble::new(format!("no credential in {}: {why}", path.display()))
            .help("name its file with --file, or run: ecp-get-cert")
    };
    let contents =
        files::read_limited(path, files::CONFIGURATION_LIMIT).map_err(|error| none(files::reason(&error)))?;
    Chain::parse_without_openssl(&contents).map_err(|error| none(error.to_string()))
}

/// What ecp-get-cert shows as well.
pub fn block(leaf: &Certificate, path: &Path, now: DateTime<Utc>, with_text: bool) {
    let left = (leaf.not_after() - now).num_seconds();
    let field = |label: &str, value: &dyn std::fmt::Display| {
        output::line(&format!("{label:<9}: {}", value.to_string().replace('\n', "\\n")));
    };
    field("subject", leaf.subject());
    field("issuer", leaf.issuer());
    field("type", &kind(leaf));
    let bits = leaf.public_key().map_or(0, |key| key.bits());
    field("strength", &format!("{bits} bits"));
    field("path", &path.display());
    field("timeleft", &time_left(left));
    if with_text {
        let text = leaf.x509().and_then(|x509| x509.to_text()).unwrap_or_default();
        field("text", &"");
        output::line(String::from_utf8_lossy(&text).trim_end());
        output::line(pem::encode("CERTIFICATE", leaf.der()).trim_end());
    }
}

fn kind(leaf: &Certificate) -> &'static str {
    match leaf.proxy_type() {
        None => "end entity credential",
        Some(ProxyType::Rfc(Policy::InheritAll)) => "RFC 3820 compliant impersonation proxy",
        Some(ProxyType::Rfc(Policy::Limited)) => "RFC 3820 compliant limited proxy",
        Some(ProxyType::Rfc(_)) => "RFC 3820 compliant restricted proxy",
        Some(ProxyType::Legacy { limited: false }) => "full legacy globus proxy",
        Some(ProxyType::Legacy { limited: true }) => "limited legacy globus proxy",
        Some(_) => "unidentified proxy",
    }
}

fn time_left(left: i64) -> String {
    if left <= 0 {
        return "0:00:00 [EXPIRED]".to_owned();
    }
    let time = output::hms(left % 86_400);
    match left / 86_400 {
        0 => time,
        1 => format!("1 day, {time}"),
        days => format!("{days} days, {time}"),
    }
}

fn seconds(text: &str) -> Result<i64, CommandError> {
    let parsed = text.split_once(':').and_then(|(hours, minutes)| {
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        Some(i64::from(hours) * 3600 + i64::from(minutes) * 60)
    });
    parsed.ok_or_else(|| {
        CommandError::Usage(Trouble::new(format!("{text:?} is no time")).help("write hours and minutes, as in 12:00"))
    })
}
