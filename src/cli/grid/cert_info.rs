//! `grid-cert-info`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgAction, Parser};
use voms::chain::Chain;
use voms::files;
use voms::openssl_types;
use voms::pki::certificate::Certificate;
use voms::pki::dn::Dn;

use super::Item;
use crate::cli::args::Arguments;
use crate::cli::codes;
use crate::cli::env::Environment;
use crate::cli::exit::Exit;
use crate::cli::info;
use crate::cli::invocation::Invocation;
use crate::cli::outcome::{Format, Report, run_command};
use crate::cli::output::Diagnostic;
use crate::cli::places;
use crate::time::utc;

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

impl Arguments for CertArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// Runs `grid-cert-info`.
pub fn cert_info(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: CertArgs| {
        let json = args.json;
        let values = super::asked::<CertArgs, _>(&invocation.words, &VALUES);
        let plan = CertPlan::new(args, values, &invocation.env)?;
        let certificate = load(&plan.path)?;
        if json {
            let now = (invocation.now)();
            let described = info::describe_certificate(&plan.path, &certificate, now);
            return Ok(Report::json(&described));
        }
        Ok(Report::lines(plan.show(&certificate)?))
    })
}

struct CertPlan {
    path: PathBuf,
    /// In the order in which they are asked for.
    values: Vec<Value>,
    rfc2253: bool,
}

#[derive(Clone, Copy)]
enum Value {
    All,
    Subject,
    Issuer,
    IssuerHash,
    Start,
    End,
}

const VALUES: [Item<Value>; 6] = [
    (&["--all"], Value::All),
    (&["--subject", "-s"], Value::Subject),
    (&["--issuer", "-i"], Value::Issuer),
    (&["--issuerhash", "--ih"], Value::IssuerHash),
    (&["--startdate", "--sd"], Value::Start),
    (&["--enddate", "--ed"], Value::End),
];

impl CertPlan {
    fn new(args: CertArgs, mut values: Vec<Value>, env: &Environment) -> Result<Self, Diagnostic> {
        let usual = || Some(env.globus()?.join("usercert.pem"));
        let path = args
            .file
            .or(env.user_cert.clone())
            .or_else(usual)
            .unwrap_or_else(|| "usercert.pem".into());
        places::finish_import(&path)?;
        if values.is_empty() {
            values.push(Value::All);
        }
        Ok(Self {
            path,
            values,
            rfc2253: args.rfc2253,
        })
    }

    fn show(&self, certificate: &Certificate) -> Result<Vec<String>, Diagnostic> {
        certificate.check_supported().map_err(Diagnostic::from)?;
        let x509 = openssl_types::x509(certificate).map_err(Diagnostic::unexpected)?;
        let show = |value: &Value| {
            Ok(match value {
                Value::All => {
                    let text = x509.to_text().map_err(Diagnostic::unexpected)?;
                    self.whole(certificate, &String::from_utf8_lossy(&text))
                }
                Value::Subject => self.name(certificate.subject()),
                Value::Issuer => self.name(certificate.issuer()),
                Value::IssuerHash => format!("{:08x}", x509.issuer_name_hash()),
                Value::Start => openssl_date(utc(certificate.not_before())),
                Value::End => openssl_date(utc(certificate.not_after())),
            })
        };
        self.values.iter().map(show).collect()
    }

    /// OpenSSL's text, in which only the names may have another form.
    fn whole(&self, certificate: &Certificate, text: &str) -> String {
        let text = text.trim_end();
        if !self.rfc2253 {
            return text.to_owned();
        }
        let names = [
            ("        Issuer: ", certificate.issuer()),
            ("        Subject: ", certificate.subject()),
        ];
        let line = |line: &str| {
            let name = names.iter().find(|(label, _)| line.starts_with(label));
            name.map_or_else(
                || line.to_owned(),
                |(label, dn)| format!("{label}{}", dn.rfc2253()),
            )
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The user, whose legacy proxies Globus leaves out of the name.
    fn name(&self, dn: &Dn) -> String {
        let name = super::name(dn, self.rfc2253);
        name.replace("/CN=proxy", "")
            .replace("/CN=limited proxy", "")
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
