//! Whether an attribute certificate is the user's.

use voms_asn1::attribute_certificate::AttributeCertificateInfo;

use crate::ac::finding::HolderProblem;
use crate::pki::certificate::{Certificate, minimal_integer};
use crate::pki::dn::Dn;

/// Why the holder is not the user's certificate.
///
/// Servers name the certificate by its serial number, and by its subject or, as RFC 5755 section
/// 4.2.2 requires, its issuer (spec 2.4). Which one it is shows in the name: a CA's is the issuer,
/// and no other name is. `is_ca` says whether the user's subject is the name of a trusted CA.
pub(super) fn problem(
    info: &AttributeCertificateInfo,
    user: &Certificate,
    is_ca: impl FnOnce() -> bool,
) -> Option<HolderProblem> {
    let holder = &info.holder;
    if holder.object_digest_info.is_some() {
        return Some(HolderProblem::ObjectDigest);
    }
    if holder.entity_name.is_some() {
        return Some(HolderProblem::EntityName);
    }
    let Some(id) = &holder.base_certificate_id else {
        return Some(HolderProblem::Missing);
    };
    let Some(name) = holder.directory_name().map(Dn::from_name) else {
        return Some(HolderProblem::NotOneName);
    };
    let serial = id.serial.as_bytes();
    let (is_issuer, is_subject) = (name.matches(user.issuer()), name.matches(user.subject()));
    if !is_issuer && !is_subject {
        let serial = serial.to_vec();
        return Some(HolderProblem::OtherName { name, serial });
    }
    if minimal_integer(serial) != minimal_integer(user.serial_bytes()) {
        let serial = serial.to_vec();
        return Some(HolderProblem::OtherSerial { name, serial });
    }
    (!is_issuer && is_ca()).then(|| HolderProblem::IssuedByNamesake {
        name,
        serial: serial.to_vec(),
    })
}
