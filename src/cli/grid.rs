//! The names of the Globus tools: `grid-proxy-init`, `grid-proxy-info`, `grid-proxy-destroy` and `grid-cert-info`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use voms::chain::Chain;
use voms::crypto::openssl_types;
use voms::files;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;

use super::args::Arguments;
use super::codes;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::{self, Diagnostic};
use super::removal::{self, Doomed, Expected, Refusal};
use super::{info, places};
use crate::time::utc;

/// Short options of `grid-proxy-info` that `voms-proxy-info` lacks or uses differently.
const INFO_SHORT: [(&str, &str); 5] = [
    ("-f", "--file"),
    ("-s", "--subject"),
    ("-i", "--issuer"),
    ("-v", "--valid"),
    ("-h", "--hours"),
];

/// Runs `grid-proxy-info`.
pub fn proxy_info(invocation: &Invocation) -> Exit {
    let long = |word: &OsString| {
        INFO_SHORT
            .iter()
            .find(|(short, _)| word == short)
            .map(|(_, long)| (*long).into())
    };
    let words = invocation
        .words
        .iter()
        .map(|word| long(word).unwrap_or_else(|| word.clone()))
        .collect();
    info::main(&invocation.with_words(words))
}

/// Removes proxies after overwriting them. Missing files are ignored, other files left alone.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "grid-proxy-destroy [options] [FILE...]",
    after_help = "\
EXIT CODES
  0  the proxies are gone, or would be with --dryrun
  1  one of them is not a proxy, or cannot be removed

EXAMPLES
  grid-proxy-destroy
  grid-proxy-destroy --dryrun --all"
)]
pub struct DestroyArgs {
    /// Proxies to remove (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    files: Vec<PathBuf>,
    /// Only say what would be removed
    #[arg(long, alias = "dry")]
    dryrun: bool,
    /// The proxy in the default place as well as the files named
    #[arg(long)]
    default: bool,
    /// The same, and all your delegated proxies in /tmp
    #[arg(long)]
    all: bool,
    /// Remove files even if they are not proxies
    #[arg(long)]
    force: bool,
    /// Log to stderr what is removed
    #[arg(long)]
    debug: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DestroyArgs {
    const ABBREVIATED: &'static [&'static str] = &[
        "all", "debug", "default", "dry", "dryrun", "help", "usage", "version",
    ];
}

/// Runs `grid-proxy-destroy`.
pub fn proxy_destroy(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        let plan = DestroyPlan::new(args, &invocation.env);
        Ok(Report::done().exit(destroy(&plan, (invocation.now)())))
    })
}

struct DestroyPlan {
    files: Vec<PathBuf>,
    uid: u32,
    expected: Expected,
    dry: bool,
    /// Whether to print each file name.
    verbose: bool,
}

impl DestroyPlan {
    fn new(args: DestroyArgs, env: &Environment) -> Self {
        let mut files = args.files;
        if files.is_empty() || args.default || args.all {
            files.push(env.proxy());
        }
        if args.all {
            files.extend(delegated(Path::new("/tmp"), env.uid));
        }
        Self {
            files,
            uid: env.uid,
            expected: Expected::Proxy.unless_forced(args.force),
            dry: args.dryrun,
            verbose: args.dryrun || args.debug,
        }
    }
}

/// Removes all it can, and reports each failure.
fn destroy(plan: &DestroyPlan, now: DateTime<Utc>) -> Exit {
    let mut exit = Exit::Success;
    for file in &plan.files {
        if !plan.dry {
            removal::clear_leftovers(file, plan.uid, now);
        }
        if file.symlink_metadata().is_err() {
            continue;
        }
        if plan.verbose {
            let verb = if plan.dry { "Would remove" } else { "Removing" };
            output::stderr(&format!("{verb} {}", file.display()));
        }
        let outcome = match plan.dry {
            true => Doomed::open(file, plan.uid, plan.expected).map(drop),
            false => removal::destroy(file, plan.uid, plan.expected)
                .map(|removed| removal::report(file, removed)),
        };
        if let Err(refusal) = outcome {
            cannot_remove(file, &refusal).print();
            exit = Exit::Failure;
        }
    }
    exit
}

fn cannot_remove(file: &Path, refusal: &Refusal) -> Diagnostic {
    let file = file.display();
    match refusal {
        Refusal::SomethingElse(_) => Diagnostic::new(
            codes::NOT_A_PROXY,
            format!("{file} {refusal}; it was not removed"),
        )
        .help("to remove it anyway, add --force"),
        Refusal::System(_) => Diagnostic::new(
            codes::NOT_REMOVED,
            format!("cannot remove {file}: {refusal}"),
        )
        .help("check who owns it"),
    }
}

/// The user's proxies that services received by delegation and left behind.
fn delegated(directory: &Path, uid: u32) -> Vec<PathBuf> {
    let own = |path: &PathBuf| Doomed::open(path, uid, Expected::Anything).is_ok();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("x509up_p"));
    named.map(|entry| entry.path()).filter(own).collect()
}

/// Shows a certificate. Without options, all of it as OpenSSL prints it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "grid-cert-info [options]",
    after_help = "\
EXIT CODES
  0  printed
  1  there is no certificate

EXAMPLES
  grid-cert-info --subject
  grid-cert-info --file usercert.pem --enddate"
)]
pub struct CertArgs {
    /// The certificate (default X509_USER_CERT or ~/.globus/usercert.pem)
    #[arg(long, short = 'f', value_name = "FILE")]
    file: Option<PathBuf>,
    /// All of it
    #[arg(long)]
    all: bool,
    /// Subject of the certificate
    #[arg(long, short = 's')]
    subject: bool,
    /// Its issuer
    #[arg(long, short = 'i')]
    issuer: bool,
    /// Hash of the issuer's name, by which its files are found
    #[arg(long, alias = "ih")]
    issuerhash: bool,
    /// Start of its validity
    #[arg(long, alias = "sd")]
    startdate: bool,
    /// End of its validity
    #[arg(long, alias = "ed")]
    enddate: bool,
    /// Print names in the form of RFC 2253
    #[arg(long)]
    rfc2253: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for CertArgs {}

/// Runs `grid-cert-info`.
pub fn cert_info(invocation: &Invocation) -> Exit {
    run_command(invocation, |args| {
        let plan = CertPlan::new(args, &invocation.env)?;
        let certificate = load(&plan.path)?;
        Ok(Report::lines(plan.show(&certificate)?))
    })
}

struct CertPlan {
    path: PathBuf,
    /// Whether to show the whole certificate.
    all: bool,
    values: Vec<Value>,
    rfc2253: bool,
}

#[derive(Clone, Copy)]
enum Value {
    Subject,
    Issuer,
    IssuerHash,
    Start,
    End,
}

impl CertPlan {
    fn new(args: CertArgs, env: &Environment) -> Result<Self, Diagnostic> {
        let usual = || Some(env.globus()?.join("usercert.pem"));
        let path = args
            .file
            .or(env.user_cert.clone())
            .or_else(usual)
            .unwrap_or_else(|| "usercert.pem".into());
        places::finish_import(&path)?;
        let wanted = [
            (args.subject, Value::Subject),
            (args.issuer, Value::Issuer),
            (args.issuerhash, Value::IssuerHash),
            (args.startdate, Value::Start),
            (args.enddate, Value::End),
        ];
        let values: Vec<Value> = wanted
            .into_iter()
            .filter(|(wanted, _)| *wanted)
            .map(|(_, value)| value)
            .collect();
        Ok(Self {
            path,
            all: args.all || values.is_empty(),
            values,
            rfc2253: args.rfc2253,
        })
    }

    fn show(&self, certificate: &Certificate) -> Result<Vec<String>, Diagnostic> {
        certificate.check_supported().map_err(Diagnostic::from)?;
        let x509 = openssl_types::x509(certificate).map_err(Diagnostic::unexpected)?;
        let mut lines = Vec::new();
        if self.all {
            let text = x509.to_text().map_err(Diagnostic::unexpected)?;
            lines.push(String::from_utf8_lossy(&text).trim_end().to_owned());
        }
        let name = |dn: &Dn| {
            if self.rfc2253 {
                dn.rfc2253()
            } else {
                dn.to_string()
            }
        };
        lines.extend(self.values.iter().map(|value| match value {
            Value::Subject => name(certificate.subject()),
            Value::Issuer => name(certificate.issuer()),
            Value::IssuerHash => format!("{:08x}", x509.issuer_name_hash()),
            Value::Start => openssl_date(utc(certificate.not_before())),
            Value::End => openssl_date(utc(certificate.not_after())),
        }));
        Ok(lines)
    }
}

fn load(path: &Path) -> Result<Certificate, Diagnostic> {
    let lost = |why: String| {
        Diagnostic::new(
            codes::CERTIFICATE_MISSING,
            format!("no certificate in {}: {why}", path.display()),
        )
        .help("name its file with --file")
    };
    let contents = files::read_limited(path, files::CONFIGURATION_LIMIT)
        .map_err(|error| lost(files::reason(&error)))?;
    let chain = Chain::parse_in_any_order(&contents).map_err(|error| lost(error.to_string()))?;
    Ok(chain.leaf().clone())
}

fn openssl_date(time: DateTime<Utc>) -> String {
    time.format("%b %e %H:%M:%S %Y GMT").to_string()
}
