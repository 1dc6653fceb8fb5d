//! vomsdir: the directory that says whose attribute certificates to trust for each VO (spec 6).
//!
//! Names from an attribute certificate never become part of a path: the directory is listed and
//! its entries are compared with them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::files::cache::{DirCache, FileCache};
use crate::files::{self, IN_MEMORY};
use crate::pki::certificate::Certificate;
use crate::vo::lsc::{Lsc, LscError};

/// Why a vomsdir cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VomsDirError {
    /// It does not exist.
    #[error("the VOMS directory '{}' does not exist", .0.display())]
    Missing(PathBuf),
}

/// What a vomsdir says about one host of one VO.
#[derive(Debug)]
pub enum Trusted {
    /// An LSC file, or the reason it is unusable.
    Lsc(PathBuf, Arc<Result<Lsc, LscProblem>>),
    /// Without an LSC file: the certificates in the VO's directory, one of which must be the
    /// signer's.
    Certificates(Vec<Certificate>),
}

/// Why an LSC file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LscProblem {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It cannot be parsed.
    #[error(transparent)]
    Malformed(#[from] LscError),
}

/// A vomsdir. Clones share one cache; each call picks up changes on disk.
#[derive(Debug, Clone)]
pub struct VomsDir(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The first directory that knows the server decides.
    Directories(Arc<[Directory]>),
    Memory(Arc<Vec<MemoryLsc>>),
}

/// The LSC of one host of one VO.
#[derive(Debug)]
struct MemoryLsc {
    vo: String,
    host: String,
    lsc: Arc<Result<Lsc, LscProblem>>,
}

#[derive(Debug)]
struct Directory {
    vos: DirCache<String, Arc<DirCache<String, Arc<SignerPaths>>>>,
    lsc: FileCache<Result<Lsc, LscProblem>>,
    certificates: FileCache<Vec<Certificate>>,
}

/// The files that name the signers for one host of one VO.
#[derive(Debug)]
struct SignerPaths {
    lsc: Option<PathBuf>,
    certificates: Vec<PathBuf>,
}

impl VomsDir {
    /// Opens the directory, without reading any files yet.
    ///
    /// # Errors
    /// [`VomsDirError::Missing`].
    pub fn open(directory: &Path) -> Result<Self, VomsDirError> {
        if directory.is_dir() {
            Ok(Self::absent(directory))
        } else {
            Err(VomsDirError::Missing(directory.to_owned()))
        }
    }

    /// A directory that need not exist: then no signer is trusted, and messages name the path.
    #[must_use]
    pub fn absent(directory: &Path) -> Self {
        Self(Source::Directories(Arc::new([Directory::new(directory)])))
    }

    /// Several directories, of which the first that knows a server decides about it. Messages name
    /// the last, which is the machine's if the others are the user's.
    ///
    /// # Errors
    /// [`VomsDirError::Missing`] if one is, or if there are none.
    pub fn open_all(directories: &[PathBuf]) -> Result<Self, VomsDirError> {
        let missing = directories.iter().find(|directory| !directory.is_dir());
        let missing = missing
            .cloned()
            .or_else(|| directories.is_empty().then(PathBuf::new));
        if let Some(missing) = missing {
            return Err(VomsDirError::Missing(missing));
        }
        let all = directories
            .iter()
            .map(|directory| Directory::new(directory));
        Ok(Self(Source::Directories(all.collect())))
    }

    /// Trusts these signers instead of a directory's: the VO, the host name of its server, and the
    /// names an LSC file would list.
    ///
    /// ```
    /// use voms::vo::lsc::Lsc;
    /// use voms::vo::vomsdir::VomsDir;
    ///
    /// let lsc = Lsc::parse("/DC=org/CN=voms.example.org\n/DC=org/CN=Example CA\n")?;
    /// let vomsdir = VomsDir::in_memory([("virgo", "voms.example.org", lsc)]);
    /// # let _ = vomsdir;
    /// # Ok::<(), voms::vo::lsc::LscError>(())
    /// ```
    #[must_use]
    pub fn in_memory<'a>(signers: impl IntoIterator<Item = (&'a str, &'a str, Lsc)>) -> Self {
        let signers = signers.into_iter().map(|(vo, host, lsc)| MemoryLsc {
            vo: vo.to_owned(),
            host: host.to_owned(),
            lsc: Arc::new(Ok(lsc)),
        });
        Self(Source::Memory(Arc::new(signers.collect())))
    }

    /// The path of the directory; `(memory)` without one.
    #[must_use]
    pub fn directory(&self) -> &Path {
        match &self.0 {
            Source::Directories(all) => all
                .last()
                .map_or(Path::new(IN_MEMORY), |last| last.vos.directory()),
            Source::Memory(_) => Path::new(IN_MEMORY),
        }
    }

    /// Finds what is trusted for a VO's server: `VO/HOST.lsc`, otherwise the certificates
    /// `VO/*.pem`. The age of changes on disk is measured against `now`.
    #[must_use]
    pub fn find(&self, vo: &str, host: &str, now: impl Into<SystemTime>) -> Trusted {
        match &self.0 {
            Source::Directories(all) => find_in_directories(all, vo, host, now.into()),
            Source::Memory(all) => find_in_memory(all, vo, host),
        }
    }
}

fn find_in_directories(all: &[Directory], vo: &str, host: &str, now: SystemTime) -> Trusted {
    let is_silent =
        |found: &Trusted| matches!(found, Trusted::Certificates(found) if found.is_empty());
    all.iter()
        .map(|directory| directory.find(vo, host, now))
        .find(|found| !is_silent(found))
        .unwrap_or(Trusted::Certificates(Vec::new()))
}

fn find_in_memory(all: &[MemoryLsc], vo: &str, host: &str) -> Trusted {
    let is_meant = |one: &&MemoryLsc| one.vo == vo && one.host.eq_ignore_ascii_case(host);
    all.iter()
        .find(is_meant)
        .map_or(Trusted::Certificates(Vec::new()), |found| {
            let label = Path::new(IN_MEMORY).join(vo).join(format!("{host}.lsc"));
            Trusted::Lsc(label, found.lsc.clone())
        })
}

impl Directory {
    fn new(directory: &Path) -> Self {
        Self {
            vos: DirCache::of(directory),
            lsc: FileCache::new(),
            certificates: FileCache::new(),
        }
    }

    fn find(&self, vo: &str, host: &str, now: SystemTime) -> Trusted {
        let directory = |vo: &str| {
            let (_, path) = listed(self.vos.directory())
                .into_iter()
                .find(|(name, _)| name == vo)?;
            Some(Arc::new(DirCache::of(&path)))
        };
        let nothing = Trusted::Certificates(Vec::new());
        let Some(files) = self.vos.find(vo, self.vos.state(now), || directory(vo)) else {
            return nothing;
        };
        let Some(paths) = files.find(host, files.state(now), || {
            Some(Arc::new(look_for(files.directory(), host)?))
        }) else {
            return nothing;
        };
        let limit = files::CONFIGURATION_LIMIT;
        let lsc = paths
            .lsc
            .as_ref()
            .and_then(|path| Some((path, self.lsc.get(path, limit, now, parse_lsc)?)));
        if let Some((path, lsc)) = lsc {
            return Trusted::Lsc(path.clone(), lsc);
        }
        let parse = |file: io::Result<&[u8]>| {
            file.ok()
                .and_then(|file| Certificate::all_from_pem(file).ok())
                .unwrap_or_default()
        };
        let read = paths
            .certificates
            .iter()
            .filter_map(|path| self.certificates.get(path, limit, now, parse));
        Trusted::Certificates(read.flat_map(|found| found.as_ref().clone()).collect())
    }
}

/// Host names are compared case-insensitively.
fn look_for(vo_directory: &Path, host: &str) -> Option<SignerPaths> {
    let wanted = OsString::from(format!("{host}.lsc"));
    let files = listed(vo_directory);
    let lsc = files
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&wanted))
        .map(|(_, path)| path.clone());
    let is_pem = |path: &PathBuf| path.extension().is_some_and(|end| end == "pem");
    let certificates: Vec<_> = files
        .into_iter()
        .map(|(_, path)| path)
        .filter(is_pem)
        .collect();
    (lsc.is_some() || !certificates.is_empty()).then_some(SignerPaths { lsc, certificates })
}

fn parse_lsc(file: io::Result<&[u8]>) -> Result<Lsc, LscProblem> {
    let bytes = file.map_err(|error| LscProblem::Unreadable(files::reason(&error)))?;
    Ok(Lsc::parse(&String::from_utf8_lossy(bytes))?)
}

fn listed(directory: &Path) -> Vec<(OsString, PathBuf)> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.file_name(), entry.path()))
        .collect();
    entries.sort();
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_of_the_directory_find_nothing() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("vomsdir");
        std::fs::create_dir_all(dir.join("virgo")).unwrap();
        std::fs::write(root.path().join("evil.lsc"), "/CN=a\n/CN=b\n").unwrap();
        std::fs::write(dir.join("virgo/voms.example.lsc"), "/CN=a\n/CN=b\n").unwrap();
        let vomsdir = VomsDir::open(&dir).unwrap();
        let now = crate::time::since_epoch(std::time::Duration::MAX);
        assert!(
            matches!(vomsdir.find("virgo", "voms.example", now), Trusted::Lsc(_, lsc) if lsc.is_ok())
        );
        for (vo, host) in [
            ("virgo", "../../evil"),
            ("..", "evil"),
            (".", "voms.example"),
            ("", "virgo/voms.example"),
        ] {
            assert!(
                matches!(vomsdir.find(vo, host, now), Trusted::Certificates(found) if found.is_empty())
            );
        }
    }
    #[test]
    fn the_first_directory_that_knows_a_server_decides() {
        let root = tempfile::tempdir().unwrap();
        let [own, machine] = ["own", "machine"].map(|name| root.path().join(name));
        let write = |dir: &Path, host: &str, signer: &str| {
            std::fs::create_dir_all(dir.join("virgo")).unwrap();
            let path = dir.join("virgo").join(format!("{host}.lsc"));
            std::fs::write(path, format!("{signer}\n/CN=ca\n")).unwrap();
        };
        write(&own, "a.example", "/CN=own");
        write(&machine, "a.example", "/CN=machine");
        write(&machine, "b.example", "/CN=machine");
        let vomsdir = VomsDir::open_all(&[own, machine.clone()]).unwrap();
        let now = crate::time::since_epoch(std::time::Duration::MAX);
        let signer = |host| match vomsdir.find("virgo", host, now) {
            Trusted::Lsc(_, lsc) => {
                let (signer, _) = lsc.as_ref().as_ref().unwrap().named().next().unwrap();
                Some(signer.to_string())
            }
            Trusted::Certificates(_) => None,
        };
        assert_eq!(signer("a.example").as_deref(), Some("/CN=own"));
        assert_eq!(signer("b.example").as_deref(), Some("/CN=machine"));
        assert_eq!(signer("c.example"), None);
        assert_eq!(vomsdir.directory(), machine);
        assert!(VomsDir::open_all(&[]).is_err());
    }
}
