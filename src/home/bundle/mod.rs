//! The files received from an institution, in any format, with a user's certificate, its key and
//! the CAs above it (RFC 7292, RFC 2315, RFC 5958, RFC 7468; spec 1.9).

mod choice;
mod error;
pub mod foreign;
mod text;

use std::path::{Path, PathBuf};

use openssl::pkcs7::Pkcs7;
use voms::files;
use voms::openssl_types;
use voms::pki::certificate::{Certificate, CertificateError};
use voms::pki::key::{self, KeyError, PrivateKey};
use voms::pki::pem::{self, Block};
use voms::pki::pkcs12::{self, Bundle};
use zeroize::Zeroizing;

pub use self::choice::Chosen;
pub use self::error::ReceivedError;
pub use self::foreign::Foreign;
pub use self::text::base64_alone;
use self::text::tidied;
use crate::home::load::CredentialError;

/// An OpenSSH key, which PEM parsers mistake for another private key format.
const SSH: &str = "OPENSSH PRIVATE KEY";

/// Prompts for a file's password, given the number of failed attempts so far. `None` stops the
/// attempts.
pub type Ask<'a> =
    &'a mut dyn FnMut(&Path, u32) -> Result<Option<Zeroizing<String>>, CredentialError>;

/// A file that was recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The file.
    pub path: PathBuf,
    /// Its format, such as `PKCS#12 (RC2-40 and 3DES)`.
    pub form: String,
}

/// The contents found so far.
#[derive(Default)]
pub struct Received {
    certificates: Vec<Certificate>,
    keys: Vec<PrivateKey>,
    understood: Vec<Understood>,
    passwords: Vec<Zeroizing<String>>,
    /// Whether a certificate request was found among other things.
    requested: bool,
}

impl Received {
    /// Reads a file in any format and adds its contents.
    ///
    /// # Errors
    /// [`ReceivedError`].
    pub fn add(&mut self, path: &Path, ask: Ask<'_>) -> Result<(), ReceivedError> {
        let file = files::read_limited(path, files::CONFIGURATION_LIMIT).map_err(|error| {
            ReceivedError::Unreadable {
                path: path.to_owned(),
                reason: files::reason(&error),
            }
        })?;
        self.add_contents(path, &file, ask)
    }

    /// The same for what has been read already.
    ///
    /// # Errors
    /// [`ReceivedError`].
    pub fn add_contents(
        &mut self,
        path: &Path,
        file: &[u8],
        ask: Ask<'_>,
    ) -> Result<(), ReceivedError> {
        let form = self.take(path, file, ask)?;
        self.understood.push(Understood {
            path: path.to_owned(),
            form,
        });
        Ok(())
    }

    /// The recognized files and their formats, in the order they were added.
    #[must_use]
    pub fn understood(&self) -> &[Understood] {
        &self.understood
    }

    /// Whether there is a private key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether there is a certificate that could be the user's.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        self.certificates
            .iter()
            .any(|certificate| !certificate.is_ca())
    }

    fn take(&mut self, path: &Path, file: &[u8], ask: Ask<'_>) -> Result<String, ReceivedError> {
        let text = tidied(file);
        let blocks = pem::blocks(&text);
        if blocks.is_empty() {
            if let Some(der) = base64_alone(&text) {
                return self.take_der(path, &der, ask);
            }
            return self.take_der(path, without_line_ends(file), ask);
        }
        let mut taken = 0;
        for block in &blocks {
            taken += usize::from(self.take_block(path, block, ask)?);
        }
        if taken == 0 {
            return Err(ReceivedError::Foreign {
                path: path.to_owned(),
                what: foreign::of_blocks(&blocks),
            });
        }
        Ok("PEM".to_owned())
    }

    /// Takes one block, unless it is unusable.
    fn take_block(
        &mut self,
        path: &Path,
        block: &Block<'_>,
        ask: Ask<'_>,
    ) -> Result<bool, ReceivedError> {
        let damaged = |reason: &str| ReceivedError::Damaged {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        if block.label() == SSH {
            return Ok(false);
        }
        if block.is_private_key() {
            let key = self.open(path, (&[], block.is_encrypted()), ask, |password| {
                PrivateKey::from_pem(block, || Ok(Zeroizing::new(password.to_owned())))
            })?;
            self.keys.push(key);
            return Ok(true);
        }
        const CONTAINERS: [&str; 5] = [
            "PKCS7",
            "PKCS #7 SIGNED DATA",
            "CMS",
            "CERTIFICATE CHAIN",
            "PKCS12",
        ];
        if !block.is_certificate() && !CONTAINERS.contains(&block.label()) {
            self.requested |= block.label().ends_with("CERTIFICATE REQUEST");
            return Ok(false);
        }
        let der = block
            .der()
            .ok_or_else(|| damaged("a block in it is not base64"))?;
        self.take_der(path, &der, ask).map(|_| true)
    }

    fn take_der(&mut self, path: &Path, der: &[u8], ask: Ask<'_>) -> Result<String, ReceivedError> {
        if let Some(label) = key::label_of(der) {
            let text = pem::encode(label, der);
            let blocks = pem::blocks(text.as_bytes());
            for block in &blocks {
                self.take_block(path, block, ask)?;
            }
            return Ok("DER".to_owned());
        }
        if let Ok(certificate) = Certificate::from_der(der) {
            self.add_certificate(path, certificate)?;
            return Ok("DER".to_owned());
        }
        if let Some(bundle) = Bundle::parse(der) {
            return self.take_pkcs12(path, (&bundle, der), ask);
        }
        if let Ok(message) = Pkcs7::from_der(der) {
            let certificates = message.signed().and_then(|signed| signed.certificates());
            for x509 in certificates.into_iter().flatten() {
                self.add_read(path, openssl_types::certificate(x509))?;
            }
            return Ok("PKCS#7".to_owned());
        }
        Err(match pem::stated_length(der) {
            Some(wanted) if der[0] == 0x30 && wanted > der.len() => ReceivedError::CutShort {
                path: path.to_owned(),
                has: der.len(),
                wanted,
            },
            _ => ReceivedError::Foreign {
                path: path.to_owned(),
                what: foreign::of_file(der),
            },
        })
    }

    fn take_pkcs12(
        &mut self,
        path: &Path,
        (bundle, der): (&Bundle, &[u8]),
        ask: Ask<'_>,
    ) -> Result<String, ReceivedError> {
        let ciphers = pkcs12::ciphers_in(der);
        let count = pkcs12::keys_in(der);
        if count > 1 {
            return Err(ReceivedError::SeveralKeys {
                path: path.to_owned(),
                count,
            });
        }
        let mut contents = self.open(path, (&ciphers, true), ask, |password| {
            bundle.open(password)
        })?;
        self.keys.extend(contents.key.take());
        for certificate in contents.certificates() {
            self.add_read(path, certificate)?;
        }
        Ok(format!(
            "PKCS#12{}",
            if ciphers.is_empty() {
                String::new()
            } else {
                format!(" ({})", ciphers.join(", "))
            }
        ))
    }

    fn add_read(
        &mut self,
        path: &Path,
        read: Result<Certificate, CertificateError>,
    ) -> Result<(), ReceivedError> {
        let certificate = read.map_err(|error| ReceivedError::Damaged {
            path: path.to_owned(),
            reason: format!("a certificate in it cannot be read: {error}"),
        })?;
        self.add_certificate(path, certificate)
    }

    fn add_certificate(
        &mut self,
        path: &Path,
        certificate: Certificate,
    ) -> Result<(), ReceivedError> {
        certificate
            .check_supported()
            .map_err(|error| ReceivedError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        if certificate.is_proxy() {
            return Err(ReceivedError::Proxy {
                path: path.to_owned(),
                identity: certificate.issuer().clone(),
            });
        }
        if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
        }
        Ok(())
    }

    /// Opens something that may be encrypted: first without a password, then with the passwords
    /// that opened other files, then by prompting.
    fn open<T>(
        &mut self,
        path: &Path,
        (ciphers, encrypted): (&[&'static str], bool),
        ask: Ask<'_>,
        attempt: impl Fn(&str) -> Result<T, KeyError>,
    ) -> Result<T, ReceivedError> {
        let hopeless = |error: KeyError| match error {
            KeyError::Cipher => ReceivedError::Cipher {
                path: path.to_owned(),
                ciphers: ciphers.to_vec(),
            },
            error => ReceivedError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
            },
        };
        for known in std::iter::once("").chain(self.passwords.iter().map(|known| known.as_str())) {
            match attempt(known) {
                Ok(opened) => return Ok(opened),
                Err(KeyError::Passphrase) if encrypted => {}
                Err(error) => return Err(hopeless(error)),
            }
        }
        let mut wrong = 0;
        while let Some(password) = ask(path, wrong)? {
            match attempt(&password) {
                Ok(opened) => {
                    self.passwords.push(password);
                    return Ok(opened);
                }
                Err(KeyError::Passphrase) => wrong += 1,
                Err(error) => return Err(hopeless(error)),
            }
        }
        Err(ReceivedError::Password {
            path: path.to_owned(),
            ciphers: ciphers.to_vec(),
        })
    }
}

/// DER without the line endings that a text tool appended.
fn without_line_ends(file: &[u8]) -> &[u8] {
    let behind = pem::stated_length(file)
        .filter(|_| file[0] == 0x30)
        .and_then(|length| file.split_at_checked(length));
    behind
        .filter(|(_, rest)| rest.trim_ascii().is_empty())
        .map_or(file, |(der, _)| der)
}
