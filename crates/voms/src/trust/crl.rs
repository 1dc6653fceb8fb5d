//! Certificate revocation lists (RFC 5280 section 5; spec 8.2).

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use der::Decode;
use der::asn1::ObjectIdentifier;
use std::time::SystemTime;
use voms_asn1::certificate_list::{CertificateList, TbsCertList};
use voms_asn1::oid;
use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::crypto::SignedList;
use crate::pki::certificate::{Certificate, instant, minimal_integer};
use crate::pki::dn::Dn;
use crate::pki::pem;
use crate::pki::strength::StrengthPolicy;
use crate::trust::problem::{CrlProblem, PathProblem};

/// When CRLs are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CrlPolicy {
    /// Never.
    Off,
    /// If the CA's CRL is present; it must then be current.
    #[default]
    IfPresent,
    /// Always: certificates of a CA without a CRL are rejected.
    Required,
}

/// A CRL, and the last CA whose signature on it was checked.
pub struct Crl {
    issuer: Dn,
    algorithm: AlgorithmIdentifierOwned,
    this_update: SystemTime,
    next_update: SystemTime,
    revoked: HashMap<Box<[u8]>, SystemTime>,
    /// An unknown critical extension.
    unknown: Option<ObjectIdentifier>,
    scope: Scope,
    signed: SignedList,
    checked: Mutex<Option<(Certificate, bool)>>,
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
        let extension = list
            .crl_extensions
            .iter()
            .flatten()
            .find(|e| e.extn_id == oid::ISSUING_DISTRIBUTION_POINT);
        match extension
            .map(|extension| IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()))
        {
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
            return Some(vec![Self::parse(file)?]);
        }
        lists.map(|block| Self::parse(&block.der()?)).collect()
    }

    fn parse(der: &[u8]) -> Option<Self> {
        let list = CertificateList::from_der(der).ok()?;
        let tbs = &list.tbs_cert_list;
        let revoked = tbs.revoked_certificates.iter().flatten();
        Some(Self {
            issuer: Dn::from_name(&tbs.issuer),
            algorithm: list.signature_algorithm.clone(),
            this_update: instant(tbs.this_update),
            next_update: instant(tbs.next_update?),
            revoked: revoked
                .map(|entry| {
                    (
                        minimal_integer(entry.user_certificate.as_bytes()).into(),
                        instant(entry.revocation_date),
                    )
                })
                .collect(),
            unknown: tbs.critical_extensions().find(|id| !KNOWN.contains(id)),
            scope: Scope::of(tbs),
            signed: SignedList::from_der(der)?,
            checked: Mutex::new(None),
        })
    }

    /// When the next CRL is due.
    pub fn next_update(&self) -> SystemTime {
        self.next_update
    }

    fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, signed)) = checked.as_ref().filter(|(known, _)| known == issuer) {
            return *signed;
        }
        let signed = issuer
            .public_key()
            .is_ok_and(|key| self.signed.is_signed_by(&key));
        *checked = Some((issuer.clone(), signed));
        signed
    }

    /// Why the CRL cannot be used for a certificate.
    fn unusable(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        strength: StrengthPolicy,
    ) -> Option<CrlProblem> {
        if !self.issuer.matches(issuer.subject()) {
            return Some(CrlProblem::OtherIssuer);
        }
        if !self.is_signed_by(issuer) {
            return Some(CrlProblem::Signature);
        }
        if issuer
            .key_usage()
            .is_some_and(|usage| !usage.may_sign_lists())
        {
            return Some(CrlProblem::MayNotSign);
        }
        if strength.judge_signature(&self.algorithm).is_some() {
            return Some(CrlProblem::Weak);
        }
        if self.unknown.is_some() {
            return Some(CrlProblem::CriticalExtension);
        }
        (!self.scope.covers(certificate)).then_some(CrlProblem::Scope)
    }
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crl({})", self.issuer)
    }
}

/// CRL and entry extensions that are handled, or that change nothing.
const KNOWN: [ObjectIdentifier; 5] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::CRL_NUMBER,
    oid::ISSUING_DISTRIBUTION_POINT,
    oid::CRL_REASON,
    oid::INVALIDITY_DATE,
];

/// Looks a certificate up in a CRL.
pub fn judge(
    (path, crl): (&Path, &Crl),
    (certificate, issuer): (&Certificate, &Certificate),
    strength: StrengthPolicy,
    now: SystemTime,
) -> Result<(), PathProblem> {
    let unusable = |problem| PathProblem::CrlUnusable {
        crl: path.to_owned(),
        problem,
    };
    if let Some(problem) = crl.unusable(certificate, issuer, strength) {
        return Err(unusable(problem));
    }
    if crl.this_update > now {
        return Err(unusable(CrlProblem::NotYetValid));
    }
    if let Some(at) = crl.revoked.get(minimal_integer(certificate.serial_bytes())) {
        return Err(PathProblem::Revoked {
            at: *at,
            crl: path.to_owned(),
        });
    }
    if crl.next_update < now {
        return Err(PathProblem::CrlExpired {
            crl: path.to_owned(),
            next_update: crl.next_update,
        });
    }
    Ok(())
}
