use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, DecodeValue, Encode, EncodeValue, Header, Length, Reader, Tag};
use der::{Sequence, Writer};

/// Attribute as defined in RFC 5755 section 4.1 (from X.501).
///
/// ```text
/// Attribute ::= SEQUENCE {
///     type    AttributeType,             -- OBJECT IDENTIFIER
///     values  SET OF AttributeValue }    -- ANY
/// ```
///
/// DER requires sorted values, but not every AC writer sorts them; decoding and encoding both keep
/// the order found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The type of the values.
    pub attr_type: ObjectIdentifier,
    /// The values, in their original order.
    pub values: Vec<Any>,
}

impl<'a> DecodeValue<'a> for Attribute {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _header: Header) -> der::Result<Self> {
        let attr_type = ObjectIdentifier::decode(reader)?;
        let set = Header::decode(reader)?;
        set.tag().assert_eq(Tag::Set)?;
        let values = reader.read_nested(set.length(), |reader| {
            let mut values = Vec::new();
            while !reader.is_finished() {
                values.push(Any::decode(reader)?);
            }
            Ok::<_, der::Error>(values)
        })?;
        Ok(Attribute { attr_type, values })
    }
}

impl Attribute {
    fn values_len(&self) -> der::Result<Length> {
        self.values
            .iter()
            .try_fold(Length::ZERO, |sum, value| sum + value.encoded_len()?)
    }
}

impl EncodeValue for Attribute {
    fn value_len(&self) -> der::Result<Length> {
        let values = self.values_len()?;
        let set = Header::new(Tag::Set, values);
        self.attr_type.encoded_len()? + set.encoded_len()? + values
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.attr_type.encode(writer)?;
        Header::new(Tag::Set, self.values_len()?).encode(writer)?;
        self.values
            .iter()
            .try_for_each(|value| value.encode(writer))
    }
}

impl Sequence<'_> for Attribute {}
