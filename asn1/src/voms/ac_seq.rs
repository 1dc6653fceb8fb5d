//! The attribute certificates in a proxy certificate (GFD.182).

use crate::attribute_certificate::{EncodedAc, check_length};
use crate::error::{DecodeError, EncodeError};
use crate::wire;

/// The most attribute certificates accepted in one proxy certificate.
pub const MAX_ACS: usize = 64;

const WHAT: &str = "AC sequence";
const INTEGER: u8 = 0x02;

/// The value of the proxy extension [`VOMS_AC_SEQ`](crate::oid::VOMS_AC_SEQ) (GFD.182).
///
/// ```text
/// AcSeq ::= SEQUENCE OF SEQUENCE OF AttributeCertificate
/// ```
///
/// GFD.182 has one `SEQUENCE OF`; the software that established the format writes two. Decoding
/// accepts both, with any number of inner lists; encoding writes two levels with one inner list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcSeq {
    /// The attribute certificates, one per VO, in the order the VOs were requested.
    pub acs: Vec<EncodedAc>,
}

impl AcSeq {
    /// Decodes the value of the extension and every AC in it.
    ///
    /// # Errors
    ///
    /// Those of [`AcSeq::raw`], and [`DecodeError::Malformed`] for the first AC that is not DER.
    pub fn from_der(ext_value: &[u8]) -> Result<AcSeq, DecodeError> {
        let acs = AcSeq::raw(ext_value)?;
        let acs = acs.into_iter().map(EncodedAc::from_der);
        Ok(AcSeq {
            acs: acs.collect::<Result<_, _>>()?,
        })
    }

    /// Splits the value of the extension into its ACs without decoding them, so that a bad AC does
    /// not hide the others.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Malformed`] if the lists are not DER, [`DecodeError::Empty`] without an AC,
    /// [`DecodeError::TooMany`] beyond [`MAX_ACS`], [`DecodeError::TooLong`] for an AC beyond
    /// [`MAX_AC_LEN`](crate::attribute_certificate::MAX_AC_LEN).
    pub fn raw(ext_value: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
        let acs = if is_one_level(ext_value) {
            wire::flat_elements(ext_value, WHAT, MAX_ACS)?
        } else {
            wire::nested_elements(ext_value, WHAT, MAX_ACS)?
        };
        if acs.is_empty() {
            return Err(DecodeError::Empty { what: WHAT });
        }
        acs.iter().try_for_each(|ac| check_length(ac))?;
        Ok(acs)
    }

    /// Encodes the value of the extension, with the original bytes of each AC.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Empty`] without an AC, [`EncodeError::TooMany`] beyond [`MAX_ACS`].
    pub fn to_der(&self) -> Result<Vec<u8>, EncodeError> {
        wire::check_count(self.acs.len(), WHAT, MAX_ACS)?;
        let list = wire::sequence(self.acs.iter().map(EncodedAc::as_der))?;
        Ok(wire::sequence([list.as_slice()])?)
    }
}

/// Whether the first element is an AC rather than a list of ACs: two SEQUENCEs deep, an AC has its
/// version, a list an `acinfo`.
fn is_one_level(ext_value: &[u8]) -> bool {
    wire::after_sequence_header(ext_value)
        .and_then(wire::after_sequence_header)
        .and_then(wire::after_sequence_header)
        .is_some_and(|rest| rest.first() == Some(&INTEGER))
}
