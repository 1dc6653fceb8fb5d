//! How strictly to verify.

use std::time::Duration;

use crate::pki::strength::StrengthPolicy;

/// The default clock skew (spec 7.6).
pub const SKEW: Duration = Duration::from_secs(300);

/// When CRLs are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CrlPolicy {
    /// Never.
    Off,
    /// If the CA's CRL is present; it must then be current.
    #[default]
    IfPresent,
    /// Always: certificates of a CA without a CRL are rejected.
    Required,
}

/// How strictly to verify chains and attribute certificates. The default suits services: five
/// minutes of clock skew, no weak keys or signatures, revocation lists checked where present, and
/// no attribute certificates targeted at any host.
///
/// ```
/// use std::time::Duration;
/// use voms::policy::Policy;
/// use voms::policy::CrlPolicy;
///
/// let policy = Policy::default()
///     .with_skew(Duration::ZERO)
///     .with_crl(CrlPolicy::Required)
///     .with_hosts(["se.example.org".to_owned()]);
/// assert_eq!(policy.crl(), CrlPolicy::Required);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    skew: Duration,
    strength: StrengthPolicy,
    crl: CrlPolicy,
    hosts: Option<Vec<String>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            skew: SKEW,
            strength: StrengthPolicy::default(),
            crl: CrlPolicy::default(),
            hosts: Some(Vec::new()),
        }
    }
}

impl Policy {
    /// Sets the clock skew. It extends both ends of every validity period except those of CRLs.
    #[must_use]
    pub fn with_skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// Sets the minimum strength; by default RSA 2048 and SHA-256, or equivalent.
    #[must_use]
    pub fn with_strength(self, strength: StrengthPolicy) -> Self {
        Self { strength, ..self }
    }

    /// Sets when CRLs are checked.
    #[must_use]
    pub fn with_crl(self, crl: CrlPolicy) -> Self {
        Self { crl, ..self }
    }

    /// Sets the names of this host. An attribute certificate targeted at other hosts is rejected.
    #[must_use]
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = String>) -> Self {
        let hosts = Some(hosts.into_iter().collect());
        Self { hosts, ..self }
    }

    /// Accepts attribute certificates regardless of their targets, for programs that only forward
    /// or show them.
    #[must_use]
    pub fn ignore_targets(self) -> Self {
        let hosts = None;
        Self { hosts, ..self }
    }

    /// The clock skew.
    #[must_use]
    pub fn skew(&self) -> Duration {
        self.skew
    }

    /// The minimum strength.
    #[must_use]
    pub fn strength(&self) -> StrengthPolicy {
        self.strength
    }

    /// When CRLs are checked.
    #[must_use]
    pub fn crl(&self) -> CrlPolicy {
        self.crl
    }

    /// The names of this host; `None` if targets are ignored.
    #[must_use]
    pub fn hosts(&self) -> Option<&[String]> {
        self.hosts.as_deref()
    }
}
