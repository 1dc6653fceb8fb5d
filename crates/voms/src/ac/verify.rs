//! Verifies attribute certificates (RFC 5755 section 5, spec 7.8).

use std::time::SystemTime;
use voms_asn1::EncodedAc;
use voms_asn1::attribute_certificate::{AttCertIssuer, AttributeCertificateInfo};
use voms_asn1::oid;
use x509_cert::name::Name;

use crate::ac::attributes::carried;
pub use crate::ac::attributes::{AcAttributes, carried_certificates, targets, validity};
use crate::ac::finding::AcFinding;
use crate::ac::structure::{key_identifier_finding, structure_findings};
use crate::crypto::Digest;
use crate::pki::certificate::{Certificate, minimal_integer};
use crate::pki::dn::Dn;
use crate::pki::strength::Weakness;
use crate::policy::Policy;
use crate::time::is_after;
use crate::trust::{TrustAnchors, Usage};
use crate::vo::fqan::Fqan;
use crate::vo::lsc::Lsc;
use crate::vo::vomsdir::{Trusted, VomsDir};

/// How signers are authorized.
#[derive(Debug, Clone)]
pub enum SignerTrust<'a> {
    /// A vomsdir names the signers; the CA directory verifies their certificates.
    VomsDir(&'a VomsDir, &'a TrustAnchors),
    /// A vomsdir names the signers, and the signer's certificate must be this one, with which a
    /// verified server has just authenticated itself. For machines without a CA directory.
    VomsDirAndServer(&'a VomsDir, &'a Certificate),
    /// No vomsdir: the signer must be the server that has just authenticated itself.
    Server {
        /// The certificate with which it authenticated itself.
        server: &'a Certificate,
        /// With a CA directory, the signer may use another certificate with the same subject and
        /// issuer (what an LSC file would name), provided it verifies too: attribute authorities
        /// keep signing with the old certificate for a while after the web server in front of them
        /// gets a new one.
        anchors: Option<&'a TrustAnchors>,
    },
}

/// Verifies attribute certificates for one holder.
#[derive(Debug, Clone)]
pub struct AcVerifier<'a> {
    trust: SignerTrust<'a>,
    holder: &'a Certificate,
    policy: &'a Policy,
    now: SystemTime,
}

impl<'a> SignerTrust<'a> {
    /// The trust anchors for signers other than the server itself.
    fn anchors(&self) -> Option<&'a TrustAnchors> {
        match self {
            Self::VomsDir(_, anchors) => Some(anchors),
            Self::VomsDirAndServer(..) => None,
            Self::Server { anchors, .. } => *anchors,
        }
    }

    /// The strictest verifier the machine's configuration allows, for attributes that a verified
    /// server has just sent.
    #[must_use]
    pub fn strictest(
        vomsdir: Option<&'a VomsDir>,
        anchors: Option<&'a TrustAnchors>,
        server: &'a Certificate,
    ) -> Self {
        match (vomsdir, anchors) {
            (Some(vomsdir), Some(anchors)) => Self::VomsDir(vomsdir, anchors),
            (Some(vomsdir), None) => Self::VomsDirAndServer(vomsdir, server),
            (None, anchors) => Self::Server { server, anchors },
        }
    }
}

/// A verified attribute certificate; only [`AcVerifier::verify`] creates one.
#[derive(Debug, Clone)]
pub struct VerifiedAc {
    encoded: EncodedAc,
    attributes: AcAttributes,
    signer: Certificate,
    not_after: SystemTime,
    usable_until: SystemTime,
}

impl VerifiedAc {
    /// The attributes it grants.
    #[must_use]
    pub fn attributes(&self) -> &AcAttributes {
        &self.attributes
    }

    /// The bytes that were verified.
    #[must_use]
    pub fn encoded(&self) -> &EncodedAc {
        &self.encoded
    }

    /// The attribute certificate, without the proof of verification.
    #[must_use]
    pub fn into_encoded(self) -> EncodedAc {
        self.encoded
    }

    /// The signer's certificate.
    #[must_use]
    pub fn signer(&self) -> &Certificate {
        &self.signer
    }

    /// Its notAfter time.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// The earliest notAfter of the attribute certificate and the certificates on its signer's
    /// path.
    #[must_use]
    pub fn usable_until(&self) -> SystemTime {
        self.usable_until
    }
}

impl<'a> AcVerifier<'a> {
    /// A verifier of the attributes of `holder`, the user's own certificate, at `now`.
    #[must_use]
    pub fn new(
        trust: SignerTrust<'a>,
        holder: &'a Certificate,
        policy: &'a Policy,
        now: impl Into<SystemTime>,
    ) -> Self {
        Self {
            trust,
            holder,
            policy,
            now: now.into(),
        }
    }

    /// The same verifier at another time.
    #[must_use]
    pub fn at(&self, now: impl Into<SystemTime>) -> Self {
        Self {
            now: now.into(),
            ..self.clone()
        }
    }

    /// Verifies one attribute certificate over its original bytes.
    ///
    /// # Errors
    /// Every finding.
    pub fn verify(&self, ac: &EncodedAc, vo: Option<&str>) -> Result<VerifiedAc, Vec<AcFinding>> {
        let info = &ac.certificate().acinfo;
        let mut findings = structure_findings(ac);
        let (not_before, not_after) = validity(info);
        if is_after(not_before, self.now, self.policy.skew()) {
            findings.push(AcFinding::NotYetValid(not_before));
        }
        if is_after(self.now, not_after, self.policy.skew()) {
            findings.push(AcFinding::Expired(not_after));
        }
        if not_after < not_before {
            findings.push(AcFinding::NoValidity);
        }
        findings.extend(self.holder_finding(info));
        findings.extend(self.target_finding(info));
        let attributes = match AcAttributes::read(info) {
            Ok(attributes) => attributes,
            Err(finding) => {
                findings.push(finding);
                return Err(findings);
            }
        };
        if let Some(wanted) = vo.filter(|wanted| *wanted != attributes.vo) {
            findings.push(AcFinding::OtherVo {
                wanted: wanted.to_owned(),
                found: attributes.vo.clone(),
            });
        }
        let top = format!("/{}", attributes.vo);
        let foreign = |fqan: &str| {
            fqan.strip_prefix(&top)
                .is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        for fqan in &attributes.fqans {
            if !Fqan::is_granted_form(fqan) {
                findings.push(AcFinding::MalformedFqan(fqan.clone()));
            } else if foreign(fqan) {
                findings.push(AcFinding::ForeignFqan(fqan.clone(), attributes.vo.clone()));
            }
        }
        let others = attributes.generic.iter().map(|granted| &granted.grantor);
        for grantor in others.filter(|grantor| grantor.split("://").next() != Some(&attributes.vo))
        {
            findings.push(AcFinding::ForeignAttributes(
                grantor.clone(),
                attributes.vo.clone(),
            ));
        }
        match self.judge_signer(ac, &attributes, &mut findings) {
            Some((signer, end)) if findings.is_empty() => Ok(VerifiedAc {
                encoded: ac.clone(),
                attributes,
                signer,
                not_after,
                usable_until: not_after.min(end),
            }),
            _ => Err(findings),
        }
    }

    /// Servers identify the holder by its subject or, as RFC 5755 requires, by its issuer; the
    /// serial number is the holder's in both.
    fn holder_finding(&self, info: &AttributeCertificateInfo) -> Option<AcFinding> {
        let id = info.holder.base_certificate_id.as_ref();
        let name = info.holder.directory_name().map(Dn::from_name);
        let fits = id.zip(name.as_ref()).is_some_and(|(id, name)| {
            minimal_integer(id.serial.as_bytes()) == minimal_integer(self.holder.serial_bytes())
                && (name.matches(self.holder.subject()) || name.matches(self.holder.issuer()))
        });
        if fits && info.holder.object_digest_info.is_none() && info.holder.entity_name.is_none() {
            return None;
        }
        let serial = id
            .map(|id| hex::encode(id.serial.as_bytes()))
            .unwrap_or_default();
        let name = name.map_or_else(|| "without a name".to_owned(), |name| name.to_string());
        Some(AcFinding::Holder {
            holder: format!("{name}, serial {serial}"),
        })
    }

    /// Host names are compared ignoring case and a trailing dot; a target without dots is a host's
    /// short name (spec 7.8).
    fn target_finding(&self, info: &AttributeCertificateInfo) -> Option<AcFinding> {
        let hosts = self.policy.hosts()?;
        let targets = match targets(info) {
            Ok(targets) => targets?,
            Err(finding) => return Some(finding),
        };
        let same = |target: &str, host: &str| {
            let (target, host) = (target.trim_end_matches('.'), host.trim_end_matches('.'));
            let short = host.split('.').next().filter(|_| !target.contains('.'));
            !target.is_empty()
                && (target.eq_ignore_ascii_case(host)
                    || short.is_some_and(|s| s.eq_ignore_ascii_case(target)))
        };
        let meant = targets
            .iter()
            .any(|target| hosts.iter().any(|host| same(target, host)));
        (!meant).then_some(AcFinding::Target(targets))
    }

    /// Adds the findings on the signer and the signature; returns the signer and the earliest
    /// notAfter on its path.
    fn judge_signer(
        &self,
        ac: &EncodedAc,
        attributes: &AcAttributes,
        findings: &mut Vec<AcFinding>,
    ) -> Option<(Certificate, SystemTime)> {
        let info = &ac.certificate().acinfo;
        let found = self.carried(info).and_then(|carried| {
            self.find_signer(ac, &carried, attributes)
                .map(|signer| (signer, carried))
        });
        let (signer, carried) = found.map_err(|finding| findings.push(finding)).ok()?;
        let issuer = issuer_name(info).map(Dn::from_name);
        if issuer
            .as_ref()
            .is_none_or(|issuer| !issuer.matches(signer.subject()))
        {
            let named = issuer.map_or_else(|| "nobody".to_owned(), |issuer| issuer.to_string());
            findings.push(AcFinding::IssuerName(named, signer.subject().clone()));
        }
        // RFC 5755 section 4.5.
        if signer.is_ca() {
            findings.push(AcFinding::SignerIsCa(signer.subject().clone()));
        } else if signer.key_usage().is_some_and(|usage| !usage.may_sign()) {
            findings.push(AcFinding::SignerMayNotSign(signer.subject().clone()));
        }
        findings.extend(self.signature_finding(ac, &signer));
        findings.extend(key_identifier_finding(info, &signer));
        let Some(anchors) = self.trust.anchors().filter(|_| !self.is_server(&signer)) else {
            let end = signer.not_after();
            return Some((signer, end));
        };
        let above: Vec<_> = carried.iter().filter(|c| **c != signer).cloned().collect();
        match anchors.verify_path(&signer, &above, Usage::Signer, self.policy, self.now) {
            Ok(path) => path
                .iter()
                .map(Certificate::not_after)
                .min()
                .map(|end| (signer, end)),
            Err(path) => {
                findings.extend(path.into_iter().map(AcFinding::Signer));
                None
            }
        }
    }

    /// The embedded certificates, signer first; known ones are not parsed again.
    fn carried(&self, info: &AttributeCertificateInfo) -> Result<Vec<Certificate>, AcFinding> {
        carried(info, |der| {
            self.trust.anchors().and_then(|anchors| anchors.known(der))
        })
    }

    /// Whether the signer's certificate was already verified as the server's, and nothing else
    /// names signers.
    fn is_server(&self, signer: &Certificate) -> bool {
        matches!(self.trust, SignerTrust::Server { server, .. } if server == signer)
    }

    fn signature_finding(&self, ac: &EncodedAc, signer: &Certificate) -> Option<AcFinding> {
        let certificate = ac.certificate();
        if let Some(weakness) = self
            .policy
            .strength()
            .judge_signature(&certificate.signature_algorithm)
        {
            return Some(match weakness {
                Weakness::Unknown(id) => AcFinding::Algorithm(id),
                weakness => AcFinding::Weak(weakness),
            });
        }
        let digest = match certificate.signature_algorithm.oid {
            oid::SHA256_WITH_RSA | oid::ECDSA_WITH_SHA256 => Digest::Sha256,
            oid::SHA384_WITH_RSA | oid::ECDSA_WITH_SHA384 => Digest::Sha384,
            oid::SHA512_WITH_RSA | oid::ECDSA_WITH_SHA512 => Digest::Sha512,
            oid::SHA1_WITH_RSA | oid::ECDSA_WITH_SHA1 => Digest::Sha1,
            oid::MD5_WITH_RSA => Digest::Md5,
            other => return Some(AcFinding::Algorithm(other)),
        };
        let Some(signature) = certificate.signature_value.as_bytes() else {
            return Some(AcFinding::Signature);
        };
        let verified = signer
            .public_key()
            .is_ok_and(|key| key.verifies(digest, signature, ac.acinfo_der()));
        (!verified).then_some(AcFinding::Signature)
    }

    fn find_signer(
        &self,
        ac: &EncodedAc,
        carried: &[Certificate],
        attributes: &AcAttributes,
    ) -> Result<Certificate, AcFinding> {
        match &self.trust {
            SignerTrust::Server { server, anchors } => {
                let signer = carried.first().unwrap_or(server);
                // The names an LSC file would list; the path is verified below.
                if anchors.is_some() && signer.has_names_of(server) {
                    Ok(signer.clone())
                } else {
                    only_server(signer, server)
                }
            }
            SignerTrust::VomsDirAndServer(vomsdir, server) => {
                let signer = self.find_in(vomsdir, ac, carried, attributes)?;
                only_server(&signer, server)
            }
            SignerTrust::VomsDir(vomsdir, _) => self.find_in(vomsdir, ac, carried, attributes),
        }
    }

    fn find_in(
        &self,
        vomsdir: &VomsDir,
        ac: &EncodedAc,
        carried: &[Certificate],
        attributes: &AcAttributes,
    ) -> Result<Certificate, AcFinding> {
        let own = |carried: &[Certificate]| carried.first().cloned().ok_or(AcFinding::NoSigner);
        match vomsdir.find(&attributes.vo, &attributes.host, self.now) {
            Trusted::Lsc(file, lsc) => match lsc.as_ref() {
                Ok(lsc) if lsc.matches(carried) => own(carried),
                Ok(lsc) => {
                    let found = own(carried)?;
                    let (signer, issuer) = (found.subject().clone(), found.issuer().clone());
                    match lsc_of_former_ca(lsc, &found) {
                        Some(former) => Err(AcFinding::LscFormerCa {
                            file,
                            former,
                            signer,
                            issuer,
                        }),
                        None => Err(AcFinding::LscMismatch {
                            file,
                            signer,
                            issuer,
                        }),
                    }
                }
                Err(why) => Err(AcFinding::LscUnusable {
                    file,
                    why: why.clone(),
                }),
            },
            Trusted::Certificates(trusted) => trusted
                .into_iter()
                .find(|candidate| self.signature_finding(ac, candidate).is_none())
                .ok_or_else(|| AcFinding::NotTrusted {
                    vo: attributes.vo.clone(),
                    host: attributes.host.clone(),
                    vomsdir: vomsdir.directory().to_owned(),
                }),
        }
    }
}

/// Host CAs that sites had to replace, old and new, by common name: GEANT's service moved from
/// Sectigo to HARICA, and CNAF's hosts followed at the end of 2025.
const CHANGED_CAS: &[(&str, &str)] = &[
    ("GEANT eScience SSL CA 4", "GEANT TLS RSA 1"),
    ("GEANT eScience SSL CA 4", "GEANT TLS ECC 1"),
];

/// The issuer the LSC file names for this host from before such a change.
fn lsc_of_former_ca(lsc: &Lsc, signer: &Certificate) -> Option<Dn> {
    let host = signer.subject().common_name()?;
    let issuer = signer.issuer().common_name()?;
    let (former, _) = CHANGED_CAS.iter().find(|(_, new)| *new == issuer)?;
    let mut named = lsc
        .named()
        .filter(|(subject, _)| subject.common_name() == Some(host));
    named
        .find(|(_, issuer)| issuer.common_name() == Some(former))
        .map(|(_, issuer)| issuer.clone())
}

/// The single name that RFC 5755 section 4.2.3 requires.
fn issuer_name(info: &AttributeCertificateInfo) -> Option<&Name> {
    let AttCertIssuer::V2Form(form) = &info.issuer else {
        return None;
    };
    let alone = form.base_certificate_id.is_none() && form.object_digest_info.is_none();
    info.issuer.directory_name().filter(|_| alone)
}

fn only_server(signer: &Certificate, server: &Certificate) -> Result<Certificate, AcFinding> {
    if signer == server {
        return Ok(signer.clone());
    }
    Err(AcFinding::NotTheServer {
        signer: signer.subject().clone(),
    })
}
