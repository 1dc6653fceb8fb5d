//! Cryptography: keys, signatures, digests, random numbers, encrypted key files and path building.
//!
//! Only this module and [`openssl_types`](crate::openssl_types), which converts, know OpenSSL.
//! Everything else works on DER.

mod certificate;
#[allow(unsafe_code)]
mod configuration;
mod draft;
pub(crate) mod encode;
mod key;
mod path;
mod pkcs12;
mod public_key;
pub(crate) mod reason;

use ::openssl::error::ErrorStack;
use ::openssl::hash::MessageDigest;
use der::asn1::ObjectIdentifier;
use voms_asn1::oid;

pub(crate) use self::certificate::{DerCertificate, SignedList};
pub use self::configuration::{ignore_configuration, lock_keys_in_memory};
pub(crate) use self::draft::{Draft, Serial};
pub(crate) use self::key::{OpenError, SecretKey, pbkdf2_aes256};
pub(crate) use self::path::{Checks, FaultKind, Place, build_path};
pub(crate) use self::pkcs12::{Bundle, Protection, build_bundle};
pub use self::public_key::PublicKey;
use self::reason::Reason;

/// A failure of the cryptographic library.
#[derive(Debug, Clone)]
pub struct CryptoError(ErrorStack);

impl CryptoError {
    /// Whether one of OpenSSL's errors is among these.
    pub(crate) fn is_one_of(&self, reasons: &[Reason]) -> bool {
        let mut errors = self.0.errors().iter();
        errors.any(|error| reasons.contains(&(error.library_code(), error.reason_code())))
    }
}

impl std::fmt::Display for CryptoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&reason::in_words(&self.0))
    }
}

impl std::error::Error for CryptoError {}

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    fn of_openssl(self) -> MessageDigest {
        match self {
            Self::Md5 => MessageDigest::md5(),
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    /// The digest of a signature algorithm without parameters.
    pub(crate) fn of_signature(algorithm: ObjectIdentifier) -> Option<Self> {
        Some(match algorithm {
            oid::SHA256_WITH_RSA | oid::ECDSA_WITH_SHA256 => Self::Sha256,
            oid::SHA384_WITH_RSA | oid::ECDSA_WITH_SHA384 => Self::Sha384,
            oid::SHA512_WITH_RSA | oid::ECDSA_WITH_SHA512 => Self::Sha512,
            oid::SHA1_WITH_RSA | oid::ECDSA_WITH_SHA1 => Self::Sha1,
            oid::MD5_WITH_RSA => Self::Md5,
            _ => return None,
        })
    }

    /// The digest of the data; `None` if the algorithm is not available, as MD5 in FIPS mode.
    pub(crate) fn of(self, data: &[u8]) -> Option<impl AsRef<[u8]> + use<>> {
        ::openssl::hash::hash(self.of_openssl(), data).ok()
    }
}

/// Fills the buffer with random bytes.
///
/// # Errors
/// [`CryptoError`] if there is no randomness.
pub fn random(buffer: &mut [u8]) -> Result<(), CryptoError> {
    ::openssl::rand::rand_bytes(buffer).map_err(CryptoError)
}

/// Decodes base64 (RFC 4648 section 4) without line breaks; `None` if it is malformed.
#[must_use]
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    ::openssl::base64::decode_block(text).ok()
}

/// Encodes base64 (RFC 4648 section 4) without line breaks.
#[must_use]
pub fn base64_encode(bytes: &[u8]) -> String {
    ::openssl::base64::encode_block(bytes)
}
