//! Judges attribute certificates for callers who weigh the findings themselves.

use voms_asn1::EncodedAc;

use crate::ac::attributes::{AcAttributes, judge_attributes};
use crate::ac::finding::AcFinding;
use crate::ac::structure::structure_findings;
use crate::ac::verify::{AcVerifier, MAX_FINDINGS};
use crate::files::moment::Moment;
use crate::pki::certificate::Certificate;
use crate::report::Report;
use crate::work::Work;

/// Whether [`AcVerifier::judge_all`] looks for the signers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signers {
    /// They are judged, with their signatures.
    Judged,
    /// Nobody asks who signed: whatever is found, the attributes are only claimed.
    NotAsked,
}

/// What was found out about one attribute certificate. It proves nothing by itself: without any
/// finding it is as good as a [`VerifiedAc`](super::verify::VerifiedAc) if its signer was judged,
/// and who passes over a finding answers for it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Judgement {
    /// All findings.
    pub findings: Vec<AcFinding>,
    /// The attributes, if they can be read.
    pub attributes: Option<AcAttributes>,
    /// The certificate of its signer, if a path leads from it to a trusted CA.
    pub signer: Option<Certificate>,
}

impl AcVerifier<'_> {
    /// Judges several attribute certificates, in order, within what one credential may cost. For
    /// callers who weigh the findings themselves; [`AcVerifier::verify`] is for all others.
    #[must_use]
    pub fn judge_all(&self, acs: &[EncodedAc], signers: Signers) -> Vec<Judgement> {
        let _moment = Moment::begin();
        let mut work = Work::after(0);
        acs.iter()
            .map(|ac| self.judge(&mut work, ac, signers))
            .collect()
    }

    fn judge(&self, work: &mut Work, ac: &EncodedAc, signers: Signers) -> Judgement {
        let mut findings = Report::of_at_most(MAX_FINDINGS);
        findings.extend(structure_findings(ac));
        self.judge_holder(&ac.certificate().acinfo, &mut findings);
        let read = AcAttributes::read(&ac.certificate().acinfo);
        let attributes = read.map_err(|finding| findings.push(finding)).ok();
        let mut signer = None;
        if let Some(attributes) = &attributes {
            judge_attributes(attributes, &mut findings);
            if signers == Signers::Judged {
                signer = self.judge_signer(work, (ac, None), attributes, &mut findings);
            }
        }
        Judgement {
            findings: findings.finish(),
            attributes,
            signer: signer.map(|(signer, _)| signer.certificate),
        }
    }
}
