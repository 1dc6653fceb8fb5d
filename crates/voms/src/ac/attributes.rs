//! What an attribute certificate says, verified or not.

use chrono::{DateTime, Utc};
use voms_asn1::attribute_certificate::AttributeCertificateInfo;
use voms_asn1::oid;
use voms_asn1::targets::Targets;
use voms_asn1::voms::certs::AcCerts;
use voms_asn1::voms::fqans::{FqanAttribute, PolicyAuthority};
use voms_asn1::voms::generic_attributes::{self, GrantedAttributes};

use crate::ac::finding::AcFinding;
use crate::pki::certificate::Certificate;

/// What an attribute certificate says, believed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcAttributes {
    /// The VO.
    pub vo: String,
    /// The server that issued it: `host:port`.
    pub uri: String,
    /// The host in it.
    pub host: String,
    /// The FQANs in order; the first is the primary one.
    pub fqans: Vec<String>,
    /// Generic attributes.
    pub generic: Vec<GrantedAttributes>,
}

impl AcAttributes {
    /// Reads them, without judging whether they are to be believed.
    ///
    /// # Errors
    /// [`AcFinding::Attributes`] or [`AcFinding::Extension`].
    pub fn read(info: &AttributeCertificateInfo) -> Result<Self, AcFinding> {
        let unreadable = |error: &dyn std::fmt::Display| AcFinding::Attributes(error.to_string());
        let granted = FqanAttribute::from_ac(info).map_err(|error| unreadable(&error))?;
        let authority = PolicyAuthority::parse(&granted.policy_authority)
            .map_err(|error| AcFinding::PolicyAuthority(error.to_string()))?;
        if granted.fqans.is_empty() {
            return Err(AcFinding::Attributes("it names no group".to_owned()));
        }
        let generic = match info.extension(oid::VOMS_GENERIC_ATTRIBUTES) {
            Some(extension) => generic_attributes::from_extension(extension.extn_value.as_bytes())
                .map_err(|_| AcFinding::Extension(oid::VOMS_GENERIC_ATTRIBUTES))?,
            None => Vec::new(),
        };
        let (_, uri) = granted
            .policy_authority
            .split_once("://")
            .unwrap_or_default();
        Ok(Self {
            vo: authority.vo,
            uri: uri.to_owned(),
            host: authority.host,
            fqans: granted.fqans,
            generic,
        })
    }
}

/// The hosts that alone may accept an attribute certificate; `None` where all may.
///
/// # Errors
/// [`AcFinding::Extension`] when the list cannot be read.
pub fn targets(info: &AttributeCertificateInfo) -> Result<Option<Vec<String>>, AcFinding> {
    let Some(extension) = info.extension(oid::TARGETS) else {
        return Ok(None);
    };
    let targets = Targets::from_extension(extension.extn_value.as_bytes());
    targets
        .map(|targets| Some(targets.hosts))
        .map_err(|_| AcFinding::Extension(oid::TARGETS))
}

/// First and last second of an attribute certificate.
#[must_use]
pub fn validity(info: &AttributeCertificateInfo) -> (DateTime<Utc>, DateTime<Utc>) {
    let instant = |time: &der::asn1::GeneralizedTime| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    };
    let period = &info.attr_cert_validity_period;
    (
        instant(&period.not_before_time),
        instant(&period.not_after_time),
    )
}

/// The certificates that an attribute certificate brings along, signer first.
///
/// # Errors
/// [`AcFinding::Extension`] when the list cannot be read.
pub fn carried_certificates(
    info: &AttributeCertificateInfo,
) -> Result<Vec<Certificate>, AcFinding> {
    carried(info, |_| None)
}

pub(super) fn carried(
    info: &AttributeCertificateInfo,
    known: impl Fn(&[u8]) -> Option<Certificate>,
) -> Result<Vec<Certificate>, AcFinding> {
    let unreadable = || AcFinding::Extension(oid::VOMS_CERTS);
    let Some(extension) = info.extension(oid::VOMS_CERTS) else {
        return Ok(Vec::new());
    };
    let certs =
        AcCerts::from_extension(extension.extn_value.as_bytes()).map_err(|_| unreadable())?;
    let parse = |der: &Vec<u8>| match known(der) {
        Some(certificate) => Ok(certificate),
        None => Certificate::from_der(der).map_err(|_| unreadable()),
    };
    certs.certificates.iter().map(parse).collect()
}
