//! What it says as a proxy certificate (RFC 3820 section 3.8).

use voms_asn1::oid;
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo};
use x509_cert::der::Decode;

use super::{Certificate, Inner};
use crate::pki::proxy_kind::{ProxyPolicy, ProxyType};

impl Certificate {
    /// Whether this is a proxy of any kind, or claims to be one in a form that cannot be parsed.
    #[must_use]
    pub fn is_proxy(&self) -> bool {
        let info = [oid::PROXY_CERT_INFO, oid::DRAFT_PROXY_CERT_INFO];
        !self.is_ca()
            && (info.iter().any(|id| self.extension(*id).is_some()) || self.proxy_type().is_some())
    }

    /// The type of proxy this is, if it is one: from its ProxyCertInfo or, in the pre-RFC legacy
    /// form, from the common name appended to the issuer's name.
    #[must_use]
    pub fn proxy_type(&self) -> Option<&ProxyType> {
        self.0.proxy_type.as_ref()
    }

    /// How many proxies may follow this one, if it sets a limit.
    #[must_use]
    pub fn proxy_path_length(&self) -> Option<u32> {
        if let Some((_, value)) = self.extension(oid::PROXY_CERT_INFO) {
            return ProxyCertInfo::from_der(value).ok()?.path_len_constraint;
        }
        let (_, value) = self.extension(oid::DRAFT_PROXY_CERT_INFO)?;
        DraftProxyCertInfo::from_der(value)
            .ok()?
            .path_len_constraint
    }

    /// Whether a proxy carries policy rules (RFC 3820 section 3.8.2) in any language.
    #[must_use]
    pub fn has_policy_rules(&self) -> bool {
        self.policy_rules().is_some()
    }

    /// Those rules.
    #[must_use]
    pub fn policy_rules(&self) -> Option<Vec<u8>> {
        let rfc = self
            .extension(oid::PROXY_CERT_INFO)
            .and_then(|(_, value)| ProxyCertInfo::from_der(value).ok());
        let draft = || {
            let (_, value) = self.extension(oid::DRAFT_PROXY_CERT_INFO)?;
            DraftProxyCertInfo::from_der(value)
                .ok()
                .map(ProxyCertInfo::from)
        };
        let rules = rfc.or_else(draft)?.proxy_policy.policy?;
        Some(rules.as_bytes().to_vec())
    }
}

impl Inner {
    pub(super) fn find_proxy_type(&self) -> Option<ProxyType> {
        if self.is_ca {
            return None;
        }
        if let Some((_, value)) = self.extension(oid::PROXY_CERT_INFO) {
            let info = ProxyCertInfo::from_der(value).ok()?;
            return Some(ProxyType::Rfc(ProxyPolicy::from_info(&info.proxy_policy)));
        }
        if let Some((_, value)) = self.extension(oid::DRAFT_PROXY_CERT_INFO) {
            let info = DraftProxyCertInfo::from_der(value).ok()?;
            return Some(ProxyType::Draft(ProxyPolicy::from_info(&info.proxy_policy)));
        }
        match self.subject.common_name_below(&self.issuer)? {
            "proxy" => Some(ProxyType::Legacy { limited: false }),
            "limited proxy" => Some(ProxyType::Legacy { limited: true }),
            _ => None,
        }
    }
}
