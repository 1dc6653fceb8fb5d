//! The arguments of `voms-proxy-init`.

use std::path::PathBuf;

use chrono::Duration;
use clap::{ArgAction, Parser};
use voms::pki::key::KeyKind;

use crate::cli::args::Arguments;
use crate::cli::headings;
use crate::cli::outcome::Format;
use crate::cli::output::Diagnostic;
use crate::cli::prompt::PassphraseArgs;
use crate::cli::times;

const DEFAULT_BITS: u32 = 2048;

/// The sizes of RSA keys, in bits.
pub const SIZES: [i64; 5] = [512, 1024, 2048, 3072, LARGEST];
pub const LARGEST: i64 = 4096;

const DEFAULT_LIFETIME: Duration = Duration::hours(12);

/// Makes a proxy certificate; with --voms it carries the VO's attributes.
#[derive(Debug, Clone, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "voms-proxy-init [options]",
    after_help = "\
EXIT CODES
  0  a proxy was written
  1  nothing was written, or with --token only the proxy; an earlier proxy is as it was otherwise
  130  interrupted

EXAMPLES
  voms-proxy-init --voms virgo
  voms-proxy-init --voms virgo:/virgo/virgo --valid 24:00
  voms-proxy-init --cert proxy.pem --voms virgo --out new.pem   (from a proxy)"
)]
pub struct InitArgs {
    /// Ask VO for attributes; repeatable. VO, VO:/group, VO:/group/Role=role or VO:all
    #[arg(long, value_name = "VO[:FQAN]", action = ArgAction::Append)]
    pub voms: Vec<String>,
    /// Put this group or role first; repeatable
    #[arg(long, value_name = "FQAN", action = ArgAction::Append)]
    pub order: Vec<String>,
    /// Make attributes that only this host accepts; repeatable
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub target: Vec<String>,
    /// Only list what could be asked for; nothing is written
    #[arg(long)]
    pub list: bool,
    /// Write the attribute certificates to FILE, and no proxy
    #[arg(long, value_name = "FILE", help_heading = headings::SCRIPTS)]
    pub separate: Option<PathBuf>,
    /// Take the attribute certificates from FILE instead of from a server
    #[arg(long, value_name = "FILE", help_heading = headings::SCRIPTS)]
    pub includeac: Option<PathBuf>,
    /// Put this file into the proxy
    #[arg(long, value_name = "FILE", help_heading = headings::KIND)]
    pub include: Option<PathBuf>,
    /// Life of the proxy in hours
    #[arg(long, value_name = "H")]
    pub hours: Option<String>,
    /// Life of proxy and attributes (default 12:00)
    #[arg(long, value_name = "H:M")]
    pub valid: Option<String>,
    /// Life of the attributes alone; 0:00 for the server's maximum
    #[arg(long, value_name = "H:M")]
    pub vomslife: Option<String>,
    /// Size of the proxy's RSA key: 512, 1024, 2048, 3072 or 4096 (default 2048)
    #[arg(long, short = 'b', value_name = "N", help_heading = headings::KIND)]
    pub bits: Option<String>,
    /// Kind of the proxy's key: rsa (default), or ec (P-256), which HTTPS services take and many
    /// others do not
    #[arg(long, value_name = "KIND", help_heading = headings::KIND)]
    pub key_type: Option<String>,
    /// Your certificate: PEM, PKCS#12, or a proxy
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, short = 'k', value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Also get a bearer token: with the options in HTGETTOKENOPTS, else from IGWN's vault; or from an account of oidc-agent
    #[arg(long, value_name = "oidc:ACCOUNT", num_args = 0..=1, default_missing_value = "vault")]
    pub token: Option<String>,
    /// Where to write the proxy, - for standard output (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Directory of trusted CAs
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    pub certdir: Option<PathBuf>,
    /// Directory that says whose attribute certificates are trusted
    #[arg(long, value_name = "DIR", help_heading = headings::TRUST)]
    pub vomsdir: Option<PathBuf>,
    /// File or directory with VOMS servers, instead of all others; repeatable
    #[arg(long, value_name = "PATH", aliases = ["confile", "userconf"], action = ArgAction::Append)]
    pub vomses: Vec<PathBuf>,
    /// Make a limited proxy, which cannot start jobs
    #[arg(long, help_heading = headings::KIND)]
    pub limited: bool,
    /// Make a proxy with none of your rights
    #[arg(long, help_heading = headings::KIND)]
    pub independent: bool,
    /// Make a proxy with the rules in FILE
    #[arg(long, value_name = "FILE", help_heading = headings::KIND)]
    pub policy: Option<PathBuf>,
    /// Language of the rules
    #[arg(long, value_name = "OID", alias = "pl", help_heading = headings::KIND)]
    pub policy_language: Option<String>,
    /// Make an RFC 3820 proxy (default)
    #[arg(long, short = 'r', help_heading = headings::KIND)]
    pub rfc: bool,
    /// Make a pre-RFC 3820 draft proxy
    #[arg(long, help_heading = headings::KIND)]
    pub draft: bool,
    /// Make a legacy proxy
    #[arg(long, help_heading = headings::KIND)]
    pub old: bool,
    /// Kind of proxy: 2 legacy, 3 draft, 4 RFC 3820
    #[arg(long, value_name = "N", help_heading = headings::KIND)]
    pub proxyver: Option<String>,
    /// How many proxies may be made below this one
    #[arg(long, value_name = "N", help_heading = headings::KIND)]
    pub path_length: Option<u32>,
    /// Make the new proxy from the present one
    #[arg(long, short = 'n')]
    pub noregen: bool,
    /// Read the passphrase from standard input
    #[arg(long, help_heading = headings::SCRIPTS)]
    pub pwstdin: bool,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    /// Do nothing if the present proxy is what was asked for, and lasts this long (default: a
    /// quarter of the life asked for)
    #[arg(long, value_name = "H:M", num_args = 0..=1, require_equals = true, default_missing_value = "", alias = "reuse", help_heading = headings::SCRIPTS)]
    pub if_needed: Option<String>,
    /// Also write a plain proxy of seven days beside the proxy, from which it can be renewed
    #[arg(long, help_heading = headings::SCRIPTS)]
    pub keep_plain: bool,
    /// Print nothing on success
    #[arg(long, short = 'q', help_heading = headings::SCRIPTS)]
    pub quiet: bool,
    /// Log each step to stderr
    #[arg(long, help_heading = headings::SCRIPTS)]
    pub debug: bool,
    /// Timeout per server, in seconds (default 10)
    #[arg(long, value_name = "SECONDS", help_heading = headings::SCRIPTS)]
    pub timeout: Option<u64>,
    /// Suppress warnings from the server
    #[arg(long, help_heading = headings::SCRIPTS)]
    pub ignorewarn: bool,
    /// Write nothing if the server warns
    #[arg(long, short = 'f', help_heading = headings::SCRIPTS)]
    pub failonwarn: bool,
    /// Do not verify your own certificate chain against the CAs
    #[arg(long, help_heading = headings::TRUST)]
    pub skip_chain_integrity_checks: bool,
    /// Accept a server whose certificate names another host, if a trusted CA issued it
    #[arg(long, help_heading = headings::TRUST)]
    pub skip_hostname_checks: bool,
    /// Accepted for compatibility; the legacy protocol is always tried
    #[arg(long, help_heading = headings::COMPATIBILITY)]
    enable_legacy_protocol: bool,
    /// Accepted for compatibility; has no effect
    #[arg(long, value_name = "N", hide = true, help_heading = headings::COMPATIBILITY)]
    globus: Option<String>,
    /// Do not verify the attributes received
    #[arg(long, help_heading = headings::TRUST)]
    pub dont_verify_ac: bool,
    /// Report that the new proxy was verified; it always is
    #[arg(long, help_heading = headings::COMPATIBILITY)]
    pub verify: bool,
    /// Print the result as JSON (schema/init.json)
    #[arg(long, help_heading = headings::SCRIPTS)]
    pub json: bool,
    /// Read options from FILE; those of the command line win
    #[arg(long, value_name = "FILE", action = ArgAction::Append, help_heading = headings::SCRIPTS)]
    conf: Vec<PathBuf>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for InitArgs {
    /// The options of the C++ client.
    const ABBREVIATED: &'static [&'static str] = &[
        "bits",
        "cert",
        "certdir",
        "conf",
        "confile",
        "debug",
        "dont-verify-ac",
        "failonwarn",
        "globus",
        "help",
        "hours",
        "ignorewarn",
        "include",
        "includeac",
        "key",
        "limited",
        "list",
        "noregen",
        "old",
        "order",
        "out",
        "path-length",
        "pl",
        "policy",
        "policy-language",
        "proxyver",
        "pwstdin",
        "quiet",
        "rfc",
        "separate",
        "target",
        "timeout",
        "usage",
        "userconf",
        "valid",
        "verify",
        "version",
        "voms",
        "vomses",
        "vomslife",
    ];

    fn format(&self) -> Format {
        Format::new(self.json)
    }
}

/// How long the proxy and its attributes are to last.
pub struct Lifetimes {
    pub proxy: Duration,
    pub ac: Duration,
}

impl Lifetimes {
    /// From the values of `--valid` and `--hours`, which set both, and `--vomslife`.
    pub fn new(
        valid: Option<&str>,
        hours: Option<&str>,
        vomslife: Option<&str>,
    ) -> Result<Self, Diagnostic> {
        let parse =
            |option, text: Option<&str>| text.map(|text| lifetime(option, text)).transpose();
        let valid = parse("--valid", valid)?;
        let hours = hours.map(self::hours).transpose()?;
        let vomslife = parse("--vomslife", vomslife)?;
        Ok(Self {
            proxy: hours.or(valid).unwrap_or(DEFAULT_LIFETIME),
            ac: vomslife.or(hours).or(valid).unwrap_or(DEFAULT_LIFETIME),
        })
    }
}

/// Parses `h:m`, or a duration as people write it.
pub fn lifetime(option: &str, text: &str) -> Result<Duration, Diagnostic> {
    let wrong = |headline: &str| {
        Diagnostic::usage(headline)
            .detail(format!(
                "{option} {text}: {option} argument must be in the format: h:m"
            ))
            .help("write for example 24:00, 24h or 2d")
    };
    let malformed = || wrong("Illegal format for lifetime property.");
    let Some((hours, minutes)) = text.split_once(':') else {
        return times::duration(text).ok_or_else(malformed);
    };
    if hours.starts_with('-') {
        return Err(wrong("Number of hours must be a positive integer."));
    }
    if minutes.starts_with('-') {
        return Err(wrong("Number of minutes must be a positive integer."));
    }
    let (hours, minutes): (u32, u32) = hours
        .parse()
        .ok()
        .zip(minutes.parse().ok())
        .ok_or_else(malformed)?;
    if minutes > 59 {
        return Err(wrong("Number of minutes must be in the range 0-59."));
    }
    Ok(Duration::minutes(
        i64::from(hours) * 60 + i64::from(minutes),
    ))
}

/// Parses the value of `--hours`.
pub fn hours(text: &str) -> Result<Duration, Diagnostic> {
    let hours = text.parse::<u32>().ok().filter(|hours| *hours > 0);
    hours
        .map(|hours| Duration::hours(hours.into()))
        .ok_or_else(|| {
            Diagnostic::usage("Number of hours must be a positive integer.")
                .detail(format!("--hours {text}"))
                .help("write whole hours, for example --hours 24")
        })
}

/// Parses the value of `--bits`.
pub fn bits(text: &str) -> Result<u32, Diagnostic> {
    let wrong = |headline: String| {
        Diagnostic::usage(headline)
            .help("number of bits in key must be one of 512, 1024, 2048, 3072, 4096")
    };
    let size = text.parse::<i64>().map_err(|_| {
        wrong(
            "Invalid input for key size parameter. Please provide a valid key size value."
                .to_owned(),
        )
        .detail(format!("--bits {text}"))
    })?;
    let known = u32::try_from(size).ok().filter(|_| SIZES.contains(&size));
    known.ok_or_else(|| wrong(format!("Unsupported key size: {size}")))
}

/// Combines `--key-type` and `--bits`.
pub fn key_kind(key_type: Option<&str>, bits: Option<&str>) -> Result<KeyKind, Diagnostic> {
    let bits = bits.map(self::bits).transpose()?;
    match (key_type.map(str::to_ascii_lowercase).as_deref(), bits) {
        (None | Some("rsa"), bits) => Ok(KeyKind::Rsa(bits.unwrap_or(DEFAULT_BITS))),
        (Some("ec"), None) => Ok(KeyKind::P256),
        (Some("ec"), Some(_)) => {
            Err(Diagnostic::usage("an EC key is always of P-256").help("leave out --bits"))
        }
        (Some(other), _) => Err(Diagnostic::usage(format!("unknown key type: {other}"))
            .help("write --key-type rsa, which all services take, or --key-type ec")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_hours_and_minutes() {
        assert_eq!(
            lifetime("--valid", "23:4").unwrap(),
            Duration::minutes(23 * 60 + 4)
        );
        assert_eq!(lifetime("--valid", "192:0").unwrap(), Duration::hours(192));
        for text in [
            "",
            "a:b",
            "1:60",
            "-1:00",
            "1:-1",
            ":",
            "1:0:0",
            "99999999999:0",
        ] {
            assert!(lifetime("--valid", text).is_err(), "{text}");
        }
    }

    #[test]
    fn key_sizes_are_those_that_services_know() {
        assert_eq!(bits("3072").unwrap(), 3072);
        assert!(bits("0").is_err() && bits("foo").is_err() && bits("2047").is_err());
    }

    #[test]
    fn a_kind_of_key_and_a_size_have_to_fit() {
        assert_eq!(key_kind(None, None).unwrap(), KeyKind::Rsa(2048));
        assert_eq!(
            key_kind(Some("RSA"), Some("4096")).unwrap(),
            KeyKind::Rsa(4096)
        );
        assert_eq!(key_kind(Some("ec"), None).unwrap(), KeyKind::P256);
        assert!(
            key_kind(Some("ec"), Some("2048")).is_err() && key_kind(Some("dsa"), None).is_err()
        );
    }
}
