//! The user's credential: whether its files are acceptable, and what they contain (spec 1.9, 1.10).

mod error;

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use voms::chain::{Chain, ChainError};
use voms::credential::Credential;
use voms::files;
use voms::pki::dn::Dn;
use voms::pki::key::{self, KeyError, PrivateKey};
use voms::pki::pem;
use voms::pki::pkcs12::Bundle;
use zeroize::Zeroizing;

pub use self::error::{CredentialError, FileRole, PassphraseProblem};
use crate::home::bundle::{base64_alone, foreign};
use crate::home::location::Location;

/// A file's contents and metadata as they were when it was read.
pub(super) struct ReadFile {
    path: PathBuf,
    found: Metadata,
    pub(super) contents: Zeroizing<Vec<u8>>,
}

/// Reads a file once; later checks use what was read here.
pub(super) fn read(path: &Path, role: FileRole) -> Result<ReadFile, CredentialError> {
    let read = files::read_unplanted(path, files::CONFIGURATION_LIMIT);
    let (found, contents) = read.map_err(|error| unreadable(path, role, &error))?;
    Ok(ReadFile {
        path: path.to_owned(),
        found,
        contents,
    })
}

fn unreadable(path: &Path, role: FileRole, error: &std::io::Error) -> CredentialError {
    CredentialError::Unreadable {
        role,
        path: path.to_owned(),
        reason: files::reason(error),
    }
}

pub(super) fn is_der(file: &[u8]) -> bool {
    file.first() == Some(&0x30)
}

/// What is known without the key: the certificates, unless they are encrypted or cannot be read.
#[must_use]
pub fn certificates(location: &Location) -> Option<Chain> {
    let file = files::read_limited(location.certificate(), files::CONFIGURATION_LIMIT).ok()?;
    Chain::parse_in_any_order(&file).ok()
}

/// A key that needs its passphrase.
#[derive(Clone, Copy, Debug)]
pub struct Locked<'a> {
    /// The file.
    pub path: &'a Path,
    /// Whose it is; unknown if the certificate is encrypted too.
    pub owner: Option<&'a Dn>,
}

/// Asks nobody, for the reason given.
pub fn asking_nobody(
    why: PassphraseProblem,
) -> impl FnOnce(Locked<'_>) -> Result<Zeroizing<String>, CredentialError> {
    move |locked| {
        Err(CredentialError::NoPassphrase {
            path: locked.path.to_owned(),
            is_new: false,
            why,
        })
    }
}

/// Loads a credential: checks the owner and permissions of its files, opens the key (calling
/// `passphrase` at most once), and checks that it matches the certificate.
///
/// # Errors
/// [`CredentialError`].
pub fn load(
    location: &Location,
    passphrase: impl FnOnce(Locked<'_>) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<Credential, CredentialError> {
    load_if(location, check_modes, passphrase)
}

/// Like [`load`], but accepts files that others can read or change, in order to find further
/// problems.
///
/// # Errors
/// [`CredentialError`].
pub fn load_ignoring_permissions(
    location: &Location,
    passphrase: impl FnOnce(Locked<'_>) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<Credential, CredentialError> {
    load_if(location, |_, _| Ok(()), passphrase)
}

fn load_if(
    location: &Location,
    check: impl Fn(&ReadFile, &ReadFile) -> Result<(), CredentialError>,
    passphrase: impl FnOnce(Locked<'_>) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<Credential, CredentialError> {
    let file = read(&location.certificate, FileRole::Certificate)?;
    let binary = binary(&file.contents);
    let contents = binary.as_ref().unwrap_or(&file.contents);
    if let Some(bundle) = is_der(contents).then(|| Bundle::parse(contents)).flatten() {
        check(&file, &file)?;
        return from_pkcs12(&location.certificate, &bundle, passphrase);
    }
    let chain = Chain::parse_in_any_order(contents).and_then(supported);
    let path = location.certificate.clone();
    let chain = chain.map_err(|source| match source {
        ChainError::Empty => CredentialError::NotACertificate {
            path,
            what: foreign::in_words(contents),
        },
        source => CredentialError::NoCertificate { path, source },
    })?;
    let key_file = location
        .key
        .as_ref()
        .map(|path| read(path, FileRole::PrivateKey))
        .transpose()?;
    let key_file = key_file.as_ref().unwrap_or(&file);
    // Modes that are right do not help if there is no key.
    if !holds_key(&key_file.contents) {
        return Err(CredentialError::NoKey {
            path: location.key().to_owned(),
        });
    }
    check(&file, key_file)?;
    let key = open_key(location, &key_file.contents, |path| {
        passphrase(Locked {
            path,
            owner: Some(chain.identity()),
        })
    })?;
    pair(chain, key).ok_or_else(|| CredentialError::Mismatch {
        key: location.key().to_owned(),
        certificate: location.certificate.clone(),
    })
}

/// The key with its certificate, wherever that stands among the others.
fn pair(chain: Chain, key: PrivateKey) -> Option<Credential> {
    Credential::new(chain, key)
        .or_else(|(chain, key)| {
            let own = chain.beginning_with(|certificate| certificate.belongs_to(&key));
            Credential::new(own.unwrap_or(chain), key)
        })
        .ok()
}

/// The DER in a file that mail programs left as base64 alone, or a bundle in PEM boundaries.
fn binary(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match pem::blocks(file).as_slice() {
        [] => base64_alone(file),
        [block] if block.label() == "PKCS12" => block.der(),
        _ => None,
    }
}

/// A chain that OpenSSL cannot handle would otherwise look as if its key did not fit.
fn supported(chain: Chain) -> Result<Chain, ChainError> {
    chain.check_supported()?;
    Ok(chain)
}

fn holds_key(file: &[u8]) -> bool {
    let binary = binary(file);
    let der = binary.as_ref().map_or(file, |der| der.as_slice());
    key::label_of(der).is_some() || pem::blocks(file).iter().any(pem::Block::is_private_key)
}

fn open_key(
    location: &Location,
    file: &[u8],
    passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<PrivateKey, CredentialError> {
    let path = location.key();
    let binary = binary(file);
    let der = binary.as_ref().map_or(file, |der| der.as_slice());
    let text = key::label_of(der).map(|label| pem::encode(label, der));
    let blocks = pem::blocks(text.as_ref().map_or(file, |text| text.as_bytes()));
    let block = blocks
        .iter()
        .find(|block| block.is_private_key())
        .ok_or_else(|| CredentialError::NoKey {
            path: path.to_owned(),
        })?;
    let unusable = |source| CredentialError::Key {
        path: path.to_owned(),
        certificate: location.certificate.clone(),
        source,
    };
    PrivateKey::from_pem(block, || passphrase(path).map_err(Opening::Passphrase)).map_err(|error| {
        match error {
            Opening::Passphrase(error) => error,
            Opening::Key(source) => unusable(source),
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
    bundle: &Bundle,
    passphrase: impl FnOnce(Locked<'_>) -> Result<Zeroizing<String>, CredentialError>,
) -> Result<Credential, CredentialError> {
    let bad = |source| CredentialError::Key {
        path: path.to_owned(),
        certificate: path.to_owned(),
        source,
    };
    let passphrase = passphrase(Locked { path, owner: None })?;
    let mut contents = bundle.open(&passphrase).map_err(bad)?;
    let key = contents.key.take().ok_or_else(|| CredentialError::NoKey {
        path: path.to_owned(),
    })?;
    let certificates = match contents.own {
        Some(_) => contents.certificates().collect(),
        None => Ok(Vec::new()),
    };
    let chain = certificates
        .map_err(ChainError::from)
        .and_then(Chain::new)
        .and_then(supported)
        .map_err(|source: ChainError| CredentialError::NoCertificate {
            path: path.to_owned(),
            source,
        })?;
    pair(chain, key).ok_or_else(|| CredentialError::Mismatch {
        key: path.to_owned(),
        certificate: path.to_owned(),
    })
}

/// Problems with the owner and modes of the files.
#[must_use]
pub fn file_faults(location: &Location) -> Vec<CredentialError> {
    let certificate = metadata(&location.certificate, FileRole::Certificate)
        .and_then(|found| check_certificate_mode(&location.certificate, &found));
    let path = location.key();
    let key = metadata(path, FileRole::PrivateKey);
    let (mode, owner) = match &key {
        Ok(found) => (check_key_mode(path, found), check_owner(path, found)),
        Err(_) => (key.map(|_| ()), Ok(())),
    };
    [certificate, mode, owner]
        .into_iter()
        .filter_map(Result::err)
        .collect()
}

fn check_modes(certificate: &ReadFile, key: &ReadFile) -> Result<(), CredentialError> {
    check_certificate_mode(&certificate.path, &certificate.found)?;
    check_key_mode(&key.path, &key.found)?;
    check_owner(&key.path, &key.found)
}

fn check_certificate_mode(path: &Path, found: &Metadata) -> Result<(), CredentialError> {
    let mode = found.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(CredentialError::CertificateMode {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

fn check_key_mode(path: &Path, found: &Metadata) -> Result<(), CredentialError> {
    let mode = found.mode() & 0o7777;
    if found.is_file() && mode & 0o177 != 0 {
        return Err(CredentialError::KeyMode {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// The contents of a private key file, which must belong to the user.
///
/// # Errors
/// [`CredentialError::KeyOwner`], [`CredentialError::Unreadable`].
pub fn own_key_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let file = read(path, FileRole::PrivateKey)?;
    check_owner(path, &file.found)?;
    Ok(file.contents)
}

fn check_owner(path: &Path, found: &Metadata) -> Result<(), CredentialError> {
    let you = rustix::process::geteuid().as_raw();
    if found.uid() != you {
        return Err(CredentialError::KeyOwner {
            path: path.to_owned(),
            owner: found.uid(),
            you,
        });
    }
    Ok(())
}

fn metadata(path: &Path, role: FileRole) -> Result<Metadata, CredentialError> {
    std::fs::metadata(path).map_err(|error| unreadable(path, role, &error))
}
