use der::asn1::{BitString, Int, ObjectIdentifier};
use der::{Enumerated, Sequence};
use x509_cert::ext::pkix::name::{GeneralName, GeneralNames};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// Holder as defined in RFC 5755 section 4.1: the entity the attributes belong to.
///
/// ```text
/// Holder ::= SEQUENCE {
///     baseCertificateID  [0] IssuerSerial OPTIONAL,
///     entityName         [1] GeneralNames OPTIONAL,
///     objectDigestInfo   [2] ObjectDigestInfo OPTIONAL }
/// ```
///
/// VOMS uses only `baseCertificateID`. By default its servers write the *subject* of the user's
/// certificate where the RFC requires the issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Sequence)]
pub struct Holder {
    /// The certificate of the holder.
    #[asn1(
        context_specific = "0",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    pub base_certificate_id: Option<IssuerSerial>,
    /// The name of the holder.
    #[asn1(
        context_specific = "1",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    pub entity_name: Option<GeneralNames>,
    /// A digest of something that identifies the holder.
    #[asn1(
        context_specific = "2",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    pub object_digest_info: Option<ObjectDigestInfo>,
}

impl Holder {
    /// The name in `baseCertificateID` or, if absent, in `entityName`, if it is exactly one
    /// `directoryName`.
    pub fn directory_name(&self) -> Option<&Name> {
        match (&self.base_certificate_id, &self.entity_name) {
            (Some(id), _) => directory_name(&id.issuer),
            (None, Some(names)) => directory_name(names),
            (None, None) => None,
        }
    }
}

/// IssuerSerial as defined in RFC 5755 section 4.1: identifies a certificate by issuer and serial
/// number.
///
/// ```text
/// IssuerSerial ::= SEQUENCE {
///     issuer     GeneralNames,
///     serial     CertificateSerialNumber,
///     issuerUID  UniqueIdentifier OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct IssuerSerial {
    /// The issuer; in VOMS often the subject, see [`Holder`].
    pub issuer: GeneralNames,
    /// The serial number, of any size and sign.
    pub serial: Int,
    /// The unique identifier of the issuer.
    pub issuer_uid: Option<BitString>,
}

/// ObjectDigestInfo as defined in RFC 5755 section 4.1; VOMS verifiers reject it.
///
/// ```text
/// ObjectDigestInfo ::= SEQUENCE {
///     digestedObjectType  ENUMERATED { publicKey(0), publicKeyCert(1), otherObjectTypes(2) },
///     otherObjectTypeID   OBJECT IDENTIFIER OPTIONAL,
///     digestAlgorithm     AlgorithmIdentifier,
///     objectDigest        BIT STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct ObjectDigestInfo {
    /// The type of the digested object.
    pub digested_object_type: DigestedObjectType,
    /// The type of the digested object, if neither a key nor a certificate.
    pub other_object_type_id: Option<ObjectIdentifier>,
    /// The digest algorithm.
    pub digest_algorithm: AlgorithmIdentifierOwned,
    /// The digest.
    pub object_digest: BitString,
}

/// The `digestedObjectType` of [`ObjectDigestInfo`] (RFC 5755 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumerated)]
#[asn1(type = "ENUMERATED")]
#[repr(u8)]
pub enum DigestedObjectType {
    /// A SubjectPublicKeyInfo.
    PublicKey = 0,
    /// A certificate.
    PublicKeyCert = 1,
    /// Something else, which RFC 5755 profiles do not allow.
    OtherObjectTypes = 2,
}

pub(super) fn directory_name(names: &[GeneralName]) -> Option<&Name> {
    match names {
        [GeneralName::DirectoryName(name)] => Some(name),
        _ => None,
    }
}
