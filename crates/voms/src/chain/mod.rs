//! Certificate chains with proxies: classifying each certificate, and verifying the chain as a
//! whole (RFC 3820 section 4, spec 1.7 and 1.8).

mod finding;

mod rules;

use std::time::{Duration, SystemTime};

pub use self::finding::ChainFinding;
use self::rules::{issuer_among, judge_dates, judge_proxy, weakness};
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::dn::Dn;
use crate::pki::key_limit::Cost;
use crate::pki::pem;
use crate::policy::Policy;
use crate::proxy::kind::ProxyType;
use crate::time::{LATEST, since_epoch};
use crate::trust::{PathFinding, TrustAnchors, Usage};
use crate::work::Work;

/// OpenSSL's own limit on chain depth.
pub const MOST_CERTIFICATES: usize = 100;
const MOST_BYTES: usize = 1 << 20;
/// Findings of one kind on one certificate.
const MOST_TOLD: usize = 10;

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
    #[error("{0} bytes; at most {MOST_BYTES} are allowed")]
    TooLong(usize),
    /// It has more certificates than any real chain.
    #[error("{0} certificates in it; at most {MOST_CERTIFICATES} are allowed")]
    TooMany(usize),
}

/// Certificates from the leaf up: proxies, then the user's certificate, then CAs.
#[derive(Clone, Debug)]
pub struct Chain {
    certificates: Vec<Certificate>,
    /// What was spent on ordering them.
    spent: Cost,
}

/// A verified chain; only [`Chain::verify`] creates one.
#[derive(Clone, Debug)]
pub struct VerifiedChain {
    certificates: Vec<Certificate>,
    identity: Dn,
    proxy_type: Option<ProxyType>,
    limited: bool,
    independent: bool,
    depth: usize,
    usable_until: SystemTime,
}

impl VerifiedChain {
    /// The certificates that were verified: the proxies, the user's certificate and the CAs above
    /// it, the trust anchor last.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The user: the subject of the end-entity certificate.
    #[must_use]
    pub fn identity(&self) -> &Dn {
        &self.identity
    }

    /// The leaf's proxy type; `None` if the leaf is the user's certificate itself.
    #[must_use]
    pub fn proxy_type(&self) -> Option<&ProxyType> {
        self.proxy_type.as_ref()
    }

    /// Whether any proxy in the chain is limited, which limits the whole chain.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.limited
    }

    /// Whether any proxy in the chain is independent (RFC 3820 section 3.8.2): such a proxy has
    /// none of the user's rights, only those granted to its own name.
    #[must_use]
    pub fn is_independent(&self) -> bool {
        self.independent
    }

    /// The number of proxies below the user's certificate.
    #[must_use]
    pub fn delegation_depth(&self) -> usize {
        self.depth
    }

    /// The earliest notAfter on the path to the trust anchor. It may lie in the past, by up to the
    /// clock skew.
    #[must_use]
    pub fn usable_until(&self) -> SystemTime {
        self.usable_until
    }
}

impl Chain {
    /// Orders certificates: the first is the leaf, each of the following issued the one before it.
    /// Certificates that issued none of the others stay at the end.
    ///
    /// # Errors
    /// [`ChainError::Empty`], [`ChainError::TooMany`].
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        Self::ordered(certificates, &mut Work::after(0))
    }

    fn ordered(mut certificates: Vec<Certificate>, work: &mut Work) -> Result<Self, ChainError> {
        if certificates.is_empty() {
            return Err(ChainError::Empty);
        }
        if certificates.len() > MOST_CERTIFICATES {
            return Err(ChainError::TooMany(certificates.len()));
        }
        for at in 1..certificates.len() {
            let Some(found) = issuer_among(&certificates[at..], &certificates[at - 1], work) else {
                break;
            };
            certificates[at..=at + found].rotate_right(1);
        }
        Ok(Self {
            certificates,
            spent: work.spent(),
        })
    }

    /// Reads the certificates of a PEM file, or one DER certificate.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn parse(file: &[u8]) -> Result<Self, ChainError> {
        if file.len() > MOST_BYTES {
            return Err(ChainError::TooLong(file.len()));
        }
        if pem::blocks(file).is_empty() && file.first() == Some(&0x30) {
            return Self::new(vec![Certificate::from_der(file)?]);
        }
        Self::new(Certificate::all_from_pem(file)?)
    }

    /// Like [`Chain::parse`], for files of the user, in which CAs may come before the certificate
    /// below them. Such a certificate becomes the leaf only if the first one signed it, or one of
    /// those between.
    ///
    /// Of the certificates that a peer presents, the first is the one whose key it holds:
    /// [`Chain::parse`] and [`Chain::from_der`] never pass it over.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn parse_in_any_order(file: &[u8]) -> Result<Self, ChainError> {
        let chain = Self::parse(file)?;
        if !chain.leaf().is_ca() {
            return Ok(chain);
        }
        let mut work = chain.budget();
        let below = chain.below_the_first(&mut work);
        Ok(below.unwrap_or(Self {
            spent: work.spent(),
            ..chain
        }))
    }

    /// The same certificates, with the first one that is accepted as the leaf; `None` if none is.
    #[must_use]
    pub fn beginning_with(&self, is_leaf: impl FnMut(&Certificate) -> bool) -> Option<Self> {
        let at = self.certificates.iter().position(is_leaf)?;
        self.beginning_at(at, &mut self.budget())
    }

    fn beginning_at(&self, at: usize, work: &mut Work) -> Option<Self> {
        let mut certificates = self.certificates.clone();
        certificates[..=at].rotate_right(1);
        Self::ordered(certificates, work).ok()
    }

    /// The chain from a certificate of no CA, which issued none of the others, up to the first one.
    fn below_the_first(&self, work: &mut Work) -> Option<Self> {
        let all = &self.certificates;
        let is_last = |own: &Certificate| {
            let mut others = all.iter().filter(|other| *other != own);
            !own.is_ca() && !others.any(|other| other.issuer().matches(own.subject()))
        };
        (0..all.len())
            .filter(|at| is_last(&all[*at]))
            .take(MOST_TOLD)
            .find_map(|at| {
                let chain = self.beginning_at(at, work)?;
                let signed = chain.is_signed_by(self.leaf(), work);
                let spent = work.spent();
                signed.then_some(Self { spent, ..chain })
            })
    }

    /// Whether the certificate signed the leaf, or one of the certificates between.
    fn is_signed_by(&self, issuer: &Certificate, work: &mut Work) -> bool {
        let mut signed = self
            .certificates
            .windows(2)
            .take_while(|pair| work.spend(&pair[1]).is_ok() && pair[0].is_signed_by(&pair[1]));
        signed.any(|pair| pair[1] == *issuer)
    }

    /// Reads DER certificates, leaf first.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn from_der(certificates: &[impl AsRef<[u8]>]) -> Result<Self, ChainError> {
        if certificates.len() > MOST_CERTIFICATES {
            return Err(ChainError::TooMany(certificates.len()));
        }
        let size = certificates
            .iter()
            .map(|certificate| certificate.as_ref().len())
            .sum();
        if size > MOST_BYTES {
            return Err(ChainError::TooLong(size));
        }
        let all = certificates
            .iter()
            .map(|certificate| Certificate::from_der(certificate.as_ref()));
        Self::new(all.collect::<Result<_, _>>()?)
    }

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
            return Err(findings);
        };
        if end_entity.subject().is_empty() {
            findings.push(ChainFinding::Nameless);
        }
        if end_entity.is_ca() {
            findings.push(ChainFinding::EndEntityIsCa(end_entity.subject().clone()));
        }
        let above = &self.certificates[self.proxies().len() + 1..];
        match anchors.verify_path(end_entity, above, Usage::Client, policy, now) {
            Ok(path) if findings.is_empty() => {
                let certificates: Vec<_> = self.proxies().iter().chain(&path).cloned().collect();
                let ends = certificates.iter().map(Certificate::not_after);
                let types: Vec<_> = self
                    .proxies()
                    .iter()
                    .filter_map(Certificate::proxy_type)
                    .collect();
                Ok(VerifiedChain {
                    identity: end_entity.subject().clone(),
                    proxy_type: types.first().map(|leaf| (*leaf).clone()),
                    limited: types.iter().any(|kind| kind.is_limited()),
                    independent: types.iter().any(|kind| kind.is_independent()),
                    depth: self.proxies().len(),
                    usable_until: ends.min().unwrap_or(now),
                    certificates,
                })
            }
            Ok(_) => Err(findings),
            Err(path) => {
                findings.extend(path.into_iter().map(ChainFinding::Path));
                Err(findings)
            }
        }
    }

    /// The findings that need no trust anchors, at `now`: those on the proxies, and on the name and
    /// validity period of the user's certificate.
    #[must_use]
    pub fn local_findings(&self, now: impl Into<SystemTime>) -> Vec<ChainFinding> {
        let now = now.into();
        let mut findings = self.proxy_findings(now);
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
        findings
    }

    /// The findings on the proxies alone, at `now` without clock skew: RFC 3820 section 4 without
    /// validating the end-entity certificate.
    #[must_use]
    pub fn proxy_findings(&self, now: impl Into<SystemTime>) -> Vec<ChainFinding> {
        self.judge_proxies(&mut self.budget(), now.into(), Duration::ZERO)
    }

    fn judge_proxies(&self, work: &mut Work, now: SystemTime, skew: Duration) -> Vec<ChainFinding> {
        let proxies = self.proxies();
        let mut findings = Vec::new();
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

mod costs;
