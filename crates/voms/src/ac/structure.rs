//! Whether an attribute certificate has the form RFC 5755 requires.

use std::collections::HashSet;

use der::Decode;
use voms_asn1::EncodedAc;
use voms_asn1::attribute_certificate::{AttCertIssuer, AttributeCertificateInfo};
use voms_asn1::oid;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::ac::finding::AcFinding;
use crate::crypto::Digest;
use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;

/// DER of NULL.
pub(super) const NULL: &[u8] = &[5, 0];

pub(super) fn structure_findings(ac: &EncodedAc) -> Vec<AcFinding> {
    let certificate = ac.certificate();
    let info = &certificate.acinfo;
    let mut findings = Vec::new();
    if info.version != 1 {
        findings.push(AcFinding::Version);
    }
    if !agree(&info.signature, &certificate.signature_algorithm) {
        findings.push(AcFinding::AlgorithmMismatch);
    }
    let extensions = info.extensions.as_deref().unwrap_or_default();
    let mut known = HashSet::new();
    for extension in extensions {
        let id = extension.extn_id;
        if !known.insert(id) {
            findings.push(AcFinding::DuplicateExtension(id));
        }
        if extension.critical && id != oid::TARGETS {
            findings.push(AcFinding::CriticalExtension(id));
        }
    }
    let serial = info.serial_number.as_bytes();
    if serial.len() > 20 || serial.first().is_none_or(|first| first & 0x80 != 0) || serial == [0] {
        findings.push(AcFinding::Serial);
    }
    match info.extension(oid::NO_REV_AVAIL) {
        None => findings.push(AcFinding::MissingExtension("noRevAvail")),
        Some(extension) if extension.extn_value.as_bytes() != NULL => {
            findings.push(AcFinding::Extension(oid::NO_REV_AVAIL));
        }
        Some(_) => {}
    }
    match info
        .extension(oid::AUTHORITY_KEY_IDENTIFIER)
        .map(|extension| extension.extn_value.as_bytes())
    {
        None => findings.push(AcFinding::MissingExtension("authorityKeyIdentifier")),
        // Servers whose certificate has no key identifier write NULL (spec, appendix A).
        Some(value) if value != NULL && AuthorityKeyIdentifier::from_der(value).is_err() => {
            findings.push(AcFinding::Extension(oid::AUTHORITY_KEY_IDENTIFIER));
        }
        Some(_) => {}
    }
    findings
}

/// The identifier must be the signer's, or the SHA-1 of its key; servers whose certificate has none
/// write an empty one.
pub(super) fn key_identifier_finding(
    info: &AttributeCertificateInfo,
    signer: &Certificate,
) -> Option<AcFinding> {
    let value = info
        .extension(oid::AUTHORITY_KEY_IDENTIFIER)?
        .extn_value
        .as_bytes();
    let named = AuthorityKeyIdentifier::from_der(value)
        .ok()?
        .key_identifier?;
    let own = signer
        .extension(oid::SUBJECT_KEY_IDENTIFIER)
        .and_then(|(_, value)| SubjectKeyIdentifier::from_der(value).ok());
    if own.is_some_and(|own| own.0.as_bytes() == named.as_bytes()) {
        return None;
    }
    let Some(hash) = Digest::Sha1.of(signer.public_key_bits()) else {
        return Some(AcFinding::OpenSsl);
    };
    (hash.as_ref() != named.as_bytes()).then_some(AcFinding::KeyIdentifier)
}

/// The single name that RFC 5755 section 4.2.3 requires.
fn issuer_name(info: &AttributeCertificateInfo) -> Option<&Name> {
    let AttCertIssuer::V2Form(form) = &info.issuer else {
        return None;
    };
    let alone = form.base_certificate_id.is_none() && form.object_digest_info.is_none();
    info.issuer.directory_name().filter(|_| alone)
}

/// Whether a certificate has the name of the issuer.
pub(super) fn is_named_issuer(info: &AttributeCertificateInfo, signer: &Certificate) -> bool {
    let issuer = issuer_name(info).map(Dn::from_name);
    issuer.is_some_and(|issuer| issuer.matches(signer.subject()))
}

/// Whether the signer's certificate may sign attributes (RFC 5755 section 4.5), and is the one that
/// the attribute certificate names.
pub(super) fn signer_findings(
    info: &AttributeCertificateInfo,
    signer: &Certificate,
) -> Vec<AcFinding> {
    let mut findings = Vec::new();
    let issuer = issuer_name(info).map(Dn::from_name);
    if issuer
        .as_ref()
        .is_none_or(|issuer| !issuer.matches(signer.subject()))
    {
        let named = issuer.map_or_else(|| "no name".to_owned(), |issuer| issuer.to_string());
        findings.push(AcFinding::IssuerName(named, signer.subject().clone()));
    }
    if signer.is_ca() {
        findings.push(AcFinding::SignerIsCa(signer.subject().clone()));
    } else if signer.key_usage().is_some_and(|usage| !usage.may_sign()) {
        findings.push(AcFinding::SignerMayNotSign(signer.subject().clone()));
    }
    findings
}

/// Whether both places name the same algorithm (RFC 5755 section 4.2.4). Servers write NULL as
/// parameters, or none.
fn agree(inner: &AlgorithmIdentifierOwned, outer: &AlgorithmIdentifierOwned) -> bool {
    let parameters = |named: &AlgorithmIdentifierOwned| {
        named.parameters.clone().filter(|value| !value.is_null())
    };
    inner.oid == outer.oid && parameters(inner) == parameters(outer)
}

#[cfg(test)]
mod tests {
    use der::asn1::Any;
    use der::{Decode, Tag};

    use super::*;

    #[test]
    fn both_algorithms_agree_down_to_their_parameters() {
        let named = |parameters| AlgorithmIdentifierOwned {
            oid: oid::SHA256_WITH_RSA,
            parameters,
        };
        let (none, null) = (named(None), named(Some(Any::from_der(NULL).unwrap())));
        let other = named(Some(Any::new(Tag::Boolean, []).unwrap()));
        assert!(agree(&none, &null) && agree(&null, &none) && agree(&null, &null));
        assert!(!agree(&other, &null) && !agree(&none, &other));
    }
}
