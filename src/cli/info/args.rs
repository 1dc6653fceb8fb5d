//! The arguments of `voms-proxy-info`.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

use crate::cli::args::Arguments;
use crate::cli::headings;
use crate::cli::outcome::Format;

/// Shows a proxy. Without options: subject, issuer, identity, type, strength, path, time left and
/// key usage.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy-info [options]",
    after_help = "\
EXIT CODES
  0  the requested output was printed, or every check passed
  1  there is no proxy, a check failed, or the requested attributes are missing

EXAMPLES
  voms-proxy-info --all
  voms-proxy-info --timeleft
  voms-proxy-info -i validityEnd,identity,vomsVO proxy.pem
  voms-proxy-info --exists --valid 1:00"
)]
pub struct InfoArgs {
    /// The proxy, - for standard input (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(value_name = "FILE")]
    pub proxy: Option<PathBuf>,
    /// The same
    #[arg(long, value_name = "FILE", conflicts_with = "proxy")]
    pub file: Option<PathBuf>,
    /// Everything, with the attributes of every VO
    #[arg(long)]
    pub all: bool,
    /// The same, and the certificate as OpenSSL prints it
    #[arg(long)]
    pub text: bool,
    /// One block for each certificate of the chain, then the proxy
    #[arg(long)]
    pub chain: bool,
    /// Subject of the proxy
    #[arg(long, help_heading = headings::VALUES)]
    pub subject: bool,
    /// Issuer of the proxy
    #[arg(long, help_heading = headings::VALUES)]
    pub issuer: bool,
    /// The user
    #[arg(long, help_heading = headings::VALUES)]
    pub identity: bool,
    /// Kind of proxy
    #[arg(long, help_heading = headings::VALUES)]
    pub r#type: bool,
    /// Size of its key in bits
    #[arg(long, help_heading = headings::VALUES)]
    pub strength: bool,
    /// Path of the file
    #[arg(long, short = 'p', help_heading = headings::VALUES)]
    pub path: bool,
    /// What its key may be used for
    #[arg(long, short = 'k', help_heading = headings::VALUES)]
    pub keyusage: bool,
    /// Seconds that the proxy has left
    #[arg(long, help_heading = headings::VALUES)]
    pub timeleft: bool,
    /// The file that was included in it
    #[arg(long, alias = "included", help_heading = headings::VALUES)]
    pub included_file: bool,
    /// These values in this order, by the names of arcproxy, such as ca, validityStart, validityEnd, signingAlgorithm;
    /// repeatable, or separated by commas
    #[arg(long, short = 'i', value_name = "ITEM", alias = "infoitem", action = ArgAction::Append, help_heading = headings::VALUES)]
    pub item: Vec<String>,
    /// The VOs
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub vo: bool,
    /// The holder of the attributes, VO by VO
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub acsubject: bool,
    /// Who signed the attributes
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub acissuer: bool,
    /// The servers that issued the attributes
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub uri: bool,
    /// Seconds that the attributes have left, VO by VO
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub actimeleft: bool,
    /// The groups and roles, primary first
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub fqan: bool,
    /// Serial numbers of the attribute certificates, in hexadecimal
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub serial: bool,
    /// The hosts that the attributes are for
    #[arg(long, help_heading = headings::ATTRIBUTES)]
    pub targets: bool,
    /// Exit 0 if there is a valid proxy
    #[arg(long, short = 'e', help_heading = headings::CHECKS)]
    pub exists: bool,
    /// Exit 0 only if there are attributes of this VO; repeatable
    #[arg(long, value_name = "VO", action = ArgAction::Append, help_heading = headings::CHECKS)]
    pub acexists: Vec<String>,
    /// Exit 0 only if the proxy is valid for this long
    #[arg(long, value_name = "H:M", help_heading = headings::CHECKS)]
    pub valid: Option<String>,
    /// The same in whole hours
    #[arg(long, value_name = "H", help_heading = headings::CHECKS)]
    pub hours: Option<String>,
    /// Exit 0 only if proxy and attributes, and all that they depend on, are valid for this long
    #[arg(long, value_name = "H:M", help_heading = headings::CHECKS)]
    pub usable_for: Option<String>,
    /// Exit 0 only if its key has at least this many bits
    #[arg(long, short = 'b', value_name = "N", help_heading = headings::CHECKS)]
    pub bits: Option<String>,
    /// Exit 1 if the attributes cannot be verified
    #[arg(long, help_heading = headings::CHECKS)]
    pub strict: bool,
    /// Do not verify the attributes
    #[arg(long, help_heading = headings::TRUST)]
    pub dont_verify_ac: bool,
    /// Directory of trusted CAs
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    pub certdir: Option<PathBuf>,
    /// Directory that says whose attribute certificates are trusted
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    pub vomsdir: Option<PathBuf>,
    /// Print names in the form of RFC 2253
    #[arg(long)]
    pub rfc2253: bool,
    /// Print everything as JSON (schema/info.json)
    #[arg(long)]
    pub json: bool,
    /// Log to stderr which files are used
    #[arg(long)]
    pub debug: bool,
    /// Read options from FILE; those of the command line win
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    conf: Vec<PathBuf>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for InfoArgs {
    /// The options of the C++ client.
    const ABBREVIATED: &'static [&'static str] = &[
        "acexists",
        "acissuer",
        "acsubject",
        "actimeleft",
        "all",
        "bits",
        "chain",
        "conf",
        "debug",
        "dont-verify-ac",
        "exists",
        "file",
        "fqan",
        "help",
        "hours",
        "identity",
        "included-file",
        "issuer",
        "keyusage",
        "path",
        "serial",
        "strength",
        "subject",
        "targets",
        "text",
        "timeleft",
        "type",
        "uri",
        "usage",
        "valid",
        "version",
        "vo",
    ];

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}
