//! What certificates may be used for (RFC 5280 section 4.2.1.12): their extended key usage, on the
//! whole path, as `openssl verify -purpose` judges it.

use der::Decode;
use der::asn1::ObjectIdentifier;
use voms_asn1::oid;
use x509_cert::ext::pkix::ExtendedKeyUsage;
use x509_cert::ext::pkix::certpolicy::CertificatePolicies;

use crate::pki::certificate::Certificate;
use crate::trust::Usage;

const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// Whether an extended key usage, if there is one, allows the purpose. Signers of attributes are
/// hosts, whatever their certificates are for (spec 7.6).
pub(crate) fn is_allowed(certificate: &Certificate, usage: Usage) -> bool {
    let wanted = match usage {
        Usage::Client => CLIENT_AUTH,
        Usage::Server => SERVER_AUTH,
        Usage::Signer => return true,
    };
    let Some((_, value)) = certificate.extension(oid::EXT_KEY_USAGE) else {
        return true;
    };
    ExtendedKeyUsage::from_der(value)
        .is_ok_and(|purposes| purposes.0.iter().any(|id| *id == wanted || *id == ANY))
}

/// Qualifiers of certificate policies that change nothing (RFC 5280 section 4.2.1.4): CPS pointers
/// and notices.
const QUALIFIERS: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2"),
];

/// Whether critical certificate policies can be understood (RFC 5280 section 4.2.1.4).
pub(crate) fn has_unknown_policies(certificate: &Certificate) -> bool {
    let Some((true, value)) = certificate.extension(oid::CERTIFICATE_POLICIES) else {
        return false;
    };
    CertificatePolicies::from_der(value).map_or(true, |policies| {
        let qualifiers = policies
            .0
            .iter()
            .flat_map(|policy| policy.policy_qualifiers.iter().flatten());
        qualifiers
            .map(|qualifier| qualifier.policy_qualifier_id)
            .any(|id| !QUALIFIERS.contains(&id))
    })
}

/// Whether the certificate restricts which policies may stand below it, which path building then
/// has to process (RFC 5280 sections 4.2.1.11 and 4.2.1.14).
pub(crate) fn constrains_policies(certificate: &Certificate) -> bool {
    [oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY]
        .iter()
        .any(|id| certificate.extension(*id).is_some())
}
