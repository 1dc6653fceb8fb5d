//! `ecp-cert-info`: shows the contents of a credential file.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use voms::chain::Chain;
use voms::files;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::pem;
use voms::pki::proxy_kind::{ProxyPolicy, ProxyType};
use zeroize::Zeroizing;

use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::info;
use crate::cli::outcome::{CommandError, Format, Report};
use crate::cli::output::{self, Diagnostic};
use crate::time::utc;

/// Shows the credential that ecp-get-cert has written.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
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
    /// Fail unless it is valid for at least this long
    #[arg(long, short = 'v', value_name = "H:M")]
    valid: Option<String>,
    /// Show the whole certificate as well
    #[arg(long)]
    verbose: bool,
    /// Print nothing; the exit code says whether it is valid
    #[arg(long, short = 'e')]
    exists: bool,
    /// The subject
    #[arg(long, short = 's')]
    subject: bool,
    /// The issuer
    #[arg(long, short = 'i')]
    issuer: bool,
    /// Its type
    #[arg(long = "type")]
    kind: bool,
    /// Seconds until it expires
    #[arg(long, short = 't')]
    timeleft: bool,
    /// Its path
    #[arg(long)]
    path: bool,
    /// Print the result as JSON (schema/certificate.json)
    #[arg(long)]
    json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for InfoArgs {
    const WRONG_USAGE: Exit = super::WRONG_USAGE;

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// What to show of which file.
pub struct InfoPlan {
    path: PathBuf,
    /// Only check whether it is valid.
    exists: bool,
    /// The minimum remaining validity in seconds.
    valid: Option<i64>,
    /// In the order requested; if none are, all in one block.
    values: Vec<Value>,
    verbose: bool,
    json: bool,
}

#[derive(Clone, Copy)]
enum Value {
    Subject,
    Issuer,
    Kind,
    TimeLeft,
    Path,
}

impl InfoPlan {
    /// Combines options and environment; `words` are those that the parser saw.
    pub fn new(
        args: InfoArgs,
        words: &[OsString],
        env: &Environment,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            path: args.file.unwrap_or_else(|| env.proxy()),
            exists: args.exists,
            valid: args.valid.as_deref().map(seconds).transpose()?,
            values: words.iter().filter_map(Value::of_option).collect(),
            verbose: args.verbose,
            json: args.json,
        })
    }
}

impl Value {
    fn of_option(word: &OsString) -> Option<Self> {
        match word.to_str()? {
            "-s" | "--subject" => Some(Self::Subject),
            "-i" | "--issuer" => Some(Self::Issuer),
            "--type" => Some(Self::Kind),
            "-t" | "--timeleft" => Some(Self::TimeLeft),
            "--path" => Some(Self::Path),
            _ => None,
        }
    }

    fn of(self, leaf: &Certificate, path: &Path, left: i64) -> String {
        match self {
            Self::Subject => leaf.subject().to_string(),
            Self::Issuer => leaf.issuer().to_string(),
            Self::Kind => kind(leaf).to_owned(),
            Self::TimeLeft => left.max(0).to_string(),
            Self::Path => path.display().to_string(),
        }
    }
}

/// Runs the plan.
pub fn run(plan: &InfoPlan, now: DateTime<Utc>) -> Result<Report, CommandError> {
    let InfoPlan { path, .. } = plan;
    // Anyone could have put a file in the default place; it can be shown, but not relied on.
    let read = match plan.exists {
        true => files::read_own,
        false => files::read_with_metadata,
    };
    let answer = |yes| Report::done().exit(if yes { Exit::Success } else { Exit::Failure });
    let chain = match load_with(read, path) {
        Err(_) if plan.exists && !plan.json => return Ok(answer(false)),
        loaded => loaded?,
    };
    let leaf = chain.leaf();
    let left = (utc(chain.not_after()) - now).num_seconds();
    let lasts = |seconds: i64| left > 0 && left >= seconds;
    if plan.json {
        let lasts = lasts(plan.valid.unwrap_or(0)) || !plan.exists && plan.valid.is_none();
        let exit = if lasts { Exit::Success } else { Exit::Failure };
        return Ok(Report::json(&info::describe_certificate(path, leaf, now)).exit(exit));
    }
    if plan.exists {
        return Ok(answer(lasts(plan.valid.unwrap_or(0))));
    }
    let lines = match plan.values.is_empty() {
        true => block(leaf, path, now, plan.verbose),
        false => plan
            .values
            .iter()
            .map(|value| value.of(leaf, path, left).replace('\n', "\\n"))
            .collect(),
    };
    if plan.valid.is_none_or(lasts) {
        return Ok(Report::lines(lines));
    }
    lines.iter().for_each(|line| output::line(line));
    let text = format!("{} is not valid for that long", path.display());
    Err(Diagnostic::new(codes::EXPIRES_SOON, text)
        .help("run: ecp-get-cert")
        .into())
}

/// Reads a credential file.
pub fn load(path: &Path) -> Result<Chain, Diagnostic> {
    load_with(files::read_with_metadata, path)
}

type Read = fn(&Path, u64) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)>;

fn load_with(read: Read, path: &Path) -> Result<Chain, Diagnostic> {
    let none = |why: String| {
        Diagnostic::new(
            codes::NO_CREDENTIAL,
            format!("no credential in {}: {why}", path.display()),
        )
        .help("name its file with --file, or run: ecp-get-cert")
    };
    let (_, contents) =
        read(path, files::CONFIGURATION_LIMIT).map_err(|error| none(files::reason(&error)))?;
    Chain::parse_in_any_order(&contents).map_err(|error| none(error.to_string()))
}

/// The block that ecp-get-cert prints as well.
pub fn block(leaf: &Certificate, path: &Path, now: DateTime<Utc>, with_text: bool) -> Vec<String> {
    let left = (utc(leaf.not_after()) - now).num_seconds();
    let field = |label: &str, value: &dyn std::fmt::Display| {
        format!("{label:<9}: {}", value.to_string().replace('\n', "\\n"))
    };
    let bits = leaf.public_key().map_or(0, |key| key.bits());
    let mut lines = vec![
        field("subject", leaf.subject()),
        field("issuer", leaf.issuer()),
        field("type", &kind(leaf)),
        field("strength", &format!("{bits} bits")),
        field("path", &path.display()),
        field("timeleft", &time_left(left)),
    ];
    if with_text {
        let text = openssl_types::x509(leaf)
            .and_then(|x509| x509.to_text())
            .unwrap_or_default();
        lines.push(field("text", &""));
        lines.push(String::from_utf8_lossy(&text).trim_end().to_owned());
        lines.push(pem::encode("CERTIFICATE", leaf.der()).trim_end().to_owned());
    }
    lines
}

fn kind(leaf: &Certificate) -> &'static str {
    match leaf.proxy_type() {
        None => "end entity credential",
        Some(ProxyType::Rfc(ProxyPolicy::InheritAll)) => "RFC 3820 compliant impersonation proxy",
        Some(ProxyType::Rfc(ProxyPolicy::Limited)) => "RFC 3820 compliant limited proxy",
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
        CommandError::Usage(
            Diagnostic::usage(format!("invalid time: {text:?}"))
                .help("write hours and minutes, as in 12:00"),
        )
    })
}
