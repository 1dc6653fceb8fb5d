//! Certificate revocation lists (RFC 5280 section 5; spec 8.2).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::x509::{CrlStatus, X509Crl};

use super::problem::PathProblem;
use crate::credential::certificate::Certificate;

/// When revocation lists are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CrlPolicy {
    /// Never.
    Off,
    /// Where a CA's list is at hand; it has to be in date then.
    #[default]
    IfPresent,
    /// Always: a CA without a list certifies nobody.
    Required,
}

/// A list, and the last CA whose signature on it was checked.
pub struct Crl {
    x509: X509Crl,
    checked: Mutex<Option<(Certificate, bool)>>,
}

impl Crl {
    /// Parses PEM or DER.
    pub fn parse(file: &[u8]) -> Option<Self> {
        let x509 = X509Crl::from_pem(file).or_else(|_| X509Crl::from_der(file)).ok()?;
        Some(Self { x509, checked: Mutex::new(None) })
    }

    fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, signed)) = checked.as_ref().filter(|(known, _)| known == issuer) {
            return *signed;
        }
        let signed = issuer.x509().public_key().and_then(|key| self.x509.verify(&key)).unwrap_or(false);
        *checked = Some((issuer.clone(), signed));
        signed
    }
}

/// What a list says of a certificate.
pub fn judge(
    path: &Path,
    crl: Option<&Crl>,
    certificate: &Certificate,
    issuer: &Certificate,
    now: DateTime<Utc>,
) -> Result<(), PathProblem> {
    let unusable = |why| PathProblem::CrlUnusable { crl: path.to_owned(), why };
    let crl = crl.ok_or_else(|| unusable("cannot be read"))?;
    if !crl.is_signed_by(issuer) {
        return Err(unusable("is not signed by it"));
    }
    if instant(crl.x509.last_update()).is_none_or(|this_update| this_update > now) {
        return Err(unusable("is not valid yet"));
    }
    if let CrlStatus::Revoked(entry) = crl.x509.get_by_cert(&certificate.to_x509()) {
        let at = instant(entry.revocation_date()).unwrap_or(now);
        return Err(PathProblem::Revoked { at, crl: path.to_owned() });
    }
    match crl.x509.next_update().and_then(instant) {
        Some(next_update) if next_update < now => Err(PathProblem::CrlExpired { crl: path.to_owned(), next_update }),
        _ => Ok(()),
    }
}

/// OpenSSL's time as ours.
fn instant(time: &Asn1TimeRef) -> Option<DateTime<Utc>> {
    let since = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    DateTime::from_timestamp(i64::from(since.days) * 86_400 + i64::from(since.secs), 0)
}
