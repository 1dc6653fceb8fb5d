//! Signs new certificates.

use std::time::SystemTime;

use der::asn1::ObjectIdentifier;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::x509::{X509Builder, X509Name};

use crate::crypto::encode::{asn1_time, extension};
use crate::crypto::{CryptoError, DerCertificate, Digest, SecretKey};

/// The serial number of a new certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Serial {
    /// The issuer's.
    OfIssuer,
    Number(u32),
}

/// A certificate about to be signed, whose subject is its issuer's with a common name appended.
pub(crate) struct Draft<'a> {
    pub issuer: &'a DerCertificate,
    pub common_name: &'a str,
    pub serial: Serial,
    pub not_before: SystemTime,
    pub not_after: SystemTime,
    pub key: &'a SecretKey,
    /// OID, criticality and DER value.
    pub extensions: &'a [(ObjectIdentifier, bool, Vec<u8>)],
}

impl Draft<'_> {
    /// The DER of the certificate, signed with the issuer's key.
    pub fn sign(&self, key: &SecretKey, digest: Digest) -> Result<Vec<u8>, CryptoError> {
        self.signed(key, digest).map_err(CryptoError)
    }

    fn signed(&self, key: &SecretKey, digest: Digest) -> Result<Vec<u8>, ErrorStack> {
        let issuer = self.issuer.x509()?;
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_not_before(&*asn1_time(self.not_before)?)?;
        builder.set_not_after(&*asn1_time(self.not_after)?)?;
        builder.set_issuer_name(issuer.subject_name())?;
        builder.set_subject_name(&*self.subject()?)?;
        let serial = match self.serial {
            Serial::OfIssuer => issuer.serial_number().to_bn()?,
            Serial::Number(number) => BigNum::from_u32(number)?,
        };
        builder.set_serial_number(&*serial.to_asn1_integer()?)?;
        builder.set_pubkey(&self.key.0)?;
        for (id, critical, value) in self.extensions {
            builder.append_extension(extension(*id, *critical, value)?)?;
        }
        builder.sign(&key.0, digest.of_openssl())?;
        builder.build().to_der()
    }

    fn subject(&self) -> Result<X509Name, ErrorStack> {
        let mut name = X509Name::builder()?;
        for entry in self.issuer.x509()?.subject_name().entries() {
            name.append_entry(entry)?;
        }
        name.append_entry_by_nid_with_type(
            Nid::COMMONNAME,
            self.common_name,
            openssl::asn1::Asn1Type::PRINTABLESTRING,
        )?;
        Ok(name.build())
    }
}
