//! The kinds of proxy certificates (RFC 3820 section 3.8, the pre-RFC draft, and the legacy Globus
//! form).

use der::asn1::{ObjectIdentifier, OctetString};
use voms_asn1::oid;
use voms_asn1::proxy_cert_info;

/// What a proxy may do with its issuer's rights (RFC 3820 section 3.8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyPolicy {
    /// All rights of the issuer.
    InheritAll,
    /// All rights except starting jobs (Globus's convention).
    Limited,
    /// Only rights granted to the proxy itself.
    Independent,
    /// Rules in another policy language.
    Language {
        /// The language.
        oid: ObjectIdentifier,
        /// The rules, opaque to us.
        policy: Option<Vec<u8>>,
    },
}

impl ProxyPolicy {
    pub(crate) fn from_info(policy: &proxy_cert_info::ProxyPolicy) -> Self {
        match policy.policy_language {
            oid::INHERIT_ALL => Self::InheritAll,
            oid::LIMITED => Self::Limited,
            oid::INDEPENDENT => Self::Independent,
            language => Self::Language {
                oid: language,
                policy: policy
                    .policy
                    .as_ref()
                    .map(|octets| octets.as_bytes().to_vec()),
            },
        }
    }

    pub(crate) fn to_info(&self) -> Result<proxy_cert_info::ProxyPolicy, der::Error> {
        let (policy_language, policy) = match self {
            Self::InheritAll => (oid::INHERIT_ALL, None),
            Self::Limited => (oid::LIMITED, None),
            Self::Independent => (oid::INDEPENDENT, None),
            Self::Language { oid, policy } => (*oid, policy.clone()),
        };
        Ok(proxy_cert_info::ProxyPolicy {
            policy_language,
            policy: policy.map(OctetString::new).transpose()?,
        })
    }
}

/// The three generations of proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Generation {
    /// RFC 3820.
    Rfc,
    /// The pre-RFC draft, with Globus's OID.
    Draft,
    /// No extension: the last common name is `proxy` or `limited proxy`.
    Legacy,
}

/// The type of one proxy certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyType {
    /// RFC 3820.
    Rfc(ProxyPolicy),
    /// The pre-RFC draft.
    Draft(ProxyPolicy),
    /// The legacy Globus form.
    Legacy {
        /// Whether the last common name is `limited proxy`.
        limited: bool,
    },
}

impl ProxyType {
    /// The name the old clients print for a certificate of this type; `None` stands for the user's
    /// own, an end-entity certificate.
    #[must_use]
    pub fn name(kind: Option<&Self>) -> String {
        kind.map_or_else(|| "EEC".to_owned(), ToString::to_string)
    }

    /// The generation.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match self {
            Self::Rfc(_) => Generation::Rfc,
            Self::Draft(_) => Generation::Draft,
            Self::Legacy { .. } => Generation::Legacy,
        }
    }

    /// Whether the proxy has none of its issuer's rights.
    #[must_use]
    pub fn is_independent(&self) -> bool {
        matches!(
            self,
            Self::Rfc(ProxyPolicy::Independent) | Self::Draft(ProxyPolicy::Independent)
        )
    }

    /// Whether its rights are stated in another language than those of RFC 3820 and Globus.
    #[must_use]
    pub fn has_other_language(&self) -> bool {
        matches!(
            self,
            Self::Rfc(ProxyPolicy::Language { .. }) | Self::Draft(ProxyPolicy::Language { .. })
        )
    }

    /// Whether the proxy is limited, as its generation expresses it.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        matches!(
            self,
            Self::Rfc(ProxyPolicy::Limited)
                | Self::Draft(ProxyPolicy::Limited)
                | Self::Legacy { limited: true }
        )
    }
}

/// The text that `voms-proxy-info -type` prints, worded as in the Java client.
impl std::fmt::Display for ProxyType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let policy = |policy: &ProxyPolicy| match policy {
            ProxyPolicy::InheritAll => "impersonation",
            ProxyPolicy::Limited => "limited",
            ProxyPolicy::Independent => "independent",
            ProxyPolicy::Language { .. } => "restricted",
        };
        match self {
            Self::Rfc(p) => write!(f, "RFC3820 compliant {} proxy", policy(p)),
            Self::Draft(p) => write!(f, "Proxy draft (pre-RFC) {} proxy", policy(p)),
            Self::Legacy { limited: false } => f.write_str("full legacy globus proxy"),
            Self::Legacy { limited: true } => f.write_str("limited legacy globus proxy"),
        }
    }
}
