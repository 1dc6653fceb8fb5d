//! Whether the proxy at hand already is what was asked for.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use voms::ac::embedded::attribute_certificates;
use voms::ac::verify::{AcAttributes, targets, validity};
use voms::chain::Chain;
use voms::pki::key::KeyKind;
use voms::pki::proxy_kind::{Generation, ProxyPolicy, ProxyType};
use voms::vo::fqan::Fqan;
use voms_asn1::attribute_certificate::AttributeCertificateInfo;
use voms_asn1::oid;

use super::plan::InitPlan;
use super::vo::VoPlan;
use crate::home::load::{self, CredentialError, PassphraseProblem};
use crate::home::location::Location;
use crate::time::utc;

/// How long a proxy and its attributes have to last so that no other is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// Both for as long.
    For(Duration),
    /// A quarter of the lives that were asked for.
    Quarter {
        /// The life of the proxy.
        proxy: Duration,
        /// The life of the attributes.
        attributes: Duration,
    },
}

impl Needed {
    fn of_proxy(self) -> Duration {
        match self {
            Self::For(life) => life,
            Self::Quarter { proxy, .. } => proxy / 4,
        }
    }

    /// Servers may grant less than was asked for.
    fn of_attributes(self, granted: Duration) -> Duration {
        match self {
            Self::For(life) => life,
            Self::Quarter { attributes, .. } => attributes.min(granted) / 4,
        }
    }
}

/// The proxy in a file with its key, if the user may use it, without asking for anything.
///
/// # Errors
/// Why not.
pub fn read(path: &Path) -> Result<Chain, CredentialError> {
    let nobody = load::asking_nobody(PassphraseProblem::NotGiven);
    let loaded = load::load(&Location::single(path.to_owned()), nobody)?;
    Ok(loaded.chain().clone())
}

/// When the proxy in the file of the plan ends, if it is what the plan is about, and lasts as long
/// as it has to.
pub fn good_until(plan: &InitPlan, needed: Needed, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let chain = read(&plan.out).ok()?;
    let is_own =
        load::certificates(&plan.credential).is_none_or(|own| own.identity() == chain.identity());
    if !is_own || !is_kind(plan, &chain) || !chain.local_findings(now).is_empty() {
        return None;
    }
    let mut until = utc(chain.not_after());
    let acs: Vec<_> = attribute_certificates(&chain)
        .into_iter()
        .collect::<Result<_, _>>()
        .ok()?;
    for vo in &plan.vos {
        let ac = acs.iter().find_map(|ac| {
            let info = &ac.certificate().acinfo;
            let attributes = AcAttributes::read(info).ok()?;
            has_what_is_asked(vo, &attributes, info).then_some(info)
        })?;
        let (from, end) = validity(ac);
        let (from, end) = (utc(from), utc(end));
        let is_valid = from <= now + Duration::minutes(5);
        if !is_valid || end - now < needed.of_attributes(end - from) {
            return None;
        }
        until = until.min(end);
    }
    (utc(chain.not_after()) - now >= needed.of_proxy()).then_some(until)
}

fn is_kind(plan: &InitPlan, chain: &Chain) -> bool {
    let Some(kind) = chain.leaf().proxy_type() else {
        return false;
    };
    let policy = match kind {
        ProxyType::Rfc(policy) | ProxyType::Draft(policy) => policy.clone(),
        _ if kind.is_limited() => ProxyPolicy::Limited,
        _ => ProxyPolicy::InheritAll,
    };
    let key = chain.leaf().public_key();
    let fits = key.is_ok_and(|key| match plan.key {
        KeyKind::Rsa(bits) => key.bits() == bits,
        _ => key.bits() == 256,
    });
    let generation: Generation = kind.generation();
    let leaf = chain.leaf();
    let limit = leaf.proxy_path_length();
    let included = leaf.extension(oid::VOMS_INCLUDED_FILE);
    fits && generation == plan.generation
        && policy == plan.policy
        && plan.path_length.is_none_or(|wanted| limit == Some(wanted))
        && (plan.included.as_deref())
            .is_none_or(|file| included.is_some_and(|(_, own)| own == file))
}

fn has_what_is_asked(
    vo: &VoPlan,
    attributes: &AcAttributes,
    info: &AttributeCertificateInfo,
) -> bool {
    let request = &vo.request;
    let granted = attributes.parsed_fqans();
    let first = request.order.first().or(request.fqans.first());
    let is_first = |wanted: &Fqan| granted.first() == Some(wanted);
    let hosts = targets(info).ok().flatten().unwrap_or_default();
    attributes.vo == request.vo
        && request.fqans.iter().all(|wanted| granted.contains(wanted))
        && first.is_none_or(is_first)
        && hosts.len() == request.targets.len()
        && request.targets.iter().all(|host| hosts.contains(host))
}
