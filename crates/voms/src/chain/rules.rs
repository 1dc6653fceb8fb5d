//! The rules for one proxy below its issuer (RFC 3820 section 4).

use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;
use std::time::{Duration, SystemTime};
use voms_asn1::oid;

use crate::chain::{ChainFinding, MOST_TOLD};
use crate::pki::certificate::Certificate;
use crate::pki::key_usage::KeyUsage;
use crate::pki::strength::StrengthPolicy;
use crate::proxy::kind::{ProxyPolicy, ProxyType};
use crate::time::is_after;

/// The certificate with the issuer's name; of several, the one whose key made the signature.
pub(super) fn issuer_among(certificates: &[Certificate], issued: &Certificate) -> Option<usize> {
    let named = |at: &usize| certificates[*at].subject().matches(issued.issuer());
    let mut candidates = (0..certificates.len()).filter(named);
    let first = candidates.next()?;
    let signed = |at: &usize| issued.is_signed_by(&certificates[*at]);
    let others: Vec<usize> = candidates.take(MOST_TOLD).collect();
    if others.is_empty() || signed(&first) {
        return Some(first);
    }
    others.into_iter().find(signed).or(Some(first))
}

pub(super) fn judge_proxy(
    proxy: &Certificate,
    issuer: &Certificate,
    findings: &mut Vec<ChainFinding>,
) {
    let subject = || proxy.subject().clone();
    if proxy
        .subject()
        .common_name_below(issuer.subject())
        .is_none()
        || !proxy.issuer().matches(issuer.subject())
    {
        findings.push(ChainFinding::Name(subject()));
    }
    if proxy.check_supported().is_err() {
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
    judge_extensions(proxy, findings);
}

pub(super) fn judge_dates(
    proxy: &Certificate,
    now: SystemTime,
    skew: Duration,
    findings: &mut Vec<ChainFinding>,
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

pub(super) fn judge_extensions(proxy: &Certificate, findings: &mut Vec<ChainFinding>) {
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
    findings.extend(
        proxy
            .duplicate_extension()
            .map(|id| ChainFinding::DuplicateExtension(subject(), id)),
    );
    findings.extend(
        proxy
            .unreadable_extension()
            .map(|id| ChainFinding::UnreadableExtension(subject(), id)),
    );
    let language = |kind: &ProxyType| {
        matches!(
            kind,
            ProxyType::Rfc(ProxyPolicy::Language { .. })
                | ProxyType::Draft(ProxyPolicy::Language { .. })
        )
    };
    if proxy.has_policy_rules() || proxy.proxy_type().is_some_and(language) {
        findings.push(ChainFinding::PolicyRules(subject()));
    }
    let unknown: BTreeSet<_> = proxy
        .critical_extensions()
        .filter(|id| !KNOWN.contains(id))
        .collect();
    let told = unknown.into_iter().take(MOST_TOLD);
    findings.extend(told.map(|id| ChainFinding::CriticalExtension(subject(), id)));
}
