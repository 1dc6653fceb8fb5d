//! Private keys: generated, opened and written.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::{Id, PKey, Private};
use openssl::provider::Provider;
use openssl::rsa::Rsa;
use openssl::symm::{Cipher, encrypt};
use zeroize::Zeroizing;

use crate::crypto::CryptoError;
use crate::crypto::reason::MISSING;

/// A private key.
pub(crate) struct SecretKey(pub PKey<Private>);

/// Why an encrypted key or bundle could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// The passphrase is wrong, or the contents are damaged.
    Passphrase,
    /// This OpenSSL lacks the cipher.
    Cipher,
}

impl SecretKey {
    pub fn generate_rsa(bits: u32) -> Result<Self, CryptoError> {
        Rsa::generate(bits)
            .and_then(PKey::from_rsa)
            .map(Self)
            .map_err(CryptoError)
    }

    pub fn generate_p256() -> Result<Self, CryptoError> {
        PKey::ec_gen("prime256v1").map(Self).map_err(CryptoError)
    }

    /// Reads an unencrypted PEM block.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        PKey::private_key_from_pem_callback(pem, |_| Ok(0))
            .ok()
            .map(Self)
    }

    /// Opens an encrypted PEM block.
    pub fn from_encrypted_pem(pem: &[u8], passphrase: &str) -> Result<Self, OpenError> {
        let open = || {
            PKey::private_key_from_pem_callback(pem, |buffer| {
                // A passphrase longer than OpenSSL's buffer is truncated, and then simply wrong.
                let length = passphrase.len().min(buffer.len());
                buffer[..length].copy_from_slice(&passphrase.as_bytes()[..length]);
                Ok(length)
            })
        };
        // A wrong passphrase shows up as bad padding or, about once in a few hundred times, as bad
        // ASN.1.
        with_legacy_ciphers(open).map(Self).map_err(|errors| {
            match CryptoError(errors).is_one_of(&MISSING) {
                true => OpenError::Cipher,
                false => OpenError::Passphrase,
            }
        })
    }

    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    pub fn is_rsa(&self) -> bool {
        self.0.id() == Id::RSA
    }

    pub fn is_ec(&self) -> bool {
        self.0.id() == Id::EC
    }

    pub fn equals(&self, other: &Self) -> bool {
        self.0.public_eq(&other.0)
    }

    /// PKCS#1 for RSA, otherwise PKCS#8, unencrypted.
    pub fn to_traditional_pem(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let pem = match self.0.id() {
            Id::RSA => self.0.rsa().and_then(|key| key.private_key_to_pem()),
            _ => self.0.private_key_to_pem_pkcs8(),
        };
        pem.map(Zeroizing::new).map_err(CryptoError)
    }

    /// PKCS#8 in DER, unencrypted.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.0
            .private_key_to_pkcs8()
            .map(Zeroizing::new)
            .map_err(CryptoError)
    }
}

/// Encrypts with AES-256-CBC under a key derived by PBKDF2 with HMAC-SHA-256.
pub(crate) fn pbkdf2_aes256(
    clear: &[u8],
    passphrase: &str,
    (salt, iv): (&[u8], &[u8]),
    rounds: u32,
) -> Result<Vec<u8>, CryptoError> {
    let mut key = Zeroizing::new([0; 32]);
    let rounds = usize::try_from(rounds).unwrap_or(usize::MAX);
    let sha256 = MessageDigest::sha256();
    pbkdf2_hmac(passphrase.as_bytes(), salt, rounds, sha256, &mut *key)
        .and_then(|()| encrypt(Cipher::aes_256_cbc(), &*key, Some(iv), clear))
        .map_err(CryptoError)
}

/// Runs `open`, and again with OpenSSL's legacy provider if a cipher is missing.
pub(super) fn with_legacy_ciphers<T>(
    open: impl Fn() -> Result<T, ErrorStack>,
) -> Result<T, ErrorStack> {
    match open() {
        Err(errors) if CryptoError(errors.clone()).is_one_of(&MISSING) => {
            let _legacy = Provider::try_load(None, "legacy", true)?;
            open()
        }
        first => first,
    }
}
