//! The files of a hashed CA directory: found by name, cached, and reread when they change on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use der::asn1::ObjectIdentifier;

use crate::files::cache::{DirCache, DirState, FileCache};
use crate::files::{self, IN_MEMORY};
use crate::pki::certificate::Certificate;
use crate::trust::ca_file::CaFile;
use crate::trust::ca_name::CaName;
use crate::trust::crl::Crl;
use crate::trust::listing::Listing;
use crate::trust::memory::MemoryCa;
use crate::trust::policy::{CaPolicy, PolicyError, PolicyFault};

const CRL_LIMIT: u64 = 64 << 20;
/// Numbers probed even past a gap: removing one of several files leaves one.
const ALWAYS_ASKED: usize = 10;
/// No real CA has more certificates or CRLs under one hash.
const MAX_OF_ONE_HASH: usize = 100;

/// The paths of one CA's files.
#[derive(Debug, Default, PartialEq)]
struct CaPaths {
    certificates: Distinct<PathBuf>,
    revocation_lists: Distinct<PathBuf>,
    signing_policies: Distinct<PolicyPath>,
    namespaces: Distinct<PolicyPath>,
}

/// A policy file, and the certificate files of the hash in its name.
#[derive(Debug, PartialEq)]
struct PolicyPath {
    path: PathBuf,
    /// Their positions among the CA's certificate files.
    certificates: Vec<usize>,
}

impl AsRef<Path> for PolicyPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// Files under the first of their names.
#[derive(Debug, PartialEq)]
struct Distinct<T> {
    files: Vec<T>,
    /// What the names lead to.
    real: Vec<PathBuf>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        let (files, real) = (Vec::new(), Vec::new());
        Self { files, real }
    }
}

impl<T: AsRef<Path>> Distinct<T> {
    /// Adds a file unless it is there under another name, and returns its position.
    fn add(&mut self, file: T) -> usize {
        let path = file.as_ref();
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let known = self.real.iter().position(|known| *known == real);
        known.unwrap_or_else(|| {
            self.real.push(real);
            self.files.push(file);
            self.files.len() - 1
        })
    }
}

/// A hashed directory and a cache of its files, shared between threads.
#[derive(Debug)]
pub struct Directory {
    paths: DirCache<Vec<u8>, Arc<CaPaths>>,
    certificates: FileCache<CaFile>,
    revocation_lists: FileCache<Option<Vec<Crl>>>,
    policies: FileCache<Result<CaPolicy, PolicyError>>,
    hashes: Listing,
    /// How often the file system was asked for the files of a CA, or for all of them.
    #[cfg(test)]
    pub looks: std::sync::atomic::AtomicUsize,
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
        let cas = match self {
            Self::Directory(directory) => Cas::OnDisk(directory, directory.paths.state(now)),
            Self::Memory(all) => Cas::InMemory(all),
        };
        View { cas, now }
    }
}

impl Directory {
    pub fn new(path: &Path) -> Self {
        Self {
            paths: DirCache::of(path),
            certificates: FileCache::new(),
            revocation_lists: FileCache::new(),
            policies: FileCache::new(),
            hashes: Listing::default(),
            #[cfg(test)]
            looks: Default::default(),
        }
    }

    fn count_look(&self) {
        #[cfg(test)]
        self.looks
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn path(&self) -> &Path {
        self.paths.directory()
    }

    fn look_for(&self, ca: CaName<'_>, state: DirState) -> Option<CaPaths> {
        let mut found = CaPaths::default();
        for hash in ca
            .hashes()
            .filter(|hash| self.hashes.may_have(*hash, state))
        {
            self.count_look();
            let of_hash: Vec<usize> = self
                .numbered(hash, "")
                .map(|path| found.certificates.add(path))
                .collect();
            for path in self.numbered(hash, "r") {
                found.revocation_lists.add(path);
            }
            for (end, policies) in [
                ("signing_policy", &mut found.signing_policies),
                ("namespaces", &mut found.namespaces),
            ] {
                let path = self.path().join(format!("{hash:08x}.{end}"));
                if path.symlink_metadata().is_ok() {
                    let certificates = Vec::new();
                    let at = policies.add(PolicyPath { path, certificates });
                    policies.files[at].certificates.extend(&of_hash);
                }
            }
        }
        if found != CaPaths::default() {
            return Some(found);
        }
        if self.hashes.missed(self.path(), state) {
            self.count_look();
        }
        None
    }

    /// The existing files `HASH.PREFIX0`, `HASH.PREFIX1` and so on.
    fn numbered(&self, hash: u32, prefix: &str) -> impl Iterator<Item = PathBuf> {
        let path = move |number| self.path().join(format!("{hash:08x}.{prefix}{number}"));
        (0..MAX_OF_ONE_HASH)
            .map(path)
            .enumerate()
            .map(|(number, path)| (number, path.symlink_metadata().is_ok().then_some(path)))
            .take_while(|(number, path)| path.is_some() || *number < ALWAYS_ASKED)
            .filter_map(|(_, path)| path)
    }
}

/// The trusted CAs at one point in time.
#[derive(Clone, Copy)]
pub struct View<'a> {
    cas: Cas<'a>,
    /// The point in time.
    pub now: SystemTime,
}

#[derive(Clone, Copy)]
enum Cas<'a> {
    OnDisk(&'a Directory, DirState),
    InMemory(&'a [MemoryCa]),
}

impl<'a> View<'a> {
    /// The files of one CA.
    pub fn files_of(self, ca: CaName<'a>) -> CaFiles<'a> {
        let files = match self.cas {
            Cas::OnDisk(directory, state) => {
                let look = || directory.look_for(ca, state).map(Arc::new);
                let paths = directory.paths.find(ca.der(), state, look);
                Files::OnDisk(directory, paths.unwrap_or_default())
            }
            Cas::InMemory(all) => Files::InMemory(all),
        };
        CaFiles {
            files,
            ca,
            now: self.now,
        }
    }
}

/// The certificates of one CA.
#[derive(Default)]
pub struct Found {
    pub certificates: Vec<Certificate>,
    /// What they, and others in the same files, are not trusted for.
    pub rejections: Vec<(Certificate, ObjectIdentifier)>,
}

/// Each costs a signature, outside the budget of the path.
const MOST_NAMESAKES: usize = 2;

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
    pub fn certificates(&self) -> Found {
        let mut found = Found::default();
        let mut add = |certificate: &Certificate| {
            if self.is_of_the_ca(certificate) && !found.certificates.contains(certificate) {
                found.certificates.push(certificate.clone());
            }
        };
        for (_, file) in self.on_disk() {
            file.certificates.iter().for_each(&mut add);
            found.rejections.extend(file.rejections.iter().cloned());
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

    /// The file of a CA with this name, if no such CA's key signed the certificate.
    pub fn namesake_of_issuer(&self, certificate: &Certificate) -> Option<PathBuf> {
        let found = self.certificates().certificates;
        let looked_at = found.iter().take(MOST_NAMESAKES);
        let has_signed = looked_at.clone().any(|ca| certificate.is_signed_by(ca));
        if has_signed || found.len() > MOST_NAMESAKES {
            return None;
        }
        let has_namesake = |file: &CaFile| file.certificates.iter().any(|ca| self.is_of_the_ca(ca));
        let mut files = self.on_disk().filter(|(_, file)| has_namesake(file));
        files.next().map(|(path, _)| path.to_owned())
    }

    fn on_disk(&self) -> impl Iterator<Item = (&Path, Arc<CaFile>)> {
        let (directory, paths) = match &self.files {
            Files::OnDisk(directory, paths) => {
                (Some(directory), paths.certificates.files.as_slice())
            }
            Files::InMemory(_) => (None, &[] as &[PathBuf]),
        };
        paths
            .iter()
            .filter_map(move |path| Some((path.as_path(), self.file(directory?, path)?)))
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
        let paths = paths.revocation_lists.files.iter();
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
        let speaks = |policy: &&PolicyPath| {
            let mut certificates = policy
                .certificates
                .iter()
                .map(|at| &paths.certificates.files[*at]);
            certificates.any(|path| self.file(directory, path).is_some_and(|f| self.is_in(&f)))
        };
        let read = |policy: &'_ PolicyPath, parse| read_policy(directory, policy, self.now, parse);
        let signing = paths.signing_policies.files.iter().filter(speaks);
        let namespaces = paths.namespaces.files.iter().filter(speaks);
        signing
            .map(|policy| {
                (
                    policy,
                    read(policy, CaPolicy::signing_policy as ParsePolicy),
                )
            })
            .chain(namespaces.map(|policy| (policy, read(policy, CaPolicy::namespaces))))
            .filter_map(|(policy, parsed)| Some((policy.path.as_path(), parsed?)))
            .collect()
    }

    /// Whether a certificate of the CA is in the file.
    fn is_in(&self, file: &CaFile) -> bool {
        let mut certificates = file.certificates.iter();
        certificates.any(|certificate| self.is_of_the_ca(certificate))
    }

    fn file(&self, directory: &Directory, path: &Path) -> Option<Arc<CaFile>> {
        let limit = files::CONFIGURATION_LIMIT;
        directory
            .certificates
            .get(path, limit, self.now, CaFile::parse)
    }
}

type ParsePolicy = fn(&str) -> Result<CaPolicy, PolicyError>;

fn read_policy(
    directory: &Directory,
    policy: &PolicyPath,
    now: SystemTime,
    parse: ParsePolicy,
) -> Option<Arc<Result<CaPolicy, PolicyError>>> {
    let parse = |file: io::Result<&[u8]>| match file {
        Ok(file) => parse(&String::from_utf8_lossy(file)),
        Err(_) => Err(PolicyError {
            line: 1,
            fault: PolicyFault::Unreadable,
        }),
    };
    let limit = files::CONFIGURATION_LIMIT;
    directory.policies.get(&policy.path, limit, now, parse)
}
