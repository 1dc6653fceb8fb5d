//! `voms-proxy-info`: args → plan → the requested values, in the order that scripts rely on.

mod args;
mod chain;
mod checks;
mod json;
mod lines;
mod picture;

use std::io::IsTerminal;
use std::path::Path;

use chrono::{DateTime, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::ac::finding::AcFinding;
use voms::ac::verify::{AcAttributes, validity};
use voms::chain::Chain;
use voms::files;
use voms::pki::certificate::minimal_integer;
use voms::pki::dn::Dn;
use voms::verifier::{Finding, VomsVerifier};
use voms_asn1::targets::Targets;
use voms_asn1::{EncodedAc, oid};

pub use self::args::InfoArgs;
use self::checks::Checks;
pub use self::json::generic_attributes;
use self::lines::{print_ac, print_ac_values, print_block, print_text, print_values};
use super::env::Environment;
use super::exit::Exit;
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::{self, Diagnostic};
use super::places;

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: InfoArgs| {
        let env = &invocation.env;
        let path = args.file.clone().unwrap_or_else(|| env.proxy());
        if args.debug {
            output::stderr(&format!("Looking for the proxy in {}", path.display()));
        }
        let chain = load(&path)?;
        Ok(Report::done().exit(show(&args, &path, &chain, env, (invocation.now)())?))
    })
}

fn load(path: &Path) -> Result<Chain, Diagnostic> {
    let lost = |reason: String| {
        Diagnostic::new(format!("Proxy not found: {} ({reason})", path.display()))
            .detail("Couldn't find a valid proxy.")
            .help("make one with voms-proxy-init, or name its file with --file")
    };
    let contents = files::read_limited(path, files::CONFIGURATION_LIMIT)
        .map_err(|error| lost(files::reason(&error)))?;
    Chain::parse(&contents).map_err(|error| lost(error.to_string()))
}

fn show(
    args: &InfoArgs,
    path: &Path,
    chain: &Chain,
    env: &Environment,
    now: DateTime<Utc>,
) -> Result<Exit, Diagnostic> {
    let checks = Checks::new(args)?;
    let (acs, unreadable) = read_acs(chain);
    let check = checks.judge(args, chain, &acs, now);
    let must_verify = args.strict || !args.acexists.is_empty();
    let wants_acs = args.all || args.json || args.wants_attributes() || must_verify;
    let mut warnings = if wants_acs { unreadable } else { Vec::new() };
    warnings.extend(if wants_acs {
        verify(args, chain, &acs, env, now)?
    } else {
        Vec::new()
    });
    // When asked about one VO, problems with another VO's attributes do not matter; and expired
    // attributes count as existing, as in both old clients.
    let about = |vo: &String| {
        warnings
            .iter()
            .any(|doubt| doubt.vo.as_ref() == Some(vo) && doubt.code != EXPIRED_ATTRIBUTES)
    };
    let unverified = if args.strict {
        !warnings.is_empty()
    } else {
        args.acexists.iter().any(about)
    };
    let strict = if unverified { Exit::Failure } else { check };
    if args.checks() && !args.json && !args.wants_block() && !args.wants_values() {
        return Ok(strict);
    }
    if args.json {
        let texts: Vec<&str> = warnings.iter().map(|doubt| doubt.text.as_str()).collect();
        output::line(&json::describe(path, chain, &acs, &texts, now).to_string());
        return Ok(strict);
    }
    warnings
        .iter()
        .for_each(|doubt| output::warning(&doubt.text));
    let picture = std::io::stdout().is_terminal() && !args.wants_block() && !args.wants_values();
    if picture {
        picture::print(path, chain, &acs, now, env);
        return Ok(strict);
    }
    if args.chain {
        chain::print(chain, env.time_zone.as_deref());
    }
    if args.wants_block() || !args.wants_values() {
        print_block(path, chain, now);
    }
    if args.text {
        print_text(args, chain)?;
    }
    if args.all {
        acs.iter().for_each(|ac| print_ac(chain, ac, now));
    }
    print_values(args, path, chain, now);
    if args.wants_attributes() && acs.is_empty() {
        return Err(Diagnostic::new("No VOMS attributes found!")
            .help("make a proxy with voms-proxy-init --voms VO"));
    }
    acs.iter()
        .for_each(|ac| print_ac_values(args, chain, ac, now));
    Ok(strict)
}

/// The code for expired attributes.
const EXPIRED_ATTRIBUTES: &str = "ac-expired";

/// A reason why a proxy or its attributes cannot be trusted, or cannot be verified at all.
struct Doubt {
    /// The VO whose attributes it concerns.
    vo: Option<String>,
    /// Its stable code.
    code: &'static str,
    /// The text for people.
    text: String,
}

impl Doubt {
    fn new(code: &'static str, text: String) -> Self {
        Self {
            vo: None,
            code,
            text,
        }
    }

    fn of(finding: &Finding) -> Self {
        let vo = match finding {
            Finding::Ac { vo, .. } => Some(vo.clone()),
            _ => None,
        };
        Self {
            vo,
            code: finding.code(),
            text: finding.to_string(),
        }
    }
}

/// An attribute certificate and its contents.
pub struct Ac {
    encoded: EncodedAc,
    attributes: AcAttributes,
}

impl Ac {
    fn issuer(&self) -> Dn {
        self.encoded
            .certificate()
            .acinfo
            .issuer
            .directory_name()
            .map(Dn::from_name)
            .unwrap_or_default()
    }

    fn targets(&self) -> Vec<String> {
        let extension = self.encoded.certificate().acinfo.extension(oid::TARGETS);
        let targets =
            extension.and_then(|found| Targets::from_extension(found.extn_value.as_bytes()).ok());
        targets.map(|targets| targets.hosts).unwrap_or_default()
    }
}

/// The attribute certificates, and what is wrong with the unreadable ones.
fn read_acs(chain: &Chain) -> (Vec<Ac>, Vec<Doubt>) {
    let (mut acs, mut unreadable) = (Vec::new(), Vec::new());
    for ac in attribute_certificates(chain) {
        let read = ac.map_err(|error| error.to_string()).and_then(|encoded| {
            let attributes = AcAttributes::read(&encoded.certificate().acinfo)
                .map_err(|error| error.to_string())?;
            Ok(Ac {
                encoded,
                attributes,
            })
        });
        match read {
            Ok(ac) => acs.push(ac),
            Err(why) => unreadable.push(Doubt::new("ac-encoding", why)),
        }
    }
    (acs, unreadable)
}

/// Why the attributes, or the proxy that carries them, cannot be trusted, as far as this machine
/// can tell.
fn verify(
    args: &InfoArgs,
    chain: &Chain,
    acs: &[Ac],
    env: &Environment,
    now: DateTime<Utc>,
) -> Result<Vec<Doubt>, Diagnostic> {
    if acs.is_empty() || args.dont_verify_ac || env.info_dont_verify_ac {
        return Ok(Vec::new());
    }
    let mut warnings = Vec::new();
    let anchors = optional(
        places::anchors(args.certdir.as_deref(), env),
        args.certdir.is_some(),
        &mut warnings,
    )?;
    let vomsdir = optional(
        places::vomsdir(args.vomsdir.as_deref(), env),
        args.vomsdir.is_some(),
        &mut warnings,
    )?;
    let (Some(anchors), Some(vomsdir)) = (anchors, vomsdir) else {
        return Ok(warnings);
    };
    if args.debug {
        let (certdir, vomsdir) = (anchors.directory().display(), vomsdir.directory().display());
        output::stderr(&format!(
            "Looking for CAs in {certdir}, for LSC information in {vomsdir}"
        ));
    }
    let Err(rejection) = VomsVerifier::new(anchors, vomsdir)
        .ignore_targets()
        .verify_chain(chain, now)
    else {
        return Ok(warnings);
    };
    let unverified = |finding: &Finding| match finding {
        Finding::Ac { finding, .. } => {
            !matches!(finding, AcFinding::Expired(_) | AcFinding::NotYetValid(_))
        }
        _ => false,
    };
    if rejection.findings().iter().any(unverified) {
        let text =
            "Unable to verify signature! Server certificate possibly not installed.".to_owned();
        warnings.push(Doubt::new("ac-unverified", text));
    }
    warnings.extend(rejection.findings().iter().map(Doubt::of));
    Ok(warnings)
}

/// Scripts read values on hosts whose environment names missing directories, so only options are
/// strict.
fn optional<T>(
    found: Result<Option<T>, Diagnostic>,
    named: bool,
    warnings: &mut Vec<Doubt>,
) -> Result<Option<T>, Diagnostic> {
    match found {
        Err(trouble) if !named => {
            warnings.push(Doubt::new(
                "no-trust-directory",
                trouble.headline().to_owned(),
            ));
            Ok(None)
        }
        other => other,
    }
}

pub fn field(label: &str, value: impl std::fmt::Display) {
    value_line(&format!("{label:<9} : {value}"));
}

/// Keeps a value on one line, whatever it contains.
fn value_line(text: &str) {
    output::line(&text.replace('\n', "\\n"));
}

fn type_of(chain: &Chain) -> String {
    chain
        .leaf()
        .proxy_type()
        .map_or_else(|| "EEC".to_owned(), |kind| kind.to_string())
}

fn bits(chain: &Chain) -> u32 {
    chain
        .leaf()
        .public_key()
        .map(|key| key.bits())
        .unwrap_or_default()
}

fn seconds_left(until: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (until - now).num_seconds().max(0)
}

fn ac_end(ac: &Ac) -> DateTime<Utc> {
    validity(&ac.encoded.certificate().acinfo).1
}

/// As the C++ client prints it: the octets in upper-case hexadecimal.
fn serial(ac: &Ac) -> String {
    let octets = ac.encoded.certificate().acinfo.serial_number.as_bytes();
    let octets = minimal_integer(octets)
        .strip_prefix(&[0])
        .filter(|rest| !rest.is_empty())
        .unwrap_or(octets);
    hex::encode_upper(octets)
}

/// The file embedded by `voms-proxy-init --include`.
fn included(chain: &Chain) -> Option<String> {
    let (_, contents) = chain.leaf().extension(oid::VOMS_INCLUDED_FILE)?;
    Some(String::from_utf8_lossy(contents).into_owned())
}
