//! The name of a CA, and the hashes of it that name its files.

use crate::crypto::Digest;
use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;

/// The name of a CA.
#[derive(Clone, Copy)]
pub enum CaName<'a> {
    /// The issuer name of a certificate.
    Issuer(&'a Certificate),
    /// The subject name of a CA certificate.
    Subject(&'a Certificate),
}

impl<'a> CaName<'a> {
    pub fn der(self) -> &'a [u8] {
        match self {
            Self::Issuer(certificate) => certificate.issuer_der(),
            Self::Subject(certificate) => certificate.subject_der(),
        }
    }

    pub fn dn(self) -> &'a Dn {
        match self {
            Self::Issuer(certificate) => certificate.issuer(),
            Self::Subject(certificate) => certificate.subject(),
        }
    }

    /// The hashes that may name its files: OpenSSL's, and the MD5 hash of OpenSSL before 1.0.
    pub fn hashes(self) -> impl Iterator<Item = u32> + use<> {
        let own = match self {
            Self::Issuer(certificate) => certificate.encoded().issuer_hash(),
            Self::Subject(certificate) => certificate.encoded().subject_hash(),
        };
        own.into_iter().chain(old_hash(self.der()))
    }
}

/// The MD5 hash of a name; `None` in FIPS mode, which lacks MD5 and has no use for such file names.
fn old_hash(name: &[u8]) -> Option<u32> {
    let digest = Digest::Md5.of(name)?;
    Some(
        digest
            .as_ref()
            .iter()
            .take(4)
            .rev()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
    )
}
