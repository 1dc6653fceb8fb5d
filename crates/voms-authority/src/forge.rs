//! Certificates with whatever a test needs in them: names, serial numbers, times and extensions
//! that no honest issuer would choose.

use chrono::{DateTime, Utc};
use der::{Decode, Encode};
use openssl::asn1::{Asn1Object, Asn1Type};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::{X509Builder, X509Name, X509NameRef};
use voms::openssl_types::{self, asn1_time, extension};
use voms::pki::certificate::Certificate;
use voms::pki::key::PrivateKey;
use voms_asn1::{EncodeError, oid};

use crate::extra::{Extra, ExtraError, hexadecimal};
use crate::sign::key_identifier;

/// A failure to forge a certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeError {
    /// The name is not of the form `/type=value/…`.
    #[error("not a name: {0:?}")]
    Name(String),
    /// An extension cannot be made.
    #[error(transparent)]
    Extra(#[from] ExtraError),
    /// The encoding failed.
    #[error("encoding failed: {0}")]
    Der(#[from] der::Error),
    /// Encoding the VOMS extensions failed.
    #[error("encoding failed: {0}")]
    Encode(#[from] EncodeError),
    /// OpenSSL failed.
    #[error("signing failed: {}", openssl_types::in_words(.0))]
    OpenSsl(#[from] ErrorStack),
}

/// A distinguished name in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedName(Vec<u8>);

impl EncodedName {
    /// Parses `/C=IT/CN=name`, with the types that OpenSSL knows. What follows a slash without
    /// being one belongs to the value before it, as in `/CN=host/a.example`.
    ///
    /// # Errors
    /// [`ForgeError::Name`].
    pub fn parse(text: &str) -> Result<Self, ForgeError> {
        let wrong = || ForgeError::Name(text.to_owned());
        let mut attributes: Vec<(&str, String)> = Vec::new();
        for part in text.strip_prefix('/').ok_or_else(wrong)?.split('/') {
            let typed = part.split_once('=');
            let typed = typed.filter(|(label, _)| Asn1Object::from_str(label).is_ok());
            match (typed, attributes.last_mut()) {
                (Some((label, value)), _) => attributes.push((label, value.to_owned())),
                (None, Some((_, before))) => {
                    before.push('/');
                    before.push_str(part);
                }
                (None, None) => return Err(wrong()),
            }
        }
        let mut name = X509Name::builder()?;
        for (label, value) in attributes {
            name.append_entry_by_text_with_type(label, &value, string_type(&value))
                .map_err(|_| wrong())?;
        }
        Self::of(&name.build())
    }

    /// The subject of a certificate.
    #[must_use]
    pub fn subject_of(certificate: &Certificate) -> Self {
        Self(certificate.subject_der().to_vec())
    }

    /// This name with a common name appended.
    ///
    /// # Errors
    /// [`ForgeError::OpenSsl`].
    pub fn with_common_name(&self, common_name: &str) -> Result<Self, ForgeError> {
        let mut name = X509Name::builder()?;
        for entry in X509Name::from_der(&self.0)?.entries() {
            name.append_entry(entry)?;
        }
        name.append_entry_by_nid_with_type(
            Nid::COMMONNAME,
            common_name,
            Asn1Type::PRINTABLESTRING,
        )?;
        Self::of(&name.build())
    }

    fn of(name: &X509NameRef) -> Result<Self, ForgeError> {
        Ok(Self(name.to_der()?))
    }
}

/// The narrowest type that holds the value.
fn string_type(value: &str) -> Asn1Type {
    if der::asn1::PrintableStringRef::new(value).is_ok() {
        Asn1Type::PRINTABLESTRING
    } else if value.is_ascii() {
        Asn1Type::IA5STRING
    } else {
        Asn1Type::UTF8STRING
    }
}

/// A positive serial number of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// Parses hexadecimal digits.
    ///
    /// # Errors
    /// [`ExtraError::Hexadecimal`].
    pub fn parse(text: &str) -> Result<Self, ExtraError> {
        hexadecimal(text).map(Self)
    }

    /// The serial number of a certificate.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self(certificate.serial_bytes().to_vec())
    }
}

impl From<u32> for SerialNumber {
    fn from(number: u32) -> Self {
        Self(number.to_be_bytes().to_vec())
    }
}

/// A certificate about to be signed, each part as given.
#[derive(Debug, Clone)]
pub struct Forgery {
    /// The subject.
    pub subject: EncodedName,
    /// The issuer named, which need not be the signer.
    pub issuer: EncodedName,
    /// The serial number.
    pub serial: SerialNumber,
    /// The first second of validity.
    pub not_before: DateTime<Utc>,
    /// The last second of validity.
    pub not_after: DateTime<Utc>,
    /// The extensions, in order.
    pub extensions: Vec<Extra>,
}

impl Forgery {
    /// The DER of the certificate for a key, signed with the digest of the signer's own
    /// certificate if that is SHA-2, else with SHA-256.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn sign(
        &self,
        key: &PrivateKey,
        signer: &PrivateKey,
        above: Option<&Certificate>,
    ) -> Result<Vec<u8>, ForgeError> {
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_serial_number(&*BigNum::from_slice(&self.serial.0)?.to_asn1_integer()?)?;
        builder.set_subject_name(&*X509Name::from_der(&self.subject.0)?)?;
        builder.set_issuer_name(&*X509Name::from_der(&self.issuer.0)?)?;
        builder.set_not_before(&*asn1_time(self.not_before)?)?;
        builder.set_not_after(&*asn1_time(self.not_after)?)?;
        builder.set_pubkey(openssl_types::pkey(key))?;
        for extra in &self.extensions {
            builder.append_extension(extension(extra.id, extra.critical, &extra.value)?)?;
        }
        let digest = match above {
            Some(certificate) => digest(certificate)?,
            None => MessageDigest::sha256(),
        };
        builder.sign(openssl_types::pkey(signer), digest)?;
        Ok(builder.build().to_der()?)
    }
}

fn digest(certificate: &Certificate) -> Result<MessageDigest, ErrorStack> {
    let own = openssl_types::x509(certificate)?;
    let nid = own.signature_algorithm().object().nid();
    let digest = nid
        .signature_algorithms()
        .map(|algorithms| algorithms.digest);
    Ok(match digest {
        Some(Nid::SHA384) => MessageDigest::sha384(),
        Some(Nid::SHA512) => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    })
}

/// authorityKeyIdentifier with the key identifier of the certificate, if it has one.
///
/// # Errors
/// [`ForgeError`].
pub fn authority_key_identifier(above: &Certificate) -> Result<Option<Extra>, ForgeError> {
    let Some(id) = openssl_types::x509(above)?.subject_key_id() else {
        return Ok(None);
    };
    let value = key_identifier(id.as_slice())?;
    Ok(Some(Extra::plain(oid::AUTHORITY_KEY_IDENTIFIER, value)))
}

/// subjectKeyIdentifier and authorityKeyIdentifier of a key that signs its own certificate: the
/// SHA-1 of its bits (RFC 5280 section 4.2.1.2).
///
/// # Errors
/// [`ForgeError`].
pub fn own_key_identifiers(key: &PrivateKey) -> Result<[Extra; 2], ForgeError> {
    let spki = openssl_types::pkey(key).public_key_to_der()?;
    let spki = x509_cert::spki::SubjectPublicKeyInfoRef::from_der(&spki)?;
    let bits = spki.subject_public_key.raw_bytes();
    let id = openssl::hash::hash(MessageDigest::sha1(), bits)?;
    let own = der::asn1::OctetStringRef::new(&id)?.to_der()?;
    Ok([
        Extra::plain(oid::SUBJECT_KEY_IDENTIFIER, own),
        Extra::plain(oid::AUTHORITY_KEY_IDENTIFIER, key_identifier(&id)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let EncodedName(der) = EncodedName::parse(text).ok()?;
        let name = x509_cert::name::Name::from_der(&der).unwrap();
        Some(voms::pki::dn::Dn::from_name(&name).to_string())
    }

    #[test]
    fn a_name_is_a_list_of_types_and_values_that_may_have_slashes() {
        for text in [
            "/C=IT/O=Lab/CN=Ada",
            "/DC=org/CN=host/a.example",
            "/CN=a/b=c/CN=d",
        ] {
            assert_eq!(shown(text).as_deref(), Some(text));
        }
        for text in ["", "/", "C=IT", "/Nosuch=x", "/x"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn strings_are_of_the_narrowest_type() {
        let types = ["Ada", "a@b", "Zoë"].map(string_type);
        assert_eq!(
            types.map(|found| found.as_raw()),
            [
                Asn1Type::PRINTABLESTRING,
                Asn1Type::IA5STRING,
                Asn1Type::UTF8STRING
            ]
            .map(|wanted| wanted.as_raw())
        );
    }
}
