//! Where a certificate's names are and how many parts it has, found before anything is parsed.

use std::ops::Range;

use der::{Decode, Header, Reader, SliceReader};

use super::{CertificateError, LONGEST_NAME, MOST_ATTRIBUTES, MOST_EXTENSIONS};

pub(super) struct Outline {
    /// The bytes of the names: re-encoding them would sort the members of their RDNs.
    pub issuer: Range<usize>,
    pub subject: Range<usize>,
    /// In the name that has more.
    attributes: usize,
    extensions: usize,
}

impl Outline {
    pub fn check(&self) -> Result<(), CertificateError> {
        let longest = self.issuer.len().max(self.subject.len());
        if longest > LONGEST_NAME || self.attributes > MOST_ATTRIBUTES {
            return Err(CertificateError::Name);
        }
        match self.extensions > MOST_EXTENSIONS {
            true => Err(CertificateError::Extensions(self.extensions)),
            false => Ok(()),
        }
    }
}

pub(super) fn of(der: &[u8]) -> der::Result<Outline> {
    let mut reader = SliceReader::new(contents(der)?)?;
    let mut tbs = SliceReader::new(contents(reader.tlv_bytes()?)?)?;
    let end = der.len() - usize::try_from(reader.remaining_len())?;
    let version = tbs.peek_byte() == Some(0xa0);
    let mut next = || -> der::Result<Range<usize>> {
        let start = end - usize::try_from(tbs.remaining_len())?;
        Ok(start..start + tbs.tlv_bytes()?.len())
    };
    // Version, serial number, signature algorithm.
    for _ in 0..if version { 3 } else { 2 } {
        next()?;
    }
    let issuer = next()?;
    next()?;
    let subject = next()?;
    next()?;
    // Two unique identifiers may come before the extensions.
    let mut extensions = 0;
    while !tbs.is_finished() {
        let part = tbs.tlv_bytes()?;
        if part.first() == Some(&0xa3) {
            extensions = count(contents(contents(part)?)?)?;
        }
    }
    let attributes = attributes(&der[issuer.clone()])?.max(attributes(&der[subject.clone()])?);
    Ok(Outline {
        issuer,
        subject,
        attributes,
        extensions,
    })
}

fn attributes(name: &[u8]) -> der::Result<usize> {
    let mut rdns = SliceReader::new(contents(name)?)?;
    let mut sum = 0;
    while !rdns.is_finished() {
        sum += count(contents(rdns.tlv_bytes()?)?)?;
    }
    Ok(sum)
}

/// What is in the element that the bytes begin with.
fn contents(element: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(element)?;
    let length = Header::decode(&mut reader)?.length();
    reader.read_slice(length)
}

fn count(contents: &[u8]) -> der::Result<usize> {
    let mut reader = SliceReader::new(contents)?;
    let mut sum = 0;
    while !reader.is_finished() {
        reader.tlv_bytes()?;
        sum += 1;
    }
    Ok(sum)
}
