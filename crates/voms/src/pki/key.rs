//! Private keys: read in every format found in credential files, generated, and never printed.

use der::asn1::OctetString;
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use pkcs8::EncryptedPrivateKeyInfoOwned;
use pkcs8::pkcs5::pbes2;
use x509_cert::spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use crate::crypto::{self, CryptoError, OpenError, SecretKey};
use crate::pki::key_cost;
use crate::pki::pem::{self, Block};

/// The cost of one passphrase guess: about 0.1 s on one current core, 100 times OpenSSL's default.
const ITERATIONS: u32 = 250_000;

const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// In bytes; OpenSSL's readers truncate longer passphrases.
pub const LONGEST_PASSPHRASE: usize = 1024;

/// Why a private key could not be read or generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The passphrase is wrong, or the key is damaged.
    #[error("the passphrase does not open it, or it is damaged")]
    Passphrase,
    /// It is encrypted with a cipher that this OpenSSL lacks.
    #[error("it is encrypted with a cipher that is not supported here")]
    Cipher,
    /// Decrypting it would take minutes or more: the iteration count is corrupt, or meant to keep
    /// the reader busy.
    #[error("deriving its key takes {0} rounds, at most {most} are allowed", most = key_cost::MAX_ROUNDS)]
    TooCostly(u64),
    /// It is not a private key in any known format.
    #[error("it is not a private key in any known form")]
    Malformed,
    /// No key could be generated.
    #[error("key generation failed: {0}")]
    Generation(CryptoError),
    /// It could not be encrypted.
    #[error("the key cannot be encrypted")]
    Encryption,
}

/// The kind of key to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with this many bits.
    Rsa(u32),
    /// EC on P-256.
    P256,
}

/// A private key. It can sign; it cannot be cloned or printed.
pub struct PrivateKey(SecretKey);

impl From<OpenError> for KeyError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Passphrase => Self::Passphrase,
            OpenError::Cipher => Self::Cipher,
        }
    }
}

impl PrivateKey {
    /// Generates a key.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        match kind {
            KeyKind::Rsa(bits) => Self::generate_rsa(bits),
            KeyKind::P256 => SecretKey::generate_p256()
                .map(Self)
                .map_err(KeyError::Generation),
        }
    }

    /// Generates an RSA key of `bits` with exponent 65537.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate_rsa(bits: u32) -> Result<Self, KeyError> {
        SecretKey::generate_rsa(bits)
            .map(Self)
            .map_err(KeyError::Generation)
    }

    /// Parses a private key block: PKCS#1, SEC 1 or PKCS#8, unencrypted or encrypted (including
    /// with the ciphers OpenSSL 3 calls legacy). `passphrase` is called only if the block is
    /// encrypted.
    ///
    /// # Errors
    /// [`KeyError`], or the error of `passphrase`.
    pub fn from_pem<E: From<KeyError>>(
        block: &Block<'_>,
        passphrase: impl FnOnce() -> Result<Zeroizing<String>, E>,
    ) -> Result<Self, E> {
        let text = block.text();
        let pem = text.as_slice();
        if !block.is_encrypted() {
            let key = SecretKey::from_pem(pem).ok_or(KeyError::Malformed)?;
            return Ok(Self(key));
        }
        if let Some(der) = block.der() {
            if block.label() == ENCRYPTED && !names_a_cipher(&der) {
                return Err(KeyError::Malformed.into());
            }
            key_cost::check_key(&der)?;
        }
        let passphrase = passphrase()?;
        let key = SecretKey::from_encrypted_pem(pem, &passphrase).map_err(KeyError::from)?;
        Ok(Self(key))
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.0
    }

    /// The key's size in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// The PEM block for proxy files: for RSA `RSA PRIVATE KEY`, which even the oldest readers
    /// accept, otherwise `PRIVATE KEY`.
    ///
    /// # Errors
    /// [`CryptoError`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.0.to_traditional_pem()
    }

    /// An unencrypted PKCS#8 block.
    ///
    /// # Errors
    /// [`KeyError::Encryption`].
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der = self.0.to_pkcs8().map_err(|_| KeyError::Encryption)?;
        Ok(pem::encode("PRIVATE KEY", &der))
    }

    /// A PKCS#8 block encrypted under the passphrase: AES-256-CBC with a key derived by PBKDF2 with
    /// HMAC-SHA-256 (RFC 8018), which every client reads. The result is test-decrypted once, as it
    /// may become the only copy.
    ///
    /// # Errors
    /// [`KeyError::Encryption`].
    pub fn to_encrypted_pem(&self, passphrase: &str) -> Result<Zeroizing<String>, KeyError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        let random = crypto::random(&mut salt).and_then(|()| crypto::random(&mut iv));
        let encrypted = random.and_then(|()| {
            crypto::pbkdf2_aes256(&self.0.to_pkcs8()?, passphrase, (&salt, &iv), ITERATIONS)
        });
        let encrypted = encrypted.map_err(|_| KeyError::Encryption)?;
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv);
        let info = EncryptedPrivateKeyInfoOwned {
            encryption_algorithm: parameters.map_err(|_| KeyError::Encryption)?.into(),
            encrypted_data: OctetString::new(encrypted).map_err(|_| KeyError::Encryption)?,
        };
        let pem = pem::encode(
            "ENCRYPTED PRIVATE KEY",
            &info.to_der().map_err(|_| KeyError::Encryption)?,
        );
        let opens = |block: &Block<'_>| {
            let opened =
                Self::from_pem::<KeyError>(block, || Ok(Zeroizing::new(passphrase.to_owned())));
            opened.is_ok_and(|opened| opened.0.equals(&self.0))
        };
        if pem::blocks(pem.as_bytes()).first().is_some_and(opens) {
            Ok(pem)
        } else {
            Err(KeyError::Encryption)
        }
    }
}

/// Whether an encrypted PKCS#8 key names a way of encryption of PKCS#5 or PKCS#12: no passphrase
/// opens one that is damaged there.
fn names_a_cipher(der: &[u8]) -> bool {
    type Info = (AlgorithmIdentifierOwned, OctetString);
    let read = |fields: &mut SliceReader<'_>| {
        let info: Info = (fields.decode()?, fields.decode()?);
        Ok::<_, der::Error>(info.0.oid)
    };
    let id = SliceReader::new(der).and_then(|mut reader| reader.sequence(read));
    id.is_ok_and(|id| {
        let id = id.to_string();
        id.starts_with("1.2.840.113549.1.5.") || id.starts_with("1.2.840.113549.1.12.1.")
    })
}

/// The PEM label for a DER private key, from its outermost fields: PKCS#8 (unencrypted or
/// encrypted), PKCS#1 or SEC 1; `None` if it is not a private key.
#[must_use]
pub fn label_of(bytes: &[u8]) -> Option<&'static str> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let tags: Vec<Tag> = reader
        .sequence(|fields| {
            let mut tags = Vec::new();
            while !fields.is_finished() && tags.len() < 3 {
                tags.push(der::asn1::AnyRef::decode(fields)?.tag());
            }
            while !fields.is_finished() {
                der::asn1::AnyRef::decode(fields)?;
            }
            Ok::<_, der::Error>(tags)
        })
        .ok()?;
    match tags.as_slice() {
        [Tag::Sequence, Tag::OctetString] => Some("ENCRYPTED PRIVATE KEY"),
        [Tag::Integer, Tag::Sequence, Tag::OctetString] => Some("PRIVATE KEY"),
        [Tag::Integer, Tag::OctetString, ..] => Some("EC PRIVATE KEY"),
        [Tag::Integer, Tag::Integer, Tag::Integer] => Some("RSA PRIVATE KEY"),
        _ => None,
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl From<SecretKey> for PrivateKey {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openssl_types;
    use crate::pki::pem;

    #[test]
    fn a_key_is_never_printed() {
        let key = PrivateKey::generate_rsa(512).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
    }

    #[test]
    fn no_key_is_locked_for_good() {
        let key = PrivateKey::generate_rsa(1024).unwrap();
        assert!(
            key.to_encrypted_pem(&"x".repeat(LONGEST_PASSPHRASE))
                .is_ok()
        );
        assert!(matches!(
            key.to_encrypted_pem(&"x".repeat(LONGEST_PASSPHRASE + 1)),
            Err(KeyError::Encryption)
        ));
    }

    #[test]
    fn a_key_too_costly_to_decrypt_is_refused_before_asking_for_a_passphrase() {
        let parameters =
            pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(20_000_000, &[1; 16], [2; 16])
                .unwrap();
        let info = EncryptedPrivateKeyInfoOwned {
            encryption_algorithm: parameters.into(),
            encrypted_data: OctetString::new([3; 64]).unwrap(),
        };
        let text = pem::encode("ENCRYPTED PRIVATE KEY", &info.to_der().unwrap());
        let opened =
            PrivateKey::from_pem::<KeyError>(&pem::blocks(text.as_bytes())[0], || panic!("asked"));
        assert!(matches!(opened, Err(KeyError::TooCostly(20_000_000))));
    }

    #[test]
    fn a_wrong_passphrase_and_a_damaged_key_are_distinct_errors() {
        let key = PrivateKey::generate_rsa(1024).unwrap();
        let cipher = openssl::symm::Cipher::aes_256_cbc();
        let pem = openssl_types::pkey(&key)
            .private_key_to_pem_pkcs8_passphrase(cipher, b"right")
            .unwrap();
        let block = &pem::blocks(&pem)[0];
        let open = |word: &str| {
            PrivateKey::from_pem::<KeyError>(block, || Ok(Zeroizing::new(word.to_owned())))
        };
        assert!(open("right").is_ok());
        // One wrong passphrase in 256 decrypts to valid padding.
        for number in 0..1024 {
            assert!(matches!(
                open(&format!("wrong {number}")),
                Err(KeyError::Passphrase)
            ));
        }
        let junk = pem::blocks(b"-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n");
        let malformed = PrivateKey::from_pem::<KeyError>(&junk[0], || {
            panic!("asked although it is not encrypted")
        });
        assert!(matches!(malformed, Err(KeyError::Malformed)));
    }
}
