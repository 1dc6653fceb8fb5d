//! The face for services: decides whether a proxy and its VOMS attributes are to be believed.
//!
//! ```no_run
//! use voms::verifier::VomsVerifier;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = VomsVerifier::open("/etc/grid-security/certificates".as_ref(), "/etc/grid-security/vomsdir".as_ref())?;
//! let presented = std::fs::read("/tmp/x509up_u1000")?;
//! let believed = verifier.verify(&presented, chrono::Utc::now())?;
//! println!("{} is in {:?}", believed.identity(), believed.fqans().next());
//! # Ok(())
//! # }
//! ```

use std::path::Path;

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
    left_out: Vec<Finding>,
}

impl VomsVerifier {
    /// Names the two directories; nothing in them is read yet.
    ///
    /// # Errors
    /// [`VerifierError`] when one does not exist.
    pub fn open(certdir: &Path, vomsdir: &Path) -> Result<Self, VerifierError> {
        Ok(Self::new(TrustAnchors::open(certdir)?, VomsDir::open(vomsdir)?))
    }

    /// With directories that are open already. Clocks may differ by [`SKEW`].
    #[must_use]
    pub fn new(anchors: TrustAnchors, vomsdir: VomsDir) -> Self {
        Self { anchors: anchors.with_skew(SKEW), vomsdir, hosts: Some(Vec::new()), leave_out: false }
    }

    /// The same with another policy for revocation lists; by default they are asked where they are at hand.
    #[must_use]
    pub fn with_crl_policy(self, policy: CrlPolicy) -> Self {
        Self { anchors: self.anchors.with_crl_policy(policy), ..self }
    }

    /// The same for clocks that may differ by `skew`; by default [`SKEW`], at both ends of everything but revocation
    /// lists.
    #[must_use]
    pub fn with_skew(self, skew: Duration) -> Self {
        Self { anchors: self.anchors.with_skew(skew), ..self }
    }

    /// The same with another demand on strength; by default RSA of 2048 bits and SHA-256, or what is as strong.
    #[must_use]
    pub fn with_strength(self, strength: StrengthPolicy) -> Self {
        Self { anchors: self.anchors.with_strength(strength), ..self }
    }

    /// The names of this host. An attribute certificate that is for certain hosts only is refused by all others.
    #[must_use]
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = String>) -> Self {
        Self { hosts: Some(hosts.into_iter().collect()), ..self }
    }

    /// Attribute certificates that are not to be believed are left out, and told by [`VerifiedCredential::left_out`], as
    /// long as the chain is sound. By default one of them spoils the whole: a service that grants more to those who have
    /// no attributes of some VO could be fooled otherwise.
    #[must_use]
    pub fn leaving_out_unbelieved(self) -> Self {
        Self { leave_out: true, ..self }
    }

    /// For one who only passes attributes on: whatever hosts an attribute certificate is for, it is not refused.
    #[must_use]
    pub fn for_any_host(self) -> Self {
        Self { hosts: None, ..self }
    }

    /// Verifies a proxy file or a chain of certificates, PEM or one DER certificate, at `now`.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify(&self, presented: &[u8], now: DateTime<Utc>) -> Result<VerifiedCredential, Rejection> {
        let chain = Chain::parse(presented).map_err(|error| Rejection(vec![error.into()]))?;
        self.verify_chain(&chain, now)
    }

    /// Verifies a chain: RFC 3820 and RFC 5280 for the certificates, RFC 5755 for each attribute certificate in it.
    /// A sound chain without any is believed and carries no attributes.
    ///
    /// # Errors
    /// [`Rejection`] with every finding.
    pub fn verify_chain(&self, chain: &Chain, now: DateTime<Utc>) -> Result<VerifiedCredential, Rejection> {
        let mut findings = Vec::new();
        let verified = chain.verify(&self.anchors, now).map_err(|chain| {
            findings.extend(chain.into_iter().map(Finding::Chain));
        });
        let holder = chain.end_entity().unwrap_or(chain.leaf());
        let trust = SignerTrust::VomsDir(&self.vomsdir, &self.anchors);
        let skew = self.anchors.skew();
        let verifier = AcVerifier { trust, holder, now, skew, hosts: self.hosts.as_deref() };
        let mut acs = Vec::new();
        for ac in attribute_certificates(chain) {
            match ac {
                Err(error) => findings.push(error.into()),
                Ok(ac) => match verifier.verify(&ac, None) {
                    Ok(verified) => acs.push(verified),
                    Err(all) => {
                        let read = AcAttributes::read(&ac.certificate().acinfo);
                        let vo = read.map_or_else(|_| "an unknown VO".to_owned(), |attributes| attributes.vo);
                        findings.extend(all.into_iter().map(|finding| Finding::Ac { vo: vo.clone(), finding }));
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
                Ok(VerifiedCredential { chain, acs, left_out: findings })
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

    /// Why attribute certificates were left out; nothing unless [`VomsVerifier::leaving_out_unbelieved`] says so.
    #[must_use]
    pub fn left_out(&self) -> &[Finding] {
        &self.left_out
    }

    /// The FQANs of all attribute certificates in order; the first is the primary one.
    pub fn fqans(&self) -> impl Iterator<Item = &str> {
        self.acs.iter().flat_map(|ac| &ac.attributes().fqans).map(String::as_str)
    }

    /// Whether the user holds a group, or a role in a group, however the server spelled it: with or without
    /// `Role=NULL` and `Capability=NULL` (spec 3.1).
    ///
    /// ```no_run
    /// # fn admit(believed: &voms::verifier::VerifiedCredential) -> Result<bool, voms::vo::fqan::FqanError> {
    /// let (group, role) = ("/virgo/virgo".parse()?, "/virgo/virgo/Role=production".parse()?);
    /// Ok(believed.holds(&group) || believed.holds(&role))
    /// # }
    /// ```
    #[must_use]
    pub fn holds(&self, wanted: &Fqan) -> bool {
        self.fqans().any(|granted| granted.parse().is_ok_and(|granted: Fqan| granted == *wanted))
    }

    /// The first end of anything that this rests on; past by as much as clocks may differ.
    #[must_use]
    pub fn usable_until(&self) -> DateTime<Utc> {
        self.acs.iter().map(VerifiedAc::usable_until).fold(self.chain.usable_until(), DateTime::min)
    }
}
