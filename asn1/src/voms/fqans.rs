//! The FQANs of an attribute certificate, and which VO asserts them (GFD.182).

mod error;
mod policy_authority;

use der::asn1::{Any, Ia5String, OctetString};
use der::{Decode, Header, Reader, Sequence, SliceReader, Tag, Tagged};
pub use error::FqanError;
pub use policy_authority::{PolicyAuthority, PolicyAuthorityError};
use x509_cert::ext::pkix::name::{GeneralName, GeneralNames};

use crate::attribute_certificate::{Attribute, AttributeCertificateInfo};
use crate::{oid, wire};

/// The most FQANs accepted in one attribute certificate. Members of the largest VOs have some
/// hundreds.
pub const MAX_FQANS: usize = 1000;

/// The one value of the AC attribute [`VOMS_FQANS`](crate::oid::VOMS_FQANS) (GFD.182), an
/// IetfAttrSyntax (RFC 5755 section 4.4).
///
/// ```text
/// IetfAttrSyntax ::= SEQUENCE {
///     policyAuthority  [0] IMPLICIT GeneralNames,     -- one URI, vo://host:port
///     values           SEQUENCE OF OCTET STRING }     -- one an FQAN
/// ```
///
/// Some servers tag the policy authority `[0] EXPLICIT`, or not at all; both are accepted when
/// decoding, and never written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FqanAttribute {
    /// The URI of the policy authority, for [`PolicyAuthority::parse`].
    pub policy_authority: String,
    /// The FQANs, in the server's order; the first is the primary FQAN.
    pub fqans: Vec<String>,
}

#[derive(Sequence)]
struct IetfAttrSyntax {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    policy_authority: GeneralNames,
    values: Vec<OctetString>,
}

impl FqanAttribute {
    /// Finds and decodes the FQAN attribute.
    ///
    /// # Errors
    ///
    /// Any [`FqanError`]; in particular, there must be exactly one such attribute, with one value.
    pub fn from_ac(acinfo: &AttributeCertificateInfo) -> Result<Self, FqanError> {
        let mut attributes = acinfo
            .attributes
            .iter()
            .filter(|a| a.attr_type == oid::VOMS_FQANS);
        let attribute = attributes.next().ok_or(FqanError::Missing)?;
        match attributes.count() {
            0 => from_attribute(attribute),
            more => Err(FqanError::Repeated { count: more + 1 }),
        }
    }

    /// Encodes the attribute.
    ///
    /// # Errors
    ///
    /// [`FqanError::NotText`], [`FqanError::TooMany`], or [`FqanError::Malformed`] if the policy
    /// authority is not IA5.
    pub fn to_attribute(&self) -> Result<Attribute, FqanError> {
        if self.fqans.len() > MAX_FQANS {
            return Err(FqanError::TooMany { limit: MAX_FQANS });
        }
        if let Some(index) = self.fqans.iter().position(|f| !is_text(f.as_bytes())) {
            return Err(FqanError::NotText { index });
        }
        let uri = Ia5String::new(&self.policy_authority)?;
        let values = self.fqans.iter().map(|f| OctetString::new(f.as_bytes()));
        let syntax = IetfAttrSyntax {
            policy_authority: vec![GeneralName::UniformResourceIdentifier(uri)],
            values: values.collect::<Result<_, _>>()?,
        };
        Ok(Attribute {
            attr_type: oid::VOMS_FQANS,
            values: vec![Any::encode_from(&syntax)?],
        })
    }
}

fn from_attribute(attribute: &Attribute) -> Result<FqanAttribute, FqanError> {
    let [value] = attribute.values.as_slice() else {
        return Err(FqanError::ValueCount {
            count: attribute.values.len(),
        });
    };
    value.tag().assert_eq(Tag::Sequence)?;
    let mut reader = SliceReader::new(value.value())?;
    if reader.is_finished() {
        return Err(FqanError::NoPolicyAuthority);
    }
    let authority = Header::decode(&mut reader)?;
    let names = reader.read_slice(authority.length())?;
    let policy_authority = policy_authority_uri(authority.tag(), names)?;
    let values = reader.tlv_bytes()?;
    reader.finish()?;
    Ok(FqanAttribute {
        policy_authority,
        fqans: fqans(wire::sequence_content(values)?)?,
    })
}

/// The URI in `A0 { 86 }`, `A0 { 30 { 86 } }` or `30 { 86 }`, whose outer tag has been read.
fn policy_authority_uri(tag: Tag, content: &[u8]) -> Result<String, FqanError> {
    match tag {
        Tag::ContextSpecific {
            constructed: true,
            number,
        } if number.value() == 0 => match GeneralNames::from_der(content) {
            Ok(names) => uri(&names),
            Err(_) => uri(&general_names(content)?),
        },
        Tag::Sequence => uri(&general_names(content)?),
        _ => Err(FqanError::NoPolicyAuthority),
    }
}

fn general_names(content: &[u8]) -> Result<GeneralNames, FqanError> {
    let names = wire::elements(content)?.map(|name| GeneralName::from_der(name?));
    // Without an authority, the list of FQANs is here instead.
    names
        .collect::<der::Result<_>>()
        .map_err(|_| FqanError::NoPolicyAuthority)
}

fn uri(names: &[GeneralName]) -> Result<String, FqanError> {
    match names {
        [GeneralName::UniformResourceIdentifier(uri)] => Ok(uri.as_str().to_owned()),
        _ => Err(FqanError::NotOneUri),
    }
}

fn fqans(values: &[u8]) -> Result<Vec<String>, FqanError> {
    let mut fqans = Vec::new();
    for (index, value) in wire::elements(values)?.enumerate() {
        if index == MAX_FQANS {
            return Err(FqanError::TooMany { limit: MAX_FQANS });
        }
        let value = value?;
        let value =
            OctetString::from_der(value).map_err(|_| FqanError::NotOctetString { index })?;
        match std::str::from_utf8(value.as_bytes()) {
            Ok(text) if is_text(value.as_bytes()) => fqans.push(text.to_owned()),
            _ => return Err(FqanError::NotText { index }),
        }
    }
    Ok(fqans)
}

/// A control character in an FQAN could split it in two for line-based readers.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| (b' '..=b'~').contains(b))
}
