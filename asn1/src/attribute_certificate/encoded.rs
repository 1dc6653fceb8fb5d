use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use der::{Decode, Header, Reader, SliceReader};

use super::AttributeCertificate;
use crate::error::DecodeError;
use crate::wire;

/// The longest attribute certificate accepted, in bytes.
pub const MAX_AC_LEN: usize = 1 << 20;

/// The most attributes, and the most extensions, accepted in one attribute certificate.
const MAX_PARTS: usize = 100;

const WHAT: &str = "attribute certificate";

/// An attribute certificate together with its original bytes.
///
/// The bytes are never re-encoded from the decoded form: they are what is signed, and what goes
/// into a proxy. Two values are equal if their bytes are.
///
/// It is cheap to clone.
#[derive(Clone)]
pub struct EncodedAc(Arc<Encoded>);

struct Encoded {
    der: Vec<u8>,
    acinfo: Range<usize>,
    certificate: AttributeCertificate,
}

impl EncodedAc {
    /// Decodes an attribute certificate, which must span all of `bytes`.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Malformed`] for anything but DER, [`DecodeError::TooLong`] beyond
    /// [`MAX_AC_LEN`], [`DecodeError::TooMany`] for more than 100 attributes or extensions.
    pub fn from_der(bytes: &[u8]) -> Result<EncodedAc, DecodeError> {
        check_length(bytes)?;
        let fail = |error| DecodeError::malformed(WHAT, error, bytes);
        // The decoder reports malformed DER.
        if let Some(what) = acinfo_range(bytes)
            .and_then(|info| excess(&bytes[info]))
            .unwrap_or(None)
        {
            let limit = MAX_PARTS;
            return Err(DecodeError::TooMany { what, limit });
        }
        let certificate = AttributeCertificate::from_der(bytes).map_err(fail)?;
        Ok(EncodedAc(Arc::new(Encoded {
            der: bytes.to_vec(),
            acinfo: acinfo_range(bytes).map_err(fail)?,
            certificate,
        })))
    }

    /// The original DER of the attribute certificate.
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// The original DER of the `acinfo`, tag and length included: the signed bytes.
    pub fn acinfo_der(&self) -> &[u8] {
        &self.0.der[self.0.acinfo.clone()]
    }

    /// The decoded attribute certificate.
    pub fn certificate(&self) -> &AttributeCertificate {
        &self.0.certificate
    }
}

impl PartialEq for EncodedAc {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for EncodedAc {}

impl fmt::Debug for EncodedAc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The decoded certificate says it all; two kilobytes in decimal would bury it.
        f.debug_struct("EncodedAc")
            .field("len", &self.0.der.len())
            .field("certificate", &self.0.certificate)
            .finish()
    }
}

pub(crate) fn check_length(bytes: &[u8]) -> Result<(), DecodeError> {
    match bytes.len() {
        length if length > MAX_AC_LEN => Err(DecodeError::TooLong {
            what: WHAT,
            length,
            limit: MAX_AC_LEN,
        }),
        _ => Ok(()),
    }
}

/// Which list of the acinfo is too long, found before anything is allocated for it. Version, holder,
/// issuer, algorithm, serial number and validity come before the attributes.
fn excess(acinfo: &[u8]) -> der::Result<Option<&'static str>> {
    let fields = wire::elements(wire::sequence_content(acinfo)?)?;
    for (at, field) in fields.enumerate().skip(6) {
        let Ok(list) = wire::sequence_content(field?) else {
            continue;
        };
        if wire::elements(list)?.take(MAX_PARTS + 1).count() > MAX_PARTS {
            let is_first = at == 6;
            return Ok(Some(if is_first { "attributes" } else { "extensions" }));
        }
    }
    Ok(None)
}

fn acinfo_range(bytes: &[u8]) -> der::Result<Range<usize>> {
    let mut reader = SliceReader::new(bytes)?;
    Header::decode(&mut reader)?;
    let start = usize::try_from(reader.position())?;
    Ok(start..start + reader.tlv_bytes()?.len())
}
