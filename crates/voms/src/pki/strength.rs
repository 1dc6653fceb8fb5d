//! Minimum strength of keys and signatures: a policy separate from trust.

use der::asn1::{Any, ContextSpecific, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use voms_asn1::oid;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::pki::certificate::Certificate;

/// One kind of weakness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Weakness {
    /// A key below 112 bits of security: RSA shorter than 2048 bits, elliptic curves below 224.
    #[error("its key is shorter than RSA 2048")]
    ShortKey,
    /// A signature with SHA-1.
    #[error("it is signed with SHA-1")]
    Sha1,
    /// A signature with MD5 or an even older digest.
    #[error("it is signed with MD5")]
    Md5,
    /// A signature with an algorithm not known to be strong.
    #[error("it is signed with {0}, which is not known to be strong")]
    Unknown(ObjectIdentifier),
}

/// Which weaknesses are accepted; by default none.
///
/// ```
/// use voms::pki::strength::{StrengthPolicy, Weakness};
/// use voms::policy::Policy;
///
/// let old_site = StrengthPolicy::default().allowing(Weakness::ShortKey);
/// assert_ne!(Policy::default().with_strength(old_site), Policy::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StrengthPolicy {
    short_keys: bool,
    sha1: bool,
    md5: bool,
}

/// Security bits of RSA 2048 (NIST SP 800-57 part 1).
const ENOUGH: u32 = 112;
/// Security bits of RSA 1024. No policy accepts less: such keys can be broken.
const LEAST: u32 = 80;

impl StrengthPolicy {
    /// Accepts a weakness as well. Keys below RSA 1024 and unknown algorithms are still rejected.
    #[must_use]
    pub fn allowing(self, weakness: Weakness) -> Self {
        match weakness {
            Weakness::ShortKey => Self {
                short_keys: true,
                ..self
            },
            Weakness::Sha1 => Self { sha1: true, ..self },
            Weakness::Md5 => Self { md5: true, ..self },
            Weakness::Unknown(_) => self,
        }
    }

    /// The weakness of a certificate's key, if any.
    #[must_use]
    pub fn judge_key(self, certificate: &Certificate) -> Option<Weakness> {
        let bits = certificate
            .public_key()
            .map_or(0, |key| key.security_bits());
        let least = if self.short_keys { LEAST } else { ENOUGH };
        (bits < least).then_some(Weakness::ShortKey)
    }

    /// The weakness of a signature algorithm, if any.
    #[must_use]
    pub fn judge_signature(self, algorithm: &AlgorithmIdentifierOwned) -> Option<Weakness> {
        digest_weakness(algorithm).filter(|weakness| match weakness {
            Weakness::Sha1 => !self.sha1,
            Weakness::Md5 => !self.md5,
            Weakness::ShortKey | Weakness::Unknown(_) => true,
        })
    }
}

fn digest_weakness(algorithm: &AlgorithmIdentifierOwned) -> Option<Weakness> {
    match algorithm.oid {
        oid::MD2_WITH_RSA | oid::MD4_WITH_RSA | oid::MD5_WITH_RSA => Some(Weakness::Md5),
        oid::SHA1_WITH_RSA | oid::OIW_SHA1_WITH_RSA | oid::DSA_WITH_SHA1 | oid::ECDSA_WITH_SHA1 => {
            Some(Weakness::Sha1)
        }
        // The digest defaults to SHA-1, with or without parameters (RFC 4055 section 3.1).
        oid::RSASSA_PSS => match algorithm.parameters.as_ref().and_then(pss_digest) {
            Some(oid::MD5) => Some(Weakness::Md5),
            Some(oid::SHA1) | None => Some(Weakness::Sha1),
            Some(digest) if is_sha2_or_3(digest) => None,
            Some(digest) => Some(Weakness::Unknown(digest)),
        },
        known if STRONG.contains(&known) => None,
        unknown => Some(Weakness::Unknown(unknown)),
    }
}

/// RSA, ECDSA and DSA over SHA-2 and SHA-3 (RFC 4055, RFC 5758, NIST's CSOR), and EdDSA (RFC 8410).
const STRONG: [ObjectIdentifier; 21] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.14"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.15"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.16"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.1"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.1"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.2"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.3"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.4"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.10"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.11"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.12"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.14"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.15"),
    ObjectIdentifier::new_unwrap("1.3.101.112"),
    ObjectIdentifier::new_unwrap("1.3.101.113"),
];

/// NIST's arc of digests: SHA-2 from 1 to 6, SHA-3 from 7 to 10.
fn is_sha2_or_3(digest: ObjectIdentifier) -> bool {
    let text = digest.to_string();
    let last = text
        .strip_prefix("2.16.840.1.101.3.4.2.")
        .and_then(|last| last.parse::<u32>().ok());
    last.is_some_and(|last| (1..=10).contains(&last))
}

/// ```text
/// RSASSA-PSS-params ::= SEQUENCE {
///     hashAlgorithm  [0] HashAlgorithm DEFAULT sha1Identifier,
///     … }
/// ```
fn pss_digest(parameters: &Any) -> Option<ObjectIdentifier> {
    (parameters.tag() == Tag::Sequence).then_some(())?;
    let mut reader = SliceReader::new(parameters.value()).ok()?;
    let first = reader.tlv_bytes().ok()?;
    let hash = ContextSpecific::<AlgorithmIdentifierOwned>::from_der(first).ok()?;
    (hash.tag_number == TagNumber(0)).then_some(hash.value.oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algorithm(hex: &str) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned::from_der(&hex::decode(hex).unwrap()).unwrap()
    }

    #[test]
    fn the_digest_of_pss_is_looked_up_in_its_parameters() {
        let sha256 = "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d010108300b0609608648016503040201a203020120";
        assert_eq!(digest_weakness(&algorithm(sha256)), None);
        for sha1 in [
            "300d06092a864886f70d01010a3000",
            "300b06092a864886f70d01010a",
        ] {
            assert_eq!(digest_weakness(&algorithm(sha1)), Some(Weakness::Sha1));
        }
    }

    #[test]
    fn what_is_allowed_is_no_weakness_and_nothing_else_is() {
        let md5 = algorithm("300d06092a864886f70d0101040500");
        let policy = StrengthPolicy::default();
        assert_eq!(policy.judge_signature(&md5), Some(Weakness::Md5));
        assert_eq!(
            policy.allowing(Weakness::Sha1).judge_signature(&md5),
            Some(Weakness::Md5)
        );
        assert_eq!(policy.allowing(Weakness::Md5).judge_signature(&md5), None);
        let ripemd = algorithm("300a06062b24030301020500");
        assert!(matches!(
            policy.judge_signature(&ripemd),
            Some(Weakness::Unknown(_))
        ));
    }
}
