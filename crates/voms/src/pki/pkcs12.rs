//! PKCS#12 (RFC 7292): opens bundles whatever their ciphers, and creates bundles for browsers.

use der::asn1::ObjectIdentifier;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12, Pkcs12Ref};
use openssl::stack::Stack;
use zeroize::Zeroizing;

use crate::pki::credential::Credential;
use crate::pki::key::{KeyError, is_unsupported, with_legacy_ciphers};
use crate::pki::key_cost;

/// How a bundle is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ciphers {
    /// AES-256 with PBKDF2 and an HMAC-SHA-256 MAC: read by Firefox, Chromium, Windows since 2019,
    /// OpenSSL and Java.
    Modern,
    /// 3DES and a SHA-1 MAC, which everything reads, including macOS's Keychain.
    Compatible,
}

const ITERATIONS: u32 = 100_000;

impl Credential {
    /// A password-protected bundle of the leaf, its key and the certificates above it.
    ///
    /// # Errors
    /// OpenSSL's.
    pub fn to_pkcs12(
        &self,
        password: &str,
        ciphers: Ciphers,
    ) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
        let mut builder = Pkcs12::builder();
        let (leaf, issuers) = self.chain().certificates().split_at(1);
        let mut above = Stack::new()?;
        for certificate in issuers {
            above.push(certificate.to_x509()?)?;
        }
        if let Some(leaf) = leaf.first() {
            let name = leaf.subject().common_name().unwrap_or("grid certificate");
            // OpenSSL's strings end at the first NUL.
            builder.name(&name.replace('\0', "")).cert(leaf.x509()?);
        }
        builder.pkey(self.key().pkey()).ca(above);
        match ciphers {
            Ciphers::Modern => builder
                .key_algorithm(Nid::AES_256_CBC)
                .cert_algorithm(Nid::AES_256_CBC)
                .mac_md(MessageDigest::sha256())
                .key_iter(ITERATIONS)
                .mac_iter(ITERATIONS),
            Ciphers::Compatible => builder
                .key_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
                .cert_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
                .mac_md(MessageDigest::sha1())
                .key_iter(ITERATIONS)
                .mac_iter(ITERATIONS),
        };
        builder.build2(password)?.to_der().map(Zeroizing::new)
    }
}

/// Opens a PKCS#12 bundle with a password.
///
/// # Errors
/// [`KeyError::Passphrase`], [`KeyError::Cipher`], [`KeyError::TooCostly`], [`KeyError::Malformed`].
pub fn open(bundle: &Pkcs12Ref, password: &str) -> Result<ParsedPkcs12_2, KeyError> {
    key_cost::check_bundle(bundle)?;
    // OpenSSL's strings end at the first NUL.
    if password.contains('\0') {
        return Err(KeyError::Passphrase);
    }
    let attempt = |password: &str| with_legacy_ciphers(|| bundle.parse2(password));
    attempt(password)
        .or_else(|errors| match password.is_ascii() {
            true => Err(errors),
            // OpenSSL before 1.1 treated each byte of the password as a character.
            false => attempt(&Zeroizing::new(
                password.bytes().map(char::from).collect::<String>(),
            )),
        })
        .map_err(|errors| why_not_opened(&errors))
}

/// A wrong password fails at the MAC over the whole bundle or, without a MAC, at the contents.
fn why_not_opened(errors: &ErrorStack) -> KeyError {
    let says = |what: &str| {
        let reasons = errors.errors().iter().filter_map(|error| error.reason());
        reasons
            .map(str::to_ascii_lowercase)
            .any(|reason| reason.contains(what))
    };
    if says("mac verify failure") {
        KeyError::Passphrase
    } else if is_unsupported(errors) || says("unknown") || says("unsupported") {
        KeyError::Cipher
    } else {
        KeyError::Passphrase
    }
}

/// Ciphers of PKCS#12 (RFC 7292 appendix C, RFC 8018 appendix B.2).
const CIPHERS: [(ObjectIdentifier, &str); 10] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.1"),
        "RC4-128",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.2"),
        "RC4-40",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3"),
        "3DES",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4"),
        "3DES with two keys",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5"),
        "RC2-128",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6"),
        "RC2-40",
    ),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.3.7"), "3DES"),
    (
        ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2"),
        "AES-128",
    ),
    (
        ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22"),
        "AES-192",
    ),
    (
        ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42"),
        "AES-256",
    ),
];

/// The ciphers named in the unencrypted parts of a bundle. Searched for by their bytes, since old
/// bundles are BER.
pub fn ciphers_in(bundle: &[u8]) -> Vec<&'static str> {
    let mut found: Vec<&str> = Vec::new();
    for (id, name) in CIPHERS {
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
