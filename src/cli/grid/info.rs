//! `grid-proxy-info`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use clap::{ArgAction, Parser};
use voms::chain::Chain;
use voms::pki::dn::Dn;
use voms::pki::proxy_kind::{ProxyPolicy, ProxyType};

use super::Item;
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::info::{self, Proxy};
use crate::cli::init;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{CommandError, Format, Report, run_command};
use crate::cli::output::{self, Diagnostic};
use crate::time::utc;

const DAY: i64 = 86_400;

/// Shows a proxy. Without options: subject, issuer, identity, type, strength, path and time left.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "grid-proxy-info [options]",
    after_help = "\
Values are printed in the order in which they are asked for.

EXIT CODES
  0  the requested output was printed, or with --exists: the proxy passes
  1  there is no proxy, or it does not pass

EXAMPLES
  grid-proxy-info
  grid-proxy-info --timeleft
  grid-proxy-info --exists --valid 1:00"
)]
pub struct InfoArgs {
    /// The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, short = 'f', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Subject of the proxy
    #[arg(long, short = 's')]
    subject: bool,
    /// Issuer of the proxy
    #[arg(long, short = 'i')]
    issuer: bool,
    /// The user
    #[arg(long)]
    identity: bool,
    /// Kind of proxy
    #[arg(long)]
    r#type: bool,
    /// Seconds that the proxy has left; -1 if it has expired
    #[arg(long)]
    timeleft: bool,
    /// Size of its key in bits
    #[arg(long)]
    strength: bool,
    /// All of these, with labels
    #[arg(long)]
    all: bool,
    /// The certificate as OpenSSL prints it
    #[arg(long)]
    text: bool,
    /// Path of the file
    #[arg(long)]
    path: bool,
    /// Print names in the form of RFC 2253
    #[arg(long)]
    rfc2253: bool,
    /// Exit 0 only if there is a valid proxy
    #[arg(long, short = 'e')]
    exists: bool,
    /// With --exists: exit 0 only if the proxy is valid for this long
    #[arg(long, short = 'v', value_name = "H:M")]
    valid: Option<String>,
    /// The same in whole hours
    #[arg(long, short = 'h', value_name = "H")]
    hours: Option<String>,
    /// With --exists: exit 0 only if its key has at least this many bits
    #[arg(long, short = 'b', value_name = "N")]
    bits: Option<String>,
    /// Print everything that voms-proxy-info knows as JSON (schema/info.json)
    #[arg(long)]
    json: bool,
    /// Log to stderr which file is used
    #[arg(long)]
    debug: bool,
    /// Show this help
    #[arg(long, alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for InfoArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Something to print.
#[derive(Clone, Copy)]
enum Value {
    Subject,
    Issuer,
    Identity,
    Type,
    TimeLeft,
    Strength,
    Path,
    All,
    Text,
}

const VALUES: [Item<Value>; 9] = [
    (&["--subject", "-s"], Value::Subject),
    (&["--issuer", "-i"], Value::Issuer),
    (&["--identity"], Value::Identity),
    (&["--type"], Value::Type),
    (&["--timeleft"], Value::TimeLeft),
    (&["--strength"], Value::Strength),
    (&["--path"], Value::Path),
    (&["--all"], Value::All),
    (&["--text"], Value::Text),
];

/// Runs `grid-proxy-info`.
pub fn proxy_info(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: InfoArgs| {
        if args.json {
            let words = args.for_voms_proxy_info();
            return Ok(Report::done().exit(info::main(&invocation.with_words(words))));
        }
        let values = super::asked::<InfoArgs, _>(&invocation.words, &VALUES);
        Ok(InfoPlan::new(args, values, &invocation.env)?.run((invocation.now)())?)
    })
}

impl InfoArgs {
    fn for_voms_proxy_info(&self) -> Vec<OsString> {
        let with = |option: &'static str, value: Option<OsString>| {
            let value = value.into_iter();
            value.flat_map(move |value| [OsString::from(option), value])
        };
        let text = |value: &Option<String>| value.as_ref().map(OsString::from);
        let flags = [
            (self.json, "--json"),
            (self.exists, "--exists"),
            (self.debug, "--debug"),
        ];
        let flags = flags.into_iter().filter(|(is_set, _)| *is_set);
        flags
            .map(|(_, flag)| OsString::from(flag))
            .chain(with("--file", self.file.as_ref().map(OsString::from)))
            .chain(with("--valid", text(&self.valid)))
            .chain(with("--hours", text(&self.hours)))
            .chain(with("--bits", text(&self.bits)))
            .collect()
    }
}

struct InfoPlan {
    /// As the user wrote it, which is how Globus shows it.
    file: PathBuf,
    values: Vec<Value>,
    rfc2253: bool,
    check: Option<Check>,
    debug: bool,
}

/// What the proxy has to be for `--exists`.
struct Check {
    needed: Duration,
    bits: u32,
}

impl InfoPlan {
    fn new(
        args: InfoArgs,
        mut values: Vec<Value>,
        env: &Environment,
    ) -> Result<Self, CommandError> {
        let check = Check::new(&args)?;
        if values.is_empty() && check.is_none() {
            values.push(Value::All);
        }
        Ok(Self {
            file: args.file.unwrap_or_else(|| env.proxy()),
            values,
            rfc2253: args.rfc2253,
            check,
            debug: args.debug,
        })
    }

    fn run(&self, now: DateTime<Utc>) -> Result<Report, Diagnostic> {
        if self.debug {
            output::stderr(&format!("Looking for the proxy in {}", self.file.display()));
        }
        let proxy = Proxy::load(&self.file)?;
        refuse_as_globus_does(&self.file, &proxy)?;
        let passes = self
            .check
            .as_ref()
            .is_none_or(|check| check.passes(&proxy, now));
        let mut lines = Vec::new();
        for value in &self.values {
            match value {
                Value::All => lines.extend(self.block(&proxy, now)),
                Value::Text => lines.push(info::text(proxy.chain.leaf())?.trim_end().to_owned()),
                value => lines.push(self.value(*value, &proxy, now)),
            }
        }
        Ok(Report::lines(lines).exit(if passes { Exit::Success } else { Exit::Failure }))
    }

    fn block(&self, proxy: &Proxy, now: DateTime<Utc>) -> Vec<String> {
        let value = |value| self.value(value, proxy, now);
        [
            ("subject", value(Value::Subject)),
            ("issuer", value(Value::Issuer)),
            ("identity", value(Value::Identity)),
            ("type", value(Value::Type)),
            ("strength", format!("{} bits", proxy.bits())),
            ("path", value(Value::Path)),
            ("timeleft", with_days(seconds_left(&proxy.chain, now))),
        ]
        .map(|(label, value)| format!("{label:<8} : {value}"))
        .to_vec()
    }

    fn value(&self, value: Value, proxy: &Proxy, now: DateTime<Utc>) -> String {
        let chain = &proxy.chain;
        let leaf = chain.leaf();
        let text = match value {
            Value::Subject => self.name(leaf.subject()),
            Value::Issuer => self.name(leaf.issuer()),
            Value::Identity => self.name(identity(chain)),
            Value::Type => type_name(leaf.proxy_type()),
            Value::Strength => proxy.bits().to_string(),
            Value::TimeLeft => seconds_left(chain, now).max(-1).to_string(),
            Value::Path => self.file.display().to_string(),
            Value::All | Value::Text => String::new(),
        };
        text.replace('\n', "\\n")
    }

    fn name(&self, dn: &Dn) -> String {
        super::name(dn, self.rfc2253)
    }
}

impl Check {
    fn new(args: &InfoArgs) -> Result<Option<Self>, CommandError> {
        let others = [
            (&args.valid, "--valid"),
            (&args.hours, "--hours"),
            (&args.bits, "--bits"),
        ];
        let other = others.iter().find(|(value, _)| value.is_some());
        if let Some((_, option)) = other.filter(|_| !args.exists) {
            let headline = format!("{option} needs --exists");
            return Err(CommandError::Usage(
                Diagnostic::usage(headline).help("add --exists"),
            ));
        }
        if !args.exists {
            return Ok(None);
        }
        let valid = args.valid.as_deref();
        let valid = valid
            .map(|text| init::lifetime("--valid", text))
            .transpose()?;
        let hours = number("--hours", args.hours.as_deref())?;
        Ok(Some(Self {
            needed: valid.unwrap_or_else(|| Duration::hours(hours.into())),
            bits: number("--bits", args.bits.as_deref())?,
        }))
    }

    fn passes(&self, proxy: &Proxy, now: DateTime<Utc>) -> bool {
        let left = utc(proxy.chain.not_after()) - now;
        proxy.is_own
            && utc(proxy.chain.not_before()) <= now
            && left > Duration::zero()
            && left >= self.needed
            && proxy.bits() >= self.bits
    }
}

/// Zero, which every proxy passes, is a value too.
fn number(option: &str, text: Option<&str>) -> Result<u32, CommandError> {
    text.map_or(Ok(0), str::parse).map_err(|_| {
        let headline = format!("{option} {} is not a number", text.unwrap_or_default());
        CommandError::Usage(Diagnostic::usage(headline).help("write a whole number"))
    })
}

/// A file without a key, or whose key others can read, does not count as a proxy.
fn refuse_as_globus_does(file: &Path, proxy: &Proxy) -> Result<(), Diagnostic> {
    let name = file.display();
    let mode = proxy.mode & 0o777;
    if mode & !0o600 != 0 {
        let headline = "Couldn't find a valid proxy.";
        return Err(Diagnostic::new(codes::PROXY_PERMISSIONS, headline)
            .detail(format!("{name} has mode {mode:03o}, more than 600"))
            .help("if nobody else can have read it, run: chmod 600 FILE"));
    }
    if proxy.has_key {
        return Ok(());
    }
    let headline = format!("Couldn't read proxy from: {name}");
    Err(Diagnostic::new(codes::PROXY_UNREADABLE, headline)
        .detail("there is no private key in it")
        .help("to show a certificate, run: grid-cert-info --file FILE"))
}

/// To Globus, a proxy that does not have the rights of its issuer is another user.
fn identity(chain: &Chain) -> &Dn {
    let other = |kind: &ProxyType| {
        matches!(
            kind,
            ProxyType::Rfc(policy) | ProxyType::Draft(policy)
                if !matches!(policy, ProxyPolicy::InheritAll | ProxyPolicy::Limited)
        )
    };
    let proxies = chain.proxies().iter();
    let somebody_else = proxies
        .filter(|proxy| proxy.proxy_type().is_some_and(other))
        .map(voms::pki::certificate::Certificate::subject)
        .next();
    somebody_else.unwrap_or_else(|| chain.identity())
}

fn type_name(kind: Option<&ProxyType>) -> String {
    let of = |policy: &ProxyPolicy| match policy {
        ProxyPolicy::InheritAll => "impersonation",
        ProxyPolicy::Limited => "limited",
        ProxyPolicy::Independent => "independent",
        _ => "restricted",
    };
    match kind {
        None => "end entity credential".to_owned(),
        Some(ProxyType::Rfc(policy)) => format!("RFC 3820 compliant {} proxy", of(policy)),
        Some(ProxyType::Draft(policy)) => {
            format!("Proxy draft (pre-RFC) compliant {} proxy", of(policy))
        }
        Some(legacy) => legacy.to_string(),
    }
}

/// In whole seconds on both sides, as Globus counts them; negative once it has expired.
fn seconds_left(chain: &Chain, now: DateTime<Utc>) -> i64 {
    utc(chain.not_after()).timestamp() - now.timestamp()
}

/// Adds the days, counted from whole hours, once there is more than one.
fn with_days(seconds: i64) -> String {
    let time = output::hms(seconds);
    match u32::try_from(seconds / 3600) {
        Ok(hours) if seconds > DAY => {
            format!("{time}  ({:.1} days)", f64::from(hours) / 24.0)
        }
        _ => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_shown_when_there_is_more_than_one() {
        for (seconds, text) in [
            (-1, "0:00:00"),
            (86_400, "24:00:00"),
            (86_401, "24:00:01  (1.0 days)"),
            (108_000, "30:00:00  (1.2 days)"),
            (138_345, "38:25:45  (1.6 days)"),
            (160_455, "44:34:15  (1.8 days)"),
            (172_800, "48:00:00  (2.0 days)"),
        ] {
            assert_eq!(with_days(seconds), text);
        }
    }
}
