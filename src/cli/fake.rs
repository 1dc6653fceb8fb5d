//! `voms-proxy-fake`: signs attributes with a local host certificate instead of requesting them
//! from a VOMS server, to test services.

use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use clap::{ArgAction, Parser};
use voms::pki::credential::Credential;
use voms::pki::key::PrivateKey;
use voms::proxy::kind::{Generation, ProxyPolicy};
use voms::proxy::{CarriedAc, Proxy, ProxyRequest, VerifiedIssuer};
use voms::vo::fqan::Fqan;
use voms_asn1::EncodedAc;
use voms_asn1::voms::generic_attributes::GenericAttribute;
use voms_authority::sign::AcDraft;

use super::args::Arguments;
use super::env::Environment;
use super::exit::Exit;
use super::init::{self, Lifetimes};
use super::invocation::Invocation;
use super::outcome::{Report, run_command};
use super::output::{self, Diagnostic};
use super::prompt::PassphraseSource;
use super::{failure, file, places};
use crate::home::load;
use crate::home::location::Location;
use crate::time::{span, utc};

/// Makes a proxy whose attributes are signed with a host certificate of yours, to test services that trust it.
#[derive(Debug, Parser)]
#[command(
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    override_usage = "voms-proxy-fake --voms VO --hostcert FILE --hostkey FILE --fqan FQAN... [options]",
    after_help = "\
EXIT CODES
  0  a proxy was written
  1  nothing was written

EXAMPLES
  voms-proxy-fake --voms virgo --hostcert hostcert.pem --hostkey hostkey.pem --uri voms.example.org:15000 \\
      --fqan /virgo/virgo/Role=NULL/Capability=NULL --out fake.pem"
)]
pub struct FakeArgs {
    /// The VO
    #[arg(long, value_name = "VO")]
    voms: String,
    /// Certificate of the host that signs
    #[arg(long, value_name = "FILE")]
    hostcert: PathBuf,
    /// Its key
    #[arg(long, value_name = "FILE")]
    hostkey: PathBuf,
    /// A group or role, in the order given; repeatable
    #[arg(long, value_name = "FQAN", action = ArgAction::Append, required = true)]
    fqan: Vec<String>,
    /// The server that the attributes name (default localhost:15000)
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "localhost:15000",
        hide_default_value = true
    )]
    uri: String,
    /// A generic attribute; repeatable
    #[arg(long, value_name = "NAME=VALUE (QUALIFIER)", action = ArgAction::Append)]
    ga: Vec<String>,
    /// Your certificate: PEM, PKCS#12, or a proxy
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Your private key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where to write the proxy (default X509_USER_PROXY or /tmp/x509up_u<uid>)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Accepted for compatibility; an existing proxy is always replaced
    #[arg(long, hide = true)]
    force: bool,
    /// Make attributes that only this host accepts; repeatable
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    target: Vec<String>,
    /// Accepted for compatibility; attributes are always in the new format
    #[arg(long, hide = true)]
    newformat: bool,
    /// Read options from FILE; those of the command line win
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    conf: Vec<PathBuf>,
    /// Life of the proxy in hours
    #[arg(long, value_name = "H")]
    hours: Option<String>,
    /// Life of proxy and attributes (default 12:00)
    #[arg(long, value_name = "H:M")]
    valid: Option<String>,
    /// Life of the attributes alone
    #[arg(long, value_name = "H:M")]
    vomslife: Option<String>,
    /// Size of the proxy's RSA key (default 2048)
    #[arg(long, value_name = "N")]
    bits: Option<String>,
    /// Make a limited proxy
    #[arg(long)]
    limited: bool,
    /// Make an RFC 3820 proxy (default)
    #[arg(long)]
    rfc: bool,
    /// Make a legacy proxy
    #[arg(long)]
    old: bool,
    /// How many proxies may be made below this one
    #[arg(long, value_name = "N")]
    path_length: Option<u32>,
    /// Read the passphrase from standard input
    #[arg(long)]
    pwstdin: bool,
    /// Print nothing on success
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Log each step to stderr
    #[arg(long)]
    debug: bool,
    /// Show this help
    #[arg(long, short = 'h', alias = "usage", action = ArgAction::Help)]
    help: Option<bool>,
    /// Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

impl Arguments for FakeArgs {}

/// Runs the command.
pub fn main(invocation: &Invocation) -> Exit {
    run_command(invocation, |args: FakeArgs| {
        let plan = FakePlan::new(args, &invocation.env)?;
        let proxy = run(&plan, (invocation.now)())?;
        report(&plan, &proxy);
        Ok(Report::done())
    })
}

struct FakePlan {
    /// The user's credential.
    user: Location,
    /// The certificate that signs the attributes, and its key.
    host: Location,
    passphrase: PassphraseSource,
    contents: Contents,
    ac_lifetime: Duration,
    request: ProxyRequest,
    /// The size of the proxy's key.
    bits: u32,
    out: PathBuf,
    quiet: bool,
    debug: bool,
    time_zone: Option<String>,
}

/// What the attribute certificate says.
struct Contents {
    vo: String,
    uri: String,
    fqans: Vec<String>,
    attributes: Vec<GenericAttribute>,
    /// The hosts that accept it; empty for all.
    targets: Vec<String>,
}

impl FakePlan {
    fn new(args: FakeArgs, env: &Environment) -> Result<Self, Diagnostic> {
        let lifetimes = Lifetimes::new(
            args.valid.as_deref(),
            args.hours.as_deref(),
            args.vomslife.as_deref(),
        )?;
        let bits = args.bits.as_deref().map_or(Ok(2048), init::bits)?;
        let out = file::absolute(&args.out.clone().unwrap_or_else(|| env.proxy()));
        Ok(Self {
            contents: Contents::new(&args)?,
            user: places::location(args.cert.as_deref(), args.key.as_deref(), env)?,
            request: request(&args, lifetimes.proxy),
            host: Location::pair(args.hostcert, args.hostkey),
            passphrase: PassphraseSource::new(args.pwstdin),
            ac_lifetime: lifetimes.ac,
            bits,
            out,
            quiet: args.quiet,
            debug: args.debug,
            time_zone: env.time_zone.clone(),
        })
    }
}

impl Contents {
    fn new(args: &FakeArgs) -> Result<Self, Diagnostic> {
        if let Some(fqan) = args.fqan.iter().find(|fqan| !Fqan::is_granted_form(fqan)) {
            return Err(Diagnostic::usage(format!("{fqan:?} is not an FQAN"))
                .help("write for example --fqan /virgo/Role=production"));
        }
        let attributes = args
            .ga
            .iter()
            .map(|text| generic_attribute(text, &args.voms));
        Ok(Self {
            attributes: attributes.collect::<Result<_, _>>()?,
            vo: args.voms.clone(),
            uri: args.uri.clone(),
            fqans: args.fqan.clone(),
            targets: init::targets(&args.target)?,
        })
    }
}

fn request(args: &FakeArgs, lifetime: Duration) -> ProxyRequest {
    let generation = match args.old && !args.rfc {
        true => Generation::Legacy,
        false => Generation::Rfc,
    };
    let policy = match args.limited {
        true => ProxyPolicy::Limited,
        false => ProxyPolicy::InheritAll,
    };
    ProxyRequest::new(span(lifetime))
        .with_generation(generation)
        .with_policy(policy)
        .with_path_length(args.path_length)
}

fn run(plan: &FakePlan, now: DateTime<Utc>) -> Result<Proxy, Diagnostic> {
    let signer = load(&plan.host, plan.passphrase)?;
    // Whether services notice this may be what is tested.
    for finding in signer.chain().local_findings(now) {
        output::warning(format!("the certificate that signs: {finding}"));
    }
    let user = load(&plan.user, plan.passphrase)?;
    let ac = sign(plan, &user, &signer, now)?;
    if plan.debug {
        output::stderr(&format!(
            "signed by {}: {}",
            signer.chain().leaf().subject(),
            plan.contents.fqans.join(", ")
        ));
    }
    let request = plan.request.clone().carrying([CarriedAc::unverified(ac)]);
    let key = PrivateKey::generate_rsa(plan.bits).map_err(Diagnostic::unexpected)?;
    let proxy = request
        .issue(&VerifiedIssuer::assume(&user), key, now)
        .map_err(|error| failure::issuing(&error))?;
    let pem = proxy.to_pem().map_err(Diagnostic::unexpected)?;
    file::replace(&plan.out, &pem).map_err(|error| failure::not_written(&plan.out, &error))?;
    Ok(proxy)
}

fn sign(
    plan: &FakePlan,
    user: &Credential,
    signer: &Credential,
    now: DateTime<Utc>,
) -> Result<EncodedAc, Diagnostic> {
    let contents = &plan.contents;
    let draft = AcDraft {
        vo: contents.vo.clone(),
        uri: contents.uri.clone(),
        fqans: contents.fqans.clone(),
        attributes: contents.attributes.clone(),
        targets: contents.targets.clone(),
        not_before: now,
        not_after: now + plan.ac_lifetime,
    };
    draft
        .sign(user.chain().holder(), signer)
        .map_err(Diagnostic::unexpected)
}

fn report(plan: &FakePlan, proxy: &Proxy) {
    if plan.quiet {
        return;
    }
    output::line(&format!(
        "\nCreated proxy in {}.\n\nYour proxy is valid until {}",
        plan.out.display(),
        output::date(utc(proxy.not_after()), plan.time_zone.as_deref())
    ));
}

fn load(location: &Location, passphrase: PassphraseSource) -> Result<Credential, Diagnostic> {
    let loaded = load::load(location, |path| passphrase.ask(path));
    loaded.map_err(Diagnostic::from)
}

/// `name = value (qualifier)`; the qualifier defaults to the VO.
fn generic_attribute(text: &str, vo: &str) -> Result<GenericAttribute, Diagnostic> {
    let wrong = || {
        Diagnostic::usage(format!("invalid attribute: {text:?}"))
            .help("write --ga 'name = value (qualifier)'")
    };
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (value, qualifier) = match rest
        .trim()
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((value, qualifier)) => (value, qualifier),
        None => (rest, vo),
    };
    let octets = |text: &str| text.trim().as_bytes().to_vec();
    Ok(GenericAttribute {
        name: octets(name),
        value: octets(value),
        qualifier: octets(qualifier),
    })
}
