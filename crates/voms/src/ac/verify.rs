//! Verifies attribute certificates (RFC 5755 section 5, spec 7.8).

use std::path::PathBuf;
use std::time::SystemTime;

use voms_asn1::EncodedAc;
use voms_asn1::attribute_certificate::AttributeCertificateInfo;

pub use crate::ac::attributes::{AcAttributes, carried_certificates, targets, validity};
use crate::ac::attributes::{carried, judge_attributes};
use crate::ac::finding::AcFinding;
use crate::ac::holder;
use crate::ac::known::{KnownAc, KnownAcs};
use crate::ac::signer::NamedSigner;
use crate::ac::structure::{key_identifier_finding, signer_findings, structure_findings};
use crate::ac::verified::Signer;
pub use crate::ac::verified::VerifiedAc;
use crate::crypto::Digest;
use crate::pki::certificate::Certificate;
use crate::pki::strength::Weakness;
use crate::policy::Policy;
use crate::report::Report;
use crate::time::is_after;
use crate::trust::{MAX_DEPTH, PathFinding, TrustAnchors, Usage, VerifiedPath};
use crate::vo::vomsdir::VomsDir;
use crate::work::Work;

/// Findings on one attribute certificate.
pub(super) const MAX_FINDINGS: usize = 20;

/// How signers are authorized.
#[derive(Debug, Clone)]
#[non_exhaustive]
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
    pub(super) trust: SignerTrust<'a>,
    holder: &'a Certificate,
    policy: &'a Policy,
    pub(super) now: SystemTime,
    known: Option<&'a KnownAcs>,
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
            known: None,
        }
    }

    /// The same verifier, which remembers what it verified.
    pub(crate) fn remembering(self, known: &'a KnownAcs) -> Self {
        let known = Some(known);
        Self { known, ..self }
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
        self.verify_within(&mut Work::after(0), ac, vo)
    }

    pub(crate) fn verify_within(
        &self,
        work: &mut Work,
        ac: &EncodedAc,
        vo: Option<&str>,
    ) -> Result<VerifiedAc, Vec<AcFinding>> {
        let info = &ac.certificate().acinfo;
        let known = self.known.and_then(|all| all.find(ac.as_der()));
        let known = known.as_deref();
        let mut findings = Report::of_at_most(MAX_FINDINGS);
        if known.is_none() {
            findings.extend(structure_findings(ac));
        }
        self.judge_holder(info, &mut findings);
        let read = || AcAttributes::read(info);
        let attributes = match known.map_or_else(read, |known| Ok(known.attributes.clone())) {
            Ok(attributes) => attributes,
            Err(finding) => {
                findings.push(finding);
                return Err(findings.finish());
            }
        };
        if let Some(wanted) = vo.filter(|wanted| *wanted != attributes.vo) {
            findings.push(AcFinding::OtherVo {
                wanted: wanted.to_owned(),
                found: attributes.vo.clone(),
            });
        }
        if known.is_none() {
            judge_attributes(&attributes, &mut findings);
        }
        let signer = self.judge_signer(work, (ac, known), &attributes, &mut findings);
        let Some((signer, carried)) = signer.filter(|_| findings.is_empty()) else {
            return Err(findings.finish());
        };
        if let Some(all) = self.known.filter(|_| known.is_none()) {
            all.insert(KnownAc {
                encoded: ac.clone(),
                attributes: attributes.clone(),
                carried,
                signer: signer.certificate.clone(),
            });
        }
        Ok(VerifiedAc {
            encoded: ac.clone(),
            attributes,
            signer,
            not_after: validity(info).1,
        })
    }

    /// Dates, holder and targets.
    pub(super) fn judge_holder(
        &self,
        info: &AttributeCertificateInfo,
        findings: &mut Report<AcFinding>,
    ) {
        self.judge_dates(info, findings);
        let ca = || {
            let anchors = self.trust.anchors();
            anchors.is_some_and(|anchors| anchors.has_ca_named_as(self.holder, self.now))
        };
        findings.extend(holder::problem(&info.holder, self.holder, ca).map(AcFinding::Holder));
        findings.extend(self.target_finding(info));
    }

    fn judge_dates(&self, info: &AttributeCertificateInfo, findings: &mut Report<AcFinding>) {
        let (not_before, not_after) = validity(info);
        let skew = self.policy.skew();
        if is_after(not_before, self.now, skew) {
            findings.push(AcFinding::NotYetValid(not_before));
        }
        if is_after(self.now, not_after, skew) {
            findings.push(AcFinding::Expired(not_after));
        }
        if not_after < not_before {
            findings.push(AcFinding::NoValidity);
        }
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

    /// Adds the findings on the signer and the signature. Returns the signer and the certificates
    /// that came along.
    pub(super) fn judge_signer(
        &self,
        work: &mut Work,
        (ac, known): (&EncodedAc, Option<&KnownAc>),
        attributes: &AcAttributes,
        findings: &mut Report<AcFinding>,
    ) -> Option<(Signer, Vec<Certificate>)> {
        let info = &ac.certificate().acinfo;
        let carried = known.map_or_else(|| self.carried(info), |known| Ok(known.carried.clone()));
        let found = carried.and_then(|carried| {
            self.find_signer(ac, &carried, attributes)
                .map(|signer| (signer, carried))
        });
        let (NamedSigner { certificate, lsc }, carried) =
            found.map_err(|finding| findings.push(finding)).ok()?;
        let all = std::iter::once(&certificate).chain(&carried);
        if all
            .take(MAX_DEPTH)
            .any(|signer| work.spend(signer).is_err())
        {
            findings.push(AcFinding::TooCostly);
            return None;
        }
        findings.extend(self.weakness(ac));
        if known.is_none_or(|known| known.signer != certificate) {
            findings.extend(signer_findings(info, &certificate));
            findings.extend(signature_finding(ac, &certificate));
            findings.extend(key_identifier_finding(info, &certificate));
        }
        let above: Vec<_> = carried
            .iter()
            .filter(|c| **c != certificate)
            .cloned()
            .collect();
        let signer = self.verify_signer(work, certificate, lsc, &above);
        signer
            .map_err(|path| findings.extend(path.into_iter().map(AcFinding::Signer)))
            .ok()
            .map(|signer| (signer, carried))
    }

    /// Verifies the path of the signer, unless it is the server that TLS has already verified.
    fn verify_signer(
        &self,
        work: &mut Work,
        certificate: Certificate,
        lsc: Option<PathBuf>,
        above: &[Certificate],
    ) -> Result<Signer, Vec<PathFinding>> {
        let anchors = self.trust.anchors();
        let Some(anchors) = anchors.filter(|_| !self.is_server(&certificate)) else {
            return Ok(Signer {
                usable_until: certificate.not_after(),
                ca: None,
                certificate,
                lsc,
                notes: Vec::new(),
            });
        };
        let (policy, now) = (self.policy, self.now);
        let VerifiedPath {
            certificates: path,
            notes,
        } = anchors.verify_within(work, (&certificate, above), Usage::Signer, policy, now)?;
        let ends = path.iter().map(Certificate::not_after);
        Ok(Signer {
            usable_until: ends.min().unwrap_or(certificate.not_after()),
            ca: path.last().map(|ca| ca.subject().clone()),
            certificate,
            lsc,
            notes,
        })
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

    /// Why its signature is not taken, if it holds or not.
    fn weakness(&self, ac: &EncodedAc) -> Option<AcFinding> {
        let algorithm = &ac.certificate().signature_algorithm;
        let weakness = self.policy.strength().judge_signature(algorithm)?;
        Some(match weakness {
            Weakness::Unknown(id) => AcFinding::Algorithm(id),
            weakness => AcFinding::Weak(weakness),
        })
    }

    /// Whether the signature holds, and is taken.
    pub(super) fn is_signed_by(&self, ac: &EncodedAc, signer: &Certificate) -> bool {
        self.weakness(ac).is_none() && signature_finding(ac, signer).is_none()
    }
}

fn signature_finding(ac: &EncodedAc, signer: &Certificate) -> Option<AcFinding> {
    let certificate = ac.certificate();
    let algorithm = certificate.signature_algorithm.oid;
    let Some(digest) = Digest::of_signature(algorithm) else {
        return Some(AcFinding::Algorithm(algorithm));
    };
    let Some(signature) = certificate.signature_value.as_bytes() else {
        return Some(AcFinding::Signature);
    };
    #[cfg(fuzzing)]
    crate::meter::count(signer.cost());
    let verified = signer
        .public_key()
        .is_ok_and(|key| key.verifies(digest, signature, ac.acinfo_der()));
    (!verified).then_some(AcFinding::Signature)
}
