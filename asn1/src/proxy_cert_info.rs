//! The ProxyCertInfo extension of RFC 3820 and its drafts.

use der::Sequence;
use der::asn1::{ObjectIdentifier, OctetString};

/// ProxyPolicy as defined in RFC 3820 section 3.8: what the proxy's holder may do on behalf of its
/// issuer.
///
/// ```text
/// ProxyPolicy ::= SEQUENCE {
///     policyLanguage  OBJECT IDENTIFIER,
///     policy          OCTET STRING OPTIONAL }
/// ```
///
/// The policy must be absent for `id-ppl-inheritAll` and `id-ppl-independent`; decoding does not
/// check that.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct ProxyPolicy {
    /// The language, which may itself be the whole policy; see [`crate::oid`].
    pub policy_language: ObjectIdentifier,
    /// The policy in that language.
    pub policy: Option<OctetString>,
}

/// ProxyCertInfo as defined in RFC 3820 section 3.8, the value of the extension
/// [`PROXY_CERT_INFO`](crate::oid::PROXY_CERT_INFO).
///
/// ```text
/// ProxyCertInfo ::= SEQUENCE {
///     pCPathLenConstraint  INTEGER (0..MAX) OPTIONAL,
///     proxyPolicy          ProxyPolicy }
/// ```
///
/// A path length that is negative or exceeds 32 bits is a decoding error: none is issued in
/// practice, and reading it as "unlimited" would grant more than the issuer did.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct ProxyCertInfo {
    /// How many proxies may follow this one; `None` is any number.
    pub path_len_constraint: Option<u32>,
    /// The rights of the proxy.
    pub proxy_policy: ProxyPolicy,
}

/// ProxyCertInfo as in the drafts of RFC 3820 that Globus Toolkit 3 implements, the value of the
/// extension [`DRAFT_PROXY_CERT_INFO`](crate::oid::DRAFT_PROXY_CERT_INFO).
///
/// ```text
/// ProxyCertInfo ::= SEQUENCE {
///     proxyPolicy          ProxyPolicy,
///     pCPathLenConstraint  [1] EXPLICIT INTEGER (0..MAX) OPTIONAL }
/// ```
///
/// Path lengths are limited as in [`ProxyCertInfo`].
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct DraftProxyCertInfo {
    /// The rights of the proxy.
    pub proxy_policy: ProxyPolicy,
    /// How many proxies may follow this one; `None` is any number.
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub path_len_constraint: Option<u32>,
}

impl From<DraftProxyCertInfo> for ProxyCertInfo {
    fn from(draft: DraftProxyCertInfo) -> Self {
        ProxyCertInfo {
            path_len_constraint: draft.path_len_constraint,
            proxy_policy: draft.proxy_policy,
        }
    }
}

impl From<ProxyCertInfo> for DraftProxyCertInfo {
    fn from(info: ProxyCertInfo) -> Self {
        DraftProxyCertInfo {
            proxy_policy: info.proxy_policy,
            path_len_constraint: info.path_len_constraint,
        }
    }
}
