//! The arguments of `voms-proxy-fake`.

use std::path::PathBuf;

use chrono::Duration;
use clap::{ArgAction, Parser};

use crate::cli::args::Arguments;
use crate::cli::init::{Lifetimes, lifetime};
use crate::cli::outcome::Format;
use crate::cli::output::Diagnostic;

/// Makes a proxy whose attributes are signed with a host certificate of yours, to test services
/// that trust it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy-fake --voms VO --hostcert FILE --hostkey FILE --fqan FQAN... [options]",
    after_help = "\
EXIT CODES
  0  a proxy was written
  1  nothing was written

EXAMPLES
  voms-proxy-fake --voms virgo --hostcert hostcert.pem --hostkey hostkey.pem --uri voms.example.org:15000 \\
      --fqan /virgo/virgo/Role=NULL/Capability=NULL --out fake.pem
  voms-proxy-fake --voms virgo --hostcert hostcert.pem --hostkey hostkey.pem --fqan /virgo --pastac 13:00   (expired)
  voms-proxy-fake --selfsigned --newsubject '/C=IT/CN=Test CA' --out ca.pem"
)]
pub struct FakeArgs {
    /// The VO; without one the proxy has no attributes
    #[arg(long, value_name = "VO")]
    pub voms: Option<String>,
    /// Certificate of the host that signs
    #[arg(long, value_name = "FILE")]
    pub hostcert: Option<PathBuf>,
    /// Its key
    #[arg(long, value_name = "FILE")]
    pub hostkey: Option<PathBuf>,
    /// A group or role, in the order given; repeatable
    #[arg(long, value_name = "FQAN", action = ArgAction::Append)]
    pub fqan: Vec<String>,
    /// The server that the attributes name (default localhost:15000)
    #[arg(long, value_name = "HOST:PORT")]
    pub uri: Option<String>,
    /// A generic attribute; repeatable
    #[arg(long, value_name = "NAME=VALUE (QUALIFIER)", action = ArgAction::Append)]
    pub ga: Vec<String>,
    /// Make attributes that only this host accepts; repeatable
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub target: Vec<String>,
    /// Name the holder by the issuer of the certificate, as RFC 5755 wants, and not by its subject
    #[arg(long)]
    pub newformat: bool,
    /// Start the life of the attributes this long ago
    #[arg(long, value_name = "SECONDS|H:M")]
    pub pastac: Option<String>,
    /// Add an extension to the attributes; repeatable. The value is text, or hexadecimal after #
    #[arg(long, value_name = "OID[/true|/false]:VALUE", action = ArgAction::Append)]
    pub acextension: Vec<String>,
    /// Take VOs with their attributes from FILE, a section [VO] for each with lines -option=value
    #[arg(long, value_name = "FILE")]
    pub voinfo: Option<PathBuf>,
    /// Write the attribute certificates to FILE, and no proxy
    #[arg(long, value_name = "FILE")]
    pub separate: Option<PathBuf>,
    /// Your certificate: PEM, PKCS#12, or a proxy
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Where to write the proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Accepted for compatibility; an existing proxy is always replaced
    #[arg(long, hide = true)]
    force: bool,
    /// Accepted for compatibility; no CA is asked
    #[arg(long, value_name = "DIR", hide = true)]
    certdir: Option<PathBuf>,
    /// Accepted for compatibility; nothing is verified
    #[arg(long, hide = true)]
    verify: bool,
    /// Accepted for compatibility; has no effect
    #[arg(long, hide = true)]
    pub noregen: bool,
    /// Accepted for compatibility; has no effect
    #[arg(long, value_name = "N", hide = true)]
    globus: Option<String>,
    /// Put this file into the proxy
    #[arg(long, value_name = "FILE")]
    pub include: Option<PathBuf>,
    /// Read options from FILE; those of the command line win
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    conf: Vec<PathBuf>,
    /// Life of proxy and attributes in hours
    #[arg(long, value_name = "H")]
    pub hours: Option<String>,
    /// Life of proxy and attributes (default 12:00)
    #[arg(long, value_name = "H:M")]
    pub valid: Option<String>,
    /// Life of the attributes alone
    #[arg(long, value_name = "H|H:M")]
    pub vomslife: Option<String>,
    /// Start the life of the proxy this long ago
    #[arg(long, value_name = "SECONDS|H:M")]
    pub pastproxy: Option<String>,
    /// Size of the proxy's RSA key (default 2048)
    #[arg(long, value_name = "N")]
    pub bits: Option<String>,
    /// Make a limited proxy
    #[arg(long)]
    pub limited: bool,
    /// Make an RFC 3820 proxy (default)
    #[arg(long)]
    pub rfc: bool,
    /// Make a legacy proxy
    #[arg(long)]
    pub old: bool,
    /// Kind of proxy: 2 legacy, 3 draft, 4 RFC 3820
    #[arg(long, value_name = "N")]
    pub proxyver: Option<String>,
    /// How many proxies may be made below this one (default 1); -1 for any number
    #[arg(long, value_name = "N")]
    pub path_length: Option<i64>,
    /// Make a proxy with the rules in FILE
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Language of the rules
    #[arg(long, value_name = "OID", alias = "pl")]
    pub policy_language: Option<String>,
    /// Subject of the proxy, such as /C=IT/CN=name
    #[arg(long, value_name = "DN")]
    pub newsubject: Option<String>,
    /// Issuer that the proxy names
    #[arg(long, value_name = "DN")]
    pub newissuer: Option<String>,
    /// Serial number of the proxy in hexadecimal
    #[arg(long, value_name = "HEX")]
    pub newserial: Option<String>,
    /// Add an extension to the proxy; repeatable. The value is text, or hexadecimal after #
    #[arg(long, value_name = "OID[/true|/false]:VALUE", action = ArgAction::Append)]
    pub extension: Vec<String>,
    /// keyUsage of the proxy, such as digitalSignature,keyCertSign (default as in your certificate)
    #[arg(long, value_name = "BIT,...")]
    pub keyusage: Option<String>,
    /// Netscape certificate type: client, server, email, objsign, sslCA, emailCA, objCA
    #[arg(long, value_name = "BIT,...")]
    pub nscert: Option<String>,
    /// extKeyUsage of the proxy, such as clientAuth,1.2.3.4
    #[arg(long, value_name = "PURPOSE,...")]
    pub extkeyusage: Option<String>,
    /// Make a self-signed CA certificate, named by --newsubject, instead of a proxy
    #[arg(long)]
    pub selfsigned: bool,
    /// Read the passphrase from standard input
    #[arg(long)]
    pub pwstdin: bool,
    /// Print nothing on success
    #[arg(long, short = 'q')]
    pub quiet: bool,
    /// Log each step to stderr
    #[arg(long)]
    pub debug: bool,
    /// Print the result as JSON (schema/fake.json)
    #[arg(long)]
    pub json: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for FakeArgs {
    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

impl FakeArgs {
    /// How long proxy and attributes last.
    pub fn lifetimes(&self) -> Result<Lifetimes, Diagnostic> {
        Lifetimes::new(
            self.valid.as_deref(),
            self.hours.as_deref(),
            self.vomslife.as_deref(),
        )
    }
}

/// Parses `--pastac` and `--pastproxy`: seconds or `h:m`.
pub fn past(option: &str, text: Option<&str>) -> Result<Duration, Diagnostic> {
    match text.map(|text| (text, text.parse::<u32>())) {
        None => Ok(Duration::zero()),
        Some((_, Ok(seconds))) => Ok(Duration::seconds(seconds.into())),
        Some((text, Err(_))) => lifetime(option, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_seconds_or_hours_and_minutes() {
        let minutes = |text| past("--pastac", Some(text)).ok().map(|d| d.num_minutes());
        assert_eq!(past("--pastac", None).unwrap(), Duration::zero());
        assert_eq!((minutes("3600"), minutes("1:30")), (Some(60), Some(90)));
        for text in ["1:70", "x", "-1", "1:30:15"] {
            assert_eq!(minutes(text), None, "{text}");
        }
    }
}
