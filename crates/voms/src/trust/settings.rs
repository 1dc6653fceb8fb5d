//! OpenSSL's trust settings, which follow the certificate in a `TRUSTED CERTIFICATE` block
//! (`X509_CERT_AUX` in `openssl x509 -addreject`).

use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Reader, SliceReader, Tag, TagNumber};

const REJECT: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

/// The purposes that the settings reject; `None` if they cannot be read.
pub fn rejected(settings: &[u8]) -> Option<Vec<ObjectIdentifier>> {
    if settings.is_empty() {
        return Some(Vec::new());
    }
    read(settings).ok()
}

fn read(settings: &[u8]) -> der::Result<Vec<ObjectIdentifier>> {
    let mut reader = SliceReader::new(settings)?;
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(Tag::Sequence)?;
    let mut rejected = Vec::new();
    reader.read_nested(header.length(), |reader| -> der::Result<()> {
        while !reader.is_finished() {
            let header = Header::decode(reader)?;
            if header.tag() != REJECT {
                reader.read_slice(header.length())?;
                continue;
            }
            reader.read_nested(header.length(), |reader| -> der::Result<()> {
                while !reader.is_finished() {
                    rejected.push(ObjectIdentifier::decode(reader)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    reader.finish()?;
    Ok(rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rejected_is_read_whatever_is_beside_it() {
        assert_eq!(rejected(&[]), Some(Vec::new()));
        assert_eq!(rejected(&[0x30, 0]), Some(Vec::new()));
        let client = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
        let trusted = [&[0x30, 10][..], &client].concat();
        let reject = [&[0xa0, 10][..], &client].concat();
        let alias = [0x0c, 1, b'x'];
        let settings = [&[0x30, 27][..], &trusted, &reject, &alias].concat();
        let id = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
        assert_eq!(rejected(&settings), Some(vec![id]));
    }

    #[test]
    fn unreadable_settings_are_reported() {
        for settings in [
            &[0x31, 0][..],
            &[0x30, 2, 0xa0, 1],
            &[0x30, 0, 0],
            &[0x30, 4, 0xa0, 2, 5, 0],
        ] {
            assert_eq!(rejected(settings), None, "{settings:02x?}");
        }
    }
}
