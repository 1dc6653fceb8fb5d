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
use std::time::SystemTime;

use chrono::{DateTime, Duration, Utc};
use voms_asn1::DecodeError;

use crate::ac::embedded::attribute_certificates;
use crate::ac::finding::AcFinding;
use crate::ac::verify::{AcAttributes, AcVerifier, SKEW, SignerTrust, VerifiedAc};
use crate::chain::{Chain, ChainError, ChainFinding, VerifiedChain};
use crate::pki::dn::Dn;
use crate::pki::strength::StrengthPolicy;
use crate::trust::{AnchorError, CrlPolicy, TrustAnchors};
use crate::vo::fqan::Fqan;
use crate::vo::vomsdir::{VomsDir, VomsDirError};

/// A verifier that could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// No CA directory.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// No vomsdir.
    #[error(transparent)]
    VomsDir(#[from] VomsDirError),
}

/// One reason for not believing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// There is no certificate chain in what was presented.
    #[error("no certificate chain: {0}")]
    Unreadable(#[from] ChainError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainFinding),
    /// A proxy that does not act for the user (RFC 3820 section 3.8.2), who would answer for it here.
    #[error("the proxy is independent: it has none of the rights of its user")]
    Independent,
    /// An attribute certificate that cannot be decoded.
    #[error("attribute certificate: {0}")]
    Decode(#[from] DecodeError),
    /// An attribute certificate that is not to be believed.
    #[error("attribute certificate of {vo}: {finding}")]
    Ac {
        /// The VO that it names, as far as it can be read.
        vo: String,
        /// What is wrong with it.
        finding: AcFinding,
    },
}

/// Why a credential is not believed: every finding, never none.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Rejection(Vec<Finding>);

impl Rejection {
    /// The findings, those of the chain first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

/// Verifies credentials against one CA directory and one vomsdir. Built once, shared between threads; changes of the
/// files are seen by the next call.
#[derive(Debug, Clone)]
pub struct VomsVerifier {
    anchors: TrustAnchors,
    vomsdir: VomsDir,
    hosts: Option<Vec<String>>,
    leave_out: bool,
}

/// A credential that is believed; only [`VomsVerifier`] makes one.
#[derive(Debug)]
pub struct VerifiedCredential {
    chain: VerifiedChain,
    acs: Vec<VerifiedAc>,
    fqans: Vec<Fqan>,
    rejected_acs: Vec<Finding>,
}

impl VomsVerifier {
    /// Names the two directories; nothing in them is read yet.
    ///
    /// # Errors
    /// [`VerifierError`] when one does not exist.
    pub fn open(certdir: &Path, vomsdir: &Path) -> Result<Self, VerifierError> {
        Ok(Self::new(
            TrustAnchors::open(certdir)?,
            VomsDir::open(vomsdir)?,
        ))
    }

    /// With directories that are open already. Clocks may differ by [`SKEW`].
    #[must_use]
    pub fn new(anchors: TrustAnchors, vomsdir: VomsDir) -> Self {
        Self {
            anchors: anchors.with_skew(SKEW),
            vomsdir,
            hosts: Some(Vec::new()),
            leave_out: false,
        }
    }

    /// The same with another policy for revocation lists; by default they are asked where they are at hand.
    #[must_use]
    pub fn with_crl_policy(self, policy: CrlPolicy) -> Self {
        Self {
            anchors: self.anchors.with_crl_policy(policy),
            ..self
        }
    }

    /// The same for clocks that may differ by `skew`; by default [`SKEW`], at both ends of everything but revocation
    /// lists.
    #[must_use]
    pub fn with_skew(self, skew: std::time::Duration) -> Self {
        let skew = Duration::from_std(skew).unwrap_or(Duration::MAX);
        Self {
            anchors: self.anchors.with_skew(skew),
            ..self
        }
    }

    /// The same with another demand on strength; by default RSA of 2048 bits and SHA-256, or what is as strong.
    #[must_use]
    pub fn with_strength(self, strength: StrengthPolicy) -> Self {
        Self {
            anchors: self.anchors.with_strength(strength),
            ..self
        }
    }

    /// The names of this host. An attribute certificate that is for certain hosts only is refused by all others.
    #[must_use]
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = String>) -> Self {
        Self {
            hosts: Some(hosts.into_iter().collect()),
            ..self
        }
    }

    /// Skips attribute certificates that fail verification, as long as the chain is sound;
    /// [`VerifiedCredential::rejected_acs`] says why. By default one of them rejects the whole credential: a service that
    /// grants more to users without attributes of some VO could be fooled otherwise.
    #[must_use]
    pub fn skip_invalid_acs(self) -> Self {
        Self {
            leave_out: true,
            ..self
        }
    }

    /// For programs that only pass attributes on: accepts attribute certificates whatever hosts they are for.
    #[must_use]
    pub fn ignore_targets(self) -> Self {
        Self {
            hosts: None,
            ..self
        }
    }

    /// Verifies a proxy file or a chain of certificates, PEM or one DER certificate, as of `now`.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify(
        &self,
        presented: &[u8],
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedCredential, Rejection> {
        let chain = Chain::parse(presented).map_err(|error| Rejection(vec![error.into()]))?;
        self.verify_chain(&chain, now)
    }

    /// Verifies certificates in DER, the leaf first, as TLS libraries hand them over.
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
        let chain = Chain::from_der(certificates).map_err(|error| Rejection(vec![error.into()]))?;
        self.verify_chain(&chain, now)
    }

    /// Verifies a chain: RFC 3820 and RFC 5280 for the certificates, RFC 5755 for each attribute certificate in it.
    /// A sound chain without any is verified and carries no attributes.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify_chain(
        &self,
        chain: &Chain,
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedCredential, Rejection> {
        let now = DateTime::<Utc>::from(now.into());
        let mut findings = Vec::new();
        let verified = chain.verify(&self.anchors, now).map_err(|chain| {
            findings.extend(chain.into_iter().map(Finding::Chain));
        });
        let holder = chain.holder();
        let trust = SignerTrust::VomsDir(&self.vomsdir, &self.anchors);
        let skew = self.anchors.skew();
        let verifier = AcVerifier {
            trust,
            holder,
            now,
            skew,
            hosts: self.hosts.as_deref(),
        };
        let mut acs = Vec::new();
        for ac in attribute_certificates(chain) {
            match ac {
                Err(error) => findings.push(error.into()),
                Ok(ac) => match verifier.verify(&ac, None) {
                    Ok(verified) => acs.push(verified),
                    Err(all) => {
                        let read = AcAttributes::read(&ac.certificate().acinfo);
                        let vo = read.map_or_else(
                            |_| "an unknown VO".to_owned(),
                            |attributes| attributes.vo,
                        );
                        findings.extend(all.into_iter().map(|finding| Finding::Ac {
                            vo: vo.clone(),
                            finding,
                        }));
                    }
                },
            }
        }
        match verified {
            Ok(chain) if chain.is_independent() => {
                findings.push(Finding::Independent);
                Err(Rejection(findings))
            }
            Ok(chain) if findings.is_empty() || self.leave_out => {
                let granted = acs
                    .iter()
                    .flat_map(|ac: &VerifiedAc| &ac.attributes().fqans);
                let fqans = granted.filter_map(|text| text.parse().ok()).collect();
                Ok(VerifiedCredential {
                    chain,
                    acs,
                    fqans,
                    rejected_acs: findings,
                })
            }
            _ => Err(Rejection(findings)),
        }
    }
}

impl VerifiedCredential {
    /// The user.
    #[must_use]
    pub fn identity(&self) -> &Dn {
        self.chain.identity()
    }

    /// What the chain is.
    #[must_use]
    pub fn chain(&self) -> &VerifiedChain {
        &self.chain
    }

    /// The attribute certificates, in order.
    #[must_use]
    pub fn attribute_certificates(&self) -> &[VerifiedAc] {
        &self.acs
    }

    /// Why attribute certificates were skipped; empty unless [`VomsVerifier::skip_invalid_acs`] allows it.
    #[must_use]
    pub fn rejected_acs(&self) -> &[Finding] {
        &self.rejected_acs
    }

    /// The FQANs of all attribute certificates as the servers wrote them, in order; the first is the primary one.
    pub fn fqans(&self) -> impl Iterator<Item = &str> {
        self.acs
            .iter()
            .flat_map(|ac| &ac.attributes().fqans)
            .map(String::as_str)
    }

    /// The same, parsed.
    #[must_use]
    pub fn parsed_fqans(&self) -> &[Fqan] {
        &self.fqans
    }

    /// The first FQAN, which decides where a service maps a user to one account.
    #[must_use]
    pub fn primary_fqan(&self) -> Option<&Fqan> {
        self.fqans.first()
    }

    /// Whether the user holds a group, or a role in a group, however the server spelled it: with or without
    /// `Role=NULL` and `Capability=NULL` (spec 3.1).
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

    /// The first end of anything that this rests on; past by as much as clocks may differ.
    #[must_use]
    pub fn usable_until(&self) -> SystemTime {
        self.acs
            .iter()
            .map(VerifiedAc::usable_until)
            .fold(self.chain.usable_until(), DateTime::min)
            .into()
    }
}
