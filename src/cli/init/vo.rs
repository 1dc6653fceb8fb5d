//! What to request from which VO, and from which of its servers.

use chrono::Duration;
use voms::vo::fqan::{Fqan, FqanError};
use voms_client::request::{AcRequest, MAX_LIFETIME};
use voms_client::spec::{RequestedFqan, VomsSpec};
use voms_client::vomses::{Vomses, VomsesEntry};

use super::args::InitArgs;
use crate::cli::env::Environment;
use crate::cli::output::{self, Diagnostic};
use crate::cli::vos;

/// A VO to contact.
#[derive(Debug)]
pub struct VoPlan {
    /// What to request.
    pub request: AcRequest,
    /// The servers to try.
    pub servers: Vec<VomsesEntry>,
}

/// One `--voms`, or several about the same VO.
struct Draft {
    vo: String,
    fqans: Vec<Fqan>,
    /// Whether everything that the VO grants is requested.
    all: bool,
    servers: Vec<VomsesEntry>,
}

/// The plan for each VO, in the order of the options.
pub fn plans(
    args: &InitArgs,
    lifetime: Duration,
    env: &Environment,
) -> Result<Vec<VoPlan>, Diagnostic> {
    if args.voms.is_empty() {
        return Ok(Vec::new());
    }
    let order = order(&args.order)?;
    let targets = targets(&args.target)?;
    let vomses = load(args, env)?;
    let mut drafts: Vec<Draft> = Vec::new();
    for text in &args.voms {
        let draft = Draft::new(text, args, &vomses)?;
        match drafts.iter_mut().find(|known| known.vo == draft.vo) {
            Some(known) => known.join(draft),
            None => drafts.push(draft),
        }
    }
    let plans = drafts.into_iter();
    Ok(plans
        .map(|draft| draft.finish(&order, &targets, seconds(lifetime)))
        .collect())
}

impl Draft {
    fn new(text: &str, args: &InitArgs, vomses: &Vomses) -> Result<Self, Diagnostic> {
        let bad = |error: FqanError| Diagnostic::from(error);
        let spec: VomsSpec = text.parse().map_err(bad)?;
        let servers = vos::servers(&spec.name, vomses, args.vomses.is_empty())?;
        let vo = servers[0].vo.clone();
        let requested = spec.fqans.iter().map(|fqan| fqan.in_vo(&vo));
        let fqans = requested.collect::<Result<Vec<_>, _>>().map_err(bad)?;
        Ok(Self {
            fqans: fqans.into_iter().flatten().collect(),
            all: args.list || spec.fqans.contains(&RequestedFqan::All),
            vo,
            servers,
        })
    }

    fn join(&mut self, other: Self) {
        self.fqans.extend(other.fqans);
        self.all |= other.all;
        for server in other.servers {
            if !self.servers.contains(&server) {
                self.servers.push(server);
            }
        }
    }

    fn finish(self, order: &[Fqan], targets: &[String], lifetime: u64) -> VoPlan {
        let order = order.iter().filter(|fqan| fqan.is_of(&self.vo));
        VoPlan {
            request: AcRequest::for_everything(&self.vo)
                .with_fqans(if self.all { Vec::new() } else { self.fqans })
                .with_order(order.cloned().collect())
                .with_targets(targets.to_vec())
                .with_lifetime(lifetime),
            servers: self.servers,
        }
    }
}

fn load(args: &InitArgs, env: &Environment) -> Result<Vomses, Diagnostic> {
    let vomses = vos::load(&args.vomses, env)?;
    if args.debug {
        vos::debug(&vomses);
    }
    vos::problems(&vomses, &args.vomses, env)
        .iter()
        .for_each(|problem| output::warning(&problem.message));
    Ok(vomses)
}

/// In seconds; zero stands for the longest that the server grants.
fn seconds(lifetime: Duration) -> u64 {
    u64::try_from(lifetime.num_seconds())
        .ok()
        .filter(|seconds| *seconds > 0)
        .unwrap_or(MAX_LIFETIME)
}

/// The FQANs of `--order`. In the C++ client's syntax, a role is group:role, and commas separate
/// several.
fn order(typed: &[String]) -> Result<Vec<Fqan>, Diagnostic> {
    let fqan = |text: &str| {
        let parsed = text.trim().replacen(':', "/Role=", 1).parse::<Fqan>();
        parsed.map_err(|error| {
            Diagnostic::new(error.code(), &error)
                .help("write --order /group/subgroup or --order /group/Role=name")
        })
    };
    let texts = typed.iter().flat_map(|text| text.split(','));
    texts.map(fqan).collect()
}

/// Host names; each option may hold several, separated by commas.
pub fn targets(typed: &[String]) -> Result<Vec<String>, Diagnostic> {
    let hosts = typed
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|host| !host.is_empty());
    hosts.map(target).collect()
}

fn target(host: &str) -> Result<String, Diagnostic> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !host.chars().all(fits) {
        return Err(Diagnostic::usage(format!("invalid host name: {host:?}"))
            .help("write --target host.example.org"));
    }
    Ok(host.to_owned())
}
