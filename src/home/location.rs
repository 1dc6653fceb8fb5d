//! Where the user's credential is: named by the user, by the environment, or in the default places
//! (spec 1.11).

use std::path::{Path, PathBuf};

use voms::files;
use voms::pki::certificate::Certificate;
use voms::pki::pem;

use crate::home::load::{CredentialError, FileRole, is_der, read};

/// A location without a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The file.
    pub path: PathBuf,
    /// Why it was skipped.
    pub reason: String,
}

pub(super) fn trail(places: &[PassedOver]) -> String {
    places
        .iter()
        .map(|place| format!("\n    {}: {}", place.path.display(), place.reason))
        .collect()
}

/// The locations named by the user and available on the machine, in search order.
#[derive(Debug, Default, Clone)]
pub struct Places {
    /// `--cert`.
    pub certificate: Option<PathBuf>,
    /// `--key`.
    pub key: Option<PathBuf>,
    /// `X509_USER_CERT`.
    pub environment_certificate: Option<PathBuf>,
    /// `X509_USER_KEY`.
    pub environment_key: Option<PathBuf>,
    /// `PKCS12_USER_CERT`.
    pub environment_pkcs12: Option<PathBuf>,
    /// `$HOME/.globus`, if there is a home directory.
    pub globus: Option<PathBuf>,
}

/// The files that hold the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub(super) certificate: PathBuf,
    pub(super) key: Option<PathBuf>,
}

impl Location {
    /// A certificate and a separate key file.
    #[must_use]
    pub fn pair(certificate: PathBuf, key: PathBuf) -> Self {
        Self {
            certificate,
            key: Some(key),
        }
    }

    /// A single file with everything: a proxy, a PKCS#12 bundle, or a certificate with its key.
    #[must_use]
    pub fn single(file: PathBuf) -> Self {
        Self {
            certificate: file,
            key: None,
        }
    }

    /// The certificate file.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The key file, which may be the same file as the certificate's.
    #[must_use]
    pub fn key(&self) -> &Path {
        self.key.as_deref().unwrap_or(&self.certificate)
    }
}

impl Places {
    /// Finds the credential: options, `X509_USER_CERT`/`KEY`, `PKCS12_USER_CERT`, then in
    /// `$HOME/.globus` the pair `usercert.pem`, `userkey.pem`, then `usercred.p12`, then
    /// `usercert.p12`. Files named explicitly must exist; the default files may be absent.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] with every location, [`CredentialError::Unreadable`] for a
    /// file named explicitly.
    pub fn find(&self) -> Result<Location, CredentialError> {
        let usual = |name: &str| self.globus.as_ref().map(|dir| dir.join(name));
        if self.certificate.is_some() || self.key.is_some() {
            return self.named();
        }
        if let Some(certificate) = &self.environment_certificate {
            return self.pair(certificate, self.environment_key.clone());
        }
        if let Some(bundle) = &self.environment_pkcs12 {
            return self.pair(bundle, None);
        }
        if let Some(key) = &self.environment_key {
            let certificate = usual("usercert.pem").unwrap_or_else(|| key.clone());
            return self.pair(&certificate, Some(key.clone()));
        }
        self.globus.as_deref().map_or_else(
            || {
                Err(CredentialError::NotFound(vec![PassedOver {
                    path: "~/.globus".into(),
                    reason: "HOME is not set".to_owned(),
                }]))
            },
            in_globus,
        )
    }

    fn named(&self) -> Result<Location, CredentialError> {
        let usual = |name: &str| self.globus.as_ref().map(|dir| dir.join(name));
        match (&self.certificate, &self.key) {
            (Some(certificate), key) => self.pair(certificate, key.clone()),
            (None, Some(key)) => {
                if holds_certificate(key) {
                    return Ok(Location::single(key.clone()));
                }
                let certificate = self
                    .environment_certificate
                    .clone()
                    .or_else(|| usual("usercert.pem"));
                self.pair(
                    &certificate.unwrap_or_else(|| key.clone()),
                    Some(key.clone()),
                )
            }
            (None, None) => Err(CredentialError::NotFound(Vec::new())),
        }
    }

    /// Pairs a certificate file with the key named for it, or else its own key, the environment's,
    /// or the default one.
    fn pair(&self, certificate: &Path, key: Option<PathBuf>) -> Result<Location, CredentialError> {
        let file = read(certificate, FileRole::Certificate)?.contents;
        let bundle = is_der(&file) && Certificate::from_der(&file).is_err();
        let complete = bundle || pem::blocks(&file).iter().any(pem::Block::is_private_key);
        if key.is_none() && complete {
            return Ok(Location::single(certificate.to_owned()));
        }
        let usual = || self.globus.as_ref().map(|dir| dir.join("userkey.pem"));
        let key = key.or_else(|| self.environment_key.clone()).or_else(usual);
        Ok(Location {
            certificate: certificate.to_owned(),
            key,
        })
    }
}

fn holds_certificate(path: &Path) -> bool {
    files::read_limited(path, files::CONFIGURATION_LIMIT).is_ok_and(|file| {
        is_der(&file) || pem::blocks(&file).iter().any(pem::Block::is_certificate)
    })
}

/// The default files: the pair, else a bundle.
fn in_globus(globus: &Path) -> Result<Location, CredentialError> {
    let mut passed_over = Vec::new();
    let mut is_absent = |path: &Path| {
        let error = std::fs::metadata(path).err();
        passed_over.extend(error.as_ref().map(|error| PassedOver {
            path: path.to_owned(),
            reason: files::reason(error),
        }));
        error.is_some()
    };
    let (certificate, key) = (globus.join("usercert.pem"), globus.join("userkey.pem"));
    let (no_certificate, no_key) = (is_absent(&certificate), is_absent(&key));
    if !no_certificate && !no_key {
        return Ok(Location::pair(certificate, key));
    }
    let bundles = ["usercred.p12", "usercert.p12"].map(|name| globus.join(name));
    if let Some(bundle) = bundles.into_iter().find(|bundle| !is_absent(bundle)) {
        return Ok(Location::single(bundle));
    }
    if !no_certificate {
        passed_over.push(PassedOver {
            path: certificate,
            reason: "its key is missing".to_owned(),
        });
    }
    Err(CredentialError::NotFound(passed_over))
}
