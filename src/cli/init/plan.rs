//! The arguments combined with the environment and the defaults: everything that can be determined
//! before prompting for a passphrase or sending a packet.

use std::path::PathBuf;
use std::time::Duration as Span;

use chrono::Duration;
use voms::pki::key::KeyKind;
use voms::proxy::kind::{Generation, Policy};
use voms::trust::TrustAnchors;
use voms::vo::fqan::Fqan;
use voms::vo::vomsdir::VomsDir;
use voms_asn1::EncodedAc;
use voms_client::request::{AcRequest, MAX_LIFETIME};
use voms_client::spec::{RequestedFqan, VomsSpec};
use voms_client::vomses::VomsesEntry;

use super::args::{self, InitArgs};
use super::files;
use crate::cli::env::Environment;
use crate::cli::file;
use crate::cli::output::{self, Diagnostic};
use crate::cli::places;
use crate::cli::prompt::PassphraseSource;
use crate::cli::{trouble, vos};
use crate::home::location::Location;

const DEFAULT_LIFETIME: Duration = Duration::hours(12);
const DEFAULT_TIMEOUT: Span = Span::from_secs(10);

/// A VO to contact.
#[derive(Debug)]
pub struct VoPlan {
    /// What to request.
    pub request: AcRequest,
    /// The servers to try.
    pub servers: Vec<VomsesEntry>,
}

/// How to treat a server's warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    Told,
    Ignored,
    Fatal,
}

/// Everything that `run` needs.
#[derive(Debug)]
pub struct InitPlan {
    pub credential: Location,
    pub passphrase: PassphraseSource,
    pub anchors: Option<TrustAnchors>,
    pub vomsdir: Option<VomsDir>,
    pub vos: Vec<VoPlan>,
    /// Only list what the VO grants.
    pub list: bool,
    /// Attribute certificates read from a file.
    pub acs: Vec<EncodedAc>,
    /// Where to write the attribute certificates instead of a proxy.
    pub separate: Option<PathBuf>,
    /// The contents of a file to embed in the proxy.
    pub included: Option<Vec<u8>>,
    pub warnings: Warnings,
    pub judge_chain: bool,
    pub any_host: bool,
    pub generation: Generation,
    pub policy: Policy,
    pub path_length: Option<u32>,
    pub lifetime: Duration,
    pub key: KeyKind,
    pub out: PathBuf,
    pub timeout: Span,
    pub verify_ac: bool,
    pub say_verified: bool,
    pub quiet: bool,
    pub debug: bool,
    pub json: bool,
    pub time_zone: Option<String>,
}

impl InitPlan {
    /// Combines arguments and environment.
    pub fn new(args: InitArgs, env: &Environment) -> Result<Self, Diagnostic> {
        if args.quiet && args.debug {
            return Err(Diagnostic::new("--quiet and --debug contradict each other")
                .help("give one of them"));
        }
        let valid = args
            .valid
            .as_deref()
            .map(|text| args::lifetime("--valid", text))
            .transpose()?;
        let hours = args.hours.as_deref().map(args::hours).transpose()?;
        let vomslife = args
            .vomslife
            .as_deref()
            .map(|text| args::lifetime("--vomslife", text))
            .transpose()?;
        let lifetime = hours.or(valid).unwrap_or(DEFAULT_LIFETIME);
        if lifetime <= Duration::zero() {
            return Err(Diagnostic::new("the lifetime of a proxy cannot be zero")
                .help("write for example --valid 12:00"));
        }
        let key = args::key_kind(args.key_type.as_deref(), args.bits.as_deref())?;
        if args.separate.is_some() && args.voms.is_empty() {
            return Err(
                Diagnostic::new("--separate is about the attributes of a VO")
                    .help("name the VO with --voms"),
            );
        }
        if args.list && args.voms.len() != 1 {
            return Err(Diagnostic::new("--list is about one VO").help("give --voms once"));
        }
        let vos = vo_plans(&args, vomslife.or(valid).unwrap_or(DEFAULT_LIFETIME), env)?;
        let anchors = places::anchors(args.certdir.as_deref(), env)?;
        let vomsdir = places::vomsdir(args.vomsdir.as_deref(), env)?;
        let out = file::absolute(&args.out.clone().unwrap_or_else(|| env.proxy()));
        let directory = file::directory(&out);
        if !directory.is_dir() && !args.list && args.separate.is_none() {
            return Err(trouble::no_directory(&out, directory));
        }
        Ok(Self {
            credential: location(&args, env)?,
            passphrase: PassphraseSource::new(args.pwstdin),
            anchors,
            vomsdir,
            vos,
            generation: generation(&args)?,
            policy: files::policy(&args)?,
            list: args.list,
            acs: args
                .includeac
                .as_deref()
                .map_or(Ok(Vec::new()), files::attribute_certificates)?,
            separate: args.separate.clone(),
            included: args.include.as_deref().map(files::included).transpose()?,
            warnings: match (args.failonwarn, args.ignorewarn) {
                (true, _) => Warnings::Fatal,
                (false, true) => Warnings::Ignored,
                (false, false) => Warnings::Told,
            },
            judge_chain: !args.skip_chain_integrity_checks,
            any_host: args.skip_hostname_checks,
            path_length: args.path_length,
            lifetime,
            key,
            out,
            timeout: args
                .timeout
                .filter(|seconds| *seconds > 0)
                .map_or(DEFAULT_TIMEOUT, Span::from_secs),
            verify_ac: !args.dont_verify_ac && !env.init_dont_verify_ac,
            say_verified: args.verify,
            quiet: args.quiet || args.json || args.list,
            debug: args.debug,
            json: args.json,
            time_zone: env.time_zone.clone(),
        })
    }
}

fn generation(args: &InitArgs) -> Result<Generation, Diagnostic> {
    match args.proxyver.as_deref() {
        Some("2") => Ok(Generation::Legacy),
        Some("3") => Ok(Generation::Draft),
        Some("4") => Ok(Generation::Rfc),
        Some(other) => Err(
            Diagnostic::new(format!("there is no proxy version {other}"))
                .help("write --proxyver 2 (legacy), 3 (draft) or 4 (RFC 3820, the default)"),
        ),
        None if args.old && !args.rfc => Ok(Generation::Legacy),
        None if args.draft && !args.rfc => Ok(Generation::Draft),
        None => Ok(Generation::Rfc),
    }
}

fn location(args: &InitArgs, env: &Environment) -> Result<Location, Diagnostic> {
    if args.noregen && args.cert.is_none() {
        return Ok(Location::single(env.proxy()));
    }
    places::location(args.cert.as_deref(), args.key.as_deref(), env)
}

fn vo_plans(
    args: &InitArgs,
    lifetime: Duration,
    env: &Environment,
) -> Result<Vec<VoPlan>, Diagnostic> {
    if args.voms.is_empty() {
        return Ok(Vec::new());
    }
    // In the C++ client's syntax, a role is group:role, and commas separate several.
    let fqan = |text: &str| {
        let parsed = text.trim().replacen(':', "/Role=", 1).parse::<Fqan>();
        parsed.map_err(|error| {
            Diagnostic::new(&error)
                .help("write --order /group/subgroup or --order /group/Role=name")
        })
    };
    let order = args
        .order
        .iter()
        .flat_map(|text| text.split(','))
        .map(fqan)
        .collect::<Result<Vec<Fqan>, _>>()?;
    let targets = targets(&args.target)?;
    let vomses = vos::load(&args.vomses, env)?;
    if args.debug {
        vos::debug(&vomses);
    }
    vos::problems(&vomses, &args.vomses, env)
        .iter()
        .for_each(output::warning);
    let mut plans: Vec<(VoPlan, bool)> = Vec::new();
    for text in &args.voms {
        let bad = |error: voms::vo::fqan::FqanError| Diagnostic::from(error);
        let spec: VomsSpec = text.parse().map_err(bad)?;
        let servers = vos::servers(&spec.name, &vomses, args.vomses.is_empty())?;
        let vo = servers[0].vo.clone();
        let all = args.list || spec.fqans.contains(&RequestedFqan::All);
        let wanted: Vec<Option<Fqan>> = spec
            .fqans
            .iter()
            .map(|fqan| fqan.in_vo(&vo))
            .collect::<Result<_, _>>()
            .map_err(bad)?;
        let wanted = wanted.into_iter().flatten();
        match plans.iter_mut().find(|(plan, _)| plan.request.vo == vo) {
            Some((plan, everything)) => {
                plan.request.fqans.extend(wanted);
                let more: Vec<_> = servers
                    .into_iter()
                    .filter(|server| !plan.servers.contains(server))
                    .collect();
                plan.servers.extend(more);
                *everything |= all;
            }
            None => {
                let order = order
                    .iter()
                    .filter(|fqan| fqan.is_of(&vo))
                    .cloned()
                    .collect();
                let seconds = u64::try_from(lifetime.num_seconds())
                    .ok()
                    .filter(|seconds| *seconds > 0);
                let lifetime = seconds.unwrap_or(MAX_LIFETIME);
                let request = AcRequest::for_everything(&vo)
                    .with_fqans(wanted.collect())
                    .with_order(order)
                    .with_targets(targets.clone())
                    .with_lifetime(lifetime);
                plans.push((VoPlan { request, servers }, all));
            }
        }
    }
    let finished = plans.into_iter().map(|(mut plan, everything)| {
        if everything {
            plan.request.fqans.clear();
        }
        plan
    });
    Ok(finished.collect())
}

/// Host names; each option may hold several, separated by commas.
fn targets(typed: &[String]) -> Result<Vec<String>, Diagnostic> {
    let hosts = typed
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|host| !host.is_empty());
    let well_formed = |host: &str| {
        host.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    hosts
        .map(|host| {
            let wrong = || {
                Diagnostic::new(format!("invalid host name: {host:?}"))
                    .help("write --target host.example.org")
            };
            well_formed(host).then(|| host.to_owned()).ok_or_else(wrong)
        })
        .collect()
}
