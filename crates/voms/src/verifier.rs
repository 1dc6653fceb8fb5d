//! Verifies proxies and their VOMS attributes; start here if you are writing a service.
//!
//! ```no_run
//! use std::time::SystemTime;
//! use voms::verifier::VomsVerifier;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = VomsVerifier::open("/etc/grid-security/certificates".as_ref(), "/etc/grid-security/vomsdir".as_ref())?;
//! let proxy = std::fs::read("/tmp/x509up_u1000")?;
//! let verified = verifier.verify(&proxy, SystemTime::now())?;
//! println!("{} is in {:?}", verified.identity(), verified.primary_fqan());
//! # Ok(())
//! # }
//! ```

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use voms_asn1::{DecodeError, EncodedAc};

use crate::ac::embedded::attribute_certificates_or;
use crate::ac::finding::AcFinding;
use crate::ac::known::KnownAcs;
use crate::ac::verify::{AcAttributes, AcVerifier, SignerTrust, VerifiedAc};
use crate::chain::{Chain, ChainError, ChainFinding, VerifiedChain};
use crate::files::moment::Moment;
use crate::pki::dn::Dn;
use crate::pki::known::KnownCertificates;
use crate::policy::Policy;
use crate::report::{Report, Reported};
use crate::trust::{AnchorError, PathNote, TrustAnchors};
use crate::vo::fqan::Fqan;
use crate::vo::vomsdir::{VomsDir, VomsDirError};

/// Findings on one credential.
const MAX_FINDINGS: usize = 100;

/// Why a verifier could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// The CA directory is missing.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// The vomsdir is missing.
    #[error(transparent)]
    VomsDir(#[from] VomsDirError),
}

/// One reason to reject a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The input contains no certificate chain.
    #[error("no certificate chain: {0}")]
    Unreadable(#[from] ChainError),
    /// The chain fails verification.
    #[error(transparent)]
    Chain(#[from] ChainFinding),
    /// An independent proxy does not act for the user (RFC 3820 section 3.8.2), whose identity
    /// would be reported here.
    #[error("the proxy is independent: it carries none of the user's rights")]
    Independent,
    /// An attribute certificate cannot be decoded.
    #[error("attribute certificate: {0}")]
    Decode(#[from] DecodeError),
    /// An attribute certificate fails verification.
    #[error("attribute certificate of {vo}: {finding}")]
    Ac {
        /// The VO it names, as far as that can be read.
        vo: String,
        /// What is wrong with it.
        finding: AcFinding,
    },
    /// So many more findings were left out.
    #[error("{0} more findings, not listed here")]
    More(usize),
}

impl Reported for Finding {
    fn more(left_out: usize) -> Self {
        Self::More(left_out)
    }

    fn count(&self) -> usize {
        match self {
            Self::More(left_out) => *left_out,
            Self::Chain(finding) => finding.count(),
            Self::Ac { finding, .. } => finding.count(),
            _ => 1,
        }
    }
}

/// Why a credential was rejected: every finding, at least one.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Rejection(Vec<Finding>);

impl Rejection {
    /// The findings, those on the chain first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// The findings, owned.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.0
    }
}

/// Verifies credentials against one CA directory and one vomsdir. Build it once and share it
/// between threads; each call picks up changes to the files.
///
/// Of some thousand certificates and attribute certificates it remembers which signatures hold,
/// which follows from their bytes alone. Dates, revocation lists, policies and whom the vomsdir
/// trusts are judged anew each time.
#[derive(Debug, Clone)]
pub struct VomsVerifier {
    anchors: TrustAnchors,
    vomsdir: VomsDir,
    policy: Policy,
    skip_invalid_acs: bool,
    known: Arc<Known>,
}

/// What was verified before.
#[derive(Debug, Default)]
struct Known {
    certificates: KnownCertificates,
    acs: KnownAcs,
}

/// A verified credential; only [`VomsVerifier`] creates one.
#[derive(Debug)]
pub struct VerifiedCredential {
    chain: VerifiedChain,
    acs: Vec<VerifiedAc>,
    fqans: Vec<Fqan>,
    rejected_acs: Vec<Finding>,
}

impl VomsVerifier {
    /// Opens the two directories, without reading any files yet.
    ///
    /// # Errors
    /// [`VerifierError`] if one does not exist.
    pub fn open(certdir: &Path, vomsdir: &Path) -> Result<Self, VerifierError> {
        Ok(Self::new(
            TrustAnchors::open(certdir)?,
            VomsDir::open(vomsdir)?,
        ))
    }

    /// Creates a verifier from directories that are already open.
    #[must_use]
    pub fn new(anchors: TrustAnchors, vomsdir: VomsDir) -> Self {
        Self {
            anchors,
            vomsdir,
            policy: Policy::default(),
            skip_invalid_acs: false,
            known: Arc::default(),
        }
    }

    /// Sets how strictly to verify.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Skips attribute certificates that fail verification, provided the chain is valid;
    /// [`VerifiedCredential::rejected_acs`] says why. By default one invalid attribute certificate
    /// rejects the whole credential: otherwise a service that grants more to users *without*
    /// certain attributes could be fooled.
    #[must_use]
    pub fn skip_invalid_acs(self) -> Self {
        Self {
            skip_invalid_acs: true,
            ..self
        }
    }

    /// Verifies a proxy file or certificate chain (PEM, or a single DER certificate) as of `now`.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify(
        &self,
        presented: &[u8],
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedCredential, Rejection> {
        let chain = Chain::parse_or(presented, &|der| self.known.certificates.find(der));
        let chain = chain.map_err(|error| Rejection(vec![error.into()]))?;
        self.verify_chain(&chain, now)
    }

    /// The same for a file of the user, as [`Chain::parse_in_any_order`] reads it.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify_in_any_order(
        &self,
        file: &[u8],
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedCredential, Rejection> {
        let chain = Chain::parse_or(file, &|der| self.known.certificates.find(der));
        let chain = chain.map_err(|error| Rejection(vec![error.into()]))?;
        self.verify_chain(&chain.in_any_order(), now)
    }

    /// Verifies DER certificates, leaf first, as TLS libraries provide them.
    ///
    /// ```
    /// # use std::{path::Path, time::SystemTime};
    /// # use voms::{trust::TrustAnchors, verifier::VomsVerifier, vo::vomsdir::VomsDir};
    /// # let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    /// # let verifier = VomsVerifier::new(TrustAnchors::open(here).unwrap(), VomsDir::absent(here));
    /// let peer_certificates: Vec<Vec<u8>> = vec![b"not a certificate".to_vec()];
    /// let rejection = verifier.verify_der(&peer_certificates, SystemTime::now()).unwrap_err();
    /// assert_eq!(rejection.findings()[0].code(), "chain-unreadable");
    /// ```
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify_der(
        &self,
        certificates: &[impl AsRef<[u8]>],
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedCredential, Rejection> {
        let known = |der: &[u8]| self.known.certificates.find(der);
        let chain = Chain::from_der_or(certificates, &known);
        let chain = chain.map_err(|error| Rejection(vec![error.into()]))?;
        self.verify_chain(&chain, now)
    }

    /// Verifies a chain: the certificates by RFC 3820 and RFC 5280, each attribute certificate in
    /// it by RFC 5755. A valid chain without attribute certificates passes and carries no
    /// attributes.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify_chain(
        &self,
        chain: &Chain,
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedCredential, Rejection> {
        let now = now.into();
        let _moment = Moment::begin();
        let mut findings = Report::of_at_most(MAX_FINDINGS);
        let mut work = chain.budget();
        let verified = chain
            .verify_within(&mut work, &self.anchors, &self.policy, now)
            .map_err(|chain| {
                findings.extend(chain.into_iter().map(Finding::Chain));
            });
        let holder = chain.holder();
        let trust = SignerTrust::VomsDir(&self.vomsdir, &self.anchors);
        let verifier = AcVerifier::new(trust, holder, &self.policy, now);
        let verifier = verifier.remembering(&self.known.acs);
        let mut acs = Vec::new();
        for ac in attribute_certificates_or(chain, |der| self.known.acs.encoded(der)) {
            match ac {
                Err(error) => findings.push(error.into()),
                Ok(ac) => match verifier.verify_within(&mut work, &ac, None) {
                    Ok(verified) => acs.push(verified),
                    Err(all) => findings.extend(of_vo(&ac, all)),
                },
            }
        }
        match verified {
            Ok(chain) if chain.is_independent() => {
                findings.push(Finding::Independent);
                Err(Rejection(findings.finish()))
            }
            Ok(chain) if findings.is_empty() || self.skip_invalid_acs => {
                let fqans = acs
                    .iter()
                    .flat_map(|ac: &VerifiedAc| ac.attributes().parsed_fqans())
                    .collect();
                self.known.certificates.insert(chain.certificates());
                Ok(VerifiedCredential {
                    chain,
                    acs,
                    fqans,
                    rejected_acs: findings.finish(),
                })
            }
            _ => Err(Rejection(findings.finish())),
        }
    }
}

impl VerifiedCredential {
    /// The user's subject name.
    #[must_use]
    pub fn identity(&self) -> &Dn {
        self.chain.identity()
    }

    /// The verified chain.
    #[must_use]
    pub fn chain(&self) -> &VerifiedChain {
        &self.chain
    }

    /// The verified attribute certificates, in order.
    #[must_use]
    pub fn attribute_certificates(&self) -> &[VerifiedAc] {
        &self.acs
    }

    /// Why attribute certificates were skipped; empty unless [`VomsVerifier::skip_invalid_acs`]
    /// allows it.
    #[must_use]
    pub fn rejected_acs(&self) -> &[Finding] {
        &self.rejected_acs
    }

    /// What administrators should know although everything was verified: notes on the path of the
    /// user's certificate and of each signer, without repetition.
    #[must_use]
    pub fn notes(&self) -> Vec<&PathNote> {
        let mut all: Vec<&PathNote> = Vec::new();
        for note in self
            .chain
            .notes()
            .iter()
            .chain(self.acs.iter().flat_map(VerifiedAc::notes))
        {
            if !all.contains(&note) {
                all.push(note);
            }
        }
        all
    }

    /// The FQANs of all attribute certificates, as written by the servers and in their order; the
    /// first is the primary FQAN.
    pub fn fqans(&self) -> impl Iterator<Item = &str> {
        self.acs
            .iter()
            .flat_map(|ac| &ac.attributes().fqans)
            .map(String::as_str)
    }

    /// The FQANs, parsed, without those that have a capability.
    #[must_use]
    pub fn parsed_fqans(&self) -> &[Fqan] {
        &self.fqans
    }

    /// The first FQAN, which decides the mapping where a service maps each user to one account.
    /// `None` if there is no FQAN, or the first has a capability: then none stands in for it.
    #[must_use]
    pub fn primary_fqan(&self) -> Option<Fqan> {
        self.fqans().next()?.parse().ok()
    }

    /// Whether the user is in a group, or holds a role in it, however the server spelled it: with
    /// or without `Role=NULL` and `Capability=NULL` (spec 3.1).
    ///
    /// ```no_run
    /// # fn admit(verified: &voms::verifier::VerifiedCredential) -> Result<bool, voms::vo::fqan::FqanError> {
    /// let (group, role) = ("/virgo/virgo".parse()?, "/virgo/virgo/Role=production".parse()?);
    /// Ok(verified.has_fqan(&group) || verified.has_fqan(&role))
    /// # }
    /// ```
    #[must_use]
    pub fn has_fqan(&self, wanted: &Fqan) -> bool {
        self.fqans.contains(wanted)
    }

    /// The earliest expiry of anything this result depends on. It may lie in the past, by up to the
    /// clock skew, so do not use it unchecked as the end of a session.
    #[must_use]
    pub fn usable_until(&self) -> SystemTime {
        self.acs
            .iter()
            .map(VerifiedAc::usable_until)
            .fold(self.chain.usable_until(), SystemTime::min)
    }
}

/// Findings on an attribute certificate, with the VO that it names.
fn of_vo(ac: &EncodedAc, findings: Vec<AcFinding>) -> impl Iterator<Item = Finding> {
    let read = AcAttributes::read(&ac.certificate().acinfo);
    let vo = read.map_or_else(|_| "an unknown VO".to_owned(), |attributes| attributes.vo);
    findings.into_iter().map(move |finding| Finding::Ac {
        vo: vo.clone(),
        finding,
    })
}
