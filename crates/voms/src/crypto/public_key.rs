//! Public keys.

use openssl::pkey::{PKey, Public};
use openssl::sign::Verifier;

use crate::crypto::{Digest, SecretKey};

/// A public key.
pub struct PublicKey(pub(super) PKey<Public>);

impl PublicKey {
    /// The size in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// The estimated strength in bits (NIST SP 800-57 part 1).
    #[must_use]
    pub fn security_bits(&self) -> u32 {
        self.0.security_bits()
    }

    /// Whether it belongs to a private key.
    pub(crate) fn belongs_to(&self, key: &SecretKey) -> bool {
        self.0.public_eq(&key.0)
    }

    /// Whether a signature over the message is valid.
    pub(crate) fn verifies(&self, digest: Digest, signature: &[u8], message: &[u8]) -> bool {
        Verifier::new(digest.of_openssl(), &self.0)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
            .unwrap_or(false)
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({} bits)", self.bits())
    }
}
