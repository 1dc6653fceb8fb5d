//! Tags and lengths, where the content must be preserved byte for byte.

use der::asn1::OctetString;
use der::{Decode, Encode, Header, Length, Reader, SliceReader, Tag};
use x509_cert::ext::Extension;

use crate::error::{DecodeError, EncodeError};

/// The content of the single SEQUENCE that makes up `bytes`.
pub(crate) fn sequence_content(bytes: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(bytes)?;
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(Tag::Sequence)?;
    let content = reader.read_slice(header.length())?;
    reader.finish()?;
    Ok(content)
}

/// Each whole element of the content of a SEQUENCE; callers stop at the first error.
pub(crate) fn elements(content: &[u8]) -> der::Result<impl Iterator<Item = der::Result<&[u8]>>> {
    let mut reader = SliceReader::new(content)?;
    Ok(std::iter::from_fn(move || {
        (!reader.is_finished()).then(|| reader.tlv_bytes())
    }))
}

/// What follows the header of the SEQUENCE at the start of `bytes`, regardless of its length.
pub(crate) fn after_sequence_header(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    header.tag().assert_eq(Tag::Sequence).ok()?;
    bytes.get(usize::try_from(reader.position()).ok()?..)
}

/// A SEQUENCE of encoded elements.
pub(crate) fn sequence<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> der::Result<Vec<u8>> {
    let content = parts.into_iter().collect::<Vec<_>>().concat();
    let mut out = Header::new(Tag::Sequence, Length::try_from(content.len())?).to_der()?;
    out.extend(content);
    Ok(out)
}

/// Adds the elements of `content` to `list`; false if that would exceed `limit` in total.
fn append<'a>(list: &mut Vec<&'a [u8]>, content: &'a [u8], limit: usize) -> der::Result<bool> {
    for element in elements(content)? {
        if list.len() == limit {
            return Ok(false);
        }
        list.push(element?);
    }
    Ok(true)
}

/// The elements of a SEQUENCE OF.
pub(crate) fn flat_elements<'a>(
    value: &'a [u8],
    what: &'static str,
    limit: usize,
) -> Result<Vec<&'a [u8]>, DecodeError> {
    let mut all = Vec::new();
    match sequence_content(value).and_then(|content| append(&mut all, content, limit)) {
        Ok(true) => Ok(all),
        Ok(false) => Err(DecodeError::TooMany { what, limit }),
        Err(error) => Err(DecodeError::malformed(what, error, value)),
    }
}

/// The elements of all inner lists of a SEQUENCE OF SEQUENCE OF.
pub(crate) fn nested_elements<'a>(
    value: &'a [u8],
    what: &'static str,
    limit: usize,
) -> Result<Vec<&'a [u8]>, DecodeError> {
    let fail = |error| DecodeError::malformed(what, error, value);
    let mut all = Vec::new();
    for list in elements(sequence_content(value).map_err(fail)?).map_err(fail)? {
        let content = list.and_then(sequence_content).map_err(fail)?;
        if !append(&mut all, content, limit).map_err(fail)? {
            return Err(DecodeError::TooMany { what, limit });
        }
    }
    Ok(all)
}

/// Whether a list may be written: not empty, and not longer than the decoder accepts.
pub(crate) fn check_count(
    count: usize,
    what: &'static str,
    limit: usize,
) -> Result<(), EncodeError> {
    match count {
        0 => Err(EncodeError::Empty { what }),
        _ if count > limit => Err(EncodeError::TooMany { what, limit }),
        _ => Ok(()),
    }
}

/// An extension with `value` inside its OCTET STRING.
pub(crate) fn extension(
    extn_id: der::asn1::ObjectIdentifier,
    critical: bool,
    value: Vec<u8>,
) -> Result<Extension, EncodeError> {
    Ok(Extension {
        extn_id,
        critical,
        extn_value: OctetString::new(value)?,
    })
}
