//! The keyUsage extension as a set of bits (RFC 5280 section 4.2.1.3).

use der::asn1::BitString;
use der::{Decode, Encode};

/// The key uses a certificate allows.
///
/// ```text
/// KeyUsage ::= BIT STRING { digitalSignature(0), nonRepudiation(1), keyEncipherment(2), dataEncipherment(3),
///     keyAgreement(4), keyCertSign(5), cRLSign(6), encipherOnly(7), decipherOnly(8) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

const NAMES: [&str; 9] = [
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];

impl KeyUsage {
    /// The key usage of a proxy when no certificate above it has the extension.
    pub const FOR_PROXY: Self = Self(1 | 1 << 2);

    const ENCIPHERMENT: u16 = 1 << 2 | 1 << 3;
    const NOT_FOR_PROXIES: u16 = 1 << 1 | 1 << 5 | 1 << 6;

    /// Decodes the extension's value; `None` if it is not a BIT STRING.
    #[must_use]
    pub fn from_der(value: &[u8]) -> Option<Self> {
        let bits = BitString::from_der(value).ok()?;
        Some(Self(
            bits.bits()
                .take(NAMES.len())
                .enumerate()
                .fold(0, |sum, (i, set)| sum | u16::from(set) << i),
        ))
    }

    /// Encodes the extension's value, without trailing zero bits, as DER requires.
    ///
    /// # Errors
    /// The encoder's.
    pub fn to_der(self) -> Result<Vec<u8>, der::Error> {
        let bytes = [
            (self.0 as u8).reverse_bits(),
            ((self.0 >> 8) as u8).reverse_bits(),
        ];
        let length = if self.0 > 0xff { 2 } else { 1 };
        let unused = bytes[length - 1].trailing_zeros().min(7) as u8;
        BitString::new(unused, &bytes[..length])?.to_der()
    }

    /// Whether digitalSignature is set, without which a key may not sign proxies (RFC 3820 section
    /// 3.1).
    #[must_use]
    pub fn may_sign(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether keyAgreement is set.
    #[must_use]
    pub fn may_agree(self) -> bool {
        self.0 & 1 << 4 != 0
    }

    /// Whether keyCertSign is set.
    #[must_use]
    pub fn may_certify(self) -> bool {
        self.0 & 1 << 5 != 0
    }

    /// Whether cRLSign is set.
    #[must_use]
    pub fn may_sign_lists(self) -> bool {
        self.0 & 1 << 6 != 0
    }

    /// The subset a proxy may have: never nonRepudiation, keyCertSign or cRLSign, which older
    /// services reject in a proxy.
    #[must_use]
    pub fn for_proxy(self) -> Self {
        Self(self.0 & !Self::NOT_FOR_PROXIES)
    }

    /// The subset an EC key may have; it cannot encipher (RFC 5480 section 3).
    #[must_use]
    pub fn without_encipherment(self) -> Self {
        Self(self.0 & !Self::ENCIPHERMENT)
    }

    /// The names of the set bits, as printed by OpenSSL.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        NAMES
            .iter()
            .enumerate()
            .filter(|(i, _)| self.0 >> i & 1 != 0)
            .map(|(_, name)| *name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_survive_the_round_trip() {
        for (der, names) in [
            (
                &[3, 2, 5, 0xa0][..],
                vec!["Digital Signature", "Key Encipherment"],
            ),
            (&[3, 2, 7, 0x80], vec!["Digital Signature"]),
            (
                &[3, 3, 7, 0x08, 0x80],
                vec!["Key Agreement", "Decipher Only"],
            ),
        ] {
            let usage = KeyUsage::from_der(der).unwrap();
            assert_eq!(usage.names(), names);
            assert_eq!(usage.to_der().unwrap(), der);
        }
    }

    #[test]
    fn a_proxy_never_gets_non_repudiation_or_certificate_signing() {
        let all = KeyUsage(0x1ff).for_proxy();
        assert_eq!(all.names().len(), 6);
        assert!(all.may_sign());
        assert_eq!(
            KeyUsage::FOR_PROXY.without_encipherment().to_der().unwrap(),
            [3, 2, 7, 0x80]
        );
        assert!(KeyUsage::from_der(&[5, 0]).is_none());
    }
}
