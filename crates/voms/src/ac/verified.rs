//! An attribute certificate that was verified, and who signed it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use voms_asn1::EncodedAc;

use crate::ac::attributes::AcAttributes;
use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;
use crate::trust::PathNote;

/// A verified attribute certificate; only
/// [`AcVerifier::verify`](super::verify::AcVerifier::verify) creates one.
#[derive(Debug, Clone)]
pub struct VerifiedAc {
    pub(super) encoded: EncodedAc,
    pub(super) attributes: AcAttributes,
    pub(super) signer: Signer,
    pub(super) not_after: SystemTime,
}

/// Who signed an attribute certificate, and why it was trusted.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) certificate: Certificate,
    /// The CA that its path ends at, if it was verified against a CA directory.
    pub(super) ca: Option<Dn>,
    /// The LSC file that names it, if one does.
    pub(super) lsc: Option<PathBuf>,
    pub(super) usable_until: SystemTime,
    pub(super) notes: Vec<PathNote>,
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
        &self.signer.certificate
    }

    /// The CA at the end of the signer's path; `None` if the signer was trusted as the server that
    /// had just authenticated itself.
    #[must_use]
    pub fn signer_ca(&self) -> Option<&Dn> {
        self.signer.ca.as_ref()
    }

    /// The LSC file that names the signer; `None` if its certificate lies in the vomsdir itself, or
    /// there is no vomsdir.
    #[must_use]
    pub fn lsc(&self) -> Option<&Path> {
        self.signer.lsc.as_deref()
    }

    /// What is to be said of the path of its signer.
    #[must_use]
    pub fn notes(&self) -> &[PathNote] {
        &self.signer.notes
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
        self.not_after.min(self.signer.usable_until)
    }
}
