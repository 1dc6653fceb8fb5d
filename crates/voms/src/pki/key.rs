//! Private keys: read in every form that credential files hold, made, and never printed.

use der::asn1::OctetString;
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::{Id, PKey, PKeyRef, Private};
use openssl::provider::Provider;
use openssl::rand::rand_bytes;
use openssl::rsa::Rsa;
use openssl::symm::{Cipher, encrypt};
use pkcs8::EncryptedPrivateKeyInfoOwned;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use crate::pki::key_cost;
use crate::pki::pem::{self, Block};

/// What a guess at a passphrase costs: about a tenth of a second on one core of today, a hundred times OpenSSL's own.
const ITERATIONS: u32 = 250_000;

/// In bytes; of a longer passphrase OpenSSL's readers take the beginning.
pub const LONGEST_PASSPHRASE: usize = 1024;

/// A private key that could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The passphrase does not open it, or what it opens is damaged.
    #[error("the passphrase does not open it, or it is damaged")]
    Passphrase,
    /// Encrypted with a cipher that this OpenSSL does not have.
    #[error("it is encrypted with a cipher that is not supported here")]
    Cipher,
    /// Opening it would take minutes or more: a count that is damaged, or chosen to keep the reader busy.
    #[error("deriving its key takes {0} rounds, where {most} are the most", most = key_cost::MOST_ROUNDS)]
    TooCostly(u64),
    /// No private key in any known form.
    #[error("it is not a private key in any known form")]
    Malformed,
    /// OpenSSL could not make a key.
    #[error("key generation failed: {0}")]
    Generation(ErrorStack),
    /// It could not be encrypted.
    #[error("the key cannot be encrypted")]
    Encryption,
}

/// What kind of key is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of so many bits.
    Rsa(u32),
    /// EC on P-256.
    P256,
}

/// A private key. It can sign; it cannot be cloned and is printed nowhere.
pub struct PrivateKey(PKey<Private>);

impl PrivateKey {
    /// Takes over a key that OpenSSL holds.
    #[must_use]
    pub fn new(key: PKey<Private>) -> Self {
        Self(key)
    }

    /// Generates a key.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        match kind {
            KeyKind::Rsa(bits) => Self::generate_rsa(bits),
            KeyKind::P256 => PKey::ec_gen("prime256v1")
                .map(Self)
                .map_err(KeyError::Generation),
        }
    }

    /// Generates an RSA key of `bits` with exponent 65537.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate_rsa(bits: u32) -> Result<Self, KeyError> {
        Rsa::generate(bits)
            .and_then(PKey::from_rsa)
            .map(Self)
            .map_err(KeyError::Generation)
    }

    /// Parses a private key block: PKCS#1, SEC 1 or PKCS#8, each in the clear or encrypted (also with the ciphers
    /// that OpenSSL 3 calls legacy). `passphrase` is asked for only when the block is encrypted.
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
            let key = PKey::private_key_from_pem_callback(pem, |_| Ok(0));
            return key.map(Self).map_err(|_| KeyError::Malformed.into());
        }
        if let Some(der) = block.der() {
            key_cost::check_key(&der)?;
        }
        let passphrase = passphrase()?;
        let open = || {
            PKey::private_key_from_pem_callback(pem, |buffer| {
                // Longer than OpenSSL's buffer is cut off, and then it is the wrong one.
                let length = passphrase.len().min(buffer.len());
                buffer[..length].copy_from_slice(&passphrase.as_bytes()[..length]);
                Ok(length)
            })
        };
        let key = with_legacy_ciphers(open).map_err(|errors| why_not_opened(&errors))?;
        Ok(Self(key))
    }

    /// OpenSSL's view.
    #[must_use]
    pub fn pkey(&self) -> &PKeyRef<Private> {
        &self.0
    }

    /// The key's size in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// The PEM block that proxy files hold: `RSA PRIVATE KEY` for RSA, which the oldest readers know too, `PRIVATE
    /// KEY` for the others.
    ///
    /// # Errors
    /// OpenSSL's.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
        let pem = match self.0.id() {
            Id::RSA => self.0.rsa()?.private_key_to_pem()?,
            _ => self.0.private_key_to_pem_pkcs8()?,
        };
        Ok(Zeroizing::new(pem))
    }

    /// A PKCS#8 block in the clear.
    ///
    /// # Errors
    /// [`KeyError::Encryption`].
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der = Zeroizing::new(
            self.0
                .private_key_to_pkcs8()
                .map_err(|_| KeyError::Encryption)?,
        );
        Ok(pem::encode("PRIVATE KEY", &der))
    }

    /// A PKCS#8 block that only the passphrase opens: AES-256 in CBC mode under a key derived by PBKDF2 with
    /// HMAC-SHA-256 (RFC 8018), which every client reads. It was opened once, as there may be no other copy.
    ///
    /// # Errors
    /// [`KeyError::Encryption`].
    pub fn to_encrypted_pem(&self, passphrase: &str) -> Result<Zeroizing<String>, KeyError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        let random = rand_bytes(&mut salt).and_then(|()| rand_bytes(&mut iv));
        let encrypted = random.and_then(|()| self.encrypted(passphrase, &salt, &iv));
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
            opened.is_ok_and(|opened| opened.0.public_eq(&self.0))
        };
        if pem::blocks(pem.as_bytes()).first().is_some_and(opens) {
            Ok(pem)
        } else {
            Err(KeyError::Encryption)
        }
    }

    fn encrypted(&self, passphrase: &str, salt: &[u8], iv: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut key = Zeroizing::new([0; 32]);
        let rounds = usize::try_from(ITERATIONS).unwrap_or(usize::MAX);
        pbkdf2_hmac(
            passphrase.as_bytes(),
            salt,
            rounds,
            MessageDigest::sha256(),
            &mut *key,
        )?;
        let clear = Zeroizing::new(self.0.private_key_to_pkcs8()?);
        encrypt(Cipher::aes_256_cbc(), &*key, Some(iv), &clear)
    }
}

/// The PEM label of a private key in DER, by its outermost fields: PKCS#8 in the clear or encrypted, PKCS#1, SEC 1;
/// `None` where it is no private key.
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

/// Runs `open`, and once more with OpenSSL's legacy provider when a cipher is missing.
pub(crate) fn with_legacy_ciphers<T>(
    open: impl Fn() -> Result<T, ErrorStack>,
) -> Result<T, ErrorStack> {
    let first = open();
    match &first {
        Err(errors) if is_unsupported(errors) => {
            let _legacy = Provider::try_load(None, "legacy", true)?;
            open()
        }
        _ => first,
    }
}

/// The decoders also say "unsupported", of the noise that a wrong passphrase sometimes decrypts to.
pub(crate) fn is_unsupported(errors: &ErrorStack) -> bool {
    let is = |text: Option<&str>, what: &str| text.is_some_and(|text| text.contains(what));
    errors
        .errors()
        .iter()
        .any(|e| is(e.library(), "digital envelope") && is(e.reason(), "unsupported"))
}

/// A wrong passphrase shows as a bad padding, a bad MAC or, once in some hundred times, as bad ASN.1.
pub fn why_not_opened(errors: &ErrorStack) -> KeyError {
    if is_unsupported(errors) {
        KeyError::Cipher
    } else {
        KeyError::Passphrase
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn nobody_is_asked_for_the_passphrase_of_a_key_that_takes_for_ever() {
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
    fn a_wrong_passphrase_is_told_from_damage_of_a_clear_key() {
        let key = PrivateKey::generate_rsa(1024).unwrap();
        let cipher = openssl::symm::Cipher::aes_256_cbc();
        let pem = key
            .pkey()
            .private_key_to_pem_pkcs8_passphrase(cipher, b"right")
            .unwrap();
        let block = &pem::blocks(&pem)[0];
        let open = |word: &str| {
            PrivateKey::from_pem::<KeyError>(block, || Ok(Zeroizing::new(word.to_owned())))
        };
        assert!(open("right").is_ok());
        // One wrong passphrase in 256 decrypts to something whose padding fits.
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
