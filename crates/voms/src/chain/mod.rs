//! Certificate chains with proxies: classifying each certificate, and verifying the chain as a
//! whole (RFC 3820 section 4, spec 1.7 and 1.8).

mod costs;
mod finding;
mod order;
mod rules;
mod verified;

use std::time::{Duration, SystemTime};

pub use self::finding::ChainFinding;
use self::rules::{judge_dates, judge_proxy, weakness};
pub use self::verified::VerifiedChain;
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::dn::Dn;
use crate::pki::key_limit::Cost;
use crate::policy::Policy;
use crate::report::Report;
use crate::time::{LATEST, since_epoch};
use crate::trust::{PathFinding, TrustAnchors, Usage};
use crate::work::Work;

/// OpenSSL's own limit on chain depth.
pub const MAX_CERTIFICATES: usize = 100;
const MAX_BYTES: usize = 1 << 20;
/// Findings of one kind on one certificate.
const MAX_REPORTED: usize = 10;
/// Findings on one chain.
const MAX_FINDINGS: usize = 30;

/// Why a chain could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A certificate in it cannot be parsed.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It contains no certificates.
    #[error("no certificate in it")]
    Empty,
    /// The input is larger than any real chain.
    #[error("{0} bytes; at most {MAX_BYTES} are allowed")]
    TooLong(usize),
    /// It has more certificates than any real chain.
    #[error("{0} certificates in it; at most {MAX_CERTIFICATES} are allowed")]
    TooMany(usize),
}

/// Certificates from the leaf up: proxies, then the user's certificate, then CAs.
#[derive(Clone, Debug)]
pub struct Chain {
    certificates: Vec<Certificate>,
    /// What was spent on ordering them.
    spent: Cost,
}

impl Chain {
    /// The certificate that issued the proxies and that attribute certificates name as holder; the
    /// leaf if the chain has no end-entity certificate.
    #[must_use]
    pub fn holder(&self) -> &Certificate {
        self.end_entity().unwrap_or(self.leaf())
    }

    /// Whether OpenSSL can handle every certificate, which verification requires and display does
    /// not.
    ///
    /// # Errors
    /// [`CertificateError::Unsupported`] for the first that it cannot.
    pub fn check_supported(&self) -> Result<(), CertificateError> {
        self.certificates
            .iter()
            .try_for_each(Certificate::check_supported)
    }

    /// All certificates, leaf first.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The leaf certificate.
    #[must_use]
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[0]
    }

    /// The proxies, leaf first: all certificates before the first non-proxy.
    #[must_use]
    pub fn proxies(&self) -> &[Certificate] {
        let count = self
            .certificates
            .iter()
            .take_while(|c| c.is_proxy())
            .count();
        &self.certificates[..count]
    }

    /// The user's certificate, if present in the chain.
    #[must_use]
    pub fn end_entity(&self) -> Option<&Certificate> {
        self.certificates.get(self.proxies().len())
    }

    /// The user: the end entity's subject or, if its certificate is missing, the issuer of the last
    /// proxy.
    #[must_use]
    pub fn identity(&self) -> &Dn {
        match (self.end_entity(), self.proxies().last()) {
            (Some(end_entity), _) => end_entity.subject(),
            (None, Some(proxy)) => proxy.issuer(),
            (None, None) => self.leaf().subject(),
        }
    }

    /// The earliest notAfter of the proxies and the user's certificate.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        let own = self.proxies().iter().chain(self.end_entity());
        own.map(Certificate::not_after)
            .min()
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The latest notBefore of the proxies and the user's certificate.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        let own = self.proxies().iter().chain(self.end_entity());
        own.map(Certificate::not_before)
            .max()
            .unwrap_or(since_epoch(LATEST))
    }

    /// Verifies every proxy against its issuer, and the user's certificate against the trust
    /// anchors, at `now`.
    ///
    /// # Errors
    /// Every finding, in chain order.
    pub fn verify(
        &self,
        anchors: &TrustAnchors,
        policy: &Policy,
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedChain, Vec<ChainFinding>> {
        self.verify_within(&mut self.budget(), anchors, policy, now.into())
    }

    /// What verifying the chain and its attribute certificates may cost.
    pub(crate) fn budget(&self) -> Work {
        Work::after(self.spent)
    }

    pub(crate) fn verify_within(
        &self,
        work: &mut Work,
        anchors: &TrustAnchors,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<VerifiedChain, Vec<ChainFinding>> {
        let mut findings = self.judge_proxies(work, now, policy.skew());
        findings.extend(
            self.proxies()
                .iter()
                .filter_map(|proxy| weakness(proxy, policy.strength())),
        );
        let Some(end_entity) = self.end_entity() else {
            findings.push(ChainFinding::NoEndEntity(self.identity().clone()));
            return Err(findings.finish());
        };
        if end_entity.subject().is_empty() {
            findings.push(ChainFinding::Nameless);
        }
        if end_entity.is_ca() {
            findings.push(ChainFinding::EndEntityIsCa(end_entity.subject().clone()));
        }
        // A proxy has its own key; its issuer's is judged with it.
        if self.proxies().is_empty()
            && !end_entity.is_ca()
            && end_entity
                .key_usage()
                .is_some_and(|usage| !usage.may_sign() && !usage.may_agree())
        {
            findings.push(ChainFinding::UserKeyUsage(end_entity.subject().clone()));
        }
        let above = &self.certificates[self.proxies().len() + 1..];
        match anchors.verify_within(work, (end_entity, above), Usage::Client, policy, now) {
            Ok(path) if findings.is_empty() => Ok(VerifiedChain::new(self.proxies(), path)),
            Ok(_) => Err(findings.finish()),
            Err(path) => {
                findings.extend(path.into_iter().map(ChainFinding::Path));
                Err(findings.finish())
            }
        }
    }

    /// The findings that need no trust anchors, at `now`: those on the proxies, and on the name,
    /// validity period and purpose of the user's certificate.
    #[must_use]
    pub fn local_findings(&self, now: impl Into<SystemTime>) -> Vec<ChainFinding> {
        let now = now.into();
        let mut findings = self.judge_proxies(&mut self.budget(), now, Duration::ZERO);
        let nameless = |own: &&Certificate| own.subject().is_empty();
        findings.extend(
            self.end_entity()
                .filter(nameless)
                .map(|_| ChainFinding::Nameless),
        );
        let own = self
            .end_entity()
            .and_then(|own| PathFinding::of_validity(own, now, Duration::ZERO));
        findings.extend(own.map(ChainFinding::Path));
        let purpose = self
            .end_entity()
            .and_then(|own| PathFinding::of_purpose(own, Usage::Client));
        findings.extend(purpose.map(ChainFinding::Path));
        findings.finish()
    }

    /// The findings on the proxies alone, at `now` without clock skew: RFC 3820 section 4 without
    /// validating the end-entity certificate.
    #[must_use]
    pub fn proxy_findings(&self, now: impl Into<SystemTime>) -> Vec<ChainFinding> {
        self.judge_proxies(&mut self.budget(), now.into(), Duration::ZERO)
            .finish()
    }

    fn judge_proxies(
        &self,
        work: &mut Work,
        now: SystemTime,
        skew: Duration,
    ) -> Report<ChainFinding> {
        let proxies = self.proxies();
        let mut findings = Report::of_at_most(MAX_FINDINGS);
        for (at, pair) in self.certificates.windows(2).take(proxies.len()).enumerate() {
            if judge_proxy(&pair[0], &pair[1], work, &mut findings).is_err() {
                findings.push(ChainFinding::TooCostly);
                break;
            }
            judge_dates(&pair[0], now, skew, &mut findings);
            let below = u32::try_from(at).unwrap_or(u32::MAX);
            if pair[0]
                .proxy_path_length()
                .is_some_and(|allowed| allowed < below)
            {
                findings.push(ChainFinding::PathLength(proxies[0].subject().clone()));
            }
        }
        findings
    }
}
