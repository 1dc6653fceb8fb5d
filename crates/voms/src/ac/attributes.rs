//! The contents of an attribute certificate, verified or not.

use std::time::SystemTime;

use voms_asn1::attribute_certificate::AttributeCertificateInfo;
use voms_asn1::oid;
use voms_asn1::targets::Targets;
use voms_asn1::voms::certs::AcCerts;
use voms_asn1::voms::fqans::{FqanAttribute, PolicyAuthority};
use voms_asn1::voms::generic_attributes::{self, GrantedAttributes};

use crate::ac::finding::AcFinding;
use crate::pki::certificate::Certificate;
use crate::report::Report;
use crate::time::since_epoch;
use crate::vo::fqan::Fqan;

/// The contents of an attribute certificate, verified or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcAttributes {
    /// The name of the VO.
    pub vo: String,
    /// The server that issued it: `host:port`.
    pub uri: String,
    /// The host part of `uri`.
    pub host: String,
    /// The FQANs, in order; the first is the primary FQAN.
    pub fqans: Vec<String>,
    /// The generic attributes.
    pub generic: Vec<GrantedAttributes>,
}

impl AcAttributes {
    /// The FQANs, parsed, without those that cannot be parsed.
    #[must_use]
    pub fn parsed_fqans(&self) -> Vec<Fqan> {
        self.fqans
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect()
    }

    /// Whether an FQAN, well-formed or not, begins with the group of the VO itself.
    #[must_use]
    pub fn is_own(&self, fqan: &str) -> bool {
        let rest = fqan.strip_prefix('/');
        let rest = rest.and_then(|rest| rest.strip_prefix(&self.vo));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Reads the attributes without verifying anything.
    ///
    /// # Errors
    /// [`AcFinding::Attributes`], [`AcFinding::NoFqan`], [`AcFinding::PolicyAuthority`] or
    /// [`AcFinding::Extension`].
    pub fn read(info: &AttributeCertificateInfo) -> Result<Self, AcFinding> {
        let granted = FqanAttribute::from_ac(info).map_err(AcFinding::Attributes)?;
        let authority = PolicyAuthority::parse(&granted.policy_authority)
            .map_err(AcFinding::PolicyAuthority)?;
        if granted.fqans.is_empty() {
            return Err(AcFinding::NoFqan);
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

/// The only hosts that may accept an attribute certificate; `None` if any host may.
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

/// The notBefore and notAfter of an attribute certificate; both ends are inclusive.
#[must_use]
pub fn validity(info: &AttributeCertificateInfo) -> (SystemTime, SystemTime) {
    let instant = |time: &der::asn1::GeneralizedTime| since_epoch(time.to_unix_duration());
    let period = &info.attr_cert_validity_period;
    (
        instant(&period.not_before_time),
        instant(&period.not_after_time),
    )
}

/// The certificates embedded in an attribute certificate, signer first.
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

/// Finds what does not belong to the VO, and FQANs that no server grants.
pub(super) fn judge_attributes(attributes: &AcAttributes, findings: &mut Report<AcFinding>) {
    let vo = &attributes.vo;
    for fqan in &attributes.fqans {
        if !Fqan::is_granted_form(fqan) {
            findings.push(AcFinding::MalformedFqan(fqan.clone()));
        } else if !attributes.is_own(fqan) {
            findings.push(AcFinding::ForeignFqan(fqan.clone(), vo.clone()));
        }
    }
    for grantor in attributes.generic.iter().map(|granted| &granted.grantor) {
        if grantor.split("://").next() != Some(vo) {
            findings.push(AcFinding::ForeignAttributes(grantor.clone(), vo.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_foreign_attributes_are_a_few_findings_of_limited_length() {
        let grantor = format!("other{}://host", "\u{7f}".repeat(100_000));
        let fqan = format!("/other/{}", "\u{7f}".repeat(100_000));
        let generic = GrantedAttributes {
            grantor,
            attributes: Vec::new(),
        };
        let attributes = AcAttributes {
            vo: "virgo".to_owned(),
            uri: "host:1".to_owned(),
            host: "host".to_owned(),
            fqans: vec![fqan; 10],
            generic: vec![generic; 990],
        };
        let mut findings = Report::of_at_most(20);
        judge_attributes(&attributes, &mut findings);
        let findings = findings.finish();
        assert_eq!(findings.len(), 21);
        assert_eq!(findings[20], AcFinding::More(980));
        for finding in &findings {
            assert!(finding.to_string().len() < 2000);
        }
    }
}
