//! The files of a hashed CA directory: found by name, cached, and reread when they change on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use std::time::SystemTime;

use crate::crypto::Digest;
use crate::files;
use crate::files::cache::{DirCache, DirState, FileCache};
use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;
use crate::pki::pem;
use crate::trust::IN_MEMORY;
use crate::trust::crl::Crl;
use crate::trust::memory::MemoryCa;
use crate::trust::policy::{CaPolicy, PolicyError};
use crate::trust::problem::PolicyKind;

const CRL_LIMIT: u64 = 64 << 20;
/// Numbers probed even past a gap: removing one of several files leaves one.
const ALWAYS_ASKED: usize = 10;
/// No real CA has more certificates or CRLs under one hash.
const MOST_OF_ONE_HASH: usize = 100;

/// The name of a CA.
#[derive(Clone, Copy)]
pub enum CaName<'a> {
    /// The issuer name of a certificate.
    Issuer(&'a Certificate),
    /// The subject name of a CA certificate.
    Subject(&'a Certificate),
}

impl<'a> CaName<'a> {
    pub fn der(self) -> &'a [u8] {
        match self {
            Self::Issuer(certificate) => certificate.issuer_der(),
            Self::Subject(certificate) => certificate.subject_der(),
        }
    }

    fn dn(self) -> &'a Dn {
        match self {
            Self::Issuer(certificate) => certificate.issuer(),
            Self::Subject(certificate) => certificate.subject(),
        }
    }

    /// The hashes that may name its files: OpenSSL's, and the MD5 hash of OpenSSL before 1.0.
    pub fn hashes(self) -> impl Iterator<Item = u32> + use<> {
        let own = match self {
            Self::Issuer(certificate) => certificate.encoded().issuer_hash(),
            Self::Subject(certificate) => certificate.encoded().subject_hash(),
        };
        own.into_iter().chain(old_hash(self.der()))
    }
}

/// The MD5 hash of a name; `None` in FIPS mode, which lacks MD5 and has no use for such file names.
fn old_hash(name: &[u8]) -> Option<u32> {
    let digest = Digest::Md5.of(name)?;
    Some(
        digest
            .as_ref()
            .iter()
            .take(4)
            .rev()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
    )
}

/// The paths of one CA's files.
#[derive(Debug, Default, PartialEq)]
struct CaPaths {
    certificates: Vec<PathBuf>,
    revocation_lists: Vec<PathBuf>,
    policies: Vec<PolicyPath>,
}

/// A policy file, and the certificate files of the hash in its name.
#[derive(Debug, PartialEq)]
struct PolicyPath {
    path: PathBuf,
    kind: PolicyKind,
    /// What the names of the hash lead to, links resolved.
    certificates: Vec<PathBuf>,
}

/// A hashed directory and a cache of its files, shared between threads.
#[derive(Debug)]
pub struct Directory {
    paths: DirCache<Vec<u8>, Arc<CaPaths>>,
    certificates: FileCache<CaFile>,
    revocation_lists: FileCache<Option<Vec<Crl>>>,
    policies: FileCache<Result<CaPolicy, PolicyError>>,
}

/// Where trusted CAs come from.
#[derive(Debug)]
pub enum Source {
    Directory(Box<Directory>),
    Memory(Vec<MemoryCa>),
}

impl Source {
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory(directory) => directory.path(),
            Self::Memory(_) => Path::new(IN_MEMORY),
        }
    }

    /// The CAs as of `now`, against which the age of changes on disk is measured.
    pub fn view(&self, now: SystemTime) -> View<'_> {
        let state = match self {
            Self::Directory(directory) => Some(directory.paths.state(now)),
            Self::Memory(_) => None,
        };
        View {
            source: self,
            state,
            now,
        }
    }
}

impl Directory {
    pub fn new(path: &Path) -> Self {
        Self {
            paths: DirCache::of(path),
            certificates: FileCache::new(),
            revocation_lists: FileCache::new(),
            policies: FileCache::new(),
        }
    }

    fn path(&self) -> &Path {
        self.paths.directory()
    }

    /// The policy files of one hash.
    fn policies_named(&self, hash: u32, certificates: &[PathBuf]) -> Vec<PolicyPath> {
        let kinds = [
            (PolicyKind::SigningPolicy, "signing_policy"),
            (PolicyKind::Namespaces, "namespaces"),
        ];
        let paths = kinds.map(|(kind, end)| (kind, self.path().join(format!("{hash:08x}.{end}"))));
        let present = paths
            .into_iter()
            .filter(|(_, path)| path.symlink_metadata().is_ok());
        present
            .map(|(kind, path)| PolicyPath {
                path,
                kind,
                certificates: certificates.to_vec(),
            })
            .collect()
    }

    fn look_for(&self, ca: CaName<'_>) -> Option<CaPaths> {
        let hashes: Vec<u32> = ca.hashes().collect();
        let numbered = |hashes: &[u32], prefix: &str| {
            let mut found = Vec::new();
            for hash in hashes {
                for number in 0..MOST_OF_ONE_HASH {
                    let path = self.path().join(format!("{hash:08x}.{prefix}{number}"));
                    let exists = path.symlink_metadata().is_ok();
                    if !exists && number >= ALWAYS_ASKED {
                        break;
                    }
                    found.extend(exists.then_some(path));
                }
            }
            found
        };
        let found = CaPaths {
            certificates: without_links(numbered(&hashes, "")),
            revocation_lists: without_links(numbered(&hashes, "r")),
            policies: hashes
                .iter()
                .flat_map(|hash| {
                    let certificates = numbered(&[*hash], "");
                    let real: Vec<_> = certificates.iter().map(|path| real(path)).collect();
                    self.policies_named(*hash, &real)
                })
                .collect(),
        };
        (found != CaPaths::default()).then_some(found)
    }
}

/// The file that a name leads to.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Keeps only the first of several names for the same file.
fn without_links(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut known = Vec::new();
    paths.retain(|path| {
        let real = real(path);
        let new = !known.contains(&real);
        known.push(real);
        new
    });
    paths
}

/// The trusted CAs at one point in time.
#[derive(Clone, Copy)]
pub struct View<'a> {
    source: &'a Source,
    state: Option<DirState>,
    /// The point in time.
    pub now: SystemTime,
}

impl<'a> View<'a> {
    /// The files of one CA.
    pub fn files_of(self, ca: CaName<'a>) -> CaFiles<'a> {
        let files = match (self.source, self.state) {
            (Source::Directory(directory), Some(state)) => {
                let look = || directory.look_for(ca).map(Arc::new);
                let paths = directory.paths.find(ca.der(), state, look);
                Files::OnDisk(directory, paths.unwrap_or_default())
            }
            (Source::Memory(all), _) => Files::InMemory(all),
            (Source::Directory(directory), None) => Files::OnDisk(directory, Arc::default()),
        };
        CaFiles {
            files,
            ca,
            now: self.now,
        }
    }
}

/// The files of one CA, read on demand.
pub struct CaFiles<'a> {
    files: Files<'a>,
    ca: CaName<'a>,
    now: SystemTime,
}

enum Files<'a> {
    OnDisk(&'a Directory, Arc<CaPaths>),
    InMemory(&'a [MemoryCa]),
}

impl CaFiles<'_> {
    /// The CA's certificates. Other CAs' certificates in the same files are skipped, as are files
    /// without certificates.
    pub fn certificates(&self) -> Vec<Certificate> {
        let mut found = Vec::new();
        let mut add = |certificate: &Certificate| {
            if self.is_of_the_ca(certificate) && !found.contains(certificate) {
                found.push(certificate.clone());
            }
        };
        for (_, file) in self.on_disk() {
            file.certificates.iter().for_each(&mut add);
        }
        for ca in self.in_memory() {
            add(&ca.certificate);
        }
        found
    }

    /// A file named for the CA that holds something other than certificates.
    pub fn unreadable(&self) -> Option<PathBuf> {
        self.on_disk()
            .find(|(_, file)| file.is_damaged)
            .map(|(path, _)| path.to_owned())
    }

    fn on_disk(&self) -> impl Iterator<Item = (&Path, Arc<CaFile>)> {
        let (directory, paths) = match &self.files {
            Files::OnDisk(directory, paths) => (Some(directory), paths.certificates.as_slice()),
            Files::InMemory(_) => (None, &[] as &[PathBuf]),
        };
        paths.iter().filter_map(move |path| {
            let known = &directory?.certificates;
            let file = known.get(path, files::CONFIGURATION_LIMIT, self.now, CaFile::parse)?;
            Some((path.as_path(), file))
        })
    }

    fn in_memory(&self) -> impl Iterator<Item = &MemoryCa> {
        let all = match &self.files {
            Files::OnDisk(..) => &[],
            Files::InMemory(all) => *all,
        };
        all.iter().filter(|ca| self.is_of_the_ca(&ca.certificate))
    }

    fn is_of_the_ca(&self, certificate: &Certificate) -> bool {
        certificate.subject_der() == self.ca.der() || certificate.subject().matches(self.ca.dn())
    }

    /// The CA's CRLs; `None` stands for an unreadable one.
    pub fn revocation_lists(&self) -> Vec<(&Path, Arc<Option<Vec<Crl>>>)> {
        let Files::OnDisk(directory, paths) = &self.files else {
            let all = self.in_memory().flat_map(|ca| &ca.revocation_lists);
            return all
                .map(|(path, list)| (path.as_path(), list.clone()))
                .collect();
        };
        let read = |path: &Path| {
            let parse = |file: io::Result<&[u8]>| file.ok().and_then(Crl::all);
            directory
                .revocation_lists
                .get(path, CRL_LIMIT, self.now, parse)
        };
        let paths = paths.revocation_lists.iter();
        paths
            .filter_map(|path| Some((path.as_path(), read(path)?)))
            .collect()
    }

    /// The policy files that say which names the CA may certify.
    ///
    /// Their names have only a hash of the CA's, of 32 bits, for which another CA's name is found
    /// within minutes. So a file speaks only for CAs whose certificates stand under the same hash.
    pub fn policies(&self) -> Vec<(&Path, Arc<Result<CaPolicy, PolicyError>>)> {
        let Files::OnDisk(directory, paths) = &self.files else {
            let all = self.in_memory().flat_map(|ca| &ca.policies);
            return all
                .map(|(path, policy)| (path.as_path(), policy.clone()))
                .collect();
        };
        if paths.policies.is_empty() {
            return Vec::new();
        }
        let is_own = |file: &CaFile| {
            file.certificates
                .iter()
                .any(|certificate| self.is_of_the_ca(certificate))
        };
        let own: Vec<PathBuf> = self
            .on_disk()
            .filter(|(_, file)| is_own(file))
            .map(|(path, _)| real(path))
            .collect();
        let mut found: Vec<(&Path, Arc<Result<CaPolicy, PolicyError>>)> = Vec::new();
        let mut known = Vec::new();
        for policy in &paths.policies {
            let speaks = policy.certificates.iter().any(|path| own.contains(path));
            let file = real(&policy.path);
            if !speaks || known.contains(&file) {
                continue;
            }
            known.push(file);
            found.extend(
                read_policy(directory, policy, self.now)
                    .map(|parsed| (policy.path.as_path(), parsed)),
            );
        }
        found
    }
}

fn read_policy(
    directory: &Directory,
    policy: &PolicyPath,
    now: SystemTime,
) -> Option<Arc<Result<CaPolicy, PolicyError>>> {
    let parse = |file: io::Result<&[u8]>| {
        let file = file.map_err(|_| PolicyError {
            line: 1,
            why: "the file cannot be read",
        })?;
        let text = String::from_utf8_lossy(file);
        match policy.kind {
            PolicyKind::SigningPolicy => CaPolicy::signing_policy(&text),
            PolicyKind::Namespaces => CaPolicy::namespaces(&text),
        }
    };
    let limit = files::CONFIGURATION_LIMIT;
    directory.policies.get(&policy.path, limit, now, parse)
}

/// The contents of a CA certificate file.
#[derive(Debug)]
struct CaFile {
    certificates: Vec<Certificate>,
    is_damaged: bool,
}

impl CaFile {
    /// Parses PEM, keeping every readable certificate, or a single DER certificate.
    fn parse(file: io::Result<&[u8]>) -> Self {
        let file = file.unwrap_or_default();
        let blocks = pem::blocks(file);
        let supported = |der: &[u8]| {
            let certificate = Certificate::from_der(der).ok()?;
            certificate.check_supported().is_ok().then_some(certificate)
        };
        let read = |block: &pem::Block<'_>| supported(&block.der()?);
        let found: Vec<Option<Certificate>> = match blocks.iter().any(pem::Block::is_certificate) {
            true => blocks
                .iter()
                .filter(|block| block.is_certificate())
                .map(read)
                .collect(),
            false => vec![supported(file)],
        };
        let is_damaged = found.iter().any(Option::is_none);
        Self {
            certificates: found.into_iter().flatten().collect(),
            is_damaged,
        }
    }
}
