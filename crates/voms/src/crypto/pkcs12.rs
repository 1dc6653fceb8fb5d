//! PKCS#12 containers (RFC 7292).

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::stack::Stack;
use zeroize::Zeroizing;

use crate::crypto::key::with_legacy_ciphers;
use crate::crypto::reason::{MAC, MISSING, UNKNOWN};
use crate::crypto::{CryptoError, DerCertificate, OpenError, SecretKey};

/// A bundle that has not been opened yet.
pub(crate) struct Bundle(Pkcs12);

/// What an opened bundle holds.
pub(crate) struct Contents {
    pub key: Option<SecretKey>,
    /// The certificate of the key, in DER.
    pub own: Option<Vec<u8>>,
    /// The other certificates, in DER.
    pub others: Vec<Vec<u8>>,
}

/// How a new bundle is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    Aes256,
    TripleDes,
}

impl Bundle {
    /// Reads DER or BER; `None` if it is not a bundle.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Pkcs12::from_der(bytes).ok().map(Self)
    }

    /// The outer structure as DER, even if the bundle came as BER.
    pub fn to_der(&self) -> Option<Vec<u8>> {
        self.0.to_der().ok()
    }

    pub fn open(&self, password: &str) -> Result<Contents, OpenError> {
        let attempt = |password: &str| with_legacy_ciphers(|| self.0.parse2(password));
        let parsed = attempt(password)
            .or_else(|errors| match password.is_ascii() {
                true => Err(errors),
                // OpenSSL before 1.1 treated each byte of the password as a character.
                false => attempt(&Zeroizing::new(
                    password.bytes().map(char::from).collect::<String>(),
                )),
            })
            .map_err(why_not_opened)?;
        let der = |x509: &openssl::x509::X509Ref| x509.to_der().map_err(why_not_opened);
        Ok(Contents {
            own: parsed.cert.as_deref().map(der).transpose()?,
            others: parsed
                .ca
                .iter()
                .flatten()
                .map(der)
                .collect::<Result<_, _>>()?,
            key: parsed.pkey.map(SecretKey),
        })
    }
}

/// A wrong password fails at the MAC over the whole bundle or, without a MAC, at the contents.
fn why_not_opened(errors: ErrorStack) -> OpenError {
    let error = CryptoError(errors);
    let is_unknown = error.is_one_of(&MISSING) || error.is_one_of(&UNKNOWN);
    match is_unknown && !error.is_one_of(&MAC) {
        true => OpenError::Cipher,
        false => OpenError::Passphrase,
    }
}

/// Creates a bundle of a key, its certificate and those above it.
pub(crate) fn build_bundle(
    password: &str,
    name: &str,
    (key, leaf, above): (&SecretKey, &DerCertificate, &[&DerCertificate]),
    (protection, rounds): (Protection, u32),
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (cipher, mac) = match protection {
        Protection::Aes256 => (Nid::AES_256_CBC, MessageDigest::sha256()),
        Protection::TripleDes => (
            Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC,
            MessageDigest::sha1(),
        ),
    };
    let build = || {
        let mut others = Stack::new()?;
        for certificate in above {
            others.push(certificate.x509()?.clone())?;
        }
        let mut builder = Pkcs12::builder();
        builder
            // OpenSSL's strings end at the first NUL.
            .name(&name.replace('\0', ""))
            .cert(leaf.x509()?)
            .pkey(&key.0)
            .ca(others)
            .key_algorithm(cipher)
            .cert_algorithm(cipher)
            .mac_md(mac)
            .key_iter(rounds)
            .mac_iter(rounds);
        builder.build2(password)?.to_der().map(Zeroizing::new)
    };
    build().map_err(CryptoError)
}
