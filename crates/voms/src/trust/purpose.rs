//! What certificates may be used for (RFC 5280 section 4.2.1.12): their extended key usage, on the
//! whole path, as `openssl verify -purpose` judges it.

use std::collections::BTreeSet;

use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use voms_asn1::oid;
use x509_cert::ext::pkix::ExtendedKeyUsage;
use x509_cert::ext::pkix::certpolicy::{CertificatePolicies, PolicyQualifierInfo};

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
    let names = |value: &[u8]| {
        ExtendedKeyUsage::from_der(value)
            .is_ok_and(|purposes| purposes.0.iter().any(|id| *id == wanted || *id == ANY))
    };
    certificate
        .extension(oid::EXT_KEY_USAGE)
        .is_none_or(|(_, value)| names(value))
        && (certificate.is_ca() || is_of_netscape_type(certificate, usage))
}

/// Whether Netscape's certificate type, if there is one, allows the purpose. OpenSSL, and so most
/// services, reads it to this day.
fn is_of_netscape_type(certificate: &Certificate, usage: Usage) -> bool {
    let Some((_, value)) = certificate.extension(oid::NETSCAPE_CERT_TYPE) else {
        return true;
    };
    let bit = if usage == Usage::Client { 0x80 } else { 0x40 };
    BitStringRef::from_der(value).is_ok_and(|types| {
        types
            .raw_bytes()
            .first()
            .is_some_and(|byte| byte & bit != 0)
    })
}

/// Whether a trust setting about one purpose concerns this use. Signers of attributes are hosts.
pub(crate) fn concerns(purpose: ObjectIdentifier, usage: Usage) -> bool {
    let own = match usage {
        Usage::Client => CLIENT_AUTH,
        Usage::Server | Usage::Signer => SERVER_AUTH,
    };
    purpose == own || purpose == ANY
}

const CPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
const NOTICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2");

/// Whether critical certificate policies can be understood (RFC 5280 section 4.2.1.4): each is
/// there once, and all that is said of it are a pointer to a CPS, or notices, which change nothing.
pub(crate) fn has_unknown_policies(certificate: &Certificate) -> bool {
    let Some((true, value)) = certificate.extension(oid::CERTIFICATE_POLICIES) else {
        return false;
    };
    CertificatePolicies::from_der(value).map_or(true, |policies| {
        let mut seen = BTreeSet::new();
        policies.0.iter().any(|policy| {
            let mut qualifiers = policy.policy_qualifiers.iter().flatten();
            !seen.insert(policy.policy_identifier) || !qualifiers.all(is_understood)
        })
    })
}

fn is_understood(qualifier: &PolicyQualifierInfo) -> bool {
    let Some(value) = &qualifier.qualifier else {
        return false;
    };
    match qualifier.policy_qualifier_id {
        CPS => value.tag() == Tag::Ia5String,
        NOTICE => value.tag() == Tag::Sequence && is_notice(value.value()).unwrap_or(false),
        _ => false,
    }
}

/// A reference, a text, both or neither.
fn is_notice(fields: &[u8]) -> der::Result<bool> {
    let mut reader = SliceReader::new(fields)?;
    const SEQUENCE: u8 = 0x30;
    /// IA5String, VisibleString, BMPString, UTF8String.
    const TEXTS: [u8; 4] = [0x16, 0x1a, 0x1e, 0x0c];
    if reader.peek_byte() == Some(SEQUENCE) {
        reader.tlv_bytes()?;
    }
    if reader.peek_byte().is_some_and(|tag| TEXTS.contains(&tag)) {
        reader.tlv_bytes()?;
    }
    Ok(reader.is_finished())
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::extension;
    use openssl::x509::{X509Builder, X509Name};

    use super::*;
    use crate::openssl_types;

    /// A certificate with these purposes, or without the extension.
    fn certificate(purposes: &[&str]) -> Certificate {
        let key = PKey::ec_gen("prime256v1").unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "Ada").unwrap();
        let name = name.build();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        let now = Asn1Time::from_unix(0).unwrap();
        builder.set_not_before(&now).unwrap();
        builder.set_not_after(&now).unwrap();
        builder.set_pubkey(&key).unwrap();
        if !purposes.is_empty() {
            let mut usage = extension::ExtendedKeyUsage::new();
            for purpose in purposes {
                usage.other(purpose);
            }
            builder.append_extension(usage.build().unwrap()).unwrap();
        }
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        openssl_types::certificate(&builder.build()).unwrap()
    }

    #[test]
    fn an_extended_key_usage_has_to_name_the_use_or_any() {
        let cases: [(&[&str], bool, bool); 6] = [
            (&[], true, true),
            (&["clientAuth"], true, false),
            (&["serverAuth"], false, true),
            (&["codeSigning", "OCSPSigning"], false, false),
            (&["codeSigning", "anyExtendedKeyUsage"], true, true),
            (&["serverAuth", "clientAuth"], true, true),
        ];
        for (purposes, client, server) in cases {
            let certificate = certificate(purposes);
            assert_eq!(
                is_allowed(&certificate, Usage::Client),
                client,
                "{purposes:?}"
            );
            assert_eq!(
                is_allowed(&certificate, Usage::Server),
                server,
                "{purposes:?}"
            );
            assert!(is_allowed(&certificate, Usage::Signer), "{purposes:?}");
        }
    }
}
