//! The rules for one proxy below its issuer (RFC 3820 section 4).

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use der::asn1::ObjectIdentifier;
use voms_asn1::oid;

use crate::chain::{ChainFinding, MAX_REPORTED};
use crate::pki::certificate::Certificate;
use crate::pki::key_usage::KeyUsage;
use crate::pki::proxy_kind::ProxyType;
use crate::pki::strength::StrengthPolicy;
use crate::report::Report;
use crate::time::is_after;
use crate::trust::{PathFinding, Usage};
use crate::work::{Exhausted, Work};

/// Real chains have one certificate of a name, or a few after a CA was renewed.
const MAX_CANDIDATES: usize = 11;

/// The certificate with the issuer's name. Of several, one with the key identifier that the issued
/// certificate names; of those, the one whose key made the signature, as far as the budget goes.
pub(super) fn issuer_among(
    certificates: &[Certificate],
    issued: &Certificate,
    work: &mut Work,
) -> Option<usize> {
    let named = |at: &usize| certificates[*at].subject().matches(issued.issuer());
    let all: Vec<usize> = (0..certificates.len())
        .filter(named)
        .take(MAX_CANDIDATES)
        .collect();
    let identified: Vec<usize> = all
        .iter()
        .copied()
        .filter(|at| certificates[*at].may_have_key_of(issued))
        .collect();
    let candidates = if identified.is_empty() {
        all
    } else {
        identified
    };
    let (first, others) = candidates.split_first()?;
    if others.is_empty() {
        return Some(*first);
    }
    let signed = |at: &&usize| {
        let candidate = &certificates[**at];
        work.spend(candidate).is_ok() && issued.is_signed_by(candidate)
    };
    candidates.iter().find(signed).or(Some(first)).copied()
}

pub(super) fn judge_proxy(
    proxy: &Certificate,
    issuer: &Certificate,
    work: &mut Work,
    findings: &mut Report<ChainFinding>,
) -> Result<(), Exhausted> {
    let subject = || proxy.subject().clone();
    if proxy
        .subject()
        .common_name_below(issuer.subject())
        .is_none()
        || !proxy.issuer().matches(issuer.subject())
    {
        findings.push(ChainFinding::Name(subject()));
    }
    work.spend(issuer)?;
    if let Some(limit) = proxy.key_limit() {
        findings.push(ChainFinding::Key(subject(), limit));
    } else if proxy.check_supported().is_err() {
        findings.push(ChainFinding::Unhandled(subject()));
    } else if !proxy.is_signed_by(issuer) {
        findings.push(ChainFinding::Signature(subject()));
    }
    if issuer.is_ca() {
        findings.push(ChainFinding::IssuerIsCa(subject()));
    }
    if issuer.extension(oid::KEY_USAGE).is_some()
        && !issuer.key_usage().is_some_and(KeyUsage::may_sign)
    {
        findings.push(ChainFinding::IssuerMayNotSign(subject()));
    }
    if let (Some(own), Some(above)) = (proxy.proxy_type(), issuer.proxy_type()) {
        if own.generation() != above.generation() {
            findings.push(ChainFinding::MixedTypes(subject()));
        }
        if above.is_limited() && !own.is_limited() && !own.is_independent() {
            findings.push(ChainFinding::LimitedNotKept(subject()));
        }
    }
    findings.extend(PathFinding::of_purpose(proxy, Usage::Client).map(ChainFinding::Path));
    judge_extensions(proxy, findings);
    Ok(())
}

pub(super) fn judge_dates(
    proxy: &Certificate,
    now: SystemTime,
    skew: Duration,
    findings: &mut Report<ChainFinding>,
) {
    let subject = || proxy.subject().clone();
    if is_after(now, proxy.not_after(), skew) {
        findings.push(ChainFinding::Expired {
            subject: subject(),
            at: proxy.not_after(),
        });
    }
    if is_after(proxy.not_before(), now, skew) {
        findings.push(ChainFinding::NotYetValid {
            subject: subject(),
            at: proxy.not_before(),
        });
    }
}

pub(super) fn weakness(proxy: &Certificate, strength: StrengthPolicy) -> Option<ChainFinding> {
    let weakness = strength
        .judge_key(proxy)
        .or(strength.judge_signature(proxy.signature_algorithm()));
    weakness.map(|weakness| ChainFinding::Weak(proxy.subject().clone(), weakness))
}

pub(super) fn judge_extensions(proxy: &Certificate, findings: &mut Report<ChainFinding>) {
    let subject = || proxy.subject().clone();
    if [oid::SUBJECT_ALT_NAME, oid::ISSUER_ALT_NAME]
        .iter()
        .any(|id| proxy.extension(*id).is_some())
    {
        findings.push(ChainFinding::AlternativeName(subject()));
    }
    let info = [oid::PROXY_CERT_INFO, oid::DRAFT_PROXY_CERT_INFO];
    if info
        .iter()
        .any(|id| proxy.extension(*id).is_some_and(|(critical, _)| !critical))
    {
        findings.push(ChainFinding::NotCritical(subject()));
    }
    if info.iter().all(|id| proxy.extension(*id).is_some()) {
        findings.push(ChainFinding::TwoInfos(subject()));
    }
    if proxy
        .key_usage()
        .is_some_and(|usage| !usage.may_sign() || usage.may_certify())
    {
        findings.push(ChainFinding::KeyUsage(subject()));
    }
    if !proxy.version_fits() {
        findings.push(ChainFinding::Version(subject()));
    }
    let duplicate = proxy.duplicate_extension();
    findings.extend(duplicate.map(|id| ChainFinding::DuplicateExtension(subject(), id)));
    let unreadable = proxy.unreadable_extension();
    findings.extend(unreadable.map(|id| ChainFinding::UnreadableExtension(subject(), id)));
    let kind = proxy.proxy_type();
    if proxy.has_policy_rules() || kind.is_some_and(ProxyType::has_other_language) {
        findings.push(ChainFinding::PolicyRules(subject()));
    }
    let unknown = unknown_critical_extensions(proxy);
    findings.extend(unknown.map(|id| ChainFinding::CriticalExtension(subject(), id)));
}

/// The first few critical extensions that are not processed here.
fn unknown_critical_extensions(proxy: &Certificate) -> impl Iterator<Item = ObjectIdentifier> {
    const KNOWN: [ObjectIdentifier; 8] = [
        oid::BASIC_CONSTRAINTS,
        oid::KEY_USAGE,
        oid::EXT_KEY_USAGE,
        oid::NETSCAPE_CERT_TYPE,
        oid::SUBJECT_KEY_IDENTIFIER,
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::PROXY_CERT_INFO,
        oid::DRAFT_PROXY_CERT_INFO,
    ];
    let unknown: BTreeSet<_> = proxy
        .critical_extensions()
        .filter(|id| !KNOWN.contains(id))
        .collect();
    unknown.into_iter().take(MAX_REPORTED)
}
