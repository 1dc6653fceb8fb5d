//! The names of the Globus tools: `grid-proxy-init`, `grid-proxy-info`, `grid-proxy-destroy` and `grid-cert-info`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use voms::files;
use voms::pki::certificate::Certificate;

use super::args::Arguments;
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::{self, Trouble};
use super::{file, info, places};

/// Short options of `grid-proxy-info` that mean something else to `voms-proxy-info`, or nothing.
const INFO_SHORT: [(&str, &str); 5] =
    [("-f", "--file"), ("-s", "--subject"), ("-i", "--issuer"), ("-v", "--valid"), ("-h", "--hours")];

/// Runs `grid-proxy-info`.
pub fn proxy_info(invocation: &Invocation) -> Exit {
    let long = |word: &OsString| INFO_SHORT.iter().find(|(short, _)| word == short).map(|(_, long)| (*long).into());
    let words = invocation.words.iter().map(|word| long(word).unwrap_or_else(|| word.clone())).collect();
    info::main(&invocation.with_words(words))
}

/// Removes proxies, after overwriting them; what is not there is no failure.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "grid-proxy-destroy [options] [FILE...]",
    after_help = "\
EXIT CODES
  0  the proxies are gone, or would be with --dryrun
  1  one of them cannot be removed

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
    /// That and all proxies of yours in /tmp that were delegated
    #[arg(long)]
    all: bool,
    /// Tell on stderr what is removed
    #[arg(long)]
    debug: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for DestroyArgs {}

/// Runs `grid-proxy-destroy`.
pub fn proxy_destroy(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: DestroyArgs| Ok(Report::done().exit(remove(&args, &invocation.env))))
}

fn remove(args: &DestroyArgs, env: &Environment) -> Exit {
    let mut files = args.files.clone();
    if files.is_empty() || args.default || args.all {
        files.push(env.proxy());
    }
    if args.all {
        files.extend(delegated(Path::new("/tmp"), env.uid));
    }
    let mut exit = Exit::Success;
    for file in files.iter().filter(|file| file.symlink_metadata().is_ok()) {
        if args.dryrun || args.debug {
            let verb = if args.dryrun { "Would remove" } else { "Removing" };
            output::stderr(&format!("{verb} {}", file.display()));
        }
        let outcome = match args.dryrun {
            true => file::open_for_destruction(file, env.uid).map(drop),
            false => file::destroy(file, env.uid),
        };
        if let Err(error) = outcome {
            Trouble::new(format!("cannot remove {}: {}", file.display(), files::reason(&error)))
                .help("check who owns it")
                .print();
            exit = Exit::Failure;
        }
    }
    exit
}

/// Proxies that services got from one and left behind.
fn delegated(directory: &Path, uid: u32) -> Vec<PathBuf> {
    let own = |path: &PathBuf| file::open_for_destruction(path, uid).is_ok();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("x509up_p"));
    named.map(|entry| entry.path()).filter(own).collect()
}

/// Shows a certificate. Without options all of it, in OpenSSL's words.
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
    /// Whom it certifies
    #[arg(long, short = 's')]
    subject: bool,
    /// Who issued it
    #[arg(long, short = 'i')]
    issuer: bool,
    /// Hash of the issuer's name, by which its files are found
    #[arg(long, alias = "ih")]
    issuerhash: bool,
    /// First second
    #[arg(long, alias = "sd")]
    startdate: bool,
    /// Last second
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
    run_command(invocation, |args: CertArgs| {
        show(&args, &invocation.env)?;
        Ok(Report::done())
    })
}

fn show(args: &CertArgs, env: &Environment) -> Result<(), Trouble> {
    let usual = || Some(env.globus()?.join("usercert.pem"));
    let path = args.file.clone().or(env.user_cert.clone()).or_else(usual).unwrap_or_else(|| "usercert.pem".into());
    places::finish_import(&path)?;
    let lost = |why: String| {
        Trouble::new(format!("no certificate in {}: {why}", path.display())).help("name its file with --file")
    };
    let contents =
        files::read_limited(&path, files::CONFIGURATION_LIMIT).map_err(|error| lost(files::reason(&error)))?;
    let all = Certificate::all_from_pem(&contents).map_err(|error| lost(error.to_string()))?;
    let certificate = all.first().ok_or_else(|| lost("there is no PEM block of one".to_owned()))?;
    let wanted = [args.subject, args.issuer, args.issuerhash, args.startdate, args.enddate];
    if args.all || !wanted.contains(&true) {
        let text = certificate.x509().and_then(|x509| x509.to_text()).map_err(Trouble::new)?;
        output::line(String::from_utf8_lossy(&text).trim_end());
    }
    let issuer_hash = certificate.x509().map_err(Trouble::new)?.issuer_name_hash();
    let name = |dn: &voms::pki::dn::Dn| if args.rfc2253 { dn.rfc2253() } else { dn.to_string() };
    let values: [(bool, &dyn Fn() -> String); 5] = [
        (args.subject, &|| name(certificate.subject())),
        (args.issuer, &|| name(certificate.issuer())),
        (args.issuerhash, &|| format!("{:08x}", issuer_hash)),
        (args.startdate, &|| openssl_date(certificate.not_before())),
        (args.enddate, &|| openssl_date(certificate.not_after())),
    ];
    values.iter().filter(|(wanted, _)| *wanted).for_each(|(_, value)| output::line(&value()));
    Ok(())
}

fn openssl_date(time: DateTime<Utc>) -> String {
    time.format("%b %e %H:%M:%S %Y GMT").to_string()
}
