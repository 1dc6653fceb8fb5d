//! A certificate chain with its private key.

use zeroize::Zeroizing;

use crate::chain::Chain;
use crate::crypto::{self, CryptoError};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::pkcs12::Ciphers;

/// A certificate chain with the private key of its leaf.
#[derive(Debug)]
pub struct Credential {
    chain: Chain,
    key: PrivateKey,
}

impl Credential {
    /// Combines a chain with the key of its leaf.
    ///
    /// # Errors
    /// Returns both if the key does not belong to the leaf.
    pub fn new(chain: Chain, key: PrivateKey) -> Result<Self, (Chain, PrivateKey)> {
        if chain.leaf().belongs_to(&key) {
            Ok(Self { chain, key })
        } else {
            Err((chain, key))
        }
    }

    pub(crate) fn into_parts(self) -> (Chain, PrivateKey) {
        (self.chain, self.key)
    }

    /// The certificates, leaf first.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// A password-protected PKCS#12 bundle of the leaf, its key and the certificates above it.
    ///
    /// # Errors
    /// [`CryptoError`] if it cannot be encoded.
    pub fn to_pkcs12(
        &self,
        password: &str,
        ciphers: Ciphers,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let leaf = self.chain.leaf();
        let name = leaf.subject().common_name().unwrap_or("grid certificate");
        let above: Vec<_> = self.chain.certificates()[1..]
            .iter()
            .map(Certificate::encoded)
            .collect();
        let contents = (self.key.secret(), leaf.encoded(), above.as_slice());
        crypto::build_bundle(password, name, contents, ciphers.protection())
    }
}
