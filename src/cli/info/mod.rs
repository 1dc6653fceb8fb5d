//! `voms-proxy-info`: args → plan → what is asked for, in the order that scripts rely on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use clap::{ArgAction, Parser};
use voms_asn1::EncodedAc;

use super::env::Environment;
use super::exit::Exit;
use super::output::{self, Trouble};
use super::{args, file, init, places};
use crate::bounded;
use crate::credential::chain::Chain;
use crate::credential::dn::Dn;
use crate::verifier::{Finding, VomsVerifier};
use crate::voms::embedded::attribute_certificates;
use crate::voms::finding::AcFinding;
use crate::voms::verify::{AcAttributes, validity};

/// Shows a proxy. Without options: subject, issuer, identity, type, strength, path, time left and key usage.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "voms-proxy-info [options]",
    after_help = "\
EXIT CODES
  0  what was asked for was printed, or every check holds
  1  there is no proxy, a check does not hold, or the proxy has no attributes that were asked for

EXAMPLES
  voms-proxy-info --all
  voms-proxy-info --timeleft
  voms-proxy-info --exists --valid 1:00"
)]
struct InfoArgs {
    /// The proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Everything, with the attributes of every VO
    #[arg(long)]
    all: bool,
    /// Subject of the proxy
    #[arg(long)]
    subject: bool,
    /// Who issued it
    #[arg(long)]
    issuer: bool,
    /// The user
    #[arg(long)]
    identity: bool,
    /// Kind of proxy
    #[arg(long)]
    r#type: bool,
    /// Bits of its key
    #[arg(long)]
    strength: bool,
    /// Path of its file
    #[arg(long, short = 'p')]
    path: bool,
    /// Seconds that the proxy has left
    #[arg(long)]
    timeleft: bool,
    /// Seconds that the attributes have left, VO by VO
    #[arg(long)]
    actimeleft: bool,
    /// The VOs
    #[arg(long)]
    vo: bool,
    /// The groups and roles, primary first
    #[arg(long)]
    fqan: bool,
    /// Exit 0 if there is a valid proxy
    #[arg(long, short = 'e')]
    exists: bool,
    /// Exit 0 only if the proxy is valid for this long
    #[arg(long, value_name = "H:M")]
    valid: Option<String>,
    /// The same in whole hours
    #[arg(long, value_name = "H")]
    hours: Option<String>,
    /// Do not verify the attributes
    #[arg(long)]
    dont_verify_ac: bool,
    /// Directory of trusted CAs
    #[arg(long, value_name = "DIR")]
    certdir: Option<PathBuf>,
    /// Directory that says whose attribute certificates are trusted
    #[arg(long, value_name = "DIR")]
    vomsdir: Option<PathBuf>,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl InfoArgs {
    fn wants_attributes(&self) -> bool {
        self.actimeleft || self.vo || self.fqan
    }

    fn wants_values(&self) -> bool {
        let own = [self.subject, self.issuer, self.identity, self.r#type, self.strength, self.path, self.timeleft];
        own.contains(&true) || self.wants_attributes()
    }

    fn checks(&self) -> bool {
        self.exists || self.valid.is_some() || self.hours.is_some()
    }
}

/// Runs the command.
pub fn main(name: &str, words: &[OsString], env: &Environment) -> Exit {
    let args = match args::parse::<InfoArgs>(name, words) {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    let path = args.file.clone().unwrap_or_else(|| env.proxy());
    let outcome = load(&path).and_then(|chain| show(&args, &path, &chain, env, super::now()));
    outcome.unwrap_or_else(|trouble| {
        trouble.print();
        Exit::Failure
    })
}

fn load(path: &Path) -> Result<Chain, Trouble> {
    let lost = |reason: String| {
        Trouble::new(format!("Proxy not found: {} ({reason})", path.display()))
            .detail("Couldn't find a valid proxy.")
            .help("make one with voms-proxy-init, or name its file with --file")
    };
    let contents = bounded::read(path, bounded::CONFIGURATION_LIMIT).map_err(|error| lost(bounded::reason(&error)))?;
    Chain::parse(&contents).map_err(|error| lost(error.to_string()))
}

fn show(args: &InfoArgs, path: &Path, chain: &Chain, env: &Environment, now: DateTime<Utc>) -> Result<Exit, Trouble> {
    let check = check(args, chain, now)?;
    if args.checks() && !args.all && !args.wants_values() {
        return Ok(check);
    }
    let acs = read_acs(chain);
    if args.all || args.wants_attributes() {
        for problem in acs.iter().filter_map(|ac| ac.as_ref().err()) {
            output::warning(problem);
        }
    }
    let acs: Vec<Ac> = acs.into_iter().flatten().collect();
    if !args.wants_values() {
        print_block(path, chain, now);
    }
    if args.all {
        warn(args, chain, &acs, env, now)?;
        for ac in &acs {
            print_ac(chain, ac, now);
        }
    }
    print_values(args, path, chain, now);
    if !args.wants_attributes() {
        return Ok(check);
    }
    if acs.is_empty() {
        return Err(Trouble::new("No VOMS attributes found!").help("make a proxy with voms-proxy-init --voms VO"));
    }
    warn(args, chain, &acs, env, now)?;
    for ac in &acs {
        print_ac_values(args, ac, now);
    }
    Ok(check)
}

/// Whether there is a proxy, valid now and for as long as asked; silent, as scripts want it.
fn check(args: &InfoArgs, chain: &Chain, now: DateTime<Utc>) -> Result<Exit, Trouble> {
    if !args.checks() {
        return Ok(Exit::Success);
    }
    let valid = args.valid.as_deref().map(|text| init::lifetime("--valid", text)).transpose()?;
    let hours = args.hours.as_deref().map(init::hours).transpose()?;
    let needed = valid.or(hours);
    let begun = chain.leaf().not_before() <= now;
    let left = chain.not_after() - now;
    let enough = left > Duration::zero() && left >= needed.unwrap_or(Duration::zero());
    Ok(if begun && enough { Exit::Success } else { Exit::Failure })
}

/// One attribute certificate and what it says.
struct Ac {
    encoded: EncodedAc,
    attributes: AcAttributes,
}

fn read_acs(chain: &Chain) -> Vec<Result<Ac, String>> {
    let all = attribute_certificates(chain).into_iter();
    all.map(|ac| {
        let encoded = ac.map_err(|error| error.to_string())?;
        let attributes = AcAttributes::read(&encoded.certificate().acinfo).map_err(|finding| finding.to_string())?;
        Ok(Ac { encoded, attributes })
    })
    .collect()
}

/// Warns when the attributes, or the proxy they are in, are not to be believed, where this machine can tell.
fn warn(args: &InfoArgs, chain: &Chain, acs: &[Ac], env: &Environment, now: DateTime<Utc>) -> Result<(), Trouble> {
    if acs.is_empty() || args.dont_verify_ac || env.info_dont_verify_ac {
        return Ok(());
    }
    let anchors = optional(places::anchors(args.certdir.as_deref(), env), args.certdir.is_some())?;
    let vomsdir = optional(places::vomsdir(args.vomsdir.as_deref(), env), args.vomsdir.is_some())?;
    let (Some(anchors), Some(vomsdir)) = (anchors, vomsdir) else { return Ok(()) };
    let Err(rejection) = VomsVerifier::new(anchors, vomsdir).for_any_host().verify_chain(chain, now) else {
        return Ok(());
    };
    let unverified = |finding: &Finding| match finding {
        Finding::Ac { finding, .. } => !matches!(finding, AcFinding::Expired(_)),
        _ => false,
    };
    if rejection.findings().iter().any(unverified) {
        output::warning("Unable to verify signature! Server certificate possibly not installed.");
    }
    rejection.findings().iter().for_each(output::warning);
    Ok(())
}

/// Scripts read the values on hosts whose environment names directories that are not there: only an option must hold.
fn optional<T>(found: Result<Option<T>, Trouble>, named: bool) -> Result<Option<T>, Trouble> {
    match found {
        Err(trouble) if !named => {
            output::warning(trouble.headline());
            Ok(None)
        }
        other => other,
    }
}

pub fn field(label: &str, value: impl std::fmt::Display) {
    value_line(&format!("{label:<9} : {value}"));
}

/// A value stays on its line, whatever is in it.
fn value_line(text: &str) {
    output::line(&text.replace('\n', "\\n"));
}

fn type_of(chain: &Chain) -> String {
    chain.leaf().proxy_type().map_or_else(|| "EEC".to_owned(), |kind| kind.to_string())
}

fn bits(chain: &Chain) -> u32 {
    chain.leaf().x509().public_key().map(|key| key.bits()).unwrap_or_default()
}

fn seconds_left(until: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (until - now).num_seconds().max(0)
}

fn print_block(path: &Path, chain: &Chain, now: DateTime<Utc>) {
    let leaf = chain.leaf();
    field("subject", leaf.subject());
    field("issuer", leaf.issuer());
    field("identity", chain.identity());
    field("type", type_of(chain));
    field("strength", format!("{} bits", bits(chain)));
    field("path", file::absolute(path).display());
    field("timeleft", output::hms(seconds_left(chain.not_after(), now)));
    if let Some(usage) = leaf.key_usage() {
        field("key usage", usage.names().join(", "));
    }
}

fn print_ac(chain: &Chain, ac: &Ac, now: DateTime<Utc>) {
    let info = &ac.encoded.certificate().acinfo;
    output::line(&format!("=== VO {} extension information ===", ac.attributes.vo));
    field("VO", &ac.attributes.vo);
    field("subject", chain.identity());
    field("issuer", info.issuer.directory_name().map(Dn::from_name).unwrap_or_default());
    for fqan in &ac.attributes.fqans {
        field("attribute", fqan);
    }
    for attribute in ac.attributes.generic.iter().flat_map(|granted| &granted.attributes) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, value, qualifier) = (text(&attribute.name), text(&attribute.value), text(&attribute.qualifier));
        field("attribute", format!("{name} = {value} ({qualifier})"));
    }
    field("timeleft", output::hms(seconds_left(validity(info).1, now)));
    field("uri", &ac.attributes.uri);
}

fn print_values(args: &InfoArgs, path: &Path, chain: &Chain, now: DateTime<Utc>) {
    let leaf = chain.leaf();
    let values: [(bool, &dyn Fn() -> String); 7] = [
        (args.subject, &|| leaf.subject().to_string()),
        (args.issuer, &|| leaf.issuer().to_string()),
        (args.identity, &|| chain.identity().to_string()),
        (args.r#type, &|| type_of(chain)),
        (args.strength, &|| bits(chain).to_string()),
        (args.path, &|| file::absolute(path).display().to_string()),
        (args.timeleft, &|| seconds_left(chain.not_after(), now).to_string()),
    ];
    for (_, value) in values.iter().filter(|(wanted, _)| *wanted) {
        output::line(&value());
    }
}

fn print_ac_values(args: &InfoArgs, ac: &Ac, now: DateTime<Utc>) {
    if args.vo {
        output::line(&ac.attributes.vo);
    }
    if args.actimeleft {
        let (_, until) = validity(&ac.encoded.certificate().acinfo);
        output::line(&seconds_left(until, now).to_string());
    }
    if args.fqan {
        for fqan in &ac.attributes.fqans {
            value_line(fqan);
        }
    }
}
