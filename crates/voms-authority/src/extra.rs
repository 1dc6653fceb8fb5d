//! The extensions that `voms-proxy-fake` takes (docs/spec/cli.md section 5).

use der::asn1::{BitString, ObjectIdentifier, OctetString};
use der::{Encode, asn1};
use openssl::asn1::Asn1Object;
use voms_asn1::oid;
use x509_cert::ext::Extension;

/// An extension, of a certificate or an attribute certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Its type.
    pub id: ObjectIdentifier,
    /// Whether software that does not know it must reject the certificate.
    pub critical: bool,
    /// Its value, which need not be DER.
    pub value: Vec<u8>,
}

/// Why text does not describe an extension.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtraError {
    /// Neither an object identifier nor a name that OpenSSL knows.
    #[error("unknown object: {0:?}")]
    UnknownObject(String),
    /// The criticality is neither `true` nor `false`.
    #[error("criticality is true or false, not {0:?}")]
    Criticality(String),
    /// The value is not a hexadecimal number.
    #[error("not hexadecimal: {0:?}")]
    Hexadecimal(String),
    /// No bit has this name.
    #[error("unknown bit: {0:?}")]
    UnknownBit(String),
    /// The encoding failed.
    #[error("encoding failed: {0}")]
    Der(#[from] der::Error),
}

/// As in RFC 5280 section 4.2.1.3, in order.
const KEY_USAGE: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// OpenSSL's names for the bits of Netscape's certificate type, in order.
const NETSCAPE: [&str; 8] = [
    "client", "server", "email", "objsign", "reserved", "sslCA", "emailCA", "objCA",
];

impl Extra {
    /// An extension that is not critical.
    #[must_use]
    pub fn plain(id: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self {
            id,
            critical: false,
            value,
        }
    }

    /// An extension that is critical.
    #[must_use]
    pub fn critical(id: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self {
            critical: true,
            ..Self::plain(id, value)
        }
    }

    /// Parses `OID[/true|/false]`, followed by `:` and text, or by `#` or `\` and hexadecimal. As
    /// in the C++ client, a missing value is a blank.
    ///
    /// # Errors
    /// [`ExtraError`].
    pub fn parse(text: &str) -> Result<Self, ExtraError> {
        let at = text.find([':', '#', '\\']).unwrap_or(text.len());
        let (head, rest) = text.split_at(at);
        let (id, critical) = match head.split_once('/') {
            None => (head, false),
            Some((id, "true")) => (id, true),
            Some((id, "false")) => (id, false),
            Some((_, other)) => return Err(ExtraError::Criticality(other.to_owned())),
        };
        let value = match rest.strip_prefix(':') {
            Some(value) => value.as_bytes().to_vec(),
            None if rest.is_empty() => b" ".to_vec(),
            None => hexadecimal(&rest[1..])?,
        };
        Ok(Self {
            critical,
            ..Self::plain(object(id)?, value)
        })
    }

    /// keyUsage, from the names of RFC 5280 with commas between them.
    ///
    /// # Errors
    /// [`ExtraError::UnknownBit`].
    pub fn key_usage(names: &str) -> Result<Self, ExtraError> {
        Ok(Self::critical(oid::KEY_USAGE, bits(&KEY_USAGE, names)?))
    }

    /// Netscape's certificate type, from OpenSSL's names with commas between them.
    ///
    /// # Errors
    /// [`ExtraError::UnknownBit`].
    pub fn netscape_type(names: &str) -> Result<Self, ExtraError> {
        Ok(Self::plain(
            oid::NETSCAPE_CERT_TYPE,
            bits(&NETSCAPE, names)?,
        ))
    }

    /// extKeyUsage, from object identifiers or OpenSSL's names with commas between them.
    ///
    /// # Errors
    /// [`ExtraError::UnknownObject`].
    pub fn extended_key_usage(names: &str) -> Result<Self, ExtraError> {
        let purposes: Result<Vec<_>, _> = listed(names).map(object).collect();
        Ok(Self::plain(oid::EXT_KEY_USAGE, purposes?.to_der()?))
    }

    pub(crate) fn to_extension(&self) -> Result<Extension, der::Error> {
        Ok(Extension {
            extn_id: self.id,
            critical: self.critical,
            extn_value: OctetString::new(self.value.as_slice())?,
        })
    }
}

fn listed(names: &str) -> impl Iterator<Item = &str> {
    names.split(',').map(str::trim).filter(|n| !n.is_empty())
}

/// An object identifier, by its numbers or by a name that OpenSSL knows.
fn object(text: &str) -> Result<ObjectIdentifier, ExtraError> {
    let unknown = || ExtraError::UnknownObject(text.to_owned());
    let found = Asn1Object::from_str(text).map_err(|_| unknown())?;
    ObjectIdentifier::from_bytes(found.as_slice()).map_err(|_| unknown())
}

/// A BIT STRING without trailing zeros, as DER requires of named bits (X.690 section 11.2.2).
fn bits(known: &[&str], names: &str) -> Result<Vec<u8>, ExtraError> {
    let mut bytes = [0u8; 2];
    let mut last = None;
    for name in listed(names) {
        let at = known.iter().position(|bit| *bit == name);
        let at = at.ok_or_else(|| ExtraError::UnknownBit(name.to_owned()))?;
        bytes[at / 8] |= 0x80 >> (at % 8);
        last = last.max(Some(at));
    }
    let (length, unused) = last.map_or((0, 0), |at| (at / 8 + 1, 7 - at % 8));
    let string: asn1::BitString = BitString::new(unused as u8, &bytes[..length])?;
    Ok(string.to_der()?)
}

/// The bytes of a hexadecimal number, the first digit of which may be missing.
pub(crate) fn hexadecimal(text: &str) -> Result<Vec<u8>, ExtraError> {
    let wrong = || ExtraError::Hexadecimal(text.to_owned());
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let even = match text.len() % 2 {
        0 => text.to_owned(),
        _ => format!("0{text}"),
    };
    let pair = |at| u8::from_str_radix(&even[at..at + 2], 16).map_err(|_| wrong());
    (0..even.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_has_text_or_hexadecimal_and_may_be_critical() {
        let id = ObjectIdentifier::new_unwrap("1.2.3.4");
        for (text, wanted) in [
            ("1.2.3.4:a#b", Extra::plain(id, b"a#b".to_vec())),
            ("1.2.3.4/true:x:y", Extra::critical(id, b"x:y".to_vec())),
            ("1.2.3.4/false#0c0141", Extra::plain(id, vec![12, 1, 65])),
            ("1.2.3.4\\c", Extra::plain(id, vec![12])),
            ("1.2.3.4", Extra::plain(id, b" ".to_vec())),
        ] {
            assert_eq!(Extra::parse(text).unwrap(), wanted, "{text}");
        }
        let named = Extra::parse("subjectAltName:x").unwrap();
        assert_eq!(named.id.to_string(), "2.5.29.17");
        for text in ["", "nosuch:x", "1.2.3.4/maybe:x", "1.2.3.4#zz", "1.2.3.4#"] {
            assert!(Extra::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bits_end_with_the_last_that_is_set() {
        let value = |extra: Result<Extra, ExtraError>| extra.unwrap().value;
        assert_eq!(value(Extra::key_usage("digitalSignature")), [3, 2, 7, 0x80]);
        assert_eq!(
            value(Extra::key_usage("keyAgreement, decipherOnly")),
            [3, 3, 7, 0x08, 0x80]
        );
        assert_eq!(value(Extra::netscape_type("objCA")), [3, 2, 0, 1]);
        assert!(Extra::key_usage("clientAuth").is_err());
    }

    #[test]
    fn purposes_are_names_or_numbers() {
        let purposes = Extra::extended_key_usage("clientAuth,1.2.3.4").unwrap();
        assert_eq!(
            purposes.value,
            [0x30, 15, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2, 6, 3, 0x2a, 3, 4]
        );
        assert!(Extra::extended_key_usage("foo").is_err());
    }
}
