//! Where the user's credential is: what was named, what the environment names, what is usual (spec 1.11).

use std::path::{Path, PathBuf};

use voms::files;
use voms::pki::certificate::Certificate;
use voms::pki::pem;

use crate::home::load::{CredentialError, FileRole, is_der, read};

/// A place that had no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The file.
    pub path: PathBuf,
    /// Why it was passed over.
    pub reason: String,
}

pub(super) fn trail(places: &[PassedOver]) -> String {
    places
        .iter()
        .map(|place| format!("\n    {}: {}", place.path.display(), place.reason))
        .collect()
}

/// What the user named and what the machine offers, in the order it is looked at.
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
    /// `$HOME/.globus`, if there is a home.
    pub globus: Option<PathBuf>,
}

/// The files that hold the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub(super) certificate: PathBuf,
    pub(super) key: Option<PathBuf>,
}

impl Location {
    /// A certificate and its key in a file of its own.
    #[must_use]
    pub fn pair(certificate: PathBuf, key: PathBuf) -> Self {
        Self {
            certificate,
            key: Some(key),
        }
    }

    /// A file with everything: a proxy, a PKCS#12 bundle, a certificate with its key.
    #[must_use]
    pub fn single(file: PathBuf) -> Self {
        Self {
            certificate: file,
            key: None,
        }
    }

    /// The certificate's file.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The key's file, which may be the certificate's.
    #[must_use]
    pub fn key(&self) -> &Path {
        self.key.as_deref().unwrap_or(&self.certificate)
    }
}

impl Places {
    /// Finds the credential: options, `X509_USER_CERT`/`KEY`, `PKCS12_USER_CERT`, then in `$HOME/.globus` the pair
    /// `usercert.pem`, `userkey.pem`, then `usercred.p12`, then `usercert.p12`. What was named must be there; what
    /// is merely usual may be absent.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] with every place, [`CredentialError::Unreadable`] for a named one.
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
        let Some(globus) = &self.globus else {
            return Err(CredentialError::NotFound(vec![PassedOver {
                path: "~/.globus".into(),
                reason: "HOME is not set".to_owned(),
            }]));
        };
        let mut passed_over = Vec::new();
        let mut absent = |path: &Path| match std::fs::metadata(path) {
            Ok(_) => false,
            Err(error) => {
                passed_over.push(PassedOver {
                    path: path.to_owned(),
                    reason: files::reason(&error),
                });
                true
            }
        };
        let (certificate, key) = (globus.join("usercert.pem"), globus.join("userkey.pem"));
        let (no_certificate, no_key) = (absent(&certificate), absent(&key));
        if !no_certificate && !no_key {
            return Ok(Location {
                certificate,
                key: Some(key),
            });
        }
        for bundle in ["usercred.p12", "usercert.p12"].map(|name| globus.join(name)) {
            if !absent(&bundle) {
                return Ok(Location::single(bundle));
            }
        }
        if !no_certificate {
            passed_over.push(PassedOver {
                path: certificate,
                reason: "its key is missing".to_owned(),
            });
        }
        Err(CredentialError::NotFound(passed_over))
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

    /// A certificate file with the key that was named for it, else its own, else the environment's, else the usual.
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
