//! A certificate chain with its private key.

use crate::chain::Chain;
use crate::pki::key::PrivateKey;

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
}
