//! What using a stranger's public key may cost, determined from its encoding before any library
//! computes with it.

use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// The largest RSA and DSA modulus accepted, in bits; the IGTF's CAs use at most 8192.
const MAX_BITS: usize = 8192;
/// The largest RSA exponent accepted, in bits; 65537 has 17.
const MAX_EXPONENT_BITS: usize = 64;

/// Why a public key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyLimit {
    /// The modulus is too large.
    #[error("it has {0} bits; at most {MAX_BITS} are allowed")]
    Bits(usize),
    /// The RSA exponent is too large.
    #[error("its exponent has {0} bits; at most {MAX_EXPONENT_BITS} are allowed")]
    Exponent(usize),
    /// The elliptic curve is given by its parameters instead of its name (RFC 5480 section 2.1.1).
    #[error("its curve is given by parameters instead of by name")]
    ExplicitCurve,
}

/// What verifying one signature costs; 1 is RSA 2048 with the exponent 65537.
pub(crate) type Cost = u32;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// NIST P-256, which libraries compute with much faster than with any other curve.
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// As measured with OpenSSL 3, rounded up.
const FAST_CURVE: Cost = 4;
const OTHER: Cost = 24;

/// The cost of a key; keys that no library can parse cost nothing.
pub(crate) fn cost(key: &SubjectPublicKeyInfoOwned) -> Result<Cost, KeyLimit> {
    let parameters = key.algorithm.parameters.as_ref();
    match key.algorithm.oid {
        RSA | RSA_PSS => rsa(key.subject_public_key.raw_bytes()),
        EC => match parameters {
            Some(curve) if curve.tag() != Tag::ObjectIdentifier => Err(KeyLimit::ExplicitCurve),
            Some(curve) if curve.value() == P256.as_bytes() => Ok(FAST_CURVE),
            _ => Ok(OTHER),
        },
        ED25519 => Ok(FAST_CURVE),
        DSA => {
            let modulus = parameters.and_then(|all| first_integer(all.value()));
            let bits = modulus.map_or(0, bits);
            if bits > MAX_BITS {
                return Err(KeyLimit::Bits(bits));
            }
            Ok(OTHER)
        }
        _ => Ok(OTHER),
    }
}

fn rsa(key: &[u8]) -> Result<Cost, KeyLimit> {
    let Some((modulus, exponent)) = modulus_and_exponent(key) else {
        return Ok(1);
    };
    let (size, exponent) = (bits(modulus), bits(exponent));
    if size > MAX_BITS {
        return Err(KeyLimit::Bits(size));
    }
    if exponent > MAX_EXPONENT_BITS {
        return Err(KeyLimit::Exponent(exponent));
    }
    let multiplications = exponent.div_ceil(17) * if exponent > 17 { 2 } else { 1 };
    let cost = size.div_ceil(2048).pow(2) * multiplications.max(1);
    Ok(Cost::try_from(cost).unwrap_or(Cost::MAX))
}

fn modulus_and_exponent(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let fields = AnyRef::from_der(key).ok()?;
    (fields.tag() == Tag::Sequence).then_some(())?;
    let mut reader = SliceReader::new(fields.value()).ok()?;
    let mut next = || Some(UintRef::decode(&mut reader).ok()?.as_bytes());
    Some((next()?, next()?))
}

fn first_integer(fields: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(fields).ok()?;
    let first = reader.tlv_bytes().ok()?;
    Some(UintRef::from_der(first).ok()?.as_bytes())
}

fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    number.len() * 8 - usize::try_from(zeros).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An RSA key of that many bits, with an exponent of that many.
    fn key(size: usize, exponent: usize) -> SubjectPublicKeyInfoOwned {
        let number = |bits: usize| {
            let mut bytes = vec![0xff; bits.div_ceil(8)];
            bytes[0] = 0xff >> (bytes.len() * 8 - bits);
            openssl::bn::BigNum::from_slice(&bytes).unwrap()
        };
        let rsa = openssl::rsa::Rsa::from_public_components(number(size), number(exponent));
        SubjectPublicKeyInfoOwned::from_der(&rsa.unwrap().public_key_to_der().unwrap()).unwrap()
    }

    #[test]
    fn keys_beyond_the_limits_are_refused_and_others_have_a_price() {
        assert_eq!(cost(&key(2048, 17)), Ok(1));
        assert_eq!(cost(&key(4096, 17)), Ok(4));
        assert_eq!(cost(&key(8192, 64)), Ok(128));
        assert_eq!(cost(&key(8193, 17)), Err(KeyLimit::Bits(8193)));
        assert_eq!(cost(&key(3072, 65)), Err(KeyLimit::Exponent(65)));
        assert_eq!(cost(&key(3072, 3071)), Err(KeyLimit::Exponent(3071)));
    }

    #[test]
    fn curves_are_known_by_name_only() {
        use openssl::ec::{Asn1Flag, EcGroup, EcKey};
        use openssl::nid::Nid;
        use openssl::pkey::PKey;
        let spki = |flag| {
            let mut group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
            group.set_asn1_flag(flag);
            let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
            SubjectPublicKeyInfoOwned::from_der(&key.public_key_to_der().unwrap()).unwrap()
        };
        assert_eq!(cost(&spki(Asn1Flag::NAMED_CURVE)), Ok(FAST_CURVE));
        assert_eq!(
            cost(&spki(Asn1Flag::EXPLICIT_CURVE)),
            Err(KeyLimit::ExplicitCurve)
        );
    }
}
