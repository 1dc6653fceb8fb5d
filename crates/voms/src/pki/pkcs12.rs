//! PKCS#12 (RFC 7292): opens bundles whatever their ciphers, and creates bundles for browsers.

use der::asn1::ObjectIdentifier;

use crate::crypto::{self, Protection};
use crate::pki::certificate::{Certificate, CertificateError};
use crate::pki::key::{KeyError, PrivateKey};
use crate::pki::key_cost;

/// How a bundle is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ciphers {
    /// AES-256 with PBKDF2 and an HMAC-SHA-256 MAC: read by Firefox, Chromium, Windows since 2019,
    /// OpenSSL and Java.
    Modern,
    /// 3DES and a SHA-1 MAC, which everything reads, including macOS's Keychain.
    Compatible,
}

const ITERATIONS: u32 = 100_000;

impl Ciphers {
    pub(crate) fn protection(self) -> (Protection, u32) {
        let protection = match self {
            Self::Modern => Protection::Aes256,
            Self::Compatible => Protection::TripleDes,
        };
        (protection, ITERATIONS)
    }
}

/// A PKCS#12 bundle that has not been opened yet.
pub struct Bundle(crypto::Bundle);

/// What a bundle holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contents {
    /// The private key.
    pub key: Option<PrivateKey>,
    /// The certificate that the bundle says belongs to the key.
    pub own: Option<Result<Certificate, CertificateError>>,
    /// The other certificates.
    pub others: Vec<Result<Certificate, CertificateError>>,
}

impl Contents {
    /// All certificates, the key's first.
    pub fn certificates(self) -> impl Iterator<Item = Result<Certificate, CertificateError>> {
        self.own.into_iter().chain(self.others)
    }
}

impl Bundle {
    /// Recognizes a bundle, in DER or BER.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        crypto::Bundle::parse(bytes).map(Self)
    }

    /// Opens the bundle with a password, whatever its ciphers.
    ///
    /// # Errors
    /// [`KeyError::Passphrase`], [`KeyError::Cipher`], [`KeyError::TooCostly`],
    /// [`KeyError::Malformed`].
    pub fn open(&self, password: &str) -> Result<Contents, KeyError> {
        key_cost::check_bundle(&self.0.to_der().ok_or(KeyError::Malformed)?)?;
        // OpenSSL's strings end at the first NUL.
        if password.contains('\0') {
            return Err(KeyError::Passphrase);
        }
        let contents = self.0.open(password)?;
        Ok(Contents {
            key: contents.key.map(PrivateKey::from),
            own: contents.own.map(|der| Certificate::from_der(&der)),
            others: contents
                .others
                .iter()
                .map(|der| Certificate::from_der(der))
                .collect(),
        })
    }
}

/// Ciphers of PKCS#12 (RFC 7292 appendix C, RFC 8018 appendix B.2).
const CIPHERS: [(&str, &str); 10] = [
    ("1.2.840.113549.1.12.1.1", "RC4-128"),
    ("1.2.840.113549.1.12.1.2", "RC4-40"),
    ("1.2.840.113549.1.12.1.3", "3DES"),
    ("1.2.840.113549.1.12.1.4", "3DES with two keys"),
    ("1.2.840.113549.1.12.1.5", "RC2-128"),
    ("1.2.840.113549.1.12.1.6", "RC2-40"),
    ("1.2.840.113549.3.7", "3DES"),
    ("2.16.840.1.101.3.4.1.2", "AES-128"),
    ("2.16.840.1.101.3.4.1.22", "AES-192"),
    ("2.16.840.1.101.3.4.1.42", "AES-256"),
];

/// The ciphers named in the unencrypted parts of a bundle. Searched for by their bytes, since old
/// bundles are BER.
pub fn ciphers_in(bundle: &[u8]) -> Vec<&'static str> {
    let mut found: Vec<&str> = Vec::new();
    for (id, name) in CIPHERS {
        let id = ObjectIdentifier::new_unwrap(id);
        if occurrences(bundle, id) > 0 && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// A bag with an encrypted key (RFC 7292 section 4.2.2).
const SHROUDED_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");

/// The number of encrypted keys in the unencrypted parts of a bundle.
pub fn keys_in(bundle: &[u8]) -> usize {
    occurrences(bundle, SHROUDED_KEY)
}

/// How often an object identifier occurs in BER.
fn occurrences(bytes: &[u8], id: ObjectIdentifier) -> usize {
    let body = id.as_bytes();
    let header = [0x06, u8::try_from(body.len()).unwrap_or(0)];
    bytes
        .windows(2 + body.len())
        .filter(|part| part[..2] == header && &part[2..] == body)
        .count()
}
