//! The user's own credential: whether its files are fit, and what is in them (spec 1.9, 1.10).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use openssl::pkcs12::{Pkcs12, Pkcs12Ref};
use zeroize::Zeroizing;

use crate::bounded;
use crate::credential::certificate::Certificate;
use crate::credential::chain::{Chain, ChainError};
use crate::credential::key::{KeyError, PrivateKey};
use crate::credential::location::{Location, PassedOver, trail};
use crate::credential::pem;
use crate::credential::pkcs12;

/// A credential that could not be found or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// No place holds one.
    #[error("no user credential was found; tried:{}", trail(.0))]
    NotFound(Vec<PassedOver>),
    /// A file that was named, or that the other half depends on, cannot be read.
    #[error("cannot read the {what} {}: {reason}", .path.display())]
    Unreadable {
        /// `certificate`, `private key` or `proxy`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key's file lets others read it.
    #[error("the private key {} can be used by others (mode {mode:04o})", .path.display())]
    KeyMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The certificate's file lets others write to it.
    #[error("the certificate {} can be changed by others (mode {mode:04o})", .path.display())]
    CertificateMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key's file is somebody else's.
    #[error("the private key {} belongs to user id {owner}, not to {you}", .path.display())]
    KeyOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The effective user id.
        you: u32,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate: {source}", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        source: ChainError,
    },
    /// The file holds no private key.
    #[error("{} holds no private key", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key cannot be opened.
    #[error("{}: {source}", .path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// Key and certificate are of different credentials.
    #[error("the key {} does not belong to the certificate {}", .key.display(), .certificate.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// There was no passphrase to be had.
    #[error("{} is encrypted and {reason}", .path.display())]
    NoPassphrase {
        /// The key's file.
        path: PathBuf,
        /// Why there is none.
        reason: String,
    },
    /// The user broke off at the prompt.
    #[error("interrupted")]
    Interrupted,
}

impl CredentialError {
    /// The next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotFound(_) => {
                "import the file that your CA sent (voms-proxy import FILE), put your certificate and \
                key into ~/.globus/usercert.pem and ~/.globus/userkey.pem, or name them with --cert and --key"
                    .to_owned()
            }
            Self::Unreadable { what: "private key", .. } => "name the file with your private key by --key".to_owned(),
            Self::Unreadable { .. } => "name the file with your certificate by --cert".to_owned(),
            Self::KeyMode { path, .. } => format!("run: chmod 400 {}", path.display()),
            Self::CertificateMode { path, .. } => format!("run: chmod 644 {}", path.display()),
            Self::KeyOwner { path, .. } => {
                format!("copy it to a file of your own and run: chmod 400 {}", path.display())
            }
            Self::NoCertificate { .. } => "name the file with your certificate by --cert".to_owned(),
            Self::NoKey { .. } => "name the file with your private key by --key".to_owned(),
            Self::Key { source: KeyError::Passphrase, .. } => "try again with the right passphrase".to_owned(),
            Self::Key { source: KeyError::Cipher, path, .. } => {
                format!("convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in {}", path.display())
            }
            Self::Key { source: KeyError::TooCostly(_), .. } => {
                "get it again from where it was made: it may be damaged".to_owned()
            }
            Self::Key { path, .. } => format!("look at it with: openssl pkey -in {}", path.display()),
            Self::Mismatch { .. } => "name the pair that belongs together with --cert and --key".to_owned(),
            Self::NoPassphrase { .. } => "run it on a terminal, or give the passphrase with --pwstdin".to_owned(),
            Self::Interrupted => return None,
        })
    }
}

pub(super) fn read(path: &Path, what: &'static str) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    bounded::read(path, bounded::CONFIGURATION_LIMIT).map_err(|error| CredentialError::Unreadable {
        what,
        path: path.to_owned(),
        reason: bounded::reason(&error),
    })
}

pub(super) fn is_der(file: &[u8]) -> bool {
    file.first() == Some(&0x30)
}

/// A certificate chain with the private key of its leaf.
#[derive(Debug)]
pub struct Credential {
    chain: Chain,
    key: PrivateKey,
}

impl Credential {
    /// Joins a chain and the key of its leaf.
    ///
    /// # Errors
    /// Gives both back when the key is another's.
    pub fn new(chain: Chain, key: PrivateKey) -> Result<Self, (Chain, PrivateKey)> {
        if chain.leaf().belongs_to(key.pkey()) { Ok(Self { chain, key }) } else { Err((chain, key)) }
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

    /// Loads the files: checks their owner and permissions, opens the key (asking `passphrase`, which gets the
    /// file's name, at most once) and checks that it is the certificate's.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn load(
        location: &Location,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>, CredentialError>,
    ) -> Result<Self, CredentialError> {
        Self::load_if(location, check_modes, passphrase)
    }

    /// [`Credential::load`] from files that others may be able to read or change, to find out what else is wrong.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn load_whatever_its_modes(
        location: &Location,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>, CredentialError>,
    ) -> Result<Self, CredentialError> {
        Self::load_if(location, |_| Ok(()), passphrase)
    }

    fn load_if(
        location: &Location,
        check: impl Fn(&Location) -> Result<(), CredentialError>,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>, CredentialError>,
    ) -> Result<Self, CredentialError> {
        let file = read(&location.certificate, "certificate")?;
        if let Some(bundle) = is_der(&file).then(|| Pkcs12::from_der(&file).ok()).flatten() {
            check(location)?;
            return from_pkcs12(&location.certificate, &bundle, passphrase);
        }
        let chain = Chain::parse(&file)
            .map_err(|source| CredentialError::NoCertificate { path: location.certificate.clone(), source })?;
        check(location)?;
        let key_file = match &location.key {
            Some(path) => read(path, "private key")?,
            None => file,
        };
        let key = open_key(location, &key_file, passphrase)?;
        Self::new(chain, key).map_err(|_| CredentialError::Mismatch {
            key: location.key().to_owned(),
            certificate: location.certificate.clone(),
        })
    }
}

fn open_key(
    location: &Location,
    file: &[u8],
    passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<PrivateKey, CredentialError> {
    let path = location.key();
    let blocks = pem::blocks(file);
    let block = blocks
        .iter()
        .find(|block| block.is_private_key())
        .ok_or_else(|| CredentialError::NoKey { path: path.to_owned() })?;
    PrivateKey::from_pem(block, || passphrase(path).map_err(Opening::Passphrase)).map_err(|error| match error {
        Opening::Passphrase(error) => error,
        Opening::Key(source) => {
            CredentialError::Key { path: path.to_owned(), certificate: location.certificate.clone(), source }
        }
    })
}

enum Opening {
    Passphrase(CredentialError),
    Key(KeyError),
}

impl From<KeyError> for Opening {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

fn from_pkcs12(
    path: &Path,
    bundle: &Pkcs12Ref,
    passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<Credential, CredentialError> {
    let bad = |source| CredentialError::Key { path: path.to_owned(), certificate: path.to_owned(), source };
    let passphrase = passphrase(path)?;
    let parsed = pkcs12::open(bundle, &passphrase).map_err(bad)?;
    let key = parsed.pkey.ok_or_else(|| CredentialError::NoKey { path: path.to_owned() })?;
    let no_certificate = |source: ChainError| CredentialError::NoCertificate { path: path.to_owned(), source };
    let leaf = parsed.cert.ok_or_else(|| no_certificate(ChainError::Empty))?;
    let certificates: Result<Vec<_>, _> = std::iter::once(Certificate::from_x509(&leaf))
        .chain(parsed.ca.iter().flatten().map(Certificate::from_x509))
        .collect();
    let chain = certificates.map_err(ChainError::from).and_then(Chain::new).map_err(no_certificate)?;
    Credential::new(chain, PrivateKey::new(key))
        .map_err(|_| CredentialError::Mismatch { key: path.to_owned(), certificate: path.to_owned() })
}

/// What is wrong with owner and modes of the files.
#[must_use]
pub fn file_faults(location: &Location) -> Vec<CredentialError> {
    let key = location.key();
    let all = [check_certificate_mode(&location.certificate), check_key_file(key), check_owner(key)];
    let mut faults: Vec<CredentialError> = all.into_iter().filter_map(Result::err).collect();
    // The second check of the key begins with the first one's question.
    faults.dedup_by_key(|fault| fault.to_string());
    faults
}

fn check_modes(location: &Location) -> Result<(), CredentialError> {
    check_certificate_mode(&location.certificate)?;
    check_key_file(location.key())
}

fn check_certificate_mode(path: &Path) -> Result<(), CredentialError> {
    let mode = metadata(path, "certificate")?.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(CredentialError::CertificateMode { path: path.to_owned(), mode });
    }
    Ok(())
}

fn check_key_file(path: &Path) -> Result<(), CredentialError> {
    let found = metadata(path, "private key")?;
    let mode = found.mode() & 0o7777;
    if found.is_file() && mode & 0o177 != 0 {
        return Err(CredentialError::KeyMode { path: path.to_owned(), mode });
    }
    check_owner(path)
}

/// Whether a key's file is one's own.
///
/// # Errors
/// [`CredentialError::KeyOwner`], [`CredentialError::Unreadable`].
pub fn check_owner(path: &Path) -> Result<(), CredentialError> {
    let (found, you) = (metadata(path, "private key")?, rustix::process::geteuid().as_raw());
    if found.uid() != you {
        return Err(CredentialError::KeyOwner { path: path.to_owned(), owner: found.uid(), you });
    }
    Ok(())
}

fn metadata(path: &Path, what: &'static str) -> Result<std::fs::Metadata, CredentialError> {
    std::fs::metadata(path).map_err(|error| CredentialError::Unreadable {
        what,
        path: path.to_owned(),
        reason: bounded::reason(&error),
    })
}
