//! Generic attributes: names with values, granted by a VO (GFD.182).

use der::asn1::{Ia5String, OctetString};
use der::{Decode, Encode, ErrorKind, FixedTag, Sequence};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::{GeneralName, GeneralNames};

use crate::error::{DecodeError, EncodeError};
use crate::{oid, wire};

const WHAT: &str = "generic attributes";

/// A generic attribute (the `Tag` of GFD.182).
///
/// ```text
/// Tag ::= SEQUENCE {
///     name       OCTET STRING,
///     value      OCTET STRING,
///     qualifier  OCTET STRING }
/// ```
///
/// All three are bytes as the server sent them: usually UTF-8, possibly with control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenericAttribute {
    /// The name.
    pub name: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// The FQAN of the group or role it comes from, or the name of the VO.
    pub qualifier: Vec<u8>,
}

/// Generic attributes and their grantor (the `TagList` of GFD.182).
///
/// ```text
/// TagList ::= SEQUENCE {
///     policyAuthority  GeneralNames,         -- one URI
///     tags             SEQUENCE OF Tag }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedAttributes {
    /// The URI of the grantor, `vo://host:port`.
    pub grantor: String,
    /// The attributes.
    pub attributes: Vec<GenericAttribute>,
}

#[derive(Sequence)]
struct Tagged {
    name: OctetString,
    value: OctetString,
    qualifier: OctetString,
}

#[derive(Sequence)]
struct TagList {
    policy_authority: GeneralNames,
    tags: Vec<Tagged>,
}

/// Decodes the value of the AC extension
/// [`VOMS_GENERIC_ATTRIBUTES`](crate::oid::VOMS_GENERIC_ATTRIBUTES).
///
/// ```text
/// TagContainer ::= SEQUENCE { SEQUENCE OF TagList }
/// ```
///
/// Old servers send an empty value, which means there are none.
///
/// # Errors
///
/// [`DecodeError::Malformed`] if it is not DER, or a grantor is not exactly one URI.
pub fn from_extension(value: &[u8]) -> Result<Vec<GrantedAttributes>, DecodeError> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let fail = |error| DecodeError::malformed(WHAT, error, value);
    let lists = Vec::<Vec<TagList>>::from_der(value).map_err(fail)?;
    let granted = lists.into_iter().flatten().map(TagList::into_granted);
    granted.collect::<Result<_, _>>().map_err(fail)
}

/// Encodes the AC extension, not critical.
///
/// # Errors
///
/// [`EncodeError::Empty`] without a grantor (omit the extension then), [`EncodeError::Der`] if a
/// grantor is not IA5.
pub fn to_extension(granted: &[GrantedAttributes]) -> Result<Extension, EncodeError> {
    if granted.is_empty() {
        return Err(EncodeError::Empty { what: WHAT });
    }
    let lists = granted.iter().map(TagList::from_granted);
    let lists = lists.collect::<der::Result<Vec<_>>>()?;
    wire::extension(oid::VOMS_GENERIC_ATTRIBUTES, false, vec![lists].to_der()?)
}

impl TagList {
    fn into_granted(self) -> der::Result<GrantedAttributes> {
        let [GeneralName::UniformResourceIdentifier(grantor)] = self.policy_authority.as_slice()
        else {
            return Err(ErrorKind::Value {
                tag: GeneralNames::TAG,
            }
            .to_error());
        };
        Ok(GrantedAttributes {
            grantor: grantor.as_str().to_owned(),
            attributes: self.tags.into_iter().map(GenericAttribute::from).collect(),
        })
    }

    fn from_granted(granted: &GrantedAttributes) -> der::Result<TagList> {
        let grantor = Ia5String::new(&granted.grantor)?;
        let tags = granted.attributes.iter().map(Tagged::from_attribute);
        Ok(TagList {
            policy_authority: vec![GeneralName::UniformResourceIdentifier(grantor)],
            tags: tags.collect::<Result<_, _>>()?,
        })
    }
}

impl Tagged {
    fn from_attribute(attribute: &GenericAttribute) -> der::Result<Tagged> {
        Ok(Tagged {
            name: OctetString::new(attribute.name.as_slice())?,
            value: OctetString::new(attribute.value.as_slice())?,
            qualifier: OctetString::new(attribute.qualifier.as_slice())?,
        })
    }
}

impl From<Tagged> for GenericAttribute {
    fn from(tag: Tagged) -> Self {
        GenericAttribute {
            name: tag.name.into_bytes().into_vec(),
            value: tag.value.into_bytes().into_vec(),
            qualifier: tag.qualifier.into_bytes().into_vec(),
        }
    }
}
