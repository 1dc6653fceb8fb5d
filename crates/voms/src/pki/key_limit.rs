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
    /// It is not DER, so it may be another key to OpenSSL than to us.
    #[error("it is not encoded in DER")]
    Encoding,
    /// It is of an algorithm or a curve that no CA uses.
    #[error("{0} is not among the algorithms and curves in use")]
    Unknown(ObjectIdentifier),
}

/// What verifying one signature costs; 1 is RSA 2048 with the exponent 65537.
pub(crate) type Cost = u32;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");

/// NIST P-256, which libraries compute with much faster than with any other curve.
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// NIST P-192, which is weak, P-224, P-384 and P-521, and the brainpool curves of TLS (RFC 8734).
/// Curves over binary fields cost several times as much.
const CURVES: [ObjectIdentifier; 7] = [
    ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.1"),
    ObjectIdentifier::new_unwrap("1.3.132.0.33"),
    ObjectIdentifier::new_unwrap("1.3.132.0.34"),
    ObjectIdentifier::new_unwrap("1.3.132.0.35"),
    ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.7"),
    ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.11"),
    ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.13"),
];

/// As measured with OpenSSL 3, rounded up. The largest curves take up to three times as long: a
/// budget spent on them alone lasts 40 ms.
const FAST_CURVE: Cost = 4;
const OTHER: Cost = 24;
/// DSA of 2048 bits.
const DSA_2048: Cost = 16;

/// The cost of a key. Algorithms not listed here are refused: OpenSSL knows some that take a
/// thousand times as long, and other names for those that are limited.
pub(crate) fn cost(key: &SubjectPublicKeyInfoOwned) -> Result<Cost, KeyLimit> {
    let bits = key.subject_public_key.as_bytes();
    let bits = bits.ok_or(KeyLimit::Encoding)?;
    let parameters = key.algorithm.parameters.as_ref();
    match key.algorithm.oid {
        RSA | RSA_PSS => rsa(bits),
        EC => match parameters {
            Some(curve) if curve.tag() != Tag::ObjectIdentifier => Err(KeyLimit::ExplicitCurve),
            Some(curve) => of_curve(curve.decode_as().map_err(|_| KeyLimit::Encoding)?),
            None => Err(KeyLimit::Encoding),
        },
        ED25519 => Ok(FAST_CURVE),
        ED448 => Ok(OTHER),
        DSA => dsa(bits, parameters.ok_or(KeyLimit::Encoding)?.value()),
        other => Err(KeyLimit::Unknown(other)),
    }
}

fn of_curve(curve: ObjectIdentifier) -> Result<Cost, KeyLimit> {
    match curve {
        P256 => Ok(FAST_CURVE),
        known if CURVES.contains(&known) => Ok(OTHER),
        other => Err(KeyLimit::Unknown(other)),
    }
}

fn rsa(key: &[u8]) -> Result<Cost, KeyLimit> {
    let fields = AnyRef::from_der(key).map_err(|_| KeyLimit::Encoding)?;
    if fields.tag() != Tag::Sequence {
        return Err(KeyLimit::Encoding);
    }
    let [modulus, exponent] = integers(fields.value())?;
    let (size, exponent) = (modulus_bits(modulus)?, bits(exponent));
    if exponent > MAX_EXPONENT_BITS {
        return Err(KeyLimit::Exponent(exponent));
    }
    let multiplications = exponent.div_ceil(17) * if exponent > 17 { 2 } else { 1 };
    let cost = size.div_ceil(2048).pow(2) * multiplications;
    Ok(Cost::try_from(cost).unwrap_or(Cost::MAX).max(1))
}

fn dsa(key: &[u8], parameters: &[u8]) -> Result<Cost, KeyLimit> {
    let [modulus, _, generator] = integers(parameters)?;
    let [own] = integers(key)?;
    let size = modulus_bits(modulus)?;
    // Larger ones would be divided by the modulus first.
    for number in [generator, own] {
        if bits(number) > size {
            return Err(KeyLimit::Bits(bits(number)));
        }
    }
    let cost = size.div_ceil(2048).pow(2);
    Ok(Cost::try_from(cost).unwrap_or(Cost::MAX).max(1) * DSA_2048)
}

fn modulus_bits(modulus: &[u8]) -> Result<usize, KeyLimit> {
    let size = bits(modulus);
    match size > MAX_BITS {
        true => Err(KeyLimit::Bits(size)),
        false => Ok(size),
    }
}

/// Exactly this many integers. OpenSSL also accepts them without a sign octet, padded, or followed
/// by other data: skipping such keys would hide what they cost.
fn integers<const N: usize>(fields: &[u8]) -> Result<[&[u8]; N], KeyLimit> {
    let read = || {
        let mut reader = SliceReader::new(fields)?;
        let mut all = [fields; N];
        for number in &mut all {
            *number = UintRef::decode(&mut reader)?.as_bytes();
        }
        reader.finish()?;
        Ok(all)
    };
    read().map_err(|_: der::Error| KeyLimit::Encoding)
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

    /// An element with that tag, in the shortest form.
    fn element(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = value.len();
        let header = match u8::try_from(length) {
            Ok(short) if short < 128 => vec![tag, short],
            _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        };
        [header, value.to_vec()].concat()
    }

    /// A key of that algorithm, with these parameters and these bits.
    fn raw(algorithm: &str, parameters: &[u8], bits: &[u8]) -> SubjectPublicKeyInfoOwned {
        let id = ObjectIdentifier::new_unwrap(algorithm);
        let algorithm = [element(6, id.as_bytes()), parameters.to_vec()].concat();
        let bits = element(3, &[&[0], bits].concat());
        let fields = [element(0x30, &algorithm), bits].concat();
        SubjectPublicKeyInfoOwned::from_der(&element(0x30, &fields)).unwrap()
    }

    const NULL: &[u8] = &[5, 0];

    #[test]
    fn an_rsa_key_that_is_not_der_is_refused_though_openssl_reads_it() {
        let number = |padding: &[u8]| element(2, &[padding, &[0xff; 256]].concat());
        let exponent = element(2, &[3]);
        let good = element(0x30, &[number(&[0]), exponent.clone()].concat());
        let padded = [number(&[0, 0]), exponent.clone()].concat();
        let three = [number(&[0]), exponent.clone(), element(2, &[0])].concat();
        let long = element(0x30, &[number(&[0]), exponent.clone()].concat());
        let long = [&[0x30, 0x83, 0], &long[2..]].concat();
        let forms = [
            (
                "no sign octet",
                element(0x30, &[number(&[]), exponent].concat()),
            ),
            ("padded", element(0x30, &padded)),
            ("three", element(0x30, &three)),
            ("a longer length", long),
            ("behind", [&*good, NULL].concat()),
        ];
        for rsa in ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"] {
            let parameters = if rsa.ends_with(".10") { &[] } else { NULL };
            assert_eq!(cost(&raw(rsa, parameters, &good)), Ok(1));
            for (form, key) in &forms {
                let found = cost(&raw(rsa, parameters, key));
                assert_eq!(found, Err(KeyLimit::Encoding), "{rsa} {form}");
            }
        }
    }

    #[test]
    fn other_names_and_algorithms_than_those_in_use_are_refused() {
        let rsa = element(0x30, &[element(2, &[0, 0xff]), element(2, &[3])].concat());
        let x500 = ObjectIdentifier::new_unwrap("2.5.8.1.1");
        let alias = raw("2.5.8.1.1", NULL, &rsa);
        assert_eq!(cost(&alias), Err(KeyLimit::Unknown(x500)));
        // SLH-DSA, X25519.
        for id in ["2.16.840.1.101.3.4.3.25", "1.3.101.110"] {
            let found = cost(&raw(id, &[], &[1; 64]));
            assert_eq!(
                found,
                Err(KeyLimit::Unknown(ObjectIdentifier::new_unwrap(id)))
            );
        }
        let curve = |id: &str| {
            let name = element(6, ObjectIdentifier::new_unwrap(id).as_bytes());
            cost(&raw("1.2.840.10045.2.1", &name, &[4; 65]))
        };
        assert_eq!(curve("1.3.132.0.34"), Ok(OTHER));
        // sect571k1, sect571r1, secp256k1.
        for id in ["1.3.132.0.38", "1.3.132.0.39", "1.3.132.0.10"] {
            assert_eq!(
                curve(id),
                Err(KeyLimit::Unknown(ObjectIdentifier::new_unwrap(id)))
            );
        }
        assert_eq!(
            cost(&raw("1.2.840.10045.2.1", &[], &[4; 65])),
            Err(KeyLimit::Encoding)
        );
    }

    #[test]
    fn dsa_costs_what_its_modulus_does() {
        let key = |modulus: &[u8], own: &[u8]| {
            let number = |bytes: &[u8]| element(2, &[&[0], bytes].concat());
            let all = [number(modulus), number(&[0xff; 32]), element(2, &[2])].concat();
            cost(&raw(
                "1.2.840.10040.4.1",
                &element(0x30, &all),
                &number(own),
            ))
        };
        assert_eq!(key(&[0xff; 256], &[0xff; 256]), Ok(16));
        assert_eq!(key(&[0xff; 1024], &[0xff; 1024]), Ok(256));
        assert_eq!(key(&[0xff; 1025], &[0xff; 1024]), Err(KeyLimit::Bits(8200)));
        assert_eq!(key(&[0xff; 256], &[0xff; 257]), Err(KeyLimit::Bits(2056)));
        let inherited = raw("1.2.840.10040.4.1", &[], &element(2, &[2]));
        assert_eq!(cost(&inherited), Err(KeyLimit::Encoding));
    }
}
