//! Its extensions (RFC 5280 section 4.2).

use std::collections::HashSet;

use voms_asn1::oid;
use voms_asn1::proxy_cert_info::{DraftProxyCertInfo, ProxyCertInfo};
use x509_cert::der::Decode;
use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, InhibitAnyPolicy,
    PolicyConstraints, PolicyMappings, SubjectKeyIdentifier,
};

use super::{Certificate, Inner};
use crate::pki::key_usage::KeyUsage;

impl Certificate {
    /// The criticality and value of the first extension with that OID.
    #[must_use]
    pub fn extension(&self, id: ObjectIdentifier) -> Option<(bool, &[u8])> {
        self.0.extension(id)
    }

    /// An extension that occurs more than once, violating RFC 5280 section 4.2.
    #[must_use]
    pub fn duplicate_extension(&self) -> Option<ObjectIdentifier> {
        let mut known = HashSet::new();
        self.0
            .extensions()
            .map(|extension| extension.extn_id)
            .find(|id| !known.insert(*id))
    }

    /// A restricting extension that cannot be parsed and would otherwise count as absent, or a
    /// critical one of the kinds known here (RFC 5280 section 4.2).
    #[must_use]
    pub fn unreadable_extension(&self) -> Option<ObjectIdentifier> {
        let readable = |extension: &Extension| {
            let value = extension.extn_value.as_bytes();
            match extension.extn_id {
                oid::KEY_USAGE => KeyUsage::from_der(value).is_some(),
                oid::BASIC_CONSTRAINTS => BasicConstraints::from_der(value).is_ok(),
                oid::EXT_KEY_USAGE => ExtendedKeyUsage::from_der(value).is_ok(),
                oid::PROXY_CERT_INFO => ProxyCertInfo::from_der(value).is_ok(),
                oid::DRAFT_PROXY_CERT_INFO => DraftProxyCertInfo::from_der(value).is_ok(),
                _ if !extension.critical => true,
                oid::SUBJECT_KEY_IDENTIFIER => SubjectKeyIdentifier::from_der(value).is_ok(),
                oid::AUTHORITY_KEY_IDENTIFIER => AuthorityKeyIdentifier::from_der(value).is_ok(),
                oid::NETSCAPE_CERT_TYPE => BitStringRef::from_der(value).is_ok(),
                oid::INHIBIT_ANY_POLICY => InhibitAnyPolicy::from_der(value).is_ok(),
                oid::POLICY_MAPPINGS => {
                    PolicyMappings::from_der(value).is_ok_and(|all| !all.0.is_empty())
                }
                // One of its two fields has to be there (section 4.2.1.11).
                oid::POLICY_CONSTRAINTS => PolicyConstraints::from_der(value).is_ok_and(|all| {
                    all.require_explicit_policy.is_some() || all.inhibit_policy_mapping.is_some()
                }),
                _ => true,
            }
        };
        self.0
            .extensions()
            .find(|extension| !readable(extension))
            .map(|extension| extension.extn_id)
    }

    /// The OIDs of all critical extensions, in order.
    pub fn critical_extensions(&self) -> impl Iterator<Item = ObjectIdentifier> {
        self.0
            .extensions()
            .filter(|extension| extension.critical)
            .map(|extension| extension.extn_id)
    }

    /// The key usage bits, if the certificate restricts its key (RFC 5280 section 4.2.1.3).
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extension(oid::KEY_USAGE)
            .and_then(|(_, value)| KeyUsage::from_der(value))
    }

    /// Whether basicConstraints has CA:TRUE.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.0.is_ca
    }

    /// Whether its key may be the one that signed `issued`, by the key identifiers in both (RFC
    /// 5280 sections 4.2.1.1 and 4.2.1.2).
    pub(crate) fn may_have_key_of(&self, issued: &Self) -> bool {
        let named = issued
            .extension(oid::AUTHORITY_KEY_IDENTIFIER)
            .and_then(|(_, value)| AuthorityKeyIdentifier::from_der(value).ok())
            .and_then(|found| found.key_identifier);
        match (named, self.key_identifier()) {
            (Some(named), Some(own)) => named.as_bytes() == own,
            _ => true,
        }
    }

    /// The identifier of its own key, if it has one.
    pub(crate) fn key_identifier(&self) -> Option<Vec<u8>> {
        let (_, value) = self.extension(oid::SUBJECT_KEY_IDENTIFIER)?;
        let own = SubjectKeyIdentifier::from_der(value).ok()?;
        Some(own.0.as_bytes().to_vec())
    }
}

impl Inner {
    pub(super) fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.parsed
            .tbs_certificate()
            .extensions()
            .into_iter()
            .flatten()
    }

    pub(super) fn extension(&self, id: ObjectIdentifier) -> Option<(bool, &[u8])> {
        let extension = self
            .extensions()
            .find(|extension| extension.extn_id == id)?;
        Some((extension.critical, extension.extn_value.as_bytes()))
    }

    pub(super) fn says_ca(&self) -> bool {
        let constraints = self.extension(oid::BASIC_CONSTRAINTS);
        constraints
            .and_then(|(_, value)| BasicConstraints::from_der(value).ok())
            .is_some_and(|found| found.ca)
    }
}
