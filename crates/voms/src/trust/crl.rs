//! Certificate revocation lists (RFC 5280 section 5; spec 8.2).

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use der::Decode;
use der::asn1::ObjectIdentifier;
use voms_asn1::certificate_list::{CertificateList, TbsCertList};
use voms_asn1::oid;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlDistributionPoints};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::crypto::SignedList;
use crate::pki::certificate::{Certificate, instant};
use crate::pki::dn::Dn;
use crate::pki::pem;
use crate::pki::strength::StrengthPolicy;
use crate::trust::crl_entries::{Entries, Parts};
use crate::trust::problem::{CrlProblem, PathProblem};

/// How many keys are remembered that did or did not sign a list.
const MAX_CHECKED: usize = 8;

/// A CRL, and the CAs whose signature on it was checked.
pub struct Crl {
    issuer: Dn,
    /// The key that signed it, if the list says so.
    key_identifier: Option<Vec<u8>>,
    algorithm: AlgorithmIdentifierOwned,
    this_update: SystemTime,
    next_update: Option<SystemTime>,
    /// Whether it has only the changes since another list.
    is_delta: bool,
    /// The bytes, in which entries are looked up.
    der: Vec<u8>,
    entries: Entries,
    /// Whether it or an entry has a critical extension that is not handled.
    has_unknown: bool,
    scope: Scope,
    signed: SignedList,
    checked: Mutex<Vec<(Certificate, bool)>>,
}

/// Which of its CA's certificates a CRL covers (RFC 5280 section 5.2.5).
#[derive(Debug)]
enum Scope {
    All,
    Part(Box<IssuingDistributionPoint>),
    Unreadable,
}

impl Scope {
    fn of(list: &TbsCertList) -> Self {
        let point = extension(list, oid::ISSUING_DISTRIBUTION_POINT);
        match point.map(IssuingDistributionPoint::from_der) {
            None => Self::All,
            Some(Ok(point)) => Self::Part(Box::new(point)),
            Some(Err(_)) => Self::Unreadable,
        }
    }

    fn covers(&self, certificate: &Certificate) -> bool {
        let point = match self {
            Self::All => return true,
            Self::Unreadable => return false,
            Self::Part(point) => point,
        };
        let kind = if certificate.is_ca() {
            !point.only_contains_user_certs
        } else {
            !point.only_contains_ca_certs
        };
        let of_others = point.indirect_crl
            || point.only_contains_attribute_certs
            || point.only_some_reasons.is_some();
        kind && !of_others
            && point
                .distribution_point
                .as_ref()
                .is_none_or(|name| is_point_of(certificate, name))
    }
}

/// Whether a certificate names this distribution point in its cRLDistributionPoints.
fn is_point_of(certificate: &Certificate, point: &DistributionPointName) -> bool {
    let DistributionPointName::FullName(names) = point else {
        return false;
    };
    let Some((_, value)) = certificate.extension(oid::CRL_DISTRIBUTION_POINTS) else {
        return false;
    };
    let own = CrlDistributionPoints::from_der(value)
        .map(|points| points.0)
        .unwrap_or_default();
    own.iter()
        .filter_map(|own| own.distribution_point.as_ref())
        .any(|own| match own {
            DistributionPointName::FullName(own) => own.iter().any(|name| names.contains(name)),
            DistributionPointName::NameRelativeToCRLIssuer(_) => false,
        })
}

impl Crl {
    /// Parses the CRLs in a PEM file, or a single DER CRL; `None` if there is none or one is
    /// malformed.
    pub fn all(file: &[u8]) -> Option<Vec<Self>> {
        let blocks = pem::blocks(file);
        let mut lists = blocks
            .iter()
            .filter(|block| block.label() == "X509 CRL")
            .peekable();
        if lists.peek().is_none() {
            return Some(vec![Self::parse(file.to_vec())?]);
        }
        lists.map(|block| Self::parse(block.public()?)).collect()
    }

    fn parse(der: Vec<u8>) -> Option<Self> {
        let parts = Parts::of(&der)?;
        let list = CertificateList::from_der(&parts.rest).ok()?;
        let tbs = &list.tbs_cert_list;
        // RFC 5280 section 5.1.1.2; OpenSSL does not compare them.
        if tbs.signature != list.signature_algorithm {
            return None;
        }
        let is_delta = extension(tbs, oid::DELTA_CRL_INDICATOR).is_some();
        let entries = Entries::read(&der, parts.entries, is_delta, &KNOWN)?;
        let has_unknown = tbs.critical_extensions().any(|id| !KNOWN.contains(&id));
        Some(Self {
            issuer: Dn::from_name(&tbs.issuer),
            key_identifier: extension(tbs, oid::AUTHORITY_KEY_IDENTIFIER)
                .and_then(|value| AuthorityKeyIdentifier::from_der(value).ok()?.key_identifier)
                .map(|named| named.as_bytes().to_vec()),
            algorithm: list.signature_algorithm.clone(),
            this_update: instant(tbs.this_update),
            next_update: tbs.next_update.map(instant),
            is_delta,
            has_unknown: has_unknown || entries.has_unknown,
            entries,
            scope: Scope::of(tbs),
            signed: SignedList::new(&parts.rest, &list, parts.signed)?,
            der,
            checked: Mutex::new(Vec::new()),
        })
    }

    /// When the next CRL is due, if it says so.
    pub fn next_update(&self) -> Option<SystemTime> {
        self.next_update
    }

    /// Whether it has only the changes since another list (RFC 5280 section 5.2.4).
    pub fn is_delta(&self) -> bool {
        self.is_delta
    }

    /// Whether the CA's key may be the one that signed the list, by the key identifiers in both.
    pub fn may_be_signed_by(&self, ca: &Certificate) -> bool {
        match (&self.key_identifier, ca.key_identifier()) {
            (Some(named), Some(own)) => *named == own,
            _ => true,
        }
    }

    pub fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, signed)) = checked.iter().find(|(known, _)| known == issuer) {
            return *signed;
        }
        let signed = issuer
            .public_key()
            .is_ok_and(|key| self.signed.is_signed_by(&self.der, &key));
        checked.truncate(MAX_CHECKED - 1);
        checked.insert(0, (issuer.clone(), signed));
        signed
    }

    /// Why the CRL cannot be used for a certificate, no matter who signed it.
    fn unusable(
        &self,
        certificate: &Certificate,
        signer: &Certificate,
        strength: StrengthPolicy,
    ) -> Option<CrlProblem> {
        if signer
            .key_usage()
            .is_some_and(|usage| !usage.may_sign_lists())
        {
            return Some(CrlProblem::MayNotSign);
        }
        if strength.judge_signature(&self.algorithm).is_some() {
            return Some(CrlProblem::Weak);
        }
        if self.has_unknown {
            return Some(CrlProblem::CriticalExtension);
        }
        (!self.scope.covers(certificate)).then_some(CrlProblem::Scope)
    }

    /// Whether it is a list of the CA, by name.
    pub fn is_of(&self, ca: &Certificate) -> bool {
        self.issuer.matches(ca.subject())
    }
}

fn extension(list: &TbsCertList, id: ObjectIdentifier) -> Option<&[u8]> {
    let mut all = list.crl_extensions.iter().flatten();
    let found = all.find(|extension| extension.extn_id == id)?;
    Some(found.extn_value.as_bytes())
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crl({})", self.issuer)
    }
}

/// CRL and entry extensions that are handled, or that change nothing.
const KNOWN: [ObjectIdentifier; 6] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::CRL_NUMBER,
    oid::DELTA_CRL_INDICATOR,
    oid::ISSUING_DISTRIBUTION_POINT,
    oid::CRL_REASON,
    oid::INVALIDITY_DATE,
];

/// Looks a certificate up in a CRL that this CA signed.
pub fn judge(
    (path, crl): (&Path, &Crl),
    (certificate, signer): (&Certificate, &Certificate),
    strength: StrengthPolicy,
    now: SystemTime,
) -> Result<(), PathProblem> {
    let unusable = |problem| PathProblem::CrlUnusable {
        crl: path.to_owned(),
        problem,
    };
    if let Some(problem) = crl.unusable(certificate, signer, strength) {
        return Err(unusable(problem));
    }
    if crl.this_update > now {
        return Err(unusable(CrlProblem::NotYetValid));
    }
    if let Some(at) = crl.entries.find(&crl.der, certificate.serial_bytes()) {
        return Err(PathProblem::Revoked {
            at,
            crl: path.to_owned(),
        });
    }
    if crl.is_delta {
        return Err(unusable(CrlProblem::Delta));
    }
    let next_update = crl
        .next_update
        .ok_or_else(|| unusable(CrlProblem::NoNextUpdate))?;
    if next_update < now {
        return Err(PathProblem::CrlExpired {
            crl: path.to_owned(),
            next_update,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use der::Encode;
    use openssl::x509::X509Crl;
    use voms_asn1::certificate_list::RevokedCertificate;
    use x509_cert::ext::Extension;

    use super::*;
    use crate::pki::certificate::minimal_integer;

    fn fixture() -> Vec<u8> {
        let file = include_bytes!("../../../../fixtures/trust/TestbedCA.crl.pem");
        pem::blocks(file)[0].public().unwrap()
    }

    /// The fixture with entries of many kinds; its signature is wrong.
    fn with_entries() -> Vec<u8> {
        let mut list = CertificateList::from_der(&fixture()).unwrap();
        let extension = |id, critical, value: &[u8]| Extension {
            extn_id: id,
            critical,
            extn_value: der::asn1::OctetString::new(value).unwrap(),
        };
        let reason = |reason| extension(oid::CRL_REASON, false, &[10, 1, reason]);
        let entry = |serial: &[u8], extensions: Option<Vec<Extension>>| RevokedCertificate {
            user_certificate: der::asn1::Int::new(serial).unwrap(),
            revocation_date: list.tbs_cert_list.this_update,
            crl_entry_extensions: extensions,
        };
        list.tbs_cert_list.revoked_certificates = Some(vec![
            entry(&[1], None),
            entry(&[0, 0x80], Some(vec![reason(1)])),
            entry(&[0x80], Some(vec![reason(8)])),
            entry(
                &[7; 20],
                Some(vec![extension(oid::CRL_REASON, true, &[10, 1, 4])]),
            ),
            entry(&[2; 130], None),
            entry(
                &[3, 3],
                Some(vec![
                    reason(8),
                    extension(oid::INVALIDITY_DATE, false, b"\x18\x0f20200101000000Z"),
                ]),
            ),
            entry(&[1], Some(vec![reason(3)])),
        ]);
        list.to_der().unwrap()
    }

    /// What a parser of the whole list finds: the serial numbers, and unknown extensions.
    fn whole(der: &[u8]) -> Option<(Vec<Vec<u8>>, bool)> {
        let list = CertificateList::from_der(der).ok()?;
        X509Crl::from_der(der).ok()?;
        let tbs = &list.tbs_cert_list;
        if tbs.signature != list.signature_algorithm {
            return None;
        }
        let is_delta = extension(tbs, oid::DELTA_CRL_INDICATOR).is_some();
        let removes = |entry: &RevokedCertificate| {
            let mut all = entry.crl_entry_extensions.iter().flatten();
            all.any(|one| one.extn_id == oid::CRL_REASON && one.extn_value.as_bytes() == [10, 1, 8])
        };
        let entries = tbs.revoked_certificates.iter().flatten();
        let serials = entries
            .filter(|entry| !(is_delta && removes(entry)))
            .map(|entry| minimal_integer(entry.user_certificate.as_bytes()).to_vec());
        let unknown = tbs.critical_extensions().any(|id| !KNOWN.contains(&id));
        Some((serials.collect(), unknown))
    }

    #[test]
    fn a_list_that_names_two_algorithms_is_malformed() {
        let mut der = fixture();
        assert!(Crl::all(&der).is_some());
        let sha256 = oid::SHA256_WITH_RSA.as_bytes();
        let at = der.windows(sha256.len()).position(|id| id == sha256);
        der[at.unwrap() + sha256.len() - 1] += 1;
        assert!(Crl::all(&der).is_none());
    }

    #[test]
    fn whatever_octet_changes_the_bytes_say_what_the_whole_list_says() {
        let original = with_entries();
        let all = whole(&original).unwrap().0;
        assert_eq!(all.len(), 7);
        let mut readable = 0;
        for at in 0..original.len() {
            for change in [0x01, 0x08, 0x80, 0xff] {
                let mut der = original.clone();
                der[at] ^= change;
                let ours = Crl::parse(der.clone());
                let Some((serials, unknown)) = whole(&der) else {
                    assert!(ours.is_none(), "octet {at} ^ {change}");
                    continue;
                };
                let ours = ours.unwrap_or_else(|| panic!("octet {at} ^ {change}"));
                readable += 1;
                assert_eq!(ours.has_unknown, unknown, "octet {at} ^ {change}");
                for serial in all.iter().chain(&serials) {
                    let found = ours.entries.find(&der, serial).is_some();
                    assert_eq!(found, serials.contains(serial), "octet {at} ^ {change}");
                }
            }
        }
        assert!(readable > 500, "{readable}");
    }

    #[test]
    fn no_cut_or_longer_list_is_read() {
        let der = with_entries();
        assert!(Crl::parse(der.clone()).is_some());
        for length in 0..der.len() {
            assert!(Crl::parse(der[..length].to_vec()).is_none(), "{length}");
        }
        assert!(Crl::parse([&der[..], &[0]].concat()).is_none());
    }
}
