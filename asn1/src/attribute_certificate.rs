//! X.509 attribute certificates (RFC 5755 section 4.1), as VOMS servers write them.

mod attribute;
mod encoded;
mod holder;
mod issuer;

pub use attribute::Attribute;
use der::Sequence;
use der::asn1::{BitString, GeneralizedTime, Int, ObjectIdentifier};
pub(crate) use encoded::check_length;
pub use encoded::{EncodedAc, MAX_AC_LEN};
pub use holder::{DigestedObjectType, Holder, IssuerSerial, ObjectDigestInfo};
pub use issuer::{AttCertIssuer, V2Form};
use x509_cert::ext::Extension;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// AttributeCertificate as defined in RFC 5755 section 4.1.
///
/// ```text
/// AttributeCertificate ::= SEQUENCE {
///     acinfo              AttributeCertificateInfo,
///     signatureAlgorithm  AlgorithmIdentifier,
///     signatureValue      BIT STRING }
/// ```
///
/// Re-encoding does not necessarily reproduce the original bytes: the decoder sorts the members of
/// relative distinguished names. [`EncodedAc`] keeps the original bytes.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct AttributeCertificate {
    /// The signed part.
    pub acinfo: AttributeCertificateInfo,
    /// The signature algorithm; must equal [`AttributeCertificateInfo::signature`], which decoding
    /// does not check.
    pub signature_algorithm: AlgorithmIdentifierOwned,
    /// The signature.
    pub signature_value: BitString,
}

/// AttributeCertificateInfo as defined in RFC 5755 section 4.1.
///
/// ```text
/// AttributeCertificateInfo ::= SEQUENCE {
///     version                 AttCertVersion,      -- INTEGER { v2(1) }
///     holder                  Holder,
///     issuer                  AttCertIssuer,
///     signature               AlgorithmIdentifier,
///     serialNumber            CertificateSerialNumber,
///     attrCertValidityPeriod  AttCertValidityPeriod,
///     attributes              SEQUENCE OF Attribute,
///     issuerUniqueID          UniqueIdentifier OPTIONAL,
///     extensions              Extensions OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct AttributeCertificateInfo {
    /// 1 is v2, the only version in use; decoding does not check it.
    pub version: u8,
    /// The holder of the attributes.
    pub holder: Holder,
    /// The attribute authority.
    pub issuer: AttCertIssuer,
    /// The signature algorithm.
    pub signature: AlgorithmIdentifierOwned,
    /// The serial number, of any size and sign; VOMS generates it from 128 random bits.
    pub serial_number: Int,
    /// The validity period.
    pub attr_cert_validity_period: AttCertValidityPeriod,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// The unique identifier of the issuer, in practice absent.
    pub issuer_unique_id: Option<BitString>,
    /// The extensions.
    pub extensions: Option<Vec<Extension>>,
}

impl AttributeCertificateInfo {
    /// The first extension of this type.
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().flatten().find(|e| e.extn_id == oid)
    }

    /// The first attribute of this type.
    pub fn attribute(&self, oid: ObjectIdentifier) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.attr_type == oid)
    }
}

/// AttCertValidityPeriod as defined in RFC 5755 section 4.1; both ends are inclusive.
///
/// ```text
/// AttCertValidityPeriod ::= SEQUENCE {
///     notBeforeTime  GeneralizedTime,
///     notAfterTime   GeneralizedTime }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Sequence)]
pub struct AttCertValidityPeriod {
    /// The first second of validity.
    pub not_before_time: GeneralizedTime,
    /// The last second of validity.
    pub not_after_time: GeneralizedTime,
}
