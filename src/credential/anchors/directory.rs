//! The files of a hashed CA directory: found by name, read once, and read again when they change on disk.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use openssl::hash::MessageDigest;

use super::crl::Crl;
use crate::bounded;
use crate::credential::certificate::Certificate;
use crate::credential::policy::PolicyError;
use crate::credential::policy::namespaces::Namespaces;
use crate::credential::policy::signing_policy::SigningPolicy;

const CRL_LIMIT: u64 = 64 << 20;
/// No CA has more certificates or lists of one hash; a directory that does is somebody's joke.
const MOST_OF_ONE_HASH: usize = 100;
/// What is remembered of one kind; a directory of IGTF has some two hundred.
const MOST_REMEMBERED: usize = 4096;

/// What tells one state of a file from the next.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp([i64; 7]);

impl Stamp {
    fn of(found: &Metadata) -> Self {
        let (inode, device, size) = (found.ino(), found.dev(), found.size());
        let number = |n: u64| n.cast_signed();
        Self([
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
            number(inode),
            number(device),
            number(size),
        ])
    }
}

/// Parsed files of one kind.
struct Remembered<T> {
    files: RwLock<HashMap<PathBuf, (Stamp, Arc<T>)>>,
}

impl<T> Remembered<T> {
    fn new() -> Self {
        Self { files: RwLock::new(HashMap::new()) }
    }

    /// The file as it is now; `None` when there is none, `parse` of nothing when it cannot be read.
    fn get(&self, path: &Path, limit: u64, parse: impl FnOnce(&[u8]) -> T) -> Option<Arc<T>> {
        let found = match std::fs::metadata(path) {
            Ok(found) => found,
            // A link that leads nowhere, or a disk that fails, is a file that cannot be read, not one that is absent.
            Err(error) => {
                let absent = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                let absent = absent && path.symlink_metadata().is_err();
                return (!absent).then(|| Arc::new(parse(&[])));
            }
        };
        let stamp = Stamp::of(&found);
        let known = self.files.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some((_, parsed)) = known.filter(|(then, _)| *then == stamp) {
            return Some(parsed);
        }
        // A failure to read may pass, so it is not remembered.
        let Ok(bytes) = bounded::read(path, limit) else { return Some(Arc::new(parse(&[]))) };
        let parsed = Arc::new(parse(&bytes));
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= MOST_REMEMBERED {
            files.clear();
        }
        files.insert(path.to_owned(), (stamp, parsed.clone()));
        Some(parsed)
    }
}

/// A policy file, or why it cannot be understood.
pub type Policy<T> = Result<T, PolicyError>;

/// A hashed directory with what was read of it so far; shared between threads.
pub struct Directory {
    path: PathBuf,
    certificates: Remembered<Vec<Certificate>>,
    revocation_lists: Remembered<Option<Crl>>,
    signing_policies: Remembered<Policy<SigningPolicy>>,
    namespaces: Remembered<Policy<Namespaces>>,
}

/// The names under which files of one CA may lie: OpenSSL's hash and the MD5 one of OpenSSL before 1.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes([Option<u32>; 2]);

impl Hashes {
    /// Of the CA that issued a certificate.
    pub fn of_issuer(certificate: &Certificate) -> Self {
        Self([Some(certificate.x509().issuer_name_hash()), old_hash(certificate.issuer_der().ok())])
    }

    pub fn into_iter(self) -> impl Iterator<Item = u32> {
        self.0.into_iter().flatten()
    }

    /// Of a CA.
    pub fn of_subject(certificate: &Certificate) -> Self {
        Self([Some(certificate.x509().subject_name_hash()), old_hash(certificate.subject_der().ok())])
    }
}

/// MD5 of a name, which is not to be had in FIPS mode, where such file names are of no use.
fn old_hash(name: Option<Vec<u8>>) -> Option<u32> {
    let digest = openssl::hash::hash(MessageDigest::md5(), &name?).ok()?;
    Some(digest.iter().take(4).rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

impl Directory {
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            certificates: Remembered::new(),
            revocation_lists: Remembered::new(),
            signing_policies: Remembered::new(),
            namespaces: Remembered::new(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The CA certificates of a name; of files that hold none, nothing.
    pub fn certificates(&self, hashes: &Hashes) -> Vec<Certificate> {
        let files = self.numbered(hashes, "", |path| {
            self.certificates.get(path, bounded::CONFIGURATION_LIMIT, |file| {
                Certificate::all_from_pem(file)
                    .ok()
                    .filter(|found| !found.is_empty())
                    .or_else(|| Certificate::from_der(file).ok().map(|one| vec![one]))
                    .unwrap_or_default()
            })
        });
        files.into_iter().flat_map(|(_, found)| found.as_ref().clone()).collect()
    }

    /// The revocation lists of a CA, an unreadable one as `None`.
    pub fn revocation_lists(&self, hashes: &Hashes) -> Vec<(PathBuf, Arc<Option<Crl>>)> {
        self.numbered(hashes, "r", |path| self.revocation_lists.get(path, CRL_LIMIT, Crl::parse))
    }

    /// The file that says in Globus's grammar what a CA may sign.
    pub fn signing_policy(&self, hashes: &Hashes) -> Option<(PathBuf, Arc<Policy<SigningPolicy>>)> {
        self.named(hashes, "signing_policy", |path| {
            self.signing_policies
                .get(path, bounded::CONFIGURATION_LIMIT, |file| SigningPolicy::parse(&String::from_utf8_lossy(file)))
        })
    }

    /// The file that says in the EUGridPMA's grammar what a CA may sign.
    pub fn namespaces(&self, hashes: &Hashes) -> Option<(PathBuf, Arc<Policy<Namespaces>>)> {
        self.named(hashes, "namespaces", |path| {
            self.namespaces
                .get(path, bounded::CONFIGURATION_LIMIT, |file| Namespaces::parse(&String::from_utf8_lossy(file)))
        })
    }

    fn named<T>(&self, hashes: &Hashes, end: &str, get: impl Fn(&Path) -> Option<Arc<T>>) -> Option<(PathBuf, Arc<T>)> {
        let paths = hashes.0.iter().flatten().map(|hash| self.path.join(format!("{hash:08x}.{end}")));
        paths.into_iter().find_map(|path| get(&path).map(|file| (path, file)))
    }

    /// The files `HASH.PREFIX0`, `HASH.PREFIX1` … of the first hash that has any.
    fn numbered<T>(
        &self,
        hashes: &Hashes,
        prefix: &str,
        get: impl Fn(&Path) -> Option<Arc<T>>,
    ) -> Vec<(PathBuf, Arc<T>)> {
        let of = |hash: &u32| -> Vec<_> {
            (0..MOST_OF_ONE_HASH)
                .map(|n| self.path.join(format!("{hash:08x}.{prefix}{n}")))
                .map_while(|path| get(&path).map(|file| (path, file)))
                .collect()
        };
        hashes.0.iter().flatten().map(of).find(|files| !files.is_empty()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Directory({})", self.path.display())
    }
}
