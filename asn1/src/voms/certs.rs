//! The AC issuer's certificates, embedded in the AC (GFD.182).

use x509_cert::ext::Extension;

use crate::error::{DecodeError, EncodeError};
use crate::{oid, wire};

/// The most certificates accepted in one attribute certificate.
pub const MAX_CERTS: usize = 64;

const WHAT: &str = "AC certificate list";

/// The value of the AC extension [`VOMS_CERTS`](crate::oid::VOMS_CERTS) (GFD.182).
///
/// ```text
/// AcCerts ::= SEQUENCE { SEQUENCE OF Certificate }
/// ```
///
/// By convention the first certificate is the AC issuer's and each of the following issued the one
/// before it, but not all writers comply. The certificates are not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcCerts {
    /// The DER of each certificate.
    pub certificates: Vec<Vec<u8>>,
}

impl AcCerts {
    /// Decodes the value of the extension.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Malformed`] if it is not two levels of lists of `SEQUENCE`s,
    /// [`DecodeError::Empty`] without a certificate, [`DecodeError::TooMany`] beyond [`MAX_CERTS`].
    pub fn from_extension(value: &[u8]) -> Result<AcCerts, DecodeError> {
        let certificates = wire::nested_elements(value, WHAT, MAX_CERTS)?;
        if certificates.is_empty() {
            return Err(DecodeError::Empty { what: WHAT });
        }
        for certificate in &certificates {
            wire::sequence_content(certificate)
                .map_err(|error| DecodeError::malformed(WHAT, error, value))?;
        }
        Ok(AcCerts {
            certificates: certificates.into_iter().map(<[u8]>::to_vec).collect(),
        })
    }

    /// Encodes the extension, not critical.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Empty`] without a certificate, [`EncodeError::TooMany`] beyond [`MAX_CERTS`],
    /// [`EncodeError::Der`] if one is not a `SEQUENCE`.
    pub fn to_extension(&self) -> Result<Extension, EncodeError> {
        wire::check_count(self.certificates.len(), WHAT, MAX_CERTS)?;
        for certificate in &self.certificates {
            wire::sequence_content(certificate)?;
        }
        let list = wire::sequence(self.certificates.iter().map(Vec::as_slice))?;
        wire::extension(oid::VOMS_CERTS, false, wire::sequence([list.as_slice()])?)
    }
}
