//! The issuer of a proxy, and the attribute certificates a proxy carries.

use std::time::SystemTime;

use voms_asn1::EncodedAc;

use crate::ac::verify::VerifiedAc;
use crate::chain::ChainFinding;
use crate::credential::Credential;
use crate::policy::Policy;
use crate::trust::TrustAnchors;

/// A credential that issues proxies, with the expiry of its verified chain, CAs included, which no
/// proxy outlives.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedIssuer<'a> {
    pub(super) credential: &'a Credential,
    pub(super) usable_until: SystemTime,
}

impl Credential {
    /// Verifies the whole chain against trust anchors.
    ///
    /// # Errors
    /// Every finding.
    pub fn verify(
        &self,
        anchors: &TrustAnchors,
        policy: &Policy,
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedIssuer<'_>, Vec<ChainFinding>> {
        let chain = self.chain().verify(anchors, policy, now)?;
        Ok(VerifiedIssuer {
            credential: self,
            usable_until: chain.usable_until(),
        })
    }

    /// Assumes that the user's certificate is trusted, and checks the rest: validity dates, and the
    /// proxies in the chain.
    ///
    /// # Errors
    /// Every finding.
    pub fn assume_trusted(
        &self,
        now: impl Into<SystemTime>,
    ) -> Result<VerifiedIssuer<'_>, Vec<ChainFinding>> {
        let findings = self.chain().local_findings(now);
        if findings.is_empty() {
            Ok(VerifiedIssuer::assume(self))
        } else {
            Err(findings)
        }
    }
}

impl<'a> VerifiedIssuer<'a> {
    /// Accepts a credential unverified: for tests, and for commands whose user vouches for it.
    #[must_use]
    pub fn assume(credential: &'a Credential) -> Self {
        Self {
            credential,
            usable_until: credential.chain().not_after(),
        }
    }

    /// The credential.
    #[must_use]
    pub fn credential(&self) -> &'a Credential {
        self.credential
    }
}

/// An attribute certificate that a proxy may carry.
#[derive(Debug, Clone)]
pub struct CarriedAc(pub(super) EncodedAc);

impl CarriedAc {
    /// Accepts an unverified attribute certificate, for users who request that.
    #[must_use]
    pub fn unverified(ac: EncodedAc) -> Self {
        Self(ac)
    }

    /// The original bytes.
    #[must_use]
    pub fn encoded(&self) -> &EncodedAc {
        &self.0
    }
}

impl From<VerifiedAc> for CarriedAc {
    fn from(verified: VerifiedAc) -> Self {
        Self(verified.into_encoded())
    }
}
