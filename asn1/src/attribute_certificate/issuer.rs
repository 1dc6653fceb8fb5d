use der::{Choice, Decode, DecodeValue, EncodeValue, FixedTag, Header, Length};
use der::{Reader, Sequence, Tag, TagNumber, Tagged, Writer};
use x509_cert::ext::pkix::name::GeneralNames;
use x509_cert::name::Name;

use super::holder::directory_name;
use super::{IssuerSerial, ObjectDigestInfo};

/// AttCertIssuer as defined in RFC 5755 section 4.1: the attribute authority.
///
/// ```text
/// AttCertIssuer ::= CHOICE {
///     v1Form  GeneralNames,         -- not to be used
///     v2Form  [0] V2Form }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is the one in use"
)]
pub enum AttCertIssuer {
    /// The RFC 5755 form, which VOMS writes.
    V2Form(V2Form),
    /// The version 1 form, which VOMS verifiers reject.
    V1Form(GeneralNames),
}

impl AttCertIssuer {
    /// The name of the issuer, if it is exactly one `directoryName`.
    pub fn directory_name(&self) -> Option<&Name> {
        match self {
            AttCertIssuer::V2Form(form) => directory_name(form.issuer_name.as_deref()?),
            AttCertIssuer::V1Form(names) => directory_name(names),
        }
    }
}

const V2_FORM: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

// By hand, because the derive macro does not support SEQUENCE alternatives in a CHOICE.
impl Choice<'_> for AttCertIssuer {
    fn can_decode(tag: Tag) -> bool {
        tag == V2_FORM || tag == GeneralNames::TAG
    }
}

impl<'a> Decode<'a> for AttCertIssuer {
    type Error = der::Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        let header = Header::decode(reader)?;
        let tag = header.tag();
        reader.read_nested(header.length(), |reader| match tag {
            V2_FORM => V2Form::decode_value(reader, header).map(AttCertIssuer::V2Form),
            GeneralNames::TAG => {
                GeneralNames::decode_value(reader, header).map(AttCertIssuer::V1Form)
            }
            _ => Err(reader.error(tag.unexpected_error(Some(V2_FORM)))),
        })
    }
}

impl EncodeValue for AttCertIssuer {
    fn value_len(&self) -> der::Result<Length> {
        match self {
            AttCertIssuer::V2Form(form) => form.value_len(),
            AttCertIssuer::V1Form(names) => names.value_len(),
        }
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        match self {
            AttCertIssuer::V2Form(form) => form.encode_value(writer),
            AttCertIssuer::V1Form(names) => names.encode_value(writer),
        }
    }
}

impl Tagged for AttCertIssuer {
    fn tag(&self) -> Tag {
        match self {
            AttCertIssuer::V2Form(_) => V2_FORM,
            AttCertIssuer::V1Form(_) => GeneralNames::TAG,
        }
    }
}

/// V2Form as defined in RFC 5755 section 4.1.
///
/// ```text
/// V2Form ::= SEQUENCE {
///     issuerName         GeneralNames OPTIONAL,
///     baseCertificateID  [0] IssuerSerial OPTIONAL,
///     objectDigestInfo   [1] ObjectDigestInfo OPTIONAL }
/// ```
///
/// The RFC requires `issuerName` with one `directoryName`, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Sequence)]
pub struct V2Form {
    /// The name of the issuer.
    pub issuer_name: Option<GeneralNames>,
    /// The certificate of the issuer.
    #[asn1(
        context_specific = "0",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    pub base_certificate_id: Option<IssuerSerial>,
    /// A digest of something that identifies the issuer.
    #[asn1(
        context_specific = "1",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    pub object_digest_info: Option<ObjectDigestInfo>,
}
