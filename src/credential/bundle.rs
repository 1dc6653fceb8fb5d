//! A user's credential as PKCS#12 (RFC 7292), for browsers.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::stack::Stack;
use zeroize::Zeroizing;

use super::user::Credential;

/// How a bundle is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ciphers {
    /// AES-256 with PBKDF2 and a MAC of SHA-256: Firefox, Chromium and Windows since 2019, OpenSSL, Java.
    Modern,
    /// 3DES and a MAC of SHA-1, which everything reads, macOS's Keychain too.
    Compatible,
}

const ITERATIONS: u32 = 100_000;

impl Credential {
    /// The leaf with its key, and the certificates above it, under a password.
    ///
    /// # Errors
    /// OpenSSL's.
    pub fn to_pkcs12(&self, password: &str, ciphers: Ciphers) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
        let mut builder = Pkcs12::builder();
        let (leaf, issuers) = self.chain().certificates().split_at(1);
        let mut above = Stack::new()?;
        for certificate in issuers {
            above.push(certificate.to_x509())?;
        }
        if let Some(leaf) = leaf.first() {
            let name = leaf.subject().common_name().unwrap_or("grid certificate");
            // OpenSSL's strings end at the first NUL.
            builder.name(&name.replace('\0', "")).cert(leaf.x509());
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
